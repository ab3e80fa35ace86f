"""Files of which each may be given once."""

from collections.abc import Hashable, Iterable
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.same_file import file_identity


def require_once(paths: Iterable[Path | str], harm: str = "which would count twice") -> None:
    """Check that no file is given under two names, or twice under one.

    Args:
        paths: the files.
        harm: what would come of it, for the message.

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
            raise ConfigError(f"{both}, {harm}; leave one out")
        seen[identity] = path
