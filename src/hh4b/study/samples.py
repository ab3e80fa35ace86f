"""The samples of a study: where their events are from, and what lists of kappa_lambda expand to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from hh4b.core.kappa import kappa_name
from hh4b.core.settings import Count, Kappa, Kappas, Name, Positive, Settings
from hh4b.events.settings import FileChoices
from hh4b.generation.settings import MadgraphProcess, NegativeWeights
from hh4b.simulation.settings import ParticleChoices
from hh4b.statistics.processes import Process


class Sample(Settings):
    """What every sample says."""

    process: Name = Field(description="name under `processes` of what the events are")


class GeneratedSample(Sample):
    """Events of the own generators, shower and detector."""

    b_tagging: str | None = Field(
        None,
        description="named tag efficiencies of the detector card for this sample; null = those that"
        " the card uses",
    )
    tags: Literal["weight", "draw", "combinations"] | None = Field(
        None, description="as under `simulation`, for this sample; null = as there"
    )
    detector_draws: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="as under `simulation`, for this sample; null = as there"
    )

    def own_simulation(self) -> dict[str, Any]:
        """Return what this sample replaces in the section `simulation`."""
        return self.model_dump(include={"tags", "detector_draws"}, exclude_none=True)


class SignalSample(GeneratedSample):
    """gg -> HH -> 4b with own events, one sample a value of kappa_lambda."""

    source: Literal["gg_hh"]
    kappa_lambda: Kappas = Field(description="values generated, each a sample of its own")
    events: Count = Field(description="number of events to generate and shower at each value")
    events_at: dict[Kappa, Count] = Field(
        {}, description="other numbers of events at single values of kappa_lambda"
    )

    @model_validator(mode="after")
    def _values(self) -> Self:
        if len(set(self.kappa_lambda)) != len(self.kappa_lambda):
            raise ValueError(f"kappa_lambda holds a value twice: {self.kappa_lambda}")
        for value in self.events_at:
            if value not in self.kappa_lambda:
                raise ValueError(f"events_at: {value:g} is not in kappa_lambda {self.kappa_lambda}")
        return self


class ResonanceSample(GeneratedSample):
    """X -> HH -> 4b with a narrow scalar, own events."""

    source: Literal["resonance"]
    mass_gev: Positive = Field(450.0, description="mass of the scalar")
    events: Count = Field(description="number of events to generate and shower")


class FourBSample(GeneratedSample):
    """pp -> b b~ b b~ with own events."""

    source: Literal["four_b"]
    events: Count = Field(description="number of events to generate and shower")


class LheSample(NegativeWeights, GeneratedSample):
    """Les Houches files of any generator, through own shower and detector."""

    source: Literal["lhe"]
    files: Annotated[list[str], Field(min_length=1)] = Field(
        description="paths or globs of files of one process, or @LIST for the lines of a file"
    )
    events: Count = Field(description="events to take and shower, the first of the files")
    kappa_lambda: Kappa | None = Field(
        None, description="kappa_lambda of the events, where the process is a signal"
    )
    pythia_settings: list[str] = Field(
        [], description="further settings of Pythia for this sample, behind those of `simulation`"
    )


class HepmcSample(ParticleChoices, NegativeWeights, GeneratedSample):
    """HepMC files of any generator and shower, through own detector."""

    source: Literal["hepmc"]
    files: Annotated[list[str], Field(min_length=1)] = Field(
        description="paths or globs of files of one process, plain or packed by gzip or zstd, or"
        " @LIST for the lines of a file"
    )
    events: Count = Field(description="events to take, the first of the files")
    kappa_lambda: Kappa | None = Field(None, description="of a signal")


class MadgraphSample(MadgraphProcess, Sample):
    """gg -> HH -> 4b or pp -> 4b by MG5_aMC, Pythia 8 and Delphes on PATH or in a container."""

    source: Literal["madgraph"]
    events: Count = Field(description="number of events to generate")
    delphes_card: str = Field(description="Delphes card to start from")


class FilesSample(FileChoices, Sample):
    """Delphes ROOT files of the user."""

    source: Literal["files"]
    files: Annotated[list[str], Field(min_length=1)] = Field(
        description="paths, globs, addresses, or @LIST for the lines of a file"
    )
    kappa_lambda: Kappa | None = Field(
        None, description="kappa_lambda of the events, where the process is a signal"
    )


class SpanetDatasetSample(Sample):
    """A dataset in the published SPANet layout."""

    source: Literal["spanet_dataset"]
    file: str = Field(description="HDF5 file of the dataset")
    testing_file: str | None = Field(
        None, description="second file, for testing; `file` is then for training"
    )
    n_generated: Count | None = Field(
        None, description="generated events behind it; pass rates and limits need it"
    )
    events: Literal["signal", "background"] = Field(description="class of events to take")
    kappa_lambda: Kappa | None = Field(None, description="take the signal events of this value")


AnySample = Annotated[
    SignalSample
    | ResonanceSample
    | FourBSample
    | LheSample
    | HepmcSample
    | MadgraphSample
    | FilesSample
    | SpanetDatasetSample,
    Field(discriminator="source"),
]
#: Sources of own parton events, those whose events are showered here, and those whose events go
#: through the own detector.
OWN_PARTONS = ("gg_hh", "resonance", "four_b")
SHOWERED = (*OWN_PARTONS, "lhe")
SIMULATED = (*SHOWERED, "hepmc")


@dataclass(frozen=True)
class SampleInfo:
    """One sample after expansion of lists.

    Attributes:
        name: name of its files.
        group: key under `samples` it comes from.
        definition: its section.
        kind: of its process: signal, resonance or background.
        kappa_lambda: of a signal in kappa_lambda, else None.
    """

    name: str
    group: str
    definition: AnySample
    kind: str
    kappa_lambda: float | None

    @property
    def process(self) -> str:
        """Return the name of its process."""
        return self.definition.process

    @property
    def background(self) -> bool:
        """Return whether its process is background."""
        return self.kind == "background"

    @property
    def events(self) -> int:
        """Return the number of events to shower or generate; 0 for files of a user."""
        definition = self.definition
        if isinstance(definition, FilesSample | SpanetDatasetSample):
            return 0
        if isinstance(definition, SignalSample) and self.kappa_lambda in definition.events_at:
            return definition.events_at[self.kappa_lambda]
        return definition.events

    @property
    def generated(self) -> bool:
        """Return whether the events come from the own detector."""
        return self.definition.source in SIMULATED

    @property
    def own_shower(self) -> bool:
        """Return whether the events come from the own shower, too."""
        return self.definition.source in SHOWERED

    @property
    def own_partons(self) -> bool:
        """Return whether the parton events come from the own generators, too."""
        return self.definition.source in OWN_PARTONS


def sample_name(group: str, kappa_lambda: float) -> str:
    """Return the file name of one value of kappa_lambda.

    >>> sample_name("hh", -5), sample_name("hh", 2.4)
    ('hh_kl-5', 'hh_kl2.4')
    """
    return f"{group}_kl{kappa_name(kappa_lambda)}"


def expand_samples(
    samples: Mapping[str, AnySample], processes: Mapping[str, Process]
) -> dict[str, SampleInfo]:
    """Return every sample by name, lists of kappa_lambda written out."""
    return {info.name: info for info in _expand(samples, processes)}


def _expand(
    samples: Mapping[str, AnySample], processes: Mapping[str, Process]
) -> Iterator[SampleInfo]:
    for group, definition in samples.items():
        kind = processes[definition.process].kind
        if isinstance(definition, SignalSample):
            for kappa in definition.kappa_lambda:
                yield SampleInfo(sample_name(group, kappa), group, definition, kind, kappa)
        else:
            kappa_or_none = getattr(definition, "kappa_lambda", None)
            yield SampleInfo(group, group, definition, kind, kappa_or_none)
