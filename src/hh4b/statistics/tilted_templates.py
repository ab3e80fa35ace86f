"""Background templates of the shape of a looser cut: nominal, and in replicas of the events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hh4b.statistics.histograms import Histogram, ShapeNote, fill
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.templates import CutAndBins, SampleEvents
from hh4b.statistics.tilted_rows import ScoreChoice, ScoredRows, score_choices, scored_rows
from hh4b.statistics.tilted_shape import (
    LARGEST_TILT,
    Cells,
    CellSums,
    EventErrors,
    TiltedShape,
    event_errors,
    tilted_shape,
)

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
#: Width in ln m_HH of the cells of replicas; what they change is below 1e-4 of their spread.
_CELL = 0.004
#: Replicas that are filled at once; bounds the memory.
_CHUNK = 50
#: Weight that is first looked at in replicas, over that of the loose cut.
_MARGIN = 2.0
#: By what the looser cut is tightened where its shape does not fit.
_TIGHTER = 1.5


def fill_tilted(
    samples: Sequence[SampleEvents], cut: CutAndBins, settings: TemplateSettings
) -> list[Histogram]:
    """Return one background template, or one for each hypothesis, as `fill_background` does."""
    made = []
    for choose in score_choices(settings):
        rows = scored_rows(samples, cut, choose)
        factor = fitting_factor(rows, cut.threshold, settings)
        made.append(tilted_template(rows, cut.threshold, factor))
        note = made[-1].shape
        if note is not None and factor == 1 and settings.shape_efficiency_factor > 1:
            note = replace(note, reason="the spread of m_HH is not that of any looser cut")
            made[-1] = replace(made[-1], shape=note)
    return made


def fitting_factor(rows: ScoredRows, threshold: float, settings: TemplateSettings) -> float:
    """Return the largest efficiency factor at which a tilt is enough.

    A tilt gives the loose events the mean of ln m_HH of those that pass, not its variance. From
    ``shape_efficiency_factor`` downwards, the first at which the two variances are within
    ``shape_spread_pull_max`` standard deviations is taken; 1, the direct shape, if there is none.

    Args:
        rows: by falling score.
        threshold: a row passes if its score is above.
        settings: of the templates.
    """
    factor, largest = settings.shape_efficiency_factor, settings.shape_spread_pull_max
    while largest is not None and factor > 1:
        note = tilted_template(rows, threshold, factor).shape
        if note is None or abs(note.spread_pull or 0.0) <= largest:
            break
        factor /= _TIGHTER
    return max(factor, 1.0)


def tilted_template(rows: ScoredRows, threshold: float, efficiency_factor: float) -> Histogram:
    """Return the tilted template of rows, or the direct one where there is no tilt to find.

    Args:
        rows: by falling score.
        threshold: a row passes if its score is above.
        efficiency_factor: weight of the loose rows over that of the tight ones.

    Returns:
        The template; its ``shape`` says how it was made. ``n_events`` are those that pass.
    """
    n_tight = int(rows.n_above(np.array([threshold]))[0])
    direct = _histogram(rows, n_tight)
    n_loose, reason = _loose(rows, n_tight, efficiency_factor)
    if not reason:
        cells = Cells(rows.log_mass[:n_loose], rows.bins[:n_loose], rows.n_bins)
        weights, tight = rows.weight[:n_loose], np.arange(n_loose) < n_tight
        loose = CellSums(weights[:, None], weights[:, None] ** 2)
        found = tilted_shape(
            cells, CellSums(loose.weights * tight[:, None], loose.squares * tight[:, None]), loose
        )
        if found.direct[0]:
            reason = "the events that pass have one mass, or are one event"
    if reason:
        return Histogram(
            direct.sum_weights, direct.sum_weights_squared, direct.n_events,
            shape=ShapeNote("direct", reason=reason), total_variance=direct.total_variance,
        )  # fmt: skip
    errors = _errors(found, cells, weights, tight, rows.events)
    note = ShapeNote(
        "tilted",
        reason=f"the tilt is at its bound of {LARGEST_TILT:g}" if found.at_bound[0] else None,
        loose_threshold=float(rows.score[n_loose - 1]),
        efficiency_factor=float(weights.sum() / weights[:n_tight].sum()),
        tilt=float(found.tilt[0]),
        tilt_error=_finite(errors.tilt_error),
        effective_events_loose=errors.effective_loose,
        spread_pull=_finite(errors.spread_pull),
    )
    # The sum is that of the events that pass, whatever the shape is made of.
    total = direct.total_variance
    if total is None:
        total = float(direct.sum_weights_squared.sum())
    return Histogram(
        found.sums[0], errors.squares, direct.n_events, shape=note, total_variance=total
    )


def _errors(
    found: TiltedShape,
    cells: Cells,
    weights: Floats,
    tight: NDArray[np.bool_],
    events: NDArray[np.int64] | None,
) -> EventErrors:
    if events is not None:
        return event_errors(cells, weights, tight, events[: len(weights)])
    return EventErrors(
        found.squares[0],
        float(found.tilt_error[0]),
        float(found.effective_loose[0]),
        float(found.spread_pull[0]),
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _histogram(rows: ScoredRows, count: int) -> Histogram:
    events = None if rows.events is None else rows.events[:count]
    return fill(rows.bins[:count], rows.weight[:count], rows.n_bins, events)


def _loose(rows: ScoredRows, n_tight: int, efficiency_factor: float) -> tuple[int, str]:
    """Return how many rows pass the loose cut, and why there is none."""
    if n_tight == 0:
        return 0, "no event passes"
    if not rows.graded:
        return n_tight, "the score has no value between pass and fail"
    running = np.cumsum(rows.weight)
    n_loose = int(_ends(rows, running[:, None], efficiency_factor * running[[n_tight - 1]])[0])
    n_loose = max(n_loose, n_tight)
    return n_loose, "" if n_loose > n_tight else "no looser cut: efficiency factor or events"


def _ends(rows: ScoredRows, running: Floats, goal: Floats) -> Indices:
    """Return how many of the first rows reach the goal, whole values of the score.

    Args:
        rows: by falling score.
        running: sum of weights of the first rows, shape (P, R).
        goal: shape (R,).

    Returns:
        Shape (R,); P + 1 where the goal is not reached, or all rows where P are all.
    """
    # Rounding must not take one more row.
    reached = running >= goal * (1 - 1e-12)
    first = np.where(reached[-1], reached.argmax(axis=0), len(running))
    all_ = len(running) == len(rows.weight)
    missed = len(running) if all_ else len(running) + 1
    ends = np.append(rows.last_of_score[: len(running)], missed)
    return np.asarray(ends[first])


@dataclass(frozen=True)
class RowReplicas:
    """How often replicas take rows, whatever makes them.

    Attributes:
        counts: of each row of all samples of a process, one behind the other, shape (rows, R).
        factors: of each sample on all its weights, shape (S, R).
        thresholds: shape (R,); not a number where a replica has none.
    """

    counts: NDArray[np.number]
    factors: Floats
    thresholds: Floats

    def chunk(self, replicas: Indices) -> "RowReplicas":
        """Return some of the replicas."""
        return RowReplicas(
            self.counts[:, replicas], self.factors[:, replicas], self.thresholds[replicas]
        )


def replicate_tilted(
    samples: Sequence[SampleEvents],
    cut: CutAndBins,
    settings: TemplateSettings,
    replicas: RowReplicas,
) -> tuple[Floats, Floats]:
    """Return sums of weights and of squared weights of a background in every replica.

    Returns:
        Twice shape (R, K, B), or (R, 1, B) where the background does not depend on the hypothesis.
    """
    choices = score_choices(settings)
    if all(len(sample.scores.kappa_lambda) == 1 for sample in samples):
        choices = choices[:1]
    made = [_replicate(samples, cut, choose, settings, replicas) for choose in choices]
    order = np.argsort(settings.kappa_values) if len(made) > 1 else np.arange(len(made))
    sums, squares = (np.stack([made[i][part] for i in order], axis=1) for part in (0, 1))
    return sums, squares


def _replicate(
    samples: Sequence[SampleEvents],
    cut: CutAndBins,
    choose: ScoreChoice,
    settings: TemplateSettings,
    replicas: RowReplicas,
) -> tuple[Floats, Floats]:
    rows = scored_rows(samples, cut, choose)
    return tilted_replicas(rows, replicas, fitting_factor(rows, cut.threshold, settings))


def tilted_replicas(
    rows: ScoredRows, replicas: RowReplicas, efficiency_factor: float
) -> tuple[Floats, Floats]:
    """Return the tilted template in every replica: its own loose cut, its own tilt.

    Args:
        rows: by falling score.
        replicas: how often each takes the rows, and its tight threshold.
        efficiency_factor: weight of the loose rows over that of the tight ones.

    Returns:
        Sums of weights and their variances, (R, B) each. The variance takes rows for events and is
        corrected by the ratio of the two with every event once.
    """
    shape = (len(replicas.thresholds), rows.n_bins)
    sums, squares = np.zeros(shape), np.zeros(shape)
    usable = np.flatnonzero(np.isfinite(replicas.thresholds))
    if not len(usable) or not len(rows.weight):
        return sums, squares
    middle = float(np.quantile(replicas.thresholds[usable], 0.5, method="lower"))
    ratio = _event_ratio(rows, middle, efficiency_factor)
    whole = len(rows.weight)
    lowest = int(rows.n_above(replicas.thresholds[usable].min()[None])[0])
    first = _first_look(rows, lowest, efficiency_factor)
    for begin in range(0, len(usable), _CHUNK):
        chosen = usable[begin : begin + _CHUNK]
        part = replicas.chunk(chosen)
        found = _fill(rows, part, efficiency_factor, first)
        if found is None:
            found = _fill(rows, part, efficiency_factor, whole)
        if found is not None:
            sums[chosen], squares[chosen] = found[0], found[1] * ratio
    return sums, squares


def _first_look(rows: ScoredRows, n_tight: int, efficiency_factor: float) -> int:
    """Return how many rows to look at first: more would seldom be needed."""
    if not rows.graded:
        return max(n_tight, 1)
    running = np.cumsum(rows.weight)
    goal = _MARGIN * efficiency_factor * running[[max(n_tight, 1) - 1]]
    return int(_ends(rows, running[:, None], goal)[0])


def _fill(
    rows: ScoredRows, replicas: RowReplicas, efficiency_factor: float, count: int
) -> tuple[Floats, Floats] | None:
    """Fill replicas from the first rows; None if some replica needs more of them."""
    factors = replicas.factors[rows.sample[:count]]
    weights = rows.weight[:count, None] * factors * replicas.counts[rows.source[:count]]
    running = np.cumsum(weights, axis=0)
    n_tight = rows.n_above(replicas.thresholds)
    total = np.where(n_tight > 0, running[np.maximum(n_tight, 1) - 1, np.arange(len(n_tight))], 0.0)
    n_loose = n_tight
    if rows.graded:
        n_loose = np.maximum(_ends(rows, running, efficiency_factor * total), n_tight)
    if n_loose.max() > count:
        return None
    squares = weights * rows.weight[:count, None] * factors
    cells, gather = _cells(rows, count)
    place = np.arange(count)[:, None]
    tight, loose = (
        CellSums(gather @ (weights * (place < n)), gather @ (squares * (place < n)))
        for n in (n_tight, n_loose)
    )
    found = tilted_shape(cells, tight, loose)
    return found.sums, found.squares


def _cells(rows: ScoredRows, count: int) -> tuple[Cells, sparse.csr_matrix]:
    """Return cells of nearly one mass for the first rows, and what sums rows into them, (F, N)."""
    log_mass, bins = rows.log_mass[:count], rows.bins[:count]
    fine = np.floor(log_mass / _CELL).astype(np.int64)
    keys = fine * rows.n_bins + bins
    _, first, cell = np.unique(keys, return_index=True, return_inverse=True)
    ones = np.ones(count)
    gather = sparse.csr_matrix((ones, (cell, np.arange(count))), shape=(len(first), count))
    weight = gather @ rows.weight[:count]
    mean = (gather @ (rows.weight[:count] * log_mass)) / weight
    return Cells(mean, bins[first], rows.n_bins), gather


def _event_ratio(rows: ScoredRows, threshold: float, efficiency_factor: float) -> Floats:
    """Return the variance over that of rows that are events of their own, shape (B,)."""
    if rows.events is None:
        return np.ones(rows.n_bins)
    alone = replace(rows, events=None)
    whole = tilted_template(rows, threshold, efficiency_factor).sum_weights_squared
    single = tilted_template(alone, threshold, efficiency_factor).sum_weights_squared
    return np.divide(whole, single, out=np.ones_like(whole), where=single > 0)
