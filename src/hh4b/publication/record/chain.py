"""What a file is made from, and that in turn, up to the files that a run began with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import read_json
from hh4b.core.strict_json import to_json
from hh4b.publication.record.header import read_header
from hh4b.publication.record.run import RECORD

_LINES = 40
_LONGEST = 100


@dataclass(frozen=True)
class Link:
    """A file of a chain.

    Attributes:
        name: as the file that is made from it calls it.
        path: where it lies; None where it is not found, as for temporary files.
        header: what it says of itself; None for files of other programs.
        depth: number of steps from the file that was asked for.
        inputs: names of what it is made from.
    """

    name: str
    path: Path | None
    header: Mapping[str, Any] | None
    depth: int

    @property
    def inputs(self) -> list[str]:
        """Return the names of what it is made from, as far as it says so."""
        return [str(name) for name in (self.header or {}).get("inputs", [])]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        path = None if self.path is None else self.path.as_posix()
        return {"name": self.name, "path": path, "depth": self.depth, "provenance": self.header}


def chain_of(*paths: Path) -> list[Link]:
    """Follow files to what they are made from; every file stands once, nearest first.

    Raises:
        InputFileError: if a file is missing, damaged, or nothing is known of how it was made.
    """
    links: list[Link] = []
    for path in paths:
        header = _known(path)
        if header is None:
            raise InputFileError(
                f"{path} has no provenance, and no {RECORD} above it knows the file; ask for a file"
                " that hh4b wrote"
            )
        links.append(Link(path.name, path, header, 0))
    seen = {path.resolve() for path in paths}
    for link in links:
        if link.path is None:
            continue
        for name in link.inputs:
            found = _found(name, link.path)
            key = (found or Path(name)).resolve()
            if key not in seen:
                seen.add(key)
                links.append(Link(name, found, _quietly(found), link.depth + 1))
    return links


def run_of(path: Path) -> dict[str, Any] | None:
    """Return the record of the run that a file lies in; None if there is none."""
    found = _record_above(path)
    return None if found is None else found[1]


def chain_json(path: Path) -> str:
    """Return all of a chain and of its run as JSON; errors as in `chain_of`."""
    links = [link.as_dict() for link in chain_of(path)]
    return to_json({"file": str(path), "run": run_of(path), "chain": links}, indent=1)


def chain_lines(path: Path) -> Iterator[str]:
    """Yield a chain on one screen; errors as in `chain_of`.

    Files of one stage and depth share a line.
    """
    links = chain_of(path)
    yield from _run_lines(run_of(path))
    groups: dict[tuple[Any, ...], list[Link]] = {}
    for link in links:
        stage = link.header and link.header.get("stage")
        state = "" if link.path else "gone"
        groups.setdefault((link.depth, stage, state), []).append(link)
    lines = [line for key, group in groups.items() for line in _group_lines(key, group)]
    yield from lines[:_LINES]
    if len(lines) > _LINES:
        yield f"… and {len(lines) - _LINES} lines more, see --json"


def _group_lines(key: tuple[Any, ...], group: list[Link]) -> Iterator[str]:
    depth, stage, state = key
    names = ", ".join(link.name for link in group[:3])
    more = f" and {len(group) - 3} more" if len(group) > 3 else ""
    words = stage or ("no longer there" if state else "from outside")
    digests = _each(group, "configuration_hash")
    seeds = _each(group, "seed")
    yield _cut(f"{'  ' * min(depth, 8)}{words}: {names}{more}")
    if stage:
        seed = f", seed {seeds}" if seeds else ""
        yield _cut(f"{'  ' * min(depth, 8)}  settings {digests}{seed}")


def _each(group: list[Link], key: str) -> str:
    values = dict.fromkeys((link.header or {}).get(key) for link in group)
    shown = [str(value) for value in values if value is not None]
    return ", ".join(shown[:2]) + (f" and {len(shown) - 2} more" if len(shown) > 2 else "")


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _run_lines(run: Mapping[str, Any] | None) -> Iterator[str]:
    if run is None:
        return
    code = run.get("code") or {}
    commit = code.get("commit") or "unknown (no checkout)"
    yield f"configuration {run.get('configuration')}, digest {run.get('configuration_digest')}"
    yield f"commit {commit}{' and local changes' if code.get('modified') else ''}"
    some = [
        f"{name} {run['packages'][name]}"
        for name in ("numpy", "torch", "pythia8mc", "pyhf", "snakemake")
        if name in (run.get("packages") or {})
    ]
    yield ", ".join([f"python {run.get('python')}", *some])
    yield ""


def _known(path: Path) -> Mapping[str, Any] | None:
    """Return what a file says of itself, or what the record of its run says of it."""
    header = read_header(path)
    if header is not None:
        return header
    found = _record_above(path)
    if found is None:
        return None
    folder, run = found
    name = path.resolve().relative_to(folder).as_posix()
    entry = (run.get("outputs") or {}).get(name)
    return entry if isinstance(entry, dict) else None


def _quietly(path: Path | None) -> Mapping[str, Any] | None:
    """Return what is known of a file upstream; a damaged one does not end the chain."""
    try:
        return None if path is None else _known(path)
    except (InputFileError, ContractError):
        return None


def _record_above(path: Path) -> tuple[Path, dict[str, Any]] | None:
    for folder in path.resolve().parents:
        place = folder / RECORD
        if place.is_file():
            content = _read_record(place, place.stat().st_mtime_ns)
            if "configuration_digest" in content and "outputs" in content:
                return folder, content
    return None


@lru_cache(maxsize=4)
def _read_record(place: Path, _changed: int) -> dict[str, Any]:
    return read_json(place)


def _found(name: str, beside: Path) -> Path | None:
    """Find an input that a file names from a folder above the file."""
    for folder in beside.resolve().parents:
        if (folder / name).is_file():
            return folder / name
    return None
