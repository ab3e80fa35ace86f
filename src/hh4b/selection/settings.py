"""Settings of features, classifiers and working points: one home of defaults, units and bounds."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field

from hh4b.core.errors import ContractError
from hh4b.core.folds import FoldPart, Folds
from hh4b.core.rows_per_shower import RowsPerShower
from hh4b.core.settings import Count, Kappa, Kappas, NonNegative, Part, Positive, Seed, Settings
from hh4b.core.training_share import TrainingShare
from hh4b.training.search_ranges import DnnRanges, Halving, HeldOut


def _given_once(values: list[float]) -> list[float]:
    if len(set(values)) != len(values):
        raise ValueError("a value is given twice")
    return values


KappaInputs = Annotated[Kappas, AfterValidator(_given_once)]
#: Names in the table of `hh4b.selection.classifiers`, for those who must not import it.
OWN_CLASSIFIERS = (
    "logistic_regression", "linear_discriminant", "svm", "random_forest", "gradient_boosting",
)  # fmt: skip
Score = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class FeatureSettings(Settings):
    """Which columns a feature file has."""

    event_observables: bool = Field(
        True, description="missing momentum and leptons too; published datasets have none"
    )
    extra: list[str] = Field(
        [],
        description="further features: registered name, entry point of `hh4b.feature`, or"
        " path.py:name",
    )


class BackgroundWeights(Settings):
    """How several background processes share the weight of their class."""

    background_weights: dict[str, Positive] = Field(
        {},
        description="cross section of each background process in fb, only ratios count; empty ="
        " every sample weighs the same",
    )


class DnnSettings(Settings):
    """The dense network and its training."""

    hidden_dim: Count = Field(256, description="units of a hidden layer")
    n_layers: Count = Field(2, description="number of hidden layers")
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.005, description="learning rate of the optimiser Adam"
    )
    batch_size: Count = Field(512, description="events of a training step")
    patience: Count = Field(10, description="epochs without improvement before the stop")
    max_epochs: Count = Field(100, description="number of epochs at most")
    validation_fraction: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="share of each class to validate on"
    )

    def network(self) -> dict[str, Any]:
        """Return the fields of `DnnSettings` alone, also of a class with more."""
        return self.model_dump(include=set(DnnSettings.model_fields))


class DnnTrainSettings(DnnSettings, BackgroundWeights, FoldPart, RowsPerShower, TrainingShare):
    """A training of the dense network."""

    seed: Seed = Field(1, description="decides every random number")
    threads: Count = Field(1, description="threads; sums, and so the last digits, depend on it")

    def with_outcome(self, outcome: Mapping[str, Any], *, where: str) -> Self:
        """Take what a search varied from its outcome, the content of its JSON file.

        Raises:
            ContractError: if it is no outcome of a search.
        """
        options = outcome.get("options")
        varied = DnnRanges.model_fields
        if not isinstance(options, dict) or not varied.keys() <= options.keys():
            raise ContractError(f"{where} is no outcome of `hh4b dnn search`; run the search again")
        return self.checked(self.model_dump() | {name: options[name] for name in varied})


class DnnSearchSettings(DnnTrainSettings):
    """A search; what is not varied, and the first trial, are the fields of a training."""

    trials: Count = Field(100, description="number of trials, of all workers together")
    max_epochs: Count = Field(100, description="number of epochs of a trial at most")
    ranges: DnnRanges = Field(DnnRanges(), description="what is varied, and how far")
    halving: Halving = False
    held_out: HeldOut = None


class ScoreSettings(Folds):
    """Scores of a trained classifier."""

    kappa_values: KappaInputs = Field(description="values of the kappa input to score at")
    threads: Count = Field(1, description="threads at most")


class ClassifierSettings(ScoreSettings, BackgroundWeights, RowsPerShower):
    """A classifier that is trained and scores in one job."""

    method: str = Field(
        description="registered name, entry point of `hh4b.classifier`, or path.py:Class"
    )
    options: dict[str, Any] = Field({}, description="keyword options of the method")
    seed: Seed = Field(1, description="decides every random number")


class CutSettings(Settings):
    """Values of the cut-based selection; masses in GeV."""

    delta_eta_max: Positive = Field(1.5, description="|eta_H1 - eta_H2| stays below")
    x_wt_min: NonNegative = Field(1.5, description="X_Wt stays above: no top candidate")
    x_hh_max: Positive = Field(1.6, description="X_HH stays below: signal region")
    w_mass_gev: Positive = Field(80.4, description="mass of the W boson in X_Wt")
    top_mass_gev: Positive = Field(172.5, description="mass of the top quark in X_Wt")
    x_wt_relative_width: Positive = Field(0.1, description="resolution over mass in X_Wt")
    x_hh_centre_gev: tuple[Positive, Positive] = Field(
        (124.0, 117.0), description="masses of leading and subleading candidate at X_HH = 0"
    )
    x_hh_relative_width: Positive = Field(0.1, description="resolution over mass in X_HH")


class CutScoreSettings(CutSettings):
    """The cut-based selection as a classifier of score 0 or 1."""

    kappa_values: KappaInputs = Field(description="values of the kappa input to score at")


class EvaluatedEvents(BackgroundWeights, FoldPart):
    """The events that measure something."""

    part: Part = Field("testing", description="events to use: training, testing or all")


class SensitivitySettings(EvaluatedEvents):
    """The ranking of a network's inputs."""


class PermutationSettings(BackgroundWeights, Folds, RowsPerShower):
    """How much a network loses when its inputs are shuffled, one at a time."""

    repeats: Count = Field(3, description="permutations of each input")
    seed: Seed = Field(1, description="decides the permutations")


class EvaluationSettings(EvaluatedEvents):
    """Metrics of a classifier."""

    threshold: Score = Field(0.5, description="an event is called signal above it")
    beta: Positive = Field(2.0, description="of the F_beta score: recall against precision")


class WorkingPointSettings(EvaluatedEvents):
    """How the threshold of a selection is chosen."""

    threshold: Literal["s_over_sqrt_b"] | Score = Field(
        "s_over_sqrt_b", description="a fixed value, or by the maximum of S/sqrt(B)"
    )
    step: Positive = Field(0.01, description="of the scan from 0 to 1")
    min_background_events: NonNegative = Field(
        20, description="effective simulated background events that must be left"
    )
    kappa_lambda: Annotated[float, Field(allow_inf_nan=False)] = Field(
        1.0, description="of the signal events that count as S"
    )
    fixed_kappa_input: Kappa | None = Field(
        None, description="kappa input at which all events are scored; null = each its own"
    )
    signal_fb: Positive = Field(1.0, description="signal cross section times branching ratio in fb")
    background_fb: Positive = Field(1.0, description="cross section of all background in fb")
    luminosity_ifb: Positive = Field(1.0, description="integrated luminosity in 1/fb")
    seed: Seed = Field(1, description="of the replicas behind the threshold's error")
    bootstrap_replicas: Annotated[int, Field(ge=0)] = Field(
        0, description="replicas of the shower events in which a scan is made anew; 0 = none"
    )
    bootstrap_seed: Seed = Field(1, description="of those replicas, the study's")

    @property
    def fixed_threshold(self) -> float | None:
        """Return the threshold if it is given as a number."""
        return None if isinstance(self.threshold, str) else self.threshold

    def normalisation(self) -> dict[str, float]:
        """Return the overall factors of the yields, by name; they move no maximum."""
        return self.model_dump(include={"signal_fb", "background_fb", "luminosity_ifb"})
