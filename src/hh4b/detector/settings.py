"""Settings of the detector response, read from YAML and checked before any event is simulated."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from hh4b.core.errors import ConfigError
from hh4b.core.settings import NonNegative, Positive, Settings
from hh4b.core.strict_yaml import read_strictly
from hh4b.detector.dotted_keys import replaced
from hh4b.detector.expressions import evaluate

Fraction = Annotated[float, Field(ge=0, le=1)]


def _require_increasing(name: str, edges: tuple[float, ...]) -> None:
    if any(low >= high for low, high in pairwise(edges)):
        raise ValueError(f"{name} must increase, got {list(edges)}")


class FieldSettings(Settings):
    """The cylinder filled by the solenoid's field; its surface is the calorimeter's face."""

    radius_m: Positive
    half_length_m: Positive
    strength_t: float = Field(description="field along the beam")


class EfficiencyTable(Settings):
    """Efficiency in bins of |eta| (rows) and pT (columns); zero outside."""

    abs_eta_edges: tuple[float, ...] = Field(min_length=2)
    pt_edges_gev: tuple[float, ...] = Field(min_length=1, description="the last bin is open")
    efficiencies: tuple[tuple[Fraction, ...], ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _require_increasing("abs_eta_edges", self.abs_eta_edges)
        _require_increasing("pt_edges_gev", self.pt_edges_gev)
        shape = (len(self.abs_eta_edges) - 1, len(self.pt_edges_gev))
        got = (len(self.efficiencies), {len(row) for row in self.efficiencies})
        if got != (shape[0], {shape[1]}):
            raise ValueError(f"efficiencies must have {shape[0]} rows of {shape[1]} numbers")
        return self


class MomentumResolution(Settings):
    """sigma(pT)/pT = sqrt(constant^2 + (slope pT)^2) in bins of |eta|."""

    pt_min_gev: NonNegative
    abs_eta_edges: tuple[float, ...] = Field(min_length=2)
    constant: tuple[NonNegative, ...]
    slope_per_gev: tuple[NonNegative, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _require_increasing("abs_eta_edges", self.abs_eta_edges)
        n_bins = len(self.abs_eta_edges) - 1
        if {len(self.constant), len(self.slope_per_gev)} != {n_bins}:
            raise ValueError(f"constant and slope_per_gev must have {n_bins} numbers")
        return self


class TrackSettings(Settings):
    """Tracking of one kind of charged particle."""

    efficiency: EfficiencyTable
    resolution: MomentumResolution


class TrackingSettings(Settings):
    """Tracking by kind of particle."""

    charged_hadron: TrackSettings
    electron: TrackSettings
    muon: TrackSettings


class Segment(Settings):
    """Upper (and lowest) eta edges of towers that share a number of phi bins."""

    n_phi: int = Field(ge=1)
    eta_edges: tuple[float, ...] = ()
    start: float | None = None
    step: Positive | None = None
    count: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [value is not None for value in (self.start, self.step, self.count)]
        if any(given) != all(given) or any(given) == bool(self.eta_edges):
            raise ValueError("give either eta_edges or all of start, step and count")
        return self

    def edges(self) -> list[float]:
        """Return the eta edges of the segment."""
        if self.start is None or self.step is None or self.count is None:
            return list(self.eta_edges)
        # Rounding unites edges that neighbouring segments share.
        return [round(self.start + self.step * i, 9) for i in range(1, self.count + 1)]


class EnergyResolution(Settings):
    """sigma(E) = factor sqrt((constant E)^2 + stochastic^2 E + noise^2) up to an |eta|."""

    abs_eta_max: Positive
    constant: NonNegative
    stochastic_sqrt_gev: NonNegative
    noise_gev: NonNegative
    factor: str | float = Field(default=1.0, description="number or expression in abs_eta")

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            value = evaluate(self.factor, {"abs_eta": np.array([0.0, self.abs_eta_max])})
        except ConfigError as error:
            raise ValueError(str(error)) from error
        if not (np.asarray(value) > 0).all():
            raise ValueError(f"factor = {self.factor} is not positive")
        return self


class CalorimeterSettings(Settings):
    """Towers, sharing of energy by particle, resolution and thresholds of one calorimeter."""

    segments: tuple[Segment, ...] = Field(min_length=1)
    default_energy_fraction: Fraction
    energy_fractions: dict[int, Fraction] = Field(description="by absolute PDG number")
    resolution: tuple[EnergyResolution, ...] = Field(min_length=1)
    energy_min_gev: NonNegative
    significance_min: NonNegative

    @model_validator(mode="after")
    def _check(self) -> Self:
        _require_increasing("resolution.abs_eta_max", tuple(r.abs_eta_max for r in self.resolution))
        return self


class IsolationSettings(Settings):
    """Sum of pT around a candidate over its own pT."""

    delta_r_max: Positive
    pt_min_gev: NonNegative
    pt_ratio_max: NonNegative


class IdentificationSettings(Settings):
    """Efficiency and isolation of photons, electrons or muons."""

    efficiency: EfficiencyTable
    isolation: IsolationSettings


class JetSettings(Settings):
    """Anti-kt jets and their energy scale sqrt((offset - slope |eta|)^2 / pT + 1).

    As the module of Delphes, the energy scale acts on jets alone: missing momentum is that of the
    towers, and stays as it is.
    """

    inputs: Literal["towers", "energy_flow"] = Field(
        default="towers", description="of jets and MET: all towers and muons, or energy flow"
    )
    radius: Positive
    pt_min_gev: Positive
    scale_offset_sqrt_gev: float
    scale_slope_sqrt_gev: float
    energy_scale: Positive = Field(
        default=1.0, description="factor on the four-momenta of all jets, on top of the formula"
    )
    extra_smearing: Fraction = Field(
        default=0.0,
        description="standard deviation of a Gaussian factor about 1 on the four-momentum of each"
        " jet, behind its energy scale; its random numbers are its own",
    )


class FlavorSettings(Settings):
    """Partons that give a jet its flavour: the heaviest quark within the cone."""

    delta_r_max: Positive
    parton_pt_min_gev: NonNegative
    parton_abs_eta_max: Positive


class TagEfficiency(Settings):
    """Tag efficiency by jet flavour: numbers or expressions in pt [GeV] and abs_eta."""

    b: str | float
    c: str | float
    light: str | float

    @model_validator(mode="after")
    def _check(self) -> Self:
        pt, abs_eta = (grid.ravel() for grid in np.meshgrid([20.0, 100, 1000], [0.0, 1.2, 4]))
        for flavor in ("b", "c", "light"):
            try:
                value = np.asarray(evaluate(getattr(self, flavor), {"pt": pt, "abs_eta": abs_eta}))
            except ConfigError as error:
                raise ValueError(str(error)) from error
            if not ((value >= 0) & (value <= 1)).all():
                raise ValueError(f"{flavor} = {getattr(self, flavor)} leaves [0, 1]")
        return self


class TaggingSettings(Settings):
    """Named tag efficiencies and the one in use."""

    use: str
    parametrisations: dict[str, TagEfficiency]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.use not in self.parametrisations:
            raise ValueError(f"use = {self.use!r} is none of {sorted(self.parametrisations)}")
        return self

    @property
    def active(self) -> TagEfficiency:
        """Return the efficiencies in use."""
        return self.parametrisations[self.use]


class TagWeightSettings(Settings):
    """Acceptance of the tag condition and the probability below which events play roulette."""

    n_tags_min: int = Field(ge=1)
    pt_min_gev: NonNegative
    abs_eta_max: Positive
    roulette_probability: Annotated[float, Field(gt=0, le=1)]


class DetectorSettings(Settings):
    """Everything that decides the detector response."""

    name: str
    field: FieldSettings
    tracking: TrackingSettings
    ecal: CalorimeterSettings
    hcal: CalorimeterSettings
    photon: IdentificationSettings
    electron: IdentificationSettings
    muon: IdentificationSettings
    jets: JetSettings
    flavor: FlavorSettings
    b_tagging: TaggingSettings
    tag_weights: TagWeightSettings

    def with_tagging(self, name: str) -> "DetectorSettings":
        """Return the same detector with another named b-tagging.

        Raises:
            ConfigError: if there is no such parametrisation.
        """
        if name not in self.b_tagging.parametrisations:
            known = sorted(self.b_tagging.parametrisations)
            raise ConfigError(f"b-tagging {name!r} is none of {known}; add it to the detector file")
        tagging = self.b_tagging.model_copy(update={"use": name})
        return self.model_copy(update={"b_tagging": tagging})


def read_detector_settings(path: Path | str) -> DetectorSettings:
    """Read and check a detector file.

    Raises:
        ConfigError: naming file, key, value and what was expected.
    """
    return _validated(read_strictly(path, keys=DetectorSettings.model_fields), str(path))


def with_changes(settings: DetectorSettings, changes: Mapping[str, Any]) -> DetectorSettings:
    """Return the detector with other values at some keys, e.g. for a systematic variation.

    Args:
        settings: the detector.
        changes: values by dotted key of the card, e.g. ``{"jets.energy_scale": 1.02}``; a number
            counts the entries of a list from 0.

    Raises:
        ConfigError: naming a key that the card does not know, or a value that it cannot have.
    """
    content = replaced(settings.model_dump(mode="json"), changes)
    return _validated(content, "changes of the detector")


def _validated(content: Any, where: str) -> DetectorSettings:
    try:
        return DetectorSettings.model_validate(content)
    except ValidationError as error:
        lines = []
        for one in error.errors():
            key = ".".join(map(str, one["loc"])) or "(top)"
            lines.append(f"{key} = {repr(one['input'])[:80]}: {one['msg']}")
        raise ConfigError(f"{where}: {'; '.join(lines)}") from error
