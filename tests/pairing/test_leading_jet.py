"""The leading jet and its nearest partner, by hand and by a loop."""

import numpy as np

from hh4b.pairing.jets import KeptJets
from hh4b.pairing.leading_jet import nearest_to_leading
from hh4b.pairing.min_dr import min_dr


def kept(pt, eta, phi, btag, valid):
    return KeptJets(valid, pt, eta, phi, np.full_like(pt, 5.0), btag)


def test_an_event_where_it_is_not_min_dr():
    # 0 is nearest to 1 (1.0), but in that pairing the other pair, (2, 3), leads with a distance
    # of 1.2; min-dR prefers (02)(13), where (02) leads with a distance of 1.1.
    pt = np.array([[100.0, 40.0, 95.0, 90.0]])
    eta = np.array([[0.0, 1.0, 0.0, 0.0]])
    phi = np.array([[0.0, 0.0, 1.1, 2.3]])
    tagged = np.ones((1, 4), bool)
    jets = kept(pt, eta, phi, tagged, tagged)
    assert nearest_to_leading(jets).tolist() == [[[0, 1], [2, 3]]]
    assert min_dr(jets).tolist() == [[[0, 2], [3, 1]]]


def test_random_events_by_a_loop():
    rng = np.random.default_rng(4)
    shape = (500, 7)
    pt = rng.exponential(60, shape) + 40
    eta, phi = rng.uniform(-2.5, 2.5, shape), rng.uniform(-np.pi, np.pi, shape)
    valid = np.arange(7) < rng.integers(2, 8, 500)[:, None]
    btag = (rng.random(shape) < 0.8).astype(np.float32)
    for array in (pt, eta, phi, btag):
        array[~valid] = np.nan
    found = nearest_to_leading(kept(pt, eta, phi, btag, valid))
    for event in range(500):
        jets = [j for j in range(7) if valid[event, j] and btag[event, j]]
        jets.sort(key=lambda j: -pt[event, j])
        if len(jets) < 4:
            assert (found[event] == -1).all()
            continue
        lead, *others = jets[:4]

        def distance(j, event=event, lead=lead):
            turn = np.angle(np.exp(1j * (phi[event, j] - phi[event, lead])))
            return np.hypot(eta[event, j] - eta[event, lead], turn)

        nearest = min(others, key=distance)
        rest = [j for j in others if j != nearest]
        assert found[event].tolist() == [[lead, nearest], rest]


def test_too_few_columns():
    tagged = np.ones((2, 3), bool)
    values = np.ones((2, 3))
    assert (nearest_to_leading(kept(values, values, values, tagged, tagged)) == -1).all()
