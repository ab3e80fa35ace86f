"""Settings of the generation, and the section of the configuration that they share fields with.

Classes of one or two fields are put together to sections and stages, so that a field has one
default and one meaning. Pydantic lists the fields of the last base first.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from hh4b.core.samples import NamedSample
from hh4b.core.settings import Count, Kappa, Name, Positive, Seed, Settings

FourBScale = Literal["kt_clustered", "ht_half", "ht", "mean_mt", "m4b_half"]


class Energy(Settings):
    """Energy of the protons."""

    sqrt_s_tev: Positive = Field(
        13.0,
        description="collision energy of the event samples",
        json_schema_extra={"flags": ["--sqrt-s"]},
    )


class HiggsMass(Settings):
    """Mass of the Higgs boson, without width."""

    m_higgs_gev: Positive = Field(
        125.0, description="Higgs boson mass", json_schema_extra={"flags": ["--m-higgs"]}
    )


class TopMass(Settings):
    """Mass of the quark in the loops."""

    m_top_gev: Positive = Field(
        173.0, description="top-quark mass in the loops", json_schema_extra={"flags": ["--m-top"]}
    )


class BottomMass(Settings):
    """Mass of the b quarks."""

    b_mass_gev: Annotated[float, Field(ge=0, lt=10)] = Field(4.7, description="b-quark mass")


class ScaleFactor(Settings):
    """Renormalisation and factorisation scale in units of the default one."""

    mu_factor: Positive = Field(1.0, description="factor on both default scales")


class FourBProcessChoice(Settings):
    """Scale and parton cuts of pp -> 4b."""

    four_b_scale: FourBScale = Field(
        "kt_clustered",
        description="scale of pp -> 4b; the default is the note's generator's",
        json_schema_extra={"flags": ["--scale"]},
    )
    b_pt_min_gev: Annotated[float, Field(ge=5)] = Field(
        25.0, description="pT cut on b of pp -> 4b", json_schema_extra={"flags": ["--pt-min-gev"]}
    )
    b_abs_eta_max: Positive = Field(
        2.5,
        description="|eta| cut on b of pp -> 4b",
        json_schema_extra={"flags": ["--abs-eta-max"]},
    )


class Physics(FourBProcessChoice, ScaleFactor, BottomMass, TopMass, HiggsMass, Energy):
    """Masses, scales and cuts of the events that the study generates."""

    sqrt_s_tev: Literal[13, 14] = Field(13, description="collision energy of the event samples")


class EventCount(Settings):
    """How many events of which random stream."""

    events: Count = Field(description="events to write")
    seed: Seed = Field(1, description="seed of every random stream")


class Biased(Settings):
    """Density of the parton events."""

    acceptance_bias: str | None = Field(
        None,
        description="file of the acceptance bias, a density of partons that favours events that"
        " pass; null (or the word none) = plain events",
    )


class HiggsPairCrossSectionSettings(ScaleFactor, TopMass, HiggsMass, Energy):
    """Cross section of gg -> HH."""


class FormFactorSettings(TopMass, HiggsMass):
    """Form factors of gg -> HH."""


class HiggsPairSettings(Biased, BottomMass, HiggsPairCrossSectionSettings, EventCount):
    """Events gg -> HH -> 4b of the exact top-quark loop at leading order."""

    kappa_lambda: Kappa = Field(description="trilinear coupling over that of the standard model")


class NegativeWeights(Settings):
    """Whether a sample may have negative weights."""

    allow_negative_weights: bool = Field(False, description="take them instead of stopping")


class TakenEvents(NegativeWeights, Energy):
    """Events of another generator as a sample."""

    events: Count | None = Field(None, description="take the first ones; null = all")
    higgs_pairs: bool = Field(
        True,
        description="events are of two H, which decay to b b~; if not, nothing is asked of H, and"
        " those of parton events decay as they come",
    )
    kappa_reweighting: bool = Field(
        False,
        description="templates are made of the events at any kappa_lambda: only leading order"
        " g g -> H H is let in",
    )


class TakePartonsSettings(TakenEvents):
    """Parton events of another generator as a sample; the shower decays H that have not decayed."""


class ResonanceMass(Settings):
    """A narrow scalar resonance X -> HH."""

    mass_gev: Positive = Field(
        450.0, description="mass of the scalar", json_schema_extra={"flags": ["--mass"]}
    )


class ResonanceSettings(
    ResonanceMass, Biased, ScaleFactor, BottomMass, HiggsMass, Energy, EventCount
):
    """Events of a narrow scalar resonance, gg -> X -> HH -> 4b."""

    cross_section_pb: Positive = Field(1.0, description="sigma(gg -> X -> HH) in pb")


class FourBProcessSettings(FourBProcessChoice, ScaleFactor, BottomMass, Energy):
    """What pp -> 4b means, for its cross section and its events."""


class FourBSettings(Biased, FourBProcessSettings, EventCount):
    """Events pp -> b b~ b b~ at leading order."""


class FourBCrossSectionSettings(FourBProcessSettings):
    """Cross section of pp -> 4b."""

    seed: Seed = Field(1, description="seed of every random stream")
    relative_error: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.003, description="statistical error to reach, relative"
    )


class EnergyWeightSettings(Settings):
    """Events of one collision energy as events of others."""

    sqrt_s_tev: Annotated[list[Positive], Field(min_length=1)] = Field(
        description="energies in TeV to take the events to"
    )

    @field_validator("sqrt_s_tev")
    @classmethod
    def _different(cls, value: list[float]) -> list[float]:
        if len(set(value)) != len(value):
            raise ValueError("an energy stands there twice")
        return value


class PartonSide(Settings):
    """Scale and parton densities of one side of a variation."""

    mu_factor: Positive = Field(
        1.0, description="factor on renormalisation and factorisation scale together"
    )
    pdf_set: str | None = Field(
        None,
        description="parton densities that come with Pythia, their alpha_s in the name, e.g."
        " NNPDF31_lo_as_0130; null = those of the events",
    )

    @model_validator(mode="after")
    def _changes(self) -> Self:
        if self.mu_factor == 1 and self.pdf_set is None:
            raise ValueError("changes nothing; give mu_factor or pdf_set")
        return self


class PartonVariation(Settings):
    """Other scales or parton densities: factors of the parton events."""

    effect: Literal["partons"] = "partons"
    up: PartonSide = Field(description="at +1 standard deviation")
    down: PartonSide | Literal["mirror"] = Field(
        description="at -1 standard deviation; mirror = as far the other way as up"
    )
    alpha_s_power: Annotated[int, Field(ge=0, le=8)] | None = Field(
        None,
        description="power of alpha_s in the cross sections; null = that of the generator of each"
        " sample, 2 of gg -> HH and 4 of pp -> 4b; other generators need it",
    )

    def side(self, name: Literal["up", "down"]) -> PartonSide | None:
        """Return what a side is; None for one that is the other's mirror."""
        one = self.up if name == "up" else self.down
        return one if isinstance(one, PartonSide) else None


