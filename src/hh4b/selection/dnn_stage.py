"""Train the dense network from files and predict to files."""

import csv
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hh4b.core.contracts import FEATURES, read_table
from hh4b.core.files import Provenance, atomic_path, canonical_hash, write_json
from hh4b.core.folds import FoldPart, Folds
from hh4b.core.joined import SampleFiles
from hh4b.core.rows_per_shower import RowDraw, RowsPerShower
from hh4b.selection.checkpoint import MODEL_FILE, load_network, save_network
from hh4b.selection.dnn import DenseNetwork, probability
from hh4b.selection.evaluation import evaluate
from hh4b.selection.samples import read_labelled, signal_kappas
from hh4b.selection.scoring import write_scores
from hh4b.selection.settings import DnnTrainSettings, EvaluationSettings, ScoreSettings
from hh4b.selection.training import Epoch, Trained, summarise, train

log = logging.getLogger(__name__)


def train_to_directory(
    signal: Sequence[str],
    background: Sequence[str],
    directory: Path | str,
    settings: DnnTrainSettings,
) -> Trained:
    """Train on the training events of the samples; write model.pt, metrics.csv, training.json.

    Args:
        signal: ``"[PROCESS=]DATASET.h5:FEATURES.h5"`` of each sample.
        background: the same.
        directory: where the files go; the model is written last.
        settings: of the training.

    Raises:
        ConfigError, ContractError, InputFileError: if the samples cannot be used.
        TrainingFailed: if the training cannot start or diverges.
    """
    weights = settings.background_weights
    draw = RowDraw.of(settings)
    events = read_labelled(
        signal, background, background_weights=weights, folds=settings, draw=draw
    )
    counts = {
        "n_signal": int(events.label.sum()),
        "n_background": int((~events.label).sum()),
        "n_signal_samples": len(signal),
        "n_background_samples": len(background),
    }
    log.info("training on %(n_signal)d signal and %(n_background)d background events", counts)
    trained = train(events, settings, seed=settings.seed)
    options = settings.network()
    decided = {
        **options,
        **FoldPart.of(settings).decided(),
        "background_weights": weights,
        "columns": list(events.columns),
        **RowsPerShower.of(settings).model_dump(exclude_none=True),
        **settings.told(),
    }
    provenance = Provenance("dnn train", decided, seed=settings.seed, counts=counts)
    summary = summarise(trained)
    directory = Path(directory)
    write_curves(directory / "metrics.csv", trained.epochs)
    write_json(
        directory / "training.json",
        {"options": options, "summary": summary, **counts},
        provenance,
    )
    save_network(directory / MODEL_FILE, trained.network, summary, provenance)
    return trained


def evaluate_to_file(
    network: DenseNetwork,
    signal: Sequence[str],
    background: Sequence[str],
    output: Path | str,
    settings: EvaluationSettings,
) -> dict[str, Any]:
    """Write the classifier metrics of a network, as `hh4b evaluate-classifier` does.

    Args:
        network: a trained network.
        signal: ``"[PROCESS=]DATASET.h5:FEATURES.h5"`` of each sample.
        background: the same.
        output: JSON to write.
        settings: of the evaluation.
    """
    kappas = np.array(signal_kappas(signal))

    def read(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        return score_at_kappas(network, read_table(path, FEATURES)["features"], kappas), kappas

    found = evaluate(signal, background, settings, read=read)
    counts = {name: found[name] for name in ("n_signal", "n_background")}
    decided = {**settings.decided(), "network": _digest(network)}
    write_json(output, found, Provenance("dnn train evaluation", decided, counts=counts))
    return found


def _digest(network: DenseNetwork) -> str:
    return canonical_hash({k: v.tolist() for k, v in network.state_dict().items()})


def write_curves(path: Path | str, epochs: Sequence[Epoch]) -> None:
    """Write learning curves as CSV, one row an epoch."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(epochs[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(epochs)


@torch.inference_mode()
def score_at_kappas(
    network: DenseNetwork,
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
    models: Sequence[Path | str], files: SampleFiles, settings: ScoreSettings
) -> int:
    """Write the scores of a feature file at every kappa; return the number of events.

    Args:
        models: directory of `train_to_directory`, or its model.pt; with folds one for each, in
            their order, which scores the events of its fold.
        files: dataset, features with the columns of the training, and scores to write.
        settings: values of the kappa input, and the folds.

    Raises:
        ConfigError: if there are not as many models as folds.
        InputFileError: if a file cannot be read.
        ContractError: if the columns or numbers of events disagree.
    """
    settings.require_models(len(models))
    networks = [load_network(model) for model in models]
    kappas = np.array(settings.kappa_values)
    digests = [_digest(network) for network in networks]
    decided = {
        **Folds.of(settings).decided(),
        "network": digests if settings.folds else digests[0],
        "kappa_lambda": settings.kappa_values,
    }
    scorers = [partial(score_at_kappas, network, kappas=kappas) for network in networks]
    columns = [network.config.columns for network in networks]
    return write_scores(files, columns, scorers, settings, Provenance("dnn predict", decided))
