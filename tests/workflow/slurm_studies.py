"""A study built on this machine and through Slurm: CPU time of both, and files that differ."""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What has to be the same, byte for byte, wherever a study was built.
COMPARED = ("templates/*.json", "limits/*.json", "likelihood/*/*.json", "tables/*")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Build:
    """A finished build.

    Attributes:
        results: folder of its results.
        cpu_seconds: of the build and all its jobs, user and system.
        slurm_jobs: number of jobs of Slurm.
        jobs: number of jobs of the workflow.
    """

    results: Path
    cpu_seconds: float
    slurm_jobs: int
    jobs: int


def copy_of_workflow(folder, study):
    """Copy the workflow, with a study of tests/studies or config/scale, into an empty folder.

    Returns:
        Options of Snakemake that choose the study.
    """
    shutil.copy(ROOT / "Snakefile", folder)
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, folder / name)
    if (ROOT / f"config/scale/{study}.yaml").exists():
        return ["--configfile", f"config/scale/{study}.yaml"]
    shutil.copy(ROOT / f"tests/studies/{study}.yaml", folder / "config/config.yaml")
    return []


def build(folder, study, slurm=None, options=(), first_on_path=None):
    """Build a study to its end in an empty folder.

    Args:
        folder: where.
        study: its name in tests/studies or config/scale; its results are `results/NAME`.
        slurm: a running `OneNodeSlurm`; None for this machine without it.
        options: further ones of Snakemake.
        first_on_path: folder of programs that stand in for others.

    Raises:
        RuntimeError: if Snakemake fails, with what it said.
    """
    chosen = copy_of_workflow(folder, study)
    environment = dict(os.environ if slurm is None else slurm.environment)
    own = str(Path(sys.executable).parent)
    environment |= {"PATH": f"{own}:{environment['PATH']}", "OMP_NUM_THREADS": "1"}
    if slurm is not None:
        environment["PATH"] = f"{slurm.folder / 'bin'}:{environment['PATH']}"
        chosen += ["--workflow-profile", "workflow/profiles/slurm"]
    if first_on_path is not None:
        environment["PATH"] = f"{first_on_path}:{environment['PATH']}"
    cores = slurm.cores if slurm is not None else len(os.sched_getaffinity(0))
    before = cpu_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", str(cores), *options, *chosen],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    if done.returncode:
        raise RuntimeError(said[-20000:])
    jobs = next(line.split()[1] for line in said.splitlines() if line.startswith("total "))
    return Build(
        folder / "results" / study,
        cpu_seconds() - before,
        said.count("has been submitted with SLURM jobid"),
        int(jobs),
    )


def adopt_orphans():
    """Become the parent of processes whose own has ended, so that their CPU time counts here."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans():
    """Take the CPU time of adopted processes that have ended; call it when no child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def cpu_seconds():
    """Return the CPU time of all processes that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def differences(first, second):
    """Return names of compared files that differ between two folders of results, or miss in one."""
    contents = [
        {
            str(path.relative_to(folder)): path.read_bytes()
            for pattern in COMPARED
            for path in folder.glob(pattern)
        }
        for folder in (first, second)
    ]
    names = set(contents[0]) | set(contents[1])
    return sorted(n for n in names if contents[0].get(n) != contents[1].get(n))
