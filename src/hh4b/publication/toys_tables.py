"""Tables of what the pseudo-experiments of a study say: coverage, and what injections give back."""

from collections.abc import Iterator, Sequence
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.publication.key_numbers import Numbers, written
from hh4b.publication.number_entries import Entry
from hh4b.publication.tables import DASH

_METHODS = {
    "feldman_cousins": "Feldman–Cousins",
    "asymptotic": "chi squared",
    "feldman_cousins_redrawn": "Feldman–Cousins, redrawn templates",
    "asymptotic_redrawn": "chi squared, redrawn templates",
}


def coverage_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return shares of intervals that hold the true kappa_lambda, in percent, as Markdown."""
    lines: list[tuple[str, dict[str, Any]]] = []
    for label, toys in _selections(numbers, names):
        for level, entry in toys["coverage"].items():
            for method, words in _METHODS.items():
                if shares := entry.get(method):
                    lines.append((f"{label}, {level} %, {words}", shares))
    kappas = sorted({kappa for _, shares in lines for kappa in shares}, key=float)
    rows = [["κλ", *(kappa.replace("-", "−") for kappa in kappas)]]
    rows.append(["---", *["--:"] * len(kappas)])
    rows += [[label, *(_percent(shares.get(one)) for one in kappas)] for label, shares in lines]
    return _markdown(rows)


def injections_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return in words what experiments at known kappa_lambda give back, as Markdown."""
    rows = [["", "κλ", "experiments"], ["---", "--:", "---"]]
    for label, toys in _selections(numbers, names):
        for kappa, statement in toys["injections"].items():
            words = statement.replace("+-", "±").replace(" -", " −")
            rows.append([label, kappa.replace("-", "−"), words.replace("kappa_lambda", "κλ")])
    return _markdown(rows)


def _selections(numbers: Numbers, names: Sequence[str]) -> Iterator[tuple[str, Entry]]:
    (name,) = names if len(names) == 1 else ("default",)
    known = numbers.find(f"{name}/likelihood").values()
    found = [(one["label"], one["toys"]) for one in known if "toys" in one]
    if not found:
        raise ConfigError(f"{name}/likelihood has no pseudo-experiments")
    return iter(found)


def _percent(share: Entry | None) -> str:
    if share is None:
        return DASH
    scaled = {name: 100 * share[name] for name in ("value", "error") if name in share}
    return written(scaled, 1) or DASH


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
