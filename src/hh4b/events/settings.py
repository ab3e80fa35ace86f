"""Settings of datasets, and the section of the configuration that shares fields with them."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from hh4b.core.folds import FoldPart
from hh4b.core.rows_per_shower import RowsPerShower
from hh4b.core.samples import NamedSample
from hh4b.core.settings import Count, Fraction, Kappa, Part, Positive, Seed, Settings
from hh4b.core.training_share import TrainingShare
from hh4b.generation.settings import NegativeWeights

#: Distance within which a kept jet is taken for the image of a b quark (docs/data.md).
MATCHING_RADIUS = 0.4
#: Tagged jets that two Higgs bosons need.
MIN_TAGS = 4
# A default whose bounds are wider by hand than in a study.
_TRAINING_FRACTION = 0.5

Share = Annotated[float, Field(ge=0, le=1)]


class EventSelection(Settings):
    """The four-tag cut and truth matching."""

    jet_pt_min_gev: Positive = Field(
        40.0,
        description="jets below this transverse momentum are not used",
        json_schema_extra={"flags": ["--pt-min-gev"]},
    )
    jet_abs_eta_max: Positive = Field(
        2.5,
        description="jets beyond this |eta| are not used",
        json_schema_extra={"flags": ["--abs-eta-max"]},
    )
    max_jets: Annotated[int, Field(ge=4, le=100)] = Field(
        10, description="jets kept of an event, those of largest pT"
    )
    min_tags: Annotated[int, Field(ge=MIN_TAGS)] = Field(
        MIN_TAGS, description="b-tagged jets that an event needs"
    )
    b_tag_bit: Annotated[int, Field(ge=0, le=31)] = Field(
        0, description="bit of the branch Jet.BTag that is the b-tag"
    )
    jet_collection: str = Field("Jet", description="branch of the jets")
    matching: Literal["one_to_one", "drop_ambiguous"] = Field(
        "one_to_one", description="what to do with a quark that has two jets within 0.4"
    )
    training_fraction: Fraction = Field(
        _TRAINING_FRACTION, description="share of the events used for training"
    )
    tags: Literal["file", "dl1r_77"] = Field(
        "file",
        description="b-tags of `files` samples",
        json_schema_extra={"flags": ["--tag-efficiency"]},
    )

    @model_validator(mode="after")
    def _enough_jets(self) -> Self:
        if self.min_tags > self.max_jets:
            raise ValueError(f"min_tags {self.min_tags} is above max_jets {self.max_jets}")
        return self


class BadFiles(Settings):
    """What is done about files that cannot be used."""

    skip_bad_files: bool = Field(False, description="go on without them, and say what was lost")


class FileChoices(NegativeWeights, BadFiles):
    """Which files and events of a sample are let in."""


class IngestSettings(NamedSample, FileChoices, EventSelection):
    """Everything that decides the content of a dataset besides the files."""

    min_tags: Annotated[int, Field(ge=0)] = Field(
        MIN_TAGS, description="b-tagged jets that an event needs"
    )
    training_fraction: Share = Field(
        _TRAINING_FRACTION, description="share of the events used for training"
    )
    background: bool = Field(False, description="no truth is looked for, targets are -1")
    kappa_lambda: Kappa | None = Field(
        None, description="coupling of the signal; null = has none (a resonance)"
    )
    kappa_values: tuple[Kappa, ...] = Field(
        (-5.0, -3.0, -1.0, 0.0, 1.0, 2.0, 2.4, 3.0, 5.0, 7.0, 9.0, 10.0),
        description="background events take their kappa input from here, at random",
    )
    seed: Seed = Field(1, description="seed of every random stream")

    @model_validator(mode="after")
    def _kappas(self) -> Self:
        if self.background and not self.kappa_values:
            raise ValueError("kappa_values is empty: a background event needs a kappa input")
        if self.background and self.kappa_lambda is not None:
            raise ValueError(
                f"kappa_lambda = {self.kappa_lambda} for a background: a background has none;"
                " leave out --kappa-lambda or --background"
            )
        return self


class MergeSettings(FoldPart, RowsPerShower, TrainingShare):
    """How datasets are merged."""

    part: Part = Field("all", description="events to take of each dataset")
    max_events_per_sample: Count | None = Field(None, description="limit on events of one sample")
    max_events_per_signal_sample: Count | None = Field(
        None, description="limit on events of one signal sample"
    )
    shuffle_seed: Seed | None = Field(
        None, description="seed of draw and order; null keeps the order of the datasets"
    )
    balance: bool = Field(
        False,
        description="scale weights so that all signal samples weigh the same, backgrounds together"
        " as much as the signals together, and the mean is 1",
    )
    kappa_balance: bool = Field(
        False,
        description="scale weights so that at each kappa input signal weighs as much as background,"
        " every kappa input the same in total, and the mean is 1",
    )

    @model_validator(mode="after")
    def _draw(self) -> Self:
        drawn = (
            "max_events_per_sample",
            "max_events_per_signal_sample",
            "rows_per_shower",
            "share",
        )
        for name in drawn:
            if getattr(self, name) is not None and self.shuffle_seed is None:
                raise ValueError(f"{name} needs --shuffle-seed to draw by")
        return self

    def decided(
        self, *, exclude: set[str] | None = None, mode: Literal["json", "python"] = "python"
    ) -> dict[str, Any]:
        """Return the settings for a provenance; where all events are taken, no share is told."""
        idle = {"share"} if self.share is None else set()
        return super().decided(exclude=idle | (exclude or set()), mode=mode)


class ImportSettings(NamedSample):
    """Which events of a published file become a sample, and what the file does not say."""

    events: Literal["signal", "background", "all"] = Field("all", description="class of events")
    kappa_lambda: Kappa | None = Field(
        None, description="take the signal events of this value; null = all"
    )
    part: Literal["training", "testing", "split"] = Field(
        "split", description="what the whole file is for; split divides it at random"
    )
    training_fraction: Share = Field(
        _TRAINING_FRACTION, description="share of training events, where the file is divided"
    )
    seed: Seed = Field(1, description="seed of every random stream")
    n_generated: Count | None = Field(
        None, description="generated events behind it; pass rates and limits need it"
    )

    @model_validator(mode="after")
    def _coupling(self) -> Self:
        if self.kappa_lambda is not None and self.events != "signal":
            raise ValueError("kappa_lambda chooses signal events: say --events signal")
        return self
