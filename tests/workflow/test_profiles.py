"""Profiles of clusters start as the README types them: a dry run, without a cluster."""

import importlib.util
import subprocess
import sys

import pytest

pytestmark = pytest.mark.workflow
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
    assert "summary" in said
    # Of one step each: a group that a job of another step comes back into stops the run.
    assert "Group job" in said or "total" in said


def test_every_job_says_what_it_needs(workflow):
    said = started(workflow, "--workflow-profile", "workflow/profiles/slurm", "-n", *SMOKE)
    lines = [line for line in said.splitlines() if "resources: " in line]
    assert len(lines) > 300
    # What runs where Snakemake does: the choice of a search.
    assert sum("runtime=60" in line for line in lines) <= 3
    assert any("mem_mb=2" in line and "runtime=3" in line for line in lines)
