"""The tilted shape: by hand, against derivatives, on toys with a known answer."""

import numpy as np
import pytest

from hh4b.core.errors import ContractError
from hh4b.core.shower_events import ShowerEvents
from hh4b.statistics.binning import filled_bins, join_unfilled
from hh4b.statistics.note_model import Yields
from hh4b.statistics.replica_yields import ReplicatedYields
from hh4b.statistics.replicas import replica_bounds
from hh4b.statistics.scaling import Normalisation, scale
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.template_format import read_templates
from hh4b.statistics.templates import CutAndBins, SampleEvents, Scores, background_template
from hh4b.statistics.tilted_rows import score_choices, scored_rows
from hh4b.statistics.tilted_shape import (
    LARGEST_TILT,
    Cells,
    CellSums,
    event_errors,
    solve_tilt,
    tilted_shape,
)
from hh4b.statistics.tilted_templates import (
    RowReplicas,
    fill_tilted,
    fitting_factor,
    replicate_tilted,
    tilted_replicas,
    tilted_template,
)

EDGES = np.linspace(200, 1000, 11)


def settings(**changes):
    return TemplateSettings.checked({
        "kappa_values": [0.0, 1.0, 2.0, 3.0], "background_shape": "tilted",
        "background_kappa_values": [1.0, 2.0], "shape_spread_pull_max": None, **changes,
    })  # fmt: skip


def sample(m_hh, score, weight=None, *, events=None, name="four_b", generated=1.0):
    """A sample whose score has one column, or one for kappa 0, 1, 2, 3."""
    score = np.asarray(score, np.float64)
    score = score[:, None] if score.ndim == 1 else score
    n = len(score)
    shower = ShowerEvents(name, np.arange(n) if events is None else events)
    return SampleEvents(
        name, np.ones(n) if weight is None else np.asarray(weight, np.float64),
        np.asarray(m_hh, np.float64), Scores(np.arange(float(score.shape[1])), score),
        np.full(n, 2.0), generated, shower=shower,
    )  # fmt: skip


def rows_of(*samples, overflow="drop", **changes):
    changes = {"background_kappa": "average", "background_kappa_values": [0.0], **changes}
    choose = score_choices(settings(**changes))[0]
    return scored_rows(samples, CutAndBins(0.5, EDGES, overflow), choose)


# By hand: loose weights 4, 4, 1 at x = -1, 0, 1 become 2, 4, 2 at a = ln 2; their mean is that of
# two tight events at x = -1 and 1. V = 1/2, q = 1/8, 1/4, 1/2; in bin 0, h = 3/4, 1/4, -1/4.
BY_HAND = Cells(np.array([-1.0, 0.0, 1.0]), np.arange(3), 3)
TIGHT = np.array([[1.0], [0.0], [1.0]])
LOOSE = np.array([[4.0], [4.0], [1.0]])


def test_by_hand():
    found = tilted_shape(BY_HAND, CellSums(TIGHT, TIGHT), CellSums(LOOSE, LOOSE))
    assert found.tilt[0] == pytest.approx(np.log(2), rel=1e-12)
    assert found.sums[0] == pytest.approx([0.5, 1.0, 0.5], rel=1e-12)
    # Tight -1: 3/4 + 1/8 1/4; tight +1: -1/4 + 1/2 1/4; 3 loose at -1: 1/8 1/4; 4 at 0: -1/4 1/4.
    assert found.squares[0, 0] == pytest.approx(0.78125**2 + 0.125**2 + 3 / 32**2 + 4 / 16**2)
    assert found.tilt_error[0] == pytest.approx(np.sqrt(0.875**2 + 0.5**2 + 3 / 8**2))
    assert found.effective_loose[0] == pytest.approx(64 / (4 / 4 + 4 + 4))
    assert not found.direct[0]
    assert not found.at_bound[0]


