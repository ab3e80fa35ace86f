"""The strong coupling at one loop."""

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import ConfigError

# Names of sets say the value, as NNPDF23_lo_as_0130_qed does; their grids do not.
_IN_NAME = re.compile(r"_as_(\d)(\d+)")


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
        logarithm = 2.0 * np.log(np.asarray(q_gev, dtype=np.float64) / self.m_z_gev)
        return np.asarray(self.at_m_z / (1.0 + self.at_m_z * self._b0 * logarithm))

    @classmethod
    def of_set(cls, pdf_name: str) -> Self:
        """Return the coupling that belongs to a set of parton densities, by the set's name.

        It runs at one loop like that of the amplitudes, whatever the order of the set.

        Raises:
            ConfigError: if the name does not say the value at m_Z.

        >>> AlphaS.of_set("NNPDF23_lo_as_0119_qed").at_m_z
        0.119
        """
        found = _IN_NAME.search(pdf_name)
        if found is None:
            raise ConfigError(
                f"pdf_set {pdf_name!r}: its name does not say alpha_s(m_Z) as _as_0130 does; take"
                " another set"
            )
        return cls(at_m_z=float(f"{found[1]}.{found[2]}"))

    def scale_gev(self, value: ArrayLike) -> NDArray[np.float64]:
        """Return the scales in GeV at which the coupling has the positive values ``value``.

        >>> round(float(AlphaS().scale_gev(0.130)), 3)
        91.188
        """
        inverse = 1.0 / np.asarray(value, dtype=np.float64)
        return np.asarray(self.m_z_gev * np.exp(0.5 * (inverse - 1.0 / self.at_m_z) / self._b0))

    @property
    def _b0(self) -> float:
        return float((33 - 2 * self.n_flavours) / (12 * np.pi))
