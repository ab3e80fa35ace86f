# hh4b: from gg -> HH -> 4b events to an interval on kappa_lambda.
# What runs when; how is in `hh4b --help`, what with is in config/.
from snakemake.utils import min_version

from hh4b.study.reading import is_standalone

min_version("9.0")


if not is_standalone(workflow.overwrite_configfiles):

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/groups.smk"
include: "workflow/rules/generation.smk"
include: "workflow/rules/events.smk"
include: "workflow/rules/pairing.smk"
include: "workflow/rules/selection.smk"
include: "workflow/rules/spanet.smk"
include: "workflow/rules/statistics.smk"
include: "workflow/rules/likelihood.smk"
include: "workflow/rules/publication.smk"


rule all:
    default_target: True
    input:
        rules.summary.output,
        rules.provenance.output,
        rules.page.output,


onstart:
    look_again_once(workflow.scheduler)


onsuccess:
    # Logs of the jobs lie in files: this is what the user sees.
    for line in withheld_sentences(LAYOUT):
        say(line)
    if Path(RESULTS, "index.html").is_file():
        say(f"results: {Path(RESULTS, 'index.html').resolve()}")


onerror:
    for line in last_messages(workflow.scheduler.failed):
        say(line)
