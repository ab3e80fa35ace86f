"""What a person waits for: from a clone to the first results, and three tasks of colleagues.

    python benchmarks/first_look.py clone --study smoke -o docs/numbers/first_look.json
    python benchmarks/first_look.py tasks FINISHED --study smoke -o docs/numbers/first_look.json

`clone` clones the checkout into a new folder, sets it up and builds a study there. `tasks` takes a
checkout whose study is finished, and does what three colleagues would: an interval from Delphes
files of one's own, one more luminosity in all tables, and a likelihood given to somebody who has
cabinetry and nothing of this project. Each command is what a person types. Seconds of wall clock
and of all processors together go into the file, beside the numbers of earlier calls.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FILES = {"default": [], "smoke": ["config/scale/smoke.yaml"]}
RESULTS = {"default": "results", "smoke": "results/smoke"}


class Stopwatch:
    """Time commands.

    Attributes:
        taken: for each command, in order, what was typed and its seconds.
    """

    def __init__(self, folder: Path) -> None:
        """Run in ``folder``."""
        self.folder = folder
        self.taken: list[dict[str, Any]] = []

    def run(self, *words: str, alone: bool = False) -> str:
        """Run a command and return what it says; ``alone`` without the library of this checkout.

        Raises:
            SystemExit: if it fails.
        """
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        if alone:
            environment.pop("PYTHONPATH", None)
        begun, before = time.monotonic(), _children()
        done = subprocess.run(
            words, cwd=self.folder, env=environment, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        seconds = time.monotonic() - begun
        if done.returncode:
            sys.exit(f"{' '.join(words)} failed:\n{done.stdout[-3000:]}")
        # Places of this machine are nobody else's.
        typed = " ".join(Path(one).name if Path(one).is_absolute() else one for one in words)
        row = {"typed": typed, "seconds": seconds, "cpu_seconds": _children() - before}
        jobs = re.findall(r"\d+ of (\d+) steps", done.stdout)
        self.taken.append({**row, "jobs": int(jobs[-1])} if jobs else row)
        return done.stdout

    def numbers(self, **more: Any) -> dict[str, Any]:
        """Return all commands and their sums."""
        sums = {name: sum(row[name] for row in self.taken) for name in ("seconds", "cpu_seconds")}
        jobs = sum(row.get("jobs", 0) for row in self.taken)
        return {**sums, "minutes": sums["seconds"] / 60, "jobs": jobs, **more, "steps": self.taken}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def clone(study: str, folder: Path) -> dict[str, Any]:
    """Return what it takes from a clone to the page of a study."""
    watch = Stopwatch(folder.parent)
    watch.run("git", "clone", "--quiet", str(ROOT), str(folder), alone=True)
    watch.folder = folder
    watch.run("make", "install", alone=True)
    watch.run("make", *([study] if study != "default" else []), alone=True)
    page = folder / RESULTS[study] / "index.html"
    return watch.numbers(page_megabytes=page.stat().st_size / 1e6)


def own_files(folder: Path, study: str) -> dict[str, Any]:
    """Return what it takes from Delphes files to an interval."""
    events = f"{RESULTS[study]}/events"
    # Of an earlier call.
    (folder / "own_files.yaml").unlink(missing_ok=True)
    shutil.rmtree(folder / "results/own", ignore_errors=True)
    watch = Stopwatch(folder)
    watch.run(
        "hh4b", "config", "new", "--from", "files", "--signal", f"1={events}/hh_kl1/*.root",
        "--signal", f"5={events}/hh_kl5/*.root", "--background",
        f"qcd=628.6={events}/four_b/*.root", "-o", "own_files.yaml",
    )  # fmt: skip
    watch.run("hh4b", "config", "check", "own_files.yaml")
    watch.run("snakemake", "--cores", "2", "--configfile", "own_files.yaml")
    return watch.numbers(page=(folder / "results/own/index.html").exists())


def luminosity(folder: Path, study: str) -> dict[str, Any]:
    """Return what it takes to have 500 fb^-1 in all tables."""
    overlay = folder / "one_more_luminosity.yaml"
    overlay.write_text("statistics:\n  luminosities_ifb: [139, 300, 500, 3000]\n")
    files = [*FILES[study], overlay.name]
    watch = Stopwatch(folder)
    watch.run("snakemake", "--cores", "2", "--configfile", *files)
    tables = (folder / RESULTS[study] / "tables").glob("*.csv")
    return watch.numbers(tables=sum(bool(re.search(r"\b500\b", t.read_text())) for t in tables))


def cabinetry(folder: Path, study: str) -> dict[str, Any]:
    """Return what somebody with cabinetry needs, and how her limits compare with ours."""
    ours = folder / RESULTS[study] / "likelihood/mixing_spanet_tuned"
    wanted = json.loads((ours / "fit_13tev_139ifb.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(ours / "histfactory_13tev_139ifb.json", place)
        shutil.copy(ROOT / "docs/examples/cabinetry_limit.py", place)
        watch = Stopwatch(Path(place))
        watch.run(sys.executable, "-m", "venv", "alone", alone=True)
        watch.run("alone/bin/pip", "install", "--quiet", "cabinetry", alone=True)
        said = watch.run("alone/bin/python", "cabinetry_limit.py", "histfactory_13tev_139ifb.json",
                         alone=True)  # fmt: skip
        size = (Path(place) / "histfactory_13tev_139ifb.json").stat().st_size
    theirs = np.array(re.search(r"standard deviations\): \[(.*)\]", said)[1].split(), dtype=float)
    kappas = wanted["curve"]["kappa_lambda"]
    row = np.array(wanted["mu_limits"]["expected"][kappas.index(1.0)])
    largest = float(np.max(np.abs(theirs / row - 1)))
    return watch.numbers(
        limits=theirs.tolist(), limits_here=row.tolist(), file_megabytes=size / 1e6,
        largest_difference=largest, agreement=1 / largest,
    )  # fmt: skip


TASKS: dict[str, Callable[[Path, str], dict[str, Any]]] = {
    "cabinetry": cabinetry, "own_files": own_files, "luminosity": luminosity,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Time what was asked for and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["clone", "tasks"])
    parser.add_argument("folder", type=Path, nargs="?", help="of the clone; finished for tasks")
    parser.add_argument("--study", choices=sorted(FILES), default="smoke")
    parser.add_argument("--only", choices=sorted(TASKS), nargs="*", default=list(TASKS))
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON file with numbers")
    options = parser.parse_args(arguments)
    content: dict[str, Any] = {"benchmark": "first_look"}
    if options.output.exists():
        content = json.loads(options.output.read_text(encoding="utf-8"))
    if options.what == "clone":
        folder = options.folder or Path(tempfile.mkdtemp(prefix="hh4b-first-")) / "hh4b"
        content.setdefault("clone", {})[options.study] = clone(options.study, folder.resolve())
        write(content, options.output)
    else:
        if options.folder is None:
            parser.error("tasks needs the folder of a finished study")
        for name in options.only:
            done = TASKS[name](options.folder.resolve(), options.study)
            content.setdefault("tasks", {})[name] = {"study": options.study, **done}
            write(content, options.output)


def write(content: dict[str, Any], output: Path) -> None:
    """Write the numbers down."""
    output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
