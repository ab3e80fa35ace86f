"""How often pairings are right on the same events: what the leaderboard shows, and its options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from hh4b.core.contracts import DATASET, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.parts import part_mask
from hh4b.core.settings import Name, Part, Settings
from hh4b.core.strict_json import parse_provenance
from hh4b.events.dataset import lacking
from hh4b.pairing.evaluation_stage import PairedEvents, load
from hh4b.pairing.jets import JET_FIELDS, KeptJets
from hh4b.pairing.leading_jet import four_leading
from hh4b.pairing.metrics import Mean, is_full, right_higgs, weighted_mean
from hh4b.publication.inputs import Inputs
from hh4b.publication.sample_sizes import count_file

Right = NDArray[np.bool_]
#: What a choice of jets allows at best, by key: its label.
CEILINGS = {
    "best_of_four_leading": "best possible, four leading tagged jets",
    "best_of_tagged": "best possible, tagged jets",
    "best_of_all": "best possible, all kept jets",
}


class LeaderboardSettings(Settings):
    """Options of the table and of the figure."""

    series: dict[str, list[Name]] = Field(
        {},
        description="pairings that differ by the number of training events, by the name of what"
        " they have in common",
    )
    training_events: dict[Name, int] = Field(
        {},
        description="number of training events of pairings by functions; those of SPANet2 are"
        " counted",
    )
    reference: Name | None = Field(
        None, description="pairing that the others are compared with, event by event; null = none"
    )
    part: Part = Field("testing", description="events that count")

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [name for group in self.series.values() for name in group]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"series: {name!r} stands there twice")
        return self

    def names(self) -> list[str]:
        """Return every pairing that the options name, each once."""
        named = [name for group in self.series.values() for name in group]
        more = [self.reference] if self.reference else []
        return list(dict.fromkeys([*named, *self.training_events, *more]))

    def series_of(self, pairing: str) -> str | None:
        """Return the series that a pairing is in."""
        found = (name for name, group in self.series.items() if pairing in group)
        return next(found, None)


@dataclass(frozen=True)
class KappaEvents:
    """The events of one sample whose four quarks have a jet each.

    Attributes:
        kappa_lambda: of the sample.
        right: whether each pairing is right, by its key, shape (event,); ceilings are among them.
        weights: shape (event,).
        events: shower event of each row, shape (event,); None = each row is one.
        fraction: share of these among all events of the sample.
        source: dataset, as ``folder/name``.
        configuration_hash: of the dataset.
    """

    kappa_lambda: float
    right: Mapping[str, Right]
    weights: NDArray[np.float64]
    events: NDArray[np.int64] | None
    fraction: Mean
    source: str
    configuration_hash: str

    def efficiency(self, key: str) -> Mean:
        """Return how often a pairing is right."""
        return weighted_mean(self.right[key], self.weights, self.events)

    def difference(self, key: str, reference: str) -> Mean:
        """Return how much more often it is right than another one, of the same events."""
        values = self.right[key].astype(float) - self.right[reference]
        return weighted_mean(values, self.weights, self.events)


def read_samples(inputs: Inputs, options: LeaderboardSettings) -> list[KappaEvents]:
    """Read datasets and pairings, in rising kappa_lambda.

    Args:
        inputs: ``dataset`` and each pairing once for every sample, in the same order; keys that end
            in ``.training`` are not pairings.
        options: which events count, and names that must be among the pairings.

    Raises:
        ConfigError: if the numbers of files differ, or the options name another pairing.
        ContractError: if a dataset does not state its kappa_lambda, two state the same, or a file
            does not belong to its dataset.
    """
    keys = pairing_keys(inputs)
    for name in options.names():
        if name not in keys:
            raise ConfigError(
                f"{inputs.what}: the options name {name!r}, which is none of the pairings:"
                f" {', '.join(keys)}"
            )
    datasets = inputs.many("dataset")
    for key in keys:
        if len(inputs.many(key)) != len(datasets):
            raise ConfigError(
                f"{inputs.what}: {len(inputs.many(key))} files of {key!r} for {len(datasets)}"
                " datasets; give one for each, in the same order"
            )
    found = [
        _read(dataset, {key: inputs.many(key)[index] for key in keys}, options.part)
        for index, dataset in enumerate(datasets)
    ]
    found.sort(key=lambda one: one.kappa_lambda)
    for one, other in pairwise(found):
        if one.kappa_lambda == other.kappa_lambda:
            raise ContractError(
                f"{inputs.what}: {one.source} and {other.source} are both of"
                f" kappa_lambda = {one.kappa_lambda:g}"
            )
    return found


def pairing_keys(inputs: Inputs) -> list[str]:
    """Return the keys of pairings.

    Raises:
        ConfigError: if there is none.
    """
    keys = [key for key in inputs.files if key != "dataset" and not key.endswith(".training")]
    if not keys:
        raise ConfigError(f"{inputs.what}: no pairing among the inputs")
    return keys


def training_sizes(inputs: Inputs, options: LeaderboardSettings) -> dict[str, int]:
    """Return the number of training events by pairing: counted in files, or as the options say."""
    found = dict(options.training_events)
    for key in inputs.files:
        if key.endswith(".training"):
            total = count_file(inputs.one(key))["total"].value
            found[key.removesuffix(".training")] = round(total or 0)
    return found


def mean_of(values: Sequence[Mean]) -> Mean:
    """Return the mean of independent values, each counting the same.

    It is None if a value is missing, and so is its error if an error is.
    """
    numbers = [one.value for one in values if one.value is not None]
    errors = [one.error for one in values if one.error is not None]
    if len(numbers) < len(values) or not values:
        return Mean(None, None)
    known = len(errors) == len(values)
    error = float(np.sqrt(np.sum(np.square(errors)))) / len(values) if known else None
    return Mean(float(np.mean(numbers)), error)


def _read(dataset: Path, pairings: Mapping[str, Path], part: Part) -> KappaEvents:
    attributes = read_attributes(dataset)
    kappa = float(attributes.get("kappa_lambda", np.nan))
    if not np.isfinite(kappa):
        raise ContractError(
            f"{dataset}: attribute 'kappa_lambda' is missing or no number;"
            " ingest the signal with --kappa-lambda"
        )
    paired = {key: load(dataset, path, part=part) for key, path in pairings.items()}
    first = next(iter(paired.values()))
    full = is_full(first.targets)
    right = {key: _right(one)[full] for key, one in paired.items()}
    ids = None if first.events is None else first.events[full]
    return KappaEvents(
        kappa,
        right | _best(_jets(dataset, part), first.targets[full], full),
        first.weights[full],
        ids,
        weighted_mean(full, first.weights, first.events),
        "/".join(dataset.parts[-2:]),
        str(parse_provenance(attributes, dataset).get("configuration_hash", "")),
    )


def _right(paired: PairedEvents) -> Right:
    return np.asarray(right_higgs(paired.targets, paired.predicted) == 2)


def _jets(dataset: Path, part: Part) -> KeptJets:
    split = [name for name in ("HH4B/split",) if name not in lacking(dataset)]
    table = read_table(dataset, DATASET, columns=[*JET_FIELDS.values(), *split])
    jets = KeptJets(**{field: table[name] for field, name in JET_FIELDS.items()})
    chosen = part_mask(dataset, table.get("HH4B/split"), part, len(jets.valid))
    return jets.take(np.flatnonzero(chosen))


def _best(jets: KeptJets, targets: NDArray[np.int64], full: Right) -> dict[str, Right]:
    """Return in which events the right jets are among those that a pairing may look at."""
    jets = jets.take(np.flatnonzero(full))
    wanted = np.sort(targets.reshape(-1, 4), axis=1)
    rows, four = four_leading(jets)
    leading = np.zeros(len(wanted), np.bool_)
    leading[rows] = (np.sort(four, axis=1) == wanted[rows]).all(axis=1)
    tagged = np.take_along_axis(jets.btag > 0.5, wanted, axis=1).all(axis=1)
    found = (leading, np.asarray(tagged), np.ones(len(wanted), np.bool_))
    return dict(zip(CEILINGS, found, strict=True))
