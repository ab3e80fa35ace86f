"""Profiled fits at fixed kappa_lambda, many at once.

-2 ln L is zero for a perfect fit at the auxiliary values:

    2 sum_i (n_i - d_i + d_i ln(d_i / n_i)) + sum_k (alpha_k - a_k)^2

over bins i and constrained parameters k. Where a bin would expect less than nothing it is inf, so
that no step goes there; nothing is clipped. Each row is a fit of its own from its own start, so
that results do not depend on the other rows or on the number of threads.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import ContractError, FitFailed
from hh4b.likelihood.expectation import CompiledModel, as_rows
from hh4b.likelihood.kernel import ModelArrays, make_work
from hh4b.likelihood.minimise import CONVERGED, Limits, Results, Rows, fit_rows
from hh4b.likelihood.slow_fits import fit_again

__all__ = [
    "CompiledModel",
    "FixedFits",
    "FreeMuFits",
    "fit_fixed",
    "fit_free_mu",
    "require_converged",
]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FixedFits:
    """Fits at fixed kappa_lambda and mu.

    Attributes:
        minus_2_log_l: at the minimum over all parameters, (N,).
        alpha: parameters there, (N, P).
        converged: (N,); `require_converged` makes an error of it.
        mu_slope: derivative of the profiled -2 ln L in mu, (N,).
        covariance: of the parameters, from the exact Hessian, (N, P, P); zero for those that are
            fixed or at a bound; None if it was not asked for.
    """

    minus_2_log_l: Floats
    alpha: Floats
    converged: NDArray[np.bool_]
    mu_slope: Floats
    covariance: Floats | None = None


@dataclass(frozen=True)
class FreeMuFits:
    """Fits at fixed kappa_lambda with mu free.

    Attributes:
        minus_2_log_l: at the minimum, (N,).
        mu: there, (N,).
        alpha: other parameters, (N, P).
        converged: (N,).
        covariance: of the parameters and, last, mu, (N, P + 1, P + 1), or None.
    """

    minus_2_log_l: Floats
    mu: Floats
    alpha: Floats
    converged: NDArray[np.bool_]
    covariance: Floats | None = None


def require_converged(fits: FixedFits | FreeMuFits, what: str) -> None:
    """Refuse fits that did not converge.

    Args:
        fits: of `fit_fixed` or `fit_free_mu`.
        what: was fitted, for the message.

    Raises:
        FitFailed: saying how many did not converge.
    """
    failed = int((~fits.converged).sum())
    if failed:
        where = int(np.argmin(fits.converged))
        reason = (
            "a bin would expect less than nothing; merge bins"
            if np.isinf(fits.minus_2_log_l[where])
            else "loosen or merge what moves the same bins"
        )
        raise FitFailed(
            f"{what}: {failed} of {len(fits.converged)} fits did not converge, first number"
            f" {where} ({reason})"
        )


def fit_fixed(  # noqa: PLR0913
    compiled: CompiledModel,
    kappa: ArrayLike,
    mu: ArrayLike,
    data: ArrayLike,
    auxiliary: ArrayLike = 0.0,
    start: ArrayLike | None = None,
    *,
    fixed: NDArray[np.bool_] | None = None,
    covariance: bool = False,
    threads: int = 1,
) -> FixedFits:
    """Minimise -2 ln L over all parameters at fixed kappa_lambda and mu.

    Args:
        compiled: the model.
        kappa: kappa_lambda, shape (N,) or a number.
        mu: signal strengths, shape (N,) or a number.
        data: counts, (B,) or (N, B).
        auxiliary: centres of the Gaussians, (P,) or (N, P); those of free parameters do nothing.
        start: parameters at the start, (P,) or (N, P); None for nominal ones.
        fixed: parameters that stay at the start, (P,).
        covariance: whether to return it.
        threads: how many share the rows; results do not depend on it.

    Raises:
        ContractError: if shapes or counts mean nothing.
    """
    results = _fit(
        compiled,
        compiled.arrays,
        (kappa, mu, data),
        _columns(auxiliary, compiled.n_parameters),
        _columns(compiled.nominal if start is None else start, compiled.n_parameters),
        Limits(compiled.lower, compiled.upper, _movable(compiled, fixed)),
        covariance=covariance,
        threads=threads,
    )
    return FixedFits(
        results.value,
        results.alpha,
        results.status == CONVERGED,
        results.slope,
        results.covariance if covariance else None,
    )


def fit_free_mu(  # noqa: PLR0913
    compiled: CompiledModel,
    kappa: ArrayLike,
    data: ArrayLike,
    auxiliary: ArrayLike = 0.0,
    start: ArrayLike | None = None,
    *,
    mu_start: ArrayLike = 1.0,
    non_negative: bool = True,
    fixed: NDArray[np.bool_] | None = None,
    covariance: bool = False,
    threads: int = 1,
) -> FreeMuFits:
    """Minimise -2 ln L over mu and all parameters at fixed kappa_lambda.

    Args:
        compiled: the model.
        kappa: kappa_lambda, shape (N,) or a number.
        data: counts, (B,) or (N, B).
        auxiliary: centres of the Gaussians, (P,) or (N, P).
        start: parameters at the start, (P,) or (N, P); None for nominal ones.
        mu_start: mu at the start, (N,) or a number.
        non_negative: whether mu is kept from falling below 0.
        fixed: parameters that stay at the start, (P,).
        covariance: whether to return it.
        threads: how many share the rows.

    Raises:
        ContractError: if shapes or counts mean nothing.
    """
    parameters = _columns(compiled.nominal if start is None else start, compiled.n_parameters)
    strengths = np.asarray(mu_start, np.float64).reshape(-1, 1)
    length = max(len(parameters), len(strengths))
    starts = np.hstack(
        [
            np.broadcast_to(parameters, (length, compiled.n_parameters)),
            np.broadcast_to(strengths, (length, 1)),
        ]
    )
    centres = _columns(auxiliary, compiled.n_parameters)
    results = _fit(
        compiled,
        compiled.arrays_with_mu,
        (kappa, 1.0, data),
        np.hstack([centres, np.zeros((len(centres), 1))]),
        starts,
        Limits(
            np.append(compiled.lower, 0.0 if non_negative else -np.inf),
            np.append(compiled.upper, np.inf),
            np.append(_movable(compiled, fixed), 1),
        ),
        covariance=covariance,
        threads=threads,
    )
    return FreeMuFits(
        results.value,
        np.ascontiguousarray(results.alpha[:, -1]),
        np.ascontiguousarray(results.alpha[:, :-1]),
        results.status == CONVERGED,
        results.covariance if covariance else None,
    )


def _columns(values: ArrayLike, width: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0:
        array = np.full(width, float(array))
    array = np.atleast_2d(array)
    if array.shape[1] != width or not np.isfinite(array).all():
        raise ContractError(f"{width} finite parameters are needed a fit, got {array.shape}")
    return np.array(array, order="C")


def _movable(compiled: CompiledModel, fixed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    if fixed is None:
        return np.ones(compiled.n_parameters, dtype=np.int64)
    return (~np.asarray(fixed, dtype=bool)).astype(np.int64)


def _fit(
    compiled: CompiledModel,
    arrays: ModelArrays,
    what: tuple[ArrayLike, ArrayLike, ArrayLike],
    auxiliary: Floats,
    start: Floats,
    limits: Limits,
    *,
    covariance: bool,
    threads: int,
) -> Results:
    counts = np.array(np.atleast_2d(np.asarray(what[2], dtype=np.float64)), order="C")
    if counts.shape[1] != compiled.n_bins or not (np.isfinite(counts) & (counts >= 0)).all():
        raise ContractError(
            f"data of shape {counts.shape}: {compiled.n_bins} counts a fit are needed, finite and"
            " not negative"
        )
    kappas, strengths = as_rows(what[0], what[1])
    length = max(len(kappas), len(counts), len(auxiliary), len(start))
    for name, size in (
        ("kappa_lambda or mu", len(kappas)),
        ("data", len(counts)),
        ("auxiliary values", len(auxiliary)),
        ("starts", len(start)),
    ):
        if size not in (1, length):
            raise ContractError(f"{size} rows of {name} for {length} fits")
    if len(kappas) != length:
        kappas, strengths = (np.repeat(one, length) for one in (kappas, strengths))
    width = len(limits.lower)
    rows = Rows(kappas, strengths, counts, auxiliary)
    results = Results(
        np.array(np.broadcast_to(start, (length, width)), order="C"),
        np.empty(length),
        np.empty(length),
        np.empty(length, dtype=np.int64),
        np.zeros((length if covariance else 0, width, width)),
    )
    _share(arrays, limits, rows, results, threads)
    failed = np.flatnonzero(results.status != CONVERGED)
    if len(failed):
        fit_again(arrays, limits, rows, results, failed)
    return results


def _share(arrays: ModelArrays, limits: Limits, rows: Rows, results: Results, threads: int) -> None:
    length = len(rows.kappa)
    if threads <= 1 or length < 2 * threads:
        fit_rows(arrays, make_work(arrays), limits, rows, results, 0, length)
        return
    # Pieces smaller than a thread's share, since some fits take longer than others.
    ends = np.linspace(0, length, min(length, 8 * threads) + 1).astype(int)

    def work(piece: int) -> None:
        first, last = int(ends[piece]), int(ends[piece + 1])
        fit_rows(arrays, make_work(arrays), limits, rows, results, first, last)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(len(ends) - 1)))
