"""Truth of made-up records: copies, radiation, foreign decays, matching, the frame of the pair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hh4b.core.errors import ContractError
from hh4b.events.block import Collection
from hh4b.events.truth import (
    find_higgs_pairs,
    hard_process_kinematics,
    match_jets,
    require_pairs,
)

# PID, status, M1, M2, pT of an event: H(2) -> copy(4) -> b(6) -> radiates -> b(10) -> b(13);
# H(3) decays at once, as MadSpin leaves it; gluon(12) -> b bbar is no Higgs decay; and a b that
# names itself as first mother, as thinned records do, with its true mother second.
RECORD = [
    (21, 21, -1, -1, 0.0),
    (21, 21, -1, -1, 0.0),
    (25, 22, 0, 1, 100.0),
    (25, 22, 0, 1, 100.0),
    (25, 62, 2, -1, 90.0),
    (5, 23, 3, -1, 70.0),
    (5, 23, 4, -1, 60.0),
    (-5, 23, 4, -1, 50.0),
    (-5, 23, 3, -1, 40.0),
    (21, 51, 6, -1, 20.0),
    (5, 51, 6, -1, 45.0),
    (21, 51, 7, -1, 5.0),
    (21, 43, 0, 1, 30.0),
    (5, 71, 10, -1, 44.0),
    (5, 23, 12, -1, 15.0),
    (-5, 23, 12, -1, 15.0),
    (-5, 73, 16, 7, 42.0),
]


def particles(record=RECORD, copies=1, **leaves):
    rows = np.array([row for _ in range(copies) for row in record], float)
    fields = {n: rows[:, i].astype(np.int32) for i, n in enumerate(("PID", "Status", "M1", "M2"))}
    fields["PT"] = rows[:, 4].astype(np.float32)
    fields |= {name: np.asarray(values) for name, values in leaves.items()}
    return Collection(np.arange(copies + 1) * len(record), fields)


def test_quarks_are_followed_to_the_last_copy():
    pairs = find_higgs_pairs(particles())
    assert pairs.n_higgs.tolist() == [2]
    assert pairs.hard.tolist() == [[2, 3]]
    # The second H keeps 100 GeV, the first decays with 90: the second leads.
    assert pairs.quarks.tolist() == [[[5, 8], [13, 16]]]
    assert pairs.incoming.tolist() == [[0, 1]]


def test_rows_count_from_the_start_of_the_block():
    pairs = find_higgs_pairs(particles(copies=3))
    assert pairs.quarks[2].tolist() == [[5 + 34, 8 + 34], [13 + 34, 16 + 34]]
    assert pairs.at(np.array([2])).hard.tolist() == [[36, 37]]


def test_lost_quark_and_other_decays():
    record = list(RECORD)
    record[5] = (15, 23, 3, -1, 70.0)  # H -> tau ...
    assert find_higgs_pairs(particles(record)).quarks.tolist() == [[[-1, 8], [13, 16]]]


def test_without_status_codes_the_first_copies_are_the_hard_process():
    record = [(pid, 3, *rest) for pid, _, *rest in RECORD]
    pairs = find_higgs_pairs(particles(record))
    assert pairs.hard.tolist() == [[2, 3]]
    assert pairs.incoming.tolist() == [[-1, -1]]


def test_mothers_in_a_circle_end():
    record = list(RECORD)
    record[6] = (5, 23, 10, -1, 60.0)  # 6 and 10 name each other
    pairs = find_higgs_pairs(particles(record))
    assert pairs.quarks.tolist() == [[[5, 8], [-1, 16]]]


@pytest.mark.parametrize(("pid", "count"), [(23, 1), (25, 3)])
def test_exactly_two_higgs_bosons(pid, count):
    record = list(RECORD)
    record[3 if count == 1 else 12] = (pid, 22, 0, 1, 50.0)
    pairs = find_higgs_pairs(particles(record))
    with pytest.raises(ContractError, match=f"f.root.*{count} Higgs bosons in entry 70"):
        require_pairs(pairs, path="f.root", first_entry=70)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_matching_equals_plain_loops(truth_loop, seed):
    rng = np.random.default_rng(seed)
    n, width = 6, 9
    # A small patch of the plane across phi = pi, so that several jets compete for a quark.
    eta, phi = rng.uniform(-0.5, 0.5, (2, n, 4))
    jet_eta, jet_phi = rng.uniform(-0.5, 0.5, (2, n, width))
    phi, jet_phi = (np.remainder(x + 2 * np.pi, 2 * np.pi) - np.pi for x in (phi, jet_phi))
    valid = np.arange(width) < rng.integers(0, width + 1, n)[:, None]
    jet_eta[~valid] = jet_phi[~valid] = 0
    quarks = np.where(rng.random((n, 4)) < 0.9, np.arange(4 * n).reshape(n, 4), -1)
    table = Collection(np.arange(n + 1) * 4, {"Eta": eta.ravel(), "Phi": phi.ravel()})
    matched, ambiguous = match_jets(table, quarks, jet_eta, jet_phi, valid)
    for i in range(n):
        event = {"Particle.Eta": eta.ravel(), "Particle.Phi": phi.ravel()}
        event |= {"Jet.Eta": jet_eta[i], "Jet.Phi": jet_phi[i]}
        rows = [None if q < 0 else int(q) for q in quarks[i]]
        expected = truth_loop.match(event, range(valid[i].sum()), rows)
        assert (matched[i].tolist(), bool(ambiguous[i])) == expected


def boosted(momentum, beta):
    """Boost (px, py, pz, e) by a velocity."""
    beta = np.asarray(beta, float)
    gamma = 1 / np.sqrt(1 - beta @ beta)
    along = beta @ momentum[:3]
    space = momentum[:3] + beta * (gamma**2 / (gamma + 1) * along + gamma * momentum[3])
    return np.array([*space, gamma * (momentum[3] + along)])


@pytest.mark.parametrize("cosine", [-0.9, 0.0, 0.6])
@pytest.mark.parametrize(
    ("beta", "partons"),
    [
        ((0, 0, 0), True),
        ((0, 0, 0.7), True),
        ((0.2, 0, 0.5), True),
        ((0.1, -0.3, -0.6), True),
        # Without partons the beams are the axis, which a boost across it would not keep.
        ((0, 0, 0), False),
        ((0, 0, 0.7), False),
    ],
)
def test_frame_of_the_pair(beta, cosine, partons):
    m_hh, phi = 500.0, 0.7
    p, sine = np.sqrt(m_hh**2 / 4 - 125.0**2), np.sqrt(1 - cosine**2)
    direction = np.array([sine * np.cos(phi), sine * np.sin(phi), cosine])
    first = boosted(np.array([*(p * direction), m_hh / 2]), beta)
    second = boosted(np.array([*(-p * direction), m_hh / 2]), beta)
    beams = [boosted(np.array([0.0, 0.0, s * 250.0, 250.0]), beta) for s in (1, -1)]
    record = [*beams, first, second] if partons else [first, second]
    pt = np.array([np.hypot(v[0], v[1]) for v in record])
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.where(pt > 1e-9, np.arcsinh([v[2] for v in record] / pt), 0)
    eta = np.where(pt > 1e-9, eta, [np.copysign(999.9, v[2]) for v in record])
    pt[pt <= 1e-9] = 0
    n = len(record)
    table = particles(
        [(21, 21, -1, -1, 0.0)] * (n - 2) + [(25, 22, -1, -1, 0.0)] * 2,
        PT=pt,
        Eta=eta,
        Phi=[np.arctan2(v[1], v[0]) for v in record],
        Mass=[*[0.0] * (n - 2), 125.0, 125.0],
    )
    mass, got = hard_process_kinematics(table, find_higgs_pairs(table))
    assert mass[0] == pytest.approx(m_hh, rel=1e-9)
    assert got[0] == pytest.approx(cosine, abs=1e-9)
