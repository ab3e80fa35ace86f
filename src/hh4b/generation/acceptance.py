"""Acceptance bias: how likely four b quarks are to end as four b-jets in the acceptance.

A generator that samples events with density sigma·b(x) and gives them the weight 1/b(x) spends
shower time on events that survive, and keeps every sum of weights unbiased, since b(x) > 0
everywhere. The estimate is a product over the four quarks and their six distances,

    P(x) = prod_i [r + (1 - r) s(pT_i) e(|eta_i|)] · prod_{i<j} [r + (1 - r) d(dR_ij)],
    b(x) = floor + (1 - floor) P(x)^exponent,

with logistic turn-ons s, e and d, and r the chance that another jet (a mis-tag, a b from the
shower) replaces a b-jet that is lost. With the pass probability P per showered event, the
variance of a selected sum of weights per showered event is least for b proportional to sqrt(P)
(minimise the integral of sigma P / b at a fixed integral of sigma b).
"""

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from hh4b.core.compiled import njit
from hh4b.core.compiled_angles import abs_delta_phi
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.settings import Positive, Settings
from hh4b.core.strict_yaml import read_strictly
from hh4b.core.validation import shown

Probability = Annotated[float, Field(gt=0.0, le=1.0)]


class AcceptanceBias(Settings):
    """Parameters of the acceptance bias; the formula stands at the top of the module."""

    pt_gev: Positive = Field(description="quark pT of the half-way point of the turn-on, GeV")
    pt_width_gev: Positive = Field(description="width of the turn-on in pT, GeV")
    abs_eta: Positive = Field(description="quark |eta| of the half-way point of the turn-off")
    abs_eta_width: Positive = Field(description="width of the turn-off in |eta|")
    delta_r: Positive = Field(description="distance at which half of the pairs share a jet")
    delta_r_width: Positive = Field(description="width of the turn-on in distance")
    replacement: Probability = Field(description="chance that a lost b-jet is replaced")
    exponent: Positive = Field(description="power of the estimated pass probability")
    floor: Probability = Field(description="least value of the bias")

    @classmethod
    def from_file(cls, path: Path | str) -> "AcceptanceBias":
        """Read the parameters from YAML, e.g. ``config/detector/acceptance_bias.yaml``.

        Raises:
            ConfigError: if the file cannot be read, a key is unknown or missing, or a value is
                impossible; the message names file, key and value.
        """
        content = read_strictly(path, keys=cls.model_fields)
        try:
            return cls(**{str(key): value for key, value in content.items()})
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise ConfigError(
                f"{path}: key {key!r}, value {shown(first['input'])}: {first['msg']};"
                f" the keys are {sorted(cls.model_fields)}"
            ) from error

    @classmethod
    def from_optional_file(cls, path: Path | str | None) -> "AcceptanceBias | None":
        """Read the parameters where a file is named; None stands for plain events.

        Raises:
            ConfigError: as `from_file`.
        """
        return None if path is None else cls.from_file(path)

    def as_array(self) -> NDArray[np.float64]:
        """Return the parameters in the order of the fields, for compiled code."""
        return np.array([getattr(self, name) for name in type(self).model_fields])


@njit(cache=True, nogil=True)
def _logistic(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-min(max(x, -40.0), 40.0))))


@njit(cache=True, nogil=True)
def acceptance_of_event(p: NDArray[np.float64], parameters: NDArray[np.float64]) -> float:
    """Return b of one event.

    Args:
        p: momenta of the four b quarks as rows [E, px, py, pz], GeV.
        parameters: `AcceptanceBias.as_array`.
    """
    pt0, pt_width, eta0, eta_width, dr0, dr_width, r, exponent, floor = parameters
    eta = np.empty(4)
    phi = np.empty(4)
    estimate = 1.0
    for i in range(4):
        pt = max(np.sqrt(p[i, 1] ** 2 + p[i, 2] ** 2), 1e-9)
        eta[i] = np.arcsinh(p[i, 3] / pt)
        phi[i] = np.arctan2(p[i, 2], p[i, 1])
        inside = _logistic((pt - pt0) / pt_width) * _logistic((eta0 - abs(eta[i])) / eta_width)
        estimate *= r + (1.0 - r) * inside
    for i in range(3):
        for j in range(i + 1, 4):
            dphi = abs_delta_phi(phi[i], phi[j])
            distance = np.sqrt((eta[i] - eta[j]) ** 2 + dphi * dphi)
            estimate *= r + (1.0 - r) * _logistic((distance - dr0) / dr_width)
    return float(floor + (1.0 - floor) * estimate**exponent)


@njit(cache=True, nogil=True)
def _acceptance_of_events(
    momenta: NDArray[np.float64], parameters: NDArray[np.float64]
) -> NDArray[np.float64]:
    result = np.empty(momenta.shape[0])
    for n in range(momenta.shape[0]):
        result[n] = acceptance_of_event(momenta[n], parameters)
    return result


def acceptance_probability(
    momenta: NDArray[np.floating], bias: AcceptanceBias
) -> NDArray[np.float64]:
    """Return b(x) in [floor, 1] for events with four b quarks.

    Args:
        momenta: shape (N, 4, 4): event, quark, [E, px, py, pz] in GeV; the order of the quarks
            does not matter.
        bias: the parameters.

    Returns:
        Shape (N,).

    Raises:
        ContractError: if the shape is another one.
    """
    rows: NDArray[np.float64] = np.ascontiguousarray(momenta, dtype=np.float64)
    if rows.ndim != 3 or rows.shape[1:] != (4, 4):
        raise ContractError(f"momenta of four b quarks: shape {rows.shape}, expected (N, 4, 4)")
    return np.asarray(_acceptance_of_events(rows, bias.as_array()))