def test_many_replicas_are_as_one_by_one():
    rng = np.random.default_rng(3)
    cells = Cells(rng.normal(6, 0.3, 40), rng.integers(0, 4, 40), 4)
    loose = rng.random((40, 7))
    tight = loose * (rng.random((40, 7)) < 0.3)
    together = tilted_shape(cells, CellSums(tight, tight**2), CellSums(loose, loose**2))
    mean = (cells.log_mass @ tight) / tight.sum(axis=0)
    for place in range(7):
        tilted = loose[:, place] * np.exp(together.tilt[place] * (cells.log_mass - 6))
        assert tilted @ cells.log_mass / tilted.sum() == pytest.approx(mean[place], rel=1e-12)
        expected = np.bincount(cells.bins, tilted, 4) / tilted.sum() * tight[:, place].sum()
        np.testing.assert_allclose(together.sums[place], expected, rtol=1e-9)


def test_variance_is_the_sum_of_squared_derivatives():
    rng = np.random.default_rng(4)
    n = 60
    cells = Cells(rng.normal(6, 0.3, n), rng.integers(0, 3, n), 3)
    weights, tight = 0.5 + rng.random(n), np.arange(n) < 15
    events = rng.integers(0, 25, n)

    def template(weights):
        loose = weights[:, None]
        found = tilted_shape(cells, CellSums(loose * tight[:, None], loose), CellSums(loose, loose))
        return np.append(found.sums[0], found.tilt[0])

    step = 1e-5
    derivatives = np.array([
        (template(weights * (1 + step * one)) - template(weights * (1 - step * one))) / (2 * step)
        for one in np.eye(n)
    ])  # fmt: skip
    by_row = (derivatives**2).sum(axis=0)
    loose = CellSums(weights[:, None], weights[:, None] ** 2)
    found = tilted_shape(
        cells, CellSums(loose.weights * tight[:, None], loose.squares * tight[:, None]), loose
    )
    np.testing.assert_allclose(found.squares[0], by_row[:3], rtol=1e-5)
    assert found.tilt_error[0] ** 2 == pytest.approx(by_row[3], rel=1e-5)
    by_event = np.array([derivatives[events == e].sum(axis=0) for e in range(25)])
    errors = event_errors(cells, weights, tight, events)
    np.testing.assert_allclose(errors.squares, (by_event[:, :3] ** 2).sum(axis=0), rtol=1e-5)
    assert errors.tilt_error**2 == pytest.approx((by_event[:, 3] ** 2).sum(), rel=1e-5)
    alone = event_errors(cells, weights, tight, np.arange(n))
    assert alone.spread_pull == pytest.approx(found.spread_pull[0], rel=1e-9)
    assert alone.effective_loose == pytest.approx(found.effective_loose[0], rel=1e-9)


def test_tilts_beyond_the_bound_stay_there():
    x, weights = np.array([0.0, 0.01, 0.02]), np.ones((3, 4))
    weights[:, 3] = 0
    tilt = solve_tilt(x, weights, np.array([0.0, 0.01, 0.02, 0.01]))
    assert tilt == pytest.approx([-LARGEST_TILT, 0, LARGEST_TILT, 0], abs=1e-9)
    # All loose events at one mass: nothing to tilt.
    assert solve_tilt(np.full(3, 2.0), np.ones((3, 1)), np.array([2.0])) == pytest.approx([0.0])


def test_loose_cut_takes_whole_values_of_the_score():
    score = [0.9, 0.8, 0.4, 0.4, 0.4, 0.3, 0.2]
    rows = rows_of(sample([250, 350, 300, 320, 340, 400, 500], score))
    found = tilted_template(rows, 0.5, 1.6).shape
    assert (found.loose_threshold, found.efficiency_factor) == (0.4, 2.5)
    assert tilted_template(rows, 0.5, 2.5).shape.loose_threshold == 0.4
    assert tilted_template(rows, 0.5, 2.6).shape.loose_threshold == 0.3
    # Beyond all events, all are taken.
    found = tilted_template(rows, 0.5, 99).shape
    assert (found.loose_threshold, found.efficiency_factor) == (0.2, 3.5)


def test_events_outside_count_at_the_edge_or_not_at_all():
    masses = [250, 350, 3000, 150, 450, 600, np.nan]
    one = sample(masses, [0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.95])
    dropped, included = rows_of(one), rows_of(one, overflow="include")
    assert sorted(np.exp(dropped.log_mass)) == pytest.approx([250, 350, 450, 600])
    assert sorted(np.exp(included.log_mass)) == pytest.approx([200, 250, 350, 450, 600, 1000])
    assert tilted_template(included, 0.5, 3).sum_weights.sum() == pytest.approx(3)
    assert tilted_template(dropped, 0.5, 3).sum_weights.sum() == pytest.approx(2)


