"""Intervals against luminosity, and the luminosity at which one selection equals another."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.statistics.engines import find_limits
from hh4b.statistics.limits import METHODS
from hh4b.statistics.scaling import ScaledTemplates
from hh4b.statistics.settings import LuminosityScanSettings
from hh4b.statistics.template_replicas import TemplateReplicas
from hh4b.statistics.workspace import build_workspace
from hh4b.statistics.workspace_format import workspace_content

Floats = NDArray[np.float64]
QUANTITIES = ("lower", "upper", "width")
#: What a point of the scan keeps of a limit file: everything but the curves.
KEPT = (
    "luminosity_ifb",
    "sqrt_s_tev",
    "template_energy_tev",
    "n_background",
    "model",
    "engine",
    "status",
    "reason",
    "merged_bins",
    "errors",
    "trainings",
)
KEPT_OF_METHOD = (
    "interval",
    "segments",
    "reasons",
    "width",
    "threshold",
    "interval_error",
    "width_error",
    "interval_error_parts",
    "width_error_parts",
    "error_reasons",
    "bands_by_cross_section",
)


def scan_point(
    scaled: ScaledTemplates,
    settings: LuminosityScanSettings,
    *,
    rng: np.random.Generator,
    replicas: TemplateReplicas | None = None,
) -> dict[str, Any]:
    """Return both intervals at one luminosity and energy, as plain data.

    Args:
        scaled: expected events there.
        settings: statistical model and engine.
        rng: random stream of the replicas.
        replicas: of the templates, for ``errors: bootstrap``.

    Raises:
        ConfigError: if the systematics do not fit model or templates.
        FitFailed: if a fit does not converge.
    """
    specification = build_workspace(
        scaled,
        model=settings.model,
        asimov=settings.asimov,
        systematics=settings.systematics,
        minimum_effective_events=settings.minimum_effective_events,
        needed_effective_events=settings.needed_effective_events,
    )
    content = find_limits(workspace_content(specification, scaled), settings, rng, replicas)
    point: dict[str, Any] = {key: content[key] for key in KEPT if key in content}
    for method in METHODS:
        limits = content[method]
        point[method] = {key: limits[key] for key in KEPT_OF_METHOD if key in limits}
    return point


def quantity(limits: Mapping[str, Any], name: str) -> tuple[float | None, float | None]:
    """Return ``"lower"``, ``"upper"`` or ``"width"`` of one method's limits, and its error."""
    if name == "width":
        return limits.get("width"), limits.get("width_error")
    side = QUANTITIES.index(name)
    errors = limits.get("interval_error", [None, None])
    return limits["interval"][side], errors[side]


def interpolate_luminosity(luminosities: Floats, values: Floats, target: float) -> float | None:
    """Return the luminosity at which a quantity reaches the target, linear in its logarithm.

    Args:
        luminosities: rising, shape (L,).
        values: the quantity there, not a number where it does not exist, shape (L,).
        target: what to reach.

    Returns:
        The lowest such luminosity; None if the scan does not reach the target.

    >>> round(interpolate_luminosity(np.array([1.0, 100.0]), np.array([4.0, 2.0]), 3.0), 6)
    10.0
    """
    logs = np.log(luminosities)
    difference = values - target
    for i in range(len(values) - 1):
        left, right = difference[i], difference[i + 1]
        if np.isfinite(left) and np.isfinite(right) and left * right <= 0 and left != right:
            share = left / (left - right)
            return float(np.exp(logs[i] + share * (logs[i + 1] - logs[i])))
    return None


def equivalent_luminosities(
    points: Sequence[Mapping[str, Any]], target: Mapping[str, Any]
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Return where a scan of one selection equals the limits of another.

    Args:
        points: results of `scan_point` at the energy of the target.
        target: content of a limit file.

    Returns:
        By method and quantity the keys ``luminosity_ifb`` (None if the scan does not reach it) and
        ``error``, from the statistical errors of both.
    """
    ordered = sorted(points, key=lambda point: float(point["luminosity_ifb"]))
    luminosities = np.array([point["luminosity_ifb"] for point in ordered])
    result: dict[str, dict[str, dict[str, float | None]]] = {}
    for method in METHODS:
        result[method] = {}
        for name in QUANTITIES:
            pairs = [quantity(point[method], name) for point in ordered]
            value, error = quantity(target[method], name)
            result[method][name] = _equivalent(luminosities, pairs, value, error)
    return result


def _equivalent(
    luminosities: Floats,
    pairs: Sequence[tuple[float | None, float | None]],
    value: float | None,
    error: float | None,
) -> dict[str, float | None]:
    values = np.array([np.nan if v is None else v for v, _ in pairs])
    errors = np.array([np.nan if e is None else e for _, e in pairs])
    found = None if value is None else interpolate_luminosity(luminosities, values, value)
    if found is None or value is None:
        return {"luminosity_ifb": None, "error": None}
    own = float(np.interp(np.log(found), np.log(luminosities), errors))
    total = float(np.hypot(own, np.nan if error is None else error))
    # The slope over the error's own range: where the curve flattens, a derivative would mislead.
    ends = [interpolate_luminosity(luminosities, values, value + s * total) for s in (-1, 1)]
    if not np.isfinite(total) or None in ends:
        return {"luminosity_ifb": found, "error": None}
    return {"luminosity_ifb": found, "error": abs(float(ends[1] or 0) - float(ends[0] or 0)) / 2}
