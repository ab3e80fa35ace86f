"""The kappa_lambda that a network is told: what background gets, and what each value weighs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.kappa import kappa_name


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


def balanced_weights(
    weight: NDArray[np.floating],
    kappa: NDArray[np.floating],
    label: NDArray[np.integer],
    *,
    where: str,
    lenient: bool = False,
) -> NDArray[np.float64]:
    """Scale weights so that a kappa input tells nothing about the class of an event.

    At each kappa input every class has the same sum of weights, and every kappa input has the same
    total. The mean is 1. Within a class at one kappa input, weights keep their ratios.

    Args:
        weight: of the events, shape (N,).
        kappa: kappa input of the events, shape (N,).
        label: class of the events, shape (N,). One class alone is balanced over the kappa inputs.
        where: what the events are of, for errors.
        lenient: give weight 0 to the kappa inputs that lack a class, instead of an error.

    Returns:
        Shape (N,).

    Raises:
        ContractError: if a class is unknown, or is missing or without weight at a kappa input.

    >>> balanced_weights(np.ones(4), np.array([1, 1, 5, 5]), np.array([1, 0, 1, 0]), where="x")
    array([1., 1., 1., 1.])
    """
    if (label < 0).any():
        raise ContractError(f"{where}: kappa_balance: {(label < 0).sum()} events of unknown class")
    kappas, column = np.unique(kappa, return_inverse=True)
    classes, row = np.unique(label, return_inverse=True)
    cell = row.reshape(-1) * len(kappas) + column.reshape(-1)
    sums = np.bincount(cell, weights=weight, minlength=len(classes) * len(kappas))
    fine = (sums.reshape(len(classes), len(kappas)) > 0).all(axis=0)
    if not fine.any() or not (lenient or fine.all()):
        missing = kappas[~fine].tolist()
        counts = np.bincount(cell, minlength=len(sums)).reshape(len(classes), -1)
        told = counts[:, ~fine][:, 0].tolist()
        raise ContractError(
            f"{where}: kappa_balance: kappa input {kappa_name(missing[0])} has {told} events of the"
            f" classes {classes.tolist()}, and every class needs events with weight at each of"
            " the inputs; give more events, or train without this value"
        )
    factor = np.zeros_like(sums)
    used = np.tile(fine, len(classes))
    factor[used] = len(weight) / used.sum() / sums[used]
    return np.asarray(weight * factor[cell], dtype=np.float64)
