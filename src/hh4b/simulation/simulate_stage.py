"""A chunk of a sample: Les Houches events through shower and detector into a Delphes tree."""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import awkward as ak
import numpy as np

from hh4b.core.errors import ContractError, GeneratorFailed
from hh4b.core.files import Provenance
from hh4b.core.logs import progress
from hh4b.core.seeds import stream
from hh4b.detector.particles import Floats, Integers, Particles, Partons
from hh4b.detector.response import Reconstructed, cluster_generator_jets, reconstruct
from hh4b.detector.settings import DetectorSettings, read_detector_settings, with_changes
from hh4b.detector.tagging import combine_tags, draw_tags, tag_probabilities, weigh_tags
from hh4b.detector.tree import (
    TreeWriter,
    jagged,
    jet_columns,
    lepton_branch,
    one_per_event,
    particle_branch,
)
from hh4b.detector.truth import prune
from hh4b.generation.lhe import LheEvents, read_lhe
from hh4b.simulation.settings import ShowerChoice, SimulateSettings
from hh4b.simulation.shower import BLOCK_EVENTS, ShowerBlock, shower

log = logging.getLogger(__name__)

#: Status of the incoming partons of the hard process.
_INCOMING = 21


class TaggedRows(NamedTuple):
    """Rows of the tree that the events of a block become.

    Attributes:
        event: event of each row, ascending, shape (row,).
        tags: by row and jet of its event.
        factor: on the event's weight, shape (row,).
    """

    event: Integers
    tags: ak.Array
    factor: Floats


def simulate(
    partons: Path | str, card: Path | str, output: Path | str, settings: SimulateSettings
) -> dict[str, Any]:
    """Shower and reconstruct a chunk, and write its tree.

    Random streams are named by seed, sample and block of events: a chunk that starts at a multiple
    of the block size gives the same events whatever its length and however many jobs run. Nothing
    of the detector is in their names, so that the same chunk with other `detector_changes` has the
    same shower, and the same random numbers in a detector that asks for as many.

    Args:
        partons: Les Houches file.
        card: card of the detector.
        output: the tree to write.
        settings: which chunk, and how.

    Returns:
        The counts: ``n_generated`` and ``sum_weights_generated`` (events that came through the
        shower), ``n_failed`` (given up by Pythia), ``n_written`` (rows of the tree, of which a
        shower may have several) and ``sum_weights_written``.

    Raises:
        ConfigError: if the card or a change of it is impossible.
        InputFileError: if the Les Houches file is missing, cut or too short.
        ContractError: if there is no event to simulate.
        GeneratorFailed: if Pythia fails.
    """
    detector = chosen_detector(card, settings)
    generated = read_lhe(partons, settings.first, settings.events).events
    if not len(generated):
        raise ContractError(f"{partons}: no events from {settings.first} on; nothing to do")
    counts: dict[str, Any] = {
        "n_generated": 0, "sum_weights_generated": 0.0, "n_failed": 0,
        "n_written": 0, "sum_weights_written": 0.0,
    }  # fmt: skip
    showered = shower(
        partons, first=settings.first, count=len(generated), seed=settings.seed,
        labels=(settings.sample,), commands=tuple(settings.pythia_settings),
    )  # fmt: skip
    with TreeWriter(output, gen_jets=settings.gen_jets) as writer:
        for block in progress(showered, total=len(generated), what="events", size=BLOCK_EVENTS):
            _require_same_events(block, generated, settings.first, partons)
            weights = generated.weights[block.index - settings.first]
            counts["n_generated"] += len(weights)
            counts["sum_weights_generated"] += float(weights.sum())
            counts["n_failed"] += block.n_failed
            events = _process(block, weights, settings, detector)
            counts["sum_weights_written"] += float(ak.sum(events["Event"].Weight))
            writer.append(events)
        counts["n_written"] = writer.n_written
        writer.set_provenance(_provenance(settings, detector, counts))
    log.info(
        "%s: %d events generated, %d failed, %d rows written",
        settings.sample, counts["n_generated"], counts["n_failed"], counts["n_written"],
    )  # fmt: skip
    return counts


def chosen_detector(card: Path | str, settings: SimulateSettings) -> DetectorSettings:
    """Return the detector of a card with the tagging and the changes that are asked for.

    Raises:
        ConfigError: naming what the card does not know.
    """
    detector = read_detector_settings(card)
    if settings.b_tagging is not None:
        detector = detector.with_tagging(settings.b_tagging)
    return with_changes(detector, settings.detector_changes)


