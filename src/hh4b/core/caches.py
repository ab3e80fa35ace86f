"""Where libraries keep what they compile and draw with, where neither source nor home is writable.

Numba refuses to compile with a cache that it cannot write, and takes a home that is not known for
a folder called ``~``. So a place in the folder of temporary files is named for it beforehand.
"""

import atexit
import os
import shutil
import stat
import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_NUMBA = "NUMBA_CACHE_DIR"
_MATPLOTLIB = "MPLCONFIGDIR"


def prepare_caches() -> None:
    """Name writable caches to numba and matplotlib, unless they have some or were told one."""
    kept = user_cache()
    if _NUMBA not in os.environ and kept is None and not _writable_package():
        _name(_NUMBA, "numba")
    if _MATPLOTLIB not in os.environ and kept is None and not _writable(_user("XDG_CONFIG_HOME")):
        _name(_MATPLOTLIB, "matplotlib")


def user_cache() -> Path | None:
    """Return the user's folder for caches, made or not; None where it cannot be written."""
    folder = _user("XDG_CACHE_HOME", ".cache")
    return folder if _writable(folder) else None


def _user(variable: str, below_home: str = ".config") -> Path | None:
    named = os.environ.get(variable)
    if named:
        return Path(named)
    home = os.path.expanduser("~")  # noqa: PTH111 (that of Path raises where there is none)
    return Path(home) / below_home if os.path.isabs(home) else None  # noqa: PTH117


def _writable(folder: Path | None) -> bool:
    """Tell whether files can be made in a folder, or it below the next one above that exists."""
    if folder is None:
        return False
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _writable_package() -> bool:
    """Tell whether all folders of the package can have compiled files beside the sources."""
    folders = [_PACKAGE, *(p.parent for p in _PACKAGE.glob("**/__init__.py"))]
    return all(_writable(folder / "__pycache__") for folder in folders)


def _name(variable: str, library: str) -> None:
    folder = _temporary()
    if folder is not None:
        os.environ[variable] = str(folder / library)


def _temporary() -> Path | None:
    """Return a folder of this user alone among the temporary files, which later runs find again.

    Caches hold code, so that one somebody else can write to is not used: then it is a new one,
    removed at the end.
    """
    try:
        folder = Path(tempfile.gettempdir()) / f"hh4b-caches-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if (
            stat.S_ISDIR(found.st_mode)
            and found.st_uid == os.getuid()
            and not found.st_mode & 0o022
            and _writable(folder)
        ):
            return folder
        own = Path(tempfile.mkdtemp(prefix="hh4b-caches-"))
    except OSError:
        return None
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own
