import numpy as np

from hh4b.detector.flavor import jet_flavors
from hh4b.detector.jets import Jets
from hh4b.detector.particles import Partons


def slow_flavor(eta, phi, partons, rows, settings):
    best = None
    for i in range(*rows):
        if partons.pt[i] <= settings.parton_pt_min_gev:
            continue
        if abs(partons.eta[i]) > settings.parton_abs_eta_max:
            continue
        d_phi = np.angle(np.exp(1j * (phi - partons.phi[i])))
        if np.hypot(eta - partons.eta[i], d_phi) <= settings.delta_r_max:
            code = 0 if partons.pid[i] == 21 else abs(partons.pid[i])
            best = code if best is None else max(best, code)
    return {None: 0, 0: 21}.get(best, best)


def test_flavors_equal_a_slow_loop(atlas):
    rng = np.random.default_rng(29)
    n_jets, n_partons = [3, 0, 5, 7], [40, 5, 0, 120]
    eta, phi = rng.uniform(-3, 3, 15), rng.uniform(-np.pi, np.pi, 15)
    jets = Jets(
        np.cumsum([0, *n_jets]), np.cos(phi), np.sin(phi), np.sinh(eta), np.cosh(eta),
        np.zeros(0, np.int64),
    )  # fmt: skip
    total = sum(n_partons)
    partons = Partons(
        np.cumsum([0, *n_partons]),
        rng.choice([21, 21, 21, 1, -2, 3, 4, -5], total).astype(np.int32),
        rng.exponential(3, total),
        rng.uniform(-3, 3, total),
        rng.uniform(-np.pi, np.pi, total),
    )
    expected = [
        slow_flavor(eta[i], phi[i], partons, partons.offsets[event : event + 2], atlas.flavor)
        for event in range(4)
        for i in range(jets.offsets[event], jets.offsets[event + 1])
    ]
    assert jet_flavors(jets, partons, atlas.flavor).tolist() == expected
    assert len(set(expected)) > 3
