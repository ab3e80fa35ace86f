"""Read embedding vectors of SPANet2, analyse them, and write what they hold as JSON."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hh4b.core import contracts
from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance, write_json
from hh4b.core.joined import split_files
from hh4b.publication.embeddings import (
    EmbeddedEvents,
    Floats,
    correlations,
    embedding_map,
    principal_components,
)
from hh4b.publication.event_columns import event_weights, feature_names
from hh4b.spanet.settings import EmbeddingSettings

VECTORS = "EMBEDDINGS/EVENT"
CLASSES = {"signal": 1, "background": 0}


def read_embedded(triples: Sequence[str]) -> EmbeddedEvents:
    """Read ``DATASET.h5:PREDICTION.h5:FEATURES.h5`` of several samples.

    Weights have mean 1 in each sample, and both classes get the same sum. Events without a pairing
    are left out.

    Raises:
        ConfigError: if a text is no triple.
        ContractError: if files do not belong together or the prediction holds no vectors.
    """
    parts = [_read_one(text) for text in triples]
    names = parts[0].names
    if any(part.names != names for part in parts):
        raise ContractError(f"{triples[0]}: the feature files have different columns")
    vectors, features, signal, weights = (
        np.concatenate([getattr(part, field) for part in parts])
        for field in ("vectors", "features", "signal", "weights")
    )
    weights = weights.copy()
    for kind in (True, False):
        chosen = signal == kind
        if chosen.any():
            weights[chosen] /= weights[chosen].sum()
    return EmbeddedEvents(vectors, features, names, signal, weights)


def _read_one(text: str) -> EmbeddedEvents:
    dataset, prediction, feature_file = split_files(
        text, ("DATASET", "PREDICTION", "FEATURES")
    ).paths
    with contracts.open_table(prediction) as file:
        if VECTORS not in file:
            raise ContractError(f"{prediction}: no {VECTORS}; predict with --output-vectors")
        vectors = np.asarray(file[VECTORS][()], dtype=float)
    columns = ["CLASSIFICATIONS/EVENT/signal"]
    signal = contracts.read_table(dataset, contracts.DATASET, columns=columns)[columns[0]] == 1
    features = contracts.read_table(feature_file, contracts.FEATURES)["features"].astype(float)
    weights = event_weights(dataset)
    if not len(vectors) == len(signal) == len(features):
        raise ContractError(
            f"{text}: {len(signal)}, {len(vectors)} and {len(features)} events; predict again"
        )
    paired = np.isfinite(features).all(axis=1)
    return EmbeddedEvents(
        vectors[paired],
        features[paired],
        tuple(feature_names(feature_file)),
        signal[paired],
        weights[paired] / weights[paired].mean(),
    )


def write_embeddings(
    triples: Sequence[str], output: Path | str, settings: EmbeddingSettings
) -> None:
    """Analyse embedding vectors and write the result as JSON.

    Args:
        triples: ``DATASET.h5:PREDICTION.h5:FEATURES.h5`` of each sample.
        output: JSON file.
        settings: how much is computed.

    Raises:
        ContractError: if a class is missing, or the files cannot be used.
    """
    events = read_embedded(triples)
    if events.signal.all() or not events.signal.any():
        raise ContractError(f"{triples[0]} …: only one class of events; give signal and background")
    share, projected = principal_components(events.vectors, events.weights)
    first = projected[:, : settings.correlated]
    groups = {"all": np.ones(len(first), dtype=bool)}
    groups |= {name: events.signal == bool(code) for name, code in CLASSES.items()}
    found = {}
    for name, chosen in groups.items():
        r, error = correlations(first[chosen], events.features[chosen], events.weights[chosen])
        found[name] = {"value": _nullable(r), "error": _nullable(error)}
    write_json(
        output,
        {
            "n_events": len(first),
            "dimension": events.vectors.shape[1],
            "variance_ratio": share[: settings.components],
            "features": list(events.names),
            "correlation": found,
            "map": embedding_map(events, settings),
        },
        Provenance(
            "embeddings",
            {"components": settings.components, "points": settings.points},
            seed=settings.seed,
            counts={"n_signal": int(events.signal.sum()), "n_events": len(first)},
        ),
    )


def _nullable(table: Floats) -> list[list[float | None]]:
    return [[None if np.isnan(value) else float(value) for value in row] for row in table]
