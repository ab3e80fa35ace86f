"""When two values of kappa_lambda are the same, and how they are written in names."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Values closer than this, relative to 1 + |kappa|, are the same: files keep them in single
#: precision, in which 2.4 is 2.4000000954.
TOLERANCE = 1e-5


def same_kappa(first: ArrayLike, second: ArrayLike) -> NDArray[np.bool_]:
    """Return whether values of kappa_lambda are the same, element by element.

    >>> bool(same_kappa(2.4, np.float32(2.4))), bool(same_kappa(1, 1.001))
    (True, False)
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return np.asarray(np.abs(first - second) <= TOLERANCE * (1 + np.abs(second)))


def kappa_name(kappa_lambda: float) -> str:
    """Return a value as it stands in names of files, samples and measurements.

    >>> kappa_name(-5.0), kappa_name(2.4)
    ('-5', '2.4')
    """
    return f"{kappa_lambda:g}"
