"""Key numbers of a study's likelihoods in kappa_lambda, and the table of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.kappa import kappa_name
from hh4b.publication.inputs import RunFile
from hh4b.publication.key_numbers import Numbers, written
from hh4b.publication.likelihood_fits import (
    STATISTICS,
    end_of,
    group_label,
    groups_of,
    interval_text,
    levels_of,
    mu_limit,
    part_of,
    percent,
    sorted_groups,
    width_of,
)
from hh4b.publication.number_entries import Entry, number
from hh4b.publication.tables import DASH

#: The Standard Model's kappa_lambda.
_SM = 1.0
_MEASURED = ("feldman_cousins", "asymptotic")


def fit_entry(fit: RunFile) -> Entry:
    """Return intervals, parts of their widths, minima, significance and limit on mu of a fit.

    Confidence levels are in percent. An interval with an end outside of the scan, or of several
    stretches, has them in words under ``text``.
    """
    entry: Entry = {}
    for level in levels_of(fit):
        place = _interval(fit, "intervals", level)
        parts = {
            name: part_of(fit, level, name).value
            for name in (STATISTICS, *sorted_groups(groups_of(fit)))
        }
        place["parts"] = {name: number(one) for name, one in parts.items() if one is not None}
        entry[_percent(level)] = place
    if fit.has("mu_limits", "kappa_interval", "interval"):
        entry["cls"] = _interval(fit, "mu_limits", "kappa_interval")
    minima = [(one["kappa_lambda"], one["minus_2_delta_log_l"]) for one in fit.get("minima")]
    entry["best"] = number(fit.number("best"))
    if len(minima) > 1:
        entry["second"] = {"kappa_lambda": number(minima[1][0]), "height": number(minima[1][1])}
    entry["significance"] = number(fit.number("significance", "expected"))
    limit = mu_limit(fit, _SM)
    if limit is not None:
        entry["mu_limit"] = number(limit)
    return entry


def _interval(fit: RunFile, *place: str) -> Entry:
    ends = {side: end_of(fit, index, *place) for index, side in enumerate(("lower", "upper"))}
    width = width_of(fit, *place)
    entry: Entry = {
        name: number(one.value, one.error) for name, one in {**ends, "width": width}.items()
    }
    if width.value is None or len(fit.get(*place, "segments")) > 1:
        entry["text"] = interval_text(fit, *place)
    return entry


def toys_entry(toys: RunFile) -> Entry:
    """Return coverage by level in percent, method and kappa_lambda, intervals, and injections."""
    coverage: Entry = {}
    for key, suffix in (("coverage", ""), ("coverage_redrawn", "_redrawn")):
        for row in toys.get(key) or []:
            level = coverage.setdefault(_percent(row["level"]), {"toys": int(row["toys"])})
            for method in _MEASURED:
                shares = level.setdefault(method + suffix, {})
                share = row[method]
                shares[kappa_name(row["kappa_lambda"])] = number(share["share"], share["error"])
    intervals = {
        _percent(level): {
            side: number(value)
            for side, value in zip(
                ("lower", "upper"), one["feldman_cousins"]["interval"], strict=True
            )
        }
        for level, one in toys.get("interval").items()
        if isinstance(one, Mapping)
    }
    injections = {
        kappa_name(one["kappa_lambda"]): str(one["statement"]) for one in toys.get("injections")
    }
    return {
        "coverage": coverage,
        "feldman_cousins": intervals,
        "injections": injections,
    }


def _percent(level: str | float) -> str:
    return percent(level).removesuffix(" %")


def likelihood_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return intervals and what they are made of as Markdown, at the highest level."""
    (name,) = names if len(names) == 1 else ("default",)
    selections = numbers.find(f"{name}/likelihood")
    rows: list[tuple[str, Entry]] = [
        (f"{selection['label']}, {energy} TeV, {luminosity} fb⁻¹", entry)
        for selection in selections.values()
        for energy, by_luminosity in selection["points"].items()
        for luminosity, entry in by_luminosity.items()
    ]
    if not rows:
        raise ConfigError(f"{name}/likelihood has no selection")
    level = max((key for _, entry in rows for key in entry if key.isdecimal()), key=float)
    groups = sorted_groups({g for _, e in rows for g in e[level]["parts"]} - {STATISTICS})
    head = [
        "", f"{level} %", "Δκλ", "statistics", *map(group_label, groups), "best κλ",
        "HH significance [σ]",
    ]  # fmt: skip
    lines = [head, ["---"] + ["--:"] * (len(head) - 1)]
    for label, entry in rows:
        place = entry[level]
        parts = [_cell(place["parts"].get(one), 2) for one in (STATISTICS, *groups)]
        lines.append(
            [
                label,
                place.get("text") or _cell(place, 2),
                _cell(place["width"], 2),
                *parts,
                _cell(entry["best"], 2),
                _cell(entry["significance"], 3),
            ]
        )
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _cell(node: Any, decimals: int) -> str:
    return (DASH if node is None else written(node, decimals)) or DASH
