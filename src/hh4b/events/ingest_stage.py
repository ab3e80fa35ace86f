"""Delphes files of a sample in, one SPANet-layout dataset out."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.contracts import DATASET, TableWriter
from hh4b.core.errors import ContractError, Hh4bError, InputFileError
from hh4b.core.files import Provenance
from hh4b.core.grouping import require_whole_groups
from hh4b.core.strict_json import to_json
from hh4b.events.block import Block
from hh4b.events.delphes import NUMBER, Branches, DelphesFile, open_delphes
from hh4b.events.nominal import NominalLabels
from hh4b.events.selection import Columns, Cutflow, Streams, select
from hh4b.events.settings import IngestSettings
from hh4b.events.shower_events import EventRuns
from hh4b.events.tags import tag_efficiencies

log = logging.getLogger(__name__)

#: Bytes of uncompressed branches read at once: bounds the memory whatever the size of the file.
STEP_BYTES = 40_000_000
#: What a file states beside its branches, as errors call it.
TAGGING = "hh4b: settings.detector.b_tagging"
#: Rows of a compressed chunk: small samples do not pay for large ones.
CHUNK_ROWS = 2048


@dataclass(frozen=True)
class IngestResult:
    """Outcome of an ingestion.

    Attributes:
        cutflow: events and weights by step, generated to selected.
        n_files: number of files given.
        skipped: one line for each file left out.
    """

    cutflow: Cutflow
    n_files: int
    skipped: list[str]


@dataclass
class _FileResult:
    """What a file brought besides rows.

    Attributes:
        cutflow: its counts.
        bits: all tag bits or-ed.
        present: the branches read, and what the file states beside them.
        known: number of selected events that the nominal dataset holds.
        stated: whether the file says how many events were generated, of which it may hold none.
    """

    cutflow: Cutflow
    bits: int
    present: frozenset[str]
    known: int = 0
    stated: bool = False


def ingest(
    files: Sequence[str],
    output: Path | str,
    settings: IngestSettings,
    *,
    nominal: Path | str | None = None,
    step_bytes: int = STEP_BYTES,
) -> IngestResult:
    """Select, match and write the events of a sample.

    Args:
        files: names or addresses of Delphes ROOT files.
        output: the dataset (``hh4b.core.contracts.DATASET``); appears only if all went well.
        settings: what to select and how to label it; the sample has the name of the output
            unless it is given.
        nominal: dataset of the nominal events, where ``files`` hold the same generated events with
            another detector or shower: they take over its labels (`hh4b.events.nominal`).
        step_bytes: bytes of uncompressed branches in memory at once.

    Raises:
        InputFileError: if files are missing, damaged, or empty.
        ContractError: if a file does not hold what the settings need (with several bad files, one
            error names them all), no event of files of others is selected, or the nominal dataset
            is not of this sample.
    """
    start = time.monotonic()
    settings = settings.named_after(output)
    labels = None if nominal is None else NominalLabels(nominal, settings)
    total = Cutflow()
    total.add("generated", 0, 0.0)
    errors: list[Hh4bError] = []
    good: list[_FileResult] = []
    with TableWriter(output, DATASET, chunk_rows=CHUNK_ROWS) as writer:
        for index, path in enumerate(files):
            rows = writer.rows
            try:
                schema = good[0].present if good else None
                result = _ingest_file(path, index, settings, writer, schema, step_bytes, labels)
            except (InputFileError, ContractError) as error:
                log.warning("%s", error)
                errors.append(error)
                writer.truncate(rows)
                continue
            good.append(result)
            total.merge(result.cutflow)
        _judge(errors, len(files), skip_bad_files=settings.skip_bad_files)
        _check_bit(good, settings, files)
        if not writer.rows and not any(result.stated for result in good):
            raise ContractError(_nothing(files, settings, total))
        skipped = [str(error) for error in errors]
        known = sum(result.known for result in good)
        provenance = _provenance(settings, total, labels, (known, writer.rows - known))
        writer.set_attributes(provenance, **_attributes(files, skipped, settings, total))
    _report(total, time.monotonic() - start, output)
    return IngestResult(total, len(files), skipped)


def _ingest_file(
    path: str,
    index: int,
    settings: IngestSettings,
    writer: TableWriter,
    schema: frozenset[str] | None,
    step_bytes: int,
    labels: NominalLabels | None,
) -> _FileResult:
    """Append the selected events of one file."""
    own_tags = settings.tags != "file"
    branches = Branches.choose(
        settings.jet_collection, truth=not settings.background, own_tags=own_tags
    )
    streams = Streams.of_file(settings, index, varied=labels is not None)
    with open_delphes(path) as file:
        there = file.present(branches)
        stated = {TAGGING} if file.tagging is not None else set()
        result = _FileResult(Cutflow(), 0, there | stated)
        if schema is not None and result.present != schema:
            raise ContractError(_difference(path, result.present, schema))
        if labels is not None and NUMBER not in result.present:
            raise ContractError(
                f"{path}: branch {NUMBER!r} is missing in tree 'Delphes'; without it no event is"
                " found in the nominal dataset, leave out --nominal"
            )
        in_tree = Cutflow()
        last: Columns | None = None
        for block in file.blocks(branches, there, step_bytes=step_bytes):
            columns = select(block, settings, streams, in_tree, path=path)
            chances = tag_efficiencies(columns, settings, file.tagging)
            if chances is not None:
                columns["HH4B/jet_tag_efficiency"] = chances
            number = len(columns["HH4B/weight"])
            columns["HH4B/source_file"] = np.full(number, index, np.int32)
            if labels is not None:
                result.known += labels.hand_over(columns)
            if NUMBER in result.present:
                last = _require_whole(columns, last, path)
            writer.append(columns)
            result.bits |= _bits(block)
        result.stated = file.generated is not None
        _require_numbers(file, streams.events, NUMBER in result.present)
        result.cutflow.add("generated", *_generated(file, in_tree))
        result.cutflow.merge(in_tree)
    return result


def _require_whole(columns: Columns, last: Columns | None, path: str) -> Columns | None:
    """Check that no event is in two parts, neither here nor with the row before; return the last.

    A number that comes again behind others is another event, so that only neighbours count.
    """
    names = ("HH4B/event_number", "HH4B/split")
    rows = [columns] if last is None else [last, columns]
    numbers, split = (np.concatenate([row[name] for row in rows]) for name in names)
    run = np.cumsum(np.diff(numbers, prepend=numbers[:1]) != 0)
    require_whole_groups(split, run, where=path)
    return {name: columns[name][-1:] for name in names} if len(columns[names[0]]) else last


def _require_numbers(file: DelphesFile, events: EventRuns, numbered: bool) -> None:
    """Refuse a file of a user with one number for everything: it would be one event."""
    if numbered and file.generated is None and events.found == 1 < events.rows:
        raise ContractError(
            f"{file.path}: branch {NUMBER!r} is the same in all {events.rows} entries, which would"
            " make them one shower event; number the events, or write the tree without the branch"
        )


def _generated(file: DelphesFile, in_tree: Cutflow) -> tuple[int, float]:
    """Return what the file states about its generated events, or else the whole tree."""
    number, weight = file.generated or (in_tree.events["in_tree"], in_tree.weights["in_tree"])
    if not (np.isfinite(weight) and weight > 0):
        raise ContractError(
            f"{file.path}: the summed weight of the generated events is {weight:g};"
            " it must be positive to normalise by"
        )
    return number, weight


def _bits(block: Block) -> int:
    if "BTag" not in block.jets.fields or not len(block.jets["BTag"]):
        return 0
    return int(np.bitwise_or.reduce(block.jets["BTag"].astype(np.int64)))


def _difference(path: str, present: frozenset[str], schema: frozenset[str]) -> str:
    lacking, more = sorted(schema - present), sorted(present - schema)
    what = f"lacks branch {lacking[0]!r}" if lacking else f"has branch {more[0]!r}"
    than = "which the files before it have" if lacking else "which the files before it lack"
    return f"{path}: {what}, {than}; files of one sample must be of one kind"


def _judge(errors: list[Hh4bError], n_files: int, *, skip_bad_files: bool) -> None:
    """Decide whether the sample can be used in spite of its bad files."""
    if not errors:
        return
    share = f"{len(errors)} of {n_files} files ({100 * len(errors) / n_files:.3g} %)"
    if skip_bad_files and len(errors) < n_files:
        log.warning("%s left out, their events are lost; counts refer to the others", share)
        return
    if n_files == 1:
        raise errors[0]
    kind = InputFileError if isinstance(errors[0], InputFileError) else ContractError
    lines = "".join(f"\n  {error}" for error in errors)
    raise kind(f"{share} cannot be used; repair them or say --skip-bad-files:{lines}")


def _check_bit(good: list[_FileResult], settings: IngestSettings, files: Sequence[str]) -> None:
    """Refuse a tag bit that no jet of the sample has."""
    bits = 0
    for result in good:
        bits |= result.bits
    if settings.tags != "file" or bits >> settings.b_tag_bit & 1:
        return
    known = [str(bit) for bit in range(32) if bits >> bit & 1]
    raise ContractError(
        f"{files[0]}{' and others' if len(files) > 1 else ''}: bit {settings.b_tag_bit} of branch"
        f" '{settings.jet_collection}.BTag' is never set (set: {', '.join(known) or 'none'});"
        " choose another --b-tag-bit"
    )


def _nothing(files: Sequence[str], settings: IngestSettings, total: Cutflow) -> str:
    return (
        f"{files[0]}{' and others' if len(files) > 1 else ''}: none of"
        f" {total.events['generated']} events has {settings.min_tags} tagged jets above"
        f" {settings.jet_pt_min_gev:g} GeV within |eta| {settings.jet_abs_eta_max:g}; loosen the"
        " selection or name other files"
    )


def _decided(settings: IngestSettings) -> dict[str, Any]:
    """Return the settings for the provenance, where the seed stands on its own."""
    return settings.model_dump(mode="json", exclude={"seed"})


def _provenance(
    settings: IngestSettings, total: Cutflow, labels: NominalLabels | None, shares: tuple[int, int]
) -> Provenance:
    """Return how the dataset was made; ``shares`` are the events with labels taken over and drawn.

    Nothing of labels is said of nominal events, which have none to take over.
    """
    decided, counts = _decided(settings), _counts(total)
    if labels is not None:
        decided["nominal"] = labels.configuration_hash
        counts |= {"n_labels_taken_over": shares[0], "n_labels_drawn": shares[1]}
        log.info("part and kappa draw: %d events as in the nominal dataset, %d new", *shares)
    return Provenance("ingest", decided, settings.seed, counts)


def _counts(total: Cutflow) -> dict[str, float | int]:
    return {
        **{f"n_{step}": events for step, events in total.events.items()},
        **{f"sum_weights_{step}": weight for step, weight in total.weights.items()},
    }


def _attributes(
    files: Sequence[str], skipped: list[str], settings: IngestSettings, total: Cutflow
) -> dict[str, Any]:
    """Return the root attributes of the dataset (docs/data.md)."""
    return {
        "sample": settings.sample,
        "is_background": settings.background,
        "kappa_lambda": np.nan if settings.kappa_lambda is None else settings.kappa_lambda,
        "n_generated": total.events["generated"],
        "sum_weights_generated": total.weights["generated"],
        "cutflow": to_json(total.as_dict()),
        "files": to_json(list(files)),
        "skipped_files": to_json(skipped),
        "settings": to_json(_decided(settings)),
    }


def _report(total: Cutflow, seconds: float, output: Path | str) -> None:
    for step, counts in total.as_dict().items():
        log.info("%s: %d events, weight %.6g", step, counts["events"], counts["sum_weights"])
    rate = total.events["in_tree"] / max(seconds, 1e-9)
    log.info("wrote %s, %.0f events/s", output, rate)