class PartonSystematicSettings(PartonVariation):
    """A variation, and the processes that it moves."""

    processes: Annotated[list[Name], Field(min_length=1)] = Field(
        description="processes whose samples get factors"
    )


class PartonWeightSettings(Settings):
    """Factors of parton events for variations of scales and densities."""

    samples: dict[str, Name] = Field(description="process by sample, of all files that are given")
    systematics: Annotated[dict[Name, PartonSystematicSettings], Field(min_length=1)] = Field(
        description="by name, systematics of the effect partons"
    )


class MadgraphProcess(Settings):
    """What a sample of MG5_aMC is, and how the programs are reached."""

    generate: Literal["hh", "4b"] = Field(
        description="signal gg -> HH through the loops, or background pp -> 4b"
    )
    kappa_lambda: Kappa | None = Field(
        None, description="kappa_lambda of the events, with `generate: hh`"
    )
    launcher: str = Field("", description="words in front of every program, e.g. of a container")

    @model_validator(mode="after")
    def _coupling(self) -> Self:
        if (self.generate == "hh") != (self.kappa_lambda is not None):
            raise ValueError(
                f"generate {self.generate}: kappa_lambda belongs to hh, and only to it"
            )
        return self


#: Scales of pp -> 4b by their number in the run card of MG5_aMC.
MADGRAPH_SCALES: dict[str, int] = {"kt_clustered": -1, "ht": 2, "ht_half": 3}


class MadgraphSettings(
    NamedSample, MadgraphProcess,
    FourBProcessChoice, ScaleFactor, BottomMass, TopMass, HiggsMass, Energy, EventCount,
):  # fmt: skip
    """Events by MG5_aMC, Pythia 8 and Delphes of the user."""

    shower: Literal["auto", "DelphesPythia8", "MG5aMC_PY8_interface"] = Field(
        "auto",
        description="program that showers: DelphesPythia8 (with the detector),"
        " MG5aMC_PY8_interface (DelphesHepMC2 behind it), or auto, the first that is found",
    )
    ufo_model: str | None = Field(
        None,
        description="UFO model instead of loop_sm or sm, its trilinear coupling left alone",
        json_schema_extra={"flags": ["--model"]},
    )
    jet_radius: Positive = Field(0.4, description="of the anti-kt jets of the Delphes card")

    @model_validator(mode="after")
    def _scale(self) -> Self:
        if self.generate == "4b" and self.four_b_scale not in MADGRAPH_SCALES:
            raise ValueError(
                f"four_b_scale {self.four_b_scale}: MG5_aMC knows {', '.join(MADGRAPH_SCALES)} only"
            )
        return self
