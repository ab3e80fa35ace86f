"""Files of an evaluation: a checkpoint and events in, a report out."""

from pathlib import Path
from typing import Any

from hh4b.core.files import Provenance, write_json
from hh4b.spanet.data import read_events
from hh4b.spanet.devices import open_network
from hh4b.spanet.evaluation import report
from hh4b.spanet.prediction import predict
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
    return "\n".join(lines)
