"""Which arguments of a command are files it reads and which it writes, and what follows from it.

A parameter called ``output`` or ``…_output`` is written; where another one is, its annotation says
so with `Written`. All other words that name a file are read, in parts where a word joins several
(``PROCESS=DATASET:FEATURES``). Before a command starts, no output may be one of its inputs, and all
must have a folder that can be written, and no file of a list may be given twice. What the command
writes says which files it read.
"""

import functools
import glob
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from hh4b.core.files import made_from
from hh4b.core.given_once import require_once
from hh4b.core.output_paths import protected_inputs, require_separate_outputs
from hh4b.core.strict_json import parse_json


@dataclass(frozen=True)
class Written:
    """Marks a parameter of a command that is written.

    Attributes:
        first: where the value joins several files, as in ``NAME=A:B:C``, the first of these that
            is written; None: the whole value is one file.
    """

    first: int | None = None


@dataclass(frozen=True)
class Changed:
    """Marks a parameter whose files are read and changed, which is what the command is for."""


@dataclass(frozen=True)
class Once:
    """Marks a parameter whose words name files that count: each file in one of them only.

    Lists of paths are such parameters without a mark, all words of one being one group.

    Attributes:
        group: parameters of one group may not have a file in common, whatever key stands before it;
            empty: a file may stand under several keys, ``KEY=FILE``, but once under each.
        part: which of the files of a word, ``A:B:C``, is the one that counts.
    """

    group: str
    part: int = 0


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command that checks its files before it starts.

    The command raises ConfigError where an output is an input or another output, or an input that
    counts is given twice, and InputFileError where an output has no folder that can be written.
    """
    signature = inspect.signature(function, eval_str=True)
    parameters = signature.parameters

    @functools.wraps(function)
    def command(**values: Any) -> Any:
        inputs = list(_existing(parameters, values))
        outputs = list(_outputs(parameters, values))
        files = (path for path in inputs if _is_file(path))
        with protected_inputs(inputs), made_from(files, next(iter(outputs), None)):
            require_separate_outputs(outputs)
            for files_of_group in _counted(parameters, values).values():
                require_once(files_of_group)
            return function(**values)

    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters.values()}
    return command


def role(parameter: inspect.Parameter) -> Written | Changed | None:
    """Return how a parameter of a command is written; None: its files are read, if it has any."""
    if get_origin(parameter.annotation) is Annotated:
        for mark in get_args(parameter.annotation)[1:]:
            if isinstance(mark, Written | Changed):
                return mark
    name = parameter.name
    return Written() if name == "output" or name.endswith("_output") else None


def _counted(
    parameters: Mapping[str, inspect.Parameter], values: Mapping[str, Any]
) -> dict[tuple[str, str], list[str]]:
    """Return the files of which each counts once, by group and key."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, value in values.items():
        annotation = parameters[name].annotation
        marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
        kind = get_args(annotation)[0] if marks else annotation
        once = next((mark for mark in marks if isinstance(mark, Once)), None)
        if once is None and (kind != list[Path] or role(parameters[name]) is not None):
            continue
        for text in _words(value):
            if once is None:
                found[name, ""].append(text)
                continue
            key, file = _counted_file(text, once.part)
            found[once.group or name, "" if once.group else key].append(file)
    return found


def _counted_file(text: str, part: int) -> tuple[str, str]:
    """Return the key and one of the files of ``KEY=A:B``, or of ``A:B`` without a key."""
    first, *others = text.split(":")
    key, separator, file = first.partition("=")
    if not separator or _is_file(Path(first)):
        key, file = "", first
    files = [file, *others]
    return key, files[part] if part < len(files) else text


def _outputs(
    parameters: Mapping[str, inspect.Parameter], values: Mapping[str, Any]
) -> Iterator[str]:
    for name, value in values.items():
        mark = role(parameters[name])
        if mark is None:
            continue
        for text in _words(value):
            if isinstance(mark, Written) and mark.first is not None:
                yield from text.partition("=")[2 if "=" in text else 0].split(":")[mark.first :]
            else:
                yield text


def _existing(
    parameters: Mapping[str, inspect.Parameter], values: Mapping[str, Any]
) -> Iterator[Path]:
    """Yield the files that exist and that the arguments of reading parameters name."""
    for name, value in values.items():
        mark = role(parameters[name])
        for text in _words(_unfolded(name, value)):
            if mark is None:
                yield from _named(text, is_setting=name.startswith("setting"))
            elif isinstance(mark, Written) and mark.first is not None:
                for part in text.rpartition("=")[2].split(":")[: mark.first]:
                    yield from _named(part)


def _unfolded(name: str, value: Any) -> Any:
    """Return the content of settings in JSON; what is no JSON the command itself refuses."""
    if name == "settings_json" and value is not None:
        try:
            return parse_json(value)
        except ValueError:
            return None
    return value


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str | Path):
        yield str(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)


def _named(text: str, *, is_setting: bool = False) -> Iterator[Path]:
    """Yield the files that a word names: itself, what stands after =, or what colons separate.

    Of a folder the checkpoints in it count. Settings without a point or a stroke are taken for
    names of samples and methods.
    """
    joined = text.rpartition("=")[2]
    for part in dict.fromkeys([text, text.removeprefix("@"), joined, *joined.split(":")]):
        if is_setting and "." not in part and "/" not in part:
            continue
        try:
            matches = glob.glob(part) if glob.has_magic(part) else []  # noqa: PTH207
            for path in map(Path, [part, *matches]):
                yield from path.glob("*.pt") if part and path.is_dir() else [path]
        except (OSError, ValueError):
            continue
