"""What the jobs of a run took, beside what was estimated before it began."""

import csv
import io
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hh4b.publication.result_page.facts import JobTime, RuleTime
from hh4b.study.cost import Cost

_HOUR_S = 3600.0


@dataclass(frozen=True)
class EstimateRow:
    """A part of a run.

    Attributes:
        what: in words.
        rules: of the workflow.
        estimated_h: CPU hours, as `snakemake -n` prints them.
        measured_h: CPU hours of the jobs.
        jobs: their number.
    """

    what: str
    rules: tuple[str, ...]
    estimated_h: float
    measured_h: float
    jobs: int


def estimate_rows(costs: Iterable[Cost], times: Sequence[RuleTime]) -> list[EstimateRow]:
    """Return estimate and measurement; lines of the estimate that share rules are one row.

    Jobs that no line names are those of the line without rules.
    """
    groups: dict[tuple[str, ...], list[Cost]] = {}
    for cost in costs:
        groups.setdefault(cost.rules, []).append(cost)
    counted = {rule for rules in groups for rule in rules}
    others = tuple(time.rule for time in times if time.rule not in counted)
    rows = []
    for rules, found in groups.items():
        what = "; ".join(cost.what for cost in found)
        estimated = sum(cost.cpu_hours for cost in found)
        named = rules or others
        rows.append(_row(what, named, estimated, [t for t in times if t.rule in named]))
    return rows


def _row(
    what: str, rules: tuple[str, ...], estimated: float, times: Sequence[RuleTime]
) -> EstimateRow:
    measured = sum(time.cpu_s for time in times) / _HOUR_S
    return EstimateRow(what, rules, estimated, measured, sum(time.jobs for time in times))


def estimate_lines(rows: Sequence[EstimateRow]) -> list[str]:
    """Return estimate and measurement as a table in Markdown, with sums."""
    lines = [
        "| Part | Estimated CPU h | Measured CPU h | Measured / estimated |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [_compared(row.what, row.estimated_h, row.measured_h) for row in rows]
    together = sum(row.estimated_h for row in rows), sum(row.measured_h for row in rows)
    return [*lines, _compared("together", *together)]


def _compared(what: str, estimated: float, measured: float) -> str:
    ratio = f"{measured / estimated:.2f}" if estimated else ""
    return f"| {what} | {estimated:.3g} | {measured:.3g} | {ratio} |"


def estimate_csv(rows: Sequence[EstimateRow]) -> str:
    """Return estimate and measurement as CSV."""
    head = ("part", "rules", "jobs", "estimated_cpu_h", "measured_cpu_h")
    return _csv(head, (
        (row.what, " ".join(row.rules), row.jobs, f"{row.estimated_h:.6g}", f"{row.measured_h:.6g}")
        for row in rows
    ))  # fmt: skip


def rules_lines(times: Sequence[RuleTime]) -> list[str]:
    """Return the times by rule as a table in Markdown."""
    lines = ["| Rule | Jobs | CPU time in h | Ran for, in h |", "| --- | ---: | ---: | ---: |"]
    for time in times:
        hours = time.cpu_s / _HOUR_S, time.wall_s / _HOUR_S
        lines.append(f"| {time.rule} | {time.jobs} | {hours[0]:.3f} | {hours[1]:.3f} |")
    return lines


def jobs_csv(jobs: Iterable[JobTime]) -> str:
    """Return what every job took as CSV."""
    return _csv(("rule", "job", "cpu_s", "wall_s", "memory_mb"), (
        (job.rule, job.name, f"{job.cpu_s:g}", f"{job.wall_s:g}", f"{job.memory_mb:g}")
        for job in jobs
    ))  # fmt: skip


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()


def this_machine() -> str:
    """Return processor and system of the machine that the command runs on."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    models = [line.partition(":")[2].strip() for line in text.splitlines()
              if line.startswith("model name")]  # fmt: skip
    processor = models[0] if models else platform.machine()
    return f"{processor}, {os.cpu_count()} processors, {platform.system()}"
