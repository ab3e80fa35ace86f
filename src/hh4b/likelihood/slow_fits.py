"""The slow path: fits that the compiled Newton method does not finish, by SciPy.

First a start is looked for at which no bin expects less than nothing, then -2 ln L is minimised by
L-BFGS-B, and the fast fit goes on from there. It decides whether the result has converged.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize

from hh4b.likelihood.kernel import (
    ModelArrays,
    Work,
    make_work,
    minus_2_log_l,
    prepare,
    set_derivatives,
    set_expected,
)
from hh4b.likelihood.minimise import TOO_LONG, Limits, Results, Rows, fit_rows

Floats = NDArray[np.float64]
#: How often a fit goes on that has not come to its end, as in the narrow valleys of large counts.
TIMES = 20


def fit_again(
    arrays: ModelArrays,
    limits: Limits,
    rows: Rows,
    results: Results,
    failed: Sequence[int] | NDArray[np.intp],
) -> None:
    """Do some of the fits once more, in place of their results.

    Args:
        arrays: the model.
        limits: of the parameters.
        rows: the fits.
        results: of the fast fits; what failed is written over.
        failed: which rows.
    """
    work = make_work(arrays)
    free = np.flatnonzero(limits.movable)
    for row in map(int, failed):
        prepare(arrays, work, rows.kappa[row])
        data = rows.data[row % len(rows.data)]
        auxiliary = rows.auxiliary[row % len(rows.auxiliary)]
        alpha = results.alpha[row].copy()
        mu = float(rows.mu[row])
        if np.isinf(minus_2_log_l(arrays, work, data, auxiliary, mu, alpha)):
            alpha = _feasible(arrays, work, limits, mu, alpha, free)
        alpha = _descend(arrays, work, limits, (data, auxiliary, mu), alpha, free)
        results.alpha[row] = alpha
        for _ in range(TIMES):
            fit_rows(arrays, work, limits, rows, results, row, row + 1)
            if results.status[row] != TOO_LONG:
                break


def _bounds(limits: Limits, free: NDArray[np.intp]) -> Bounds:
    return Bounds(limits.lower[free], limits.upper[free], keep_feasible=True)


def _feasible(
    arrays: ModelArrays,
    work: Work,
    limits: Limits,
    mu: float,
    alpha: Floats,
    free: NDArray[np.intp],
) -> Floats:
    """Look for parameters at which every bin expects something."""

    def lack(values: Floats) -> float:
        trial = alpha.copy()
        trial[free] = values
        set_expected(arrays, work, mu, trial)
        return float(np.sum(np.maximum(1e-3 - work.expected, 0.0) ** 2))

    if len(free) == 0:
        return alpha
    found = minimize(lack, alpha[free], method="L-BFGS-B", bounds=_bounds(limits, free))
    alpha = alpha.copy()
    alpha[free] = np.clip(found.x, limits.lower[free], limits.upper[free])
    return alpha


def _descend(
    arrays: ModelArrays,
    work: Work,
    limits: Limits,
    what: tuple[Floats, Floats, float],
    alpha: Floats,
    free: NDArray[np.intp],
) -> Floats:
    data, auxiliary, mu = what

    def value(values: Floats) -> tuple[float, Floats]:
        trial = alpha.copy()
        trial[free] = values
        found = minus_2_log_l(arrays, work, data, auxiliary, mu, trial)
        if np.isinf(found):
            return 1e300, np.zeros(len(free))
        set_derivatives(arrays, work, data, auxiliary, mu, trial, False)
        return float(found), work.gradient[free].copy()

    if len(free) == 0 or value(alpha[free])[0] >= 1e300:
        return alpha
    found = minimize(
        value, alpha[free], jac=True, method="L-BFGS-B", bounds=_bounds(limits, free),
        # The usual tolerance is relative to -2 ln L, so that a flat stretch would be the end.
        options={"maxiter": 2000, "maxfun": 20000, "ftol": 1e-14, "gtol": 1e-8},
    )  # fmt: skip
    alpha = alpha.copy()
    alpha[free] = np.clip(found.x, limits.lower[free], limits.upper[free])
    return alpha
