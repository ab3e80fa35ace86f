"""The bootstrap of shower events: against slow loops, and against independent samples."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hh4b.core.errors import ContractError
from hh4b.core.shower_events import ShowerEvents
from hh4b.statistics import amplitude
from hh4b.statistics.binning import join_unfilled, merge_empty_bins
from hh4b.statistics.bootstrap_stage import Replicas, replicate_templates
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.limits import METHODS, scan_model
from hh4b.statistics.replica_yields import yields_of_replicas
from hh4b.statistics.replicas import replica_bounds
from hh4b.statistics.scaling import Normalisation, scale
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.template_format import TemplateSet, rows_content
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.template_stage import fill_background, fill_signal
from hh4b.statistics.templates import CutAndBins, SampleEvents, Scores, SignalEvents

KAPPAS = np.arange(-10.0, 16.0)
EDGES = np.linspace(200, 1000, 11)
NOTE = Normalisation(139.0, 13.0, np.array([41.99, -27.24, 5.506]), {"four_b": 1.0}, 0.582)
#: Share of the background that comes before the cut: 100 fb.
BACKGROUND_EFFICIENCY = 0.1
THRESHOLD = 0.5


def settings(**changes):
    return TemplateSettings.checked(
        {"kappa_values": KAPPAS.tolist(), "part": "all", "threshold": THRESHOLD, **changes}
    )


def scores(m_hh, smearing, kappas=KAPPAS):
    """A score that rises with the mass and knows kappa: heavier is asked for at small kappa."""
    return 1 / (1 + np.exp(-((m_hh[:, None] - 330 + 4 * kappas) / 60 + smearing[:, None])))


def loaded(name, m_hh, weight, rng, *, toy=None, kappa=None, draws=1):
    """A sample; each event has ``draws`` rows, whose masses differ by a resolution of 10 %."""
    n = len(m_hh)
    numbers = np.repeat(np.arange(n), draws)
    smeared = m_hh[numbers] * (1 + 0.1 * rng.standard_normal(n * draws))
    column = scores(smeared, 1.5 * rng.standard_normal(n * draws)).astype(np.float32)
    shower = ShowerEvents(name, numbers)
    common = (
        name, weight[numbers] / draws, smeared, Scores(KAPPAS, column),
        np.full(n * draws, 1.0 if kappa is None else kappa), 1.0,
    )  # fmt: skip
    if kappa is None:
        events = SampleEvents(*common, shower=shower)
    else:
        polynomial = toy.polynomial(m_hh[numbers])
        events = SignalEvents(*common, kappa, polynomial, shower=shower)
    return LoadedSample(Path(name), np.ones(n * draws, bool), events, weight[numbers], shower)


class ToyAnalysis:
    """Samples in, widths and their bootstrap errors out."""

    def __init__(self, toy, *, minimum=10.0, **changes):
        self.toy, self.minimum = toy, minimum
        self.settings = settings(**changes)
        self.cut = CutAndBins(THRESHOLD, EDGES, fixed_kappa_input=self.settings.fixed_kappa_input,
                              kappa_input=self.settings.kappa_input)  # fmt: skip

    # A few per cent of the generated events come as far as the score, so that their number is
    # Poisson distributed. ``n`` is its mean.

    def background(self, n, rng, name="four_b", draws=1):
        m_hh = 250 + rng.exponential(120, rng.poisson(n))
        weight = np.full(len(m_hh), BACKGROUND_EFFICIENCY / n)
        return loaded(name, m_hh, weight, rng, draws=draws)

    def signal(self, n, rng, kappas=(-3.0, 1.0, 5.0)):
        samples = []
        for kappa in kappas:
            m_hh = self.toy.draw(kappa, rng.poisson(n), rng)
            weight = np.full(len(m_hh), 0.04 / n)
            name = f"hh_{kappa:g}"
            samples.append(loaded(name, m_hh, weight, rng, toy=self.toy, kappa=kappa))
        return samples

    def entries(self, samples):
        fill = {
            "hh": partial(fill_signal, cross_section=self.toy.cross_section),
            "four_b": fill_background,
        }
        return {
            name: fill[name]([one.events for one in found], self.cut, self.settings)
            for name, found in samples.items()
        }

    def scaled(self, samples):
        rows = {
            name: BinnedRows(
                np.array([h.sum_weights for h in found]),
                np.array([h.sum_weights_squared for h in found]),
            )
            for name, found in self.entries(samples).items()
        }
        templates = TemplateSet(EDGES, KAPPAS, rows["hh"], {"four_b": rows["four_b"]}, THRESHOLD)
        merged = merge_empty_bins(
            templates, NOTE.background_pb, policy="merge", minimum_effective_events=self.minimum
        )
        return scale(merged, NOTE)

    def widths(self, samples):
        scan = scan_model(self.scaled(samples), None, threshold=3.92)
        return {method: getattr(scan, method).width for method in METHODS}

    def replicas(self, samples, replicas=200, seed=1, thresholds=None):
        found = {n: rows_content(KAPPAS.tolist(), h) for n, h in self.entries(samples).items()}
        values = np.full(replicas, THRESHOLD) if thresholds is None else thresholds
        return replicate_templates(
            samples, "hh", found, Replicas(values, seed), self.cut, self.settings
        )

    def bounds(self, samples, replicas=200, seed=1):
        scaled = self.scaled(samples)
        made = yields_of_replicas(scaled, self.replicas(samples, replicas, seed), self.minimum)
        return replica_bounds(scaled, made, None, threshold=3.92)

    def errors(self, samples, replicas=200, seed=1):
        """Bootstrap errors of the widths by method."""
        return {
            method: float(np.nanstd(values[:, 1] - values[:, 0], ddof=1))
            for method, values in self.bounds(samples, replicas, seed).items()
        }


@pytest.fixture
def analysis(toy, monkeypatch):
    monkeypatch.setattr(amplitude, "own_cross_section_fb", lambda s, **masses: toy.cross_section)
    return lambda **changes: ToyAnalysis(toy, **changes)


def some_samples(analysis, *, draws=1, seed=3):
    rng = np.random.default_rng(seed)
    return {
        "hh": analysis.signal(300, rng),
        "four_b": [analysis.background(500, rng, draws=draws)],
    }


MODES = [
    {},
    {"background_kappa": "average", "background_kappa_values": [-5.0, 1.0, 5.0]},
    {"background_kappa": "drawn", "kappa_input": "own"},
    {"background_kappa": "fixed", "kappa_input": "fixed", "fixed_kappa_input": 3.0},
    {"signal_method": "direct", "kappa_values": [-3.0, 1.0, 5.0]},
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("draws", [1, 3])
def test_every_event_once_gives_the_nominal_templates(analysis, monkeypatch, mode, draws):
    def once(self, seed, replicas):
        return np.ones((len(self.numbers), replicas), np.uint8)

    monkeypatch.setattr(ShowerEvents, "bootstrap", once)
    toy = analysis(**mode)
    samples = some_samples(toy, draws=draws)
    kappas = toy.settings.kappa_values
    entries = toy.entries(samples)
    rows = {name: rows_content(kappas, found) for name, found in entries.items()}
    twice = Replicas(np.full(2, THRESHOLD), 1)
    made = replicate_templates(samples, "hh", rows, twice, toy.cut, toy.settings)
    for place, name in enumerate(made.processes):
        for attribute in ("sum_weights", "sum_weights_squared"):
            nominal = np.array([getattr(one, attribute) for one in entries[name]])
            found = getattr(made, attribute)[:, place]
            np.testing.assert_allclose(
                found, np.broadcast_to(nominal, found.shape), rtol=1e-10, atol=1e-18
            )


def test_a_replica_is_a_template_of_repeated_rows(analysis):
    """Slow, and at two thresholds: each row as often as its event is drawn."""
    toy = analysis()
    samples = some_samples(toy, draws=2)
    (background,) = samples["four_b"]
    thresholds = np.array([0.5, 0.7, 0.5, np.nan])
    made = toy.replicas(samples, 4, thresholds=thresholds)
    counts = background.shower.bootstrap(1, 4)
    bins = toy.cut.bins(background.events.m_hh_gev)
    column = int(np.flatnonzero(KAPPAS == 5)[0])
    score = background.events.scores.values[:, column]
    for replica, threshold in enumerate(thresholds[:3]):
        expected = np.zeros(10)
        for row in np.flatnonzero((score > threshold) & (bins >= 0)):
            expected[bins[row]] += counts[row, replica] * background.events.efficiency_weight[row]
        np.testing.assert_allclose(made.sum_weights[replica, 1, column], expected, rtol=1e-10)
    assert not made.sum_weights[3].any()


def test_rows_of_one_event_fluctuate_together(analysis):
    """Copies of the rows of a sample add nothing to its effective events."""
    toy, rng = analysis(), np.random.default_rng(1)
    once = toy.background(500, rng)
    rows = np.repeat(np.arange(len(once.weight)), 4)
    shower = ShowerEvents("four_b", once.shower.numbers[rows])
    events = SampleEvents(
        "copies", once.events.efficiency_weight[rows] / 4, once.events.m_hh_gev[rows],
        Scores(KAPPAS, once.events.scores.values[rows]), once.events.input_kappa_lambda[rows], 1.0,
        shower=shower,
    )  # fmt: skip
    copies = LoadedSample(Path("c"), np.ones(len(rows), bool), events, once.weight[rows], shower)
    for one, other in zip(*(toy.entries({"four_b": [s]})["four_b"] for s in (once, copies)),
                          strict=True):  # fmt: skip
        np.testing.assert_allclose(one.effective_events, other.effective_events, rtol=1e-12)
        np.testing.assert_array_equal(one.n_events, other.n_events)
    signal = toy.signal(300, rng)
    widths = [toy.errors({"hh": signal, "four_b": [s]}, 50) for s in (once, copies)]
    assert widths[0] == pytest.approx(widths[1], rel=1e-9)


def test_background_of_all_hypotheses_moves_as_its_events_do(analysis):
    toy = analysis()
    made = toy.replicas(some_samples(toy, seed=5))
    totals = made.sum_weights[:, 1].sum(axis=2)  # (R, K)
    near = np.corrcoef(totals[:, 10], totals[:, 11])[0, 1]
    far = np.corrcoef(totals[:, 0], totals[:, 25])[0, 1]
    assert 0.2 < far < near < 1
    assert near > 0.9


@pytest.mark.slow
def test_errors_are_the_spread_of_independent_samples(analysis):
    toy = analysis()
    widths, errors = [], []
    for number in range(200):
        rng = np.random.default_rng([7, number])
        samples = {
            "hh": toy.signal(1000, rng),
            "four_b": [toy.background(1000, rng, name=f"background_{number}")],
        }
        widths.append(list(toy.widths(samples).values()))
        if number < 20:
            errors.append(list(toy.errors(samples).values()))
    ratio = np.mean(errors, axis=0) / np.std(widths, axis=0, ddof=1)
    np.testing.assert_allclose(ratio, 1.0, atol=0.1)


def test_pulls_of_small_backgrounds_have_a_width_of_one(analysis):
    toy, rng = analysis(), np.random.default_rng(99)
    large = {"hh": toy.signal(20_000, rng), "four_b": [toy.background(100_000, rng)]}
    true = toy.widths(large)
    pulls = []
    for number in range(20):
        rng = np.random.default_rng([11, number])
        samples = {
            "hh": toy.signal(1000, rng),
            "four_b": [toy.background(300, rng, name=f"background_{number}")],
        }
        widths, errors = toy.widths(samples), toy.errors(samples)
        pulls.append([(widths[name] - true[name]) / errors[name] for name in METHODS])
    np.testing.assert_allclose(np.std(pulls, axis=0, ddof=1), 1.0, atol=0.2)


def test_bins_join_in_replicas_as_in_templates(analysis):
    rng = np.random.default_rng(2)
    for _ in range(20):
        filled = rng.random(6) < 0.5
        filled[rng.integers(6)] = True
        values = rng.random((1, 2, 6))
        starts = np.flatnonzero(filled)
        starts[0] = 0
        expected = np.add.reduceat(values, starts, axis=2)
        joined = join_unfilled(values, filled[None])
        np.testing.assert_allclose(joined[..., filled], expected, rtol=1e-12)
        assert not joined[..., ~filled].any()


def test_replicas_of_other_templates_are_refused(analysis):
    toy = analysis()
    samples, others = some_samples(toy), some_samples(toy, seed=4)
    with pytest.raises(ContractError, match="another nominal template"):
        yields_of_replicas(toy.scaled(samples), toy.replicas(others, 3), toy.minimum)
    with pytest.raises(ContractError, match="processes"):
        renamed = replace(toy.replicas(samples, 3), processes=("hh", "ttbar"))
        yields_of_replicas(toy.scaled(samples), renamed, toy.minimum)
    with pytest.raises(ContractError, match="other bins or hypotheses"):
        shifted = replace(toy.replicas(samples, 3), bin_edges_gev=EDGES + 1)
        yields_of_replicas(toy.scaled(samples), shifted, toy.minimum)
