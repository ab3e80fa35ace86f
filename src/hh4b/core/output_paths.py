"""Where outputs go: whole or not at all, never over an input, into devices and through links."""

import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hh4b.core.command_inputs import command_inputs, with_inputs
from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.processes import has_ended, machine
from hh4b.core.same_file import file_identity

#: Begins the name of every file that is not complete yet.
PARTIAL = ".partial-"
#: Age after which a partial file of another machine is one that nobody writes any more.
_ABANDONED_S = 3600.0
_LONGEST_NAME = 255
_MANY_LINKS = 40


@contextmanager
def protected_inputs(paths: Iterable[Path | str]) -> Iterator[None]:
    """Let `atomic_path` refuse to write over these files inside the block.

    Folders, devices and names that mean nothing yet are not protected.
    """
    protected = dict(command_inputs().protected)
    for path in paths:
        if _is_regular(path):
            protected.setdefault(file_identity(path), str(path))
    with with_inputs(protected=protected):
        yield


def require_separate_outputs(outputs: Iterable[Path | str]) -> None:
    """Check outputs before any work: none is a protected input or another output, all have a place.

    Raises:
        ConfigError: naming the output, and what it would replace.
        InputFileError: if its folder is none, or may not be written.
    """
    seen: dict[Hashable, str] = {}
    for output in outputs:
        _require_no_input(output)
        if _is_special(output):
            continue
        identity = file_identity(output)
        if identity in seen:
            raise ConfigError(
                f"{output} and {seen[identity]} are one file, and two outputs would go there;"
                " choose another name"
            )
        seen[identity] = str(output)
        _require_place(Path(output))


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that replaces it if the block succeeds.

    The temporary name keeps the end of the name of ``path``, since writers choose format and
    compression by it. On any exception the temporary file is removed and ``path`` is left as it
    was. Where ``path`` is a link, what it points to is replaced. Devices, pipes and descriptors
    such as ``/dev/stdout`` are written to. What killed writers of the same path left is removed.

    Raises:
        ConfigError: if ``path`` is an input of the command.
        InputFileError: if the file system refuses (disk full, no permission), naming the file.
    """
    _require_no_input(path)
    with _reported(path):
        if _is_special(path):
            with _stream(path) as temporary:
                yield temporary
            return
        target = Path(os.path.realpath(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=_prefix(), suffix=_end(target))
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            # mkstemp makes files private; results are meant to be read by others.
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _reported(path: Path | str) -> Iterator[None]:
    """Turn what the file system refuses into one line that names the output."""
    try:
        yield
    except OSError as error:
        if _is_of_another_file(error, path):
            raise InputFileError(f"cannot use {error.filename}: {_reason(error)}") from error
        raise InputFileError(
            f"cannot write {path}: {_reason(error)}; free space or choose another place"
        ) from error


def _is_of_another_file(error: OSError, path: Path | str) -> bool:
    """Tell an error of a file that is read while ``path`` is written."""
    name = error.filename
    if not isinstance(name, str) or PARTIAL in name or _is_special(path):
        return False
    target = Path(os.path.realpath(path))
    return Path(os.path.realpath(name)) not in (target, *target.parents)


def _reason(error: OSError) -> str:
    """Return why, without the details of libraries that report over several lines."""
    if error.errno:
        reason = os.strerror(error.errno)
        if isinstance(error, FileExistsError | NotADirectoryError) and error.filename:
            return f"{_nearest(Path(error.filename))} is no folder"
        return reason
    return str(error).partition("\n")[0]


def _require_no_input(path: Path | str) -> None:
    name = command_inputs().protected.get(file_identity(path))
    if name is not None:
        spelled = "" if name == str(path) else f" ({name})"
        raise ConfigError(
            f"the output {path} is an input{spelled} and would replace it; choose another name"
        )


def _require_place(path: Path) -> None:
    """Check that the folder of an output, or the next one above that exists, may be written."""
    folder = _nearest(Path(os.path.realpath(path)))
    if folder.is_file() and folder == Path(os.path.realpath(path)):
        folder = folder.parent
    if not folder.is_dir():
        reason = f"{folder} is no folder"
    elif not os.access(folder, os.W_OK | os.X_OK):
        reason = f"the folder {folder} may not be written"
    else:
        return
    raise InputFileError(f"cannot write {path}: {reason}; choose another place")


def _nearest(path: Path) -> Path:
    """Return a path, or the next one above it, that exists."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


# Partial files --------------------------------------------------------------------------------


def _prefix() -> str:
    return f"{PARTIAL}{machine()}-{os.getpid()}-"


def _end(target: Path) -> str:
    """Return how the names of partial files of a target end, short enough for the file system."""
    room = _LONGEST_NAME - len(f"{PARTIAL}12345678-4194304-12345678-".encode())
    return "-" + target.name.encode()[-room:].decode(errors="ignore")


def _remove_abandoned(target: Path) -> None:
    """Remove partial files of a target whose writers were killed."""
    pattern = re.compile(
        re.escape(PARTIAL) + r"([0-9a-f]{8})-(\d+)-[^-]{8}" + re.escape(_end(target))
    )
    with os.scandir(target.parent) as entries:
        found = [(entry, pattern.fullmatch(entry.name)) for entry in entries]
    for entry, match in found:
        if match is not None and _is_abandoned(Path(entry.path), match[1], int(match[2])):
            Path(entry.path).unlink(missing_ok=True)


def _is_abandoned(path: Path, place: str, process: int) -> bool:
    if place == machine():
        return has_ended(process)
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED_S
    except OSError:
        return False


# Devices and descriptors ----------------------------------------------------------------------


def _is_regular(path: Path | str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and _descriptor(path) is None  # noqa: PTH116
    except (OSError, ValueError):
        return False


def _is_special(path: Path | str) -> bool:
    """Tell what is written to from what is replaced."""
    if _descriptor(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _descriptor(path: Path | str) -> int | None:
    """Return the number of the open file that a name such as /dev/stdout stands for."""
    name = os.fspath(path)
    for _ in range(_MANY_LINKS):
        folder = os.path.realpath(os.path.dirname(name) or ".")  # noqa: PTH120
        last = os.path.basename(name)  # noqa: PTH119
        if folder in (f"/proc/{os.getpid()}/fd", "/dev/fd") and last.isdigit():
            return int(last)
        name = os.path.join(folder, last)  # noqa: PTH118
        if not os.path.islink(name):  # noqa: PTH114
            return None
        name = os.path.join(folder, os.readlink(name))  # noqa: PTH115, PTH118
    return None


@contextmanager
def _stream(path: Path | str) -> Iterator[Path]:
    """Give a temporary path whose content goes to a device, pipe or open descriptor."""
    descriptor = _descriptor(path)
    with tempfile.TemporaryDirectory(prefix="hh4b-") as folder:
        temporary = Path(folder) / (Path(path).name or "output")
        yield temporary
        if not temporary.exists():
            return
        sys.stdout.flush()
        sys.stderr.flush()
        opened = os.open(path, os.O_WRONLY) if descriptor is None else os.dup(descriptor)
        with temporary.open("rb") as source, os.fdopen(opened, "wb") as sink:
            shutil.copyfileobj(source, sink)
