"""Links of the page to files beside it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class PageLink:
    """A link.

    Attributes:
        text: what is read.
        address: as seen from the page.
    """

    text: str
    address: str


@dataclass(frozen=True)
class Links:
    """Makes links as seen from the page.

    Attributes:
        page: the file that they stand in.
    """

    page: Path

    def to(self, path: Path | str, text: str | None = None) -> PageLink | None:
        """Return a link to a file; None if it is not there."""
        if not Path(path).is_file():
            return None
        relative = Path(os.path.relpath(path, self.page.parent)).as_posix()
        return PageLink(text or Path(path).name, quote(relative))

    def to_all(self, paths: Mapping[str, Path | str]) -> list[PageLink]:
        """Return links to the files that are there, by text."""
        found = (self.to(path, text) for text, path in paths.items())
        return [link for link in found if link is not None]
