"""Values of the command line that join several files, and lists of numbers."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hh4b.core.errors import ConfigError


class SampleFiles(NamedTuple):
    """Files of one sample, rows in the same order, and what they stand for.

    Attributes:
        key: what stands before ``=``, e.g. the name of a process; empty if there is none.
        paths: the files.
    """

    key: str
    paths: tuple[Path, ...]


def split_files(text: str, what: Sequence[str], *, keyed: bool = False) -> SampleFiles:
    """Split ``DATASET:SCORES``, or ``KEY=DATASET:SCORES`` where ``keyed``.

    Args:
        text: the value of an option.
        what: what the files are, in order; for the message.
        keyed: whether a key must stand before the files.

    Raises:
        ConfigError: if there are not as many files as wanted, or no key.

    >>> split_files("a.h5:b.h5", ("DATASET", "SCORES")).paths[1].name
    'b.h5'
    >>> split_files("hh=a.h5", ("DATASET",), keyed=True).key
    'hh'
    """
    key, separator, files = text.partition("=") if keyed else ("", "=", text)
    parts = files.split(":")
    if not separator or (keyed and not key) or len(parts) != len(what) or not all(parts):
        form = ("KEY=" if keyed else "") + ":".join(what)
        raise ConfigError(f"{text!r} is not of the form {form}")
    return SampleFiles(key, tuple(Path(part) for part in parts))


def parse_numbers(text: str, option: str) -> tuple[float, ...]:
    """Read different numbers separated by commas, in the order given.

    Raises:
        ConfigError: naming the option and what is no finite number, or stands there twice.

    >>> parse_numbers("-5,1,2.4", "--kappa-values")
    (-5.0, 1.0, 2.4)
    """
    numbers: list[float] = []
    for part in text.split(","):
        try:
            number = float(part)
        except ValueError:
            raise ConfigError(f"{option}: {part!r} is no number; write e.g. '-5,1,2.4'") from None
        if not math.isfinite(number):
            raise ConfigError(f"{option}: {part!r} is not finite")
        if number in numbers:
            raise ConfigError(f"{option}: {part!r} is given twice")
        numbers.append(number)
    return tuple(numbers)
