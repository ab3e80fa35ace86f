"""What the running command reads: named in what it writes, and never written over.

It belongs to the context, not to the module, so that two commands of one process (threads, a
notebook, tests) do not mix. A thread that a command starts has none of it, unless the thread runs
in a copy of the context (`contextvars.copy_context`): files are written by the thread of the
command.
"""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class CommandInputs:
    """Inputs of a command.

    Attributes:
        names: the files it reads, as its outputs say it.
        protected: what files that nothing may replace are called, by identity.
    """

    names: tuple[str, ...] = ()
    protected: Mapping[Hashable, str] = field(default_factory=dict)


_NONE = CommandInputs()
_CURRENT: ContextVar[CommandInputs] = ContextVar("inputs")


def command_inputs() -> CommandInputs:
    """Return the inputs of the running command; none outside of one."""
    return _CURRENT.get(_NONE)


@contextmanager
def with_inputs(**changes: Any) -> Iterator[None]:
    """Change attributes of `command_inputs` inside the block."""
    token = _CURRENT.set(replace(_CURRENT.get(_NONE), **changes))
    try:
        yield
    finally:
        _CURRENT.reset(token)
