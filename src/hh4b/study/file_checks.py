"""Whether the files that a study names are there, before any job starts."""

from collections.abc import Hashable, Iterator
from pathlib import Path

from hh4b.core.errors import InputFileError
from hh4b.core.problems import Problems
from hh4b.core.same_file import file_identity, same_file
from hh4b.core.spelling import did_you_mean
from hh4b.events.sources import require_local_sources
from hh4b.study.model import Study
from hh4b.study.samples import (
    SIMULATED,
    FilesSample,
    HepmcSample,
    LheSample,
    MadgraphSample,
    SpanetDatasetSample,
)


def find_missing_files(study: Study, problems: Problems) -> None:
    """Look for every file that a study names; what is behind addresses is left to the jobs.

    Found is what is missing, and what is given twice.
    """
    for key, text in (*_of_samples(study), *_shared(study), *_of_sections(study)):
        problems.add(key, text)


def check_files(study: Study) -> None:
    """Look for every file that a study names.

    Raises:
        ConfigError: with all that are missing or given twice, a line each.
    """
    problems = Problems()
    find_missing_files(study, problems)
    problems.require_none()


def _of_samples(study: Study) -> Iterator[tuple[str, str]]:
    for name, sample in study.samples.items():
        key = f"samples.{name}"
        if isinstance(sample, FilesSample | LheSample | HepmcSample):
            try:
                require_local_sources(sample.files)
            except InputFileError as error:
                yield f"{key}.files", str(error)
        if isinstance(sample, MadgraphSample):
            yield from _missing(f"{key}.delphes_card", sample.delphes_card)
        if isinstance(sample, SpanetDatasetSample):
            yield from _missing(f"{key}.file", sample.file)
            if sample.testing_file is not None:
                yield from _missing(f"{key}.testing_file", sample.testing_file)
                if same_file(sample.file, sample.testing_file):
                    yield (
                        f"{key}.testing_file",
                        f"value {sample.testing_file!r}: is the same file as `file`, whose events"
                        " would train and test; leave it out",
                    )


def _shared(study: Study) -> Iterator[tuple[str, str]]:
    """Name files that two samples of a process have: their events would count twice."""
    users: dict[tuple[str, Hashable], str] = {}
    for name, sample in study.samples.items():
        if not isinstance(sample, FilesSample | LheSample | HepmcSample):
            continue
        try:
            files = require_local_sources(sample.files)
        except InputFileError:
            continue
        for file in files:
            other = users.setdefault((sample.process, file_identity(file)), name)
            if other != name:
                yield (
                    f"samples.{name}.files",
                    f"{file} is in sample {other!r} of process {sample.process!r} too, and would"
                    " count twice; leave it out of one",
                )
                break


def _of_sections(study: Study) -> Iterator[tuple[str, str]]:
    if any(sample.source in SIMULATED for sample in study.samples.values()):
        yield from _missing("simulation.detector", study.simulation.detector)
    if same_file(study.results, "."):
        yield "results", f"value {study.results!r}: is where the workflow lies; name another folder"
    if study.publication.reference is not None:
        yield from _missing("publication.reference", study.publication.reference)
    if study.publication.causes is not None:
        yield from _missing("publication.causes", study.publication.causes)
    archive = study.publication.archive
    if archive is not None and Path(archive).exists() and not _is_archive(archive):
        text = f"value {archive!r}: is no folder that `hh4b archive` made; check the name"
        yield "publication.archive", text


def absent_archive(study: Study) -> str | None:
    """Return a line if the archived run is not here.

    The default study names one that a folder with a copy of ``config/`` alone has not; the page is
    the same but for the second intervals.
    """
    archive = study.publication.archive
    if archive is None or Path(archive).exists():
        return None
    return (
        f"publication.archive: there is no folder {archive}, so the page shows no other run beside"
        " this one; write null if there is none"
    )


def _is_archive(folder: str) -> bool:
    return (Path(folder) / "README.md").is_file()


def _missing(key: str, file: str) -> Iterator[tuple[str, str]]:
    if not Path(file).is_file():
        yield key, f"value {file!r}: there is no such file; check the name{_alike(Path(file))}"


def _alike(path: Path) -> str:
    """Return which file of the folder could have been meant."""
    try:
        names = [one.name for one in path.parent.iterdir() if one.is_file()]
    except OSError:
        return ""
    return did_you_mean(path.name, names)
