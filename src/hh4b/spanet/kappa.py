"""The kappa input of a network: what events are told, and which values it was trained with."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.core.kappa import kappa_name, same_kappa
from hh4b.events.kappa_input import balanced_weights
from hh4b.spanet.data import Events
from hh4b.spanet.event import EventDescription

KAPPA = "Kappa/kappa"
SIGNAL = "EVENT/signal"


def has_kappa_input(event: EventDescription) -> bool:
    """Return whether a network for ``event`` is told kappa_lambda."""
    return any(f"{i.name}/{f.name}" == KAPPA for i in event.global_inputs for f in i.features)


def told_kappas(events: Events, event: EventDescription) -> NDArray[np.float64] | None:
    """Return the kappa input of the events, shape (N,); None if there is no such input."""
    for item, features in zip(event.inputs, events.features, strict=True):
        for column, feature in enumerate(item.features):
            if f"{item.name}/{feature.name}" == KAPPA and not item.sequential:
                values = features[:, 0, column].astype(np.float64)
                # Undone logarithms are equal to single precision only.
                return np.asarray(np.round(np.expm1(values), 4)) if feature.log else values
    return None


def trained_kappas(events: Events, event: EventDescription) -> tuple[float, ...] | None:
    """Return the kappa inputs that training events stand at, in order; None without such input.

    Those of signal count, where there is signal: background alone teaches nothing about a value.
    """
    told = told_kappas(events, event)
    if told is None:
        return None
    signal = events.classes.get(SIGNAL)
    if signal is not None and (signal == 1).any():
        told = told[signal == 1]
    return tuple(np.unique(told).tolist())


def require_trained(value: float, trained: Sequence[float], *, where: str) -> None:
    """Check that a kappa input is one of those that a network was trained with.

    Raises:
        ConfigError: if it is not.
    """
    if not same_kappa(value, np.asarray(trained)).any():
        names = ", ".join(kappa_name(kappa) for kappa in trained)
        raise ConfigError(
            f"{where}: kappa input {kappa_name(value)} was never trained; the network knows {names}"
        )


def kappa_weights(
    weight: NDArray[np.floating] | None,
    events: Events,
    event: EventDescription,
    *,
    lenient: bool = False,
) -> NDArray[np.float64]:
    """Return weights with which the kappa input tells nothing about the class.

    See `balanced_weights`. Without classes in the events, every kappa input weighs the same.

    Args:
        weight: of the events, shape (N,); None = 1.
        events: with their classes.
        event: what a network is told.
        lenient: give weight 0 to the kappa inputs that lack a class, instead of an error.

    Raises:
        ConfigError: if the network is told no kappa.
        ContractError: if signal or background is missing at a kappa input.
    """
    told = told_kappas(events, event)
    if told is None:
        raise ConfigError(f"kappa_balance = true, but the event file has no global input {KAPPA}")
    if weight is None:
        weight = np.ones(len(events))
    label = events.classes.get(SIGNAL, np.zeros(len(events), dtype=np.int64))
    where = f"{'validation' if lenient else 'training'} events"
    return balanced_weights(weight, told, label, where=where, lenient=lenient)
