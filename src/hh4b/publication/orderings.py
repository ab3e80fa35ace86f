"""Whether methods rank in this run as they do in the note, as far as the statistics allow."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hh4b.core.files import read_json
from hh4b.statistics.comparison import difference, share_replicas

#: Below this many combined errors, an order could be chance.
DISTINCT = 2.0


class RunNumber(NamedTuple):
    """A value of this run with its error."""

    value: float
    error: float


class Claim(NamedTuple):
    """That one number is larger than another.

    Attributes:
        text: in words, e.g. ``"SPANet2 pairs better than min-ΔR at κλ = 1"``.
        larger: what should be larger.
        smaller: what should be smaller.
        gap_error: error of the difference where both share their events; None = errors in squares.
    """

    text: str
    larger: RunNumber
    smaller: RunNumber
    gap_error: float | None = None

    def sentence(self) -> str:
        """Say whether the claim holds."""
        gap = self.larger.value - self.smaller.value
        error = self.gap_error
        if error is None:
            error = math.hypot(self.larger.error, self.smaller.error)
        size = f"{abs(gap) / error:.1f} errors" if error > 0 else "no errors known"
        numbers = f"{self.larger.value:.4g} and {self.smaller.value:.4g}, {size} apart"
        if error > 0 and abs(gap) < DISTINCT * error:
            return f"{self.text}: not decided by the statistics of this run ({numbers})."
        return f"{self.text}: {'holds' if gap > 0 else '**does not hold**'} ({numbers})."


class Ranking(NamedTuple):
    """A claim of the note, by keys of rows.

    Attributes:
        text: in words.
        table: key of the table that both rows stand in.
        quantity: column, or ``profile_width`` and ``cls_width`` of tables of bounds.
        larger: row of what should be larger.
        smaller: row of what should be smaller.
    """

    text: str
    table: str
    quantity: str
    larger: str
    smaller: str


RANKINGS = (
    *(
        Ranking(
            f"SPANet2 pairs better than min-ΔR at κλ = {kappa}",
            "24", f"kappa_lambda_{kappa}", "mixing_spanet_tuned", "min_dr",
        )
        for kappa in (-5, 1, 5)
    ),
    Ranking(
        "SPANet2 separates better (AUC) than the DNN on min-ΔR pairing",
        "25", "auc", "mixing_spanet_tuned", "min_dr_dnn_tuned",
    ),
    *(
        Ranking(
            f"min-ΔR + DNN gives a wider interval than SPANet2 by {name}",
            "26", f"{method}_width", "min_dr_dnn_tuned", "mixing_spanet_tuned",
        )
        for method, name in (("profile", "profile likelihood"), ("cls", "CLs"))
    ),
)  # fmt: skip


def read_numbers(path: Path) -> dict[tuple[str, str], RunNumber]:
    """Return this run's numbers of a table by row key and quantity; empty if there is no table.

    Of lower and upper bounds, the width is added: errors of the two added in squares.
    """
    if not path.exists():
        return {}
    numbers = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["this_run"]:
                error = float(row["this_run_error"] or 0)
                place = row["key"], row["quantity"]
                numbers[place] = RunNumber(float(row["this_run"]), error)
    return {**_widths(numbers), **numbers}


def claims_of(tables: Path) -> list[Claim]:
    """Return the claims of the note that the tables of a folder allow to check."""
    claims = []
    for ranking in RANKINGS:
        numbers = read_numbers(tables / f"table_{ranking.table.zfill(2)}.csv")
        pair = [numbers.get((key, ranking.quantity)) for key in (ranking.larger, ranking.smaller)]
        larger, smaller = pair
        if larger is not None and smaller is not None:
            claims.append(Claim(ranking.text, larger, smaller, _paired_error(tables, ranking)))
    return claims


def _paired_error(tables: Path, ranking: Ranking) -> float | None:
    """Return the error of a difference of widths from replicas that both limit files share.

    None for other quantities, and where the files of the run do not have such replicas.
    """
    method, _, quantity = ranking.quantity.partition("_")
    if quantity != "width":
        return None
    sources = _sources(tables / f"table_{ranking.table.zfill(2)}.csv")
    files = [tables.parent / sources.get(key, "") for key in (ranking.larger, ranking.smaller)]
    if not all(path.is_file() for path in files):
        return None
    limits = [read_json(path) for path in files]
    if not share_replicas(*limits):
        return None
    return difference(limits[0][method], limits[1][method], "width", shared=True).error


def _sources(path: Path) -> dict[str, str]:
    """Return by row key the limit file behind a table of bounds, ``limits/NAME.json``."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["key"]: row.get("source") or "" for row in csv.DictReader(stream)}


def _widths(numbers: dict[tuple[str, str], RunNumber]) -> dict[tuple[str, str], RunNumber]:
    """Return upper minus lower bound; errors of the two added in squares."""
    widths = {}
    for (key, quantity), upper in numbers.items():
        method, _, side = quantity.partition("_")
        lower = numbers.get((key, f"{method}_lower"))
        if side == "upper" and lower is not None:
            error = math.hypot(upper.error, lower.error)
            widths[key, f"{method}_width"] = RunNumber(upper.value - lower.value, error)
    return widths


def ordering_text(claims: Iterable[Claim]) -> list[str]:
    """Return a section on the order of the methods, or nothing."""
    lines = [f"* {claim.sentence()}" for claim in claims]
    return ["## Order of the methods", "", *lines, ""] if lines else []
