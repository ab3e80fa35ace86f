from dataclasses import replace

import numpy as np
import pytest

from hh4b.core.errors import ContractError
from hh4b.detector.particles import charge_of, select_partons

CHARGES = {
    11: -1, 13: -1, 12: 0, 22: 0, 211: 1, 111: 0, 321: 1, 311: 0, 130: 0, 310: 0, 411: 1, 421: 0,
    431: 1, 511: 0, 521: 1, 531: 0, 541: 1, 2212: 1, 2112: 0, 3112: -1, 3122: 0, 3222: 1, 3312: -1,
    3322: 0, 3334: -1, 4122: 1, 5122: 0, 5132: -1, 2224: 2, 24: 1, 9000211: 1, 1000010020: 1,
}  # fmt: skip


def test_charges_follow_the_numbering_scheme():
    assert {pid: charge_of(pid) for pid in CHARGES} == CHARGES
    assert all(charge_of(-pid) == -charge for pid, charge in CHARGES.items())


def test_broken_particles_name_the_event(make_particles):
    particles = make_particles([(211, 1.0, 0.0, 0.0)], [(211, 2.0, 0.0, 0.0), (22, 3.0, 0.0, 0.0)])
    px = particles.px.copy()
    px[2] = np.nan
    with pytest.raises(ContractError, match="px is nan in event 1"):
        replace(particles, px=px)
    with pytest.raises(ContractError, match=r"pid has shape \(2,\)"):
        replace(particles, pid=particles.pid[:2])


def test_partons_are_quarks_and_gluons_before_the_end():
    pid = np.array([5, 21, 1, 6, 22, -4, 2101, 5], dtype=np.int32)
    status = np.array([23, 51, 1, 22, 51, 71, 63, 1], dtype=np.int32)
    p = np.array([[3.0, 0, 1, 1, 1, 0, 1, 1], [4.0, 2, 1, 1, 1, 0, 1, 1], np.full(8, 1.0)])
    partons = select_partons(np.array([0, 3, 8]), pid, status, tuple(p))
    assert partons.pid.tolist() == [5, 21, -4]
    assert partons.offsets.tolist() == [0, 2, 3]
    assert partons.pt.tolist() == [5, 2, 0]
    assert partons.eta[:2] == pytest.approx(np.arcsinh([0.2, 0.5]))
    assert partons.eta[2] == 999.0
