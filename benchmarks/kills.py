"""Kill a study at random moments and type the command again: ``python benchmarks/kills.py``.

A study is built in copies of the checkout: once undisturbed on one core, and once on several, with
its whole process group killed by signal 9 at random moments, after each of which the same command
is typed again, with nothing else. With ``--slurm-kills`` it is built a third time, through a Slurm
of one node, whose workers, jobs and Snakemake are killed (`slurm_kills`). All builds are compared
file by file with the first.
"""

import argparse
import csv
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import h5py
import numpy as np
import torch
import uproot

ROOT = Path(__file__).resolve().parents[1]
#: What a build writes that tells when and how fast it was made.
TIMED = ("logs", "benchmarks")
#: Commands that end badly, after which nothing more is tried.
_FAILURES = 3
#: Records of every attempt at a training or a trial: a killed one is an attempt more.
ATTEMPTS = ("events.out.tfevents.*", "trials.journal", "trials.journal.*")
#: Of a command or a group of commands; arguments have more than letters.
_NAME = re.compile("[a-z-]+|4b")
#: Keys and columns that tell how fast something was, or by which checkout.
RATES = ("events_per_second", "commit", "modified")
#: Folders of results that have to be equal byte by byte however a study was built.
HASHED = ("templates", "limits", "tables")


@dataclass
class Kills:
    """What happened.

    Attributes:
        jobs: number of jobs of a build.
        undisturbed_s: wall-clock time of the build that nothing disturbs.
        last_s: that of the last command of the other one.
        builds: number of builds that were killed until they were whole.
        kills: moments of the kills in seconds after the command, with the jobs that were at work.
        failures: commands that ended by themselves, and not well.
        files: number of files of the last build by how they compare: `bytes`, `content`,
            `differs`, `missing`, `more`; and `partial`, what killed jobs had begun and nobody
            removed.
        hashed: number of files with equal hashes by folder of `HASHED`.
        named: the files that are not the same, those of `hashed` byte by byte.
    """

    jobs: int = 0
    undisturbed_s: float = 0.0
    last_s: float = 0.0
    builds: int = 0
    kills: list[dict[str, object]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    hashed: dict[str, int] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)

    def numbers(self) -> dict[str, object]:
        """Return everything, with how many kills met which command."""
        met = Counter(job for kill in self.kills for job in kill["jobs"])
        named = {"number": len(self.kills), "met": dict(sorted(met.items())), **asdict(self)}
        for name in ("failures", "named"):
            named[f"number_{name}"] = len(named[name])
        return named


def checkout(folder: Path, base: Path | None = None) -> Path:
    """Copy what the workflow needs, and the study that stands in for the default one."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "Snakefile", folder)
    for name in ("workflow", "config", "profiles"):
        shutil.copytree(ROOT / name, folder / name)
    if base is not None:
        shutil.copy(base, folder / "config/config.yaml")
    return folder


def start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ
) -> subprocess.Popen[bytes]:
    """Start a command as the leader of a process group, as a terminal does."""
    places = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    with (folder / "terminal.log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**environment, "PATH": places, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip


def jobs_of(group: int) -> list[str]:
    """Return the commands of this package that a process group runs."""
    return sorted({name for _, name in commands(lambda pid: os.getpgid(pid) == group)})


def commands(wanted: Callable[[int], bool]) -> list[tuple[int, str]]:
    """Return process and name of the commands of this package that run, of wanted processes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if not wanted(int(process.name)):
                continue
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        names = [index for index, word in enumerate(words) if Path(word).name == "hh4b"]
        if names and " " not in words[names[0]]:
            taken = [word for word in words[names[0] + 1 : names[0] + 3] if _NAME.fullmatch(word)]
            found.append((int(process.name), " ".join(taken)))
    return found


