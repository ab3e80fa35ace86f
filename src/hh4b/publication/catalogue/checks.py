"""Everything that can be said against a study before its first job, at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hh4b.core.problems import Problems
from hh4b.publication.catalogue.planning import find_wrong_outputs, find_wrong_styles
from hh4b.study.cost import training_options
from hh4b.study.file_checks import find_missing_files
from hh4b.study.model import Study
from hh4b.study.reading import read_content, read_files, sound_study
from hh4b.study.references import find_mismatches


def checked_study(
    content: Mapping[str, Any], files: Sequence[Path | str] = (), *, look_for_files: bool = True
) -> Study:
    """Turn plain data into a study that the workflow can build.

    Keys, values and names come first, those of styles and figures among them; then whether all of
    it fits together.

    Args:
        content: all sections.
        files: YAML files that it comes from, read once more for keys that stand twice.
        look_for_files: whether files that it names must be there.

    Raises:
        ConfigError: a line with key, value and what was expected for each thing that is wrong, in
            the order of the files.
    """
    read_files(files)
    problems = Problems()
    find_wrong_styles(content, problems)
    study = sound_study(content, problems, files=files)
    find_mismatches(study, problems)
    find_wrong_outputs(study, problems)
    if look_for_files:
        find_missing_files(study, problems)
    for name, training in study.spanet_trainings.items():
        with problems.at(f"spanet_trainings.{name}.options"):
            training_options(training)
    problems.require_none(files)
    return study


def read_checked_study(*paths: Path | str) -> Study:
    """Read YAML files, each laid over the ones before, into a study that can be built.

    Raises:
        ConfigError: see `checked_study`.
    """
    return checked_study(read_content(*paths), paths)
