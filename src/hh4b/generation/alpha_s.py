"""The strong coupling at one loop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class AlphaS:
    """One-loop running with a fixed number of flavours.

    alpha_s(Q) = alpha / (1 + alpha b0 ln(Q^2 / m_Z^2)) with b0 = (33 - 2 n_f) / (12 pi)
    (Gross and Wilczek; Politzer 1973; Eq. (9.5) of the Review of Particle Physics' QCD chapter).

    Attributes:
        at_m_z: value at ``m_z_gev``; 0.130 belongs to the default parton densities.
        m_z_gev: reference scale in GeV.
        n_flavours: active flavours, not changed at thresholds.
    """

    at_m_z: float = 0.130
    m_z_gev: float = 91.188
    n_flavours: int = 5

    def __call__(self, q_gev: ArrayLike) -> NDArray[np.float64]:
        """Return alpha_s at the scales ``q_gev`` in GeV.

        >>> float(AlphaS()(91.188))
        0.13
        """
        b0 = (33 - 2 * self.n_flavours) / (12 * np.pi)
        logarithm = 2.0 * np.log(np.asarray(q_gev, dtype=np.float64) / self.m_z_gev)
        return np.asarray(self.at_m_z / (1.0 + self.at_m_z * b0 * logarithm))
