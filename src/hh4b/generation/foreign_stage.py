"""Parton events of other generators as a sample: what `hh4b take-partons` does."""

import gzip
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance, atomic_path
from hh4b.generation.foreign_lhe import (
    ForeignHead,
    event_text,
    normalisation,
    open_lhe,
    read_foreign_head,
)
from hh4b.generation.foreign_records import higgs_pairs, require_incoming
from hh4b.generation.lhe import Floats, head_text, read_lhe
from hh4b.generation.lhe_text import END, event_blocks
from hh4b.generation.settings import TakePartonsSettings
from hh4b.generation.taken_events import (
    require_enough,
    require_one_process,
    require_same_names,
    require_signs,
)

log = logging.getLogger(__name__)

#: What the shower is told where H have not decayed: the branching ratio is the study's.
DECAY_TO_BOTTOM = ("25:onMode = off", "25:onIfMatch = 5 -5")
#: Where a record has the hardest emission, the shower begins at the scale that the event states.
BEGIN_AT_SCALE = ("SpaceShower:pTmaxMatch = 1", "TimeShower:pTmaxMatch = 1")
#: Relative difference of energies.
_SAME_ENERGY = 1e-3


@dataclass(frozen=True)
class _Source:
    """A file of another generator, and what is taken from it.

    Attributes:
        path: the file.
        head: what stands before its events.
        factor: on its weights.
        weights: of the events taken, factor included, shape (N,).
        undecayed: number of events taken whose H have not decayed.
        beyond: number of events taken that are more than g g -> H H.
    """

    path: str
    head: ForeignHead
    factor: float
    weights: Floats
    undecayed: int
    beyond: int


def take_partons(files: Sequence[str], output: Path | str, settings: TakePartonsSettings) -> None:
    """Write the first events of files of any generator as the Les Houches file of a sample.

    Weights of each file are scaled so that their mean, signs included, is the cross section of its
    header. Named weights are scaled with them; their groups and names stay. Where H have not
    decayed, or a record has the hardest emission, the header tells the shower.

    Args:
        files: Les Houches files, plain or gzipped, of one process.
        output: file to write (.lhe.gz).
        settings: what is taken, and what it is for.

    Raises:
        InputFileError: if a file is missing, damaged, or there are too few events.
        ContractError: if the events are not what the settings ask for.
    """
    sources = list(_sources(files, settings))
    taken = np.concatenate([source.weights for source in sources])
    require_enough(files, len(taken), settings.events)
    require_one_process([(source.path, source.head.cross_section_pb) for source in sources])
    require_same_names([(source.path, source.head.weight_ids) for source in sources])
    for source in sources:
        allowed = settings.allow_negative_weights
        require_signs(source.path, source.weights, allowed=allowed)
    _require_records(sources, settings)
    provenance = _provenance(sources, taken, settings)
    with (
        atomic_path(output) as temporary,
        temporary.open("wb") as raw,
        # A fixed time and an empty name in the gzip header: equal events make equal files.
        gzip.GzipFile("", "wb", compresslevel=2, fileobj=raw, mtime=0) as stream,
    ):
        _write(stream, sources, taken, provenance)
    log.info(
        "%d events of %d files written to %s: %d with negative weights, %.1f effective ones",
        len(taken), len(sources), output, (taken < 0).sum(), _effective(taken),
    )  # fmt: skip


def _sources(files: Sequence[str], settings: TakePartonsSettings) -> Iterator[_Source]:
    """Read the files until there are enough events."""
    left = settings.events
    for path in files:
        if left == 0:
            log.info("%s: not needed, enough events were before it", path)
            continue
        with open_lhe(path) as stream:
            head = read_foreign_head(stream, path)
        if abs(head.sqrt_s_gev - 1e3 * settings.sqrt_s_tev) > _SAME_ENERGY * head.sqrt_s_gev:
            raise ContractError(
                f"{path}: its beams have {head.sqrt_s_gev / 1e3:g} TeV together, the sample is of"
                f" {settings.sqrt_s_tev:g} TeV"
            )
        events = read_lhe(path).events
        factor = normalisation(events.weights, head.cross_section_pb, path)
        events = events.select(slice(left))
        require_incoming(events, path)
        left = None if left is None else left - len(events)
        undecayed = beyond = 0
        if settings.higgs_pairs:
            pairs = higgs_pairs(events, path)
            undecayed, beyond = int(pairs.undecayed.sum()), int(pairs.beyond.sum())
        yield _Source(path, head, factor, factor * events.weights, undecayed, beyond)