def tag(
    reconstructed: Reconstructed,
    detector: DetectorSettings,
    settings: ShowerChoice,
    rng: np.random.Generator,
) -> TaggedRows:
    """Tag the jets of a block in the way of ``settings.tags``."""
    jets = reconstructed.jets
    pt, eta, counts = jets.pt, jets.eta, np.diff(jets.offsets)
    probability = tag_probabilities(detector.b_tagging.active, pt, eta, reconstructed.flavor)
    every = np.arange(len(counts))
    if settings.tags == "draw":
        tags = ak.unflatten(draw_tags(probability, rng), counts)
        return TaggedRows(every, tags, np.ones(len(counts)))
    condition = detector.tag_weights
    accepted = (pt > condition.pt_min_gev) & (np.abs(eta) < condition.abs_eta_max)
    if settings.tags == "weight":
        drawn = weigh_tags(jets.offsets, probability, accepted, condition, rng)
        kept = np.flatnonzero(drawn.factor > 0)
        return TaggedRows(kept, ak.unflatten(drawn.tags, counts)[kept], drawn.factor[kept])
    rows = combine_tags(
        jets.offsets, probability, accepted, condition,
        probability_min=settings.combination_probability_min, rng=rng,
    )  # fmt: skip
    return TaggedRows(rows.event, ak.unflatten(rows.tags, counts[rows.event]), rows.factor)


def _process(
    block: ShowerBlock, weights: Floats, settings: SimulateSettings, detector: DetectorSettings
) -> dict[str, ak.Array]:
    """Return the branches of the rows of a block; the rows of one shower follow one another."""
    particles, partons = block.particles(), block.partons()
    draws = [
        _measure(particles, partons, settings, detector, _detector_stream(block, settings, draw))
        for draw in range(settings.detector_draws)
    ]
    event = np.concatenate([rows.event for rows, _ in draws])
    factor = np.concatenate([rows.factor for rows, _ in draws]) / settings.detector_draws
    order = np.argsort(event, kind="stable")
    event = event[order]
    events = {
        "Event": one_per_event(
            {"Number": block.index[event], "Weight": weights[event] * factor[order]}
        ),
        "Particle": particle_branch(prune(block.record))[event],
    }
    for name in draws[0][1]:
        events[name] = ak.concatenate([branches[name] for _, branches in draws])[order]
    if settings.gen_jets:
        generator_jets = cluster_generator_jets(particles, detector)
        events["GenJet"] = jagged(generator_jets.offsets, jet_columns(generator_jets))[event]
    return events


def _detector_stream(
    block: ShowerBlock, settings: SimulateSettings, draw: int
) -> np.random.Generator:
    """Return the stream of a draw of the detector; the first does not depend on their number."""
    first = int(block.index[0]) if len(block.index) else 0
    label = ("draw", draw) if draw else ()
    return stream(settings.seed, settings.sample, "detector", first, *label)


def _measure(
    particles: Particles,
    partons: Partons,
    settings: SimulateSettings,
    detector: DetectorSettings,
    rng: np.random.Generator,
) -> tuple[TaggedRows, dict[str, ak.Array]]:
    """Send a block through the detector once; return its rows and their branches."""
    reconstructed = reconstruct(particles, partons, detector, rng)
    rows = tag(reconstructed, detector, settings, rng)
    jets = reconstructed.jets
    columns = {**jet_columns(jets), "Flavor": reconstructed.flavor}
    branches = {
        "Jet": ak.with_field(jagged(jets.offsets, columns)[rows.event], rows.tags, "BTag"),
        "Electron": lepton_branch(reconstructed.electrons)[rows.event],
        "Muon": lepton_branch(reconstructed.muons)[rows.event],
        "MissingET": one_per_event({"MET": reconstructed.met, "Phi": reconstructed.met_phi})[
            rows.event
        ],
    }
    return rows, branches


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


def _provenance(
    settings: SimulateSettings, detector: DetectorSettings, counts: dict[str, Any]
) -> Provenance:
    return Provenance(
        stage="simulate",
        settings={
            **settings.model_dump(mode="json", exclude={"seed"}),
            "detector": detector.model_dump(mode="json"),
        },
        seed=settings.seed,
        counts=counts,
    )
