"""The events of a share, see `hh4b.core.training_share`."""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.event_streams import uniforms
from hh4b.core.shower_events import ShowerEvents


def inside_share(
    events: ShowerEvents, share: float | None, seed: int, *, where: str
) -> NDArray[np.bool_]:
    """Return which rows are of events of a share.

    Args:
        events: shower event of each row, shape (N,).
        share: between 0 and 1; None = all.
        seed: of the draw; the same for all shares that are compared.
        where: the dataset, for the error.

    Returns:
        Shape (N,).

    Raises:
        ContractError: if no event is left.
    """
    if share is None:
        return np.ones(len(events.numbers), np.bool_)
    inside = uniforms(seed, ("share", events.sample), events.numbers) < share
    if not inside.any():
        raise ContractError(
            f"{where}: no event of {len(inside)} rows is in a share of {share:g}; take a larger"
            " share or a larger sample"
        )
    return np.asarray(inside)
