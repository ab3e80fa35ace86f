"""The first page of an archive: what the run was, and where everything stands."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hh4b.publication.archive.job_record import EstimateRow, estimate_lines, rules_lines
from hh4b.publication.catalogue import PlannedOutput
from hh4b.publication.result_page.content import PageContent
from hh4b.publication.result_page.facts import RunFacts
from hh4b.publication.result_page.intervals import IntervalFigure
from hh4b.publication.result_page.outputs import head_of
from hh4b.publication.result_page.sections import OTHER, SECTIONS, section_of

#: Other files of an archive, with what they hold.
CONCLUSIONS, JOBS, ESTIMATE = "conclusions.md", "job_times.csv", "estimate.csv"
_FOLDERS = {
    "limits": "intervals and upper limits of every selection, energy and luminosity (JSON)",
    "likelihood": "fits, pseudo-experiments, couplings; workspaces as HS3 and HistFactory"
    " (`.json.gz`)",
    "workspaces": "pyhf workspaces, compressed (`gunzip`)",
    "models": "learning curves of the first network of each training, by epoch (CSV)",
}
_FILES = {
    CONCLUSIONS: "the note's conclusions one by one, and every difference from it by cause",
    "note_comparison.csv": "every number that this run and the note both have",
    JOBS: "CPU time, wall clock and memory of every job",
    ESTIMATE: "what `snakemake -n` estimates beside what the jobs took",
    "config.yaml": "the configuration, defaults filled in",
    "provenance.json": "code, packages, seeds, digests of inputs",
}


def index_text(
    content: PageContent,
    planned: Sequence[PlannedOutput],
    estimate: Sequence[EstimateRow],
    files: Sequence[str],
    *,
    machine: str,
    missing: Sequence[str],
) -> str:
    """Return the page as Markdown.

    Args:
        content: what the result page of the run says.
        planned: tables and figures of the study.
        estimate: beside what the jobs took.
        files: names of all files of the archive.
        machine: that the jobs ran on, in words.
        missing: a line for each thing that the run lacks.
    """
    there = set(files)
    lines = [f"# {content.title}", "", f"{content.subject}.", ""]
    lines += ["Everything here is made of the files of one run by `hh4b archive`.", ""]
    if missing:
        lines += ["**The run is not complete.** Missing:", "", *(f"* {m}" for m in missing), ""]
    if content.intervals is not None:
        lines += _intervals(content.intervals)
    lines += ["## Files", "", *_files(there), ""]
    lines += _outputs(planned, there)
    lines += _run(content.facts, machine)
    lines += ["## CPU time", "", *estimate_lines(estimate), "", *rules_lines(content.facts.times)]
    return "\n".join(lines) + "\n"


def _intervals(found: IntervalFigure) -> Iterator[str]:
    yield from (
        f"## Intervals on κλ, {found.conditions}",
        "",
        "| Selection | This run | Width | The note |",
        "| --- | ---: | ---: | ---: |",
    )
    for row in found.rows:
        cells = (row.label, row.text, row.width, row.note_text)
        # A number and its error stay on one line.
        yield f"| {' | '.join(cells)} |".replace(" ± ", "\u00a0±\u00a0")
    yield ""


def _files(there: set[str]) -> Iterator[str]:
    for name, what in _FILES.items():
        if name in there:
            yield f"* [{name}]({name}): {what}"
    for folder, what in _FOLDERS.items():
        number = sum(name.startswith(f"{folder}/") for name in there)
        if number:
            # No link: a site of pages has no page for a folder.
            yield f"* `{folder}/`: {what}; {number} files"


def _outputs(planned: Sequence[PlannedOutput], there: set[str]) -> Iterator[str]:
    by_section: dict[str, list[PlannedOutput]] = {title: [] for title in (*SECTIONS, OTHER)}
    for one in planned:
        by_section[section_of(one.settings.kind)].append(one)
    for title, found in by_section.items():
        if found:
            yield from (f"## {title}", "")
        for one in found:
            yield from _output(one, there)


def _output(one: PlannedOutput, there: set[str]) -> Iterator[str]:
    stem = f"{one.medium}s/{Path(one.stem).name}"
    head, title = head_of(one), one.settings.title
    if one.medium == "table":
        if f"{stem}.md" in there:
            yield from (f"[{head}]({stem}.md) ([CSV]({stem}.csv)): {title}", "")
    elif f"{stem}.png" in there:
        yield from (f"[{head}]({stem}.pdf): {title}", "", f"[![{head}]({stem}.png)]({stem}.pdf)")
        yield ""


def _run(facts: RunFacts, machine: str) -> Iterator[str]:
    code = facts.commit or "unknown"
    if facts.modified:
        code += ", with changes"
    packages = ", ".join(f"{name} {version}" for name, version in facts.packages)
    yield from (
        "## The run",
        "",
        f"* Configuration: digest {facts.digest or 'unknown'}, seed {facts.seed}",
        f"* Code: commit {code}; Python {facts.python or 'unknown'}; {packages}",
        f"* Machine: {machine}",
        f"* Events: {facts.generated:,} generated or read",
        f"* Jobs: {facts.jobs:,} measured, {facts.cpu_s / 3600:.2f} h of CPU time,"
        f" {facts.wall_s / 3600:.2f} h one after the other",
    )
    if facts.first is not None and facts.last is not None:
        hours = (facts.last - facts.first).total_seconds() / 3600
        yield (
            f"* Wall clock: {hours:.2f} h from the first job's log to the last one's, interruptions"
            " included"
        )
    warnings = sum(one.count for one in facts.warnings)
    yield from (f"* Warnings of the jobs: {warnings}", "")
    for one in facts.warnings:
        text = " ".join(one.text.split()).replace("<", "&lt;")
        yield f"  * {one.rule}: {text}" + (f" ({one.count} times)" if one.count > 1 else "")
    yield ""
