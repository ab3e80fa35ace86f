import fastjet
import numpy as np
import pytest

from hh4b.detector.jets import cluster, scale_energy, select


def random_inputs(seed, sizes):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    # Clumps, so that jets have many constituents; some inputs massive, some exactly central.
    centres = rng.uniform(-3, 3, (n, 2)).round(0)
    eta = centres[:, 0] + rng.normal(0, 0.3, n)
    phi = (centres[:, 1] + rng.normal(0, 0.3, n) + np.pi) % (2 * np.pi) - np.pi
    pt, mass = rng.exponential(5, n) + 0.01, np.where(rng.random(n) < 0.3, 0.5, 0.0)
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = np.sqrt(px**2 + py**2 + pz**2 + mass**2)
    return np.cumsum([0, *sizes]), (px, py, pz, energy)


def by_fastjet(offsets, momenta, radius, pt_min):
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, radius)
    for event in range(len(offsets) - 1):
        rows = slice(offsets[event], offsets[event + 1])
        inputs = [fastjet.PseudoJet(*map(float, p)) for p in zip(*(c[rows] for c in momenta))]  # noqa: B905
        sequence = fastjet.ClusterSequence(inputs, definition)
        yield sorted(
            ((j.px(), j.py(), j.pz(), j.E()) for j in sequence.inclusive_jets(pt_min)),
            key=lambda p: -np.hypot(p[0], p[1]),
        )


@pytest.mark.parametrize("radius", [0.4, 1.0])
def test_jets_equal_those_of_fastjet(radius):
    offsets, momenta = random_inputs(11, [0, 1, 2, 3, 17, 101, 307, 0, 211])
    jets = cluster(offsets, momenta, radius=radius, pt_min_gev=5.0)
    for event, expected in enumerate(by_fastjet(offsets, momenta, radius, 5.0)):
        rows = slice(jets.offsets[event], jets.offsets[event + 1])
        got = np.stack([jets.px, jets.py, jets.pz, jets.energy], axis=1)[rows]
        assert got == pytest.approx(np.array(expected).reshape(-1, 4), rel=1e-9, abs=1e-9)


def test_constituents_add_up_to_their_jet():
    offsets, momenta = random_inputs(13, [50, 150])
    jets = cluster(offsets, momenta, radius=0.4, pt_min_gev=10.0)
    inside = jets.jet_of_input >= 0
    assert 0 < inside.sum() < len(inside)
    for component, total in zip(momenta, (jets.px, jets.py, jets.pz, jets.energy), strict=True):
        sums = np.bincount(jets.jet_of_input[inside], component[inside], minlength=len(total))
        assert sums == pytest.approx(total)
    assert (np.diff(jets.pt[: jets.offsets[1]]) <= 0).all()


def test_order_of_the_inputs_does_not_matter():
    offsets, momenta = random_inputs(17, [113])
    order = np.random.default_rng(1).permutation(113)
    first = cluster(offsets, momenta, radius=0.4, pt_min_gev=5.0)
    second = cluster(offsets, tuple(c[order] for c in momenta), radius=0.4, pt_min_gev=5.0)
    assert second.pt == pytest.approx(first.pt)
    assert second.jet_of_input.tolist() == first.jet_of_input[order].tolist()


def test_clustering_wraps_around_in_phi():
    pt, phi = np.array([30.0, 20.0]), np.array([3.1, -3.1])
    momenta = (pt * np.cos(phi), pt * np.sin(phi), np.zeros(2), pt)
    jets = cluster(np.array([0, 2]), momenta, radius=0.4, pt_min_gev=20.0)
    assert jets.pt == pytest.approx([np.hypot(*(c.sum() for c in momenta[:2]))])
    assert jets.mass[0] == pytest.approx(np.sqrt(2 * 600 * (1 - np.cos(2 * np.pi - 6.2))))


def test_energy_scale_by_hand_and_new_order(atlas):
    pt, eta = np.array([100.0, 99.9]), np.array([4.0, 0.0])
    momenta = (pt, np.zeros(2), pt * np.sinh(eta), pt * np.cosh(eta))
    jets = cluster(np.array([0, 2]), momenta, radius=0.4, pt_min_gev=20.0)
    assert jets.eta == pytest.approx([4.0, 0.0])
    scaled = scale_energy(jets, atlas.jets)
    assert scaled.pt == pytest.approx(
        [99.9 * np.sqrt(9 / 99.9 + 1), 100 * np.sqrt(2.2**2 / 100 + 1)]
    )
    assert scaled.eta == pytest.approx([0.0, 4.0])
    assert scaled.jet_of_input.tolist() == [1, 0]


def test_selection_renumbers():
    offsets, momenta = random_inputs(19, [60, 60])
    jets = cluster(offsets, momenta, radius=0.4, pt_min_gev=5.0)
    keep = np.arange(len(jets.pt)) % 3 != 0
    kept = select(jets, keep)
    assert kept.pt.tolist() == jets.pt[keep].tolist()
    inside = kept.jet_of_input >= 0
    original = np.flatnonzero(keep)[kept.jet_of_input[inside]]
    assert original.tolist() == jets.jet_of_input[inside].tolist()
    assert kept.offsets[-1] == keep.sum()


def test_no_events_and_no_inputs():
    empty = (np.zeros(0),) * 4
    for offsets in (np.array([0]), np.array([0, 0, 0])):
        jets = cluster(offsets, empty, radius=0.4, pt_min_gev=20.0)
        assert len(jets.pt) == 0
        assert jets.offsets.tolist() == offsets.tolist()
