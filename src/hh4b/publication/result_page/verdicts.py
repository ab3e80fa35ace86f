"""The note's conclusions one by one, and whether this run confirms them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import Literal, NamedTuple

from hh4b.publication.inputs import RunFile
from hh4b.publication.limit_cells import METHODS
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


class Order(NamedTuple):
    """A conclusion about two numbers of tables, each with table, row and column.

    Attributes:
        text: the conclusion.
        larger: the larger one, or the first of two that are alike.
        smaller: the other.
        alike: whether the note calls them similar.
    """

    text: str
    larger: tuple[str, str, str]
    smaller: tuple[str, str, str]
    alike: bool = False


class Reach(NamedTuple):
    """A conclusion that another method needs more luminosity for the same interval.

    Attributes:
        text: the conclusion.
        table: that shows it.
        row: the luminosity in fb^-1, which is its row.
        quantity: the luminosity that the other method needs.
    """

    text: str
    table: str
    row: str
    quantity: str


#: In the order of the note, whose tables 14 to 26 they are of.
WIDTHS = (
    Widths(
        "The pairing behind the DNN, min-ΔR or SPANet2, leaves the interval similar",
        "min_dr_dnn", "mixing_spanet_dnn", "14", alike=True,
    ),
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
_BEST, _FIRST = "event_efficiency", "event_efficiency_version1"
ORDERS = (
    *(
        Order(
            f"The first version of SPANet pairs {name} better than SPANet2",
            ("5", row, _FIRST), ("5", row, _BEST),
        )
        for row, name in (
            ("sm", "SM events"), ("kappa5", "events of κλ = 5"), ("resonant", "resonant events")
        )
    ),
    Order(
        "Trained with events of all κλ, the first version of SPANet and SPANet2 pair similarly",
        ("5", "mixing", _FIRST), ("5", "mixing", _BEST), alike=True,
    ),
    Order(
        "SPANet2 trained for pairing alone pairs better than SPANet2 trained for pairing and"
        " classification together", ("5", "mixing", _BEST), ("7", "total", _BEST),
    ),
    *(
        Order(
            f"The DNN separates similarly (AUC) on {name} and on min-ΔR pairing",
            ("13", row, "auc"), ("13", "min_dr_dnn", "auc"), alike=True,
        )
        for row, name in (
            ("kappa5_spanet_dnn", "SPANet"), ("mixing_spanet_dnn", "SPANet2")
        )
    ),
)  # fmt: skip
REACHES = (
    Reach(
        "At 14 TeV min-ΔR pairing with a DNN needs more than 300 fb⁻¹ for the interval of SPANet2"
        " at 300 fb⁻¹", "28", "300", "equivalent_profile",
    ),
)  # fmt: skip
#: The two energies are compared at this luminosity in fb^-1, by this selection.
_LUMINOSITY, _AT_BOTH = 300.0, "mixing_spanet_tuned"
ENERGIES = "At 14 TeV the interval of SPANet2 at 300 fb⁻¹ is narrower than at 13 TeV"


def verdicts(files: PageFiles, numbers: TableNumbers) -> list[Verdict]:
    """Return the conclusions of the note that this run can say something of.

    Args:
        files: of the run, with the limits.
        numbers: of its tables.
    """
    found = [v for order in ORDERS if (v := _order(numbers, order)) is not None]
    found += [v for ranking in RANKINGS if (v := _ranking(numbers, ranking)) is not None]
    for claim in WIDTHS:
        pair = decisions(files, WidthClaim(**{k: getattr(claim, k) for k in _CLAIM}))
        found += _of_widths(claim, [replace(one, alike=claim.alike) for one in pair])
    found += [v for reach in REACHES if (v := _reach(numbers, reach)) is not None]
    return [*found, *_of_widths(_ENERGY_CLAIM, _energies(files))]


_CLAIM = ("wider", "narrower", "table")
_ENERGY_CLAIM = Widths(ENERGIES, _AT_BOTH, _AT_BOTH, "27")


def _energies(files: PageFiles) -> list[Decision]:
    """Return the comparison of both energies by both methods; nothing if one is not there."""
    if _AT_BOTH not in files.names("limits"):
        return []
    found = {}
    for path in files.paths("limits", _AT_BOTH):
        limits = RunFile.read(path)
        if limits.number("luminosity_ifb") == _LUMINOSITY:
            found[limits.number("sqrt_s_tev")] = limits
    if not {13.0, 14.0} <= found.keys():
        return []
    return [Decision(found[13.0], found[14.0], "13 TeV", "14 TeV", m) for m in METHODS]


def _reach(numbers: TableNumbers, reach: Reach) -> Verdict | None:
    place = reach.table, reach.row, reach.quantity
    value = numbers.find(*place, "this_run")
    if value is None:
        return None
    error = numbers.find(*place, "this_run_error") or 0.0
    gap = value - float(reach.row)
    state: State = "open"
    if error > 0 and abs(gap) >= SIGNIFICANT * error:
        state = "holds" if gap > 0 else "fails"
    shown = f"{value:.0f} ± {error:.0f} fb⁻¹" if error > 0 else f"{value:.0f} fb⁻¹, no errors known"
    note = numbers.find(*place, "note")
    told = "" if note is None else f"; the note: {note:.0f} fb⁻¹"
    return Verdict(reach.text, state, f"{shown}{told}.", (reach.table,))


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
    # Where a search kept the options it began with, tuning was not tested.
    if found.value is None or found.error is None or decision.same:
        return "open"
    if claim.alike:
        return "fails" if found.decided else "holds"
    if not found.decided:
        return "open"
    return "holds" if found.value > 0 else "fails"


def _plain(text: str) -> str:
    return text.replace("**", "")


def _ranking(numbers: TableNumbers, ranking: Ranking) -> Verdict | None:
    larger, smaller = (
        (ranking.table, row, ranking.quantity) for row in (ranking.larger, ranking.smaller)
    )
    return _order(numbers, Order(ranking.text, larger, smaller))


def _order(numbers: TableNumbers, order: Order) -> Verdict | None:
    places = order.larger, order.smaller
    values = [numbers.find(*place, "this_run") for place in places]
    if values[0] is None or values[1] is None:
        return None
    errors = [numbers.find(*place, "this_run_error") or 0.0 for place in places]
    gap, error = values[0] - values[1], hypot(*errors)
    state: State = "open"
    if error > 0 and order.alike:
        state = "fails" if abs(gap) >= SIGNIFICANT * error else "holds"
    elif error > 0 and abs(gap) >= SIGNIFICANT * error:
        state = "holds" if gap > 0 else "fails"
    shown = " and ".join(
        f"{value:.4f} ± {one:.4f}" for value, one in zip(values, errors, strict=True)
    )
    apart = f"{abs(gap) / error:.1f} errors apart" if error > 0 else "no errors known"
    detail = f"{shown}, {apart}; errors added in squares."
    tables = tuple(dict.fromkeys(place[0] for place in places))
    return Verdict(order.text.replace(" -", " −"), state, detail.replace("-", "−"), tables)
