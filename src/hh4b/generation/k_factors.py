"""K-factors of gg -> HH by m_HH and kappa_lambda, from a table that users may replace.

A table holds, for each bin of m_HH, a cross section of higher order and one of leading order, both
as coefficients of the powers 0, 1, 2 of kappa_lambda. The ratio is exact in kappa_lambda and
constant in a bin.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from hh4b.core.errors import ConfigError
from hh4b.core.settings import Settings
from hh4b.core.strict_yaml import parse_yaml, read_strictly

Floats = NDArray[np.float64]
_Coefficients = tuple[float, float, float]
# Where a table must be positive: this many kappa_lambda in its range.
_LOOKS = 1001


class KFactorContent(Settings):
    """What stands in the file of a table of K-factors."""

    source: str = Field(description="where the numbers are from")
    kappa_lambda: tuple[float, float] = Field(description="range in which the table holds")
    m_hh_edges_gev: Annotated[list[float], Field(min_length=2)] = Field(
        description="edges of the bins in m_HH, increasing"
    )
    leading_order: list[_Coefficients] = Field(
        description="for each bin the coefficients of kappa_lambda^0, ^1, ^2 at leading order"
    )
    higher_order: list[_Coefficients] = Field(
        description="and at the higher order, in the same unit"
    )


@dataclass(frozen=True)
class KFactorTable:
    """Cross sections of two orders in B bins of m_HH.

    Attributes:
        name: of the table, for messages.
        source: of the numbers.
        kappa_range: smallest and largest kappa_lambda.
        m_hh_edges_gev: edges of the bins, increasing, shape (B + 1,).
        leading_order: coefficients of the powers of kappa_lambda, shape (B, 3).
        higher_order: the same at the higher order, shape (B, 3).
    """

    name: str
    source: str
    kappa_range: tuple[float, float]
    m_hh_edges_gev: Floats
    leading_order: Floats
    higher_order: Floats

    @classmethod
    def of(cls, name: str, content: Any) -> "KFactorTable":
        """Check the content of a file.

        Raises:
            ConfigError: if fields or bins are missing, or a cross section is not positive.
        """
        given = KFactorContent.checked(content, where=f"K-factors {name}: ")
        table = cls(
            name,
            given.source,
            given.kappa_lambda,
            np.array(given.m_hh_edges_gev),
            np.array(given.leading_order).reshape(-1, 3),
            np.array(given.higher_order).reshape(-1, 3),
        )
        bins = len(table.m_hh_edges_gev) - 1
        if not (len(table.leading_order) == len(table.higher_order) == bins):
            raise ConfigError(
                f"K-factors {name}: {bins} bins of m_HH need as many rows of leading_order (has"
                f" {len(table.leading_order)}) and of higher_order (has {len(table.higher_order)})"
            )
        low, high = table.kappa_range
        if not (low <= high and (np.diff(table.m_hh_edges_gev) > 0).all()):
            raise ConfigError(
                f"K-factors {name}: kappa_lambda and m_hh_edges_gev must be increasing"
            )
        powers = np.vander(np.linspace(low, high, _LOOKS), 3, increasing=True)
        for label, rows in (
            ("leading_order", table.leading_order),
            ("higher_order", table.higher_order),
        ):
            values = rows @ powers.T
            if not (values > 0).all():
                row, column = np.argwhere(~(values > 0))[0]
                raise ConfigError(
                    f"K-factors {name}: {label} is {values[row, column]:g} at kappa_lambda ="
                    f" {powers[column, 1]:g} in bin {row + 1} of m_HH; narrow kappa_lambda or join"
                    " bins"
                )
        return table

    def at(self, m_hh_gev: ArrayLike, kappa_lambda: ArrayLike) -> Floats:
        """Return the K-factor at masses and couplings that broadcast, of that shape.

        Raises:
            ConfigError: if one lies outside the table.
        """
        m_hh, kappa = np.broadcast_arrays(
            np.asarray(m_hh_gev, dtype=np.float64), np.asarray(kappa_lambda, dtype=np.float64)
        )
        self._require("kappa_lambda", kappa, *self.kappa_range)
        self._require("m_HH in GeV", m_hh, self.m_hh_edges_gev[0], self.m_hh_edges_gev[-1])
        last = len(self.leading_order) - 1
        row = np.minimum(np.searchsorted(self.m_hh_edges_gev, m_hh, side="right") - 1, last)
        powers = np.stack([np.ones_like(kappa), kappa, kappa**2], axis=-1)
        higher, leading = (
            (rows[row] * powers).sum(axis=-1) for rows in (self.higher_order, self.leading_order)
        )
        return np.asarray(higher / leading)

    def _require(self, what: str, values: Floats, low: float, high: float) -> None:
        outside = ~((values >= low) & (values <= high))
        if outside.any():
            raise ConfigError(
                f"K-factors {self.name}: {what} = {values[outside].flat[0]:g} lies outside the"
                f" table, {low:g} to {high:g}; give a table that reaches there"
            )


def k_factor_table(reference: str) -> KFactorTable:
    """Return a table by its name, or from a file of the user.

    Args:
        reference: a name in ``k_factors.yaml``, or the path of a YAML file (ending .yaml or .yml)
            with the content of one such entry.

    Raises:
        ConfigError: if there is none, or it is not right.
    """
    if reference.endswith((".yaml", ".yml")):
        return _of_user(str(Path(reference)))
    known = shipped_k_factors()
    if reference not in known:
        raise ConfigError(
            f"K-factors {reference!r}: expected one of {', '.join(known)}, or a file.yaml"
        )
    return known[reference]


@cache
def _of_user(path: str) -> KFactorTable:
    return KFactorTable.of(path, read_strictly(path))


@cache
def shipped_k_factors() -> dict[str, KFactorTable]:
    """Return the published tables that come with the package, by name."""
    text = resources.files(__package__).joinpath("k_factors.yaml").read_text("utf-8")
    return {
        name: KFactorTable.of(name, entry)
        for name, entry in parse_yaml(text, where="k_factors.yaml").items()
    }
