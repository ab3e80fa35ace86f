"""Trainings, pairings, classifiers, searches and selections of a study."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from hh4b.core.rows_per_shower import RowsPerShower
from hh4b.core.settings import Count, Fraction, Kappa, Kappas, Name, Settings
from hh4b.core.training_share import TrainingShare
from hh4b.selection.settings import CutSettings, DnnSettings
from hh4b.spanet.settings import SpanetKappaBalance
from hh4b.training.search_ranges import DnnRanges, Halving, HeldOut, SpanetRanges

Label = Annotated[str, Field(min_length=1)]
_LABEL = "name in tables and figures; without it one is made of what the entry is"


class SpanetTraining(SpanetKappaBalance, RowsPerShower, TrainingShare):
    """One SPANet2 training, or several that differ by the seed."""

    label: Label | None = Field(None, description=_LABEL)
    signal: Annotated[list[Name], Field(min_length=1)] = Field(
        description="names of the signal samples to train with"
    )
    kappa_lambda: Kappas | None = Field(
        None, description="values of the signal samples to take; null = all"
    )
    background: list[Name] = Field(
        [],
        description="background samples to train with; none = the network pairs jets only",
    )
    options: str = Field(
        description="file of options (JSON), as the reference implementation reads it"
    )
    changes: dict[str, bool | int | float | str] = Field(
        {}, description="single options to change, by their names"
    )
    search: Name | None = Field(None, description="search whose outcome changes the options")
    epochs: Count | None = Field(None, description="number of epochs; null = that of the options")
    max_events_per_sample: Count | None = Field(None, description="limit on events of one sample")
    max_events_per_signal_sample: Count | None = Field(
        None, description="limit on events of one signal sample, whatever the background has"
    )
    repeats: Count = Field(1, description="trainings with seeds of their own; the best is used")
    trained_folds: Count | None = Field(
        None,
        description="with folds: networks to train, the first so many folds left out in turn, where"
        " a training measures only; null = one for each fold, as pairings and classifiers need",
    )


class SpanetPairing(Settings):
    """Pairing by a trained SPANet2."""

    method: Literal["spanet"]
    label: Label | None = Field(None, description=_LABEL)
    training: Name = Field(description="name under `spanet_trainings`")
    kappa_input: Kappa | None = Field(
        None,
        description="value of kappa_lambda that the network is told for every event, one of the"
        " training's; null = each event its own",
    )


class FunctionPairing(Settings):
    """Pairing by a function of the jets: `min_dr`, an entry point, or `path.py:name`."""

    method: str = Field(description="registered name, or path.py:name of a function of the user")
    label: Label | None = Field(None, description=_LABEL)
    options: dict[str, Any] = Field({}, description="keyword arguments of the function")
    files: list[str] = Field(
        [],
        description="files that the function reads, e.g. weights: its jobs wait for them and follow"
        " their changes",
    )


def _pairing_kind(value: Any) -> str:
    method = value.get("method") if isinstance(value, dict) else getattr(value, "method", None)
    return "spanet" if method == "spanet" else "function"


Pairing = Annotated[
    Annotated[SpanetPairing, Tag("spanet")] | Annotated[FunctionPairing, Tag("function")],
    Discriminator(_pairing_kind),
]


class Dnn(DnnSettings, RowsPerShower, TrainingShare):
    """Dense network on the high-level features."""

    kind: Literal["dnn"]
    label: Label | None = Field(None, description=_LABEL)
    pairing: Name = Field(description="pairing the features are built with")
    kappa_lambda: Kappas | None = Field(
        None, description="signal values to train and compare with; null = all"
    )
    search: Name | None = Field(
        None, description="search whose outcome replaces hidden_dim, n_layers and learning_rate"
    )
    repeats: Count = Field(1, description="trainings with seeds of their own; the best is used")


class SpanetClassifier(Settings):
    """The event classifier of a trained SPANet2."""

    kind: Literal["spanet"]
    label: Label | None = Field(None, description=_LABEL)
    training: Name = Field(description="name under `spanet_trainings`")


class BaselineClassifier(RowsPerShower):
    """A classical classifier on the same features, or one of the user."""

    kind: Literal["baseline"]
    label: Label | None = Field(None, description=_LABEL)
    pairing: Name = Field(description="pairing the features are built with")
    method: str = Field(description="registered name, or path.py:Class of the user")
    options: dict[str, Any] = Field({}, description="keyword arguments of the class")
    kappa_lambda: Kappas | None = Field(
        None, description="signal values to train and compare with; null = all"
    )


class CutClassifier(CutSettings):
    """The cut-based selection; its score is 1 or 0."""

    kind: Literal["cuts"]
    label: Label | None = Field(None, description=_LABEL)
    pairing: Name = Field(description="pairing the cuts are applied to")
    kappa_lambda: Kappas | None = Field(None, description="signal values to compare with")


Classifier = Annotated[
    Dnn | SpanetClassifier | BaselineClassifier | CutClassifier, Field(discriminator="kind")
]


class DnnSearch(Settings):
    """Search for the hyper-parameters of a dense network (section 12.3 of the note)."""

    kind: Literal["dnn"]
    classifier: Name = Field(
        description="name under `classifiers`: gives the samples, and all that is not varied"
    )
    trials: Count = Field(100, description="number of trials, of all workers together")
    max_epochs: Count = Field(100, description="number of epochs of a trial at most")
    workers: Count = Field(1, description="jobs that share the study; see docs/architecture.md")
    ranges: DnnRanges = Field(DnnRanges(), description="what is varied, and how far")
    halving: Halving = False
    held_out: HeldOut = None


class SpanetSearch(Settings):
    """Search for the hyper-parameters of SPANet2 (section 12.1 of the note)."""

    kind: Literal["spanet"]
    training: Name = Field(
        description="name under `spanet_trainings`: gives the samples, and all that is not varied"
    )
    trials: Count = Field(100, description="number of trials, of all workers together")
    epochs: Count = Field(10, description="number of epochs of a trial")
    workers: Count = Field(1, description="jobs that share the study; see docs/architecture.md")
    ranges: SpanetRanges = Field(SpanetRanges(), description="what is varied, and how far")
    halving: Halving = False
    held_out: HeldOut = None


Search = Annotated[DnnSearch | SpanetSearch, Field(discriminator="kind")]


class Selection(Settings):
    """A pairing, a classifier and its working point."""

    label: Label | None = Field(None, description=_LABEL)
    pairing: Name = Field(description="pairing that gives m_HH")
    classifier: Name = Field(description="classifier whose score is cut on")
    threshold: Literal["s_over_sqrt_b"] | Fraction = Field(
        "s_over_sqrt_b", description="a fixed value, or by the maximum of S/sqrt(B)"
    )
    min_background_events: Count = Field(
        20, description="simulated background events that must remain at the scanned threshold"
    )
