"""Count the differences of an archived run by the causes that are known now."""

from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path
from hh4b.publication.archive.conclusions import DIFFERENCES, difference_lines
from hh4b.publication.archive.index_page import CONCLUSIONS
from hh4b.publication.catalogue import results_page
from hh4b.publication.made_outputs import made_outputs, output_key
from hh4b.publication.page.causes import Causes, measure
from hh4b.publication.page.comparisons import COMPARISON, TableNumbers, write_comparison
from hh4b.publication.page.note_section import NoteComparison
from hh4b.publication.record.run import CONFIGURATION
from hh4b.publication.result_page.content import note_summary
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study


def recount(folder: Path, causes: Path) -> tuple[int, int]:
    """Write an archive's differences from the note anew, from its own tables.

    A cause that is measured after a run counts in it without the run's events. Everything but
    the comparison and the section of differences stays as the run had it.

    Args:
        folder: that `hh4b.publication.archive_stage.write_archive` made.
        causes: why numbers differ from the note's.

    Returns:
        Numbers beyond two errors, and those of them without a measured cause.

    Raises:
        ConfigError: if the folder is no archive of a run with the note, or a cause is not valid.
        InputFileError: if a file of it is missing or damaged.
    """
    page = folder / CONCLUSIONS
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    before, found, _ = text.partition(DIFFERENCES)
    if not found or not (folder / CONFIGURATION).is_file():
        raise ConfigError(
            f"{folder} is no archive of a run that is compared with the note; make one with hh4b"
            " archive"
        )
    study = read_study(folder / CONFIGURATION)
    publication = study.publication.model_copy(update={"causes": str(causes)})
    told = study.model_copy(update={"results": str(folder), "publication": publication})
    facts = results_page(Layout(told)).settings.facts
    files = made_outputs("table", [folder / "tables"], (".csv", ".md"))
    numbers = TableNumbers.read({output_key("table", path): path for path in files})
    comparison = NoteComparison(numbers.compared(), measure(Causes.read(causes), numbers, facts))
    write_comparison(folder / COMPARISON, comparison.named)
    note = note_summary(comparison, {key: f"table_{key}" for key in numbers.rows})
    with atomic_path(page) as temporary:
        temporary.write_text(before + "\n".join(difference_lines(note)), encoding="utf-8")
    return note.far, note.unexplained