def _require_records(sources: Sequence[_Source], settings: TakePartonsSettings) -> None:
    number = sum(len(source.weights) for source in sources)
    if 0 < sum(source.undecayed for source in sources) < number:
        raise ContractError(
            f"{sources[0].path}{' and others' if len(sources) > 1 else ''}: H have decayed in some"
            " events and in others not; give files of one kind"
        )
    beyond = sum(source.beyond for source in sources)
    if beyond and settings.kappa_reweighting:
        worst = next(source for source in sources if source.beyond)
        raise ContractError(
            f"{worst.path}: {worst.beyond} of {len(worst.weights)} events have a further parton or"
            " incoming quarks. Weights in kappa_lambda are of g g -> H H at leading order and"
            " nothing else, so that these events make no templates of a signal; give leading-order"
            " events, or write statistics.signal_method: interpolated and give samples of three"
            " kappa_lambda or more"
        )


def _effective(weights: Floats) -> float:
    return float(weights.sum() ** 2 / (weights**2).sum())


def _provenance(
    sources: Sequence[_Source], taken: Floats, settings: TakePartonsSettings
) -> Provenance:
    """Return how the file was made; the shower reads ``pythia_settings`` from it."""
    undecayed = sum(source.undecayed for source in sources)
    beyond = sum(source.beyond for source in sources)
    told = [*(DECAY_TO_BOTTOM if undecayed else ()), *(BEGIN_AT_SCALE if beyond else ())]
    counts = {
        "n_events": len(taken),
        "n_negative": int((taken < 0).sum()),
        "n_effective": _effective(taken),
        "n_undecayed": undecayed,
        "n_beyond_leading_order": beyond,
        "sum_weights": float(taken.sum()),
        "cross_section_pb": float(taken.mean()),
    }
    decided = {
        **settings.model_dump(mode="json", exclude={"events"}),
        "pythia_settings": told,
        "weight_names": list(sources[0].head.weight_ids),
    }
    return Provenance("take partons", decided, counts=counts)


def _write(
    stream: gzip.GzipFile, sources: Sequence[_Source], taken: Floats, provenance: Provenance
) -> None:
    head = sources[0].head
    errors = [len(s.weights) * s.head.cross_section_error_pb for s in sources]
    text = head_text(
        provenance,
        sqrt_s_gev=head.sqrt_s_gev,
        weights=taken,
        cross_section_error_pb=float(np.hypot.reduce(errors)) / len(taken),
        lhapdf_id=head.lhapdf_id,
        more=f"<initrwgt>\n{head.weight_groups.decode('utf-8', 'replace')}\n</initrwgt>\n"
        if head.weight_groups
        else "",
    )
    stream.write(text.encode())
    for source in sources:
        with open_lhe(source.path) as lines:
            read_foreign_head(lines, source.path)
            # All blocks are read, so that a file cut behind the last event taken is found.
            for row, block in enumerate(event_blocks(lines, source.path)):
                if row < len(source.weights):
                    weight = float(source.weights[row])
                    stream.write(_event(block, weight, source, row))
    stream.write(END + b"\n")


def _event(block: list[bytes], weight: float, source: _Source, row: int) -> bytes:
    try:
        return event_text(block, weight, source.factor, source.head.weight_ids)[0]
    except ValueError as error:
        raise InputFileError(f"{source.path}: event {row}: {error}; make it again") from error
