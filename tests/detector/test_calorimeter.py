from dataclasses import replace

import numpy as np
import pytest

from hh4b.core.errors import ConfigError
from hh4b.detector.calorimeter import Towers, _flow, energy_fraction, make_grid, measure
from hh4b.detector.particles import Particles
from hh4b.detector.propagation import propagate
from hh4b.detector.settings import EnergyResolution, Segment
from hh4b.detector.tracking import reconstruct_tracks


def exact(calorimeter, **changes):
    """Return the calorimeter without smearing and thresholds."""
    perfect = EnergyResolution(abs_eta_max=9, constant=0, stochastic_sqrt_gev=0, noise_gev=0)
    changes = {"resolution": (perfect,), "energy_min_gev": 0.0, "significance_min": 0.0, **changes}
    return calorimeter.model_copy(update=changes)


def run(particles: Particles, atlas, calorimeter, *, tracks=True, seed=1) -> Towers:
    rng = np.random.default_rng(seed)
    impacts = propagate(particles, atlas.field)
    charge = impacts.charge if tracks else np.zeros_like(impacts.charge)
    found = reconstruct_tracks(particles, replace(impacts, charge=charge), atlas.tracking, rng)
    return measure(particles, impacts, found, calorimeter, rng)


def test_grid_of_the_card(atlas):
    ecal, hcal = make_grid(atlas.ecal), make_grid(atlas.hcal)
    assert len(ecal.eta_edges) == 172 + 84 + 84 + 23
    assert (ecal.eta_edges[0], ecal.eta_edges[-1]) == (-5.0, 5.0)
    assert ecal.first_cell[-1] == 340 * 360 + 22 * 36
    # A bin belongs to its upper edge: (-3.125, -2.958] is coarse, (-2.958, -2.9406] is fine.
    by_edge = dict(zip(ecal.eta_edges[1:].tolist(), ecal.n_phi.tolist(), strict=True))
    assert (by_edge[-2.958], by_edge[-2.9406], by_edge[2.958], by_edge[3.125]) == (36, 360, 360, 36)
    by_edge = dict(zip(hcal.eta_edges[1:].tolist(), hcal.n_phi.tolist(), strict=True))
    assert (by_edge[-3.3], by_edge[-3.2], by_edge[-3.0], by_edge[3.2], by_edge[3.3]) == (
        18, 36, 18, 18, 36)  # fmt: skip
    # Resolution by the |eta| of the bin's centre.
    centres = 0.5 * (hcal.eta_edges[1:] + hcal.eta_edges[:-1])
    assert hcal.resolution[np.abs(centres) < 1.7][:, 2].tolist() == [1.59] * 34


def test_an_edge_in_two_segments_is_an_error(atlas):
    segments = (*atlas.hcal.segments, Segment(n_phi=4, eta_edges=(0.5, 6.0)))
    with pytest.raises(ConfigError, match=r"eta = 0\.5 stands in two segments"):
        make_grid(atlas.hcal.model_copy(update={"segments": segments}))


def test_energy_fractions(atlas):
    pid = np.array([22, -11, 211, 130, 310, -3122, 13, 14, 1000022, 5122], dtype=np.int32)
    ecal, hcal = energy_fraction(atlas.ecal, pid), energy_fraction(atlas.hcal, pid)
    assert ecal.tolist() == [1, 1, 0, 0, 0.3, 0.3, 0, 0, 0, 0]
    assert hcal.tolist() == [0, 0, 1, 1, 0.7, 0.7, 0, 0, 0, 1]


def test_towers_agree_with_a_slow_loop(atlas, make_particles):
    rng = np.random.default_rng(7)
    pids = [211, -211, 22, 130, 11, 13, 310, 12]
    events = [
        [(int(rng.choice(pids)), rng.exponential(3) + 0.2, rng.uniform(-5.5, 5.5),
          rng.uniform(-np.pi, np.pi)) for _ in range(n)]
        for n in (0, 60, 1, 130)
    ]  # fmt: skip
    particles = make_particles(*events)
    impacts = propagate(particles, atlas.field)
    for calorimeter in (exact(atlas.ecal), exact(atlas.hcal)):
        towers = run(particles, atlas, calorimeter, tracks=False)
        edges, n_phi = make_grid(calorimeter).eta_edges, make_grid(calorimeter).n_phi
        fraction = energy_fraction(calorimeter, particles.pid)
        for event in range(4):
            sums: dict[tuple[int, int], float] = {}
            for i in range(particles.offsets[event], particles.offsets[event + 1]):
                inside = edges[0] < impacts.eta[i] <= edges[-1]
                if not impacts.reached[i] or not inside or fraction[i] == 0:
                    continue
                row = next(k for k in range(len(n_phi)) if impacts.eta[i] <= edges[k + 1])
                column = int((impacts.phi[i] + np.pi) / (2 * np.pi / n_phi[row]))
                key = (row, column)
                sums[key] = sums.get(key, 0.0) + fraction[i] * particles.energy[i]
                tower = towers.tower_of_particle[i]
                assert edges[row] <= towers.eta[tower] <= edges[row + 1]
                width = 2 * np.pi / n_phi[row]
                assert column == int((towers.phi[tower] + np.pi) / width)
            rows = slice(towers.offsets[event], towers.offsets[event + 1])
            assert sorted(towers.energy[rows]) == pytest.approx(sorted(sums.values()))


