"""The physical processes of a study: what is signal, what is background, and how much of each."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from hh4b.core.errors import ConfigError
from hh4b.core.settings import Fraction, Positive, Settings
from hh4b.statistics.cross_sections import note_signal_fb

Coefficients = tuple[float, float, float]
#: Of H -> b bbar at 125 GeV (arXiv:1610.07922).
BRANCHING_RATIO = 0.582


class Process(Settings):
    """A physical process; samples, templates and systematics refer to it by name."""

    kind: Literal["signal", "resonance", "background"] = Field(
        description="what the process is; a resonance is not part of the statistics"
    )
    label: str = Field("", description="how tables and figures call it")
    cross_section: Literal["note", "own"] | dict[float, Coefficients] | None = Field(
        None,
        validate_default=True,
        description="cross section of a signal: `note`, `own` (from the amplitude), or by energy in"
        " TeV the coefficients of kappa_lambda^0, ^1, ^2 in fb",
    )
    cross_section_pb: dict[float, Positive] = Field(
        {},
        validate_default=True,
        description="cross section of a background in pb, by energy in TeV",
    )
    k_factor: Positive = Field(1.0, description="factor on the cross section")
    branching_ratio: Fraction | None = Field(
        None,
        validate_default=True,
        description="branching ratio of H -> b bbar, of a signal only; enters squared",
    )
    source: str = Field("", description="where the numbers are from")

    @field_validator("cross_section", mode="before")
    @classmethod
    def _signal_cross_section(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("kind", "signal") != "signal":
            if value is not None:
                raise ValueError("belongs to a signal; give cross_section_pb")
            return None
        if value is None:
            return "note"
        if isinstance(value, Mapping):
            return {_energy(key): _coefficients(item) for key, item in value.items()}
        if value not in ("note", "own"):
            raise ValueError("expected note, own, or three coefficients in fb by energy in TeV")
        return value

    @field_validator("cross_section_pb", mode="before")
    @classmethod
    def _plain_cross_section(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError("expected numbers in pb by energy in TeV, e.g. {13: 628.6}")
        if value and info.data.get("kind") == "signal":
            raise ValueError("belongs to other kinds; give cross_section for a signal")
        return {_energy(key): item for key, item in value.items()}

    @field_validator("branching_ratio")
    @classmethod
    def _branching_ratio(cls, value: float | None, info: ValidationInfo) -> float | None:
        if info.data.get("kind", "signal") == "signal":
            return BRANCHING_RATIO if value is None else value
        if value is not None:
            raise ValueError("belongs to a signal; multiply it into cross_section_pb")
        return None

    def signal_fb(
        self, name: str, sqrt_s_tev: float, *, m_higgs_gev: float, m_top_gev: float
    ) -> Coefficients:
        """Return the coefficients of kappa_lambda^0, ^1, ^2 of a signal in fb.

        Args:
            name: of the process, for messages.
            sqrt_s_tev: energy.
            m_higgs_gev: of the own amplitude.
            m_top_gev: of the own amplitude.

        Raises:
            ConfigError: if there is none at that energy.
        """
        if self.cross_section == "own":
            # The amplitude is imported only where its integral is asked for.
            from hh4b.statistics import amplitude

            values = amplitude.own_cross_section_fb(
                sqrt_s_tev, m_higgs_gev=m_higgs_gev, m_top_gev=m_top_gev
            )
        else:
            known = note_signal_fb() if self.cross_section == "note" else self.cross_section
            values = _at(known or {}, f"processes.{name}.cross_section", sqrt_s_tev)
        c0, c1, c2 = (float(value) * self.k_factor for value in values)
        return c0, c1, c2

    def other_pb(self, name: str, sqrt_s_tev: float) -> float:
        """Return the cross section of a process that is no signal, in pb.

        Raises:
            ConfigError: if there is none at that energy.
        """
        key = f"processes.{name}.cross_section_pb"
        return float(_at(self.cross_section_pb, key, sqrt_s_tev)) * self.k_factor


def _at(values: Mapping[float, Any], key: str, sqrt_s_tev: float) -> Any:
    for energy, value in values.items():
        if abs(energy - sqrt_s_tev) < 1e-9:
            return value
    known = ", ".join(f"{energy:g}" for energy in sorted(values)) or "none"
    raise ConfigError(f"{key} has no value at {sqrt_s_tev:g} TeV (has: {known}); add it there")


def _energy(key: Any) -> float:
    try:
        energy = float(key)
    except (TypeError, ValueError):
        raise ValueError(f"the key {key!r} is no energy in TeV") from None
    if not 0 < energy < math.inf:
        raise ValueError(f"the key {key!r} is no energy in TeV")
    return energy


def _coefficients(values: Any) -> Coefficients:
    try:
        c0, c1, c2 = (float(value) for value in values)
    except (TypeError, ValueError):
        raise ValueError("expected three coefficients in fb at each energy") from None
    if not (c2 > 0 and c0 - c1 * c1 / (4 * c2) > 0):
        raise ValueError(f"{[c0, c1, c2]} is not positive at every kappa_lambda")
    return c0, c1, c2


def default_processes() -> dict[str, Process]:
    """Return the processes of the note: its signal and its background."""
    signal = {"kind": "signal", "label": "gg → HH", "source": "cross_sections.yaml"}
    background = {
        "kind": "background",
        "label": "pp → 4b",
        "cross_section_pb": {13: 628.6, 14: 628.6},
        "source": "the note, 13 TeV, leading order behind the parton cuts; 14 TeV taken equal",
    }
    return {"hh": Process.checked(signal), "four_b": Process.checked(background)}


def check_processes(processes: Mapping[str, Process]) -> None:
    """Refuse names of processes that the workspace needs for itself.

    Raises:
        ValueError: naming the process.
    """
    for name in processes:
        if "kappa_lambda" in name:
            raise ValueError(f"process {name!r}: names must not contain 'kappa_lambda'")
