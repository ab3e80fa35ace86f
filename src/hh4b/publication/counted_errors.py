"""Statistical errors of published numbers, which the note does not print.

It says how many events it tests with. They give the error of a share of them, which a difference
from this run needs as much as this run's own.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

#: Column of the AUC in the note's tables of classification.
_AUC = 1


def counted_error(content: Mapping[str, Any], path: Sequence[str | float]) -> float | None:
    """Return the statistical error of a published share of testing events, or of an AUC.

    Args:
        content: sections of the file of published values.
        path: of the number, as in `hh4b.publication.reference.Reference.find`.

    Returns:
        One standard deviation; None where the testing events are not known, or the number is no
        share.
    """
    variance = _variance(content, path)
    return None if variance is None or variance < 0 else sqrt(variance)


def _variance(content: Mapping[str, Any], path: Sequence[str | float]) -> float | None:
    match path:
        case ("pairing", str(table), str(row), int(column)):
            return _of_pairing(content, table, row, column)
        case ("classification", str(table), str(row), int(column)):
            return _of_classification(content, table, row, column)
        case ("pass_rates", "four_tag", str(name)):
            events = _number(content, "testing_events", "four_tag", name)
            share = float(content["pass_rates"]["four_tag"][name])
            return None if events is None else _binomial(share, events)
    return None


def _of_pairing(content: Mapping[str, Any], table: str, row: str, column: int) -> float | None:
    entry = content["pairing"][table]
    total = _number(content, "samples", entry.get("model"), "testing", "total")
    if total is not None:
        return _by_jets(entry[row], total)[column]
    told = _at(content, "testing_events", "pairing", table)
    if isinstance(told, Mapping):
        told = told.get(row)
    if isinstance(told, list):
        events = _positive(told[column]) if column < len(told) else None
    else:
        events = _number(content, "samples", row, "testing", told)
    return None if events is None else _binomial(float(entry[row][column]), events)


def _of_classification(
    content: Mapping[str, Any], table: str, row: str, column: int
) -> float | None:
    sample = _at(content, "testing_events", "classification", row)
    sizes = [_number(content, "samples", sample, "testing", name)
             for name in ("signal", "background")]  # fmt: skip
    if sizes[0] is None or sizes[1] is None:
        return None
    number = content["classification"][table][row][column]
    # A pair is a mean and the spread of trainings, all tested with the same events.
    value = float(number[0] if isinstance(number, list) else number)
    if column == _AUC:
        return _of_area(value, sizes[0], sizes[1])
    return _binomial(value, sizes[0] + sizes[1])


def _binomial(share: float, events: float) -> float:
    return share * (1 - share) / events


def _of_area(area: float, signal: float, background: float) -> float:
    """Return the variance of an area under the ROC curve.

    Hanley and McNeil, Radiology 143 (1982) 29; it is exact for exponential scores.
    """
    two_signal, two_background = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (
        area * (1 - area)
        + (signal - 1) * (two_signal - area**2)
        + (background - 1) * (two_background - area**2)
    )
    return variance / (signal * background)


def _by_jets(row: Sequence[float], total: float) -> tuple[float, float, float]:
    """Return the variances of event fraction, event efficiency and Higgs efficiency.

    Both Higgs bosons of an event share jets. Of an event whose pairs are both right one counts 1,
    of one with a single right pair 1/2, so that the mean and the share with both right say how it
    is spread.
    """
    fraction, both, higgs = (float(number) for number in row)
    matched = fraction * total
    spread = both + (higgs - both) / 2 - higgs**2
    return _binomial(fraction, total), _binomial(both, matched), spread / matched


def _number(content: Mapping[str, Any], *path: Any) -> float | None:
    return _positive(_at(content, *path))


def _positive(found: Any) -> float | None:
    return float(found) if isinstance(found, int | float) and found > 0 else None


def _at(content: Any, *path: Any) -> Any:
    for key in path:
        if not isinstance(content, Mapping) or key not in content:
            return None
        content = content[key]
    return content
