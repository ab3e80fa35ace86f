"""The note's conclusions and all differences from it by cause, as Markdown.

It says what the result page says (`hh4b.publication.result_page.content`), in the same words.
"""

from collections.abc import Iterator, Sequence

from hh4b.publication.result_page.content import CauseGroup, NoteSummary, PageContent
from hh4b.publication.result_page.verdicts import WORDS, Verdict

#: Head of the section of differences, which is the last.
DIFFERENCES = "## This run and the note"


def conclusions_text(content: PageContent) -> str:
    """Return the conclusions one by one, then every difference beyond two errors with its cause."""
    lines = ["# The note's conclusions", "", f"{content.subject}.", ""]
    if not content.with_note:
        lines += ["No number of this run has a value in the note to be compared with.", ""]
    if content.verdicts:
        lines += _conclusions(content.verdicts)
    if content.searches:
        lines += ["## Searches", "", *(f"* {_line(one)}" for one in content.searches), ""]
    if content.withheld:
        lines += ["## Without an interval", "", *(f"* {_line(one)}" for one in content.withheld)]
        lines.append("")
    if content.note is not None:
        lines += difference_lines(content.note)
    return "\n".join(lines)


def _conclusions(verdicts: Sequence[Verdict]) -> Iterator[str]:
    counts = {state: sum(one.state == state for one in verdicts) for state in WORDS}
    counted = ", ".join(f"{number} {WORDS[state][2]}" for state, number in counts.items())
    yield from (
        f"Of {len(verdicts)} conclusions that can be tested here, {counted}. A difference counts"
        " from two errors on.",
        "",
        "| Conclusion | This run | Numbers | Tables |",
        "| --- | --- | --- | --- |",
    )
    for one in verdicts:
        sign, said, _ = WORDS[one.state]
        yield f"| {_cell(one.text)} | {sign} {said} | {_cell(one.detail)} | {_tables(one.tables)} |"
    yield ""


def difference_lines(note: NoteSummary) -> Iterator[str]:
    """Yield the lines of every difference beyond two errors, by cause."""
    total = note.agree + note.near + note.far
    yield from (
        DIFFERENCES,
        "",
        f"{total} numbers have a statistical error here and a value in the note. {note.agree} lie"
        f" within one error, {note.near} one to two errors away, {note.far} further, which are"
        f" {note.different} different numbers; {note.unexplained} have no measured cause. An error"
        " is that of this run; those of the note, printed or of its testing events, are added in"
        " squares.",
        "",
        "A number counts for the first cause that covers it. The measurement says how large a cause"
        " is, not that it makes up the whole difference.",
        "",
    )
    for group in note.groups:
        yield from _group(group)


def _group(group: CauseGroup) -> Iterator[str]:
    yield from (f"### {_line(group.title)}", "")
    if group.measured:
        yield from (_line(group.measured), "")
    if not group.differences:
        return
    yield "| Row | Quantity | This run | Note | Errors apart | Tables |"
    yield "| --- | --- | ---: | ---: | ---: | --- |"
    for one in group.differences:
        apart = f"{one.distance:+.1f}".replace("-", "−")
        tables = _tables([key for _, key in one.tables])
        cells = (_cell(one.row), _cell(one.quantity), one.run, one.note, apart, tables)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _tables(keys: Sequence[str]) -> str:
    return ", ".join(f"[{key}](tables/table_{key.zfill(2)}.md)" for key in keys)


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Return a text that ends no cell and begins no tag."""
    return _line(text).replace("|", "\\|").replace("<", "&lt;")
