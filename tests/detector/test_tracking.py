import numpy as np
import pytest

from hh4b.detector.propagation import propagate
from hh4b.detector.tracking import (
    ELECTRON,
    HADRON,
    MUON,
    efficiency,
    log_normal,
    reconstruct_tracks,
    relative_resolution,
)


def test_efficiency_bins_own_their_upper_edge(atlas):
    table = atlas.tracking.electron.efficiency
    pt = np.array([0.1, 0.100001, 1.0, 1.1, 100.0, 101.0, 50.0, 50.0, 50.0, 50.0])
    eta = np.array([0.0, 0.0, -1.5, 1.5, 0.2, -0.2, 1.5001, -2.5, 2.5001, -4.0])
    expected = [0.0, 0.73, 0.73, 0.95, 0.95, 0.99, 0.83, 0.83, 0.0, 0.0]
    assert efficiency(table, pt, eta).tolist() == expected


def test_resolution_by_hand(atlas):
    resolution = relative_resolution(
        atlas.tracking.charged_hadron.resolution,
        np.array([100.0, 100.0, 100.0, 0.05, 1000.0, 100.0]),
        np.array([0.5, -1.5, 2.5, 0.0, 2.0, 3.0]),
    )
    expected = [np.hypot(0.06, 0.13), np.hypot(0.1, 0.17), np.hypot(0.25, 0.31), 0, 1, 0]
    assert resolution == pytest.approx(expected)


def test_log_normal_has_the_wanted_mean_and_width():
    drawn = log_normal(np.full(200_000, 3.0), np.full(200_000, 0.4), np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(3.0, abs=4 * 1.2 / np.sqrt(len(drawn)))
    assert drawn.std() == pytest.approx(1.2, rel=0.02)
    assert drawn.min() > 0


def test_tracks_keep_direction_mass_and_order(atlas, make_particles):
    rows = [(211, 20.0, 0.3, 0.1), (22, 20.0, 0.0, 0.0), (-11, 20.0, 1.0, 1.0), (13, 20.0, -1, 2.0)]
    particles = make_particles(*[rows] * 2000)
    impacts = propagate(particles, atlas.field)
    tracks = reconstruct_tracks(particles, impacts, atlas.tracking, np.random.default_rng(3))
    for kind, row, chance in ((HADRON, 0, 0.95), (ELECTRON, 2, 0.95), (MUON, 3, 0.99)):
        found = tracks.kind == kind
        assert found.mean() * len(found) / 2000 == pytest.approx(chance, abs=0.02)
        assert tracks.eta[found] == pytest.approx(rows[row][2])
        assert tracks.phi[found] == pytest.approx(rows[row][3])
        assert (tracks.particle[found] % 4 == row).all()
    hadrons = tracks.kind == HADRON
    p2 = (tracks.pt[hadrons] * np.cosh(0.3)) ** 2
    assert np.sqrt(tracks.energy[hadrons] ** 2 - p2) == pytest.approx(0.1396, rel=1e-3)
    assert tracks.pt[hadrons].std() / 20 == pytest.approx(np.hypot(0.06, 0.026), rel=0.06)
    assert tracks.charge[hadrons].tolist() == [1] * int(hadrons.sum())
    assert tracks.offsets[-1] == len(tracks.pt)
    event = tracks.particle // 4
    assert np.searchsorted(event, np.arange(2001)).tolist() == tracks.offsets.tolist()
