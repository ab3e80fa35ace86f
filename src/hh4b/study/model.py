"""The configuration of a study: typed, closed, with units in the keys."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hh4b.training.search_ranges import DnnRanges, SpanetRanges

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Kappa = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Section(BaseModel):
    """Base of all sections: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Physics(Section):
    """Parton-level physics of own samples."""

    sqrt_s_tev: Literal[13, 14] = Field(13, description="collision energy of the event samples")
    m_higgs_gev: Positive = Field(125.0, description="Higgs boson mass")
    m_top_gev: Positive = Field(173.0, description="top-quark mass in the loops")
    b_mass_gev: Annotated[float, Field(ge=0, lt=10)] = Field(4.7, description="b-quark mass")
    mu_factor: Positive = Field(1.0, description="factor on both default scales")
    four_b_scale: Literal["kt_clustered", "ht_half", "ht", "mean_mt", "m4b_half"] = Field(
        "kt_clustered", description="scale of pp -> 4b; the default is the note's generator's"
    )
    b_pt_min_gev: Annotated[float, Field(ge=5)] = Field(25.0, description="pT cut on b of pp -> 4b")
    b_abs_eta_max: Positive = Field(2.5, description="|eta| cut on b of pp -> 4b")


class SignalSample(Section):
    """gg -> HH -> 4b with own events, one sample a value of kappa_lambda."""

    source: Literal["gg_hh"]
    kappa_lambda: Annotated[list[Kappa], Field(min_length=1)] = Field(
        description="values generated, each a sample of its own"
    )
    events: Count = Field(description="showered events per value")
    events_at: dict[Kappa, Count] = Field({}, description="other numbers at single values")

    @model_validator(mode="after")
    def _values(self) -> Self:
        if len(set(self.kappa_lambda)) != len(self.kappa_lambda):
            raise ValueError(f"kappa_lambda holds a value twice: {self.kappa_lambda}")
        for value in self.events_at:
            if value not in self.kappa_lambda:
                raise ValueError(f"events_at: {value:g} is not in kappa_lambda {self.kappa_lambda}")
        return self


class ResonanceSample(Section):
    """X -> HH -> 4b with a narrow scalar, own events."""

    source: Literal["resonance"]
    mass_gev: Positive = Field(450.0, description="mass of the scalar")
    events: Count = Field(description="showered events")


class BackgroundSample(Section):
    """pp -> b b~ b b~ with own events."""

    source: Literal["four_b"]
    events: Count = Field(description="showered events")


class MadgraphSample(Section):
    """gg -> HH -> 4b or pp -> 4b by MG5_aMC, Pythia 8 and Delphes on PATH or in a container."""

    source: Literal["madgraph"]
    process: Literal["hh", "4b"] = Field(description="signal or background")
    events: Count = Field(description="events to generate")
    delphes_card: str = Field(description="Delphes card to start from")
    kappa_lambda: Kappa | None = Field(None, description="of hh")
    launcher: str = Field("", description="words in front of every program, e.g. of a container")

    @model_validator(mode="after")
    def _coupling(self) -> Self:
        if (self.process == "hh") != (self.kappa_lambda is not None):
            raise ValueError(f"process {self.process}: kappa_lambda belongs to hh, and only to it")
        return self


class FilesSample(Section):
    """Delphes ROOT files of the user."""

    source: Literal["files"]
    files: Annotated[list[str], Field(min_length=1)] = Field(
        description="paths, globs, addresses, or @LIST for the lines of a file"
    )
    kappa_lambda: Kappa | None = Field(None, description="of a signal; without it, background")
    skip_bad_files: bool = Field(False, description="go on without them, and say what was lost")
    allow_negative_weights: bool = Field(False, description="take them instead of stopping")


class SpanetDatasetSample(Section):
    """A dataset in the published SPANet layout."""

    source: Literal["spanet_dataset"]
    file: str = Field(description="HDF5 file")
    testing_file: str | None = Field(
        None, description="second file, for testing; `file` is then for training"
    )
    n_generated: Count | None = Field(
        None, description="generated events behind it; pass rates and limits need it"
    )
    events: Literal["signal", "background"] = Field(description="class of events to take")
    kappa_lambda: Kappa | None = Field(None, description="take the signal events of this value")


Sample = Annotated[
    SignalSample
    | ResonanceSample
    | BackgroundSample
    | MadgraphSample
    | FilesSample
    | SpanetDatasetSample,
    Field(discriminator="source"),
]


class Simulation(Section):
    """Shower and detector of own samples."""

    chunk_events: Annotated[int, Field(gt=0, multiple_of=250)] = Field(
        5000, description="events of one job, whole blocks of the random streams"
    )
    detector: str = Field("config/detector/atlas.yaml", description="card of the detector response")
    tags: Literal["weight", "draw"] = Field("weight", description="weighted or drawn b-tags")
    pythia_settings: list[str] = Field(
        [], description="further settings of Pythia, e.g. `SpaceShower:pTmaxMatch = 1`"
    )
    signal_acceptance_bias: str | None = Field(
        None, description="density of partons that favours events that pass; null = plain"
    )
    background_acceptance_bias: str | None = Field(
        "config/detector/acceptance_bias.yaml", description="the same for pp -> 4b"
    )


