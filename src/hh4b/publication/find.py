"""Find the module of a table or figure by its name on the command line."""

import importlib
import pkgutil
from types import ModuleType

from hh4b.core.errors import ConfigError


def find_module(kind: str, name: str) -> ModuleType:
    """Import the module of ``table 26`` or ``figure jets``.

    Modules are found by name and not listed anywhere, so that a change in one of them concerns
    that output only.

    Args:
        kind: ``"table"`` or ``"figure"``.
        name: number in the note, or the name of an extra output.

    Raises:
        ConfigError: if there is none, listing those that exist.
    """
    package = {"table": "hh4b.publication.note_tables", "figure": "hh4b.publication.figures"}[kind]
    stem = f"{kind}_{int(name):02d}" if name.isdecimal() else f"{kind}_{name}"
    if stem not in _modules(package):
        existing = ", ".join(available(kind))
        raise ConfigError(f"there is no {kind} {name!r}; choose one of: {existing}")
    return importlib.import_module(f"{package}.{stem}")


def available(kind: str) -> list[str]:
    """Return the names that `find_module` takes, numbers first."""
    package = {"table": "hh4b.publication.note_tables", "figure": "hh4b.publication.figures"}[kind]
    names = [stem.removeprefix(f"{kind}_").lstrip("0") for stem in _modules(package)]
    return sorted(names, key=lambda name: (not name.isdecimal(), name.zfill(4), name))


def _modules(package: str) -> list[str]:
    path = importlib.import_module(package).__path__
    return [m.name for m in pkgutil.iter_modules(path) if m.name.startswith(("table_", "figure_"))]
