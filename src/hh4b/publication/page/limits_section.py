"""Sections of the page: what the intervals rest on, and what they do not hold."""

from collections.abc import Mapping
from pathlib import Path

from hh4b.publication.page.files import PageFiles
from hh4b.publication.withheld import WithheldInterval, withheld_intervals

#: Tables of these sections, by key.
BACKGROUND, CROSS_SECTIONS = "background", "cross_sections"


def foundation_section(tables: Mapping[str, Path]) -> list[str]:
    """Show effective background events, and the parts of the errors.

    Args:
        tables: Markdown files by table key.
    """
    if BACKGROUND not in tables:
        return []
    return ["## What the intervals rest on", "", tables[BACKGROUND].read_text(encoding="utf-8")]


def limits_section(files: PageFiles, tables: Mapping[str, Path]) -> list[str]:
    """Show other cross sections, joined bins, and selections without interval.

    Args:
        files: of the page.
        tables: Markdown files by table key.
    """
    if not files.names("headline"):
        return []
    lines = ["## What the intervals do not hold", ""]
    lines += ["Cross sections are taken as known: no uncertainty of them is in an interval."]
    if CROSS_SECTIONS in tables:
        lines[-1] += " Other ones move it so:"
        lines += ["", tables[CROSS_SECTIONS].read_text(encoding="utf-8")]
    else:
        lines[-1] += " `statistics.cross_section_bands` would show what other ones change."
    return [*lines, "", *_withheld_text(files), "", *_merged_text(files), ""]


def withheld_of(files: PageFiles) -> list[WithheldInterval]:
    """Return the selections of the page whose interval is withheld."""
    labels = {name: files.settings.label(name) for name in files.names("limits")}
    return withheld_intervals({labels[name]: files.paths("limits", name) for name in labels})


def _withheld_text(files: PageFiles) -> list[str]:
    found = withheld_of(files)
    if not found:
        return ["Every selection has enough background events for an interval."]
    head = "Without an interval, for want of background events:"
    return [head, "", *(f"* {one.sentence()}." for one in found)]


def _merged_text(files: PageFiles) -> list[str]:
    lines = []
    for name in files.names("headline"):
        limits = files.one("headline", name)
        if limits is not None and limits.has("merged_bins") and limits.get("merged_bins"):
            lines.append(f"* {files.settings.label(name)}: {_bins(limits.get('merged_bins'))}")
    if not lines:
        return ["No bin of m_HH had to be joined to its neighbour."]
    head = (
        "Bins of m_HH with too little background were joined to their neighbour, which gives up"
        " shape and invents no sensitivity; GeV, and the effective background events they had:"
    )
    return [head, "", *lines]


def _bins(merged: list[dict[str, float]]) -> str:
    return ", ".join(
        f"{one['low_gev']:g}–{one['high_gev']:g} ({one['effective_events']:.2g})" for one in merged
    )
