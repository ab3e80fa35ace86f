"""Settings of shower and detector, and the section of the configuration that shares them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from hh4b.core.settings import Count, Name, Seed, Settings
from hh4b.generation.settings import TakenEvents


class _Chunks(Settings):
    """How samples are cut into jobs, and their detector."""

    chunk_events: Annotated[int, Field(gt=0, multiple_of=250)] = Field(
        5000, description="events of one job, whole blocks of the random streams"
    )
    detector: str = Field("config/detector/atlas.yaml", description="card of the detector response")


class ShowerChoice(Settings):
    """Tags and further settings of Pythia."""

    tags: Literal["weight", "draw", "combinations"] = Field(
        "weight",
        description="b-tags: one weighted draw with four tags, one free draw, or all combinations"
        " of four tags or more, each a row with its probability as weight",
    )
    combination_probability_min: Annotated[float, Field(ge=1e-4, le=1)] = Field(
        0.05,
        description="combinations of tags less probable play roulette; an event has at most 1 /"
        " this rows on average",
    )
    detector_draws: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="times each shower goes through the detector, a row of weight 1 / this each"
    )
    variation_draws: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None,
        description="draws of variations of the detector, at most as many as nominal; null = all",
    )
    pythia_settings: list[str] = Field(
        [],
        description="further settings of Pythia, e.g. `SpaceShower:pTmaxMatch = 1`",
        json_schema_extra={"flags": ["--pythia"]},
    )


class Simulation(ShowerChoice, _Chunks):
    """Shower and detector of the events that the study generates."""

    signal_acceptance_bias: str | None = Field(
        None,
        description="density of partons that favours events that pass, for gg -> HH; null = plain",
    )
    background_acceptance_bias: str | None = Field(
        "config/detector/acceptance_bias.yaml",
        description="density of partons that favours events that pass, for pp -> 4b; null = plain",
    )


class ParticleChoices(Settings):
    """Which particle events of another generator count, and as what."""

    weight: str | None = Field(
        None, description="name of the weight that counts; null = the first of the file"
    )
    only_bottom_decays: bool = Field(
        False,
        description="leave out events in which an H decays to something else than b b~, instead of"
        " stopping; they are then no generated events either",
    )


class TakeParticlesSettings(ParticleChoices, TakenEvents):
    """Events of another generator and shower as a sample, from particles on."""


class SimulateSettings(ShowerChoice):
    """A chunk of a sample through shower and detector."""

    sample: str = Field(min_length=1, description="name of the sample; names its random streams")
    first: Annotated[int, Field(ge=0)] = Field(0, description="first event of the file")
    events: Count | None = Field(None, description="number of events; null = to the end")
    b_tagging: str | None = Field(
        None, description="named tag efficiencies of the detector card instead of its default"
    )
    gen_jets: bool = Field(False, description="also write jets of generator particles")
    detector_changes: dict[str, Any] = Field(
        {}, description='other values of the card by dotted key, e.g. {"jets.energy_scale": 1.02}'
    )
    variations: dict[Name, dict[str, Any]] = Field(
        {},
        description="further detectors for the same showers, by name: what they change of the card,"
        ' beside detector_changes, e.g. {"jes_up": {"jets.energy_scale": 1.02}}; each a tree',
    )
    seed: Seed = Field(1, description="seed of every random stream")

    def alone(self) -> "list[SimulateSettings]":
        """Return the settings of jobs that make the nominal tree, and each of the others, alone."""
        draws = min(self.variation_draws or self.detector_draws, self.detector_draws)
        changed: list[dict[str, Any]] = [{}]
        changed += [
            {"detector_changes": {**self.detector_changes, **changes}, "detector_draws": draws}
            for changes in self.variations.values()
        ]
        rest: dict[str, Any] = {"variations": {}, "variation_draws": None}
        return [self.model_copy(update={**rest, **one}) for one in changed]


#: Settings that say what is made beside a tree, and nothing of the tree itself.
VARYING = ("variations", "variation_draws")


class ValidateSettings(Settings):
    """The comparison of our detector with Delphes."""

    b_tagging: str = Field("delphes_card", description="named tag efficiencies to compare with")
    repeats: Annotated[int, Field(ge=2)] = Field(10, description="runs of our detector")
    seed: Seed = Field(1, description="seed of our detector")
