"""A chunk of a sample: events through shower, if they need one, and detector into a Delphes tree.

Variations of the detector are made of the same showers, each a tree of its own beside the nominal
one, equal to that of a job of its own.
"""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import awkward as ak

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance
from hh4b.core.logs import progress
from hh4b.detector.settings import DetectorSettings, read_detector_settings, with_changes
from hh4b.detector.tree import TreeWriter
from hh4b.simulation.event_rows import EventRows, Version
from hh4b.simulation.event_source import event_source
from hh4b.simulation.settings import VARYING, SimulateSettings
from hh4b.simulation.shower import BLOCK_EVENTS

log = logging.getLogger(__name__)


def simulate(
    partons: Path | str,
    card: Path | str,
    output: Path | str,
    settings: SimulateSettings,
    *,
    varied: Mapping[str, Path] | None = None,
) -> dict[str, Any]:
    """Shower and reconstruct a chunk, and write its tree, and those of the variations.

    Random streams are named by seed, sample and block of events: a chunk that starts at a multiple
    of the block size gives the same events whatever its length and however many jobs run. Nothing
    of the detector is in their names, so that the same chunk with other `detector_changes` has the
    same shower, and the same random numbers in a detector that asks for as many. The tree of a
    variation is therefore that of a job with its changes as `detector_changes`, and with as many
    draws of the detector.

    Args:
        partons: Les Houches file, or index of particle events that have been showered.
        card: card of the detector.
        output: the tree to write.
        settings: which chunk, and how.
        varied: the tree of each of `settings.variations`.

    Returns:
        The counts: ``n_generated`` and ``sum_weights_generated`` (events that came through the
        shower), ``n_failed`` (given up by Pythia), ``n_written`` (rows of the tree, of which a
        shower may have several) and ``sum_weights_written``.

    Raises:
        ConfigError: if the card or a change of it is impossible, or a variation has no file, or
            events that have been showered are given settings of the shower.
        InputFileError: if the events are missing, cut or too few.
        ContractError: if there is no event to simulate.
        GeneratorFailed: if Pythia fails.
    """
    outputs = [output, *_places(settings, varied or {})]
    detector = read_detector_settings(card)
    source = event_source(partons, settings)
    settings = source.settings
    versions = [Version(one, changed_detector(detector, one)) for one in settings.alone()]
    counts: list[dict[str, Any]] = [
        {
            "n_generated": 0, "sum_weights_generated": 0.0, "n_failed": 0,
            "n_written": 0, "sum_weights_written": 0.0,
        }
        for _ in versions
    ]  # fmt: skip
    rows = EventRows(versions)
    with ExitStack() as stack:
        writers = [
            stack.enter_context(TreeWriter(path, gen_jets=settings.gen_jets)) for path in outputs
        ]
        for block, weights in progress(
            source.blocks, total=source.n_events, what="events", size=BLOCK_EVENTS
        ):
            for count, writer, events in zip(
                counts, writers, rows.of_block(block, weights), strict=True
            ):
                count["n_generated"] += len(weights)
                count["sum_weights_generated"] += float(weights.sum())
                count["n_failed"] += block.n_failed
                count["sum_weights_written"] += float(ak.sum(events["Event"].Weight))
                writer.append(events)
        for version, count, writer in zip(versions, counts, writers, strict=True):
            count["n_written"] = writer.n_written
            writer.set_provenance(_provenance(version.settings, version.detector, count))
    for name, count in zip(["", *settings.variations], counts, strict=True):
        log.info(
            "%s: %d events generated, %d failed, %d rows written",
            f"{settings.sample}, {name}" if name else settings.sample,
            count["n_generated"], count["n_failed"], count["n_written"],
        )  # fmt: skip
    return counts[0]


def _places(settings: SimulateSettings, varied: Mapping[str, Path]) -> list[Path]:
    """Return the file of each variation, in the order of the settings."""
    without = sorted(set(settings.variations) - set(varied))
    unknown = sorted(set(varied) - set(settings.variations))
    if without:
        raise ConfigError(f"variation {without[0]!r} has no file; say --varied {without[0]}=FILE")
    if unknown:
        raise ConfigError(
            f"--varied {unknown[0]}: the settings have no such variation, only"
            f" {sorted(settings.variations)}"
        )
    return [varied[name] for name in settings.variations]


def changed_detector(detector: DetectorSettings, settings: SimulateSettings) -> DetectorSettings:
    """Return a detector with the tagging and the changes that are asked for.

    Raises:
        ConfigError: naming what the card does not know.
    """
    if settings.b_tagging is not None:
        detector = detector.with_tagging(settings.b_tagging)
    return with_changes(detector, settings.detector_changes)


def _provenance(
    settings: SimulateSettings, detector: DetectorSettings, counts: dict[str, Any]
) -> Provenance:
    return Provenance(
        stage="simulate",
        settings={
            **settings.model_dump(mode="json", exclude={"seed", *VARYING}),
            "detector": detector.model_dump(mode="json"),
        },
        seed=settings.seed,
        counts=counts,
    )
