"""Differences of intervals, with the errors that the shared events leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.statistics.error_parts import QUANTITIES, bounds_by_quantity, jackknife_variance
from hh4b.statistics.limits import METHODS
from hh4b.statistics.replicas import MINIMUM_SHARE
from hh4b.training.error_parts import MINIMUM_TRAININGS, training_part

Floats = NDArray[np.float64]
#: A difference of this many errors is taken as decided.
DISTINCT = 2.0


@dataclass(frozen=True)
class Difference:
    """First minus second.

    Attributes:
        value: of the difference; None where one of the two is missing.
        events: its error from the simulated events; None if the files do not give it.
        training: its error from the trainings: of the differences fold by fold where both share
            folds, else of both in squares; None if a file has none.
        paired: whether ``events`` comes from replicas that both share.
        correlation: of the two over the shared replicas.
        reason: why there is no error, though there should be.
    """

    value: float | None
    events: float | None
    training: float | None
    paired: bool
    correlation: float | None
    reason: str | None = None

    @property
    def error(self) -> float | None:
        """Both parts added in squares; that of the events alone where no training is known."""
        if self.events is None or self.reason is not None:
            return None
        return hypot(self.events, self.training or 0.0)

    @property
    def decided(self) -> bool | None:
        """Whether the difference is beyond two errors; None where one of the two is missing."""
        if self.value is None or self.error is None:
            return None
        return abs(self.value) > DISTINCT * self.error

    @property
    def needed_events(self) -> float | None:
        """Return how many times the events would decide it, if the difference stays as it is.

        None where no number does: the training alone hides the difference, or nothing is known.
        """
        if self.value is None or self.events is None or self.reason is not None:
            return None
        room = (self.value / DISTINCT) ** 2 - (self.training or 0.0) ** 2
        return self.events**2 / room if room > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "difference": self.value,
            "error": self.error,
            "error_parts": {"events": self.events, "training": self.training},
            "paired": self.paired,
            "correlation": self.correlation,
            "decided": self.decided,
            "needed_events": self.needed_events,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Shared:
    """What two limit files have in common.

    Attributes:
        replicas: the replicas of the bootstrap, of at least one sample; its truth value.
        folds: also the folds.
    """

    replicas: bool
    folds: bool = False

    def __bool__(self) -> bool:
        """Return whether the replicas are shared."""
        return self.replicas


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return the differences of two limit files by method and quantity."""
    shared = share_replicas(first, second)
    return {
        method: {
            name: difference(first[method], second[method], name, shared=shared).as_dict()
            for name in QUANTITIES
        }
        for method in METHODS
    }


def share_replicas(first: Mapping[str, Any], second: Mapping[str, Any]) -> Shared:
    """Return whether two limit files have the same replicas of at least one sample, and folds."""
    one, other = first.get("errors", {}), second.get("errors", {})
    replicas = (
        one.get("kind") == other.get("kind") == "bootstrap"
        and one["seed"] == other["seed"]
        and one["replicas"] == other["replicas"]
        and bool(set(one["samples"]) & set(other["samples"]))
    )
    folds = (one.get(name) for name in ("folds", "fold_seed"))
    others = (other.get(name) for name in ("folds", "fold_seed"))
    by_folds = all(
        limits.get("trainings", {}).get("method") == "folds" for limits in (first, second)
    )
    return Shared(replicas, replicas and by_folds and list(folds) == list(others))


def difference(
    first: Mapping[str, Any], second: Mapping[str, Any], name: str, *, shared: Shared | bool
) -> Difference:
    """Compare a quantity of one method in two limit files.

    Args:
        first: the entry of the method.
        second: of the other file.
        name: ``"lower"``, ``"upper"`` or ``"width"``.
        shared: whether their replicas are the same ones, see `share_replicas`.
    """
    values = [_value(limits, name) for limits in (first, second)]
    value = None if values[0] is None or values[1] is None else values[0] - values[1]
    training = _in_squares(*(_part(limits, name, "training") for limits in (first, second)))
    if shared:
        rows = np.stack([_bounds(limits, "replica_bounds", name) for limits in (first, second)])
        both = np.isfinite(rows).all(axis=0)
        if both.sum() >= max(2, MINIMUM_SHARE * rows.shape[1]):
            rows = rows[:, both]
            error = float(np.std(rows[0] - rows[1], ddof=1))
            spreads = rows.std(axis=1)
            known = bool((spreads > 0).all())
            correlation = float(np.asarray(np.corrcoef(rows))[0, 1]) if known else None
            reason = None
            if isinstance(shared, Shared) and shared.folds:
                training, reason = _training_by_folds(first, second, name, error)
            return Difference(value, error, training, True, correlation, reason)
    events = _in_squares(*(_part(limits, name, "events") for limits in (first, second)))
    reasons = [limits.get("error_reasons", {}).get(name) for limits in (first, second)]
    return Difference(value, events, training, False, None, reasons[0] or reasons[1])


def _training_by_folds(
    first: Mapping[str, Any], second: Mapping[str, Any], name: str, events: float
) -> tuple[float | None, str | None]:
    """Return the training's part of a difference, both without the same fold, or why there is none.

    With too few folds there is none, and no reason why the error could not stand without it.
    """
    rows = [_bounds(limits, "fold_bounds", name) for limits in (first, second)]
    gaps = rows[0] - rows[1]
    if len(gaps) < MINIMUM_TRAININGS:
        return None, None
    missing = np.flatnonzero(np.isnan(gaps))
    if len(missing):
        return None, f"no {name} without fold {missing[0]} of {len(gaps)} in one of the two"
    return training_part(jackknife_variance(gaps), events), None


def _value(limits: Mapping[str, Any], name: str) -> float | None:
    found = limits["width"] if name == "width" else limits["interval"][QUANTITIES.index(name)]
    return None if found is None else float(found)


def _part(limits: Mapping[str, Any], name: str, part: str) -> float | None:
    """Return a part of an error; a file without parts has that of the events alone."""
    if name == "width":
        parts = limits.get("width_error_parts", {"events": limits.get("width_error")})
        return _number(parts.get(part))
    parts = limits.get("interval_error_parts", {"events": limits.get("interval_error")})
    pair = parts.get(part)
    return None if pair is None else _number(pair[QUANTITIES.index(name)])


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _in_squares(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else hypot(one, other)


def _bounds(limits: Mapping[str, Any], key: str, name: str) -> Floats:
    return bounds_by_quantity(limits[key])[name]
