"""What the embedding vectors of SPANet2 hold: principal components, correlations, clusters.

Principal components are the eigenvectors of the covariance matrix of the vectors, sorted by
variance (Pearson 1901). Both classes count the same, so that the result does not depend on how many
events of each were simulated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core import contracts
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, write_json
from hh4b.core.seeds import derive_seed, stream
from hh4b.publication.event_files import event_weights, feature_names

Floats = NDArray[np.float64]
VECTORS = "EMBEDDINGS/EVENT"
CLASSES = {"signal": 1, "background": 0}


@dataclass(frozen=True)
class EmbeddingOptions:
    """How much is computed.

    Attributes:
        components: principal components whose variance is given.
        correlated: first components that are correlated with the observables.
        points: events of the two-dimensional map and of the silhouette scores.
        clusters: numbers of clusters that k-means tries.
        seed: of the choice of points, the map and the clusters.
    """

    components: int = 10
    correlated: int = 3
    points: int = 600
    clusters: tuple[int, ...] = (2, 3, 4, 5, 6)
    seed: int = 1


class EmbeddedEvents(NamedTuple):
    """Vectors (N, D), observables (N, F) with their names, class (N,), weight (N,)."""

    vectors: Floats
    features: Floats
    names: tuple[str, ...]
    signal: NDArray[np.bool_]
    weights: Floats


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
    paths = text.split(":")
    if len(paths) != 3 or not all(paths):
        raise ConfigError(f"{text!r} are not three files; want DATASET:PREDICTION:FEATURES")
    dataset, prediction, feature_file = paths
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


def principal_components(vectors: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the share of the variance by component (D,), and the projections (N, D).

    The sign of a component is chosen such that its largest coefficient is positive.
    """
    centred = vectors - np.average(vectors, axis=0, weights=weights)
    covariance = (centred * weights[:, None]).T @ centred / weights.sum()
    values, directions = np.linalg.eigh(covariance)
    values, directions = np.maximum(values[::-1], 0.0), directions[:, ::-1]
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(directions.shape[1])])
    return values / values.sum(), centred @ directions


def correlations(components: Floats, features: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return Pearson's correlation of components (N, C) with features (N, F), and its error (C, F).

    The error is (1 - r²)/√n with n = (Σw)²/Σw². Where a feature is constant, r is not a number.
    """
    x = components - np.average(components, axis=0, weights=weights)
    y = features - np.average(features, axis=0, weights=weights)
    norm = np.outer(
        np.sqrt(np.average(x**2, axis=0, weights=weights)),
        np.sqrt(np.average(y**2, axis=0, weights=weights)),
    )
    product = (x * weights[:, None]).T @ y / weights.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(norm > 1e-12 * norm.max(initial=0.0), product / norm, np.nan)
    number = weights.sum() ** 2 / (weights**2).sum()
    return r, (1 - r**2) / np.sqrt(number)


def embedding_map(events: EmbeddedEvents, options: EmbeddingOptions) -> dict[str, Any]:
    """Return a t-SNE map of some events, and k-means clusters with their silhouette scores.

    t-SNE: van der Maaten and Hinton, JMLR 9 (2008) 2579; silhouette: Rousseeuw, J. Comput. Appl.
    Math. 20 (1987) 53. Points are drawn with both classes equally likely.
    """
    from sklearn.cluster import KMeans
    from sklearn.manifold import TSNE
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rng = stream(options.seed, "embeddings", "points")
    size = min(options.points, len(events.vectors))
    chance = events.weights / events.weights.sum()
    size = min(size, int((chance > 0).sum()))
    rows = rng.choice(len(chance), size, replace=False, p=chance)
    spread = events.vectors.std(axis=0)
    points = (events.vectors[rows] - events.vectors.mean(axis=0)) / np.where(spread > 0, spread, 1)
    seed = derive_seed(options.seed, "embeddings", "clusters", bits=31)
    scores = {}
    # One thread: equal sums in equal order, so equal files.
    with threadpool_limits(1):
        for count in options.clusters:
            labels = KMeans(count, n_init=4, random_state=seed).fit_predict(points)
            scores[str(count)] = float(silhouette_score(points, labels))
        place = TSNE(
            2, perplexity=min(30.0, (size - 1) / 3), init="pca", max_iter=500, random_state=seed
        ).fit_transform(points)
    return {
        "x": place[:, 0],
        "y": place[:, 1],
        "signal": events.signal[rows].astype(int),
        "silhouette": scores,
        "silhouette_by_class": float(silhouette_score(points, events.signal[rows])),
    }


def write_embeddings(
    triples: Sequence[str], output: Path | str, options: EmbeddingOptions | None = None
) -> None:
    """Analyse embedding vectors and write the result as JSON.

    Args:
        triples: ``DATASET.h5:PREDICTION.h5:FEATURES.h5`` of each sample.
        output: JSON file.
        options: how much is computed.

    Raises:
        ContractError: if a class is missing, or the files cannot be used.
    """
    options = options or EmbeddingOptions()
    events = read_embedded(triples)
    if events.signal.all() or not events.signal.any():
        raise ContractError(f"{triples[0]} …: only one class of events; give signal and background")
    share, projected = principal_components(events.vectors, events.weights)
    first = projected[:, : options.correlated]
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
            "variance_ratio": share[: options.components],
            "features": list(events.names),
            "correlation": found,
            "map": embedding_map(events, options),
        },
        Provenance(
            "embeddings",
            {"components": options.components, "points": options.points},
            seed=options.seed,
            counts={"n_signal": int(events.signal.sum()), "n_events": len(first)},
        ),
    )


def _nullable(table: Floats) -> list[list[float | None]]:
    return [[None if np.isnan(value) else float(value) for value in row] for row in table]
