"""Entries of a file of key numbers."""

from collections.abc import Mapping
from typing import Any

from hh4b.publication.inputs import RunFile
from hh4b.statistics.comparison import compare
from hh4b.statistics.error_parts import QUANTITIES
from hh4b.statistics.limits import METHODS

Entry = dict[str, Any]


#: Kept of a number. Documents round again, so digits that decide how have to be left.
_DIGITS = 7


def number(
    value: float | None,
    error: float | None = None,
    note: float | None = None,
    note_error: float | None = None,
    **parts: float | None,
) -> Entry:
    """Return a number with what is known beside it: seven digits, of errors three."""
    errors = {"error": error, "note_error": note_error, **parts}
    known = {name: rounded(one, 3) for name, one in errors.items() if one is not None}
    if note is not None:
        known["note"] = rounded(note, _DIGITS)
    return {"value": rounded(value, _DIGITS), **known}


def rounded(value: float | None, digits: int = 5) -> float | int | None:
    """Round to significant digits; integers of any size are kept, without a point.

    >>> rounded(-4.357132243), rounded(0.0361759, 3), rounded(123456.0), rounded(None)
    (-4.3571, 0.0362, 123456, None)
    """
    if value is None:
        return None
    if float(value).is_integer():
        return int(value)
    return float(f"{value:.{digits}g}")


def put(place: Entry, quantity: str, entry: Entry) -> None:
    """Put bounds of an interval together, ``profile_lower`` below ``profile``."""
    method, _, side = quantity.rpartition("_")
    if method in METHODS and side in QUANTITIES:
        place.setdefault(method, {})[side] = entry
    else:
        place[quantity] = entry


def conditions(file: RunFile) -> tuple[str, str]:
    """Return energy in TeV and luminosity in fb⁻¹ of a limit file, as keys."""
    return f"{file.number('sqrt_s_tev'):g}", f"{file.number('luminosity_ifb'):g}"


def limit_entry(file: RunFile, *, bands: bool) -> Entry:
    """Return the intervals of a limit file with their errors; why there is none, if so."""
    entry: Entry = {}
    if file.has("status") and file.get("status") != "ok":
        entry["status"] = file.get("reason")
    for method in METHODS:
        part = file.get(method)
        entry[method] = _interval(part)
        scaled = part.get("bands_by_cross_section") or {}
        if bands and scaled:
            entry[method]["bands"] = {
                name: None if one is None else _interval(one) for name, one in scaled.items()
            }
    return entry


def _interval(part: Mapping[str, Any]) -> Entry:
    values = [*part["interval"], part["width"]]
    errors = [*(part.get("interval_error") or (None, None)), part.get("width_error")]
    by_part = {}
    for name in ("events", "training"):
        pair = (part.get("interval_error_parts") or {}).get(name) or (None, None)
        by_part[name] = [*pair, (part.get("width_error_parts") or {}).get(name)]
    known = any(one is not None for one in by_part["training"])
    return {
        side: number(
            values[index],
            errors[index],
            **({name: by_part[name][index] for name in by_part} if known else {}),
        )
        for index, side in enumerate(QUANTITIES)
    }


def difference_entry(first: Mapping[str, Any], second: Mapping[str, Any]) -> Entry:
    """Return differences of intervals, whether they are paired, and how many errors they are."""
    compared = compare(first, second)
    entry: Entry = {}
    for method in METHODS:
        entry[method] = {}
        for name in QUANTITIES:
            one = compared[method][name]
            value, error = one["difference"], one["error"]
            sizes = {"errors": abs(value) / error} if value is not None and error else {}
            entry[method][name] = number(value, error, **sizes)
        entry[method]["paired"] = compared[method]["width"]["paired"]
    return entry
