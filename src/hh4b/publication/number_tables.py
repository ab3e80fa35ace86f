"""Tables of key numbers: studies side by side beside the note, time by stage, orders."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hh4b.core.errors import ConfigError
from hh4b.publication.benchmark_tables import benchmark_table
from hh4b.publication.key_numbers import Numbers, is_interval, written
from hh4b.publication.leaderboard_numbers import events_table, leaderboard_table
from hh4b.publication.likelihood_numbers import likelihood_table
from hh4b.publication.reliability_tables import fuzz_table, kills_table
from hh4b.publication.tables import DASH
from hh4b.publication.toys_tables import coverage_table, injections_table

_KAPPAS = ("-5", "1", "5")
#: Share of the time of all jobs from which a stage has a line of its own.
_SHOWN = 0.01


class Line(NamedTuple):
    """A quantity of the comparison of studies.

    Attributes:
        label: in words.
        keys: of its numbers, without the study.
        decimals: digits behind the point.
    """

    label: str
    keys: tuple[str, ...]
    decimals: int


def _pairing(label: str, name: str) -> Line:
    keys = tuple(f"tables/24/{name}/kappa_lambda_{kappa}" for kappa in _KAPPAS)
    return Line(f"{label} is right at κλ = −5, 1, 5", keys, 3)


def _intervals(label: str, name: str) -> list[Line]:
    conditions = "13 TeV, 139 fb⁻¹"
    later = f"tables/27/{name}_14tev_3000ifb"
    return [
        Line(f"{label}, profile likelihood, {conditions}", (f"tables/26/{name}/profile",), 2),
        Line(f"{label}, CLs, {conditions}", (f"tables/26/{name}/cls",), 2),
        Line(f"{label}, profile likelihood, 14 TeV, 3000 fb⁻¹", (f"{later}/profile",), 2),
    ]


LINES = (
    Line("four-tag pass rate, gg → HH at κλ = 1", ("tables/pass_rates/sm_hh/pass_rate",), 4),
    Line("four-tag pass rate, pp → 4b", ("tables/pass_rates/four_b/pass_rate",), 5),
    Line("both H matched, κλ = 1", ("tables/1/total/event_fraction",), 3),
    _pairing("min-ΔR", "min_dr"),
    _pairing("SPANet2", "mixing_spanet_tuned"),
    Line("AUC of min-ΔR + DNN", ("tables/25/min_dr_dnn_tuned/auc",), 3),
    Line("AUC of SPANet2 + DNN", ("tables/25/mixing_spanet_dnn_tuned/auc",), 3),
    Line("AUC of SPANet2", ("tables/25/mixing_spanet_tuned/auc",), 3),
    Line(
        "AUC of SPANet2 for classification only",
        ("tables/18/mixing_spanet_classification_only/auc",),
        3,
    ),
    *_intervals("min-ΔR + DNN", "min_dr_dnn_tuned"),
    *_intervals("SPANet2 + DNN", "mixing_spanet_dnn_tuned"),
    *_intervals("SPANet2", "mixing_spanet_tuned"),
    Line(
        "Δκλ of SPANet2 minus min-ΔR + DNN, profile likelihood, 13 TeV, 139 fb⁻¹",
        ("differences/mixing_spanet_tuned_minus_min_dr_dnn_tuned/13/139/profile/width",),
        2,
    ),
    Line(
        "effective background events, min-ΔR + DNN",
        ("selections/min_dr_dnn_tuned/effective_background",),
        0,
    ),
    Line(
        "effective background events, SPANet2",
        ("selections/mixing_spanet_tuned/effective_background",),
        0,
    ),
)


def studies_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return the studies side by side, and the note's values, as Markdown."""
    rows = [["", *names, "the note"], ["---"] * (len(names) + 2)]
    for line in LINES:
        found = [[_optional(numbers, f"{name}/{key}") for key in line.keys] for name in names]
        texts = [_joined(nodes, line.decimals) for nodes in found]
        if any(text != DASH for text in texts):
            rows.append([line.label, *texts, _published(found, line.decimals)])
    return _markdown(rows)