class EventSelection(Section):
    """The four-tag cut and truth matching."""

    jet_pt_min_gev: Positive = Field(40.0, description="jet pT cut")
    jet_abs_eta_max: Positive = Field(2.5, description="jet |eta| cut")
    max_jets: Annotated[int, Field(ge=4)] = Field(10, description="leading jets kept")
    min_tags: Annotated[int, Field(ge=4)] = Field(4, description="b-tagged jets required")
    b_tag_bit: Annotated[int, Field(ge=0, le=31)] = Field(0, description="bit of Jet.BTag")
    jet_collection: str = Field("Jet", description="branch of the jets")
    matching: Literal["one_to_one", "drop_ambiguous"] = Field(
        "one_to_one", description="what to do with a quark that has two jets within 0.4"
    )
    training_fraction: Fraction = Field(0.5, description="share of the events used for training")
    tags: Literal["file", "dl1r_77"] = Field("file", description="b-tags of `files` samples")


class MinDrPairing(Section):
    """Pairing by the smallest Delta-R of the leading pair."""

    method: Literal["min_dr"]


class SpanetPairing(Section):
    """Pairing by a trained SPANet2."""

    method: Literal["spanet"]
    training: Name = Field(description="name under `spanet_trainings`")


Pairing = Annotated[MinDrPairing | SpanetPairing, Field(discriminator="method")]


Kappas = Annotated[list[Kappa], Field(min_length=1)]


class SpanetTraining(Section):
    """One SPANet2 training, or several that differ by the seed."""

    signal: Annotated[list[Name], Field(min_length=1)] = Field(description="signal samples")
    kappa_lambda: Kappas | None = Field(
        None, description="values of the signal samples to take; null = all"
    )
    background: list[Name] = Field([], description="background samples; none = assignment only")
    options: str = Field(description="options JSON, as the reference implementation reads it")
    changes: dict[str, bool | int | float | str] = Field({}, description="options to change")
    search: Name | None = Field(None, description="search whose outcome changes the options")
    epochs: Count | None = Field(None, description="replaces the options' number of epochs")
    max_events_per_sample: Count | None = Field(None, description="limit on events of one sample")
    repeats: Count = Field(1, description="trainings with seeds of their own; the best is used")


class Dnn(Section):
    """Dense network on the high-level features."""

    kind: Literal["dnn"]
    pairing: Name = Field(description="pairing the features are built with")
    kappa_lambda: Kappas | None = Field(
        None, description="signal values to train and compare with; null = all"
    )
    search: Name | None = Field(None, description="search whose outcome replaces the four below")
    hidden_dim: Count = Field(256, description="units of a hidden layer")
    n_layers: Count = Field(2, description="hidden layers")
    learning_rate: Positive = Field(0.005, description="of Adam")
    batch_size: Count = Field(512, description="events a step")
    patience: Count = Field(10, description="epochs without improvement before the stop")
    max_epochs: Count = Field(100, description="epochs at most")
    repeats: Count = Field(1, description="trainings with seeds of their own; the best is used")


class SpanetClassifier(Section):
    """The event classifier of a trained SPANet2."""

    kind: Literal["spanet"]
    training: Name = Field(description="name under `spanet_trainings`")


class BaselineClassifier(Section):
    """A classical classifier on the same features."""

    kind: Literal["baseline"]
    pairing: Name = Field(description="pairing the features are built with")
    method: Literal[
        "logistic_regression", "linear_discriminant", "svm", "random_forest", "gradient_boosting"
    ] = Field(description="classifier of scikit-learn, or an own one with event weights")
    kappa_lambda: Kappas | None = Field(
        None, description="signal values to train and compare with; null = all"
    )


class CutClassifier(Section):
    """The cut-based selection; its score is 1 or 0."""

    kind: Literal["cuts"]
    pairing: Name = Field(description="pairing the cuts are applied to")
    kappa_lambda: Kappas | None = Field(None, description="signal values to compare with")


Classifier = Annotated[
    Dnn | SpanetClassifier | BaselineClassifier | CutClassifier, Field(discriminator="kind")
]


class DnnSearch(Section):
    """Search for the hyper-parameters of a dense network (section 12.3 of the note)."""

    kind: Literal["dnn"]
    classifier: Name = Field(description="its samples and what is not searched")
    trials: Count = Field(100, description="of all workers together")
    max_epochs: Count = Field(100, description="of a trial at most")
    workers: Count = Field(1, description="jobs that share the study; above 1 the order varies")
    ranges: DnnRanges = DnnRanges()


class SpanetSearch(Section):
    """Search for the hyper-parameters of SPANet2 (section 12.1 of the note)."""

    kind: Literal["spanet"]
    training: Name = Field(description="its samples and what is not searched")
    trials: Count = Field(100, description="of all workers together")
    epochs: Count = Field(10, description="of a trial")
    workers: Count = Field(1, description="jobs that share the study; above 1 the order varies")
    ranges: SpanetRanges = SpanetRanges()


