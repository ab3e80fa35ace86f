"""Particle events of other generators as a sample: what `hh4b take-particles` does."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance
from hh4b.core.grouping import effective_events
from hh4b.detector.particles import Floats
from hh4b.generation.taken_events import (
    require_enough,
    require_one_process,
    require_same_names,
    require_signs,
)
from hh4b.simulation.hepmc_event import read_hepmc_events
from hh4b.simulation.hepmc_weights import FileWeights, survey
from hh4b.simulation.particle_index import IndexedFile, ParticleIndex
from hh4b.simulation.particle_records import in_file, is_taken
from hh4b.simulation.settings import TakeParticlesSettings

log = logging.getLogger(__name__)
#: Events of each file that are looked at here; the others are when they are simulated.
_LOOKED_AT = 20


@dataclass(frozen=True)
class _Source:
    """A file, and what is taken from it.

    Attributes:
        path: the file.
        found: its weights.
        factor: on its weights.
        weights: of the events taken, factor included, shape (N,).
    """

    path: str
    found: FileWeights
    factor: float
    weights: Floats


def take_particles(files: Sequence[str], output: Path, settings: TakeParticlesSettings) -> None:
    """Write the index of a sample of particle events: files, numbers of events, weights.

    Weights of a file that states a cross section are scaled so that their mean, signs included, is
    that; otherwise they are taken as they are. All events are read, for their weights and to find
    a file that is cut; the particles of the first ones only.

    Args:
        files: HepMC files of version 2 or 3, plain or packed by gzip or zstd, of one process.
        output: index to write (.json).
        settings: what is taken, and what it is for.

    Raises:
        InputFileError: if a file is missing, damaged, or there are too few events.
        ContractError: if the events are not what the settings ask for.
    """
    sources = list(_sources(files, settings))
    taken = np.concatenate([source.weights for source in sources])
    require_enough(files, len(taken), settings.events)
    _require_one_sample(sources)
    index = ParticleIndex(
        files=tuple(
            IndexedFile(
                source.path, Path(source.path).stat().st_size, len(source.weights), source.factor
            )
            for source in sources
        ),
        weight=sources[0].found.counts,
        sqrt_s_tev=settings.sqrt_s_tev,
        higgs_pairs=settings.higgs_pairs,
        only_bottom_decays=settings.only_bottom_decays,
        leading_order=settings.kappa_reweighting,
    )
    for source in sources:
        for number, event in enumerate(islice(read_hepmc_events(source.path), _LOOKED_AT)):
            is_taken(event, index, in_file(source.path, number))
    sums = sum(source.factor * source.found.sums for source in sources)
    stated = [source.found.cross_section_pb for source in sources]
    counts = {
        "n_events": len(taken),
        "n_negative": int((taken < 0).sum()),
        "n_effective": effective_events(taken),
        "sum_weights": float(taken.sum()),
        "mean_weight": float(taken.mean()),
    }
    names = sources[0].found.names
    more = {
        "cross_section_pb": counts["mean_weight"] if stated[0] is not None else None,
        "weights": [
            {"name": name, "sum": value}
            for name, value in zip(names, np.asarray(sums).tolist(), strict=True)
        ],
    }
    decided = {**settings.model_dump(mode="json", exclude={"events"}), "weight_names": list(names)}
    index.write(output, more, Provenance("take particles", decided, counts=counts))
    log.info(
        "%d events of %d files: %d with negative weights, %.1f effective ones; the files state %s",
        len(taken), len(sources), counts["n_negative"], counts["n_effective"],
        "no cross section" if stated[0] is None else f"{taken.mean():g} pb",
    )  # fmt: skip


def _sources(files: Sequence[str], settings: TakeParticlesSettings) -> Iterator[_Source]:
    """Read the weights of the files until there are enough events."""
    left = settings.events
    for path in files:
        if left == 0:
            log.info("%s: not needed, enough events were before it", path)
            continue
        found = survey(path, settings.weight, left)
        mean = float(found.nominal.mean())
        if not mean > 0:
            raise ContractError(
                f"{path}: the weights of {len(found.nominal)} events sum to"
                f" {found.nominal.sum():g}; signed weights must have a positive sum, take more"
                " events or another file"
            )
        factor = 1.0 if found.cross_section_pb is None else found.cross_section_pb / mean
        weights = factor * found.nominal[:left]
        require_signs(path, weights, allowed=settings.allow_negative_weights)
        left = None if left is None else left - len(weights)
        yield _Source(path, found, factor, weights)


def _require_one_sample(sources: Sequence[_Source]) -> None:
    require_same_names([(source.path, source.found.names) for source in sources])
    first = sources[0]
    for source in sources:
        if source.found.names != first.found.names:
            raise ContractError(
                f"{source.path} and {first.path}: their weights stand in another order"
            )
        if (source.found.cross_section_pb is None) != (first.found.cross_section_pb is None):
            raise ContractError(
                f"{source.path} and {first.path}: only one of them states a cross section; files of"
                " one sample have weights of one normalisation"
            )
    # Without a cross section, weights of one convention have nearly the same mean.
    require_one_process([
        (source.path, source.factor * float(source.found.nominal.mean())) for source in sources
    ])  # fmt: skip
