"""Files of an evaluation: a checkpoint and events in, a report out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, write_json
from hh4b.core.joined import split_files
from hh4b.core.logs import progress
from hh4b.spanet.data import read_events
from hh4b.spanet.devices import open_network
from hh4b.spanet.evaluation import add_fold_errors, report
from hh4b.spanet.prediction import predict
from hh4b.spanet.predictor import gather, join_events, open_networks
from hh4b.spanet.settings import SpanetEvaluateSettings


def evaluate_to_file(
    model: Path, dataset: Path, output: Path | None, settings: SpanetEvaluateSettings
) -> dict[str, Any]:
    """Measure a network on the events of a file.

    Args:
        model: checkpoint, or folder of a training.
        dataset: HDF5 file with inputs and targets.
        output: JSON to write, or None.
        settings: where it is computed.

    Returns:
        The report.

    Raises:
        InputFileError: if there is no checkpoint.
        ContractError: if the dataset lacks an input or a target, or holds wrong values.
    """
    network, identity = open_network(model, settings)
    events = read_events(dataset, network.event)
    result = report(network.event, events, predict(network, events))
    if output is not None:
        write_json(output, result, Provenance("spanet evaluate", identity))
    return result


class FoldFiles(NamedTuple):
    """A fold: the network that did not see it, its events, and where its metrics go, if at all."""

    model: Path
    dataset: Path
    metrics: Path | None = None


def parse_fold(text: str) -> FoldFiles:
    """Split ``"MODEL.pt:TESTING.h5:METRICS.json"``, the last to be written, or the first two.

    Raises:
        ConfigError: if there are other than two or three paths.
    """
    names = ("MODEL.pt", "TESTING.h5", "METRICS.json")
    return FoldFiles(*split_files(text, names[:2] if text.count(":") == 1 else names).paths)


def evaluate_folds(
    folds: Sequence[FoldFiles], output: Path, settings: SpanetEvaluateSettings
) -> dict[str, Any]:
    """Measure the networks of folds: each on the events it did not see, and all together.

    Args:
        folds: all, or those that have a network.
        output: JSON to write, of all their events.
        settings: where it is computed.

    Returns:
        The report of these events, with the number of networks as ``n_folds_trained``.

    Raises:
        ConfigError: if there is no fold.
        InputFileError: if there is no checkpoint.
        ContractError: if the networks or the datasets do not fit together.
    """
    if not folds:
        raise ConfigError("no fold; give at least one MODEL.pt:TESTING.h5:METRICS.json")
    networks, identities = open_networks([fold.model for fold in folds], settings)
    event = networks[0].event
    parts, shares, reports, start = [], [], [], 0
    each = zip(folds, networks, identities, strict=True)
    for fold, network, identity in progress(each, total=len(folds), what="folds evaluated"):
        events = read_events(fold.dataset, event)
        found = predict(network, events)
        reports.append(report(event, events, found))
        if fold.metrics is not None:
            made = Provenance("spanet evaluate", identity)
            write_json(fold.metrics, reports[-1], made)
        parts.append(events)
        shares.append((np.arange(start, start + len(events)), found))
        start += len(events)
    result = add_fold_errors(report(event, join_events(parts), gather(shares, start)), reports)
    result["n_folds_trained"] = len(folds)
    write_json(output, result, Provenance("spanet evaluate-folds", {"networks": identities}))
    return result


def report_text(result: dict[str, Any]) -> str:
    """Return a report as a short table."""
    lines = [f"{result['n_events']} events"]
    for name, row in result.get("groups", {}).items():
        cells = (
            f"{key} {value:.4g}" for key, value in row.items()
            if isinstance(value, int | float) and not key.endswith("_error")
        )  # fmt: skip
        lines.append(f"{name:>6} jets: " + ", ".join(cells))
    for name, row in result["classification"].items():
        cells = (f"{key} {value:.4f}" for key, value in row.items() if key in {"accuracy", "auc"})
        lines.append(f"{name}: " + ", ".join(cells))
    for name, row in result.get("regression", {}).items():
        cells = (f"{key} {value:.4g}" for key, value in row.items() if not key.endswith("_error"))
        lines.append(f"{name}: " + ", ".join(cells))
    return "\n".join(lines)
