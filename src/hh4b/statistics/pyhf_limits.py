"""The same limits through pyhf: for workspaces with any modifiers, and to check the own models."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyhf
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln, xlogy

from hh4b.core.errors import ContractError, FitFailed
from hh4b.core.kappa import kappa_name
from hh4b.core.logs import progress
from hh4b.statistics.complete_model import MU_LIMIT, NO_LIMIT
from hh4b.statistics.note_model import CONFIDENCE_LEVEL, band_targets
from hh4b.statistics.workspace import PREFIX, background_names, expected_data, signal_name
from hh4b.statistics.workspace_format import WorkspaceContent, quiet_pyhf

Floats = NDArray[np.float64]


def point_model(workspace: WorkspaceContent, index: int) -> Any:
    """Return the pyhf model of one kappa_lambda without the signals of the others.

    They are fixed at zero in its measurement; leaving them out saves hundreds of fixed parameters.
    """
    specification = workspace.specification
    kappa = workspace.yields.kappa_lambda[index]
    measurement = _measurement(specification, f"{PREFIX}{kappa_name(kappa)}")
    left_out = _samples_of_others(workspace, index) & _switched_off(specification, measurement)
    channels = [
        {
            "name": channel["name"],
            "samples": [sample for sample in channel["samples"] if sample["name"] not in left_out],
        }
        for channel in specification["channels"]
    ]
    spec = {"channels": channels, "parameters": measurement["config"]["parameters"]}
    with quiet_pyhf():
        return pyhf.Model(spec, poi_name=measurement["config"]["poi"])


def _samples_of_others(workspace: WorkspaceContent, index: int) -> set[str]:
    scaled = workspace.yields
    lists = [[signal_name(value) for value in scaled.kappa_lambda]]
    lists += [background_names(process, scaled) for process in scaled.backgrounds]
    return {
        name
        for names in lists
        for other, name in enumerate(names)
        if len(names) > 1 and other != index
    }


def _switched_off(specification: Mapping[str, Any], measurement: Mapping[str, Any]) -> set[str]:
    """Return the samples that a factor fixed at zero takes out of a measurement."""
    zero = {
        one["name"]
        for one in measurement["config"]["parameters"]
        if one.get("fixed") and one.get("inits") == [0.0]
    }
    return {
        sample["name"]
        for channel in specification["channels"]
        for sample in channel["samples"]
        for one in sample["modifiers"]
        if one["type"] == "normfactor" and one["name"] in zero
    }


def _measurement(specification: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(entry for entry in specification["measurements"] if entry["name"] == name)


def scan_with_pyhf(workspace: WorkspaceContent, *, optimizer: str) -> tuple[Floats, Floats]:
    """Return -2 ln L(kappa, mu = 1), shape (K,), and expected limits on mu, shape (K, 5).

    All nuisances are profiled. The expected limits are those of background-only Asimov data with
    nuisances at their nominal values, the likelihood is that of the workspace's observations; its
    -2 ln L is zero for a perfect fit.

    Args:
        workspace: the workspace.
        optimizer: ``"scipy"`` or ``"minuit"``.

    Raises:
        FitFailed: naming kappa_lambda, if a fit does not converge.
    """
    # Minuit's own tolerance leaves 1e-4 in -2 ln L, which a limit would show.
    chosen = pyhf.optimize.minuit_optimizer(tolerance=1e-3) if optimizer == "minuit" else optimizer
    pyhf.set_backend("numpy", chosen)
    likelihood, limits = [], []
    kappas = workspace.yields.kappa_lambda
    points = enumerate(kappas)
    for index, kappa in progress(points, total=len(kappas), what="values of kappa_lambda"):
        model = point_model(workspace, index)
        try:
            data = _data(workspace, model, index)
            likelihood.append(_minus_2_log_l(model, 1.0, data) - _perfect_fit(model, data))
            limits.append(_limits(model))
        except (pyhf.exceptions.FailedMinimization, ValueError, AssertionError) as error:
            reason = " ".join(str(error).split())[:200]
            raise FitFailed(
                f"pyhf found no fit at kappa_lambda = {kappa:g} ({reason}); try the other optimizer"
            ) from error
    return np.array(likelihood), np.array(limits)


def _data(workspace: WorkspaceContent, model: Any, index: int) -> list[float]:
    counts = workspace.data
    if len(workspace.yields.background) > 1:
        if workspace.asimov == "other":
            raise ContractError(
                "the observations are no Asimov data of the templates, and each kappa_lambda has a"
                " background of its own: fit the workspaces of single hypotheses with stock pyhf"
            )
        # The file has those of kappa_lambda = 1; each hypothesis selects a background of its own.
        counts = expected_data(workspace.yields, workspace.asimov, index)
    return [*counts.tolist(), *model.config.auxdata]


def _perfect_fit(model: Any, data: list[float]) -> float:
    """Return -2 ln L of expectations equal to the data at nominal nuisances.

    Data and the widths of constraints may depend on the hypothesis, and with them the constants of
    -2 ln L, which say nothing about the hypothesis.
    """
    counts = np.asarray(data[: model.config.nmaindata])
    saturated = np.sum(xlogy(counts, counts) - counts - gammaln(counts + 1))
    if not model.config.auxdata:
        return float(-2 * saturated)
    auxiliary, nominal = (
        pyhf.tensorlib.astensor(values)
        for values in (model.config.auxdata, model.config.suggested_init())
    )
    return float(-2 * (saturated + model.constraint_logpdf(auxiliary, nominal)))


def _minus_2_log_l(model: Any, mu: float, data: list[float]) -> float:
    free = [not fixed for fixed in model.config.suggested_fixed()]
    free[model.config.poi_index] = False
    if not any(free):
        # pyhf hands a fit without free parameters to the optimizer, which takes none.
        values = list(model.config.suggested_init())
        values[model.config.poi_index] = mu
        return float(-2 * model.logpdf(values, data)[0])
    # The workspace bounds mu for fits of it; a weak signal has limits beyond.
    bounds = [tuple(bound) for bound in model.config.suggested_bounds()]
    low, high = bounds[model.config.poi_index]
    bounds[model.config.poi_index] = (low, max(high, mu))
    _, value = pyhf.infer.mle.fixed_poi_fit(
        mu, data, model, par_bounds=bounds, return_fitted_val=True
    )
    return float(value)


def _limits(model: Any) -> list[float]:
    nominal = list(model.config.suggested_init())
    nominal[model.config.poi_index] = 0.0
    data = model.expected_data(nominal).tolist()
    best = float(-2 * model.logpdf(nominal, data)[0])

    def statistic(mu: float) -> float:
        return _minus_2_log_l(model, mu, data) - best

    limits: list[float] = []
    for target in band_targets(CONFIDENCE_LEVEL):
        high = limits[-1] if limits else 0.01
        while statistic(high) < target:
            high *= 2
            if high > MU_LIMIT:
                raise FitFailed(NO_LIMIT)
        low = limits[-1] if limits else 0.0
        limits.append(brentq(lambda mu, t=target: statistic(mu) - t, low, high, rtol=1e-5))
    return limits
