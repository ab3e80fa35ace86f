"""Names by which one section of a study uses entries of another."""

from collections.abc import Iterator, Mapping
from typing import Any

from hh4b.core.problems import Problems
from hh4b.core.spelling import did_you_mean

#: Keys whose values name entries, by the section of these; * stands for every entry.
_USES = (
    ("samples.*.process", "processes"),
    ("spanet_trainings.*.signal", "samples"),
    ("spanet_trainings.*.background", "samples"),
    ("spanet_trainings.*.search", "searches"),
    ("pairings.*.training", "spanet_trainings"),
    ("searches.*.classifier", "classifiers"),
    ("searches.*.training", "spanet_trainings"),
    ("classifiers.*.pairing", "pairings"),
    ("classifiers.*.training", "spanet_trainings"),
    ("classifiers.*.search", "searches"),
    ("selections.*.pairing", "pairings"),
    ("selections.*.classifier", "classifiers"),
    ("systematics.*.processes", "processes"),
    ("likelihood.selections", "selections"),
    ("learning_curves.selections", "selections"),
    ("learning_curves.trainings", "spanet_trainings"),
    ("outputs.*.pairings", "pairings"),
    ("outputs.*.classifiers", "classifiers"),
    ("outputs.*.selections", "selections"),
    ("outputs.*.trainings", "spanet_trainings"),
)


def find_unknown_names(content: Mapping[str, Any], problems: Problems) -> None:
    """Find names that no section has, in a study that may have other mistakes.

    Args:
        content: the study as it is written; what is no name here is left to other checks.
        problems: to add to.
    """
    for path, section in _USES:
        known = content.get(section) or {}
        if not isinstance(known, Mapping):
            continue
        for key, name in _names(content, path.split("."), ""):
            if name not in known:
                expected = f"expected one of {sorted(map(str, known))}" if known else (
                    f"there is nothing under {section}"
                )  # fmt: skip
                problems.add(key, f"value {name!r}: {expected}{did_you_mean(name, known)}")


def _names(node: Any, path: list[str], above: str) -> Iterator[tuple[str, str]]:
    """Yield key and value of all names at a path."""
    if path and isinstance(node, Mapping):
        first, *rest = path
        for key in list(node) if first == "*" else [first] if first in node else []:
            yield from _names(node[key], rest, f"{above}.{key}" if above else str(key))
    elif not path:
        for name in node if isinstance(node, list) else [node]:
            if isinstance(name, str):
                yield above, name
