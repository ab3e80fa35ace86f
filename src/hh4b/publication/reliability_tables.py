"""Tables of what was tried against the pipeline: damaged files, and killed builds."""

from collections.abc import Mapping, Sequence
from typing import Any

from hh4b.publication.key_numbers import Numbers


def fuzz_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return what became of damaged files, a line for each kind, as Markdown.

    Args:
        numbers: with a file that `benchmarks/fuzz.py` wrote.
        names: of that file; none = ``fuzz``.
    """
    content = numbers.find(names[0] if names else "fuzz")
    keys = ("files", "had_to_be_refused", "refused", "accepted")
    rows = [["kind", "files", "no reader may take", "refused", "read", "faults"]]
    rows.append(["---", *["--:"] * (len(rows[0]) - 1)])
    for name, one in content["kinds"].items():
        rows.append([f"`{name}`", *(f"{one[key]:,}" for key in keys), f"{len(one['faults'])}"])
    total = content["total"]
    rows.append(["all", *(f"{total[key]:,}" for key in keys), f"{total['faults']}"])
    return _markdown(rows)


def kills_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return builds that were killed beside the one that was not, as Markdown.

    Args:
        numbers: with a file that `benchmarks/kills.py` wrote.
        names: of that file; none = ``kills``.
    """
    content = numbers.find(names[0] if names else "kills")
    builds = {way: content[way] for way in ("local", "slurm") if way in content}
    labels = {"local": f"`--cores {content['cores']}`", "slurm": "Slurm"}
    rows = [["", *(labels[way] for way in builds)], ["---", *["--:"] * len(builds)]]

    def line(label: str, *keys: str) -> None:
        rows.append([label, *(_entry(one, keys) for one in builds.values())])

    line("kills", "number")
    line("files equal byte by byte", "files", "bytes")
    line("equal but for time stamps", "files", "content")
    for folder in ("templates", "limits", "tables"):
        line(f"equal hashes in `{folder}`", "hashed", folder)
    line("half-written files left", "files", "partial")
    line("files that differ, are missing or too many", "number_named")
    line("commands that ended badly", "number_failures")
    met = sorted({name for one in builds.values() for name in one["met"]})
    for name in met:
        line(f"kills while `hh4b {name}` was at work", "met", name)
    return _markdown(rows)


def _entry(content: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Return a number; what is not counted was not seen."""
    node: Any = content
    for key in keys:
        node = node.get(key, 0)
    return f"{node:,}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
