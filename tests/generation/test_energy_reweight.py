"""13 TeV events reweighted to another energy, against cross sections and events of that energy."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.energy_reweight import energy_weights
from hh4b.generation.four_b.generator import generate
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.four_b.sampler import Adaptation
from hh4b.generation.lhe import read_lhe
from hh4b.generation.pdf import load_pdf
from hh4b.generation.reweight import cross_section_coefficients_fb
from hh4b.generation.settings import FourBProcessSettings, HiggsPairSettings
from hh4b.generation.signal_stage import write_higgs_pairs

ROOT = Path(__file__).parents[2]
QUICK = Adaptation(
    n_components=4, n_bins=16, n_iterations=5, n_points=2000, n_survey=6000, n_batch=2000
)
M_EDGES = np.array([250, 300, 325, 350, 375, 400, 425, 450, 500, 550, 600, 700, 900, 1e5])
sigma_hh = partial(cross_section_coefficients_fb, m_higgs_gev=125.0, m_top_gev=173.0)


@pytest.fixture(scope="module")
def higgs_pairs(tmp_path_factory):
    """Return 5000 events of gg -> HH by energy in TeV."""
    folder = tmp_path_factory.mktemp("energies")
    found = {}
    for energy in (13.0, 14.0, 50.0):
        path = folder / f"{energy:g}.lhe.gz"
        settings = HiggsPairSettings(kappa_lambda=1.0, events=5000, seed=5, sqrt_s_tev=energy)
        write_higgs_pairs(path, settings)
        found[energy] = read_lhe(path).events
    return found


@pytest.fixture(scope="module")
def four_b():
    process = FourBProcess.of(FourBProcessSettings())
    return generate(process, 2000, seed=1, adaptation=QUICK).events


def mean_and_error(factor, weights):
    mean = np.average(factor, weights=weights)
    return mean, np.sqrt((weights**2 * (factor - mean) ** 2).sum()) / weights.sum()


def pair_mass(events):
    total = events.momenta[events.status == -1].reshape(-1, 2, 4).sum(axis=1)
    return np.sqrt(total[:, 0] ** 2 - total[:, 3] ** 2)


def test_one_event_by_hand(higgs_pairs):
    event = higgs_pairs[13.0].select(slice(0, 1))
    incoming = event.momenta[0][event.status[0] == -1]
    x = incoming[:, 0] / 6500.0
    gluon = partial(load_pdf().xf, 21, q_gev=event.scales[0])
    wanted = gluon(x[0] * 13 / 14) * gluon(x[1] * 13 / 14) / (gluon(x[0]) * gluon(x[1]))
    assert energy_weights(event, 13.0, 14.0) == pytest.approx(wanted, rel=1e-9)
    assert energy_weights(event, 13.0, 13.0) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("start", "end"), [(13.0, 14.0), (14.0, 13.0), (13.0, 50.0)])
def test_cross_section_of_higgs_pairs(higgs_pairs, start, end):
    events = higgs_pairs[start]
    factor, error = mean_and_error(energy_weights(events, start, end), events.weights)
    before, after = (sigma_hh(energy).sum() for energy in (start, end))
    assert error < (0.05 if end == 50 else 0.001) * factor
    assert factor == pytest.approx(after / before, abs=3 * error)


def test_cross_section_of_four_b_is_that_of_the_default(four_b):
    """The configuration has the ratio of two direct integrations, 1.1408 +- 0.0024."""
    factor, error = mean_and_error(energy_weights(four_b, 13.0, 14.0), four_b.weights)
    assert error < 0.001
    content = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values = content["processes"]["four_b"]["cross_section_pb"]
    assert factor == pytest.approx(values[14] / values[13], abs=3 * np.hypot(error, 0.0024))


@pytest.mark.parametrize("end", [14.0, 50.0])
def test_mass_spectrum_of_higgs_pairs(higgs_pairs, end):
    events, direct = higgs_pairs[13.0], higgs_pairs[end]
    histograms = []
    for sample, weight in (
        (events, events.weights * energy_weights(events, 13.0, end)),
        (events, events.weights),
        (direct, direct.weights),
    ):
        share = weight / weight.sum()
        sums = [np.histogram(pair_mass(sample), M_EDGES, weights=share**k)[0] for k in (1, 2)]
        histograms.append(sums)
    (new, new_2), (old, old_2), (wanted, wanted_2) = histograms
    chi2 = ((new - wanted) ** 2 / (new_2 + wanted_2)).sum()
    assert stats.chi2.sf(chi2, len(new) - 1) > 0.01
    if end == 50.0:  # where events as they are do not serve
        chi2 = ((old - wanted) ** 2 / (old_2 + wanted_2)).sum()
        assert stats.chi2.sf(chi2, len(new) - 1) < 1e-6


def test_weights_follow_the_flavours(four_b):
    quarks = np.abs(four_b.pid[:, 0]) < 6
    assert 0 < quarks.sum() < 100
    factor = energy_weights(four_b, 13.0, 14.0)
    assert factor[quarks].mean() < factor[~quarks].mean()


def test_energy_too_small_for_an_event(higgs_pairs):
    factor = energy_weights(higgs_pairs[13.0], 13.0, 0.5)
    assert 0 < (factor == 0).mean() < 1


def test_what_cannot_be_reweighted(higgs_pairs):
    events = higgs_pairs[13.0].select(slice(0, 5))
    momenta = events.momenta.copy()
    momenta[2, :2, 3] = abs(momenta[2, :2, 3])
    status = np.array(events.status)
    status[1, 0] = 2
    pid = np.array(events.pid)
    pid[4, 0] = 6
    for changes, start, wanted in (
        ({"scales": np.array([1.0, 2.0, 3.0, 0.0, 1.0])}, 13.0, "event 3 has no scale"),
        ({"status": status}, 13.0, "event 1 has not two incoming"),
        ({"momenta": momenta}, 13.0, "event 2 has incoming partons from one side"),
        ({}, 0.2, "event 0 is not of 0.2 TeV: x is above 1"),
    ):
        with pytest.raises(ContractError, match=wanted):
            energy_weights(replace(events, **changes), start, 14.0)
    with pytest.raises(ConfigError, match="sqrt_s_to_tev: value -1"):
        energy_weights(events, 13.0, -1.0)
