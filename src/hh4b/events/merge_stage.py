"""Several datasets into one: a part of each, shuffled, with weights balanced for a training."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, Table, read_attributes, read_table, write_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.core.parts import part_mask
from hh4b.core.row_draws import draw_rows
from hh4b.core.rows_per_shower import RowDraw
from hh4b.core.seeds import stream
from hh4b.core.share_of_events import inside_share
from hh4b.core.shower_events import ShowerEvents
from hh4b.core.strict_json import parse_attribute, to_json
from hh4b.events.dataset import lacking, shower_events
from hh4b.events.kappa_input import balanced_weights, pick_kappa
from hh4b.events.regression_columns import regression_columns
from hh4b.events.settings import MergeSettings

log = logging.getLogger(__name__)
#: What names the rows of a dataset that does not, beside one with several rows of an event.
_FILLED = ("HH4B/event_number", "HH4B/source_file")
_WEIGHT = "HH4B/weight"
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class _Source:
    """A dataset as it goes into the merged one."""

    sample: str
    is_background: bool
    kappa_lambda: float | None
    n_events: int
    sum_weights_generated: float | None
    weight_factor: float = 1.0


def merge(datasets: Sequence[Path], output: Path, settings: MergeSettings) -> int:
    """Write the chosen events of all datasets as one; return their number.

    The rows that `MergeSettings.rows_per_shower` leaves have the weights of `draw_rows`. Optional
    columns are kept if every dataset has them (weights are 1 where a dataset has none and
    `MergeSettings.balance` or `kappa_balance` is set). Numbers to regress are kept; all datasets
    must have the same ones. Where a dataset has several rows of one
    shower event, what tells events apart is kept, too; a dataset that lacks it has an event in
    every row. All rows are in memory at once.

    Raises:
        ContractError: if the datasets do not fit together, or one has no event in the part.
        ConfigError: if there is no dataset, or nothing to balance.
    """
    if not datasets:
        raise ConfigError("no dataset given; name at least one")
    absent = {name for path in datasets for name in lacking(path)}
    if any(np.bincount(shower_events(path)).max(initial=0) > 1 for path in datasets):
        absent -= set(_FILLED)
    table = (*DATASET, *regression_columns(datasets))
    columns = [column.name for column in table if column.name not in absent]
    parts, sources = [], []
    files: list[str] = []
    for path in datasets:
        arrays, source = _take(path, table, columns, settings)
        if settings.balance or settings.kappa_balance:
            arrays.setdefault("HH4B/weight", np.ones(source.n_events))
        attributes = read_attributes(path)
        if "HH4B/source_file" in arrays:
            arrays["HH4B/source_file"] = arrays["HH4B/source_file"] + len(files)
            files += parse_attribute(attributes, "files", path, default=[]) or [str(path)]
        parts.append(arrays)
        sources.append(source)
    _check_widths(datasets, parts)
    _pick_kappas(parts, sources)
    if settings.balance:
        sources = _balance(parts, sources)
    if settings.kappa_balance:
        sources = _balance_kappas(parts, sources)
    merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    if settings.shuffle_seed is not None:
        order = stream(settings.shuffle_seed, "merge", "order").permutation(
            sum(source.n_events for source in sources)
        )
        merged = {name: values[order] for name, values in merged.items()}
    _write(output, table, merged, sources, files, settings)
    return sum(source.n_events for source in sources)


def _pick_kappas(parts: Sequence[Columns], sources: Sequence[_Source]) -> None:
    """Give background the kappa inputs of the signal it is merged with."""
    kappas = [
        value
        for part, source in zip(parts, sources, strict=True)
        if not source.is_background
        for value in np.unique(part["INPUTS/Kappa/kappa"]).tolist()
    ]
    for part, source in zip(parts, sources, strict=True):
        if source.is_background and kappas and "HH4B/kappa_draw" in part:
            part["INPUTS/Kappa/kappa"] = pick_kappa(part["HH4B/kappa_draw"], kappas)


def _take(
    path: Path, table: Table, columns: Sequence[str], settings: MergeSettings
) -> tuple[Columns, _Source]:
    """Read the chosen events of one dataset."""
    needs_split = settings.part != "all" and "HH4B/split" not in lacking(path)
    extra = ["HH4B/split"] if needs_split else []
    there = [name for name in columns if name not in lacking(path)]
    arrays = read_table(path, table, columns=[*there, *extra])
    number = len(arrays["INPUTS/Source/MASK"])
    for name, values in zip(_FILLED, (np.arange(number), np.zeros(number, int)), strict=True):
        if name in columns:
            arrays.setdefault(name, values)
    split = arrays.get("HH4B/split")
    chosen = np.flatnonzero(part_mask(path, split, settings.part, number, folds=settings))
    if not len(chosen):
        raise ContractError(f"{path}: no event in part {settings.part!r}; make the sample larger")
    chosen = _draw_rows(path, arrays, chosen, settings)
    attributes = read_attributes(path)
    sample = str(attributes.get("sample", path.stem))
    signal = arrays["CLASSIFICATIONS/EVENT/signal"][chosen]
    background = bool(attributes.get("is_background", not signal.any()))
    limits = [settings.max_events_per_sample]
    if not background:
        limits.append(settings.max_events_per_signal_sample)
    limit = min((number for number in limits if number is not None), default=len(chosen))
    if limit < len(chosen) and settings.shuffle_seed is not None:
        rng = stream(settings.shuffle_seed, "merge", "draw", sample)
        chosen = np.sort(rng.choice(chosen, limit, replace=False))
    chosen = _share(path, chosen, settings)
    names = [*columns, _WEIGHT] if _WEIGHT in arrays else columns
    kept = {name: arrays[name][chosen] for name in names}
    kappa = attributes.get("kappa_lambda")
    generated = attributes.get("sum_weights_generated")
    source = _Source(
        sample=sample,
        is_background=background,
        kappa_lambda=None if kappa is None or not np.isfinite(kappa) else float(kappa),
        n_events=len(chosen),
        sum_weights_generated=None if generated is None else float(generated),
    )
    return kept, source


def _share(path: Path, chosen: NDArray[np.int64], settings: MergeSettings) -> NDArray[np.int64]:
    """Return those of the chosen rows that are of events of the share, of what limits leave."""
    if settings.share is None or settings.shuffle_seed is None:
        return chosen
    events = ShowerEvents.read(path)[chosen]
    return chosen[inside_share(events, settings.share, settings.shuffle_seed, where=str(path))]


def _draw_rows(
    path: Path, arrays: Columns, chosen: NDArray[np.int64], settings: MergeSettings
) -> NDArray[np.int64]:
    """Return those of the chosen rows that are kept of each shower event; weigh them in place."""
    if settings.rows_per_shower is None or settings.shuffle_seed is None:
        return chosen
    weight = np.array(arrays.get(_WEIGHT, np.ones(len(arrays["INPUTS/Source/MASK"]))), float)
    draw = RowDraw.of(settings, seed=settings.shuffle_seed)
    rows, drawn = draw_rows(ShowerEvents.read(path)[chosen], weight[chosen], draw, where=str(path))
    weight[chosen[rows]] = drawn
    arrays[_WEIGHT] = weight
    return chosen[rows]


def _check_widths(datasets: Sequence[Path], parts: Sequence[Columns]) -> None:
    widths = [part["INPUTS/Source/MASK"].shape[1] for part in parts]
    for path, width in zip(datasets, widths, strict=True):
        if width != widths[0]:
            raise ContractError(
                f"{path}: column 'INPUTS/Source/MASK' is {width} jets wide, {datasets[0]} has"
                f" {widths[0]}; ingest both with the same --max-jets"
            )


def _balance(parts: Sequence[Columns], sources: Sequence[_Source]) -> list[_Source]:
    """Scale the weights in place; return the sources with their factors.

    Raises:
        ConfigError: if there is no signal.
        ContractError: if a sample has no weight.
    """
    n_events = sum(source.n_events for source in sources)
    n_background = sum(source.is_background for source in sources)
    if n_background == len(sources):
        raise ConfigError(f"balance: all {n_background} datasets are background; add a signal")
    class_share = 0.5 if n_background else 1.0
    backgrounds = [
        float(part["HH4B/weight"].sum())
        for part, source in zip(parts, sources, strict=True)
        if source.is_background
    ]
    result = []
    for part, source in zip(parts, sources, strict=True):
        weight = part["HH4B/weight"]
        # Backgrounds keep their ratio to one another; signals weigh the same each.
        total = sum(backgrounds) if source.is_background else float(weight.sum())
        if not total > 0:
            raise ContractError(f"sample {source.sample!r}: summed weight {total:g}, not positive")
        share = 1 if source.is_background else len(sources) - n_background
        factor = class_share * n_events / share / total
        part["HH4B/weight"] = weight * factor
        result.append(_Source(**{**asdict(source), "weight_factor": factor}))
    return result


def _balance_kappas(parts: Sequence[Columns], sources: Sequence[_Source]) -> list[_Source]:
    """Scale the weights in place at each kappa input; factors of sources become their mean ones.

    Raises:
        ContractError: if a kappa input lacks signal or background.
    """
    kappa, label, weight = (
        np.concatenate([part[name] for part in parts])
        for name in ("INPUTS/Kappa/kappa", "CLASSIFICATIONS/EVENT/signal", "HH4B/weight")
    )
    balanced = balanced_weights(weight, kappa, label, where="merged datasets")
    ends = np.cumsum([source.n_events for source in sources])[:-1]
    result = []
    for part, source, new in zip(parts, sources, np.split(balanced, ends), strict=True):
        factor = source.weight_factor * float(new.sum() / part["HH4B/weight"].sum())
        part["HH4B/weight"] = new
        result.append(_Source(**{**asdict(source), "weight_factor": factor}))
    return result


def _write(
    output: Path,
    table: Table,
    merged: Columns,
    sources: Sequence[_Source],
    files: Sequence[str],
    settings: MergeSettings,
) -> None:
    described = [asdict(source) for source in sources]
    number = len(merged["INPUTS/Source/MASK"])
    provenance = Provenance(
        "datasets merge",
        {**settings.decided(), "samples": [source.sample for source in sources]},
        settings.shuffle_seed,
        {"n_events": number},
    )
    attributes = {"sources": to_json(described), "files": to_json(list(files))}
    write_table(output, table, merged, provenance, **attributes)
    for source in sources:
        log.info("%s: %d events, weights x %.4g", source.sample, source.n_events,
                 source.weight_factor)  # fmt: skip
    log.info("wrote %s: %d events of %d datasets", output, number, len(sources))
