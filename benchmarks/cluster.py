"""What a cluster costs beside the work: a study through a Slurm of one node, and a large plan.

python benchmarks/cluster.py -o cluster.json [--study smoke] [--jobs 10000]

The study is built twice in empty folders, on this machine and through Slurm, and CPU time of all
processes is compared: Slurm's daemons and every start of Snakemake count, waiting does not, so that
other work on the machine matters little. The wall clock is given beside. Then a study is planned,
not run, that has as many jobs as asked for. What the jobs of the default study would cost is told
from their number. Needs root and `apt-get install slurm-wlm munge`.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from hh4b.publication.number_entries import rounded

HELPERS = Path(__file__).parents[1] / "tests" / "workflow"
NUMBERS = Path(__file__).parents[1] / "docs/numbers/default.json"
#: Events of the smallest chunk that the configuration takes.
CHUNK = 250
#: Jobs of the default study beside the chunks of its background, about.
OTHERS = 600


def helper(name):
    """Return a module of helpers of the tests."""
    spec = importlib.util.spec_from_file_location(name, HELPERS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def overhead(study: str) -> dict[str, float]:
    """Build a study with and without Slurm.

    Returns:
        Numbers of jobs, CPU seconds and seconds of both, and the share of CPU time beside the work.
    """
    slurm_of, studies = helper("one_node_slurm"), helper("slurm_studies")
    studies.adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        alone = studies.build(Path(folder), study)
        seconds = time.monotonic() - start
        with tempfile.TemporaryDirectory() as other:
            start, before = time.monotonic(), studies.cpu_seconds()
            with (
                tempfile.TemporaryDirectory(prefix="slurm") as place,
                slurm_of.OneNodeSlurm(place) as slurm,
            ):
                through = studies.build(Path(other), study, slurm)
                slurm_seconds = time.monotonic() - start
            studies.reap_orphans()
            cpu = studies.cpu_seconds() - before
            different = studies.differences(alone.results, through.results)
    if different:
        sys.exit(f"results differ: {', '.join(different)}")
    return {
        "jobs": alone.jobs,
        "slurm_jobs": through.slurm_jobs,
        "cpu_seconds": alone.cpu_seconds,
        "slurm_cpu_seconds": cpu,
        "overhead_percent": 100 * (cpu / alone.cpu_seconds - 1),
        "seconds": seconds,
        "slurm_seconds": slurm_seconds,
    }


def job_cost() -> dict[str, float]:
    """Return what a job of Slurm costs: one whose command does nothing, locally and through Slurm.

    Returns:
        CPU seconds of both, Slurm's daemons with their start and end included, and the difference.
    """
    slurm_of, studies = helper("one_node_slurm"), helper("slurm_studies")
    studies.adopt_orphans()
    target = "results/small/partons/hh_kl1.lhe.gz"
    found = {}
    with tempfile.TemporaryDirectory() as programs:
        nothing = Path(programs) / "hh4b"
        nothing.write_text(
            '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" != -o ] || touch "$2"; shift; done\n'
        )
        nothing.chmod(0o755)
        for name in ("cpu_seconds", "slurm_cpu_seconds"):
            with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
                before, slurm = studies.cpu_seconds(), None
                if name.startswith("slurm"):
                    place = stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm"))
                    slurm = stack.enter_context(slurm_of.OneNodeSlurm(place))
                studies.build(Path(folder), "small", slurm, [target], programs)
                stack.close()
                studies.reap_orphans()
                found[name] = studies.cpu_seconds() - before
    return {
        **found,
        "cpu_seconds_of_a_slurm_job": found["slurm_cpu_seconds"] - found["cpu_seconds"],
    }


def plan(jobs: int) -> dict[str, float]:
    """Plan the default study with so many chunks that it has the number of jobs.

    Returns:
        Number of jobs; seconds and CPU seconds of the plan for one machine and for Slurm.
    """
    studies = helper("slurm_studies")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        studies.copy_of_workflow(Path(folder), "smoke")
        # A sample has at most 9999 chunks.
        size = {"samples": {"four_b": {"events": CHUNK * (jobs - OTHERS)}}}
        size["simulation"] = {"chunk_events": CHUNK}
        (Path(folder) / "large.yaml").write_text(yaml.safe_dump(size))
        for name, options in (
            ("local", ["--cores", "2"]),
            ("slurm", ["--workflow-profile", "workflow/profiles/slurm"]),
        ):
            start, before = time.monotonic(), studies.cpu_seconds()
            done = subprocess.run(
                [sys.executable, "-m", "snakemake", "-n", "--quiet", "rules", *options,
                 "--configfile", "large.yaml"],
                cwd=folder, capture_output=True, text=True, check=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
            found[f"{name}_seconds"] = time.monotonic() - start
            found[f"{name}_cpu_seconds"] = studies.cpu_seconds() - before
            said = done.stdout + done.stderr
            if total := re.search(r"^total +(\d+)$", said, re.M):
                found["jobs"] = int(total[1])
    return found


def default_study(seconds_of_a_job: float) -> dict[str, float]:
    """Return the jobs of Slurm that the default study has, and what they cost beside its work.

    Args:
        seconds_of_a_job: CPU seconds of a job of Slurm beside its work.

    Returns:
        Number of jobs of the workflow and of Slurm, and the overhead by the time that the jobs of
        the study took when it was built (docs/numbers/default.json).
    """
    studies = helper("slurm_studies")
    with tempfile.TemporaryDirectory() as folder:
        studies.copy_of_workflow(Path(folder), "smoke")
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "-n", "--workflow-profile",
             "workflow/profiles/slurm"],
            cwd=folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
    said = done.stdout + done.stderr
    groups = said.count("Group job ")
    work = json.loads(NUMBERS.read_text())["seconds"]
    total = sum(stage["seconds"] for stage in work.values())
    return {
        "jobs": int(re.search(r"^total +(\d+)$", said, re.M)[1]),
        "slurm_jobs": groups,
        "work_seconds": total,
        "overhead_percent": 100 * groups * seconds_of_a_job / total,
    }


def _rounded(node):
    if isinstance(node, dict):
        return {name: _rounded(one) for name, one in node.items()}
    return rounded(node) if isinstance(node, float) else node


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--study", default="smoke", help="of config/scale or tests/studies")
    parser.add_argument("--jobs", type=int, default=10000)
    parser.add_argument("--only", choices=["overhead", "plan"], help="measure one part alone")
    chosen = parser.parse_args()
    content = json.loads(chosen.output.read_text()) if chosen.output.exists() else {}
    content["benchmark"] = "cluster"
    if chosen.only != "overhead":
        content["plan"] = plan(chosen.jobs)
    if chosen.only != "plan":
        content.setdefault("overhead", {})[chosen.study] = overhead(chosen.study)
        content["job"] = job_cost()
        content["default"] = default_study(content["job"]["cpu_seconds_of_a_slurm_job"])
    text = json.dumps(_rounded(content), indent=1)
    chosen.output.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
