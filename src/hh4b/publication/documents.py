"""Numbers in Markdown documents: marked places that are filled from the numbers of a build."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hh4b.core.errors import ConfigError
from hh4b.publication.key_numbers import Numbers
from hh4b.publication.number_tables import table_text

_NUMBER = re.compile(
    r"<!-- number: (?P<key>\S+)(?: \.(?P<decimals>\d))? -->(?P<text>[^\n]*?)<!-- /number -->"
)
_TABLE = re.compile(
    r"<!-- table: (?P<key>\w+)(?P<studies>(?: \w+)*) -->\n(?P<text>.*?)<!-- /table -->", re.S
)
_MARK = re.compile(r"<!-- /?(?:number|table)\b")
_CODE = re.compile(r"^```.*?^```", re.S | re.M)


@dataclass(frozen=True)
class Place:
    """A marked place of a document.

    Attributes:
        line: where it begins, from 1.
        key: of the number, or name of the table.
        text: what stands there.
        expected: what the numbers give.
        span: where the text stands.
    """

    line: int
    key: str
    text: str
    expected: str
    span: tuple[int, int]


def places(document: str, numbers: Numbers, *, where: str) -> list[Place]:
    """Return the marked places of a document; blocks of code have none.

    Args:
        document: Markdown.
        numbers: of the studies.
        where: its file, for messages.

    Raises:
        ConfigError: with file and line, if a mark is not closed or a key is unknown.
    """
    code = [match.span() for match in _CODE.finditer(document)]

    def outside(position: int) -> bool:
        return not any(start <= position < end for start, end in code)

    found, marked = [], []
    for match in _matches(document):
        if outside(match.start()):
            marked.append(match.span())
            found.append(_place(document, match, numbers, where))
    for mark in _MARK.finditer(document):
        inside = any(start <= mark.start() < end for start, end in marked)
        if outside(mark.start()) and not inside:
            line = _line(document, mark.start())
            raise ConfigError(
                f"{where}:{line}: a mark that is not of the form <!-- number: KEY -->…"
                "<!-- /number -->, or of <!-- table: NAME --> on a line of its own …"
            )
    return sorted(found, key=lambda place: place.span)


def filled(document: str, found: list[Place]) -> str:
    """Return the document with what the numbers give at its marked places."""
    for place in reversed(found):
        start, end = place.span
        document = document[:start] + place.expected + document[end:]
    return document


def _matches(document: str) -> Iterator[re.Match[str]]:
    yield from _NUMBER.finditer(document)
    yield from _TABLE.finditer(document)


def _begins_line(document: str, position: int) -> bool:
    return not document[document.rfind("\n", 0, position) + 1 : position].strip()


def _place(document: str, match: re.Match[str], numbers: Numbers, where: str) -> Place:
    line, key = _line(document, match.start()), match["key"]
    if match.re is _NUMBER and _begins_line(document, match.start()):
        # Markdown takes a line that begins with a comment as it is, and ends the paragraph there.
        raise ConfigError(
            f"{where}:{line}: a marked number may not begin a line; move a word there"
        )
    try:
        if match.re is _TABLE:
            expected = table_text(key, numbers, match["studies"].split())
        else:
            decimals = match["decimals"]
            expected = numbers.text(key, None if decimals is None else int(decimals))
    except ConfigError as error:
        raise ConfigError(f"{where}:{line}: {error}") from error
    return Place(line, key, match["text"], expected, match.span("text"))


def _line(document: str, position: int) -> int:
    return document.count("\n", 0, position) + 1