def disturb(
    command: Sequence[str],
    folder: Path,
    moments: Sequence[float],
    outcome: Kills,
    finished: Callable[[], None],
) -> None:
    """Kill the command at each moment and type it again; the last time let it end.

    Where it ends before a moment the build is compared by ``finished`` and begun anew, so that
    every moment is one of a build at work.
    """
    left = list(moments)
    while left and len(outcome.failures) < _FAILURES:
        moment = left.pop()
        begun = time.monotonic()
        process = start(command, folder)
        try:
            code = process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            jobs = jobs_of(process.pid)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            outcome.kills.append({"after_s": round(time.monotonic() - begun, 2), "jobs": jobs})
        else:
            left.append(moment / 2)  # not longer than a whole build in the end
            if code:
                outcome.failures.append(f"code {code} after kill {len(outcome.kills)}")
                continue
            finished()
            for name in ("results", ".snakemake"):
                shutil.rmtree(folder / name)
    begun = time.monotonic()
    code = start(command, folder).wait()
    outcome.last_s = time.monotonic() - begun
    if code:
        outcome.failures.append(f"code {code} of the last command")
    finished()


def compare(one: Path, other: Path, outcome: Kills, *, partly: bool = False) -> None:
    """Compare two folders of results file by file; the second may hold a part of the first."""
    first, second = ({path.relative_to(f): path for path in _files(f)} for f in (one, other))
    counts: Counter[str] = Counter()
    hashed_files: Counter[str] = Counter()
    for name in sorted(first.keys() | second.keys()):
        if name not in second:
            if partly:
                continue
            how = "missing"
        elif name not in first:
            how = "partial" if name.name.startswith(".partial-") else "more"
        else:
            how = _compared(first[name], second[name])
        counts[how] += 1
        hashed = next((part for part in name.parts if part in HASHED), None)
        if how not in ("bytes", "content") or (hashed and how != "bytes"):
            outcome.named.append(f"{how}: {name}")
        elif hashed:
            hashed_files[hashed] += 1
    outcome.files, outcome.hashed = dict(counts), dict(hashed_files)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).parts
        # Those of a variation lie in a folder of their own.
        attempt = any(path.match(pattern) for pattern in ATTEMPTS)
        if path.is_file() and not attempt and not set(inside[:-1]) & set(TIMED):
            yield path


def _compared(one: Path, other: Path) -> str:
    hashes = [hashlib.sha256(path.read_bytes()).digest() for path in (one, other)]
    if hashes[0] == hashes[1]:
        return "bytes"
    readers = {
        ".h5": _hdf5, ".root": _delphes, ".json": _untimed, ".csv": _columns, ".pt": _checkpoint,
        ".html": _page,
    }  # fmt: skip
    read = readers.get(one.suffix)
    return "content" if read is not None and read(one) == read(other) else "differs"


def _hdf5(path: Path) -> dict[str, bytes]:
    """Return every dataset and attribute as bytes."""
    found: dict[str, bytes] = {}

    def take(name: str, node: h5py.Dataset | h5py.Group) -> None:
        for key, value in node.attrs.items():
            found[f"{name}@{key}"] = np.asarray(value).tobytes()
        if isinstance(node, h5py.Dataset):
            found[name] = repr((node.dtype, node.shape)).encode() + node[()].tobytes()

    with h5py.File(path) as file:
        take("", file)
        file.visititems(take)
    return found


def _delphes(path: Path) -> dict[str, object]:
    """Return every branch of the tree: the file itself holds when it was written."""
    with uproot.open(path) as file:
        arrays = file["Delphes"].arrays()
        return {name: arrays[name].tolist() for name in arrays.fields}


def _untimed(path: Path) -> object:
    """Return JSON without what says how long something took."""
    return _without(json.loads(path.read_text(encoding="utf-8")))


def _columns(path: Path) -> object:
    """Return a table without columns of rates."""
    with path.open(encoding="utf-8", newline="") as file:
        return _without(list(csv.DictReader(file)))


def _page(path: Path) -> list[str]:
    """Return a page without its part on the run: dates and CPU times."""
    parts = re.split("(?=<h2)", path.read_text(encoding="utf-8"))
    return [part for part in parts if "The run</h2>" not in part]


def _checkpoint(path: Path) -> object:
    """Return a checkpoint without rates, tensors as lists."""
    return _without(torch.load(path, weights_only=True))


def _without(node: object) -> object:
    if isinstance(node, dict):
        kept = {
            key: value
            for key, value in node.items()
            if not (isinstance(key, str) and _tells_time(key))
        }
        return {key: _without(value) for key, value in kept.items()}
    if isinstance(node, torch.Tensor):
        return [str(node.dtype), node.tolist()]
    return [_without(value) for value in node] if isinstance(node, list | tuple) else node


