"""Numbers behind the plots of the page that a reader can move."""

from collections.abc import Iterator, Mapping
from math import sqrt
from pathlib import Path
from typing import Any

from hh4b.publication.inputs import RunFile
from hh4b.publication.page.files import PageFiles

Plain = dict[str, Any]


def selections(files: PageFiles) -> list[str]:
    """Return the selections with limits, those that the study compares first."""
    names = files.names("headline")
    first = [n for one in files.settings.claims for n in (one.narrower, one.wider) if n in names]
    return list(dict.fromkeys([*first, *names]))


def shapes(files: PageFiles) -> list[Plain]:
    """Return m_HH templates: signal at every kappa_lambda and background, by selection.

    Bins hold expected events at the headline's energy and luminosity.
    """
    return [shape for name in selections(files) if (shape := _shape(files, name)) is not None]


def _shape(files: PageFiles, name: str) -> Plain | None:
    limits, templates = files.one("headline", name), files.one("templates", name)
    if limits is None or templates is None or not limits.has("n_signal"):
        return None
    expected = dict(zip(limits.numbers("kappa_lambda"), limits.numbers("n_signal"), strict=True))
    sections = dict(
        zip(limits.numbers("kappa_lambda"), limits.numbers("cross_section_fb"), strict=True)
    )
    signal = [
        {
            "kappa": entry["kappa_lambda"],
            "section": rounded(sections[entry["kappa_lambda"]]),
            **_scaled([(entry, expected[entry["kappa_lambda"]])]),
        }
        for entry in templates.get("signal")
        if entry["kappa_lambda"] in expected
    ]
    totals: Mapping[str, Any] = limits.get("n_background_by_process")
    parts = [
        (entries[0], totals[process])
        for process, entries in templates.get("backgrounds").items()
        if isinstance(totals.get(process), int | float)
    ]
    if not signal or not parts:
        return None
    return {
        "name": name,
        "label": files.settings.label(name),
        "luminosity": limits.number("luminosity_ifb"),
        "energy": limits.number("sqrt_s_tev"),
        "edges": templates.numbers("bin_edges_gev"),
        "signal": signal,
        "background": _scaled(parts),
    }


def _scaled(parts: list[tuple[Mapping[str, Any], float]]) -> Plain:
    """Return counts and errors of histograms that are scaled to a number of events and added."""
    counts = [0.0] * len(parts[0][0]["sum_weights"])
    variances = [0.0] * len(counts)
    for entry, number in parts:
        total = sum(entry["sum_weights"])
        scale = number / total if total else 0.0
        for index, weight in enumerate(entry["sum_weights"]):
            counts[index] += scale * weight
            variances[index] += scale**2 * entry["sum_weights_squared"][index]
    return {
        "counts": [rounded(value) for value in counts],
        "errors": [rounded(sqrt(value)) for value in variances],
    }


def working_points(files: PageFiles, paths: Mapping[str, Path]) -> list[Plain]:
    """Return what passes at every threshold, by selection; cuts have no threshold to move.

    Args:
        files: of the page.
        paths: working points by selection.
    """
    return [
        point
        for name in selections(files)
        if name in paths
        and (point := _working_point(files.settings.label(name), RunFile.read(paths[name])))
    ]


def _working_point(label: str, file: RunFile) -> Plain | None:
    if not file.has("scan", "signal"):
        return None
    signal, background = file.numbers("scan", "signal"), file.numbers("scan", "background")
    if len(set(signal)) < 3 or not signal[0] or not background[0]:
        return None
    return {
        "label": label,
        "chosen": file.number("threshold"),
        "threshold": file.numbers("scan", "threshold"),
        "signal": [rounded(value / signal[0]) for value in signal],
        "background": [rounded(value / background[0]) for value in background],
        # None where no background is left.
        "significance": [
            None if value is None else rounded(value) for value in file.get("scan", "s_over_sqrt_b")
        ],
        "events": [rounded(v) for v in file.numbers("scan", "n_background_effective")],
        "allowed": file.get("scan", "allowed"),
    }


def curves(files: PageFiles) -> list[Plain]:
    """Return -2 Delta ln L against kappa_lambda: of the limits, and of fits with uncertainties."""
    return [*_limit_curves(files), *_fit_curves(files)]


def _limit_curves(files: PageFiles) -> Iterator[Plain]:
    for name in selections(files):
        limits = files.one("headline", name)
        # Where the interval is withheld there is no curve.
        if limits is not None and limits.get("profile", "minus_2_delta_log_l") is not None:
            yield _curve(
                files.settings.label(name),
                limits.numbers("kappa_lambda"),
                limits.get("profile", "minus_2_delta_log_l"),
                limits.number("profile", "threshold"),
            )


def _fit_curves(files: PageFiles) -> Iterator[Plain]:
    for name in files.names("likelihood"):
        fit = files.one("likelihood", name)
        if fit is None or not fit.has("curve", "minus_2_delta_log_l"):
            continue
        threshold = fit.number("intervals", max(fit.get("intervals"), key=float), "threshold")
        for key, words in (
            ("minus_2_delta_log_l", "all uncertainties"),
            ("statistics_only", "categories, statistics only"),
        ):
            if fit.has("curve", key):
                label = f"{files.settings.label(name)}, {words}"
                scan = fit.numbers("curve", "kappa_lambda")
                yield _curve(label, scan, fit.get("curve", key), threshold)


def _curve(label: str, scan: list[float], values: list[float | None], threshold: float) -> Plain:
    return {
        "label": label,
        "kappa": scan,
        "value": [None if value is None else rounded(value) for value in values],
        "threshold": rounded(threshold),
    }


def rounded(value: float) -> float:
    """Return a number with five digits: more cannot be seen.

    >>> rounded(0.123456789)
    0.12346
    """
    return float(f"{value:.5g}")
