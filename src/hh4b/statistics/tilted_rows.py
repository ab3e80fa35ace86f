"""Rows of a background by falling score: which pass a tight cut, and which a looser one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.shower_events import joined_ids
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.templates import CutAndBins, SampleEvents

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
#: Gives the scores at which a sample counts, shape (N, S); a row passes with the share of its S
#: scores that do.
ScoreChoice = Callable[[SampleEvents], NDArray[np.floating]]


def score_choices(settings: TemplateSettings) -> list[ScoreChoice]:
    """Return where the background is scored: one choice a template, as `fill_background` has it."""
    if settings.background_kappa == "drawn":
        return [lambda sample: sample.scores.at_own(sample.input_kappa_lambda)[:, None]]
    if settings.background_kappa == "average":
        return [_at(settings.background_kappa_values)]
    if settings.background_kappa == "fixed" and settings.fixed_kappa_input is not None:
        return [_at([settings.fixed_kappa_input])]
    return [_at([kappa]) for kappa in settings.kappa_values]


def _at(kappa_values: Sequence[float]) -> ScoreChoice:
    def choose(sample: SampleEvents) -> NDArray[np.floating]:
        return np.stack([sample.scores.at(kappa) for kappa in kappa_values], axis=1)

    return choose


@dataclass(frozen=True)
class ScoredRows:
    """Entries of a process inside the range of m_HH, by falling score.

    A row with S scores is S entries of 1/S of its weight.

    Attributes:
        score: shape (N,).
        weight: shape (N,).
        log_mass: ln m_HH, shape (N,); of events outside the range that are counted in the end bins,
            that of the edge.
        bins: shape (N,).
        n_bins: number of bins.
        source: row among those of all samples, one behind the other, shape (N,).
        sample: number of the sample, shape (N,).
        events: which shower event each is of, shape (N,); None = each is one.
    """

    score: NDArray[np.floating]
    weight: Floats
    log_mass: Floats
    bins: Indices
    n_bins: int
    source: Indices
    sample: Indices
    events: NDArray[np.int64] | None

    @cached_property
    def last_of_score(self) -> Indices:
        """How many rows have the score of this one or a higher one, shape (N,)."""
        return self.n_above(self.score, side="right")

    @cached_property
    def graded(self) -> bool:
        """Whether the score has more than two values, and so cuts between pass and fail."""
        return bool(len(self.score)) and int((np.diff(self.score) != 0).sum()) > 1

    def n_above(self, thresholds: NDArray[np.floating], side: str = "left") -> Indices:
        """Return how many rows are above each threshold, or at least there (``side="right"``)."""
        # In the precision of the scores, as the comparison of one threshold has it.
        values = -np.asarray(thresholds).astype(self.score.dtype)
        return np.searchsorted(-self.score, values, side="right" if side == "right" else "left")


def scored_rows(
    samples: Sequence[SampleEvents], cut: CutAndBins, choose: ScoreChoice
) -> ScoredRows:
    """Pool samples of one process, each by its number of events generated.

    Args:
        samples: those of the process.
        cut: bins of m_HH; the threshold is not used.
        choose: which scores count.

    Raises:
        ContractError: for negative weights, for which a share of the weight has no meaning.
    """
    total = sum(sample.n_generated for sample in samples)
    numbers = [None if one.shower is None else one.shower.index for one in samples]
    lengths = [len(one.m_hh_gev) for one in samples]
    events = joined_ids(numbers, lengths)
    scores = np.concatenate([choose(sample) for sample in samples])
    weights = np.concatenate([s.efficiency_weight * (s.n_generated / total) for s in samples])
    mass = np.concatenate([sample.m_hh_gev for sample in samples]).astype(np.float64)
    of_sample = np.repeat(np.arange(len(samples)), lengths)
    if (weights < 0).any():
        name = samples[int(of_sample[int(weights.argmin())])].name
        raise ContractError(
            f"{name}: negative event weights; background_shape: tilted needs positive ones, take"
            " direct"
        )
    bins, log_mass = cut.bins(mass), _log_mass(mass, cut.bin_edges_gev)
    n_scores = scores.shape[1]
    place = np.repeat(np.arange(len(mass)), n_scores)
    place_score = scores.ravel()
    kept = np.flatnonzero((bins[place] >= 0) & (weights[place] > 0))
    kept = kept[np.argsort(-place_score[kept], kind="stable")]
    source = place[kept]
    if events is None and n_scores > 1:
        events = np.arange(len(mass))
    elif events is not None and n_scores == 1 and len(np.unique(events)) == len(events):
        events = None
    return ScoredRows(
        place_score[kept], weights[source] / n_scores, log_mass[source], bins[source],
        len(cut.bin_edges_gev) - 1, source, of_sample[source],
        None if events is None else events[source],
    )  # fmt: skip


def _log_mass(mass: Floats, edges: Floats) -> Floats:
    # An edge may be at 0, and a mass may be missing.
    return np.log(np.clip(np.nan_to_num(mass, nan=1.0), max(float(edges[0]), 1.0), edges[-1]))
