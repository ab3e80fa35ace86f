"""Whether methods rank in this run as they do in the note, as far as the statistics allow."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

#: Below this many combined errors, an order could be chance.
DISTINCT = 2.0
MIN_DR, SPANET = "min-ΔR", "mixing κ SPANet2"


class Number(NamedTuple):
    """A value of this run with its error."""

    value: float
    error: float


class Claim(NamedTuple):
    """That one number is larger than another.

    Attributes:
        text: in words, e.g. ``"SPANet2 pairs better than min-ΔR at κλ = 1"``.
        larger: what should be larger.
        smaller: what should be smaller.
    """

    text: str
    larger: Number
    smaller: Number

    def sentence(self) -> str:
        """Say whether the claim holds."""
        gap = self.larger.value - self.smaller.value
        error = math.hypot(self.larger.error, self.smaller.error)
        size = f"{abs(gap) / error:.1f} errors" if error > 0 else "no errors known"
        numbers = f"{self.larger.value:.4g} and {self.smaller.value:.4g}, {size} apart"
        if error > 0 and abs(gap) < DISTINCT * error:
            return f"{self.text}: not decided by the statistics of this run ({numbers})."
        return f"{self.text}: {'holds' if gap > 0 else '**does not hold**'} ({numbers})."


def read_numbers(path: Path) -> dict[tuple[str, ...], Number]:
    """Return this run's numbers of a table by labels and quantity; empty if there is no table."""
    if not path.exists():
        return {}
    numbers = {}
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        head = next(reader)
        quantity = head.index("quantity")
        for row in reader:
            if row[quantity + 1]:
                error = float(row[quantity + 2] or 0)
                numbers[tuple(row[: quantity + 1])] = Number(float(row[quantity + 1]), error)
    return numbers


def claims_of(tables: Path) -> list[Claim]:
    """Return the claims of the note that the tables of a folder allow to check."""
    claims = []
    pairing = read_numbers(tables / "table_24.csv")
    for kappa in (-5, 1, 5):
        name = f"kappa_lambda_{kappa}"
        claims += _claim(
            f"SPANet2 pairs better than min-ΔR at κλ = {kappa}",
            pairing, (SPANET, name), (MIN_DR, name),
        )  # fmt: skip
    classes = read_numbers(tables / "table_25.csv")
    claims += _claim(
        "SPANet2 separates better (AUC) than the DNN on min-ΔR pairing",
        classes, (SPANET, "SPANet2", "auc"), (MIN_DR, "DNN", "auc"),
    )  # fmt: skip
    widths = _widths(read_numbers(tables / "table_26.csv"))
    for method, name in (("profile", "profile likelihood"), ("cls", "CLs")):
        claims += _claim(
            f"min-ΔR + DNN gives a wider interval than SPANet2 by {name}",
            widths, (MIN_DR, "DNN", method), (SPANET, "SPANet2", method),
        )  # fmt: skip
    return claims


def _claim(
    text: str,
    numbers: dict[tuple[str, ...], Number],
    larger: tuple[str, ...],
    smaller: tuple[str, ...],
) -> list[Claim]:
    if larger not in numbers or smaller not in numbers:
        return []
    return [Claim(text, numbers[larger], numbers[smaller])]


def _widths(numbers: dict[tuple[str, ...], Number]) -> dict[tuple[str, ...], Number]:
    """Return upper minus lower bound; errors of the two added in squares."""
    widths = {}
    for (*labels, quantity), upper in numbers.items():
        method, _, side = quantity.partition("_")
        lower = numbers.get((*labels, f"{method}_lower"))
        if side == "upper" and lower is not None:
            error = math.hypot(upper.error, lower.error)
            widths[(*labels, method)] = Number(upper.value - lower.value, error)
    return widths


def ordering_text(claims: Iterable[Claim]) -> list[str]:
    """Return a section on the order of the methods, or nothing."""
    lines = [f"* {claim.sentence()}" for claim in claims]
    return ["## Order of the methods", "", *lines, ""] if lines else []
