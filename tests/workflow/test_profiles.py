"""Profiles of clusters start as the README types them: a dry run, without a cluster."""

import importlib.util
import re
import resource
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.plan]
SMOKE = ("--configfile", "config/scale/smoke.yaml")


def started(workflow, *arguments):
    """Run Snakemake with nothing but the arguments, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=workflow.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("profile", ["slurm", "htcondor"])
def test_a_profile_starts_as_typed(profile, workflow):
    if importlib.util.find_spec(f"snakemake_executor_plugin_{profile}") is None:
        pytest.skip(f"snakemake-executor-plugin-{profile} is not installed")
    said = started(workflow, "--workflow-profile", f"workflow/profiles/{profile}", "-n", *SMOKE)
    # A group that a job of another step comes back into would have stopped the run.
    assert "Group job publication" in said


def test_small_jobs_share_jobs_of_the_cluster(workflow):
    said = started(workflow, "--workflow-profile", "workflow/profiles/slurm", "-n", *SMOKE)
    # Some 380 jobs of the workflow.
    assert 12 < said.count("Group job ") < 40


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        # A name of ours in the wrong place: found by the order of the steps.
        ("simulate=publication", "ingest of the step ingestion needs simulate of the step"),
        # One of another name: Snakemake looks itself, as it does where all paths are good.
        ("generate_hh=mine ingest=mine", "Group mine depends on itself"),
    ],
)
def test_a_group_that_waits_for_itself_is_refused(workflow, groups, reason):
    done = subprocess.run(
        [
            sys.executable, "-m", "snakemake", "-n", "--workflow-profile",
            "workflow/profiles/slurm", *SMOKE, "--groups", *groups.split(),
            "--group-components", "mine=100",
        ],
        cwd=workflow.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert reason in done.stdout + done.stderr


def seconds_a_job(workflow, configuration):
    """Plan a study for Slurm; return the CPU time of the plan over its number of jobs, and that."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = started(
        workflow, "--workflow-profile", "workflow/profiles/slurm", "-n", "--quiet", "rules",
        "--configfile", configuration,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    jobs = int(re.search(r"^total +(\d+)$", said, re.M)[1])
    return (after.ru_utime - before.ru_utime) / jobs, jobs


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_plan_takes_as_long_as_it_has_jobs(workflow):
    """Snakemake's own look along all paths from every job of a group does not end here."""
    (workflow.folder / "large.yaml").write_text(
        "samples: {four_b: {events: 500000}}\nsimulation: {chunk_events: 250}\n"
    )
    small, few = seconds_a_job(workflow, "config/scale/smoke.yaml")
    large, many = seconds_a_job(workflow, "large.yaml")
    assert many > 6 * few
    # Equal where time grows with the jobs, six times where it grows with their square. The
    # processor itself can be twice as slow in one of the plans.
    assert large < 3 * small
