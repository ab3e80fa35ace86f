"""The pairing methods by name, and what every one of them, own or of the user, has to return.

A method is a function of `KeptJets`, and of options by name, that returns jet indices of shape
(event, Higgs = 2, product = 2), all four -1 where it finds no pairing.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, Hh4bError
from hh4b.core.plugins import find_plugin, require_parameters
from hh4b.pairing.d_hh import d_hh
from hh4b.pairing.jets import KeptJets, flat_positions
from hh4b.pairing.leading_jet import nearest_to_leading
from hh4b.pairing.min_dr import min_dr
from hh4b.pairing.settings import PairSettings

#: Methods of the package; a user's stand in entry points ``hh4b.pairing`` or in a file.
METHODS: dict[str, Callable[..., NDArray[Any]]] = {
    "min_dr": min_dr,
    "d_hh": d_hh,
    "nearest_to_leading": nearest_to_leading,
}


def find_method(settings: PairSettings) -> Callable[[KeptJets], NDArray[Any]]:
    """Return the method with its options bound.

    Raises:
        ConfigError: if there is no such method, or it does not know an option.
    """
    method = find_plugin("pairing", settings.method, METHODS)
    require_parameters("pairing", settings.method, method, ["jets", *settings.options])
    return lambda jets: method(jets, **settings.options)


def pair_jets(
    method: Callable[[KeptJets], NDArray[Any]], jets: KeptJets, *, name: str, first_row: int = 0
) -> NDArray[np.int8]:
    """Call a method and check what it returns.

    Args:
        method: see `find_method`.
        jets: kept jets.
        name: the method's reference, for messages.
        first_row: number of the first event, for messages.

    Returns:
        Jet indices of shape (event, 2, 2), -1 = no pairing.

    Raises:
        ContractError: naming the method, what it returned and what was expected.
    """
    try:
        found = method(jets)
    except Hh4bError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ContractError(f"pairing {name!r}: {type(error).__name__}: {reason}") from error
    pairs = np.asarray(found)
    wanted = (len(jets.valid), 2, 2)
    if pairs.shape != wanted or pairs.dtype.kind not in "iu":
        raise ContractError(
            f"pairing {name!r} returns {pairs.dtype} of shape {pairs.shape}; expected integer jet"
            f" indices of shape {wanted}: (event, Higgs, product)"
        )
    lost = pairs == -1
    partly = ((pairs < 0) & ~lost).any(axis=(1, 2)) | (
        lost.any(axis=(1, 2)) & ~lost.all(axis=(1, 2))
    )
    if partly.any():
        event = int(np.argmax(partly))
        raise ContractError(
            f"pairing {name!r}: pairing of event {first_row + event} is {pairs[event].tolist()};"
            " expected four jets, or four times -1"
        )
    try:
        flat_positions(jets, pairs, np.flatnonzero(~lost.all(axis=(1, 2))), first_row)
    except ContractError as error:
        raise ContractError(f"pairing {name!r}: {error}") from None
    return pairs.astype(np.int8)
