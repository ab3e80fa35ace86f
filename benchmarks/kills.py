"""Kill a study at random moments and type the command again: ``python benchmarks/kills.py``.

A study is built twice in copies of the checkout: once undisturbed, and once with its whole process
group killed by signal 9 at random moments, after each of which the same command is typed again,
with nothing else. Both builds are then compared file by file.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import h5py
import numpy as np
import uproot

ROOT = Path(__file__).resolve().parents[1]
#: What a build writes that tells when and how fast it was made.
TIMED = ("logs", "benchmarks")


@dataclass
class Kills:
    """What happened.

    Attributes:
        undisturbed_s: wall-clock time of the build that nothing disturbs.
        last_s: that of the last command of the other one.
        kills: moments of the kills in seconds after the command, with the jobs that were at work.
        failures: commands that ended by themselves, and not well.
        files: number of files by how they compare: `bytes`, `content`, `differs`, `missing`,
            `more`; and `partial`, what killed jobs had begun, which no job reads.
        named: the files that are not the same.
    """

    undisturbed_s: float = 0.0
    last_s: float = 0.0
    kills: list[dict[str, object]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)


def checkout(folder: Path) -> Path:
    """Copy what the workflow needs."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "Snakefile", folder)
    for name in ("workflow", "config", "profiles"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def start(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a command as the leader of a process group, as a terminal does."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with (folder / "terminal.log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "PATH": places},
        )  # fmt: skip


def jobs_of(group: int) -> list[str]:
    """Return the commands of this package that a process group runs."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) != group:
                continue
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (OSError, ProcessLookupError):
            continue
        names = [index for index, word in enumerate(words) if Path(word).name == "hh4b"]
        if names and " " not in words[names[0]]:
            taken = [word for word in words[names[0] + 1 : names[0] + 3] if word[:1].isalpha()]
            found.add(" ".join(taken))
    return sorted(found)


def disturb(command: Sequence[str], folder: Path, moments: Sequence[float], outcome: Kills) -> None:
    """Kill the command at each moment and type it again; the last time let it end."""
    for moment in moments:
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
            if code:
                outcome.failures.append(f"code {code} after kill {len(outcome.kills)}")
    begun = time.monotonic()
    code = start(command, folder).wait()
    outcome.last_s = time.monotonic() - begun
    if code:
        outcome.failures.append(f"code {code} of the last command")


def compare(one: Path, other: Path, outcome: Kills) -> None:
    """Compare two folders of results file by file."""
    first, second = ({path.relative_to(f): path for path in _files(f)} for f in (one, other))
    counts: Counter[str] = Counter()
    for name in sorted(first.keys() | second.keys()):
        if name not in second:
            how = "missing"
        elif name not in first:
            how = "partial" if name.name.startswith(".partial-") else "more"
        else:
            how = _compared(first[name], second[name])
        counts[how] += 1
        if how not in ("bytes", "content", "partial"):
            outcome.named.append(f"{how}: {name}")
    outcome.files = dict(counts)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).parts
        # Those of a variation lie in a folder of their own.
        if path.is_file() and not set(inside[:-1]) & set(TIMED):
            yield path


def _compared(one: Path, other: Path) -> str:
    hashes = [hashlib.sha256(path.read_bytes()).digest() for path in (one, other)]
    if hashes[0] == hashes[1]:
        return "bytes"
    readers = {".h5": _hdf5, ".root": _delphes, ".json": _untimed}
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

    def without(node: object) -> object:
        if isinstance(node, dict):
            kept = {k: v for k, v in node.items() if "seconds" not in k and not k.endswith("_s")}
            return {key: without(value) for key, value in kept.items()}
        return [without(value) for value in node] if isinstance(node, list) else node

    return without(json.loads(path.read_text(encoding="utf-8")))


def run(
    command: Sequence[str], work: Path, kills: int, *, seed: int, start_s: float | None = None
) -> Kills:
    """Build twice and compare.

    Args:
        command: what is typed.
        work: folder for both builds; must not exist.
        kills: number of kills.
        seed: of their moments.
        start_s: time in which the command builds nothing yet; None = that of a dry run.
    """
    outcome = Kills()
    calm, disturbed = checkout(work / "undisturbed"), checkout(work / "killed")
    if start_s is None:
        begun = time.monotonic()
        start([*command, "--dry-run"], calm).wait()
        start_s = time.monotonic() - begun
    begun = time.monotonic()
    code = start(command, calm).wait()
    outcome.undisturbed_s = time.monotonic() - begun
    if code:
        outcome.failures.append(f"code {code} of the undisturbed build")
        return outcome
    # What is finished stays so: the kills together last as long as the build.
    span = 2 * max(outcome.undisturbed_s - start_s, 1.0) / kills
    moments = random.Random(seed)
    drawn = [0.5 * start_s + moments.uniform(0, 0.5 * start_s + span) for _ in range(kills)]
    disturb(command, disturbed, drawn, outcome)
    compare(calm / "results", disturbed / "results", outcome)
    return outcome


def main() -> int:
    """Run the test and write its numbers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="how often")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--cores", default="2", help="of the command")
    parser.add_argument("--study", default="config/scale/smoke.yaml", help="laid over the default")
    parser.add_argument("--targets", nargs="*", default=[], help="what to build; default: all")
    parser.add_argument(
        "--work", type=Path, help="folder for both builds; default: a temporary one"
    )
    parser.add_argument("-o", "--output", type=Path, help="JSON file with the numbers")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="hh4b-kills-"))
    command = ["snakemake", "--cores", options.cores, *options.targets]
    command += ["--configfile", options.study]
    outcome = run(command, work, options.kills, seed=options.seed)
    text = json.dumps(
        {"command": " ".join(command), "seed": options.seed, **asdict(outcome)}, indent=1
    )
    print(text)
    if options.output is not None:
        options.output.write_text(text + "\n", encoding="utf-8")
    if options.work is None and not outcome.failures and not outcome.named:
        shutil.rmtree(work)
    return int(bool(outcome.failures or outcome.named))


if __name__ == "__main__":
    sys.exit(main())
