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
from hh4b.core.parts import folds_of_networks, part_mask
from hh4b.core.settings import Part
from hh4b.core.shower_events import ShowerEvents, event_index, joined_ids
from hh4b.events.dataset import TARGETS, lacking
from hh4b.pairing.metrics import TRAINED, pairing_metrics
from hh4b.pairing.settings import PairingEvaluationSettings
from hh4b.training.error_parts import trainings_of_folds, with_fold_errors


@dataclass(frozen=True)
class PairedEvents:
    """Truth and prediction of events.

    Attributes:
        targets: shape (event, 2, 2), -1 = lost.
        predicted: shape (event, 2, 2).
        n_jets: number of real jets, shape (event,).
        weights: shape (event,), summing to the number of shower events.
        events: which shower event each row is of, shape (event,); None = each row is one.
        folds: of each event, shape (event,), where networks of folds paired; else None.
        networks: how many folds these are, 0 = no folds.
    """

    targets: NDArray[np.int64]
    predicted: NDArray[np.int8]
    n_jets: NDArray[np.int64]
    weights: NDArray[np.float64]
    events: NDArray[np.int64] | None = None
    folds: NDArray[np.int8] | None = None
    networks: int = 0

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by jet multiplicity; with folds the errors hold the training."""
        found = self._of_events()
        if self.folds is None:
            return found
        folds = [self._rows(self.folds == fold)._of_events() for fold in range(self.networks)]
        return {
            group: with_fold_errors(row, [fold[group] for fold in folds], TRAINED)
            for group, row in found.items()
        }

    def _of_events(self) -> dict[str, Any]:
        return pairing_metrics(self.targets, self.predicted, self.n_jets, self.weights, self.events)

    def _rows(self, rows: NDArray[np.bool_]) -> "PairedEvents":
        return PairedEvents(
            self.targets[rows],
            self.predicted[rows],
            self.n_jets[rows],
            self.weights[rows],
            None if self.events is None else self.events[rows],
        )


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
    shower, folds = ShowerEvents.read(dataset)[chosen], folds_of_networks(pairing)
    events = event_index([shower])
    targets = np.stack([arrays[name][chosen] for name in TARGETS], axis=1).reshape(-1, 2, 2)
    return PairedEvents(
        targets,
        predicted[chosen],
        arrays["INPUTS/Source/MASK"][chosen].sum(axis=1),
        weights / (weights.mean() if events is None else weights.sum() / count_events(events)),
        events,
        shower.folds(folds) if folds.folds else None,
        folds.folds,
    )


def pool(samples: Sequence[PairedEvents]) -> PairedEvents:
    """Concatenate the events of several samples.

    Raises:
        ContractError: if networks of other folds paired them.
    """
    networks = {one.networks for one in samples}
    if len(networks) > 1:
        raise ContractError(
            f"pairings are of networks of {sorted(networks)} folds; pair all with the same"
        )
    folds = [one.folds for one in samples if one.folds is not None]
    return PairedEvents(
        np.concatenate([one.targets for one in samples]),
        np.concatenate([one.predicted for one in samples]),
        np.concatenate([one.n_jets for one in samples]),
        np.concatenate([one.weights for one in samples]),
        joined_ids([one.events for one in samples], [len(one.weights) for one in samples]),
        np.concatenate(folds) if folds else None,
        networks.pop(),
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
) -> dict[str, Any]:
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
        paired = load(dataset, pairing, part=settings.part)
        points.append((kappa, paired.metrics()["total"], paired.networks))
    points.sort(key=lambda point: point[0])
    totals = [total for _, total, _ in points]
    curve: dict[str, Any] = {
        "kappa_lambda": [kappa for kappa, _, _ in points],
        "event_efficiency": [total["event_efficiency"] for total in totals],
        "error": [total["event_efficiency_error"] for total in totals],
    }
    if all(networks for _, _, networks in points):
        parts = [total["event_efficiency_error_parts"] for total in totals]
        curve["error_parts"] = {
            name: [part[name] for part in parts] for name in ("events", "training")
        }
        curve["trainings"] = trainings_of_folds(points[0][2])
    write_json(output, curve, Provenance("pair efficiency-curve", settings.model_dump()))
    return curve


def _same_number(datasets: Sequence[Path], pairings: Sequence[Path]) -> None:
    if len(datasets) != len(pairings) or not datasets:
        raise ConfigError(
            f"{len(datasets)} --dataset and {len(pairings)} --pairing given;"
            " give one pairing for each dataset, in the same order"
        )
