"""The events of a block that pass the four-tag cut, as rows of a dataset."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.seeds import stream
from hh4b.events import truth
from hh4b.events.block import Block
from hh4b.events.jets import keep_jets, padded
from hh4b.events.kappa_input import pick_kappa
from hh4b.events.settings import IngestSettings
from hh4b.events.shower_events import EventRuns
from hh4b.events.tags import tag_jets

Columns = dict[str, NDArray[Any]]


@dataclass
class Cutflow:
    """Numbers and summed weights of the events that reach each step.

    An event of several rows counts once; of its weight only the rows that reach the step count.
    """

    events: dict[str, int] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)

    def add(self, step: str, events: int, weight: float) -> None:
        """Count events at a step."""
        self.events[step] = self.events.get(step, 0) + int(events)
        self.weights[step] = self.weights.get(step, 0.0) + float(weight)

    def merge(self, other: "Cutflow") -> None:
        """Add the counts of another cutflow."""
        for step, events in other.events.items():
            self.add(step, events, other.weights[step])

    def as_dict(self) -> dict[str, dict[str, float]]:
        """Return ``{step: {"events", "sum_weights"}}`` in the order of the steps."""
        return {
            step: {"events": events, "sum_weights": self.weights[step]}
            for step, events in self.events.items()
        }


@dataclass(frozen=True)
class Streams:
    """Random streams of one file, each read in the order of the tree, a number a row or jet.

    Rows of one shower event share the number of the first of them.

    Attributes:
        split: what divides events into training and testing.
        kappa: ``HH4B/kappa_draw``.
        tags: own tags.
        events: which rows are of one event.
    """

    split: np.random.Generator
    kappa: np.random.Generator
    tags: np.random.Generator
    events: EventRuns = field(default_factory=EventRuns)

    @classmethod
    def of_file(cls, settings: IngestSettings, index: int, *, varied: bool = False) -> "Streams":
        """Derive the streams from seed, sample and the file's place in the list.

        Args:
            settings: with seed and sample.
            index: place of the file.
            varied: whether the events are those of a variation. Labels of events that only it
                selects come from streams of their own: this entry of the nominal tree is another
                event.
        """
        label = ("variation",) if varied else ()

        def of(*names: str) -> np.random.Generator:
            return stream(settings.seed, str(settings.sample), "ingest", *names, index)

        return cls(of(*label, "split"), of(*label, "kappa"), of("tags"))


def select(
    block: Block, settings: IngestSettings, streams: Streams, cutflow: Cutflow, *, path: str
) -> Columns:
    """Apply jet selection, four-tag cut and truth matching to a block.

    Args:
        block: consecutive events.
        settings: what to select.
        streams: random streams of the file; advanced by every row, selected or not, so that
            nothing depends on the size of the blocks.
        cutflow: counts of the file; the block is added.
        path: name of the file, for errors.

    Returns:
        Columns of ``hh4b.core.contracts.DATASET`` without ``HH4B/source_file``.

    Raises:
        ContractError: for a number that is not finite, a negative weight, or missing H.
    """
    _check_numbers(block, settings, path)
    events, size = streams.events, len(block)
    starts = events.begin(block.number, size)

    def count(step: str, passed: NDArray[np.bool_]) -> None:
        reached = events.reaching(starts, passed, step)
        cutflow.add(step, reached, block.weight[passed].sum())

    count("in_tree", np.ones(size, np.bool_))
    part = events.shared(starts, "split", streams.split.random(size))
    draws = events.shared(starts, "kappa", streams.kappa.random(size)).astype(np.float32)
    tagged = tag_jets(block.jets, settings, streams.tags)
    rows = keep_jets(block.jets, settings)
    n_jets = (rows >= 0).sum(axis=1)
    tags = padded(tagged, rows)
    enough = n_jets >= 4
    count("four_jets", enough)
    enough &= tags.sum(axis=1) >= settings.min_tags
    count("tagged", enough)
    chosen = np.flatnonzero(enough)
    columns = _jet_columns(block, rows[chosen], tags[chosen])
    truth_columns, clear = _truth_columns(block, chosen, columns, settings, path)
    columns |= truth_columns
    kappa_input = told_kappa(draws[chosen], settings)
    columns |= _event_columns(block, chosen, kappa_input, settings)
    columns["HH4B/kappa_draw"] = draws[chosen]
    is_training = part[chosen] < settings.training_fraction
    columns["HH4B/split"] = np.where(is_training, 0, 1).astype(np.int8)
    if settings.matching == "drop_ambiguous":
        columns = {name: values[clear] for name, values in columns.items()}
        enough[chosen[~clear]] = False
        count("unambiguous", enough)
    return columns


def _check_numbers(block: Block, settings: IngestSettings, path: str) -> None:
    broken = block.first_broken(settings.jet_collection)
    if broken:
        raise ContractError(f"{path}: {broken}; remove the event or simulate it again")
    negative = block.weight < 0
    if negative.any() and not settings.allow_negative_weights:
        event = int(np.argmax(negative))
        raise ContractError(
            f"{path}: branch 'Event.Weight' is {block.weight[event]:g} in entry"
            f" {block.first_entry + event}; if negative weights are meant,"
            " say --allow-negative-weights"
        )


def told_kappa(draws: NDArray[np.float32], settings: IngestSettings) -> NDArray[np.float32]:
    """Return what a network is told: the coupling of the signal, a random one for background."""
    if settings.background:
        return pick_kappa(draws, settings.kappa_values)
    kappa = 1.0 if settings.kappa_lambda is None else settings.kappa_lambda
    return np.full(len(draws), kappa, np.float32)


def _jet_columns(block: Block, rows: NDArray[np.int64], tags: NDArray[np.bool_]) -> Columns:
    columns: Columns = {
        f"INPUTS/Source/{leaf.lower()}": padded(block.jets[leaf], rows)
        for leaf in ("PT", "Eta", "Phi", "Mass")
    }
    columns["INPUTS/Source/MASK"] = rows >= 0
    columns["INPUTS/Source/btag"] = tags.astype(np.float32)
    if "Flavor" in block.jets.fields:
        columns["HH4B/jet_flavor"] = padded(block.jets["Flavor"], rows).astype(np.int8)
    return columns


def _truth_columns(
    block: Block,
    chosen: NDArray[np.int64],
    jets: Columns,
    settings: IngestSettings,
    path: str,
) -> tuple[Columns, NDArray[np.bool_]]:
    """Return targets and truth of the H pair, and which events have no ambiguous match."""
    number = len(chosen)
    matched = np.full((number, 4), -1, np.int64)
    ambiguous = np.zeros(number, np.bool_)
    m_hh = np.full(number, np.nan)
    cos_theta_star = np.full(number, np.nan)
    if not settings.background and block.particles is not None:
        pairs = truth.find_higgs_pairs(block.particles)
        truth.require_pairs(pairs, path=path, first_entry=block.first_entry)
        pairs = pairs.at(chosen)
        matched, ambiguous = truth.match_jets(
            block.particles,
            pairs.quarks.reshape(-1, 4),
            jets["INPUTS/Source/eta"],
            jets["INPUTS/Source/phi"],
            jets["INPUTS/Source/MASK"],
        )
        m_hh, cos_theta_star = truth.hard_process_kinematics(block.particles, pairs)
        bad = ~np.isfinite(m_hh + cos_theta_star)
        if bad.any():
            entry = block.first_entry + int(chosen[np.argmax(bad)])
            raise ContractError(
                f"{path}: branch 'Particle.PT', Eta, Phi or Mass of a Higgs boson is not a finite"
                f" number in entry {entry}; simulate it again"
            )
    columns: Columns = {
        f"TARGETS/{name}": matched[:, index]
        for index, name in enumerate(("h1/b1", "h1/b2", "h2/b1", "h2/b2"))
    }
    columns["HH4B/m_hh_truth"] = m_hh.astype(np.float32)
    columns["HH4B/cos_theta_star_truth"] = cos_theta_star.astype(np.float32)
    return columns, ~ambiguous


def _event_columns(
    block: Block,
    chosen: NDArray[np.int64],
    kappa_input: NDArray[np.float32],
    settings: IngestSettings,
) -> Columns:
    number = len(chosen)
    kappa = np.nan if settings.kappa_lambda is None else settings.kappa_lambda
    columns: Columns = {
        "INPUTS/Kappa/kappa": kappa_input,
        "CLASSIFICATIONS/EVENT/signal": np.full(number, int(not settings.background), np.int64),
        "HH4B/weight": block.weight[chosen],
        "HH4B/kappa_lambda": np.full(number, kappa, np.float32),
        "HH4B/source_entry": block.first_entry + chosen,
    }
    measured = {
        "event_number": block.number,
        "met": block.met,
        "met_phi": block.met_phi,
        "n_electrons": block.n_electrons,
        "n_muons": block.n_muons,
    }
    for name, values in measured.items():
        if values is not None:
            columns[f"HH4B/{name}"] = values[chosen]
    return columns
