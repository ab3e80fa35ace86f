"""The note's conclusions one by one, and whether this run confirms them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Literal, NamedTuple

from hh4b.publication.orderings import RANKINGS, Ranking
from hh4b.publication.page.comparisons import SIGNIFICANT, TableNumbers
from hh4b.publication.page.decisions import Decision, decisions
from hh4b.publication.page.files import PageFiles
from hh4b.publication.settings import WidthClaim

State = Literal["holds", "fails", "open"]
#: Sign and words of a verdict, and of several.
WORDS: dict[State, tuple[str, str, str]] = {
    "holds": ("✓", "holds in this run", "hold"),
    "fails": ("✗", "does not hold in this run", "do not hold"),
    "open": ("?", "not decided by this run", "are not decided"),
}


@dataclass(frozen=True)
class Verdict:
    """A conclusion of the note.

    Attributes:
        text: the conclusion.
        state: what this run says of it.
        detail: numbers behind the verdict.
        tables: keys of the tables that show them.
    """

    text: str
    state: State
    detail: str
    tables: tuple[str, ...] = ()


class Widths(NamedTuple):
    """A conclusion about the widths of two intervals.

    Attributes:
        text: the conclusion.
        wider: selection of the wider one, or the first of two that are alike.
        narrower: of the other.
        table: that shows both.
        alike: whether the note calls them similar.
    """

    text: str
    wider: str
    narrower: str
    table: str
    alike: bool = False


#: In the order of the note, whose tables 16 to 26 they are of.
WIDTHS = (
    Widths(
        "SPANet2 as classifier gives a narrower interval on κλ than min-ΔR pairing with a DNN"
        " (default settings)", "min_dr_dnn", "mixing_spanet", "16",
    ),
    Widths(
        "SPANet2 trained for classification alone gives a wider interval than SPANet2 trained for"
        " pairing and classification together",
        "mixing_spanet_classification_only", "mixing_spanet", "19",
    ),
    Widths(
        "Tuning the hyper-parameters of SPANet2 leaves the interval similar",
        "mixing_spanet", "mixing_spanet_tuned", "21", alike=True,
    ),
    Widths(
        "Tuning the hyper-parameters of the DNN leaves the interval similar",
        "min_dr_dnn", "min_dr_dnn_tuned", "23", alike=True,
    ),
    Widths(
        "SPANet2 as classifier gives a narrower interval on κλ than min-ΔR pairing with a DNN"
        " (tuned)", "min_dr_dnn_tuned", "mixing_spanet_tuned", "26",
    ),
)  # fmt: skip
#: Two columns of one row: (text, table, row, larger, smaller).
COLUMNS = tuple(
    (
        f"The first version of SPANet pairs {name} better than SPANet2",
        "5", row, "event_efficiency_version1", "event_efficiency",
    )
    for row, name in (("sm", "SM events"), ("kappa5", "events of κλ = 5"))
)  # fmt: skip


def verdicts(files: PageFiles, numbers: TableNumbers) -> list[Verdict]:
    """Return the conclusions of the note that this run can say something of.

    Args:
        files: of the run, with the limits.
        numbers: of its tables.
    """
    found = list(_columns(numbers))
    found += [v for ranking in RANKINGS if (v := _ranking(numbers, ranking)) is not None]
    for claim in WIDTHS:
        pair = decisions(files, WidthClaim(**{k: getattr(claim, k) for k in _CLAIM}))
        found += _of_widths(claim, pair)
    return found


_CLAIM = ("wider", "narrower", "table")


def _of_widths(claim: Widths, pair: Sequence[Decision]) -> Iterator[Verdict]:
    if not pair:
        return
    states: list[State] = [_state(claim, decision) for decision in pair]
    # Both methods have to say the same.
    state = states[0] if len(set(states)) == 1 else "open"
    detail = " ".join(_plain(decision.sentence()) for decision in pair)
    yield Verdict(claim.text, state, detail, (claim.table,))


def _state(claim: Widths, decision: Decision) -> State:
    found = decision.found
    if found.value is None or found.error is None:
        # Of the same files: nothing was changed by the tuning.
        return "holds" if claim.alike and found.value == 0 else "open"
    if claim.alike:
        return "fails" if found.decided else "holds"
    if not found.decided:
        return "open"
    return "holds" if found.value > 0 else "fails"


def _plain(text: str) -> str:
    return text.replace("**", "")


def _ranking(numbers: TableNumbers, ranking: Ranking) -> Verdict | None:
    return _order(
        numbers,
        ranking.text,
        (ranking.table, ranking.larger, ranking.quantity),
        (ranking.table, ranking.smaller, ranking.quantity),
    )


def _columns(numbers: TableNumbers) -> Iterator[Verdict]:
    for text, table, row, larger, smaller in COLUMNS:
        verdict = _order(numbers, text, (table, row, larger), (table, row, smaller))
        if verdict is not None:
            yield verdict


def _order(
    numbers: TableNumbers, text: str, larger: tuple[str, str, str], smaller: tuple[str, str, str]
) -> Verdict | None:
    values = [numbers.find(*place, "this_run") for place in (larger, smaller)]
    if values[0] is None or values[1] is None:
        return None
    errors = [numbers.find(*place, "this_run_error") or 0.0 for place in (larger, smaller)]
    gap, error = values[0] - values[1], hypot(*errors)
    state: State = "open"
    if error > 0 and abs(gap) >= SIGNIFICANT * error:
        state = "holds" if gap > 0 else "fails"
    shown = " and ".join(
        f"{value:.4f} ± {one:.4f}" for value, one in zip(values, errors, strict=True)
    )
    apart = f"{abs(gap) / error:.1f} errors apart" if error > 0 else "no errors known"
    detail = f"{shown}, {apart}; errors added in squares."
    return Verdict(text.replace(" -", " −"), state, detail.replace("-", "−"), (larger[0],))
