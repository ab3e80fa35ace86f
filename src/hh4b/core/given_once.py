"""Files of which each may be given once."""

from collections.abc import Hashable, Iterable
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.same_file import file_identity


def require_once(paths: Iterable[Path | str], harm: str) -> None:
    """Check that no file is given under two names, or twice under one.

    Args:
        paths: the files.
        harm: what its events would do, for the message.

    Raises:
        ConfigError: naming the file.
    """
    seen: dict[Hashable, Path | str] = {}
    for path in paths:
        identity = file_identity(path)
        if identity in seen:
            both = f"{seen[identity]} is given twice"
            if str(seen[identity]) != str(path):
                both = f"{seen[identity]} and {path} are the same file"
            raise ConfigError(f"{both}, whose events would {harm}; leave one out")
        seen[identity] = path
