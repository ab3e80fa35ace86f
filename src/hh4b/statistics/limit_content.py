"""The content of a limit file."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.intervals import Interval, find_interval
from hh4b.statistics.limits import METHODS, Scan, cls_curve
from hh4b.statistics.note_model import BANDS, CONFIDENCE_LEVEL
from hh4b.statistics.scaling import ScaledTemplates

#: A limit file without interval says why by this status.
TOO_FEW = "too_few_background_events"


def limits_content(scaled: ScaledTemplates, scan: Scan, model: str, engine: str) -> dict[str, Any]:
    """Return the content of a limit file, without statistical errors."""
    kappa = scaled.kappa_lambda
    bands = {
        str(band): find_interval(kappa, cls_curve(scan.mu_upper[:, index]), 0.0).as_dict()
        for index, band in enumerate(BANDS)
        if band != 0
    }
    return {
        **_common(scaled, model, engine),
        "status": "ok",
        "profile": {
            "minus_2_delta_log_l": scan.minus_2_delta_log_l.tolist(),
            "threshold": scan.threshold,
            **interval_entries(scan.profile),
        },
        "cls": {
            "mu_upper_expected": scan.mu_upper.tolist(),
            "cross_section_upper_fb": (scan.mu_upper * scaled.cross_section_fb[:, None]).tolist(),
            "confidence_level": CONFIDENCE_LEVEL,
            **interval_entries(scan.cls),
            "bands": bands,
        },
    }


def interval_entries(interval: Interval) -> dict[str, Any]:
    """Return bounds, segments, reasons and width."""
    return {"width": interval.width, **interval.as_dict()}


def withheld_content(
    scaled: ScaledTemplates, model: str, threshold: float, *, found: float, needed: float
) -> dict[str, Any]:
    """Return the content of a limit file that gives no interval, and why.

    Args:
        scaled: expected events.
        model: statistical model.
        threshold: bound on -2 Delta ln L.
        found: effective background events.
        needed: how many an interval needs.
    """
    reason = f"{found:.3g} effective background events, {needed:g} needed"
    none = {
        "width": None,
        "interval": [None, None],
        "segments": [],
        "reasons": {"lower": reason, "upper": reason},
        "interval_error": [None, None],
        "width_error": None,
    }
    return {
        **_common(scaled, model, "none"),
        "status": TOO_FEW,
        "reason": reason,
        "effective_background_events": found,
        "needed_effective_events": needed,
        "profile": {"minus_2_delta_log_l": None, "threshold": threshold, **none},
        "cls": {
            "mu_upper_expected": None,
            "cross_section_upper_fb": None,
            "confidence_level": CONFIDENCE_LEVEL,
            **none,
            "bands": {},
        },
    }


def _common(scaled: ScaledTemplates, model: str, engine: str) -> dict[str, Any]:
    # Where the background depends on the hypothesis, that of the Standard Model is quoted.
    sm = scaled.standard_model
    by_process = {name: float(rows.row(sm).sum()) for name, rows in scaled.backgrounds.items()}
    return {
        "luminosity_ifb": scaled.luminosity_ifb,
        "sqrt_s_tev": scaled.sqrt_s_tev,
        "template_energy_tev": scaled.template_energy_tev,
        "branching_ratio": scaled.branching_ratio,
        "model": model,
        "engine": engine,
        "kappa_lambda": scaled.kappa_lambda.tolist(),
        "cross_section_fb": scaled.cross_section_fb.tolist(),
        "n_background": sum(by_process.values()),
        "n_background_by_process": by_process,
        "n_signal": scaled.signal.sum(axis=1).tolist(),
        "bin_edges_gev": list(scaled.bin_edges_gev),
        "merged_bins": [dict(vars(one)) for one in scaled.merged_bins],
    }


def with_cross_sections(scaled: ScaledTemplates, factors: Mapping[str, float]) -> ScaledTemplates:
    """Multiply the cross sections of processes by factors.

    Raises:
        ConfigError: naming a process that the templates do not have.
    """
    known = [scaled.signal_process, *scaled.backgrounds]
    for name in factors:
        if name not in known:
            raise ConfigError(
                f"cross_section_bands: {name!r} is not among the templates' processes {known}"
            )
    signal = BinnedRows(scaled.signal, scaled.signal_variance)
    signal = signal.scaled(factors.get(scaled.signal_process, 1.0))
    return replace(
        scaled,
        signal=signal.values,
        signal_variance=signal.variance,
        backgrounds={
            name: rows.scaled(factors.get(name, 1.0)) for name, rows in scaled.backgrounds.items()
        },
    )


def add_bands(content: dict[str, Any], scans: Mapping[str, Scan | None]) -> None:
    """Put the intervals under other cross sections beside the nominal ones; None has none."""
    for method in METHODS:
        content[method]["bands_by_cross_section"] = {
            name: None if scan is None else interval_entries(getattr(scan, method))
            for name, scan in scans.items()
        }
