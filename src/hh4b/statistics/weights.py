"""Event weights of systematic uncertainties.

A weight is a function of a mapping of dataset columns, each of shape (event,), and of keyword
arguments; it returns the factor on each event's weight. `needs` names the columns it reads.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.plugins import find_plugin

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]
EventWeight = Callable[..., Floats]


def needs(*columns: str) -> Callable[[EventWeight], EventWeight]:
    """Say which dataset columns a weight reads; they are the keys of its first argument."""

    def mark(function: EventWeight) -> EventWeight:
        function.columns = columns  # type: ignore[attr-defined]
        return function

    return mark


@needs("HH4B/m_hh_truth")
def alpha_s(events: Columns, mu_factor: float) -> Floats:
    """Return the factor of gg -> HH for another renormalisation scale than mu = m_HH / 2.

    It is [alpha_s(mu_factor mu) / alpha_s(mu)]^2.
    This is all that the leading-order cross section knows of the renormalisation scale. The parton
    densities, which depend on the factorisation scale, are not varied.

    Args:
        events: with ``HH4B/m_hh_truth`` in GeV.
        mu_factor: factor on the scale.

    Raises:
        ConfigError: if the factor is not positive.
    """
    from hh4b.generation.alpha_s import AlphaS

    if not (np.isfinite(mu_factor) and mu_factor > 0):
        raise ConfigError(f"weight alpha_s: mu_factor {mu_factor!r} must be positive")
    coupling = AlphaS()
    mu_gev = 0.5 * events["HH4B/m_hh_truth"].astype(np.float64)
    return np.asarray((coupling(mu_factor * mu_gev) / coupling(mu_gev)) ** 2)


@needs("HH4B/m_hh_truth", "HH4B/kappa_lambda")
def k_factor(events: Columns, table: str, kappa_lambda: float | None = None) -> Floats:
    """Return the K-factor of gg -> HH at each event's m_HH and kappa_lambda.

    Args:
        events: with ``HH4B/m_hh_truth`` in GeV and ``HH4B/kappa_lambda`` of generation.
        table: name or file, see `hh4b.generation.k_factors.k_factor_table`.
        kappa_lambda: one value for all events; null = that of each event's generation.

    Raises:
        ConfigError: if there is no such table, or an event lies outside it.
    """
    from hh4b.generation.k_factors import k_factor_table

    kappa = events["HH4B/kappa_lambda"] if kappa_lambda is None else kappa_lambda
    return k_factor_table(table).at(events["HH4B/m_hh_truth"], kappa)


@needs("HH4B/m_hh_truth")
def m_hh_cut(events: Columns, m_hh_max_gev: float) -> Floats:
    """Return 1 below and 0 above a true m_HH beyond which an effective theory has no meaning.

    Args:
        events: with ``HH4B/m_hh_truth`` in GeV.
        m_hh_max_gev: largest mass kept.

    Raises:
        ConfigError: if the cut is not positive.
    """
    from hh4b.generation.couplings import within_validity

    return within_validity(events["HH4B/m_hh_truth"], m_hh_max_gev).astype(np.float64)


def _tags(events: Columns, scale: float, chosen: NDArray[np.bool_]) -> Floats:
    """Return prod e'/e over tagged and prod (1 - e') / (1 - e) over other jets with e' = scale e.

    Weighted tags and all their combinations count an event by the same product of e and 1 - e, so
    that the factor takes it to the other efficiencies, whatever way its tags were made.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise ConfigError(f"weight of tags: scale {scale!r} must be positive")
    before = events["HH4B/jet_tag_efficiency"].astype(np.float64)
    after = np.where(chosen, np.minimum(scale * before, 1.0), before)
    tagged = events["INPUTS/Source/btag"] > 0.5
    chance, other = (np.where(tagged, e, 1.0 - e) for e in (before, after))
    # What cannot be is of no weight anyway; padding has efficiency 0 and no tag.
    ratio = np.divide(other, chance, out=np.ones_like(other), where=chance > 0)
    return np.asarray(ratio.prod(axis=1))


