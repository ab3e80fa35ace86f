"""Where a chunk of events comes from: partons that are showered here, or particles of others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hh4b.core.errors import ConfigError, ContractError, GeneratorFailed
from hh4b.detector.particles import Floats
from hh4b.detector.truth import Record
from hh4b.generation.lhe import LheEvents, LheFile, read_lhe
from hh4b.simulation.hepmc_event import HepmcEvent, read_hepmc_events
from hh4b.simulation.particle_index import ParticleIndex, is_index
from hh4b.simulation.particle_records import in_file, is_taken
from hh4b.simulation.settings import SimulateSettings
from hh4b.simulation.shower import ShowerBlock, blocks, shower

#: Status of the incoming partons of the hard process.
_INCOMING = 21

#: Events, and the weight of each.
Weighted = tuple[ShowerBlock, Floats]


@dataclass(frozen=True)
class EventSource:
    """Events of a chunk.

    Attributes:
        settings: those of the chunk, with what the file asks of the shower.
        n_events: number of events to come.
        blocks: the events, cut where the random streams are.
    """

    settings: SimulateSettings
    n_events: int
    blocks: Iterator[Weighted]


def event_source(path: Path | str, settings: SimulateSettings) -> EventSource:
    """Return the events of a chunk.

    Args:
        path: Les Houches file, or index of particle events.
        settings: which chunk, and settings of the shower.

    Raises:
        ConfigError: if particle events are to be showered.
        InputFileError: if the file cannot be read, or has too few events.
        ContractError: if there is no event.
    """
    return _particles(path, settings) if is_index(path) else _partons(path, settings)


def _particles(path: Path | str, settings: SimulateSettings) -> EventSource:
    index = ParticleIndex.read(path)
    if settings.pythia_settings:
        raise ConfigError(
            f"pythia_settings {settings.pythia_settings[0]!r}: the events of {path} have been"
            " showered by another program; leave it out"
        )
    wanted = index.n_events - settings.first if settings.events is None else settings.events
    last = settings.first + wanted
    if wanted <= 0 or last > index.n_events:
        raise ContractError(
            f"{path}: there are {index.n_events} events, none or not all of {settings.first} to"
            f" {last - 1}"
        )
    return EventSource(settings, wanted, _read(index, settings.first, wanted))


def _read(index: ParticleIndex, first: int, count: int) -> Iterator[Weighted]:
    events = _events(index, first, first + count)
    for start, stop in blocks(first, count):
        taken = [one for _, one in zip(range(start, stop), events, strict=False)]
        kept = [one for one in taken if one is not None]
        numbers = start + np.flatnonzero([one is not None for one in taken])
        weights = np.array([weight for _, weight in kept], dtype=np.float64)
        yield _block(numbers, [event for event, _ in kept]), weights


def _events(
    index: ParticleIndex, first: int, stop: int
) -> Iterator[tuple[HepmcEvent, float] | None]:
    """Yield events with their weights; None for those that do not belong to the sample."""
    for file, start, end, _ in index.parts(first, stop):
        number = start
        for number, event in enumerate(read_hepmc_events(file.path, start, end), start=start):
            taken = is_taken(event, index, in_file(file.path, number))
            yield (event, file.factor * event.weights[index.weight]) if taken else None
        if number != end - 1:
            raise ContractError(
                f"{file.path} has fewer events than when it was taken; run hh4b take-particles"
                " again"
            )


def _block(numbers: np.ndarray, events: Sequence[HepmcEvent]) -> ShowerBlock:
    """Join events into the arrays that the shower makes, too."""
    sizes = [len(event.pid) for event in events]
    none = HepmcEvent(
        np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((4, 0)), np.zeros(0),
        np.zeros((3, 0)), np.zeros(0, np.int64), np.zeros(0, np.int64), [],
    )  # fmt: skip
    events = [*events, none]
    record = Record(
        offsets=np.cumsum([0, *sizes], dtype=np.int64),
        pid=np.concatenate([event.pid for event in events]),
        status=np.concatenate([event.status for event in events]),
        mothers=np.concatenate([event.mothers() for event in events], axis=1),
        daughters=np.concatenate([event.daughters() for event in events], axis=1),
        momenta=np.concatenate([event.momenta for event in events], axis=1),
        mass=np.concatenate([event.mass for event in events]),
    )
    vertices = np.concatenate([event.vertices for event in events], axis=1)
    return ShowerBlock(np.asarray(numbers, np.int64), record, vertices, 0)


def _partons(path: Path | str, settings: SimulateSettings) -> EventSource:
    file = read_lhe(path, settings.first, settings.events, with_text=settings.first > 0)
    settings = _told_by(file, settings)
    if not len(file.events):
        raise ContractError(f"{path}: no events from {settings.first} on; nothing to do")
    return EventSource(settings, len(file.events), _showered(path, file, settings))


def _showered(path: Path | str, file: LheFile, settings: SimulateSettings) -> Iterator[Weighted]:
    generated = file.events
    for block in shower(
        path, first=settings.first, count=len(generated), seed=settings.seed,
        labels=(settings.sample,), commands=tuple(settings.pythia_settings), text=file.text,
    ):  # fmt: skip
        _require_same_events(block, generated, settings.first, path)
        yield block, generated.weights[block.index - settings.first]


def _told_by(file: LheFile, settings: SimulateSettings) -> SimulateSettings:
    """Return the settings with what the parton file asks of the shower before those of the user."""
    told = file.provenance.get("settings", {}).get("pythia_settings", [])
    return settings.model_copy(update={"pythia_settings": [*told, *settings.pythia_settings]})


def _require_same_events(
    block: ShowerBlock, partons: LheEvents, first: int, path: Path | str
) -> None:
    """Check by the energy of the incoming partons that weights and events belong together."""
    record = block.record
    incoming = np.flatnonzero(record.status == _INCOMING)
    energy = np.bincount(
        np.searchsorted(record.offsets, incoming, side="right") - 1,
        record.momenta[3, incoming],
        minlength=record.n_events,
    )
    rows = block.index - first
    expected = np.where(partons.status[rows] == -1, partons.momenta[rows, :, 0], 0.0).sum(axis=1)
    wrong = np.abs(energy - expected) > 1e-3 * expected
    if wrong.any():
        raise GeneratorFailed(
            f"Pythia's event {block.index[wrong][0]} is not that of {path}:"
            " it skipped events; report the file"
        )
