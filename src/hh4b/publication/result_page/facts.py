"""What the run was: code, dates, events, CPU time and warnings of its jobs."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hh4b.core.contracts import read_attributes
from hh4b.core.files import read_json
from hh4b.core.logs import cpu_time
from hh4b.core.strict_json import parse_json
from hh4b.publication.record.run import RECORD
from hh4b.publication.result_page.links import Links, PageLink
from hh4b.study.layout import Layout

#: Columns of a benchmark: seconds, seconds, MB.
_MEASURED = ("cpu_time", "s", "max_rss")
_WARNING = re.compile(r"^(?:\d\d:\d\d:\d\d )?(?:WARNING|\S*Warning:) ?(.*)")
#: Packages whose versions the page shows; the record has all.
_PACKAGES = ("hh4b", "numpy", "torch", "pythia8mc", "pyhf", "iminuit", "snakemake")


@dataclass(frozen=True)
class SampleNumbers:
    """A sample in numbers.

    Attributes:
        name: of the sample.
        process: that it belongs to, in words.
        generated: events generated or read; None if its file does not say.
        kept: events that pass the four-tag cut; None if its file does not say.
    """

    name: str
    process: str
    generated: int | None
    kept: int | None


@dataclass(frozen=True)
class JobTime:
    """What a job took.

    Attributes:
        rule: of the workflow.
        name: of the job, its rule included.
        cpu_s: its CPU time in seconds, as its log says. Without one what Snakemake found when it
            looked last, which may be long before the end; 0 if it did not look.
        wall_s: how long it ran, in seconds.
        memory_mb: its largest resident memory in MB; 0 if it was not measured.
    """

    rule: str
    name: str
    cpu_s: float
    wall_s: float
    memory_mb: float


@dataclass(frozen=True)
class RuleTime:
    """What the jobs of a rule took.

    Attributes:
        rule: its name.
        jobs: their number.
        cpu_s: their CPU time in seconds.
        wall_s: how long they ran, in seconds.
    """

    rule: str
    jobs: int
    cpu_s: float
    wall_s: float


@dataclass
class JobWarning:
    """A warning, said once however many jobs gave it.

    Attributes:
        rule: of the jobs.
        text: what they said.
        count: how often.
        log: the first log that says it.
    """

    rule: str
    text: str
    count: int
    log: PageLink | None


@dataclass(frozen=True)
class RunFacts:
    """What the run was.

    Attributes:
        digest: of the configuration; empty if the run is not finished.
        commit: of the code; empty if it is not known.
        modified: whether files of the code differed from the commit.
        python: version.
        packages: names and versions of what matters most.
        seed: of the study.
        first: date of its first job; None without logs.
        last: date of its last job.
        samples: events.
        times: CPU time by rule, longest first.
        warnings: of all jobs.
    """

    digest: str
    commit: str
    modified: bool
    python: str
    packages: list[tuple[str, str]]
    seed: int
    first: datetime | None
    last: datetime | None
    samples: list[SampleNumbers]
    times: list[RuleTime]
    warnings: list[JobWarning] = field(default_factory=list)

    @property
    def jobs(self) -> int:
        """Number of jobs that were timed."""
        return sum(one.jobs for one in self.times)

    @property
    def cpu_s(self) -> float:
        """CPU time of all jobs in seconds."""
        return sum(one.cpu_s for one in self.times)

    @property
    def wall_s(self) -> float:
        """How long all jobs ran, in seconds, as if one after the other."""
        return sum(one.wall_s for one in self.times)

    @property
    def generated(self) -> int:
        """Events of all samples, as far as known."""
        return sum(one.generated or 0 for one in self.samples)


def run_facts(layout: Layout, links: Links) -> RunFacts:
    """Collect what the record, the logs and the benchmarks of a study say; all may be missing.

    Raises:
        InputFileError: if a file is damaged.
    """
    results = Path(layout.results)
    record: dict[str, Any] = {}
    if (results / RECORD).is_file():
        record = read_json(results / RECORD)
    code = record.get("code", {})
    versions = record.get("packages", {})
    logs = results / "logs"
    dates = sorted(path.stat().st_mtime for path in logs.rglob("*.log"))
    first, last = (
        (None, None)
        if not dates
        else (datetime.fromtimestamp(dates[0], UTC), datetime.fromtimestamp(dates[-1], UTC))
    )
    return RunFacts(
        digest=str(record.get("configuration_digest", "")),
        commit=str(code.get("commit") or ""),
        modified=bool(code.get("modified")),
        python=str(record.get("python", "")),
        packages=[(name, versions[name]) for name in _PACKAGES if name in versions],
        seed=layout.study.seed,
        first=first,
        last=last,
        samples=list(_samples(layout)),
        times=rule_times(results),
        warnings=_warnings(logs, links),
    )


def _samples(layout: Layout) -> Iterator[SampleNumbers]:
    for name, sample in layout.samples.items():
        process = sample.process
        label = layout.study.processes[process].label if process else ""
        path = Path(layout.dataset(name))
        attributes = read_attributes(path) if path.is_file() else {}
        counts: dict[str, Any] = {}
        if "provenance" in attributes:
            counts = parse_json(attributes["provenance"]).get("counts", {})
        generated = attributes.get("n_generated")
        kept = counts.get("n_unambiguous", counts.get("n_tagged"))
        yield SampleNumbers(
            name,
            label or process or "",
            None if generated is None else int(generated),
            None if kept is None else int(kept),
        )


def _rule_of(path: Path, folder: Path) -> str:
    return path.relative_to(folder).parts[0].partition(".")[0]


def job_times(results: Path) -> Iterator[JobTime]:
    """Yield what every job of a run took, those of varied events last."""
    folders = [results / "benchmarks", *sorted(results.glob("variations/*/benchmarks"))]
    for folder in folders:
        for path in sorted(folder.rglob("*.tsv")):
            inside = path.relative_to(folder).with_suffix("").as_posix()
            told = cpu_time(folder.parent / "logs" / f"{inside}.log")
            above = "" if folder == folders[0] else f"{folder.parent.name}/"
            with path.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream, delimiter="\t"):
                    seen_s, wall_s, memory = (_number(row.get(k)) for k in _MEASURED)
                    cpu_s = seen_s if told is None else told
                    yield JobTime(_rule_of(path, folder), above + inside, cpu_s, wall_s, memory)


def rule_times(results: Path) -> list[RuleTime]:
    """Return what the jobs of each rule of a run took, longest first."""
    found: dict[str, list[JobTime]] = {}
    for job in job_times(results):
        found.setdefault(job.rule, []).append(job)
    times = [
        RuleTime(rule, len(jobs), sum(j.cpu_s for j in jobs), sum(j.wall_s for j in jobs))
        for rule, jobs in found.items()
    ]
    return sorted(times, key=lambda time: (-time.cpu_s, time.rule))


def _number(text: str | None) -> float:
    # Jobs that are over before they are measured have no number.
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _warnings(folder: Path, links: Links) -> list[JobWarning]:
    found: dict[tuple[str, str], JobWarning] = {}
    for path in sorted(folder.rglob("*.log")):
        rule = _rule_of(path, folder)
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            match = _WARNING.match(line)
            if match is None:
                continue
            place = rule, match[1]
            if place not in found:
                found[place] = JobWarning(rule, match[1], 0, links.to(path))
            found[place].count += 1
    return list(found.values())
