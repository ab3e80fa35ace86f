"""The kappa_lambda that a network is told for background, which has none of its own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pick_kappa(draws: NDArray[np.floating], values: Sequence[float]) -> NDArray[np.float32]:
    """Pick one of ``values`` for every event, all equally likely.

    Datasets keep the draw, not the pick: when the list of a training changes, its background
    follows without being made again.

    Args:
        draws: uniform numbers in [0, 1), shape (N,), from ``HH4B/kappa_draw``.
        values: the list of kappa_lambda of the signal that the background stands against.

    Returns:
        Shape (N,).

    >>> pick_kappa(np.array([0.1, 0.7]), [5, -1]).tolist()
    [-1.0, 5.0]
    """
    ordered = np.unique(np.asarray(values, dtype=np.float32))
    # A draw just below one becomes one in single precision.
    index = np.minimum((draws * len(ordered)).astype(np.int64), len(ordered) - 1)
    return np.asarray(ordered[index])
