"""A chunk of a sample: Les Houches events through shower and detector into a Delphes tree."""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, GeneratorFailed
from hh4b.core.files import Provenance
from hh4b.core.logs import progress
from hh4b.core.seeds import stream
from hh4b.detector.particles import Floats
from hh4b.detector.response import Reconstructed, cluster_generator_jets, reconstruct
from hh4b.detector.settings import DetectorSettings, read_detector_settings, with_changes
from hh4b.detector.tagging import draw_tags, tag_probabilities, weigh_tags
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
from hh4b.simulation.settings import SimulateSettings
from hh4b.simulation.shower import BLOCK_EVENTS, ShowerBlock, shower

log = logging.getLogger(__name__)

#: Status of the incoming partons of the hard process.
_INCOMING = 21


class Tagged(NamedTuple):
    """Tags of the jets of a block, and the factor on each event's weight (0 = dropped)."""

    tags: NDArray[np.bool_]
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
        shower), ``n_failed`` (given up by Pythia), ``n_written`` and ``sum_weights_written``.

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
        "%s: %d events generated, %d failed, %d written",
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
    reconstructed: Reconstructed, detector: DetectorSettings, tags: str, rng: np.random.Generator
) -> Tagged:
    """Tag the jets of a block: ``draw`` their tags, or ``weight`` the events."""
    jets = reconstructed.jets
    pt, eta = jets.pt, jets.eta
    probability = tag_probabilities(detector.b_tagging.active, pt, eta, reconstructed.flavor)
    if tags == "draw":
        return Tagged(draw_tags(probability, rng), np.ones(len(jets.offsets) - 1))
    condition = detector.tag_weights
    accepted = (pt > condition.pt_min_gev) & (np.abs(eta) < condition.abs_eta_max)
    return Tagged(*weigh_tags(jets.offsets, probability, accepted, condition, rng))


def _process(
    block: ShowerBlock, weights: Floats, settings: SimulateSettings, detector: DetectorSettings
) -> dict[str, ak.Array]:
    """Return the branches of the events of a block that are to be written."""
    first = int(block.index[0]) if len(block.index) else 0
    rng = stream(settings.seed, settings.sample, "detector", first)
    particles = block.particles()
    reconstructed = reconstruct(particles, block.partons(), detector, rng)
    tagged = tag(reconstructed, detector, settings.tags, rng)
    jets = reconstructed.jets
    events = {
        "Event": one_per_event({"Number": block.index, "Weight": weights * tagged.factor}),
        "Particle": particle_branch(prune(block.record)),
        "Jet": jagged(
            jets.offsets,
            {**jet_columns(jets), "BTag": tagged.tags, "Flavor": reconstructed.flavor},
        ),
        "Electron": lepton_branch(reconstructed.electrons),
        "Muon": lepton_branch(reconstructed.muons),
        "MissingET": one_per_event({"MET": reconstructed.met, "Phi": reconstructed.met_phi}),
    }
    if settings.gen_jets:
        generator_jets = cluster_generator_jets(particles, detector)
        events["GenJet"] = jagged(generator_jets.offsets, jet_columns(generator_jets))
    kept = tagged.factor > 0
    return {name: array[kept] for name, array in events.items()}


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
