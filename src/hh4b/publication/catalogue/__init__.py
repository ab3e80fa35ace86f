"""What a study shows: the tables and figures of the note, extra ones, and those of the user.

An output is a row of data: its kind, its title, where its inputs come from. `outputs` puts a study
in, and gives the workflow everything that it needs to make each of them.
"""

from hh4b.publication.catalogue.checks import checked_study, read_checked_study
from hh4b.publication.catalogue.page import PlannedPage, results_page
from hh4b.publication.catalogue.planning import (
    PlannedOutput,
    check_outputs,
    default_settings,
    known_keys,
    outputs,
)

__all__ = [
    "PlannedOutput",
    "PlannedPage",
    "check_outputs",
    "checked_study",
    "default_settings",
    "known_keys",
    "outputs",
    "read_checked_study",
    "results_page",
]
