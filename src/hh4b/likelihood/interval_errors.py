"""What simulated events and trainings make uncertain in the intervals of a likelihood.

Every replica of the templates (`hh4b.likelihood.redrawn`) has an interval of its own, of data made
as those of the nominal one are. The spread over replicas of the bootstrap is the part of the
events, at the same networks. The jackknife over the folds has events and networks, and what it
leaves beside the events is the part of the training (`hh4b.statistics.error_parts`).
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import FitFailed
from hh4b.core.logs import progress
from hh4b.likelihood.expectation import CompiledModel
from hh4b.likelihood.model import LikelihoodModel
from hh4b.likelihood.redrawn import Redrawn
from hh4b.likelihood.scans import scan_kappa
from hh4b.likelihood.settings import LikelihoodFitSettings
from hh4b.statistics.error_parts import with_fold_parts
from hh4b.statistics.replicas import plain_bounds, spread
from hh4b.training.error_parts import trainings_of_folds

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
DataOf = Callable[[CompiledModel], Floats]


def interval_errors(
    compiled: CompiledModel, redrawn: Redrawn, data: DataOf, settings: LikelihoodFitSettings
) -> dict[str, Any]:
    """Return the errors of intervals by confidence level, and what trainings they hold.

    Args:
        compiled: the nominal model.
        redrawn: its replicas.
        data: returns the counts to fit with a replica, (B,).
        settings: of the fit.

    Returns:
        ``intervals``: by level (``"0.95"``) ``interval_error``, ``width_error``, the parts of both,
        ``replica_bounds`` and ``fold_bounds``; ``trainings``, if there are folds. A replica whose
        fit does not converge has no ends; an error is null where most replicas lack the end.

    Raises:
        ContractError: if a replica has other parameters, bins, energy or luminosity.
    """
    by_replica = _bounds(compiled, redrawn.models, data, settings, "replicas with intervals")
    by_fold = _bounds(compiled, redrawn.fold_models, data, settings, "intervals without a fold")
    found: dict[str, Any] = {}
    for level, bounds in by_replica.items():
        one = {**spread(bounds), "replica_bounds": plain_bounds(bounds)}
        if redrawn.fold_models:
            one = with_fold_parts({**one, "fold_bounds": plain_bounds(by_fold[level])})
        found[f"{level:g}"] = one
    content: dict[str, Any] = {"intervals": found}
    if redrawn.fold_models:
        content["trainings"] = trainings_of_folds(len(redrawn.fold_models))
    return content


def _bounds(
    compiled: CompiledModel,
    models: Sequence[LikelihoodModel],
    data: DataOf,
    settings: LikelihoodFitSettings,
    what: str,
) -> dict[float, Floats]:
    """Return lowest and highest bounds in every replica by level, shape (R, 2)."""
    levels = settings.confidence_levels
    bounds = {level: np.full((len(models), 2), np.nan) for level in levels}
    # Replicas are compared with each other: the spline of a coarser scan errs alike in all.
    points = settings.coarse_points()
    for row, model in enumerate(progress(models, total=len(models), what=what)):
        compiled.model.require_same(model, f"{what}: number {row}")
        replica = CompiledModel.of(model)
        try:
            scan = scan_kappa(
                replica, points, data(replica), levels=levels, threads=settings.threads
            )
        except FitFailed as error:
            log.warning("%s: number %d has none: %s", what, row, error)
            continue
        for level in levels:
            interval = scan.intervals[level]
            bounds[level][row] = [
                np.nan if end is None else end for end in (interval.lower, interval.upper)
            ]
    return bounds
