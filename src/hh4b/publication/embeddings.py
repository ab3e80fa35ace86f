"""What the embedding vectors of SPANet2 hold: principal components, correlations, clusters.

Principal components are the eigenvectors of the covariance matrix of the vectors, sorted by
variance (Pearson 1901). Both classes count the same, so that the result does not depend on how many
events of each were simulated.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.seeds import derive_seed, stream
from hh4b.spanet.settings import EmbeddingSettings

Floats = NDArray[np.float64]


class EmbeddedEvents(NamedTuple):
    """Vectors (N, D), observables (N, F) with their names, class (N,), weight (N,)."""

    vectors: Floats
    features: Floats
    names: tuple[str, ...]
    signal: NDArray[np.bool_]
    weights: Floats


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


def embedding_map(events: EmbeddedEvents, settings: EmbeddingSettings) -> dict[str, Any]:
    """Return a t-SNE map of some events, and k-means clusters with their silhouette scores.

    t-SNE: van der Maaten and Hinton, JMLR 9 (2008) 2579; silhouette: Rousseeuw, J. Comput. Appl.
    Math. 20 (1987) 53. Points are drawn with both classes equally likely.
    """
    from sklearn.cluster import KMeans
    from sklearn.manifold import TSNE
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rng = stream(settings.seed, "embeddings", "points")
    size = min(settings.points, len(events.vectors))
    chance = events.weights / events.weights.sum()
    size = min(size, int((chance > 0).sum()))
    rows = rng.choice(len(chance), size, replace=False, p=chance)
    spread = events.vectors.std(axis=0)
    points = (events.vectors[rows] - events.vectors.mean(axis=0)) / np.where(spread > 0, spread, 1)
    seed = derive_seed(settings.seed, "embeddings", "clusters", bits=31)
    scores = {}
    # One thread: equal sums in equal order, so equal files.
    with threadpool_limits(1):
        for count in settings.clusters:
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
