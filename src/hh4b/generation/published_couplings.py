"""Published points and coefficients of gg -> HH with several couplings, kept as data."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.core.strict_yaml import parse_yaml
from hh4b.generation.couplings import HiggsPairCouplings


@dataclass(frozen=True)
class PublishedCoefficients:
    """sigma / sigma_SM at leading order, by pairs of monomials.

    Attributes:
        sqrt_s_tev: collision energy.
        heavy_top: in which normalisation of c_g and c_gg, see
            `hh4b.generation.coupling_cross_section.CouplingCrossSection.coefficients`.
        source: of the numbers.
        values: A1 to A15, shape (15,).
    """

    sqrt_s_tev: float
    heavy_top: bool
    source: str
    values: NDArray[np.float64]


@dataclass(frozen=True)
class CouplingPoint:
    """A named point.

    Attributes:
        couplings: where it is.
        source: who published it.
    """

    couplings: HiggsPairCouplings
    source: str


@cache
def published_coefficients() -> dict[str, PublishedCoefficients]:
    """Return all published sets of coefficients by name."""
    return {name: _coefficients(entry) for name, entry in _content()["coefficients"].items()}


def _coefficients(entry: dict[str, Any]) -> PublishedCoefficients:
    values = np.array(entry["absolute_fb"] if "absolute_fb" in entry else entry["values"])
    if "absolute_fb" in entry:
        values = values / (values[0] + values[2] + values[6])
    return PublishedCoefficients(
        float(entry["sqrt_s_tev"]), entry["convention"] == "heavy_top", entry["source"], values
    )


@cache
def coupling_points() -> dict[str, CouplingPoint]:
    """Return the standard model and the published shape benchmarks by name."""
    points = {"sm": CouplingPoint(HiggsPairCouplings(), "standard model")}
    for group in _content()["points"]:
        for name, values in group["values"].items():
            numbers = [float(Fraction(str(value))) for value in values]
            couplings = dict(zip(group["columns"], numbers, strict=True))
            translate: Any = (
                HiggsPairCouplings.in_units_of_heavy_top
                if group["convention"] == "heavy_top"
                else HiggsPairCouplings
            )
            points[name] = CouplingPoint(translate(**couplings), group["source"])
    return points


def coupling_point(name: str) -> CouplingPoint:
    """Return a named point.

    Raises:
        ConfigError: if there is none of that name.
    """
    points = coupling_points()
    if name not in points:
        raise ConfigError(f"coupling point {name!r}: expected one of {', '.join(points)}")
    return points[name]


def _content() -> Any:
    text = resources.files(__package__).joinpath("published_couplings.yaml").read_text("utf-8")
    return parse_yaml(text, where="published_couplings.yaml")