#: Weights that need the tag efficiency of each jet.
TAG_WEIGHTS = ("b_tag", "c_tag", "light_tag")
_TAG_COLUMNS = ("INPUTS/Source/btag", "HH4B/jet_flavor", "HH4B/jet_tag_efficiency")
_BOTTOM, _CHARM = 5, 4


@needs(*_TAG_COLUMNS)
def b_tag(events: Columns, scale: float) -> Floats:
    """Return the factor of another tag efficiency of b jets.

    Args:
        events: tags, flavours and efficiencies of the kept jets.
        scale: factor on the efficiency, which stops at 1.

    Raises:
        ConfigError: if the factor is not positive.
    """
    return _tags(events, scale, np.abs(events["HH4B/jet_flavor"]) == _BOTTOM)


@needs(*_TAG_COLUMNS)
def c_tag(events: Columns, scale: float) -> Floats:
    """Return the factor of another tag efficiency of c jets; see `b_tag`."""
    return _tags(events, scale, np.abs(events["HH4B/jet_flavor"]) == _CHARM)


@needs(*_TAG_COLUMNS)
def light_tag(events: Columns, scale: float) -> Floats:
    """Return the factor of another tag efficiency of light jets and gluons; see `b_tag`."""
    flavor = np.abs(events["HH4B/jet_flavor"])
    return _tags(events, scale, (flavor != _BOTTOM) & (flavor != _CHARM))


WEIGHTS: dict[str, EventWeight] = {
    "alpha_s": alpha_s,
    "k_factor": k_factor,
    "m_hh_cut": m_hh_cut,
    "b_tag": b_tag,
    "c_tag": c_tag,
    "light_tag": light_tag,
}


def find_weight(reference: str) -> tuple[EventWeight, tuple[str, ...]]:
    """Return a weight and the dataset columns it needs.

    Raises:
        ConfigError: if it is unknown, no function, or says nothing of its columns.
    """
    function = find_plugin("weight", reference, WEIGHTS)
    columns = getattr(function, "columns", None)
    if not callable(function) or not columns:
        raise ConfigError(
            f"weight {reference!r}: expected a function marked by"
            " @hh4b.statistics.weights.needs(COLUMN, …)"
        )
    known = {column.name for column in DATASET if column.shape[0] == "N"}
    for name in columns:
        if name not in known:
            raise ConfigError(
                f"weight {reference!r} needs {name!r}, which is no column of a dataset:"
                f" {sorted(known)}"
            )
    return function, tuple(columns)


def evaluate_weight(
    reference: str, events: Columns, arguments: Mapping[str, Any], *, where: str
) -> Floats:
    """Call a weight and check what it returns.

    Args:
        reference: as in the configuration.
        events: the columns it needs, each with one row an event.
        arguments: keyword arguments.
        where: sample, for messages.

    Returns:
        Shape (event,).

    Raises:
        ConfigError: if it does not take the arguments.
        ContractError: if it fails, or its result is no factor for each event.
    """
    function, columns = find_weight(reference)
    rows = len(events[columns[0]])
    try:
        result = np.asarray(function(events, **arguments), dtype=np.float64)
    except ConfigError:
        raise
    except TypeError as error:
        raise ConfigError(f"weight {reference!r} with {dict(arguments)}: {error}") from error
    except Exception as error:
        text = " ".join(str(error).split())
        raise ContractError(
            f"weight {reference!r} fails for {where}: {type(error).__name__}: {text}"
        ) from error
    if result.shape != (rows,):
        raise ContractError(
            f"weight {reference!r} gives shape {result.shape} for {where}, expected ({rows},)"
        )
    bad = ~(np.isfinite(result) & (result >= 0))
    if bad.any():
        raise ContractError(
            f"weight {reference!r} gives {result[bad][0]:g} in event {int(bad.argmax())} of"
            f" {where}, expected finite numbers from 0"
        )
    return result
