"""Train the dense network from files and predict to files."""

import csv
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hh4b.core.contracts import FEATURES, SCORES, TableWriter, open_table, read_table
from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance, atomic_path, canonical_hash, write_json
from hh4b.selection.checkpoint import MODEL_FILE, load_network, save_network
from hh4b.selection.dnn import Network, probability
from hh4b.selection.evaluation import evaluate
from hh4b.selection.options import TrainingOptions
from hh4b.selection.samples import read_columns, read_events, signal_kappas
from hh4b.selection.training import Epoch, Trained, summarise, train

log = logging.getLogger(__name__)


def train_to_directory(
    signal: Sequence[str],
    background: Sequence[str],
    directory: Path | str,
    options: TrainingOptions,
    *,
    seed: int,
) -> Trained:
    """Train on the training events of the samples; write model.pt, metrics.csv, training.json.

    Args:
        signal: pairs ``"DATASET.h5:FEATURES.h5"``.
        background: the same.
        directory: where the files go; the model is written last.
        options: of the training.
        seed: of the training.

    Raises:
        ConfigError, ContractError, InputFileError: if the samples cannot be used.
        TrainingFailed: if the training cannot start or diverges.
    """
    events = read_events(signal, background, part="training")
    counts = {
        "n_signal": int(events.label.sum()),
        "n_background": int((~events.label).sum()),
        "n_signal_samples": len(signal),
        "n_background_samples": len(background),
    }
    log.info("training on %(n_signal)d signal and %(n_background)d background events", counts)
    trained = train(events, options, seed=seed)
    settings = {**options.model_dump(), "columns": list(events.columns)}
    provenance = Provenance("dnn train", settings, seed=seed, counts=counts)
    summary = summarise(trained)
    directory = Path(directory)
    write_curves(directory / "metrics.csv", trained.epochs)
    write_json(
        directory / "training.json",
        {"options": options.model_dump(), "summary": summary, **counts},
        provenance,
    )
    save_network(directory / MODEL_FILE, trained.network, summary, provenance)
    return trained


def evaluate_to_file(
    network: Network, signal: Sequence[str], background: Sequence[str], output: Path | str
) -> dict[str, Any]:
    """Write the classifier metrics of the testing events, as `hh4b evaluate-classifier` does.

    Args:
        network: a trained network.
        signal: pairs ``"DATASET.h5:FEATURES.h5"``.
        background: the same.
        output: JSON to write.
    """
    kappas = np.array(signal_kappas(signal))

    def read(path: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        return score_at_kappas(network, read_table(path, FEATURES)["features"], kappas), kappas

    found = evaluate(signal, background, part="testing", read=read)
    counts = {name: found[name] for name in ("n_signal", "n_background")}
    settings = {"part": "testing", "network": _digest(network)}
    write_json(output, found, Provenance("dnn train evaluation", settings, counts=counts))
    return found


def _digest(network: Network) -> str:
    return canonical_hash({k: v.tolist() for k, v in network.state_dict().items()})


def write_curves(path: Path | str, epochs: Sequence[Epoch]) -> None:
    """Write learning curves as CSV, one row an epoch."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(epochs[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(epochs)


@torch.inference_mode()
def score_at_kappas(
    network: Network,
    features: NDArray[np.float32],
    kappas: NDArray[np.float64],
    *,
    rows_at_once: int = 4096,
) -> NDArray[np.float32]:
    """Return the signal probability of every event at every kappa.

    Args:
        network: a trained network.
        features: shape (event, F); events with a NaN (no pairing) score 0, they are not selected.
        kappas: values of the kappa input, shape (K,).
        rows_at_once: events times kappas in memory at a time; small enough for the cache.

    Returns:
        Shape (event, K).
    """
    scores = np.zeros((len(features), len(kappas)), dtype=np.float32)
    paired = np.flatnonzero(np.isfinite(features).all(axis=1))
    inputs = torch.from_numpy(features[paired])
    values = torch.from_numpy(kappas.astype(np.float32))
    step = max(1, rows_at_once // max(1, len(kappas)))
    for start in range(0, len(paired), step):
        logits = network.at_kappas(inputs[start : start + step], values)
        scores[paired[start : start + step]] = probability(logits).numpy()
    return scores


def predict_to_file(
    model: Path | str,
    features_path: Path | str,
    output_path: Path | str,
    kappas: NDArray[np.float64],
    *,
    dataset_path: Path | str | None = None,
    chunk_rows: int = 65536,
) -> int:
    """Write the scores of a feature file at every kappa; return the number of events.

    Args:
        model: directory of `train_to_directory`, or its model.pt.
        features_path: file of contract `FEATURES` with the columns of the training.
        output_path: file of contract `SCORES` to write.
        kappas: values of the kappa input, shape (K,).
        dataset_path: the dataset of the features, to check that the events agree in number.
        chunk_rows: events read at a time.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if the columns or numbers of events disagree.
    """
    network = load_network(model)
    columns = read_columns(features_path)
    if columns != network.config.columns:
        raise ContractError(
            f"{features_path} has the columns {columns}, the network of {model} wants"
            f" {network.config.columns}; make the features as for its training"
        )
    rows = count_rows(features_path, dataset_path)
    with TableWriter(output_path, SCORES) as writer, open_table(features_path) as file:
        for start in range(0, max(rows, 1), chunk_rows):
            part = file["features"][start : start + chunk_rows]
            score = score_at_kappas(network, part, kappas)
            writer.append({"kappa_lambda": kappas, "score": score})
        settings = {"network": _digest(network), "kappa_lambda": kappas.tolist()}
        writer.set_attributes(Provenance("dnn predict", settings, counts={"n_events": rows}))
    log.info("%s: %d events at %d kappas", output_path, rows, len(kappas))
    return rows


def count_rows(features_path: Path | str, dataset_path: Path | str | None) -> int:
    """Return the number of events of a feature file, checked against its dataset.

    Raises:
        ContractError: if they differ.
    """
    with open_table(features_path) as file:
        if "features" not in file:
            read_table(features_path, FEATURES)  # names the missing column
        rows = len(file["features"])
    if dataset_path is not None:
        with open_table(dataset_path) as file:
            name = "INPUTS/Source/pt"
            if name not in file:
                raise ContractError(f"{dataset_path}: column {name!r} is missing; no dataset")
            if len(file[name]) != rows:
                raise ContractError(
                    f"{features_path} has {rows} events, {dataset_path} has {len(file[name])};"
                    " make the features again"
                )
    return rows
