"""A chunk of a sample: Les Houches events through shower and detector into a Delphes tree."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, GeneratorFailed
from hh4b.core.files import Provenance
from hh4b.core.logs import progress
from hh4b.core.seeds import stream
from hh4b.detector.particles import Floats
from hh4b.detector.response import Reconstructed, cluster_generator_jets, reconstruct
from hh4b.detector.settings import DetectorSettings
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
from hh4b.simulation.shower import BLOCK_EVENTS, ShowerBlock, shower

log = logging.getLogger(__name__)

Tags = Literal["draw", "weight"]
#: Status of the incoming partons of the hard process.
_INCOMING = 21


@dataclass(frozen=True)
class Chunk:
    """A piece of work.

    Attributes:
        partons: Les Houches file.
        sample: name of the sample; part of the random streams' names.
        first: first event of the file.
        n_events: number of events, None = to the end of the file.
        seed: seed of the study.
        tags: draw tags, or weigh events by their chance of passing (see `hh4b.detector.tagging`).
        gen_jets: write jets of generator particles.
        pythia_commands: further Pythia settings.
    """

    partons: Path
    sample: str
    first: int = 0
    n_events: int | None = None
    seed: int = 1
    tags: Tags = "draw"
    gen_jets: bool = False
    pythia_commands: tuple[str, ...] = ()


class Tagged(NamedTuple):
    """Tags of the jets of a block, and the factor on each event's weight (0 = dropped)."""

    tags: NDArray[np.bool_]
    factor: Floats


def simulate(chunk: Chunk, settings: DetectorSettings, output: Path | str) -> dict[str, Any]:
    """Shower and reconstruct a chunk, and write its tree.

    Random streams are named by seed, sample and block of events: a chunk that starts at a multiple
    of the block size gives the same events whatever its length and however many jobs run.

    Returns:
        The counts: ``n_generated`` and ``sum_weights_generated`` (events that came through the
        shower), ``n_failed`` (given up by Pythia), ``n_written`` and ``sum_weights_written``.

    Raises:
        InputFileError: if the Les Houches file is missing, cut or too short.
        ContractError: if there is no event to simulate.
        GeneratorFailed: if Pythia fails.
    """
    partons = read_lhe(chunk.partons, chunk.first, chunk.n_events).events
    count = len(partons)
    if count <= 0:
        raise ContractError(f"{chunk.partons}: no events from {chunk.first} on; nothing to do")
    counts: dict[str, Any] = {
        "n_generated": 0, "sum_weights_generated": 0.0, "n_failed": 0,
        "n_written": 0, "sum_weights_written": 0.0,
    }  # fmt: skip
    showered = shower(
        chunk.partons, first=chunk.first, count=count, seed=chunk.seed, labels=(chunk.sample,),
        commands=chunk.pythia_commands,
    )  # fmt: skip
    with TreeWriter(output, gen_jets=chunk.gen_jets) as writer:
        for block in progress(showered, total=count, what="events", size=BLOCK_EVENTS):
            _require_same_events(block, partons, chunk)
            weights = partons.weights[block.index - chunk.first]
            counts["n_generated"] += len(weights)
            counts["sum_weights_generated"] += float(weights.sum())
            counts["n_failed"] += block.n_failed
            events = _process(block, weights, chunk, settings)
            counts["sum_weights_written"] += float(ak.sum(events["Event"].Weight))
            writer.append(events)
        counts["n_written"] = writer.n_written
        writer.set_provenance(_provenance(chunk, settings, counts))
    log.info(
        "%s: %d events generated, %d failed, %d written",
        chunk.sample, counts["n_generated"], counts["n_failed"], counts["n_written"],
    )  # fmt: skip
    return counts


def tag(
    reconstructed: Reconstructed, settings: DetectorSettings, tags: Tags, rng: np.random.Generator
) -> Tagged:
    """Tag the jets of a block."""
    jets = reconstructed.jets
    pt, eta = jets.pt, jets.eta
    probability = tag_probabilities(settings.b_tagging.active, pt, eta, reconstructed.flavor)
    if tags == "draw":
        return Tagged(draw_tags(probability, rng), np.ones(len(jets.offsets) - 1))
    condition = settings.tag_weights
    accepted = (pt > condition.pt_min_gev) & (np.abs(eta) < condition.abs_eta_max)
    return Tagged(*weigh_tags(jets.offsets, probability, accepted, condition, rng))


def _process(
    block: ShowerBlock, weights: Floats, chunk: Chunk, settings: DetectorSettings
) -> dict[str, ak.Array]:
    """Return the branches of the events of a block that are to be written."""
    name = (chunk.seed, chunk.sample, "detector", int(block.index[0]) if len(block.index) else 0)
    rng = stream(*name)
    particles = block.particles()
    reconstructed = reconstruct(particles, block.partons(), settings, rng)
    tagged = tag(reconstructed, settings, chunk.tags, rng)
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
    if chunk.gen_jets:
        generator_jets = cluster_generator_jets(particles, settings)
        events["GenJet"] = jagged(generator_jets.offsets, jet_columns(generator_jets))
    kept = tagged.factor > 0
    return {name: array[kept] for name, array in events.items()}


def _require_same_events(block: ShowerBlock, partons: LheEvents, chunk: Chunk) -> None:
    """Check by the energy of the incoming partons that weights and events belong together."""
    record = block.record
    incoming = np.flatnonzero(record.status == _INCOMING)
    energy = np.bincount(
        np.searchsorted(record.offsets, incoming, side="right") - 1,
        record.momenta[3, incoming],
        minlength=record.n_events,
    )
    rows = block.index - chunk.first
    expected = np.where(partons.status[rows] == -1, partons.momenta[rows, :, 0], 0.0).sum(axis=1)
    wrong = np.abs(energy - expected) > 1e-3 * expected
    if wrong.any():
        raise GeneratorFailed(
            f"Pythia's event {block.index[wrong][0]} is not that of {chunk.partons}:"
            " it skipped events; report the file"
        )


def _provenance(chunk: Chunk, settings: DetectorSettings, counts: dict[str, Any]) -> Provenance:
    return Provenance(
        stage="simulate",
        settings={
            "sample": chunk.sample,
            "first": chunk.first,
            "n_events": chunk.n_events,
            "tags": chunk.tags,
            "gen_jets": chunk.gen_jets,
            "pythia_commands": list(chunk.pythia_commands),
            "detector": settings.model_dump(mode="json"),
        },
        seed=chunk.seed,
        counts=counts,
    )
