"""Write the archive of a run: what `hh4b archive` does."""

import logging
from collections.abc import Sequence
from pathlib import Path

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.output_folder import atomic_folder
from hh4b.publication.archive.conclusions import conclusions_text
from hh4b.publication.archive.contents import KeptFile, kept_files
from hh4b.publication.archive.index_page import CONCLUSIONS, ESTIMATE, JOBS, index_text
from hh4b.publication.archive.job_record import (
    estimate_csv,
    estimate_rows,
    jobs_csv,
    this_machine,
)
from hh4b.publication.catalogue import outputs
from hh4b.publication.record.run import CONFIGURATION
from hh4b.publication.result_page.content import page_content
from hh4b.publication.result_page.facts import job_times
from hh4b.study.cost import estimated
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study

log = logging.getLogger(__name__)
INDEX = "README.md"
#: Larger archives do not belong beside code.
MOST_MEGABYTES = 15.0
_NAMED = 5


def write_archive(
    results: Path,
    folder: Path,
    *,
    incomplete: bool = False,
    workspaces: bool = True,
    machine: str | None = None,
) -> int:
    """Write tables, figures, limits, workspaces, curves and job times of a run as one folder.

    An earlier archive in the folder is replaced as a whole; equal runs give equal bytes.

    Args:
        results: folder of the run.
        folder: to make.
        incomplete: take what there is of a run that is not finished.
        workspaces: take likelihoods that others can build on.
        machine: that the jobs ran on; None = this one.

    Returns:
        The number of files.

    Raises:
        ConfigError: if ``results`` is no folder of a run, the other folder is something else, or
            the archive would be too large.
        InputFileError: a line for each thing that is missing, or if a file is damaged.
    """
    if not (results / CONFIGURATION).is_file():
        raise ConfigError(
            f"no {CONFIGURATION} in {results}, so it is no folder of a finished run; finish it with"
            " snakemake first"
        )
    study = read_study(results / CONFIGURATION)
    layout = Layout(study.model_copy(update={"results": str(results)}))
    kept = list(kept_files(layout, workspaces=workspaces))
    missing = list(_missing(kept))
    if missing and not incomplete:
        lines = [f"{results} is not complete, {len(missing)} things are missing:", *missing]
        raise InputFileError("\n  ".join([*lines, "finish the run, or say --incomplete"]))
    with atomic_folder(folder, mark=INDEX) as place:
        names = []
        for one in kept:
            if one.write is not None and one.source.is_file():
                target = place / one.name
                target.parent.mkdir(parents=True, exist_ok=True)
                one.write(one.source, target)
                names.append(one.name)
        _write_pages(layout, place, names, missing, machine or this_machine())
        _require_small(place, workspaces=workspaces)
        number = sum(path.is_file() for path in place.rglob("*"))
    log.info("%s: %d files of %s", folder, number, results)
    return number


def _missing(kept: Sequence[KeptFile]) -> list[str]:
    """Return a line for each thing that is missing, with the first of its files."""
    lacking: dict[str, list[Path]] = {}
    for one in kept:
        if not one.source.is_file():
            lacking.setdefault(one.what, []).append(one.source)
    lines = []
    for what, paths in lacking.items():
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        lines.append(f"{what}: {paths[0]}{others}")
    return lines


def _write_pages(
    layout: Layout, place: Path, names: Sequence[str], missing: Sequence[str], machine: str
) -> None:
    """Write what is made for the archive; the first page is the last."""
    results = Path(layout.results)
    content = page_content(layout, place / INDEX)
    estimate = estimate_rows(estimated(layout), content.facts.times)
    texts = {
        JOBS: jobs_csv(job_times(results)),
        ESTIMATE: estimate_csv(estimate),
        CONCLUSIONS: conclusions_text(content),
    }
    texts[INDEX] = index_text(
        content,
        [one for one in outputs(layout).values() if not one.absent],
        estimate,
        [*names, *texts],
        machine=machine,
        missing=missing,
    )
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8")


def _require_small(place: Path, *, workspaces: bool) -> None:
    sizes = {
        path.relative_to(place).as_posix(): path.stat().st_size
        for path in place.rglob("*")
        if path.is_file()
    }
    total = sum(sizes.values()) / 1e6
    if total <= MOST_MEGABYTES:
        return
    largest = sorted(sizes, key=lambda name: -sizes[name])[:_NAMED]
    named = ", ".join(f"{name} ({sizes[name] / 1e6:.1f} MB)" for name in largest)
    advice = "leave workspaces out by --no-workspaces" if workspaces else "choose a smaller study"
    raise ConfigError(
        f"the archive would have {total:.1f} MB, more than {MOST_MEGABYTES:g}; largest files:"
        f" {named}; {advice}"
    )
