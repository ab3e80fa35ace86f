"""The signal at one kappa input as three components in kappa_lambda, and their cross sections.

Where every hypothesis is scored at one kappa input, the same events pass at all of them, and with
the cross section c(kappa) = c0 + c1 kappa + c2 kappa^2 of the amplitude that reweights them,

    efficiency(kappa) c(kappa) = Q0 + Q1 kappa + Q2 kappa^2

in every bin. The cross section of a study, s(kappa), need not have the coefficients of the
amplitude. Each component belongs to one of them: expected events go with sum_j Q_j kappa^j s_j/c_j,
a parabola in kappa again, whose sum over all phase space is s(kappa). Multiplying the efficiency by
s(kappa) would give none.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError

Floats = NDArray[np.float64]
#: A bin below zero by less than this share of its largest value is at zero.
_AT_ZERO = 1e-3


def powers(kappa_lambda: Floats) -> Floats:
    """Return kappa^0, kappa^1, kappa^2, shape (K, 3)."""
    return np.vander(np.asarray(kappa_lambda, dtype=np.float64), 3, increasing=True)


def components_of(kappa_lambda: Floats, values: Floats) -> Floats:
    """Return the parabola through values at K hypotheses.

    Args:
        kappa_lambda: at least three values, shape (K,).
        values: shape (K, ...), of parabolas.

    Returns:
        Coefficients of kappa^0, ^1, ^2, shape (3, ...).

    Raises:
        ConfigError: with fewer than three hypotheses.
    """
    if len(np.unique(kappa_lambda)) < 3:
        raise ConfigError(
            f"templates at kappa_lambda {np.asarray(kappa_lambda).tolist()} do not fix the three"
            " components of a signal of one kappa input; make them at three values or more"
        )
    flat = np.asarray(values, dtype=np.float64).reshape(len(kappa_lambda), -1)
    return np.asarray((np.linalg.pinv(powers(kappa_lambda)) @ flat).reshape(3, *values.shape[1:]))


def component_factors(study_fb: Sequence[float], own_fb: Sequence[float]) -> Floats:
    """Return by what each component is multiplied, s_j / c_j, shape (3,).

    Raises:
        ContractError: if the amplitude has no such component.
    """
    study, own = np.asarray(study_fb, dtype=np.float64), np.asarray(own_fb, dtype=np.float64)
    missing = (own == 0) & (study != 0)
    if own.shape != (3,) or not np.isfinite(own).all() or missing.any():
        raise ContractError(
            f"the amplitude's cross section has coefficients {own.tolist()} in kappa_lambda, the"
            f" study's {study.tolist()}; the components do not correspond, make the templates again"
        )
    return np.divide(study, own, out=np.ones(3), where=own != 0)


def mixing(kappa_lambda: Floats, cross_section_fb: Floats, own_fb: Sequence[float]) -> Floats:
    """Return the matrix that takes efficiencies from one cross section to another.

    Args:
        kappa_lambda: hypotheses, shape (K,).
        cross_section_fb: s(kappa) there, shape (K,).
        own_fb: coefficients of c(kappa).

    Returns:
        M of shape (K, K): s(kappa) (M efficiency) are the expected events of the module's formula.

    Raises:
        ConfigError: with fewer than three hypotheses.
        ContractError: if the components do not correspond.
    """
    design = powers(kappa_lambda)
    own = design @ np.asarray(own_fb, dtype=np.float64)
    study = components_of(kappa_lambda, cross_section_fb)
    factors = component_factors(study.tolist(), own_fb)
    to_components = components_of(kappa_lambda, np.diag(own))
    return np.asarray((design * factors) @ to_components / cross_section_fb[:, None])


def mixed(matrix: Floats, values: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Apply a mixing to efficiencies, shape (..., K, B).

    The relative variance of a bin stays: its events are the same, and their shares in it move with
    s_j / c_j, which is near one number for all j.

    Returns:
        Values, which may be negative, and their variances.
    """
    new = matrix @ values
    ratio = np.divide(new, values, out=np.zeros_like(new), where=values > 0)
    return new, variance * ratio**2


def require_positive(values: Floats, kappa_lambda: Floats, where: str) -> Floats:
    """Return values, those that are hardly below zero at zero, shape (K, B).

    Raises:
        ContractError: if interference makes a bin negative.
    """
    share = values + _AT_ZERO * np.abs(values).max(axis=0)
    if (share < 0).any():
        row, place = np.unravel_index(int(share.argmin()), values.shape)
        raise ContractError(
            f"{where}: with the cross section of the study, bin {int(place)} is negative at"
            f" kappa_lambda = {float(kappa_lambda[row]):g}; its coefficients do not belong to the"
            " amplitude's shapes, take cross_section: own or others"
        )
    return np.maximum(values, 0.0)
