"""The tables and figures that a page or a submission shows: those named, or all of a folder."""

from collections.abc import Sequence
from pathlib import Path

from hh4b.core.errors import InputFileError
from hh4b.publication.settings import Medium


def output_key(medium: Medium, path: Path) -> str:
    """Return number or name of an output, from its file name.

    >>> output_key("table", Path("tables/table_07.csv"))
    '7'
    """
    stem = path.stem.removeprefix(f"{medium}_")
    return stem.lstrip("0") if stem.isdecimal() else stem


def made_outputs(medium: Medium, given: Sequence[Path], suffixes: Sequence[str]) -> list[Path]:
    """Return the files of outputs by number, named ones last.

    A workflow names each, so that those of an earlier study in the same folder are left alone. A
    person may name a folder, which stands for all that are called as this medium's files are.

    Args:
        medium: of the outputs.
        given: a file of each with any suffix, or folders.
        suffixes: the files that each must have; the first is returned.

    Raises:
        InputFileError: naming a file that is missing.
    """
    found = []
    for path in given:
        folder = path.is_dir() or not path.suffix
        inside = sorted(path.glob(f"{medium}_*{suffixes[0]}")) if folder else [path]
        found += [one.with_suffix(suffixes[0]) for one in inside]
    for path in found:
        for suffix in suffixes:
            if not path.with_suffix(suffix).is_file():
                raise InputFileError(
                    f"{path.with_suffix(suffix)} is missing; make the {medium} with hh4b {medium}"
                )

    def order(path: Path) -> tuple[bool, str]:
        key = output_key(medium, path)
        return not key.isdecimal(), key.zfill(4)

    return sorted(dict.fromkeys(found), key=order)
