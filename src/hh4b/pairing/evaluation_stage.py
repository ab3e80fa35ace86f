"""Pairing metrics of files, and pairing efficiency as a function of kappa_lambda."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, PAIRING, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, write_json
from hh4b.core.grouping import count_events
from hh4b.core.parts import part_mask
from hh4b.core.settings import Part
from hh4b.core.shower_events import ShowerEvents, event_index, joined_ids
from hh4b.events.dataset import TARGETS, lacking
from hh4b.pairing.metrics import pairing_metrics
from hh4b.pairing.settings import PairingEvaluationSettings


@dataclass(frozen=True)
class PairedEvents:
    """Truth and prediction of events.

    Attributes:
        targets: shape (event, 2, 2), -1 = lost.
        predicted: shape (event, 2, 2).
        n_jets: number of real jets, shape (event,).
        weights: shape (event,), summing to the number of shower events.
        events: which shower event each row is of, shape (event,); None = each row is one.
    """

    targets: NDArray[np.int64]
    predicted: NDArray[np.int8]
    n_jets: NDArray[np.int64]
    weights: NDArray[np.float64]
    events: NDArray[np.int64] | None = None

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by jet multiplicity."""
        return pairing_metrics(self.targets, self.predicted, self.n_jets, self.weights, self.events)


def load(dataset: Path | str, pairing: Path | str, *, part: Part = "all") -> PairedEvents:
    """Read a dataset and its pairing.

    Weights are scaled to mean 1 in the part, for each shower event, so that samples of very
    different cross sections can be pooled by number of events; a dataset without weights has all
    equal.

    Raises:
        ContractError: if the two do not belong together, or a column is missing.
    """
    optional = [n for n in ("HH4B/weight", "HH4B/split") if n not in lacking(dataset)]
    arrays = read_table(dataset, DATASET, columns=["INPUTS/Source/MASK", *TARGETS, *optional])
    predicted = read_table(pairing, PAIRING, columns=["jets"])["jets"]
    number = len(arrays["INPUTS/Source/MASK"])
    if len(predicted) != number:
        raise ContractError(
            f"{pairing}: {len(predicted)} events, but {dataset} has {number};"
            " pair this dataset again"
        )
    chosen = part_mask(dataset, arrays.get("HH4B/split"), part, number)
    if not chosen.any():
        raise ContractError(f"{dataset}: no event in part {part!r}; take --part all or more events")
    weights = arrays.get("HH4B/weight", np.ones(number))[chosen]
    events = event_index([ShowerEvents.read(dataset)[chosen]])
    targets = np.stack([arrays[name][chosen] for name in TARGETS], axis=1).reshape(-1, 2, 2)
    return PairedEvents(
        targets,
        predicted[chosen],
        arrays["INPUTS/Source/MASK"][chosen].sum(axis=1),
        weights / (weights.mean() if events is None else weights.sum() / count_events(events)),
        events,
    )


def pool(samples: Sequence[PairedEvents]) -> PairedEvents:
    """Concatenate the events of several samples."""
    return PairedEvents(
        np.concatenate([one.targets for one in samples]),
        np.concatenate([one.predicted for one in samples]),
        np.concatenate([one.n_jets for one in samples]),
        np.concatenate([one.weights for one in samples]),
        joined_ids([one.events for one in samples], [len(one.weights) for one in samples]),
    )


def evaluate_files(
    datasets: Sequence[Path],
    pairings: Sequence[Path],
    output: Path,
    settings: PairingEvaluationSettings,
) -> dict[str, Any]:
    """Write the metrics of all given samples together as JSON; return them.

    Raises:
        ConfigError: if there are not as many datasets as pairings.
    """
    _same_number(datasets, pairings)
    samples = [load(d, p, part=settings.part) for d, p in zip(datasets, pairings, strict=True)]
    groups = pool(samples).metrics()
    names = [str(read_attributes(d).get("sample", d.stem)) for d in datasets]
    provenance = Provenance("pair evaluate", {**settings.model_dump(), "samples": names})
    write_json(output, {"groups": groups}, provenance)
    return groups


def efficiency_curve(
    datasets: Sequence[Path],
    pairings: Sequence[Path],
    output: Path,
    settings: PairingEvaluationSettings,
) -> dict[str, list[Any]]:
    """Write the event efficiency of each signal sample against its kappa_lambda as JSON.

    Raises:
        ConfigError: if there are not as many datasets as pairings.
        ContractError: if a dataset does not state its kappa_lambda.
    """
    _same_number(datasets, pairings)
    points = []
    for dataset, pairing in zip(datasets, pairings, strict=True):
        kappa = float(read_attributes(dataset).get("kappa_lambda", np.nan))
        if not np.isfinite(kappa):
            raise ContractError(
                f"{dataset}: attribute 'kappa_lambda' is missing or no number;"
                " ingest the signal with --kappa-lambda"
            )
        total = load(dataset, pairing, part=settings.part).metrics()["total"]
        points.append((kappa, total["event_efficiency"], total["event_efficiency_error"]))
    points.sort(key=lambda point: point[0])
    curve = {
        name: [point[index] for point in points]
        for index, name in enumerate(("kappa_lambda", "event_efficiency", "error"))
    }
    write_json(output, curve, Provenance("pair efficiency-curve", settings.model_dump()))
    return curve


def _same_number(datasets: Sequence[Path], pairings: Sequence[Path]) -> None:
    if len(datasets) != len(pairings) or not datasets:
        raise ConfigError(
            f"{len(datasets)} --dataset and {len(pairings)} --pairing given;"
            " give one pairing for each dataset, in the same order"
        )
