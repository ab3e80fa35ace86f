"""Whether the files that a study names are there, before any job starts."""

from collections.abc import Hashable, Iterator
from pathlib import Path

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.same_file import file_identity, same_file
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


def check_files(study: Study) -> None:
    """Look for every file that a study names; what is behind addresses is left to the jobs.

    Raises:
        ConfigError: with all that are missing or given twice, a line each.
    """
    found = [*_of_samples(study), *_shared(study), *_of_sections(study)]
    if found:
        raise ConfigError("\n  ".join(found))


def _of_samples(study: Study) -> Iterator[str]:
    for name, sample in study.samples.items():
        key = f"samples.{name}"
        if isinstance(sample, FilesSample | LheSample | HepmcSample):
            try:
                require_local_sources(sample.files)
            except InputFileError as error:
                yield f"{key}.files: {error}"
        if isinstance(sample, MadgraphSample):
            yield from _missing(f"{key}.delphes_card", sample.delphes_card)
        if isinstance(sample, SpanetDatasetSample):
            yield from _missing(f"{key}.file", sample.file)
            if sample.testing_file is not None:
                yield from _missing(f"{key}.testing_file", sample.testing_file)
                if same_file(sample.file, sample.testing_file):
                    yield (
                        f"{key}.testing_file: value {sample.testing_file!r}: is the same file as"
                        " `file`, whose events would train and test; leave it out"
                    )


def _shared(study: Study) -> Iterator[str]:
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
                    f"samples.{name}.files: {file} is in sample {other!r} of process"
                    f" {sample.process!r} too, and would count twice; leave it out of one"
                )
                break


def _of_sections(study: Study) -> Iterator[str]:
    if any(sample.source in SIMULATED for sample in study.samples.values()):
        yield from _missing("simulation.detector", study.simulation.detector)
    if same_file(study.results, "."):
        yield f"results: value {study.results!r}: is where the workflow lies; name another folder"
    if study.publication.reference is not None:
        yield from _missing("publication.reference", study.publication.reference)
    if study.publication.causes is not None:
        yield from _missing("publication.causes", study.publication.causes)


def _missing(key: str, file: str) -> Iterator[str]:
    if not Path(file).is_file():
        yield f"{key}: value {file!r}: there is no such file; check the name"
