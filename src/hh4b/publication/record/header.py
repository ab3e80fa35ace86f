"""What files of this package say of themselves, whatever their format."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hh4b.core.contracts import read_attributes
from hh4b.core.errors import InputFileError
from hh4b.core.files import read_json
from hh4b.core.strict_json import parse_json

#: Formats that say it themselves; other files are looked up in the record of their run.
_KEY = "provenance"
_LHE_HEAD = 1 << 20


def read_header(path: Path) -> dict[str, Any] | None:
    """Return the provenance that a file carries: a mapping with ``stage``; None if it has none.

    Raises:
        InputFileError: if the file is missing or damaged.
    """
    if not path.is_file():
        raise InputFileError(f"cannot read {path}: no such file")
    with path.open("rb") as stream:
        start = stream.read(8)
    text: Any = None
    if start == b"\x89HDF\r\n\x1a\n":
        text = read_attributes(path).get(_KEY)
    elif start.startswith(b"root"):
        text = _of_tree(path)
    elif start.startswith(b"PK") and path.suffix == ".pt":
        text = _of_checkpoint(path)
    elif start.lstrip().startswith(b"{"):
        text = next(_provenances(read_json(path)), None)
    elif path.name.endswith((".lhe", ".lhe.gz")):
        text = _of_partons(path)
    found = _plain(text, path)
    return found if isinstance(found, dict) and isinstance(found.get("stage"), str) else None


def _plain(text: Any, path: Path) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return parse_json(text)
    except ValueError as error:
        raise InputFileError(f"{path}: its provenance is no JSON ({error})") from error


def _of_tree(path: Path) -> str | None:
    import uproot

    try:
        with uproot.open(path) as file:
            return str(file["hh4b"]) if "hh4b" in file else None
    except Exception as error:  # uproot raises what it meets in damaged files
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputFileError(f"cannot read {path}: {line[:80]}; make it again") from error


def _of_checkpoint(path: Path) -> str | None:
    from hh4b.training.saved_tensors import read_saved

    content = read_saved(path, what="checkpoint", advice="train it again")
    return content.get(_KEY) if isinstance(content, dict) else None


def _of_partons(path: Path) -> str | None:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            head = stream.read(_LHE_HEAD)
    except (OSError, EOFError) as error:
        raise InputFileError(f"cannot read {path}: {error}; make it again") from error
    note = head.partition(b"<init>")[0].partition(b"<hh4b>")[2].partition(b"</hh4b>")[0]
    return note.decode("utf-8", errors="replace") or None


def _provenances(content: Any) -> Iterator[Any]:
    """Yield what stands under the key at any depth, outermost first, or in a remark after it."""
    waiting = [content]
    while waiting:
        level, waiting = waiting, []
        for part in level:
            if isinstance(part, dict):
                if isinstance(part.get(_KEY), dict | str):
                    yield part[_KEY]
                waiting += part.values()
            elif isinstance(part, list):
                waiting += part
            elif isinstance(part, str) and part.startswith(f"{_KEY} {{"):
                yield part.removeprefix(f"{_KEY} ")
