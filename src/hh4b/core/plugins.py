"""Code of the user: found by entry point, or by a path in the configuration.

The package's own methods stand in tables of the same kind, so that they are the example.
"""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.spelling import did_you_mean


def plugin_file(reference: str) -> Path | None:
    """Return the file of a reference ``path.py:name``; None for a registered name.

    >>> plugin_file("mine/closest_mass.py:pair").name
    'closest_mass.py'
    >>> plugin_file("min_dr") is None
    True
    """
    path, separator, _ = reference.rpartition(":")
    return Path(path) if separator and path.endswith(".py") else None


def find_plugin(kind: str, reference: str, own: Mapping[str, Any]) -> Any:
    """Return the function or class behind a reference.

    Args:
        kind: e.g. ``"pairing"``; entry points are looked up in the group ``hh4b.pairing``.
        reference: a name of ``own`` or of an entry point, or ``path.py:name``.
        own: what the package brings itself, by name.

    Raises:
        ConfigError: naming the reference and what was expected.
    """
    if reference in own:
        return own[reference]
    path = plugin_file(reference)
    if path is not None:
        return _from_file(kind, path.as_posix(), reference.rpartition(":")[2])
    group = entry_points(group=f"hh4b.{kind}")
    if reference in group.names:
        try:
            return group[reference].load()
        except Exception as error:
            raise ConfigError(f"{kind} {reference!r} does not load: {_reason(error)}") from error
    known = sorted({*own, *group.names})
    raise ConfigError(
        f"{kind} {reference!r}: expected one of {known}, or path.py:name"
        f"{did_you_mean(reference, known)}"
    )


@cache
def _module(path: str) -> Any:
    file = Path(path)
    name = f"hh4b_plugin_{file.stem}_{abs(hash(file.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise FileNotFoundError(f"no file {path}")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look their module up by name.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _from_file(kind: str, path: str, name: str) -> Any:
    try:
        module = _module(path)
    except Exception as error:
        raise ConfigError(f"{kind} {path}:{name} does not load: {_reason(error)}") from error
    if not hasattr(module, name):
        raise ConfigError(f"{kind} {path}:{name}: the file has no {name!r}")
    return getattr(module, name)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def require_parameters(
    kind: str, reference: str, function: Callable[..., Any], names: Sequence[str]
) -> None:
    """Check that a plug-in can be called with parameters of these names.

    Raises:
        ConfigError: naming the plug-in, what it takes and what was expected.
    """
    wanted = ", ".join(names)
    if not callable(function):
        raise ConfigError(f"{kind} {reference!r} is no function or class; expected f({wanted})")
    try:
        signature = inspect.signature(function)
        signature.bind(**dict.fromkeys(names))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{kind} {reference!r}: {error}; expected f({wanted})") from error
