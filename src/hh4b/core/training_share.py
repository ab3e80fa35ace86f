"""A share of the training events, so that a quality can be seen against the size of the sample.

An event is among those of a share by a number of its own, whatever other events there are: smaller
shares lie inside larger ones, and signal and background shrink in the same ratio.
"""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hh4b.core.errors import ContractError
from hh4b.core.event_streams import uniforms
from hh4b.core.settings import Settings
from hh4b.core.shower_events import ShowerEvents

Share = Annotated[float, Field(gt=0, lt=1)]


class TrainingShare(Settings):
    """How much of the training events is learned from."""

    share: Share | None = Field(
        default=None,
        description="share of the training events of every sample to learn from, drawn by shower"
        " event; a smaller share is part of a larger one; null = all",
    )

    def told(self) -> dict[str, Any]:
        """Return the setting for a provenance; nothing where all events are learned from."""
        return TrainingShare.of(self).model_dump(exclude_none=True)


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