DEGENERATE = {
    "no event passes": ([300, 400, 500], [0.1, 0.2, 0.3], "no event passes"),
    "no weight": ([300, 400, 500], [0.9, 0.2, 0.3], "no event passes"),
    "one event": ([300, 400, 500], [0.9, 0.2, 0.3], "one mass, or are one event"),
    "one mass": ([300, 300, 400, 500], [0.9, 0.8, 0.2, 0.3], "one mass, or are one event"),
    "all at one mass": ([300] * 4, [0.9, 0.8, 0.2, 0.3], "one mass, or are one event"),
    "all pass": ([300, 400, 500], [0.9, 0.8, 0.7], "no looser cut"),
    "cuts": ([300, 400, 500, 600], [1.0, 1.0, 0.0, 0.0], "no value between pass and fail"),
    "no events": ([], [], "no event passes"),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_input_gives_the_direct_shape_and_says_so(case):
    masses, score, reason = DEGENERATE[case]
    weight = np.zeros(len(masses)) if case == "no weight" else np.ones(len(masses))
    one = sample(masses, np.reshape(score, (-1, 1)), weight)
    rows = rows_of(one)
    found = tilted_template(rows, 0.5, 6)
    direct = background_template([one], CutAndBins(0.5, EDGES), kappa_values=[0.0])
    for name in ("sum_weights", "sum_weights_squared", "n_events"):
        np.testing.assert_allclose(getattr(found, name), getattr(direct, name))
    assert found.shape.method == "direct"
    assert reason in found.shape.reason
    assert found.as_dict()["shape"]["tilt"] is None
    counts = RowReplicas(np.ones((len(masses), 2)), np.ones((1, 2)), np.array([0.5, np.nan]))
    sums, squares = tilted_replicas(rows, counts, 6)
    np.testing.assert_allclose(sums, [direct.sum_weights, 0 * direct.sum_weights], atol=1e-12)
    np.testing.assert_allclose(squares[0], direct.sum_weights_squared, atol=1e-12)


def test_a_tilt_at_its_bound_is_said():
    one = sample([300, 300.3, *[299.9] * 8], [0.9, 0.8, *np.linspace(0.1, 0.4, 8)])
    found = tilted_template(rows_of(one), 0.5, 6)
    assert found.shape.tilt == pytest.approx(LARGEST_TILT)
    assert "at its bound" in found.shape.reason
    assert found.shape.tilt_error is None
    assert found.sum_weights.sum() == pytest.approx(2)
    assert np.isfinite(found.sum_weights_squared).all()


def test_negative_weights_are_refused():
    with pytest.raises(ContractError, match=r"mine: negative event weights; background_shape"):
        rows_of(sample([300, 400], [0.9, 0.1], [1, -1], name="mine"))


class Falling:
    """m^-4 above 250 GeV, and a score that goes mildly with ln m; one event in 30 is tight."""

    def __init__(self, correlation=0.7):
        self.correlation = correlation
        rng = np.random.default_rng(1)
        m_hh, score, _ = self.draw(2_000_000, rng)
        self.threshold = float(np.quantile(score, 1 - 1 / 30))
        self.large = m_hh, score
        tight = m_hh[score > self.threshold]
        self.truth = np.histogram(tight, EDGES)[0] / len(m_hh)

    def draw(self, n, rng):
        x = rng.exponential(1 / 3, n)
        latent = rng.standard_normal(n) + self.correlation * x
        return 250 * np.exp(x), 1 / (1 + np.exp(-latent)), 0.5 + rng.random(n)

    def toy(self, tight, rng):
        """A sample with a Poisson number of events, of which ``tight`` effective ones pass."""
        # Effective events of weights between 1/2 and 3/2: 1 / (1 + 1/12).
        mean = 30 * tight * (1 + 1 / 12)
        m_hh, score, weight = self.draw(rng.poisson(mean), rng)
        return sample(m_hh, score, weight / mean)


@pytest.fixture(scope="module")
def falling():
    return Falling()


class Widths:
    """Widths of the profile interval with a toy signal and 61 fb of background."""

    def __init__(self, path, truth):
        templates = read_templates(path)
        note = Normalisation(139.0, 13.0, (41.99, -27.24, 5.506), {"four_b": 628.6}, 0.582)
        self.scaled = scale(templates, note)
        self.factor = 61 * 139 / truth.sum()

    def __call__(self, sums, squares):
        background = self.factor * np.asarray(sums)[:, None]
        filled = filled_bins(background, np.asarray(squares)[:, None], background, 0.0)
        signal = np.broadcast_to(self.scaled.signal, (len(sums), *self.scaled.signal.shape))
        yields = Yields(
            self.scaled.kappa_lambda,
            join_unfilled(signal, filled),
            join_unfilled(background, filled),
        )
        made = ReplicatedYields(yields, None, np.ones(len(sums), bool))
        bounds = replica_bounds(self.scaled, made, None, threshold=3.92)["profile"]
        return bounds[:, 1] - bounds[:, 0]


def test_many_events_close(falling):
    m_hh, score = falling.large
    one = sample(m_hh, score, np.full(len(m_hh), 1 / len(m_hh)))
    found = tilted_template(rows_of(one), falling.threshold, 6)
    assert found.shape.tilt > 0.1
    n_tight = found.n_events
    assert (np.abs(found.sum_weights / falling.truth - 1) < 0.01 + 2 / np.sqrt(n_tight)).all()
    untilted = np.histogram(m_hh[score >= found.shape.loose_threshold], EDGES)[0]
    untilted = untilted / untilted.sum() * falling.truth.sum()
    assert np.abs(untilted / falling.truth - 1).max() > 0.1


def test_few_events_have_no_bias(falling, template_path):
    """200 samples of 40 effective events: bins, width of the interval, errors."""
    made = {"direct": [], "tilted": []}
    for number in range(200):
        rows = rows_of(falling.toy(40, np.random.default_rng([5, number])))
        for name, factor in (("direct", 1), ("tilted", 6)):
            made[name].append(tilted_template(rows, falling.threshold, factor))
    sums, squares = (
        {name: np.array([getattr(one, key) for one in found]) for name, found in made.items()}
        for key in ("sum_weights", "sum_weights_squared")
    )
    widths = Widths(template_path, falling.truth)
    true = widths(falling.truth[None], falling.truth[None])[0]
    found = {name: widths(sums[name], squares[name]) for name in made}
    bias = {name: np.mean(values) / true - 1 for name, values in found.items()}
    assert abs(bias["tilted"]) < 0.015
    assert bias["direct"] < -0.025
    assert np.var(found["direct"]) > 1.3 * np.var(found["tilted"])
    shift = sums["tilted"].mean(axis=0) / falling.truth - 1
    error = sums["tilted"].std(axis=0) / falling.truth / np.sqrt(200)
    assert (np.abs(shift) < 0.015 + 2.5 * error).all()
    # Each bin has the variance that it says: more than the direct shape, less in none.
    ratio = squares["tilted"].mean(axis=0) / sums["tilted"].var(axis=0)
    np.testing.assert_allclose(ratio[:7], 1, atol=0.25)
    assert (sums["tilted"].var(axis=0) < sums["direct"].var(axis=0)).all()
    pulls = [one.shape.spread_pull for one in made["tilted"]]
    assert np.std(pulls) == pytest.approx(1, abs=0.2)
    # A sum over bins is of the events that pass; bins as independent would see twice as many.
    total = np.array([one.total_variance for one in made["tilted"]])
    assert total.mean() / sums["tilted"].sum(axis=1).var() == pytest.approx(1, abs=0.25)
    effective = sums["tilted"].sum(axis=1) ** 2 / total
    inside = falling.truth.sum() * 30
    assert effective.mean() == pytest.approx(40 * inside, abs=2)
    assert (sums["tilted"].sum(axis=1) ** 2 / squares["tilted"].sum(axis=1)).mean() > 60


def test_bootstrap_errors_are_those_of_independent_samples(falling, template_path):
    widths = Widths(template_path, falling.truth)
    true = widths(falling.truth[None], falling.truth[None])[0]
    pulls, tilts = [], []
    for number in range(60):
        rng = np.random.default_rng([6, number])
        one = falling.toy(100, rng)
        rows = rows_of(one)
        nominal = tilted_template(rows, falling.threshold, 6)
        counts = rng.poisson(1.0, (len(one.m_hh_gev), 100))
        replicas = RowReplicas(counts, np.ones((1, 100)), np.full(100, falling.threshold))
        sums, squares = tilted_replicas(rows, replicas, 6)
        width = widths(nominal.sum_weights[None], nominal.sum_weights_squared[None])[0]
        pulls.append((width - true) / np.std(widths(sums, squares), ddof=1))
        tilts.append(np.sqrt(nominal.sum_weights_squared[:5]) / sums.std(axis=0)[:5])
    assert np.std(pulls, ddof=1) == pytest.approx(1.0, abs=0.2)
    np.testing.assert_allclose(np.mean(tilts, axis=0), 1, atol=0.1)


MODES = [
    {"background_kappa": "hypothesis"},
    {"background_kappa": "average", "background_kappa_values": [1.0, 2.0, 3.0]},
    {"background_kappa": "drawn"},
    {"background_kappa": "fixed", "kappa_input": "fixed", "fixed_kappa_input": 2.0},
]


def several(falling, draws, rng):
    """Two samples of one process; rows of one event share most of mass and score."""
    made = []
    for name, generated in (("a", 1.0), ("b", 3.0)):
        one = falling.toy(150, rng)
        numbers = np.repeat(np.arange(len(one.m_hh_gev)), draws)
        mass = one.m_hh_gev[numbers] * np.exp(0.1 * rng.standard_normal(len(numbers)))
        score = one.scores.values[numbers] * (1 - 0.1 * rng.random((len(numbers), 4)))
        weight = one.efficiency_weight[numbers] / draws
        made.append(sample(mass, score, weight, events=numbers, name=name, generated=generated))
    return made


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("draws", [1, 3])
@pytest.mark.parametrize("largest_pull", [None, 2.0])
def test_every_event_once_gives_the_nominal_templates(falling, mode, draws, largest_pull):
    samples = several(falling, draws, np.random.default_rng(8))
    chosen = settings(**mode, shape_spread_pull_max=largest_pull)
    cut = CutAndBins(0.75, EDGES)
    nominal = fill_tilted(samples, cut, chosen)
    n_rows = sum(len(one.m_hh_gev) for one in samples)
    once = RowReplicas(np.ones((n_rows, 3)), np.ones((2, 3)), np.array([0.75, np.nan, 0.75]))
    sums, squares = replicate_tilted(samples, cut, chosen, once)
    assert sums.shape == (3, len(nominal), 10)
    for place, one in enumerate(nominal):
        assert largest_pull is not None or one.shape.method == "tilted"
        for replica in (0, 2):
            np.testing.assert_allclose(sums[replica, place], one.sum_weights, rtol=1e-3)
            np.testing.assert_allclose(squares[replica, place], one.sum_weights_squared, rtol=5e-3)
    assert not sums[1].any()


def test_a_replica_is_the_template_of_its_events(falling):
    """Its own threshold, loose cut and tilt, with whole and broken counts and factors."""
    rng = np.random.default_rng(9)
    samples = several(falling, 1, rng)
    rows = rows_of(*samples)
    lengths = [len(one.m_hh_gev) for one in samples]
    counts = rng.poisson(1.0, (sum(lengths), 4)).astype(float)
    counts[:, 3] *= 1.25
    factors = 1 + 0.1 * rng.random((2, 4))
    thresholds = np.array([0.75, 0.7, 0.9, 0.75])
    sums, squares = tilted_replicas(rows, RowReplicas(counts, factors, thresholds), 6)
    for place, threshold in enumerate(thresholds):
        repeated = []
        for i, one in enumerate(samples):
            own = counts[:, place][slice(None, lengths[0]) if i == 0 else slice(lengths[0], None)]
            repeated.append(sample(
                one.m_hh_gev, one.scores.values, one.efficiency_weight * own * factors[i, place],
                generated=one.n_generated,
            ))  # fmt: skip
        expected = tilted_template(rows_of(*repeated), threshold, 6)
        np.testing.assert_allclose(sums[place], expected.sum_weights, rtol=1e-3)
        # A count of two is two events, not one of twice the weight.
        assert (squares[place] <= 1.01 * expected.sum_weights_squared * (1.25 if place < 3 else 1)
                ).all()  # fmt: skip


def test_copies_of_rows_add_nothing(falling):
    one = falling.toy(60, np.random.default_rng(2))
    rows = np.repeat(np.arange(len(one.m_hh_gev)), 4)
    copies = sample(
        one.m_hh_gev[rows], one.scores.values[rows], one.efficiency_weight[rows] / 4, events=rows
    )
    found, same = (tilted_template(rows_of(s), falling.threshold, 6) for s in (one, copies))
    np.testing.assert_allclose(found.sum_weights, same.sum_weights, rtol=1e-9)
    np.testing.assert_allclose(found.sum_weights_squared, same.sum_weights_squared, rtol=1e-9)
    np.testing.assert_array_equal(found.n_events, same.n_events)
    for key in ("tilt", "tilt_error", "effective_events_loose", "spread_pull"):
        assert getattr(found.shape, key) == pytest.approx(getattr(same.shape, key), rel=1e-9)
    assert found.total_variance == pytest.approx(same.total_variance, rel=1e-9)


def test_a_score_without_kappa_is_filled_once(falling):
    one = falling.toy(60, np.random.default_rng(2))
    chosen, cut = settings(background_kappa="hypothesis"), CutAndBins(falling.threshold, EDGES)
    counts = RowReplicas(
        np.ones((len(one.m_hh_gev), 2)), np.ones((1, 2)), np.full(2, cut.threshold)
    )
    sums, _ = replicate_tilted([one], cut, chosen, counts)
    assert sums.shape == (2, 1, 10)
    np.testing.assert_allclose(
        sums[0, 0], fill_tilted([one], cut, chosen)[3].sum_weights, rtol=1e-3
    )


def test_a_shape_that_a_tilt_does_not_make_takes_a_tighter_cut():
    rng = np.random.default_rng(3)
    m_hh = 200 + 800 * rng.random(20_000)
    score = 1 / (1 + np.exp(np.abs(m_hh - 600) / 50 + rng.standard_normal(len(m_hh))))
    one, cut = sample(m_hh, score), CutAndBins(0.6, EDGES)
    given = fill_tilted([one], cut, settings())[0].shape
    assert abs(given.spread_pull) > 4
    made = fill_tilted([one], cut, settings(shape_spread_pull_max=2.0))[0].shape
    assert made.efficiency_factor < given.efficiency_factor / 2
    assert abs(made.spread_pull) <= 2


def test_the_looser_cut_is_as_loose_as_the_spread_of_the_mass_allows():
    """Loose events spread twice as far about the same mean, which no tilt mends."""
    rng = np.random.default_rng(3)
    bounded = settings(shape_spread_pull_max=2.0)

    def rows(n_tight):
        tight = 400 * np.exp(0.1 * rng.standard_normal(n_tight))
        loose = 400 * np.exp(0.2 * rng.standard_normal(9 * n_tight))
        score = np.append(0.6 + 0.4 * rng.random(n_tight), 0.5 * rng.random(9 * n_tight))
        return rows_of(sample(np.append(tight, loose), score[:, None]))

    assert fitting_factor(rows(8), 0.55, bounded) == 6
    many = rows(2000)
    assert fitting_factor(many, 0.55, bounded) == 1
    assert fitting_factor(many, 0.55, settings()) == 6


def test_a_direct_shape_for_its_spread_says_so():
    rng = np.random.default_rng(3)
    mass = 400 * np.exp(
        np.append(0.1 * rng.standard_normal(2000), 0.4 * rng.standard_normal(20_000))
    )
    one = sample(mass, np.append(0.6 + 0.4 * rng.random(2000), 0.5 * rng.random(20_000)))
    cut = CutAndBins(0.55, EDGES)
    made = fill_tilted([one], cut, settings(shape_spread_pull_max=2.0))[0]
    assert made.shape.method == "direct"
    assert made.shape.reason == "the spread of m_HH is not that of any looser cut"
    direct = background_template([one], cut, kappa_values=[0.0])
    np.testing.assert_allclose(made.sum_weights, direct.sum_weights)
