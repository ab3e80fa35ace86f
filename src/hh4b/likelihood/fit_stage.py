"""From a likelihood model to what it says of kappa_lambda: what `hh4b likelihood fit` does.

The result is JSON:

* ``status``: ``"ok"``; ``model``: channels, parameters, bins; ``data``: what was fitted, its counts
  under ``counts``; ``luminosity_ifb``, ``sqrt_s_tev``, ``signal_process``;
* ``intervals``: by confidence level (``"0.68"``, ``"0.95"``), ``threshold``, ``interval`` (lowest
  and highest bound, null where ``reasons`` says why), ``segments`` (every allowed stretch),
  ``width``; with redrawn templates their errors (`hh4b.likelihood.interval_errors`), and
  ``trainings``: how many of them the errors hold;
* ``minima``: ``kappa_lambda`` and ``minus_2_delta_log_l`` of each local minimum, deepest first;
  ``best``: kappa_lambda of the deepest point;
* ``curve``: ``kappa_lambda``, ``minus_2_delta_log_l``, ``minus_2_log_l`` of the scan at mu = 1, and
  ``statistics_only``, the second of these with all parameters kept at their best values;
* ``mu_limits`` (or null): ``confidence_level``, ``bands``, ``expected`` (a row by kappa_lambda, a
  column by band, null without a limit), ``observed`` (or null), ``reason`` where one is missing,
  ``kappa_interval`` (where mu = 1 is not excluded, as `intervals` has it, or null);
* ``significance``: ``expected`` of the Standard Model's signal, ``observed`` or null;
* ``contour`` (or null): ``kappa_lambda``, ``mu``, ``minus_2_delta_log_l`` (rows by kappa_lambda),
  ``thresholds`` by level;
* ``pulls``: by parameter, ``value``, ``error``, ``group``, ``pull``, ``constraint``, at the best
  kappa_lambda; ``correlation``: ``names`` of all parameters and the ``matrix`` of their
  correlations there, kappa_lambda kept;
* ``impacts`` (or null): by level and parameter, ``up`` and ``down``, shifts of (lower, upper) end;
* ``breakdown`` (or null): by level, of each group, ``total`` and ``statistics``, ``interval`` and
  ``parts``;
* ``goodness_of_fit``: ``minus_2_log_l``, ``degrees_of_freedom``, ``p_value``;
* ``fisher``: ``kappa_lambda``, ``names``, ``matrix``, ``kappa_lambda_bound``,
  ``kappa_lambda_bound_without_parameters``.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.strict_json import to_json
from hh4b.likelihood.autodiff import fisher_information
from hh4b.likelihood.expectation import CompiledModel
from hh4b.likelihood.fits import FixedFits
from hh4b.likelihood.interval_errors import interval_errors
from hh4b.likelihood.model_file import model_from_content
from hh4b.likelihood.mu_limits import NO_LIMIT, MuLimits, discovery_significance, find_mu_limits
from hh4b.likelihood.pulls import IntervalParts, best_fit, correlation, pulls
from hh4b.likelihood.redrawn import Redrawn, hash_in
from hh4b.likelihood.scans import (
    KappaScan,
    goodness_of_fit,
    kappa_mu_contour,
    scan_kappa,
    threshold_of,
)
from hh4b.likelihood.settings import LikelihoodFitSettings
from hh4b.statistics.intervals import find_interval
from hh4b.statistics.limit_content import interval_entries
from hh4b.statistics.limits import cls_curve
from hh4b.statistics.note_model import BANDS

Floats = NDArray[np.float64]


def make_fit(
    model_path: Path,
    output: Path | None,
    settings: LikelihoodFitSettings,
    *,
    redrawn: Path | None = None,
) -> str:
    """Fit a likelihood model file, write the result if asked, and return it as JSON text.

    Args:
        model_path: model of `hh4b likelihood model`.
        output: file to write, or None.
        settings: of the fit.
        redrawn: likelihoods of redrawn templates (`hh4b likelihood redraw`), for errors of the
            intervals.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if it is no likelihood model, lacks the data that are asked for, or a replica
            does not fit the model.
        FitFailed: if a fit does not converge.
    """
    raw = read_json(model_path, finite=True)
    compiled = CompiledModel.of(model_from_content(raw, where=str(model_path)))
    replicas = None if redrawn is None else Redrawn.read(redrawn)
    content = fit_content(compiled, settings, replicas)
    made_of = {
        **settings.model_dump(mode="json", exclude={"threads"}),
        "model": hash_in(raw),
        "redrawn": None if replicas is None else replicas.configuration_hash,
    }
    provenance = Provenance("likelihood fit", made_of)
    if output is not None:
        write_json(output, content, provenance)
    return to_json({**content, "provenance": provenance.as_dict()}, indent=1)


def data_of(compiled: CompiledModel, settings: LikelihoodFitSettings) -> Floats:
    """Return the counts to fit, (B,).

    Raises:
        ContractError: if observed data are asked for and the model has none.
    """
    if settings.asimov == "background":
        return compiled.asimov()
    if settings.asimov == "sm":
        return compiled.asimov(1.0)
    if settings.asimov == "user":
        return compiled.asimov(settings.asimov_kappa, settings.asimov_mu)
    if compiled.model.data is None:
        raise ContractError("the model has no observed data; take asimov: background, sm or user")
    return compiled.model.data


def fit_content(
    compiled: CompiledModel, settings: LikelihoodFitSettings, redrawn: Redrawn | None = None
) -> dict[str, Any]:
    """Return the result as plain data (see the module).

    Raises:
        ContractError: if there are no data to fit.
        FitFailed: if a fit does not converge.
    """
    data = data_of(compiled, settings)
    observed = data if settings.asimov == "observed" else None
    levels = settings.confidence_levels
    scan = scan_kappa(compiled, settings.points(), data, levels=levels, threads=settings.threads)
    best = best_fit(compiled, scan, data)
    fisher = fisher_information(compiled, settings.fisher_kappa)
    return {
        "status": "ok",
        **_header(compiled, settings, data),
        **_intervals(compiled, scan, settings, redrawn),
        "minima": [dict(vars(one)) for one in scan.minima],
        "best": scan.best,
        "curve": {
            "kappa_lambda": scan.kappa_lambda.tolist(),
            "minus_2_delta_log_l": scan.curve.tolist(),
            "minus_2_log_l": scan.minus_2_log_l.tolist(),
            "statistics_only": _statistics_only(compiled, settings, data, best).tolist(),
        },
        "mu_limits": _mu_limits(compiled, settings, observed),
        "significance": {
            "expected": discovery_significance(compiled),
            "observed": None
            if observed is None
            else discovery_significance(compiled, data=observed),
        },
        "contour": _contour(compiled, settings, data),
        "pulls": pulls(compiled, best),
        "correlation": correlation(compiled, best),
        **_moved(compiled, settings, data),
        "goodness_of_fit": goodness_of_fit(compiled, scan),
        "fisher": {"kappa_lambda": settings.fisher_kappa, **fisher.as_dict()},
    }


def _intervals(
    compiled: CompiledModel,
    scan: KappaScan,
    settings: LikelihoodFitSettings,
    redrawn: Redrawn | None,
) -> dict[str, Any]:
    def data(replica: CompiledModel) -> Floats:
        return data_of(compiled if settings.asimov == "observed" else replica, settings)

    found: dict[str, Any] = {"intervals": {}}
    if redrawn is not None:
        found = interval_errors(compiled, redrawn, data, settings)
    errors = found["intervals"]
    by_level = {
        f"{level:g}": {
            "threshold": threshold_of(level),
            **interval_entries(interval),
            **errors.get(f"{level:g}", {}),
        }
        for level, interval in scan.intervals.items()
    }
    return {**found, "intervals": by_level}


def _statistics_only(
    compiled: CompiledModel, settings: LikelihoodFitSettings, data: Floats, best: FixedFits
) -> Floats:
    """Return -2 Delta ln L of the scan with every parameter kept at its best value, (K,)."""
    fixed = np.ones(compiled.n_parameters, dtype=bool)
    levels, threads = settings.confidence_levels, settings.threads
    return scan_kappa(
        compiled, settings.points(), data, levels=levels, start=best.alpha[0], fixed=fixed,
        threads=threads,
    ).curve  # fmt: skip


def _header(
    compiled: CompiledModel, settings: LikelihoodFitSettings, data: Floats
) -> dict[str, Any]:
    model = compiled.model
    return {
        "model": {
            "channels": [channel.name for channel in model.channels],
            "parameters": list(compiled.parameter_names),
            "n_bins": compiled.n_bins,
        },
        "data": {"kind": settings.asimov, "counts": data.tolist()},
        "luminosity_ifb": model.luminosity_ifb,
        "sqrt_s_tev": model.sqrt_s_tev,
        "signal_process": model.signal_process,
    }


def _mu_limits(
    compiled: CompiledModel, settings: LikelihoodFitSettings, observed: Floats | None
) -> dict[str, Any] | None:
    if not settings.mu_limits:
        return None
    limits = find_mu_limits(
        compiled,
        settings.points(),
        data=observed,
        confidence_level=settings.mu_limit_level,
        threads=settings.threads,
    )
    found = {
        "confidence_level": settings.mu_limit_level,
        "bands": list(BANDS),
        "expected": _none_for_nan(limits.expected),
        "observed": None if limits.observed is None else _none_for_nan(limits.observed),
        "kappa_interval": _kappa_interval(limits),
    }
    return found if np.isfinite(limits.expected).all() else {**found, "reason": NO_LIMIT}


def _kappa_interval(limits: MuLimits) -> dict[str, Any] | None:
    rows = limits.expected[:, BANDS.index(0)] if limits.observed is None else limits.observed
    if not np.isfinite(rows).all():
        return None
    return interval_entries(find_interval(limits.kappa_lambda, cls_curve(rows), 0.0))


def _contour(
    compiled: CompiledModel, settings: LikelihoodFitSettings, data: Floats
) -> dict[str, Any] | None:
    if settings.contour_mu_max == 0:
        return None
    kappa = np.linspace(settings.scan_min, settings.scan_max, settings.contour_points)
    mu = np.linspace(0.0, settings.contour_mu_max, settings.contour_points)
    contour = kappa_mu_contour(compiled, kappa, mu, data, threads=settings.threads)
    return contour.as_dict(settings.confidence_levels)


def _moved(
    compiled: CompiledModel, settings: LikelihoodFitSettings, data: Floats
) -> dict[str, Any]:
    if not settings.impacts:
        return {"impacts": None, "breakdown": None}
    # Shifts of the ends are differences along one coarser scan: its spline errs alike in both.
    coarse = settings.coarse_points()
    levels = settings.confidence_levels
    scan: KappaScan = scan_kappa(compiled, coarse, data, levels=levels, threads=settings.threads)
    best = best_fit(compiled, scan, data)
    parts = IntervalParts(compiled, scan, best, data, threads=settings.threads)
    return {
        name: {f"{level:g}": one for level, one in found.items()}
        for name, found in (("impacts", parts.impacts()), ("breakdown", parts.breakdown()))
    }


def _none_for_nan(values: Floats) -> Any:
    if values.ndim > 1:
        return [_none_for_nan(row) for row in values]
    return [float(value) if np.isfinite(value) else None for value in values]
