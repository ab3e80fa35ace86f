"""The pairing of smallest D_HH, by hand and by a loop."""

import numpy as np
import pytest

from hh4b.pairing.d_hh import MASSES_GEV, d_hh
from hh4b.pairing.jets import KeptJets

WAYS = (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))


def events(number, seed=3):
    rng = np.random.default_rng(seed)
    shape = (number, 7)
    pt = rng.exponential(60, shape) + 40
    eta, phi = rng.uniform(-2.5, 2.5, shape), rng.uniform(-np.pi, np.pi, shape)
    mass, btag = rng.uniform(3, 20, shape), (rng.random(shape) < 0.8).astype(np.float32)
    valid = np.arange(7) < rng.integers(2, 8, number)[:, None]
    for array in (pt, eta, phi, mass, btag):
        array[~valid] = np.nan
    return KeptJets(valid, pt, eta, phi, mass, btag)


def candidate(jets, event, pair):
    """Return mass and transverse momentum of a pair by plain sums."""
    pt, eta, phi, mass = (field[event, list(pair)] for field in jets[1:5])
    x, y, z = (pt * np.cos(phi)).sum(), (pt * np.sin(phi)).sum(), (pt * np.sinh(eta)).sum()
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2).sum()
    return np.sqrt(energy**2 - x**2 - y**2 - z**2), np.hypot(x, y)


def expected(jets, event, ratio):
    tagged = [j for j in range(7) if jets.valid[event, j] and jets.btag[event, j] > 0.5]
    four = sorted(tagged, key=lambda j: -jets.pt[event, j])[:4]
    if len(four) < 4:
        return [[-1, -1], [-1, -1]]
    best, found = np.inf, None
    for way in WAYS:
        pairs = sorted(
            ([four[a], four[b]] for a, b in way), key=lambda p: -candidate(jets, event, p)[1]
        )
        masses = [candidate(jets, event, pair)[0] for pair in pairs]
        distance = abs(masses[0] - ratio * masses[1]) / np.sqrt(1 + ratio**2)
        if distance < best:
            best, found = distance, pairs
    return found


@pytest.mark.parametrize("ratio", [MASSES_GEV[0] / MASSES_GEV[1], 0.7])
def test_random_events_by_a_loop(ratio):
    jets = events(300)
    found = d_hh(jets, ratio=ratio)
    assert found.dtype == np.int8
    assert found.tolist() == [expected(jets, event, ratio) for event in range(300)]
    assert (found[:, 0, 0] < 0).any()
    assert (found[:, 0, 0] >= 0).sum() > 100


def test_the_masses_of_atlas_are_the_default():
    jets = events(100)
    assert np.array_equal(d_hh(jets), d_hh(jets, ratio=120 / 110))
    assert not np.array_equal(d_hh(jets), d_hh(jets, ratio=110 / 120))


def test_too_few_columns():
    tagged, values = np.ones((2, 3), bool), np.ones((2, 3))
    jets = KeptJets(tagged, values, values, values, values, values)
    assert (d_hh(jets) == -1).all()
