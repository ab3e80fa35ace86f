"""The quadratic signal by its values at chosen kappa_lambda, as files of others want it.

Exchange formats hold samples, and samples want to be positive. S(kappa) = S_0 + S_1 kappa + S_2
kappa^2 has components of either sign, but is itself an expectation, and three of its values fix it
(Lagrange): S(kappa) = sum_k L_k(kappa) S(kappa_k).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.kappa import kappa_name
from hh4b.likelihood.model import LikelihoodModel

Floats = NDArray[np.float64]


def powers(kappas: Sequence[float] | Floats) -> Floats:
    """Return 1, kappa, kappa^2 in rows, shape (K, 3)."""
    return np.asarray(kappas, dtype=np.float64)[:, None] ** np.arange(3)


def lagrange(kappas: Sequence[float] | Floats) -> Floats:
    """Return the matrix (3, K) that makes components of values at ``kappas`` (least squares).

    Raises:
        ContractError: if the values do not fix a quadratic.
    """
    matrix = powers(kappas)
    if np.linalg.matrix_rank(matrix) < 3:
        raise ContractError(
            f"a signal at {len(matrix)} values of kappa_lambda fixes no quadratic; three different"
            " ones are needed"
        )
    return np.asarray(np.linalg.pinv(matrix))


def check_kappas(kappas: Sequence[float]) -> None:
    """Refuse an empty list and values with the same name.

    Raises:
        ConfigError: naming the value.
    """
    names = [kappa_name(kappa) for kappa in kappas]
    double = sorted({name for name in names if names.count(name) > 1})
    if double or not names:
        raise ConfigError(
            f"kappa_lambda {double[0]} stands twice; give each value once"
            if double
            else "no kappa_lambda is given; give at least one"
        )


def signal_at(model: LikelihoodModel, kappas: Sequence[float]) -> Floats:
    """Return the expected signal at mu = 1, shape (K, B).

    Raises:
        ContractError: if a bin is negative, which interference can make of few events; naming
            kappa_lambda, channel and bin.
    """
    values = powers(kappas) @ model.signal
    # What rounding leaves of a bin without signal is none.
    scale = np.abs(powers(kappas)) @ np.abs(model.signal)
    values = np.where(np.abs(values) <= 1e-12 * scale, 0.0, values)
    for row, kappa in zip(values, kappas, strict=True):
        for channel in model.channels:
            inside = row[model.bins_of(channel.name)]
            if (inside < 0).any():
                number = int(np.argmax(inside < 0))
                raise ContractError(
                    f"signal at kappa_lambda = {kappa:g} is {inside[number]:.3g} in bin {number} of"
                    f" channel {channel.name}; leave this kappa_lambda out, or join the bin to a"
                    " neighbour"
                )
    return np.asarray(values)
