"""Settings of a training on some rows of each shower event; `hh4b.core.row_draws` draws them."""

from pydantic import Field

from hh4b.core.settings import Count, Seed, Settings
from hh4b.core.training_share import TrainingShare


class RowsPerShower(Settings):
    """How many rows of a shower event a training reads."""

    rows_per_shower: Count | None = Field(
        default=None,
        description="rows of one shower event to train with at most, drawn by their weight, which"
        " the event keeps; null = all",
    )


class RowDraw(RowsPerShower, TrainingShare):
    """The rows of each shower event, and the events."""

    seed: Seed = Field(default=1, description="of the draw")
