"""The configuration of a study: the settings of all stages, and the methods it compares."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from hh4b.core.folds import FoldChoice
from hh4b.core.settings import Count, Kappa, Name, Seed, Settings
from hh4b.events.settings import EventSelection
from hh4b.generation.settings import Physics
from hh4b.likelihood.settings import Likelihood
from hh4b.selection.settings import FeatureSettings
from hh4b.simulation.settings import Simulation
from hh4b.statistics.processes import Process
from hh4b.statistics.settings import Statistics
from hh4b.statistics.systematics import Systematic
from hh4b.study.learning_curves import LearningCurves
from hh4b.study.methods import Classifier, Pairing, Search, Selection, SpanetTraining
from hh4b.study.outputs import OwnOutput
from hh4b.study.samples import AnySample

Style = dict[str, str | float | int | bool]


def _folder(name: str) -> str:
    """Refuse what names of files below the folder cannot hold, whatever they are quoted by.

    Colons join files on command lines, braces are wildcards of the workflow.
    """
    found = re.search(r"[:{}]|[^\S ]|[\x00-\x1f\x7f]|^[- ]|^$| $", name)
    if found:
        raise ValueError(
            f"a folder cannot hold {found[0]!r} there; expected a name without colon, brace, tab"
            " or line break that begins with no hyphen and begins and ends with no space"
        )
    return name


Folder = Annotated[str, AfterValidator(_folder)]


class Features(Settings):
    """Columns that classifiers see beside the twenty of the note."""

    extra: list[str] = Field(
        FeatureSettings.model_fields["extra"].default,
        description=FeatureSettings.model_fields["extra"].description,
    )


class EventDivision(EventSelection, FoldChoice):
    """The four-tag cut, truth matching, and what events train and test."""


class EnergyComparison(Settings):
    """13 against 14 TeV at parton level."""

    kappa_lambda: Kappa = Field(1, description="kappa_lambda of the signal events")
    events: Count = Field(50000, description="parton events per process and energy")


class Publication(Settings):
    """Tables and figures."""

    reference: str | None = Field(
        "config/reference/note.yaml",
        description="values of the note; null = tables and a page without any",
    )
    causes: str | None = Field(
        "config/reference/causes.yaml",
        description="why numbers differ from the note's, each with its measurement; null = none",
    )
    archive: str | None = Field(
        None,
        description="folder of another run, kept by `hh4b archive`, whose intervals the result page"
        " shows beside its own, if it is there; null = none",
    )
    style: Style = Field({}, description="style of all figures")
    figure_style: dict[Annotated[str, Field(pattern="^figure_")], Style] = Field(
        {}, description="style of single figures, e.g. `figure_4: {font_size: 12}`"
    )


class Study(Settings):
    """All settings of a study."""

    standalone: bool = Field(
        False, description="a study of its own: nothing of config/config.yaml is under it"
    )
    seed: Seed = Field(2401, description="seed of every random stream")
    results: Folder = Field("results", description="folder of everything that is built")
    physics: Physics = Field(
        Physics.checked({}),
        description="masses, scales and cuts of the events that the study generates",
    )
    processes: Annotated[dict[Name, Process], Field(min_length=1)] = Field(
        description="what samples are of: kind, cross section, label"
    )
    samples: Annotated[dict[Name, AnySample], Field(min_length=1)] = Field(
        description="events: where they come from, and how many"
    )
    simulation: Simulation = Field(
        Simulation.checked({}),
        description="shower and detector of the events that the study generates",
    )
    event_selection: EventDivision = Field(
        EventDivision.checked({}),
        description="the four-tag cut, truth matching, training and testing events",
    )
    features: Features = Field(Features.checked({}), description="columns that classifiers see")
    pairings: Annotated[dict[Name, Pairing], Field(min_length=1)] = Field(
        description="ways to pair jets into Higgs candidates"
    )
    spanet_trainings: dict[Name, SpanetTraining] = Field(
        {}, description="trainings of the network SPANet2"
    )
    gpus_per_training: Annotated[int, Field(ge=0)] = Field(
        0, description="GPUs a training asks for"
    )
    threads_per_training: Count = Field(
        1, description="threads of a training; sums, and so the last digits, depend on it"
    )
    searches: dict[Name, Search] = Field(
        {}, description="searches for the best options of networks"
    )
    classifiers: dict[Name, Classifier] = Field(description="what separates signal and background")
    selections: dict[Name, Selection] = Field(description="classifiers with their working points")
    systematics: dict[Name, Systematic] = Field(
        {}, description="uncertainties of the likelihood and of the model `complete`"
    )
    statistics: Statistics = Field(
        Statistics.checked({}), description="templates in m_HH and limits on kappa_lambda"
    )
    likelihood: Likelihood = Field(
        Likelihood.checked({}), description="the likelihood in kappa_lambda with all uncertainties"
    )
    learning_curves: LearningCurves = Field(
        LearningCurves.checked({}), description="quality against the number of training events"
    )
    energy_comparison: EnergyComparison = Field(
        EnergyComparison.checked({}), description="13 against 14 TeV at parton level"
    )
    outputs: dict[Name, OwnOutput] = Field({}, description="tables and figures of the user")
    publication: Publication = Field(
        Publication.checked({}), description="tables and figures of the note"
    )
