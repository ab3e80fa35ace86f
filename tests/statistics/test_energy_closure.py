"""Parton events of 13 TeV as templates of another energy, against events of that energy."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from hh4b.generation.energy_reweight import energy_weights, partonic_energy_gev
from hh4b.generation.four_b.generator import generate
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.four_b.sampler import Adaptation
from hh4b.generation.lhe import read_lhe
from hh4b.generation.reweight import cross_section_coefficients_fb, kappa_polynomial
from hh4b.generation.settings import FourBProcessSettings, HiggsPairSettings
from hh4b.generation.signal_stage import write_higgs_pairs
from hh4b.statistics.templates import (
    CutAndBins,
    SampleEvents,
    Scores,
    SignalEvents,
    background_template,
    signal_template,
)

MASSES = {"m_higgs_gev": 125.0, "m_top_gev": 173.0}
HH_EDGES = np.array([250, 280, 310, 340, 370, 400, 430, 460, 500, 550, 600, 700, 850, 2000.0])
FOUR_B_EDGES = np.array([80, 120, 140, 160, 180, 200, 225, 250, 300, 350, 450, 600, 3000.0])
ALL = np.array([1.0])
QUICK = Adaptation(
    n_components=4, n_bins=16, n_iterations=5, n_points=2000, n_survey=6000, n_batch=2000
)
sigma = partial(cross_section_coefficients_fb, **MASSES)


def relative(events, energy):
    """Return event weights of mean one, taken from 13 TeV to an energy."""
    factor = np.ones(len(events)) if energy == 13 else energy_weights(events, 13.0, energy)
    return events.weights * factor / np.average(events.weights * factor)


def columns(n):
    return Scores(ALL, np.ones((n, 1)))


def signal(path, kappa, energy):
    events = read_lhe(path).events
    weight, mass = relative(events, energy), partonic_energy_gev(events)
    # theta* of the first H against the beam, in the frame of the pair: that of the first parton.
    pair, higgs = events.momenta[:, :2].sum(axis=1), events.momenta[:, 2]
    beta = pair[:, 3] / pair[:, 0]
    energy_, along = higgs[:, 0] - beta * higgs[:, 3], higgs[:, 3] - beta * higgs[:, 0]
    transverse = np.hypot(higgs[:, 1], higgs[:, 2])
    along = along / np.sqrt(1 - beta**2)
    assert np.all(energy_ > 0)
    polynomial = kappa_polynomial(mass, along / np.hypot(along, transverse), **MASSES)
    n = len(events)
    return SignalEvents(
        str(path), weight / n, mass, columns(n), np.full(n, kappa), float(n),
        kappa_lambda=kappa, polynomial=polynomial,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Return paths of events by (energy, kappa_lambda)."""
    folder, found = tmp_path_factory.mktemp("pairs"), {}
    for energy, kappa in ((13, -5), (13, 1), (13, 5), (14, 1), (14, 5), (20, 1), (20, 5)):
        path = folder / f"{energy}_{kappa}.lhe.gz"
        settings = {"kappa_lambda": kappa, "events": 15_000, "seed": 7, "sqrt_s_tev": energy}
        write_higgs_pairs(path, HiggsPairSettings.checked(settings))
        found[energy, kappa] = path
    return found


def probability(one, other):
    """Probability of a chi2 as large, where both are efficiencies that sum up to about one."""
    variance = one.sum_weights_squared + other.sum_weights_squared
    chi2 = ((one.sum_weights - other.sum_weights) ** 2 / variance).sum()
    return stats.chi2.sf(chi2, len(variance))


@pytest.mark.parametrize(("energy", "kappa"), [(14, 1), (14, 5), (20, 1), (20, 5)])
def test_signal_of_13_tev_makes_templates_of_another_energy(pairs, energy, kappa):
    cut = CutAndBins(0.5, HH_EDGES)
    direct = signal(pairs[energy, kappa], kappa, 13)
    wanted = signal_template([direct], kappa, cut, sigma(energy))
    values = (-5, 1, 5)
    taken = [signal(pairs[13, value], value, energy) for value in values]
    found = signal_template(taken, kappa, cut, sigma(energy))
    assert probability(found, wanted) > 0.01
    total, error = found.sum_weights.sum(), np.sqrt(found.sum_weights_squared.sum())
    # All of the cross section is inside the bins, but for what is above.
    assert total == pytest.approx(wanted.sum_weights.sum(), abs=4 * error)
    # Only the others: the mixture makes kappa_lambda out of samples of other values.
    others = [one for one, value in zip(taken, values, strict=True) if value != kappa]
    assert probability(signal_template(others, kappa, cut, sigma(energy)), wanted) > 0.01
    unchanged = [signal(pairs[13, value], value, 13) for value in values]
    if energy == 20:  # where events as they are do not serve
        as_it_is = signal_template(unchanged, kappa, cut, sigma(13))
        assert probability(as_it_is, wanted) < 0.01


def background(events, energy):
    final = events.momenta[:, 2:6].sum(axis=1)
    mass = np.sqrt(np.maximum(final[:, 0] ** 2 - (final[:, 1:] ** 2).sum(axis=1), 0))
    n = len(events)
    weight = relative(events, energy) / n
    return SampleEvents("4b", weight, mass, columns(n), np.ones(n), float(n))


def test_background_of_13_tev_makes_templates_of_14_tev():
    cut, templates = CutAndBins(0.5, FOUR_B_EDGES, "include"), []
    for start in (13, 14):
        process = FourBProcess.of(FourBProcessSettings.checked({"sqrt_s_tev": start}))
        events = generate(process, 3000, seed=2, adaptation=QUICK).events
        one = background(events, 14 if start == 13 else 13)
        templates.append(background_template([one], cut, kappa_values=[1.0]))
    assert probability(*templates) > 0.01
    # With overflow nothing is lost.
    assert templates[0].sum_weights.sum() == pytest.approx(1.0, rel=1e-12)
