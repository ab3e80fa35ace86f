"""Closure of the reweighting: a sample against the prediction of all the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2 as chi_squared

from hh4b.core.errors import ContractError
from hh4b.core.kappa import same_kappa
from hh4b.statistics.templates import (
    CutAndBins,
    SignalEvents,
    direct_signal_template,
    signal_template,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Closure:
    """Comparison of two independent templates of the same kappa_lambda.

    Attributes:
        direct: efficiency from the sample of that kappa_lambda, shape (B,).
        reweighted: efficiency from all other samples, shape (B,).
        variance: of their difference, shape (B,).
    """

    direct: Floats
    reweighted: Floats
    variance: Floats

    @property
    def chi2(self) -> float:
        """Sum of squared differences over variance."""
        used = self.variance > 0
        return float(np.sum((self.direct - self.reweighted)[used] ** 2 / self.variance[used]))

    @property
    def degrees_of_freedom(self) -> int:
        """Number of bins with events."""
        return int((self.variance > 0).sum())

    @property
    def probability(self) -> float:
        """Probability of a larger chi2 if the two agree."""
        return float(chi_squared.sf(self.chi2, self.degrees_of_freedom))


def closure(
    samples: Sequence[SignalEvents],
    kappa_lambda: float,
    selection: CutAndBins,
    cross_section: Floats,
) -> Closure:
    """Compare the sample of one kappa_lambda with the reweighted others, which share no event.

    Raises:
        ConfigError: if there is no sample at that kappa_lambda.
        ContractError: if there is no other.
    """
    direct = direct_signal_template(samples, kappa_lambda, selection)
    others = [sample for sample in samples if not same_kappa(sample.kappa_lambda, kappa_lambda)]
    if not others:
        raise ContractError("closure needs signal samples of more than one kappa_lambda")
    reweighted = signal_template(others, kappa_lambda, selection, cross_section)
    return Closure(
        direct.sum_weights,
        reweighted.sum_weights,
        direct.sum_weights_squared + reweighted.sum_weights_squared,
    )
