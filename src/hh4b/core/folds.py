"""Settings of cross-fitting: every event is in one fold, and a network is trained without each.

An event is scored and paired by the network whose training left its fold out, so that all events
of a sample measure, and none was seen before. `hh4b.core.parts` applies these settings to files.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hh4b.core.errors import ConfigError
from hh4b.core.settings import Seed, Settings


def _not_one(value: int) -> int:
    if value == 1:
        raise ValueError("with one fold there is nothing to train with; expected 0, or 2 and more")
    return value


FoldCount = Annotated[int, Field(ge=0, le=127), AfterValidator(_not_one)]
FoldNumber = Annotated[int, Field(ge=0)]


class FoldChoice(Settings):
    """Into how many folds the events are divided."""

    folds: FoldCount = Field(
        0,
        description="folds of cross-fitting, 2 or more: as many trainings, each without one fold,"
        " and every event is scored by the one that did not see it; 0 = one split into training"
        " and testing events",
    )


class Folds(FoldChoice):
    """The fold of every event."""

    fold_seed: Seed = Field(1, description="seed that puts events into folds")

    def decided(
        self, *, exclude: set[str] | None = None, mode: Literal["json", "python"] = "python"
    ) -> dict[str, Any]:
        """Return the settings for a provenance; without folds, nothing is said of them."""
        idle = set() if self.folds else {"folds", "fold_seed", "fold"}
        return self.model_dump(exclude=idle | (exclude or set()), mode=mode)

    def require_models(self, number: int) -> None:
        """Check that there is a network for every fold, or one without folds.

        Raises:
            ConfigError: if there is not.
        """
        if number != max(1, self.folds):
            raise ConfigError(
                f"{number} models for {self.folds} folds: give one for each fold, in their order,"
                " and --folds; or one model and no folds"
            )


class FoldPart(Folds):
    """One fold against the others."""

    fold: FoldNumber | None = Field(
        None,
        description="with folds: its events are the testing part, those of all others the training"
        " part",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.fold is None:
            if self.folds and getattr(self, "part", "training") != "all":
                raise ValueError(f"fold is missing: which of the {self.folds} folds is left out?")
        elif self.fold >= self.folds:
            raise ValueError(f"fold {self.fold}: there are {self.folds} folds, counted from 0")
        return self