def seconds_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return jobs and CPU seconds by stage of one study, the longest first, small ones together."""
    (name,) = names if len(names) == 1 else ("default",)
    stages = numbers.find(f"{name}/seconds")
    everything = sum(one["seconds"] for one in stages.values())
    shown = {n: one for n, one in stages.items() if one["seconds"] >= _SHOWN * everything}
    small = [one for stage, one in stages.items() if stage not in shown]
    lines = sorted(shown.items(), key=lambda item: -item[1]["seconds"])
    for label, group in (("everything else", small), ("all", list(stages.values()))):
        together = {key: sum(one[key] for one in group) for key in ("jobs", "seconds")}
        lines.append((label, together))
    rows = [["stage", "jobs", "CPU seconds together"], ["---", "--:", "--:"]]
    rows += [[stage, f"{one['jobs']}", f"{one['seconds']:,.0f}"] for stage, one in lines]
    return _markdown(rows)


def orders_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return what the build says about the order of the methods, as a list."""
    (name,) = names if len(names) == 1 else ("default",)
    return "".join(f"* {sentence}\n" for sentence in numbers.find(f"{name}/orders").values())


Maker = Callable[[Numbers, Sequence[str]], str]
TABLES: dict[str, Maker] = {
    "studies": studies_table,
    "seconds": seconds_table,
    "orders": orders_table,
    "likelihood": likelihood_table,
    "coverage": coverage_table,
    "injections": injections_table,
    "fuzz": fuzz_table,
    "kills": kills_table,
    "benchmark": benchmark_table,
    "leaderboard": leaderboard_table,
    "events": events_table,
}
#: Those of a benchmark, whose file is not that of a study.
_OF_BENCHMARKS = ("fuzz", "kills", "benchmark", "leaderboard", "events")


def table_text(name: str, numbers: Numbers, studies: Sequence[str]) -> str:
    """Return a table as Markdown.

    Args:
        name: one of `TABLES`.
        numbers: of the studies.
        studies: names of those to show; none = all that are not of a benchmark.

    Raises:
        ConfigError: naming a table or study that does not exist.
    """
    if name not in TABLES:
        raise ConfigError(f"no table {name!r}; there are: {', '.join(TABLES)}")
    for study in studies:
        numbers.find(study)
    if name in _OF_BENCHMARKS:
        return TABLES[name](numbers, studies)
    built = [study for study, content in numbers.studies.items() if "benchmark" not in content]
    return TABLES[name](numbers, list(studies) or built)


def as_csv(numbers: Numbers) -> str:
    """Return the comparison of studies as CSV, one line a number."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["quantity", "key", "study", "value", "error", "note", "note_error"])
    for line in LINES:
        for key in line.keys:
            for name in numbers.studies:
                for place, entry in _single(_optional(numbers, f"{name}/{key}"), key):
                    values = [entry.get(k) for k in ("value", "error", "note", "note_error")]
                    cells = ["" if value is None else value for value in values]
                    writer.writerow([line.label, place, name, *cells])
    return stream.getvalue()


def _single(node: Any, key: str) -> list[tuple[str, Any]]:
    if node is None:
        return []
    if is_interval(node):
        return [(f"{key}/{side}", node[side]) for side in ("lower", "upper")]
    return [(key, node)]


def _optional(numbers: Numbers, key: str) -> Any:
    try:
        return numbers.find(key)
    except ConfigError:
        return None


def _joined(nodes: Sequence[Any], decimals: int) -> str:
    texts = [DASH if node is None else written(node, decimals) or DASH for node in nodes]
    return DASH if all(text == DASH for text in texts) else ", ".join(texts)


def _published(found: Sequence[Sequence[Any]], decimals: int) -> str:
    """Return the note's values, from the first study that has them."""
    for nodes in found:
        notes = [_note(node) for node in nodes if node is not None]
        if notes and all(note is not None for note in notes):
            return _joined(notes, decimals)
    return DASH


def _note(node: Any) -> Any:
    if is_interval(node):
        bounds = {side: _note(node[side]) for side in ("lower", "upper")}
        return None if None in bounds.values() else bounds
    if "note" not in node:
        return None
    return {"value": node["note"], "error": node.get("note_error")}


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
