"""Expected events in the replicas of a bootstrap, as a workspace would have them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.statistics.binning import filled_bins, join_unfilled
from hh4b.statistics.kappa_components import mixed
from hh4b.statistics.note_model import Yields
from hh4b.statistics.scaling import ScaledTemplates, relative_variance
from hh4b.statistics.template_replicas import TemplateReplicas

Floats = NDArray[np.float64]
#: The replicas are kept in single precision, the nominal templates in double.
AGREEMENT = 1e-6


@dataclass(frozen=True)
class ReplicatedYields:
    """Expected events in replicas of the templates.

    Attributes:
        yields: shapes (R, K, B) and (R, 1 or K, B), of the replicas that make a model.
        errors: relative Monte Carlo errors of signal and background in each replica, of the same
            shapes; None = those of the nominal templates.
        usable: which replicas make a model: signal at every hypothesis, and background; shape (A,).
    """

    yields: Yields
    errors: tuple[Floats, Floats] | None
    usable: NDArray[np.bool_]

    def of_all(self, values: Floats) -> Floats:
        """Put rows of the usable replicas, shape (R, ...), to their places, shape (A, ...)."""
        whole = np.full((len(self.usable), *values.shape[1:]), np.nan)
        whole[self.usable] = values
        return whole


def yields_of_replicas(
    scaled: ScaledTemplates, replicas: TemplateReplicas, minimum_effective_events: float
) -> ReplicatedYields:
    """Scale template replicas as a workspace is scaled, and join bins anew in each.

    A bin that is joined to its neighbour is left empty, which counts for nothing.

    Args:
        scaled: nominal expected events, of the same templates.
        replicas: their replicas.
        minimum_effective_events: that a bin needs.

    Raises:
        ContractError: if the replicas are of other templates.
    """
    replicas = _mixed(scaled, replicas)
    factors = _factors(scaled, replicas)
    signal, signal_squared = _scaled(replicas, scaled.signal_process, factors, len(scaled.signal))
    parts = [
        _scaled(replicas, name, factors, len(rows.values))
        for name, rows in scaled.backgrounds.items()
    ]
    background, background_squared = (
        np.asarray(sum(values)) for values in zip(*parts, strict=True)
    )
    filled = filled_bins(
        background,
        background_squared,
        _leading([values for values, _ in parts]),
        minimum_effective_events,
    )
    usable = filled.any(axis=1) & (signal.sum(axis=2) > 0).all(axis=1)
    chosen = filled[usable]
    signal, signal_squared, background, background_squared = (
        join_unfilled(values[usable], chosen)
        for values in (signal, signal_squared, background, background_squared)
    )
    errors = (
        np.sqrt(relative_variance(signal, signal_squared)),
        np.sqrt(relative_variance(background, background_squared)),
    )
    return ReplicatedYields(Yields(scaled.kappa_lambda, signal, background), errors, usable)


def _mixed(scaled: ScaledTemplates, replicas: TemplateReplicas) -> TemplateReplicas:
    """Take the signal in replicas to the cross section of the study, as that of the templates.

    Raises:
        ContractError: if the replicas are of other templates.
    """
    if scaled.mixing is None:
        return replicas
    if not np.array_equal(scaled.kappa_lambda, replicas.kappa_lambda):
        raise _others("other bins or hypotheses")
    if scaled.signal_process not in replicas.processes:
        raise _others(f"processes {sorted(replicas.processes)}")
    place = replicas.processes.index(scaled.signal_process)
    nominal, sums, squares = (
        np.array(values, dtype=np.float64)
        for values in (replicas.nominal, replicas.sum_weights, replicas.sum_weights_squared)
    )
    nominal[place] = scaled.mixing @ nominal[place]
    values, variance = mixed(scaled.mixing, sums[:, place], squares[:, place])
    sums[:, place], squares[:, place] = np.maximum(values, 0.0), variance
    return replace(replicas, nominal=nominal, sum_weights=sums, sum_weights_squared=squares)


def _scaled(
    replicas: TemplateReplicas, process: str, factors: Mapping[str, Floats], rows: int
) -> tuple[Floats, Floats]:
    """Return events and variance of a process in all replicas, shape (A, rows, B)."""
    place = replicas.processes.index(process)
    factor = factors[process][:rows, None]
    return (
        replicas.sum_weights[:, place, :rows] * factor,
        replicas.sum_weights_squared[:, place, :rows] * factor**2,
    )


def _leading(backgrounds: list[Floats]) -> Floats:
    """Return the background with most events, replica by replica, shape (A, 1 or K, B)."""
    rows = max(len(values[0]) for values in backgrounds)
    stacked = np.stack([
        np.broadcast_to(values, (len(values), rows, values.shape[2])) for values in backgrounds
    ])  # fmt: skip
    first = stacked.sum(axis=3).max(axis=2).argmax(axis=0)
    return np.asarray(stacked[first, np.arange(stacked.shape[1])])


def _factors(scaled: ScaledTemplates, replicas: TemplateReplicas) -> dict[str, Floats]:
    """Return events over efficiency by process, shape (K,).

    Raises:
        ContractError: if the templates of the two are not the same.
    """
    nominal = {
        scaled.signal_process: scaled.signal,
        **{name: rows.values for name, rows in scaled.backgrounds.items()},
    }
    if set(nominal) != set(replicas.processes):
        raise _others(f"processes {sorted(replicas.processes)}, not {sorted(nominal)}")
    edges = np.array(scaled.bin_edges_gev)
    starts = np.searchsorted(replicas.bin_edges_gev, edges[:-1])
    same_edges = len(edges) > 1 and np.isin(edges, replicas.bin_edges_gev).all()
    if not same_edges or not np.array_equal(scaled.kappa_lambda, replicas.kappa_lambda):
        raise _others("other bins or hypotheses")
    factors = {}
    for place, name in enumerate(replicas.processes):
        efficiency = np.add.reduceat(replicas.nominal[place], starts, axis=1)
        events = np.broadcast_to(nominal[name], efficiency.shape)
        total = efficiency.sum(axis=1)
        factors[name] = np.divide(
            events.sum(axis=1), total, out=np.zeros_like(total), where=total > 0
        )
        expected = factors[name][:, None] * efficiency
        if not np.allclose(expected, events, rtol=AGREEMENT, atol=AGREEMENT * events.max()):
            raise _others(f"another nominal template of {name}")
    return factors


def _others(what: str) -> ContractError:
    return ContractError(
        f"the replicas are not those of the workspace's templates: they have {what}; make both"
        " from one run of `hh4b templates`"
    )