def _tells_time(key: str) -> bool:
    return "seconds" in key or key.endswith("_s") or key in RATES


def run(
    command: Sequence[str],
    work: Path,
    kills: int,
    *,
    seed: int,
    start_s: float | None = None,
    calm_command: Sequence[str] | None = None,
    base: Path | None = None,
) -> Kills:
    """Build twice and compare.

    Args:
        command: what is typed.
        work: folder for both builds, `undisturbed` and `killed`; must not exist.
        kills: number of kills.
        seed: of their moments.
        start_s: time in which the command builds nothing yet; None = that of a dry run.
        calm_command: what is typed for the undisturbed build; None = the same.
        base: study in place of the default one.
    """
    outcome = Kills()
    calm, disturbed = (checkout(work / name, base) for name in ("undisturbed", "killed"))
    if start_s is None:
        begun = time.monotonic()
        start([*command, "--dry-run"], calm).wait()
        start_s = time.monotonic() - begun
    begun = time.monotonic()
    code = start(calm_command or command, calm).wait()
    outcome.undisturbed_s = time.monotonic() - begun
    if code:
        outcome.failures.append(f"code {code} of the undisturbed build")
        return outcome
    said = re.findall(r"\d+ of (\d+) steps", (calm / "terminal.log").read_text(errors="replace"))
    outcome.jobs = int(said[-1])
    # What is finished stays so: the kills together last as long as the build.
    span = 2 * max(outcome.undisturbed_s - start_s, 1.0) / kills
    moments = random.Random(seed)
    drawn = [0.5 * start_s + moments.uniform(0, 0.5 * start_s + span) for _ in range(kills)]

    def finished() -> None:
        outcome.builds += 1
        compare(calm / "results", disturbed / "results", outcome)

    disturb(command, disturbed, drawn, outcome, finished)
    return outcome


def main() -> int:
    """Run the test and write its numbers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="how often")
    parser.add_argument("--slurm-kills", type=int, default=0, help="how often through Slurm")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--cores", default="2", help="of the command that is killed")
    parser.add_argument("--base", type=Path, help="study in place of config/config.yaml")
    parser.add_argument("--study", default="config/scale/smoke.yaml", help="laid over the default")
    parser.add_argument("--targets", nargs="*", default=[], help="what to build; default: all")
    parser.add_argument("--slurm-targets", nargs="*", default=[], help="what Slurm builds")
    parser.add_argument("--work", type=Path, help="folder for the builds; default: a temporary one")
    parser.add_argument("-o", "--output", type=Path, help="JSON file with the numbers")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="hh4b-kills-")) / "builds"
    study = ["--configfile", str(Path(options.study).resolve())]
    rest = [*options.targets, *study]
    if (work / "undisturbed").exists():
        # Of an earlier run, whose numbers stay.
        content = json.loads(options.output.read_text(encoding="utf-8"))
    else:
        outcome = run(
            ["snakemake", "--cores", options.cores, *rest], work, options.kills,
            seed=options.seed, calm_command=["snakemake", "--cores", "1", *rest],
            base=options.base,
        )  # fmt: skip
        content = {
            "benchmark": "kills", "study": Path(options.study).stem, "cores": int(options.cores),
            "seed": options.seed, "local": outcome.numbers(),
        }  # fmt: skip
    if options.slurm_kills and not content["local"]["failures"]:
        from slurm_kills import run_through_slurm

        content["slurm"] = run_through_slurm(
            [*options.slurm_targets, *study] if options.slurm_targets else rest,
            checkout(work / "slurm", options.base), work / "undisturbed/results",
            options.slurm_kills, seed=options.seed, partly=bool(options.slurm_targets),
        ).numbers()  # fmt: skip
    text = json.dumps(content, indent=1)
    print(text)
    if options.output is not None:
        options.output.write_text(text + "\n", encoding="utf-8")
    builds = [content[way] for way in ("local", "slurm") if way in content]
    bad = any(one["failures"] or one["named"] for one in builds)
    if options.work is None and not bad:
        shutil.rmtree(work.parent)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