def test_smearing_and_thresholds(atlas, make_particles):
    # One photon a tower: mean and width of the log-normal; a soft one falls below threshold.
    photons = make_particles(*[[(22, 50.0, 0.4, 0.5)]] * 20_000)
    energy = run(photons, atlas, atlas.ecal).energy
    true = photons.energy[0]
    sigma = np.sqrt((0.0017 * true) ** 2 + true * 0.101**2)
    assert energy.mean() == pytest.approx(true, abs=5 * sigma / np.sqrt(20_000))
    assert energy.std() == pytest.approx(sigma, rel=0.02)
    soft = run(make_particles(*[[(130, 3.0, 0.1, 0.5)]] * 2000), atlas, atlas.hcal).energy
    # significance 2 with 1.59 GeV noise needs about 3.8 GeV
    assert 0 < (soft > 0).mean() < 0.5
    assert soft[soft > 0].min() > 2 * 1.59


def test_energy_flow_by_hand():
    # energy, sigma, track energy, variance of the track energy; energy_min 1, significance_min 2
    thresholds = (1.0, 2.0)
    # Excess 30 over sqrt(9 + 16) = 5 is significant: neutral, tracks untouched.
    assert _flow(50.0, 4.0, 20.0, 9.0, thresholds) == (30.0, 1.0)
    # Excess 9 is not: the best combination of 20 +- 3 and 29 +- 4.
    best = (20 / 9 + 29 / 16) / (1 / 9 + 1 / 16)
    assert _flow(29.0, 4.0, 20.0, 9.0, thresholds) == pytest.approx((0.0, best / 20))
    # A tower below threshold counts as measured zero.
    assert _flow(0.0, 4.0, 20.0, 9.0, thresholds)[1] == pytest.approx((20 / 9) / (25 / 144) / 20)
    # Tracks only inform where there are some; significant but below energy_min is nothing.
    assert _flow(5.0, 1.0, 0.0, 0.0, thresholds) == (5.0, 1.0)
    assert _flow(0.9, 0.1, 0.0, 0.0, thresholds) == (0.0, 1.0)


def test_energy_flow_of_a_track_and_a_neutral(atlas, make_particles):
    pair = [(211, 20.0, 0.05, 0.3), (130, 200.0, 0.05, 0.27)]
    towers = run(make_particles(*[pair] * 200), atlas, atlas.hcal)
    assert (towers.neutral_energy > 100).all()
    assert (towers.track_scale == 1.0).all()
    alone = run(make_particles(*[pair[:1]] * 200), atlas, atlas.hcal)
    scale = alone.track_scale[alone.track_scale != 1.0]
    assert len(scale) > 0.9 * len(alone.track_scale)
    # sigma^2 / (sigma_track^2 + sigma_tower^2) of the difference, with 1.3 and 2.9 GeV
    assert np.std(scale) == pytest.approx(1.3**2 / np.hypot(1.3, 2.9) / 20, rel=0.2)


def test_muons_and_tracks_without_share_pass_unscaled(atlas, make_particles):
    particles = make_particles(*[[(13, 30.0, 0.5, 0.1), (11, 30.0, -0.5, 0.1)]] * 50)
    towers = run(particles, atlas, atlas.hcal)
    assert len(towers.energy) == 0
    assert (towers.track_scale == 1.0).all()


def test_factor_scales_the_resolution_at_the_centre_of_each_bin(atlas):
    terms = {"constant": 0.1, "stochastic_sqrt_gev": 0.2, "noise_gev": 0.3}
    resolution = (
        EnergyResolution(abs_eta_max=1.5, factor="1+0.5*abs_eta**2", **terms),
        EnergyResolution(abs_eta_max=5, **terms),
    )
    grid = make_grid(atlas.hcal.model_copy(update={"resolution": resolution}))
    centres = np.abs(0.5 * (grid.eta_edges[1:] + grid.eta_edges[:-1]))
    wanted = np.where(centres <= 1.5, 1 + 0.5 * centres**2, 1.0)
    np.testing.assert_allclose(grid.resolution, np.outer(wanted, [0.1, 0.2, 0.3]))
    with pytest.raises(ValueError, match="not positive"):
        EnergyResolution(abs_eta_max=2, factor="1-abs_eta", **terms)
