"""Pair jets, and measure how often it is right."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.api.checks import require_array, require_kind, shown
from hh4b.api.datasets import Dataset
from hh4b.core.errors import ContractError
from hh4b.pairing.jets import KeptJets
from hh4b.pairing.methods import find_method, pair_jets
from hh4b.pairing.metrics import pairing_metrics
from hh4b.pairing.settings import PairSettings

_READ = "hh4b.read_dataset or hh4b.make_jets"


def pair(
    events: Dataset | KeptJets,
    method: str | Callable[..., Any] = "min_dr",
    *,
    kappa_input: float | None = None,
    **options: Any,
) -> NDArray[np.int8]:
    """Pair the jets of each event into two Higgs candidates.

    Args:
        events: a dataset, or jets of `make_jets`.
        method: ``"min_dr"``, ``"d_hh"``, ``"nearest_to_leading"``, ``path.py:name``, a function of
            the jets, or a network of `hh4b.spanet.load`, which needs a dataset.
        kappa_input: value of kappa_lambda that a network is told for all events; None = of each
            event its own.
        options: keyword options of the method.

    Returns:
        Jet indices of shape (event, Higgs = 2, product = 2); all -1 where there is no pairing.

    Raises:
        ConfigError: if there is no such method, or it does not know an option.
        ContractError: if the events are something else, or the method returns no pairing.

    >>> from hh4b.api.datasets import make_jets
    >>> jets = make_jets(pt=[[90, 80, 70, 60]], eta=[[0, 0.1, 1, 1.1]], phi=[[0, 0.2, 2, 2.2]],
    ...                  mass=[[9, 8, 7, 6]], btag=[[1, 1, 1, 1]])
    >>> pair(jets).tolist()
    [[[0, 1], [2, 3]]]
    """
    if hasattr(method, "network"):
        return _by_network(events, method, kappa_input, options)
    if kappa_input is not None:
        raise ContractError("pair: kappa_input is for networks of hh4b.spanet.load only")
    jets = events.jets if isinstance(events, Dataset) else events
    jets = require_kind("pair", "events", jets, KeptJets, _READ)
    if callable(method):
        name = getattr(method, "__name__", "of the call")
        return pair_jets(lambda kept: method(kept, **options), jets, name=name)
    if not isinstance(method, str):
        raise ContractError(
            f"pair: method is {shown(method)}, expected a name, a function of the jets, or a"
            " network of hh4b.spanet.load"
        )
    settings = PairSettings.checked({"method": method, "options": options})
    return pair_jets(find_method(settings), jets, name=method)


def _by_network(
    events: Any, module: Any, kappa: float | None, options: dict[str, Any]
) -> NDArray[np.int8]:
    """Pair by SPANet2; torch is loaded already, as the network is there."""
    from hh4b.spanet.data import read_events
    from hh4b.spanet.kappa import KAPPA
    from hh4b.spanet.prediction import predict
    from hh4b.spanet.prediction_stage import pairing_arrays, require_two_pairs

    dataset = require_kind("pair", "events", events, Dataset, "hh4b.read_dataset")
    if options:
        raise ContractError(f"pair: a network has no option {sorted(options)[0]!r}")
    network = module.network
    require_two_pairs(network)
    read = read_events(dataset.path, network.event, targets=False)
    if kappa is not None:
        read = read.with_feature(network.event, KAPPA, kappa)
    found: NDArray[np.int8] = pairing_arrays(network, predict(network, read))["jets"]
    return found


def pairing_efficiency(dataset: Dataset, pairing: Any) -> dict[str, dict[str, Any]]:
    """Measure a pairing by jet multiplicity.

    Args:
        dataset: signal, whose true pairing is known.
        pairing: of `pair`, shape (event, 2, 2).

    Returns:
        By group ``"4"``, ``"5"``, ``">=6"``, ``"total"``: ``event_fraction``, ``event_efficiency``
        and ``higgs_efficiency``, each with ``_error``, and ``n_events``; see
        `hh4b.pairing.metrics.pairing_metrics`.

    Raises:
        ContractError: if the pairing is not one of this dataset.
    """
    call = "pairing_efficiency"
    dataset = require_kind(call, "dataset", dataset, Dataset, "hh4b.read_dataset")
    jets = require_array(call, "pairing", pairing, (len(dataset), 2, 2), "i")
    return pairing_metrics(
        dataset.targets,
        jets,
        dataset.jets.valid.sum(axis=1),
        dataset.weight,
        dataset.shower.index if dataset.shower.repeated else None,
    )
