# What all rules share: the checked study, its files, and the settings of each job.
import os
import re
import sys
from pathlib import Path

from hh4b.core.errors import Hh4bError
from hh4b.core.lock_takeover import take_over
from hh4b.core.logs import last_messages, say
from hh4b.core.scheduler_looks import look_again_once
from hh4b.publication.catalogue import checked_study, outputs, results_page
from hh4b.publication.result_page.design import design_digest
from hh4b.publication.result_page.sections import section_of
from hh4b.publication.withheld import withheld_sentences
from hh4b.study.cost import cost_lines
from hh4b.study.file_checks import absent_archive
from hh4b.study.job_inputs import JobInputs, names_pattern, option
from hh4b.study.layout import Layout
from hh4b.study.rule_values import RuleValues, code_of, command
from hh4b.training.trial_storage import require_own_storage

try:
    STUDY = checked_study(
        config,
        # Those of the command line lie over that of the Snakefile, which comes last in the list.
        files=[
            *workflow.configfiles[len(workflow.overwrite_configfiles) :],
            *workflow.overwrite_configfiles,
        ],
        look_for_files=workflow.is_main_process,
    )
    LAYOUT = Layout(STUDY)
    OUTPUTS = outputs(LAYOUT)
    PAGE = results_page(LAYOUT)
    COST = cost_lines(STUDY)
    for _name, _search in STUDY.searches.items():
        require_own_storage(
            LAYOUT.search(_name, "trials.journal"), f"{_search.kind} search"
        )
except Hh4bError as error:
    raise WorkflowError(f"{type(error).__name__}: {error}")
# The workflow does not know yet, at this point, whether it will run.
if any(re.fullmatch("--dry-?run|-[a-z]*n[a-z]*", _word) for _word in sys.argv[1:]):
    sys.stderr.write("\n".join([*COST, ""]))
elif workflow.is_main_process and "--unlock" not in sys.argv:
    take_over(Path(".snakemake"), say=say)
if workflow.is_main_process and (_line := absent_archive(STUDY)):
    say(_line)

FILES = JobInputs(LAYOUT)
RULES = RuleValues(LAYOUT)
settings, needs = RULES.settings, RULES.needs
RESULTS = LAYOUT.results


wildcard_constraints:
    sample=names_pattern(LAYOUT.samples),
    chunk=r"\d{4}\d*",
    variation="|".join([*(v.prefix for v in LAYOUT.variations), "(?:)"]),
    pairing=names_pattern(STUDY.pairings),
    training=names_pattern(STUDY.spanet_trainings),
    classifier=names_pattern(STUDY.classifiers),
    selection=names_pattern(STUDY.selections),
    target=names_pattern(STUDY.selections),
    search=names_pattern(STUDY.searches),
    repeat=r"\d+",
    fold=r"fold_\d+_" if LAYOUT.folds else "(?:)",
    worker=r"\d+",
    energy="13|14",
    point=r"[\d.e+]+tev_[\d.e+]+ifb",


def refused(reason):
    """Return an input function that says why a table or figure cannot be made."""

    def explain(wildcards):
        raise WorkflowError(reason)

    return explain
