"""The profile of Slurm on a real Slurm, beside the same study built without it."""

import contextlib
import os
import tempfile

import pytest
from one_node_slurm import OneNodeSlurm, SlurmMissing
from slurm_studies import build, differences

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(3000)]
#: `make test-slurm` says `smoke`.
STUDY = os.environ.get("HH4B_SLURM_STUDY", "small")


@pytest.fixture(scope="module")
def slurm():
    with contextlib.ExitStack() as stack:
        # Names of sockets are short; those of pytest's folders are not.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm"))
        try:
            running = stack.enter_context(OneNodeSlurm(folder))
        except SlurmMissing as reason:
            pytest.skip(f"Slurm cannot be had here: {reason}")
        yield running


def ended(slurm):
    """Return the states of all jobs that have ended."""
    lines = (slurm.folder / "jobs.txt").read_text().splitlines()
    return [line.partition("JobState=")[2].split()[0] for line in lines]


def test_results_are_those_of_one_machine(slurm, request, tmp_path):
    alone = request.getfixturevalue("smoke" if STUDY == "smoke" else "small")
    through = build(tmp_path, STUDY, slurm)
    assert differences(alone.folder / "results" / STUDY, through.results) == []
    # Small jobs share a job of the cluster, and none was sent twice.
    assert through.slurm_jobs < through.jobs / 6
    assert ended(slurm) == ["COMPLETED"] * through.slurm_jobs


def test_a_job_that_fails_is_tried_again_and_named(slurm, tmp_path):
    before = len(ended(slurm))
    programs, folder = tmp_path / "programs", tmp_path / "study"
    for path in (programs, folder):
        path.mkdir()
    broken = programs / "hh4b"
    broken.write_text("#!/bin/sh\necho 'GeneratorFailed: no luck' >&2\nexit 1\n")
    broken.chmod(0o755)
    target = "results/small/partons/hh_kl1.lhe.gz"
    with pytest.raises(RuntimeError) as caught:
        build(folder, "small", slurm, ["--retries", "1", target], programs)
    said = str(caught.value)
    assert "generate_hh" in said
    assert "logs/generate_hh/hh_kl1.log" in said
    log = folder / "results/small/logs/generate_hh/hh_kl1.log"
    assert log.read_text() == "GeneratorFailed: no luck\n"
    assert ended(slurm)[before:] == ["FAILED"] * 2
