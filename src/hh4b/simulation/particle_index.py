"""Which files a sample of particle events is in, and what their weights are multiplied by.

Records of particles are large, so that no copy is made of them: jobs read the files themselves, and
this index says what is where.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance, read_json, write_json

KIND = "particle events"


@dataclass(frozen=True)
class IndexedFile:
    """A file of particle events.

    Attributes:
        path: the file; in the index as seen from its folder, links resolved.
        size: in bytes, by which another file in its place is found.
        events: number of its events that belong to the sample, its first ones.
        factor: on their weights.
    """

    path: str
    size: int
    events: int
    factor: float


@dataclass(frozen=True)
class ParticleIndex:
    """The files of a sample, and what was asked of their events.

    Attributes:
        files: in their order.
        weight: number of the weight of each event that counts.
        sqrt_s_tev: energy of the beams.
        higgs_pairs: whether events are of two H.
        only_bottom_decays: whether events with other decays of an H are left out.
        leading_order: whether nothing but g g -> H H is let in.
    """

    files: tuple[IndexedFile, ...]
    weight: int
    sqrt_s_tev: float
    higgs_pairs: bool
    only_bottom_decays: bool
    leading_order: bool

    @property
    def n_events(self) -> int:
        """Return the number of events of the sample."""
        return sum(file.events for file in self.files)

    def parts(self, first: int, stop: int) -> Iterator[tuple[IndexedFile, int, int, int]]:
        """Yield the files of a range of events.

        Yields:
            File, its first event and the one behind its last, and the number of its first event
            in the sample.
        """
        before = 0
        for file in self.files:
            start, end = max(first - before, 0), min(stop - before, file.events)
            if start < end:
                yield file, start, end, before + start
            before += file.events

    def write(self, path: Path | str, more: Mapping[str, Any], provenance: Provenance) -> None:
        """Write the index, with what else is known of the files."""
        folder = Path(path).resolve().parent
        files = [
            {**asdict(file), "path": os.path.relpath(Path(file.path).resolve(), folder)}
            for file in self.files
        ]
        write_json(path, {"kind": KIND, **asdict(self), **more, "files": files}, provenance)

    @classmethod
    def read(cls, path: Path | str) -> "ParticleIndex":
        """Read an index and look at its files.

        Raises:
            InputFileError: if it, or one of its files, cannot be read.
            ContractError: if it is no index, or a file is another one than it was.
        """
        content = read_json(path, finite=True)
        try:
            if content["kind"] != KIND:
                raise TypeError
            files = tuple(_file(entry, path) for entry in content["files"])
            names = [name for name in cls.__dataclass_fields__ if name != "files"]
            return cls(files, **{name: _TYPES[name](content[name]) for name in names})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(
                f"{path} is no index of particle events; make it with hh4b take-particles"
            ) from error


_TYPES: dict[str, Any] = {
    "weight": int, "sqrt_s_tev": float, "higgs_pairs": bool, "only_bottom_decays": bool,
    "leading_order": bool,
}  # fmt: skip


def _file(entry: Any, index: Path | str) -> IndexedFile:
    found = IndexedFile(
        str((Path(index).resolve().parent / entry["path"]).resolve()),
        int(entry["size"]), int(entry["events"]), float(entry["factor"]),
    )  # fmt: skip
    try:
        size = Path(found.path).stat().st_size
    except OSError as error:
        raise InputFileError(f"cannot read {found.path}: {error.strerror or error}") from error
    if size != found.size:
        raise ContractError(
            f"{found.path} has {size} bytes, but {found.size} when {index} was made; run"
            " hh4b take-particles again"
        )
    return found


def is_index(path: Path | str) -> bool:
    """Tell an index from parton events, by its first character."""
    try:
        with Path(path).open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False
