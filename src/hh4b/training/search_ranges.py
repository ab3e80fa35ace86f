"""What the hyper-parameter searches vary, and how far: sections 12.1 and 12.3 of the note."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from hh4b.core.errors import ConfigError
from hh4b.core.settings import Count, NonNegative, Positive, Settings
from hh4b.core.strict_json import parse_json
from hh4b.core.validation import one_line


class Trial(Protocol):
    """What is used of a trial of Optuna, which is not imported here: it is slow."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = ...) -> float:
        """Draw a number."""

    def suggest_int(self, name: str, low: int, high: int) -> int:
        """Draw an integer, both ends included."""

    def suggest_categorical(self, name: str, choices: list[int]) -> Any:
        """Draw one of the choices."""


#: Whether trials are sorted out as `hh4b.training.halving` does.
Halving = Annotated[
    bool,
    Field(
        description="all trials are short, the best third goes on three times as long, and so on;"
        " the start always does. false: a trial is given up when it falls behind the median"
    ),
]
#: How many events compare trials.
HeldOut = Annotated[
    float | None,
    Field(
        gt=0,
        lt=1,
        description="share of the training events that trials are compared on and not trained with;"
        " null = that of a training",
    ),
]
Choices = Annotated[tuple[Count, ...], Field(min_length=1)]


class _Ranges(Settings):
    """Pairs are smallest and largest value; `hidden_dim` lists its choices."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name, value in self:
            if name != "hidden_dim" and value[0] > value[1]:
                raise ValueError(f"{name}: {value[0]} is above {value[1]}")
        return self

    def inside(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the varied ones of ``values``, or nothing if one lies outside its range."""
        chosen = {name: values[name] for name in type(self).model_fields}
        for name, value in chosen.items():
            limits = getattr(self, name)
            fits = value in limits if name == "hidden_dim" else limits[0] <= value <= limits[1]
            if not fits:
                return {}
        return chosen


class DnnRanges(_Ranges):
    """Ranges of a search for the dense network."""

    learning_rate: tuple[Positive, Positive] = Field(
        default=(1e-5, 1e-1),
        description="smallest and largest learning rate, drawn by its logarithm",
    )
    hidden_dim: Choices = Field(
        default=(16, 32, 64, 128, 256), description="units of a layer to choose from"
    )
    n_layers: tuple[Count, Count] = Field(
        default=(1, 5), description="smallest and largest number of hidden layers"
    )

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """Draw the parameters of a trial."""
        return {
            "learning_rate": trial.suggest_float("learning_rate", *self.learning_rate, log=True),
            "hidden_dim": trial.suggest_categorical("hidden_dim", list(self.hidden_dim)),
            "n_layers": trial.suggest_int("n_layers", *self.n_layers),
        }


class SpanetRanges(_Ranges):
    """Ranges of a search for SPANet2."""

    learning_rate: tuple[Positive, Positive] = Field(
        default=(1e-5, 1e-2),
        description="smallest and largest learning rate, drawn by its logarithm",
    )
    dropout: tuple[NonNegative, NonNegative] = Field(
        default=(0.0, 0.5), description="smallest and largest share of units dropped in training"
    )
    gradient_clip: tuple[NonNegative, NonNegative] = Field(
        default=(0.0, 0.5), description="smallest and largest bound on the norm of the gradient"
    )
    l2_penalty: tuple[NonNegative, NonNegative] = Field(
        default=(0.0, 0.0005), description="smallest and largest decay of the weights"
    )
    hidden_dim: Choices = Field(
        default=(16, 32, 64, 128, 256), description="units of a layer to choose from"
    )
    num_encoder_layers: tuple[Count, Count] = Field(
        default=(2, 8), description="smallest and largest number of layers of the common encoder"
    )
    num_branch_encoder_layers: tuple[Count, Count] = Field(
        default=(2, 8),
        description="smallest and largest number of layers of the encoder of a branch",
    )
    num_classification_layers: tuple[Count, Count] = Field(
        default=(1, 5), description="smallest and largest number of layers of the event classifier"
    )

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """Draw the parameters of a trial."""
        found: dict[str, Any] = {
            "learning_rate": trial.suggest_float("learning_rate", *self.learning_rate, log=True),
            "hidden_dim": trial.suggest_categorical("hidden_dim", list(self.hidden_dim)),
        }
        for name in ("dropout", "gradient_clip", "l2_penalty"):
            found[name] = trial.suggest_float(name, *getattr(self, name))
        for name in (
            "num_encoder_layers", "num_branch_encoder_layers", "num_classification_layers",
        ):  # fmt: skip
            found[name] = trial.suggest_int(name, *getattr(self, name))
        return found


R = TypeVar("R", bound=_Ranges)


def parse_ranges(kind: type[R], text: str) -> R:
    """Read ranges from JSON; what is left out is the note's.

    Raises:
        ConfigError: naming what is wrong.
    """
    try:
        return kind.model_validate(parse_json(text, finite=True))
    except ValidationError as error:
        raise ConfigError(f"--ranges {one_line(error, kind)}") from error
    except ValueError as error:
        raise ConfigError(f"--ranges is not JSON: {error}") from error
