"""Events of an HDF5 file in the layout of the reference, read, transformed and checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import open_table
from hh4b.core.errors import ContractError
from hh4b.core.shower_events import row_events
from hh4b.spanet.event import EventDescription, Input, Particle

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
# A PeV in MeV: nothing that goes into a network is larger.
_MEASURED_MAX = 1e9
#: Squares of larger numbers do not fit into single precision.
_REGRESSED_MAX = 1e18
WEIGHT = "HH4B/weight"
#: What stands in place of the index of a target that is missing.
MISSING = (-1, -9, -99, -999, -9999)
KAPPA_OF_GENERATION = "HH4B/kappa_lambda"


@dataclass(frozen=True)
class Events:
    """Some events as arrays, padded as in the file.

    Attributes:
        features: per input (N, V, F), logarithms taken, zero where not real; V = 1 for globals.
        valid: per input (N, V), True = real.
        targets: per particle (N, products), index into the concatenated sequential vectors, -1 =
            missing. Empty if targets were not asked for.
        target_valid: per particle (N,), True = to be found.
        target_weight: per particle (N,).
        classes: per classification (N,), -1 = unknown.
        regressions: per regression (N,), NaN = unknown.
        weight: (N,) event weights, or None.
        kappa_of_generation: (N,), NaN for background, or None.
        shower: (N,), which shower event each row is of; None = each row is one.
    """

    features: tuple[FloatArray, ...]
    valid: tuple[BoolArray, ...]
    targets: tuple[IntArray, ...] = ()
    target_valid: tuple[BoolArray, ...] = ()
    target_weight: tuple[NDArray[np.float64], ...] = ()
    classes: dict[str, IntArray] = field(default_factory=dict)
    regressions: dict[str, FloatArray] = field(default_factory=dict)
    weight: NDArray[np.float64] | None = None
    kappa_of_generation: FloatArray | None = None
    shower: IntArray | None = None

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.valid[0])

    def select(self, rows: IntArray | BoolArray | slice) -> "Events":
        """Return the events at ``rows``."""
        return replace(
            self,
            features=tuple(a[rows] for a in self.features),
            valid=tuple(a[rows] for a in self.valid),
            targets=tuple(a[rows] for a in self.targets),
            target_valid=tuple(a[rows] for a in self.target_valid),
            target_weight=tuple(a[rows] for a in self.target_weight),
            classes={name: a[rows] for name, a in self.classes.items()},
            regressions={name: a[rows] for name, a in self.regressions.items()},
            weight=None if self.weight is None else self.weight[rows],
            kappa_of_generation=(
                None if self.kappa_of_generation is None else self.kappa_of_generation[rows]
            ),
            shower=None if self.shower is None else self.shower[rows],
        )

    def with_feature(self, event: EventDescription, name: str, value: float) -> "Events":
        """Return a copy in which the global feature ``input/feature`` is the same everywhere.

        Raises:
            ContractError: if there is no such global feature.
        """
        for number, item in enumerate(event.inputs):
            for column, feature in enumerate(item.features):
                if f"{item.name}/{feature.name}" == name and not item.sequential:
                    array = self.features[number].copy()
                    array[..., column] = np.log1p(value) if feature.log else value
                    features = list(self.features)
                    features[number] = array
                    return replace(self, features=tuple(features))
        raise ContractError(f"the network has no global input {name!r} that could be set")


def count_events(path: Path | str, event: EventDescription) -> int:
    """Return the number of events in a file.

    Raises:
        ContractError: if the mask of the first sequential input is missing.
    """
    with open_table(path) as file:
        return len(_dataset(file, path, f"INPUTS/{event.sequential[0].name}/MASK"))


def read_events(
    path: Path | str,
    event: EventDescription,
    *,
    rows: slice = slice(None),
    targets: bool = True,
    assignments: bool = True,
) -> Events:
    """Read and check events.

    Args:
        path: HDF5 file.
        event: what to read.
        rows: which events.
        targets: read what is to be predicted as well, and event weights.
        assignments: with ``targets``, whether the assignment targets are needed.

    Raises:
        InputFileError: if the file cannot be read.
        ContractError: naming the dataset that is missing, misshapen, not finite, or that points
            beyond the real vectors, and the first such event.
    """
    with open_table(path) as file:
        arrays = [_read_input(file, path, item, rows) for item in event.inputs]
        features = tuple(a for a, _ in arrays)
        valid = tuple(v for _, v in arrays)
        sizes = {len(v) for v in valid}
        if len(sizes) > 1:
            raise ContractError(f"{path}: inputs hold different numbers of events: {sorted(sizes)}")
        events = Events(features, valid)
        if not targets:
            return events
        if assignments:
            found = [_read_targets(file, path, p, event, valid, rows) for p in event.particles]
            events = replace(
                events,
                targets=tuple(t for t, _, _ in found),
                target_valid=tuple(v for _, v, _ in found),
                target_weight=tuple(w for _, _, w in found),
            )
            _check_collisions(path, event, events, _first(rows))
        classes = {name: _read_classes(file, path, name, rows) for name in event.classifications}
        numbers = {
            one.name: _read_regression(file, path, one.name, rows) for one in event.regressions
        }
        events = replace(
            events,
            classes=classes,
            regressions=numbers,
            weight=_optional(file, path, WEIGHT, rows),
            kappa_of_generation=_dataset(file, path, KAPPA_OF_GENERATION)[rows]
            if KAPPA_OF_GENERATION in file
            else None,
            shower=row_events(file, rows),
        )
        _require_lengths(path, events)
        return events


def read_chunks(
    path: Path | str, event: EventDescription, *, size: int, targets: bool = False
) -> Any:
    """Yield (rows, events) in file order, ``size`` events at a time."""
    total = count_events(path, event)
    for start in range(0, total, size):
        rows = slice(start, min(start + size, total))
        yield rows, read_events(path, event, rows=rows, targets=targets)


def vectors_per_event(events: Events, event: EventDescription) -> IntArray:
    """Return the number of real sequential vectors, i.e. the jet multiplicity."""
    counts = np.zeros(len(events), dtype=np.int64)
    for item, valid in zip(event.inputs, events.valid, strict=True):
        if item.sequential:
            counts += valid.sum(axis=1)
    return counts


def _require_lengths(path: Path | str, events: Events) -> None:
    """Check that what is not of a vector has one value for each event."""
    columns: dict[str, NDArray[Any] | None] = {
        **{f"CLASSIFICATIONS/{name}": values for name, values in events.classes.items()},
        **{f"REGRESSIONS/{name}": values for name, values in events.regressions.items()},
        WEIGHT: events.weight,
        KAPPA_OF_GENERATION: events.kappa_of_generation,
        "HH4B/event_number": events.shower,
    }
    for name, values in columns.items():
        if values is not None and values.shape != (len(events),):
            raise ContractError(
                f"{path}: {name!r} has shape {values.shape}, wanted {(len(events),)}"
            )


def _first(rows: slice) -> int:
    return rows.start or 0


def _dataset(file: Any, path: Path | str, name: str) -> Any:
    if name not in file:
        raise ContractError(f"{path}: dataset {name!r} is missing, but the event file needs it")
    column = file[name]
    if column.dtype.kind not in "biuf":
        raise ContractError(f"{path}: dataset {name!r} holds {column.dtype}, expected numbers")
    return column


def _optional(file: Any, path: Path | str, name: str, rows: slice) -> NDArray[np.float64] | None:
    if name not in file:
        return None
    values: NDArray[np.float64] = _dataset(file, path, name)[rows].astype(np.float64)
    _require_finite(values, np.ones_like(values, dtype=bool), f"{path}: {name!r}", _first(rows))
    return values


def _require_finite(values: NDArray[Any], where: NDArray[np.bool_], name: str, first: int) -> None:
    bad = ~np.isfinite(values) & where
    if bad.any():
        place = np.argwhere(bad)[0]
        raise ContractError(
            f"{name} is {values[tuple(place)]} in event {first + int(place[0])}"
            " (after the logarithm, if any); remove or repair the event upstream"
        )


def _require_size(values: FloatArray, name: str, first: int) -> None:
    """Refuse what no detector measures, in whatever unit, before the network takes it for real."""
    if max(-values.min(initial=0), values.max(initial=0)) > _MEASURED_MAX:
        place = tuple(np.argwhere(np.abs(values) > _MEASURED_MAX)[0])
        raise ContractError(
            f"{name} is {values[place]} in event {first + int(place[0])}, more than can be"
            " measured; the file is damaged"
        )


def _read_input(
    file: Any, path: Path | str, item: Input, rows: slice
) -> tuple[FloatArray, BoolArray]:
    group = f"INPUTS/{item.name}"
    if item.sequential or f"{group}/MASK" in file:
        valid = _dataset(file, path, f"{group}/MASK")[rows].astype(bool)
    else:
        first = _dataset(file, path, f"{group}/{item.features[0].name}")
        valid = np.ones(len(first[rows]), dtype=bool)
    if valid.ndim != (2 if item.sequential else 1):
        wanted = "(event, vector)" if item.sequential else "(event,)"
        raise ContractError(f"{path}: {group!r} has shape {valid.shape}, wanted {wanted}")
    features = np.zeros((*valid.shape, len(item.features)), dtype=np.float32)
    for column, feature in enumerate(item.features):
        name = f"{group}/{feature.name}"
        values = _dataset(file, path, name)[rows]
        if values.shape != valid.shape:
            raise ContractError(f"{path}: {name!r} has shape {values.shape}, wanted {valid.shape}")
        values = np.where(valid, values, 0).astype(np.float32)
        _require_size(values, f"{path}: {name!r}", _first(rows))
        if feature.log:
            with np.errstate(invalid="ignore", divide="ignore"):
                values = np.log(values + 1)
        _require_finite(values, valid, f"{path}: {name!r}", _first(rows))
        features[..., column] = values
    if not item.sequential:
        return features[:, None], valid[:, None]
    return features, valid


def _read_targets(
    file: Any,
    path: Path | str,
    particle: Particle,
    event: EventDescription,
    valid: Sequence[BoolArray],
    rows: slice,
) -> tuple[IntArray, BoolArray, NDArray[np.float64]]:
    offsets, offset = {}, 0
    sequential = [(i, v) for i, v in zip(event.inputs, valid, strict=True) if i.sequential]
    for item, mask in sequential:
        offsets[item.name] = (offset, mask.shape[1])
        offset += mask.shape[1]
    real = np.concatenate([mask for _, mask in sequential], axis=1)
    columns = []
    for product, source in zip(particle.products, particle.sources, strict=True):
        name = f"TARGETS/{particle.name}/{product}"
        index = _targets(_dataset(file, path, name)[rows], f"{path}: {name!r}", _first(rows))
        start, size = (0, offset) if source is None else offsets[source]
        if index.shape != real.shape[:1]:
            raise ContractError(f"{path}: {name!r} has shape {index.shape}, wanted {(len(real),)}")
        inside = np.clip(index, 0, size - 1)
        bad = (index < -1) | (index >= size) | ((index >= 0) & ~_at(real, inside + start))
        if bad.any():
            row = int(np.argmax(bad))
            raise ContractError(
                f"{path}: {name!r} is {index[row]} in event {_first(rows) + row}, which has no"
                f" real vector there ({int(real[row].sum())} real, {size} places)"
            )
        columns.append(np.where(index >= 0, index + start, -1))
    stacked: IntArray = np.stack(columns, axis=1).astype(np.int64)
    group = f"TARGETS/{particle.name}"
    present: BoolArray = np.asarray(
        _dataset(file, path, f"{group}/MASK")[rows].astype(bool)
        if f"{group}/MASK" in file
        else (stacked >= 0).all(axis=1)
    )
    if present.shape != (len(stacked),):
        raise ContractError(
            f"{path}: '{group}/MASK' has shape {present.shape}, wanted {(len(stacked),)}"
        )
    if (present & (stacked < 0).any(axis=1)).any():
        row = int(np.argmax(present & (stacked < 0).any(axis=1)))
        raise ContractError(f"{path}: {group}/MASK is set in event {row} but a target is missing")
    weight = _optional(file, path, f"{group}/WEIGHT", rows)
    if weight is not None and weight.shape != present.shape:
        raise ContractError(
            f"{path}: '{group}/WEIGHT' has shape {weight.shape}, wanted {present.shape}"
        )
    return stacked, present, np.ones(len(present)) if weight is None else weight


def _targets(values: NDArray[Any], name: str, first: int) -> IntArray:
    """Return indices with -1 for a missing target, whatever of `MISSING` or NaN marks it."""
    missing = np.isin(values, MISSING) | np.isnan(values.astype(np.float64))
    return _whole(np.where(missing, -1, values), name, first)


def _whole(values: NDArray[Any], name: str, first: int) -> IntArray:
    """Return numbers that some programs store as real ones, but that must be whole."""
    if values.dtype.kind == "f":
        bad = ~(np.abs(values) < 2**31) | (values != np.rint(values))
        if bad.any():
            row = int(np.argwhere(bad)[0][0])
            raise ContractError(
                f"{name} is {values[row]} in event {first + row}, expected a whole number"
            )
    return values.astype(np.int64)


def _at(table: BoolArray, index: IntArray) -> BoolArray:
    return np.take_along_axis(table, index[:, None], axis=1)[:, 0]


def _check_collisions(
    path: Path | str, event: EventDescription, events: Events, first: int
) -> None:
    """Refuse events in which one vector is the target of two products of one particle."""
    for particle, target, present in zip(
        event.particles, events.targets, events.target_valid, strict=True
    ):
        ordered = np.sort(target, axis=1)
        bad = present & (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            raise ContractError(
                f"{path}: TARGETS/{particle.name} assigns vector {ordered[row].tolist()} twice in"
                f" event {first + row}"
            )


def _read_classes(file: Any, path: Path | str, name: str, rows: slice) -> IntArray:
    where = f"{path}: 'CLASSIFICATIONS/{name}'"
    values = _whole(_dataset(file, path, f"CLASSIFICATIONS/{name}")[rows], where, _first(rows))
    if (values < -1).any():
        row = int(np.argmax(values < -1))
        raise ContractError(
            f"{path}: 'CLASSIFICATIONS/{name}' is {values[row]} in event {_first(rows) + row};"
            " classes count from 0, -1 = unknown"
        )
    return values


def _read_regression(file: Any, path: Path | str, name: str, rows: slice) -> FloatArray:
    """Return numbers, NaN where one is unknown."""
    column = f"REGRESSIONS/{name}"
    values = np.asarray(_dataset(file, path, column)[rows], dtype=np.float64)
    bad = np.abs(values) > _REGRESSED_MAX
    if bad.any():
        place = tuple(np.argwhere(bad)[0])
        raise ContractError(
            f"{path}: {column!r} is {values[place]:g} in event {_first(rows) + int(place[0])};"
            f" targets are within {_REGRESSED_MAX:g}, NaN = unknown"
        )
    return values.astype(np.float32)
