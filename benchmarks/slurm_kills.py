"""Kill what a study runs through Slurm: a process of a worker, a whole job, and Snakemake itself.

Used by `kills.py`. The same command is typed again whenever it has ended before its time, with
nothing else.
"""

import contextlib
import importlib.util
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from kills import Kills, commands, compare, start

HELPERS = Path(__file__).parents[1] / "tests" / "workflow"
#: In turn.
WAYS = ("worker", "scancel", "snakemake")


def one_node_slurm(folder: Path):
    """Return the Slurm of the tests."""
    spec = importlib.util.spec_from_file_location("one_node_slurm", HELPERS / "one_node_slurm.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["one_node_slurm"] = module
    spec.loader.exec_module(module)
    return module.OneNodeSlurm(folder)


def run_through_slurm(
    rest: Sequence[str], folder: Path, calm: Path, kills: int, *, seed: int, partly: bool
) -> Kills:
    """Build through Slurm, disturbed, and compare.

    Args:
        rest: of the command behind the profile.
        folder: a checkout.
        calm: results of an undisturbed build.
        kills: number of kills.
        seed: of their moments.
        partly: not everything of the undisturbed build is built.
    """
    outcome = Kills()
    with tempfile.TemporaryDirectory(prefix="slurm") as place, one_node_slurm(Path(place)) as slurm:
        profile = ["--workflow-profile", "workflow/profiles/slurm", "--cores", str(slurm.cores)]
        command = ["snakemake", *profile, *rest]
        jobs = _number_of_jobs(command, folder, slurm.environment)
        # One kill in each part of the build: what is finished stays so.
        drawn = random.Random(seed)
        moments = [jobs * (number + drawn.random()) / kills for number in range(kills)]
        _disturb(command, folder, slurm.environment, moments, outcome)
    compare(calm, folder / "results", outcome, partly=partly)
    return outcome


def _disturb(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    moments: Sequence[float],
    outcome: Kills,
) -> None:
    process = start(command, folder, environment)
    begun = time.monotonic()
    for number, moment in enumerate(moments):
        found = _wait_for_work(folder, process, moment)
        if process.poll():
            # A job has failed more often than it is tried again.
            process = start(command, folder, environment)
            found = _wait_for_work(folder, process, moment)
        if process.poll() is not None:
            break
        how = WAYS[number % len(WAYS)]
        jobs = sorted({name for _, name in found})
        if how == "worker":
            for pid, _ in found[:1]:
                _kill(pid)
        elif how == "scancel":
            subprocess.run(
                ["scancel", "--user=root", "--state=RUNNING"],
                env=dict(environment), check=False, capture_output=True,
            )  # fmt: skip
        else:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process = start(command, folder, environment)
        after = round(time.monotonic() - begun, 2)
        outcome.kills.append({"after_s": after, "how": how, "jobs": jobs})
    last = time.monotonic()
    code = process.wait()
    if code:
        last = time.monotonic()
        code = start(command, folder, environment).wait()
    outcome.last_s = time.monotonic() - last
    if code:
        outcome.failures.append(f"code {code} of the last command")


def _number_of_jobs(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Return how many jobs a command has to run."""
    before = (folder / "terminal.log").stat().st_size if (folder / "terminal.log").exists() else 0
    start([*command, "--dry-run", "--quiet", "rules"], folder, environment).wait()
    said = (folder / "terminal.log").read_bytes()[before:].decode(errors="replace")
    found = re.search(r"^total +(\d+)$", said, re.M)
    return int(found[1]) if found else 0


def _wait_for_work(
    folder: Path, process: subprocess.Popen[bytes], moment: float
) -> list[tuple[int, str]]:
    """Return the commands that run in a folder once so many jobs have ended, or nothing."""

    def here(pid: int) -> bool:
        return Path(f"/proc/{pid}/cwd").resolve() == folder.resolve()

    while process.poll() is None:
        ended = sum(1 for _ in folder.glob("results/**/benchmarks/*/*.tsv"))
        if ended >= moment and (found := commands(here)):
            return found
        time.sleep(0.1)
    return []


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
