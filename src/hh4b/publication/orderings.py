"""Whether methods rank in this run as they do in the note, as far as the statistics allow.

Widths of intervals are compared by `hh4b.publication.page.decisions`, with paired errors.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from hh4b.publication.page.comparisons import TableNumbers

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
    """

    text: str
    larger: RunNumber
    smaller: RunNumber

    def sentence(self) -> str:
        """Say whether the claim holds; errors are added in squares."""
        gap = self.larger.value - self.smaller.value
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
        quantity: column.
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
)  # fmt: skip


def claims_of(tables: TableNumbers) -> list[Claim]:
    """Return the claims of the note that the tables of a run allow to check."""
    claims = []
    for ranking in RANKINGS:
        larger, smaller = (
            _number(tables, ranking, key) for key in (ranking.larger, ranking.smaller)
        )
        if larger is not None and smaller is not None:
            claims.append(Claim(ranking.text, larger, smaller))
    return claims


def _number(tables: TableNumbers, ranking: Ranking, key: str) -> RunNumber | None:
    place = ranking.table, key, ranking.quantity
    value = tables.find(*place, "this_run")
    return None if value is None else RunNumber(value, tables.find(*place, "this_run_error") or 0.0)


def ordering_text(claims: Iterable[Claim]) -> list[str]:
    """Return the claims as a list, or nothing."""
    lines = [f"* {claim.sentence()}" for claim in claims]
    if not lines:
        return []
    return [
        "Other orders of the note:",
        "",
        *lines,
        "",
        "Both numbers of a pair are of the same events. They have no paired error, so their errors"
        " are added in squares, as if the events were not the same.",
        "",
    ]