Search = Annotated[DnnSearch | SpanetSearch, Field(discriminator="kind")]


class Selection(Section):
    """A pairing, a classifier and its working point."""

    pairing: Name = Field(description="pairing that gives m_HH")
    classifier: Name = Field(description="classifier whose score is cut on")
    threshold: Literal["s_over_sqrt_b"] | Fraction = Field(
        "s_over_sqrt_b", description="a fixed value, or by the maximum of S/sqrt(B)"
    )
    min_background_events: Count = Field(
        20, description="simulated background events that must remain at the scanned threshold"
    )


class Statistics(Section):
    """Templates in m_HH and limits on kappa_lambda."""

    kappa_lambda_min: Kappa = Field(-10, description="first value of the scan")
    kappa_lambda_max: Kappa = Field(15, description="last value of the scan")
    kappa_lambda_step: Positive = Field(1, description="step of the scan")
    bins: Count = Field(10, description="bins in m_HH")
    m_hh_min_gev: Annotated[float, Field(ge=0)] = Field(200, description="lower edge")
    m_hh_max_gev: Positive = Field(1000, description="upper edge")
    luminosities_ifb: Annotated[list[Positive], Field(min_length=1)] = Field(
        [139, 300, 3000], description="integrated luminosities"
    )
    sqrt_s_tev: Annotated[list[Literal[13, 14]], Field(min_length=1)] = Field(
        [13, 14], description="energies whose cross sections normalise the templates"
    )
    scan_luminosities_ifb: Annotated[list[Positive], Field(min_length=2)] = Field(
        [100, 139, 200, 300, 500, 700, 1000, 1500, 2000, 3000],
        description="luminosities of the scans that figures and equivalent luminosities use",
    )
    background_kappa: Literal["hypothesis", "average", "drawn"] = Field(
        "hypothesis", description="kappa input at which background is selected, docs/statistics.md"
    )
    model: Literal["note", "complete"] = Field("note", description="see docs/statistics.md")
    signal_cross_section: Literal["note", "own"] = Field(
        "note", description="normalisation of the signal"
    )
    background_cross_section_pb: Positive = Field(
        628.6, description="pp -> 4b at 13 TeV behind the parton cuts; normalises the background"
    )
    branching_ratio: Fraction = Field(0.582, description="H -> bb")

    @model_validator(mode="after")
    def _scan(self) -> Self:
        if self.kappa_lambda_min >= self.kappa_lambda_max:
            raise ValueError(
                f"kappa_lambda_min {self.kappa_lambda_min} is not below kappa_lambda_max"
                f" {self.kappa_lambda_max}"
            )
        if 1 not in self.scan():
            raise ValueError("the scan does not hold kappa_lambda = 1, which normalises it")
        if self.m_hh_min_gev >= self.m_hh_max_gev:
            raise ValueError(f"m_hh_min_gev {self.m_hh_min_gev} is not below {self.m_hh_max_gev}")
        return self

    def scan(self) -> list[float]:
        """Return the values of kappa_lambda of the scan, both ends included."""
        steps = round((self.kappa_lambda_max - self.kappa_lambda_min) / self.kappa_lambda_step)
        return [
            round(self.kappa_lambda_min + i * self.kappa_lambda_step, 6) for i in range(steps + 1)
        ]


class EnergyComparison(Section):
    """13 against 14 TeV at parton level."""

    kappa_lambda: Kappa = Field(1, description="of the signal events")
    events: Count = Field(50000, description="parton events per process and energy")


class Publication(Section):
    """Tables and figures."""

    reference: str = Field("config/reference/note.yaml", description="values of the note")
    style: dict[str, str | float | int | bool] = Field({}, description="style of all figures")
    figure_style: dict[str, dict[str, str | float | int | bool]] = Field(
        {}, description="style of single figures, e.g. `figure_4: {font_size: 12}`"
    )


class Study(Section):
    """All settings of a study."""

    seed: Annotated[int, Field(ge=0)] = Field(2401, description="seed of every random stream")
    results: str = Field("results", description="folder of everything that is built")
    physics: Physics = Physics()  # type: ignore[call-arg]
    samples: Annotated[dict[Name, Sample], Field(min_length=1)]
    simulation: Simulation = Simulation()  # type: ignore[call-arg]
    event_selection: EventSelection = EventSelection()  # type: ignore[call-arg]
    pairings: Annotated[dict[Name, Pairing], Field(min_length=1)]
    spanet_trainings: dict[Name, SpanetTraining] = {}
    gpus_per_training: Annotated[int, Field(ge=0)] = Field(
        0, description="GPUs a training asks for"
    )
    threads_per_training: Count = Field(
        1, description="threads of a training; sums, and so the last digits, depend on it"
    )
    searches: dict[Name, Search] = {}
    classifiers: dict[Name, Classifier]
    selections: dict[Name, Selection]
    statistics: Statistics = Statistics()  # type: ignore[call-arg]
    energy_comparison: EnergyComparison = EnergyComparison()  # type: ignore[call-arg]
    publication: Publication = Publication()  # type: ignore[call-arg]
