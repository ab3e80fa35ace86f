"""What detectors make of showered events, as rows of the tree."""

from collections.abc import Sequence
from typing import NamedTuple

import awkward as ak
import numpy as np

from hh4b.core.seeds import stream
from hh4b.detector.particles import Floats, Integers
from hh4b.detector.response import Reconstructed, cluster_generator_jets
from hh4b.detector.settings import DetectorSettings
from hh4b.detector.shared_response import Detectors
from hh4b.detector.tagging import combine_tags, draw_tags, tag_probabilities, weigh_tags
from hh4b.detector.tree import (
    jagged,
    jet_columns,
    lepton_branch,
    one_per_event,
    particle_branch,
)
from hh4b.detector.truth import prune
from hh4b.simulation.settings import ShowerChoice, SimulateSettings
from hh4b.simulation.shower import ShowerBlock

Branches = dict[str, ak.Array]


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


class Version(NamedTuple):
    """A detector that showers go through, the nominal one or a variation.

    Attributes:
        settings: those of a job that makes this tree alone.
        detector: card of the detector with its changes.
    """

    settings: SimulateSettings
    detector: DetectorSettings


class EventRows:
    """Showered events to rows of the trees of all versions."""

    def __init__(self, versions: Sequence[Version]) -> None:
        """Find out which steps the versions share.

        Args:
            versions: of the same sample, seed and tags.
        """
        self._versions = tuple(versions)
        self._detectors = Detectors([version.detector for version in versions])

    def of_block(self, block: ShowerBlock, weights: Floats) -> list[Branches]:
        """Return the branches of the rows of a block; rows of one shower follow one another.

        Args:
            block: showered events.
            weights: of the parton events, shape (event,).

        Returns:
            One set of branches for each version.
        """
        particles, partons = block.particles(), block.partons()
        truth = particle_branch(prune(block.record))
        draws: list[list[tuple[TaggedRows, Branches]]] = [[] for _ in self._versions]
        for draw in range(max(v.settings.detector_draws for v in self._versions)):
            chosen = [
                place
                for place, version in enumerate(self._versions)
                if draw < version.settings.detector_draws
            ]
            rng = _detector_stream(block, self._versions[0].settings, draw)
            responses = self._detectors.reconstruct(particles, partons, rng, chosen)
            for place, (reconstructed, behind) in responses.items():
                version = self._versions[place]
                rows = tag(reconstructed, version.detector, version.settings, behind)
                draws[place].append((rows, _measured(reconstructed, rows)))
        result = []
        for version, made in zip(self._versions, draws, strict=True):
            event, events = _joined(block, weights, made)
            events["Particle"] = truth[event]
            if version.settings.gen_jets:
                jets = cluster_generator_jets(particles, version.detector)
                events["GenJet"] = jagged(jets.offsets, jet_columns(jets))[event]
            result.append(events)
        return result


def _detector_stream(
    block: ShowerBlock, settings: SimulateSettings, draw: int
) -> np.random.Generator:
    """Return the stream of a draw of the detector; the first does not depend on their number."""
    first = int(block.index[0]) if len(block.index) else 0
    label = ("draw", draw) if draw else ()
    return stream(settings.seed, settings.sample, "detector", first, *label)


def _measured(reconstructed: Reconstructed, rows: TaggedRows) -> Branches:
    """Return the branches of what a detector measures."""
    jets = reconstructed.jets
    columns = {**jet_columns(jets), "Flavor": reconstructed.flavor}
    return {
        "Jet": ak.with_field(jagged(jets.offsets, columns)[rows.event], rows.tags, "BTag"),
        "Electron": lepton_branch(reconstructed.electrons)[rows.event],
        "Muon": lepton_branch(reconstructed.muons)[rows.event],
        "MissingET": one_per_event({"MET": reconstructed.met, "Phi": reconstructed.met_phi})[
            rows.event
        ],
    }


def _joined(
    block: ShowerBlock, weights: Floats, draws: Sequence[tuple[TaggedRows, Branches]]
) -> tuple[Integers, Branches]:
    """Join the draws of the detector; return the event of each row, and the branches."""
    event = np.concatenate([rows.event for rows, _ in draws])
    factor = np.concatenate([rows.factor for rows, _ in draws]) / len(draws)
    order = np.argsort(event, kind="stable")
    event = event[order]
    events = {
        "Event": one_per_event(
            {"Number": block.index[event], "Weight": weights[event] * factor[order]}
        )
    }
    for name in draws[0][1]:
        events[name] = ak.concatenate([branches[name] for _, branches in draws])[order]
    return event, events
