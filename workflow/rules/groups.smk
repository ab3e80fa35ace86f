# Which jobs are sent to a cluster together.
from snakemake.dag import DAG

from hh4b.study.job_needs import STEPS
from hh4b.study.step_order import require_order


def step(rule):
    """Return the function that names the step of a job: small jobs of a step share one on a cluster."""

    def name(wildcards):
        groups = workflow.group_settings
        if workflow.remote_exec:
            # The plug-in of Slurm does not hand `group-components` on to its jobs, which would start
            # one Snakemake after another: what came in one job belongs together. Snakemake sets
            # its own value after it has read the rules.
            groups.group_components = dict.fromkeys(STEPS, sys.maxsize)
        elif not groups.group_components:
            # A plan for one machine, which knows no groups, is made without them.
            return None
        return RULES.step(rule, wildcards)

    return name


# Whether a group waits for itself Snakemake finds out along all paths from each job of it, and again
# for each of these jobs: hours for a study of 10,000. The order of the steps says it at once.
SEARCH_OF_ALL_PATHS = DAG._check_groups


def check_groups(dag):
    """Check that groups are steps in their order; groups of other names as Snakemake does."""
    if not {job.group for job in dag.jobs} <= {*STEPS, None}:
        return SEARCH_OF_ALL_PATHS(dag)
    try:
        require_order(dag.dependencies)
    except Hh4bError as error:
        raise WorkflowError(str(error))


DAG._check_groups = check_groups
# A part of the same question, asked of each group before.
DAG.validate_group = lambda dag, group: None
