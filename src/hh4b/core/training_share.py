"""A share of the training events, so that a quality can be seen against the size of the sample.

An event is among those of a share by a number of its own, whatever other events there are: smaller
shares lie inside larger ones, and signal and background shrink in the same ratio.
"""

from typing import Annotated, Any

from pydantic import Field

from hh4b.core.settings import Settings

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
