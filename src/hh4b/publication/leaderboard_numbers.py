"""The leaderboard in a file of key numbers, and the tables that documents make of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.files import read_json
from hh4b.events.content import content_hash, together
from hh4b.publication.key_numbers import Numbers, written
from hh4b.publication.number_entries import Entry, number
from hh4b.publication.tables import DASH


def leaderboard_entry(table: Path) -> Entry:
    """Return the rows of a leaderboard, by pairing, and its columns.

    Args:
        table: what `hh4b table` wrote as JSON.
    """
    content = read_json(table)
    rows = {
        row["key"]: {
            "pairing": row["labels"][0],
            "training_events": row["labels"][1],
            **{name: number(one["value"], one["error"]) for name, one in row["cells"].items()},
        }
        for row in content["rows"]
    }
    return {"columns": {one["name"]: one["label"] for one in content["columns"]}, "rows": rows}


def events_entry(samples: Entry, datasets: dict[str, Path]) -> Entry:
    """Return the sections on events: samples with the hash of the content of each, and one of all.

    Args:
        samples: counts by name.
        datasets: files by name; those of samples that are not there are not read.
    """
    found = {name: content_hash(path) for name, path in datasets.items() if name in samples}
    hashed = {name: {**entry, "content": found[name]} for name, entry in samples.items()}
    return {"samples": hashed, "content": together(found)}


def leaderboard_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return the leaderboard as Markdown.

    Args:
        numbers: with a file that `hh4b numbers extract` wrote for a study of pairings.
        names: of that file; none = ``leaderboard``.
    """
    content = _content(numbers, names, "leaderboard")
    columns = content["columns"]
    rows = [["pairing", "training events", *columns.values()]]
    rows.append(["---", *["--:"] * (len(rows[0]) - 1)])
    for row in content["rows"].values():
        cells = [_text(row.get(name)) for name in columns]
        rows.append([row["pairing"], row["training_events"], *cells])
    return _markdown(rows)


def events_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return the samples of the leaderboard with their hashes as Markdown; names as above."""
    rows = [["sample", "generated", "with four tags", "SHA-256 of the content"]]
    rows.append(["---", "--:", "--:", "---"])
    for name, one in _content(numbers, names, "samples").items():
        counts = [f"{one[key]:,}" for key in ("generated", "selected")]
        rows.append([name, *counts, f"`{one['content']}`"])
    rows.append(["all", "", "", f"`{_content(numbers, names, 'content')}`"])
    return _markdown(rows)


def _content(numbers: Numbers, names: Sequence[str], section: str) -> Any:
    name = names[0] if names else "leaderboard"
    if len(names) > 1:
        raise ConfigError(f"a leaderboard is of one file of numbers, not of {', '.join(names)}")
    return numbers.find(f"{name}/{section}")


def _text(entry: Any) -> str:
    return DASH if entry is None else written(entry, 3) or DASH


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
