"""Settings of templates, workspaces, limits and luminosity scans, and the section `statistics`."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from hh4b.core.folds import Folds
from hh4b.core.settings import (
    Count,
    Kappa,
    Kappas,
    Name,
    NonNegative,
    Part,
    Positive,
    Seed,
    Settings,
)
from hh4b.generation.settings import HiggsMass, TopMass
from hh4b.statistics.processes import Process, check_processes, default_processes
from hh4b.statistics.systematics import Systematics, check_systematics, template_systematics

Energies = Annotated[list[Positive], Field(min_length=1)]
NOTE_SCAN = [float(kappa) for kappa in range(-10, 16)]
#: The kappa input of the note's background is drawn from this list.
NOTE_MIXTURE = [-5.0, -3.0, -1.0, 1.0, 2.0, 3.0, 5.0, 7.0, 9.0, 12.0]

#: Hypotheses of a scan; a template and two curves belong to each.
MOST_STEPS = 1000


#: How the signal at a hypothesis is made.
SignalMethod = Annotated[
    Literal["reweighted", "interpolated", "direct"],
    Field(
        description="signal at a kappa_lambda: all samples reweighted by the leading-order"
        " amplitude, the parabola through samples of three values or more, which holds at any"
        " order, or the sample of that value alone"
    ),
]


class AmplitudeMasses(TopMass, HiggsMass):
    """Masses in the own amplitude of gg -> HH."""


class PhysicsModel(Settings):
    """What is normalised and what is uncertain."""

    processes: dict[Name, Process] = Field(
        default_factory=default_processes, description="by name: kind, label, cross section"
    )
    systematics: Systematics = Field({}, description="by name: effect, processes, size")

    @field_validator("processes")
    @classmethod
    def _names(cls, value: dict[str, Process]) -> dict[str, Process]:
        check_processes(value)
        return value

    @field_validator("systematics")
    @classmethod
    def _known(cls, value: Systematics, info: ValidationInfo) -> Systematics:
        if "processes" in info.data:
            check_systematics(value, info.data["processes"])
        return value


class TemplateChoices(Settings):
    """Bins of m_HH and where scores are taken."""

    bins: Count = Field(10, description="number of bins in m_HH")
    m_hh_min_gev: NonNegative = Field(200.0, description="lower edge of the bins in m_HH")
    m_hh_max_gev: Positive = Field(
        1000.0, validate_default=True, description="upper edge of the bins in m_HH"
    )
    overflow: Literal["drop", "include"] = Field(
        "drop", description="events outside: left out, or counted in the end bins"
    )
    kappa_input: Literal["hypothesis", "own", "fixed"] = Field(
        "hypothesis",
        description="kappa input of the signal's score: the tested value, its own, or"
        " fixed_kappa_input",
    )
    background_kappa: Literal["hypothesis", "average", "drawn", "fixed"] = Field(
        "hypothesis", description="kappa input at which background is selected, docs/statistics.md"
    )
    fixed_kappa_input: Kappa | None = Field(
        None,
        description="kappa input of `fixed`, one for all hypotheses: a value that was trained",
    )
    background_shape: Literal["direct", "tilted"] = Field(
        "direct",
        description="shape of a background in m_HH: of the events that pass, or of a looser cut on"
        " the score, tilted to them",
    )
    shape_efficiency_factor: Annotated[float, Field(ge=1, allow_inf_nan=False)] = Field(
        6.0, description="background weight at the looser cut of `tilted` over that which passes"
    )
    shape_spread_pull_max: Positive | None = Field(
        3.0,
        description="standard deviations by which the spread of ln m_HH at the looser cut may be"
        " off; the cut is tightened until it is less; null = the factor as it is",
    )

    @field_validator("m_hh_max_gev")
    @classmethod
    def _range(cls, value: float, info: ValidationInfo) -> float:
        low = info.data.get("m_hh_min_gev", 0.0)
        if value <= low:
            raise ValueError(f"must be above m_hh_min_gev = {low:g}")
        return value

    @property
    def takes_fixed_input(self) -> bool:
        """Whether signal or background is scored at ``fixed_kappa_input``."""
        return "fixed" in (self.kappa_input, self.background_kappa)

    @property
    def one_kappa_input(self) -> bool:
        """Whether signal and background are both scored at ``fixed_kappa_input``."""
        return self.kappa_input == self.background_kappa == "fixed"

    @model_validator(mode="after")
    def _fixed_is_given(self) -> Self:
        if self.takes_fixed_input and self.fixed_kappa_input is None:
            raise ValueError("fixed_kappa_input is missing; kappa input `fixed` needs a value")
        if self.fixed_kappa_input is not None and not self.takes_fixed_input:
            raise ValueError(
                "fixed_kappa_input is given, but neither kappa_input nor background_kappa is fixed"
            )
        return self


class ErrorChoices(Settings):
    """Where the statistical errors of intervals come from."""

    errors: Literal["templates", "bootstrap"] = Field(
        "templates",
        description="replicas drawn from each template's own errors, or made of its shower events",
    )
    replicas: Annotated[int, Field(ge=0)] = Field(
        200, description="replicas of the templates for the statistical error; 0 leaves it out"
    )


class BootstrapThreshold(Settings):
    """Whether a replica has a threshold of its own."""

    bootstrap_threshold: bool = Field(
        True, description="errors: bootstrap chooses a threshold that a scan found anew in each"
    )


class ModelChoices(Settings):
    """The statistical model of a workspace."""

    model: Literal["note", "complete"] = Field(
        "note",
        description="note: nothing is uncertain; complete: systematics and Monte Carlo statistics",
    )
    asimov: Literal["background", "sm"] = Field(
        "background", description="data: background only, or with the Standard Model's signal"
    )
    empty_background_bins: Literal["merge", "error"] = Field(
        "merge", description="bins without simulated background: joined downwards, or refused"
    )
    minimum_effective_events: NonNegative = Field(
        0.0, description="bins with fewer effective background events count as empty"
    )
    needed_effective_events: NonNegative = Field(
        0.0,
        description="effective background events in all below which no interval is given; 0 = off",
    )


class IntervalChoices(ErrorChoices):
    """How intervals are found."""

    engine: Literal["auto", "own", "pyhf"] = Field(
        "auto", description="auto: own where it knows the model, else pyhf"
    )
    optimizer: Literal["minuit", "scipy"] = Field(
        "minuit", description="minimiser of the engine pyhf"
    )
    profile_threshold: Positive | None = Field(
        None,
        description="bound on -2 Delta ln L; null = 3.92 of the model note, 3.84 of complete",
        json_schema_extra={"flags": ["--threshold"]},
    )


class CrossSectionBands(Settings):
    """Other cross sections."""

    cross_section_bands: dict[Name, dict[Name, Positive]] = Field(
        {},
        description="by name, factors on the cross sections of processes; intervals under them"
        " stand beside the nominal one",
    )


class CrossSectionEnergies(Settings):
    """Energies of the cross sections."""

    sqrt_s_tev: Energies = Field(
        [13.0, 14.0], description="energies in TeV whose cross sections normalise the templates"
    )


class OtherEnergies(Settings):
    """Templates for cross sections of an energy that the events are not of."""

    other_energies: Literal["reweighted", "unchanged"] = Field(
        "reweighted",
        description="templates at other energies than that of the events: the same events"
        " reweighted by parton densities, or those of the energy of the events as they are",
    )


class Luminosities(Settings):
    """Luminosities of workspaces and limits."""

    luminosities_ifb: Energies = Field(
        [139.0, 300.0, 3000.0],
        description="integrated luminosities in fb^-1",
        json_schema_extra={"flags": ["--luminosity-ifb"]},
    )


class ScanLuminosities(Settings):
    """Luminosities of scans."""

    scan_luminosities_ifb: Energies = Field(
        [100.0, 139.0, 200.0, 300.0, 500.0, 700.0, 1000.0, 1500.0, 2000.0, 3000.0],
        description="luminosities in fb^-1 of the scans that figures and equivalents use",
        json_schema_extra={"flags": ["--luminosities-ifb"]},
    )


class SampleChoices(AmplitudeMasses, Folds):
    """How the samples of templates are read."""

    part: Part = Field("testing", description="events to use")


class TemplateSettings(
    PhysicsModel, TemplateChoices, ErrorChoices, BootstrapThreshold, SampleChoices
):
    """Settings of `hh4b templates`; normalisations among the systematics are left out.

    The folds are those of the networks; with errors: bootstrap there is a replica without each.
    """

    kappa_values: Kappas = Field(NOTE_SCAN, description="hypotheses")
    threshold: float | None = Field(
        None, allow_inf_nan=False, description="pass above this score; or give --working-point"
    )
    background_kappa_values: list[Kappa] = Field(
        NOTE_MIXTURE,
        description="kappa inputs that were trained: average goes over them, fixed is one of them",
    )
    signal_method: SignalMethod = "reweighted"
    sqrt_s_tev: Positive = Field(13.0, description="energy at which the events were generated")
    seed: Seed = Field(1, description="of the bootstrap, the study's")

    @property
    def has_kappa_components(self) -> bool:
        """Whether the signal template is a parabola in kappa_lambda over a cross section."""
        return self.kappa_input == "fixed" and self.signal_method == "reweighted"

    @model_validator(mode="after")
    def _fixed_was_trained(self) -> Self:
        # The command line reads this module and does without NumPy.
        from hh4b.core.kappa import same_kappa

        fixed, trained = self.fixed_kappa_input, self.background_kappa_values
        if fixed is not None and not same_kappa(trained, fixed).any():
            raise ValueError(
                f"fixed_kappa_input {fixed:g} was never trained, only {trained}; take one of them"
            )
        return self

    @model_validator(mode="after")
    def _interpolated(self) -> Self:
        if self.signal_method != "interpolated":
            return self
        for name, wrong in (("errors", "bootstrap"), ("kappa_input", "own")):
            if getattr(self, name) == wrong:
                raise ValueError(
                    f"signal_method interpolated and {name} {wrong} do not go together; take"
                    f" another {name}"
                )
        return self

    @field_validator("systematics", mode="after")
    @classmethod
    def _templates_only(cls, value: Systematics) -> Systematics:
        return template_systematics(value)

    @field_validator("kappa_values")
    @classmethod
    def _standard_model(cls, value: list[float]) -> list[float]:
        # The command line reads this module and does without NumPy.
        from hh4b.core.kappa import same_kappa

        if not same_kappa(value, 1.0).any():
            raise ValueError("lacks kappa_lambda = 1, which normalises the Standard Model")
        if len(set(value)) != len(value):
            raise ValueError("a value stands there twice")
        return value


class WorkspaceSettings(
    PhysicsModel, CrossSectionEnergies, OtherEnergies, Luminosities, ModelChoices, AmplitudeMasses
):
    """Settings of `hh4b workspace`."""


class LimitSettings(IntervalChoices, CrossSectionBands):
    """Settings of `hh4b limits`."""

    seed: Seed = Field(1, description="of the replicas")


class LuminosityScanSettings(
    PhysicsModel,
    CrossSectionEnergies,
    OtherEnergies,
    ScanLuminosities,
    ModelChoices,
    IntervalChoices,
    AmplitudeMasses,
):
    """Settings of `hh4b luminosity-scan`."""

    seed: Seed = Field(1, description="of the replicas")


class Headline(Settings):
    """The point that tables and figures show where they show one."""

    sqrt_s_tev: Positive = Field(13.0, description="collision energy in TeV")
    luminosity_ifb: Positive = Field(139.0, description="integrated luminosity in fb^-1")


class Statistics(
    TemplateChoices,
    BootstrapThreshold,
    CrossSectionEnergies,
    OtherEnergies,
    Luminosities,
    ScanLuminosities,
    ModelChoices,
    IntervalChoices,
    CrossSectionBands,
):
    """Templates in m_HH and limits on kappa_lambda."""

    signal_method: SignalMethod = "reweighted"
    kappa_lambda_min: Kappa = Field(-10, description="first value of the scan")
    kappa_lambda_max: Kappa = Field(15, description="last value of the scan")
    kappa_lambda_step: Positive = Field(1, description="step of the scan")
    headline: Headline = Field(
        default_factory=lambda: Headline.checked({}),
        validate_default=True,
        description="energy and luminosity that outputs show where they show one",
    )

    @field_validator("scan_luminosities_ifb")
    @classmethod
    def _two_points(cls, value: list[float]) -> list[float]:
        if len(value) < 2:
            raise ValueError("a scan needs at least two luminosities")
        return value

    @field_validator("headline")
    @classmethod
    def _in_the_lists(cls, value: Headline, info: ValidationInfo) -> Headline:
        for key, number in (
            ("sqrt_s_tev", value.sqrt_s_tev),
            ("luminosities_ifb", value.luminosity_ifb),
        ):
            if number not in info.data.get(key, [number]):
                raise ValueError(f"{number:g} is not in {key} {info.data[key]}")
        return value

    @model_validator(mode="after")
    def _scan(self) -> Self:
        if self.kappa_lambda_min >= self.kappa_lambda_max:
            raise ValueError(
                f"kappa_lambda_min {self.kappa_lambda_min:g} is not below kappa_lambda_max"
                f" {self.kappa_lambda_max:g}"
            )
        steps = (self.kappa_lambda_max - self.kappa_lambda_min) / self.kappa_lambda_step
        if steps > MOST_STEPS:
            raise ValueError(
                f"kappa_lambda_step {self.kappa_lambda_step:g} makes {steps:.3g} hypotheses; at"
                f" most {MOST_STEPS} are possible"
            )
        if 1 not in self.scan():
            raise ValueError("the scan does not hold kappa_lambda = 1, which normalises it")
        return self

    def scan(self) -> list[float]:
        """Return the values of kappa_lambda of the scan, both ends included."""
        steps = round((self.kappa_lambda_max - self.kappa_lambda_min) / self.kappa_lambda_step)
        return [
            round(self.kappa_lambda_min + i * self.kappa_lambda_step, 6) for i in range(steps + 1)
        ]
