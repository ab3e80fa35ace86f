"""The first lines of the page: what a reader wants to know before anything else."""

from hh4b.publication.inputs import RunFile
from hh4b.publication.limit_cells import bound_of, width_of, withheld
from hh4b.publication.page.comparisons import TableNumbers
from hh4b.publication.page.decisions import decisions, effective, generated_background
from hh4b.publication.page.files import PageFiles, with_error
from hh4b.publication.page.limits_section import withheld_of
from hh4b.publication.page.note_section import NoteComparison
from hh4b.publication.settings import WidthClaim

METHOD = "profile"
#: Selections at the top of a page that makes no claim about widths.
FIRST = 2


def headline(files: PageFiles, tables: TableNumbers, comparison: NoteComparison) -> list[str]:
    """Say the intervals, whether the methods' order is decided, and what they rest on."""
    claim = _claim(files)
    names = [claim.narrower, claim.wider] if claim else files.names("headline")[:FIRST]
    table = claim.table if claim else ""
    lines = [text for name in names if (text := _interval(files, tables, name, table))]
    if claim:
        decision = decisions(files, claim)[0]
        lines.append(f"{decision.narrower_name} against {decision.wider_name}: {decision.short()}.")
    if comparison.shown:
        lines.append(comparison.headline())
    lines += _events(files, names)
    return [*(f"* {line}" for line in lines), ""]


def _claim(files: PageFiles) -> WidthClaim | None:
    return next((claim for claim in files.settings.claims if decisions(files, claim)), None)


def _interval(files: PageFiles, tables: TableNumbers, name: str, table: str) -> str:
    limits = files.one("headline", name)
    if limits is None:
        return ""
    label = files.settings.label(name)
    if withheld(limits):
        return f"{label}: no interval, {withheld(limits)}."
    width = width_of(limits, METHOD)
    size = width.text if width.value is None else with_error(width.value, width.error)
    conditions = (
        f"{limits.number('sqrt_s_tev'):g} TeV, {limits.number('luminosity_ifb'):g} fb⁻¹, 95 %,"
        " profile likelihood"
    )
    note = _note(tables, name, table)
    beside = note + _archived(files, name)
    return f"**{label}: κλ in {interval_text(limits)}**, width {size} ({conditions}){beside}."


def _archived(files: PageFiles, name: str) -> str:
    limits = files.one("archived", name)
    if limits is None or withheld(limits):
        return ""
    return f"; {files.settings.archive} has {interval_text(limits)}"


def interval_text(limits: RunFile) -> str:
    """Write both bounds of the profile likelihood with their errors."""
    bounds = (bound_of(limits, METHOD, index) for index in (0, 1))
    texts = (one.text if one.value is None else with_error(one.value, one.error) for one in bounds)
    return f"[{', '.join(texts)}]"


def _note(tables: TableNumbers, name: str, table: str) -> str:
    low, high = (
        tables.find(table, name, f"{METHOD}_{side}", "note") for side in ("lower", "upper")
    )
    if low is None or high is None:
        return ""
    return (
        f"; the note has [{with_error(low, None)}, {with_error(high, None)}],"
        f" width {with_error(high - low, None)}"
    )


def _events(files: PageFiles, names: list[str]) -> list[str]:
    """Say how many background events the intervals rest on."""
    rests = [
        f"{events:.1f} after {files.settings.label(name)}"
        for name in names
        if (events := effective(files, name)) is not None
    ]
    text = f"Effective background events: {', '.join(rests)}" if rests else ""
    generated = generated_background(files)
    if rests and generated:
        counts = ", ".join(f"{count:,} of {name}" for name, count in generated.items())
        text += f"; events generated: {counts}"
    lines = [f"{text}."] if text else []
    missing = withheld_of(files)
    if missing:
        lines.append(
            f"{len(missing)} of {len(files.names('limits'))} selections have too few background"
            " events for an interval."
        )
    return lines
