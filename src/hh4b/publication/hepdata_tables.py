"""What a HEPData table is made of: columns of points with errors.

A value that does not exist is ``-``, as HEPData has it. Errors of zero are left out, since HEPData
refuses them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from hh4b.core.errors import ContractError

Column = dict[str, Any]
#: What HEPData shows where there is no value.
MISSING = "-"
REACTION = "P P --> HIGGS HIGGS X"


@dataclass(frozen=True)
class DataTable:
    """A table of a submission.

    Attributes:
        stem: of its data file, unique.
        name: unique.
        description: a caption.
        independent: columns that say which point it is.
        dependent: columns of values, of the same length.
        observables: keywords, such as ``SIG``.
    """

    stem: str
    name: str
    description: str
    independent: Sequence[Column]
    dependent: Sequence[Column]
    observables: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        """Check the lengths.

        Raises:
            ContractError: if columns differ in length, or there is none of a kind.
        """
        lengths = {len(one["values"]) for one in (*self.independent, *self.dependent)}
        if len(lengths) != 1 or 0 in lengths or not (self.independent and self.dependent):
            raise ContractError(
                f"HEPData table {self.name!r}: columns of {sorted(lengths)} values; all need the"
                " same number, one or more"
            )

    def renamed(self, old: str, new: str) -> "DataTable":
        """Return the table with another beginning of its names, which both begin with ``old``."""
        stem, name = (new + text.removeprefix(old) for text in (self.stem, self.name))
        return replace(self, stem=stem, name=name)

    @property
    def data(self) -> dict[str, Any]:
        """Content of the data file."""
        return {
            "independent_variables": list(self.independent),
            "dependent_variables": list(self.dependent),
        }

    @property
    def document(self) -> dict[str, Any]:
        """Entry of ``submission.yaml``."""
        keywords = [{"name": "reactions", "values": [REACTION]}]
        if self.observables:
            keywords.append({"name": "observables", "values": list(self.observables)})
        return {
            "name": self.name,
            "description": self.description,
            "data_file": f"{self.stem}.yaml",
            "keywords": keywords,
        }


def header(name: str, units: str = "") -> dict[str, str]:
    """Return the head of a column."""
    return {"name": name, "units": units} if units else {"name": name}


def points(name: str, values: Sequence[Any], units: str = "") -> Column:
    """Return an independent column of numbers or names."""
    return {"header": header(name, units), "values": [{"value": _value(one)} for one in values]}


def bins(name: str, edges: Sequence[float], units: str) -> Column:
    """Return an independent column of bins, shape (B + 1,)."""
    values = [{"low": float(low), "high": float(high)} for low, high in pairwise(edges)]
    return {"header": header(name, units), "values": values}


def column(
    name: str,
    values: Sequence[Any],
    errors: Sequence[Sequence[dict[str, Any]]] | None = None,
    *,
    units: str = "",
    qualifiers: Sequence[dict[str, Any]] = (),
) -> Column:
    """Return a dependent column.

    Args:
        name: of the quantity.
        values: numbers, names, or None where there is none.
        errors: of each value, as `symmetric` and `asymmetric` make them.
        units: of the values.
        qualifiers: under which conditions.
    """
    entries: list[dict[str, Any]] = [{"value": _value(one)} for one in values]
    for entry, own in zip(entries, errors or [()] * len(entries), strict=True):
        if own and entry["value"] != MISSING:
            entry["errors"] = list(own)
    result: Column = {"header": header(name, units), "values": entries}
    return {**result, "qualifiers": list(qualifiers)} if qualifiers else result


def symmetric(error: float | None, label: str = "stat") -> list[dict[str, Any]]:
    """Return one error, or none where it is zero."""
    return [{"symerror": float(error), "label": label}] if error else []


def asymmetric(minus: float, plus: float, label: str) -> list[dict[str, Any]]:
    """Return one error with two ends, given as positive distances."""
    if minus == 0 and plus == 0:
        return []
    return [{"asymerror": {"minus": -float(minus), "plus": float(plus)}, "label": label}]


def conditions(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return energy and luminosity of a result as qualifiers."""
    found = []
    if content.get("sqrt_s_tev") is not None:
        energy = 1e3 * float(content["sqrt_s_tev"])
        found.append({"name": "SQRT(S)", "value": energy, "units": "GeV"})
    if content.get("luminosity_ifb") is not None:
        luminosity = float(content["luminosity_ifb"])
        found.append({"name": "LUMINOSITY", "value": luminosity, "units": "fb$^{-1}$"})
    return found


def _value(one: Any) -> float | str:
    if one is None:
        return MISSING
    return one if isinstance(one, str) else float(one)
