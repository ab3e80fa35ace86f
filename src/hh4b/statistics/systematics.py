"""Systematic uncertainties: of a normalisation, by weights, or by another simulation."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from hh4b.core.settings import Fraction, Kappas, Name, Positive, Settings
from hh4b.generation.settings import PartonVariation
from hh4b.statistics.processes import Process

Direction = Literal["up", "down"]
DIRECTIONS: tuple[Direction, ...] = ("up", "down")
#: In place of the down side: as far the other way as up.
Mirror = Literal["mirror"]
#: Parameters of a workspace that are no nuisances; a systematic of such a name would be fixed.
RESERVED = ("luminosity_ifb", "sqrt_s_tev", "cross_section_fb", "branching_ratio")
RESERVED_STARTS = ("staterror_", "mu_", "use_", "monte_carlo_variance_")
_ANEW = "kappa_lambda of the signal samples that are made anew; null = all"


class _Effect(Settings):
    """What all systematics have."""

    processes: Annotated[list[Name], Field(min_length=1)] = Field(
        description="processes it acts on, all by one nuisance parameter"
    )

    @field_validator("processes")
    @classmethod
    def _different(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise ValueError("a process stands there twice")
        return value

    @property
    def mirrored(self) -> bool:
        """Whether the down side is the mirror of the up side."""
        return isinstance(getattr(self, "down", None), str)


class _Varied(_Effect):
    """An effect with the fields up and down, the latter perhaps the mirror of the former."""

    def sides(self) -> tuple[Direction, ...]:
        """Return the directions that need events or weights of their own.

        >>> ShowerSystematic(
        ...     effect="shower", processes=["hh"], up=["PartonLevel:MPI = off"], down="mirror"
        ... ).sides()
        ('up',)
        """
        return ("up",) if self.mirrored else DIRECTIONS


class NormSystematic(_Effect):
    """An uncertain normalisation, log-normal."""

    effect: Literal["norm"]
    size: Fraction | None = Field(None, description="relative; up 1 + size, down 1 / (1 + size)")
    up: Positive | None = Field(
        None, description="in place of `size`: the factor at +1 standard deviation"
    )
    down: Positive | None = Field(
        None,
        validate_default=True,
        description="in place of `size`: the factor at -1 standard deviation",
    )

    @field_validator("down")
    @classmethod
    def _one_way(cls, down: float | None, info: ValidationInfo) -> float | None:
        size, up = info.data.get("size"), info.data.get("up")
        if size is not None and (up, down) != (None, None):
            raise ValueError("give either size, or up and down")
        if size is None and (up is None or down is None):
            raise ValueError("give size, or both up and down")
        return down

    def sides(self) -> tuple[Direction, ...]:
        """Return the directions that need events or weights of their own: none."""
        return ()

    def factors(self) -> tuple[float, float]:
        """Return the factors at plus and minus one standard deviation."""
        if self.size is not None:
            return 1 + self.size, 1 / (1 + self.size)
        return float(self.up or 1), float(self.down or 1)


class WeightSystematic(_Varied):
    """A function of the events that multiplies their weights."""

    effect: Literal["weights"]
    weight: str = Field(description="registered name, entry point of hh4b.weight, or path.py:name")
    up: dict[str, Any] = Field(description="keyword arguments at +1 standard deviation")
    down: dict[str, Any] | Mirror = Field(
        description="keyword arguments at -1 standard deviation; mirror = as far the other way as"
        " up"
    )


class DetectorSystematic(_Varied):
    """Another detector response: samples are simulated again with a changed card."""

    effect: Literal["detector"]
    up: Annotated[dict[str, Any], Field(min_length=1)] = Field(
        description="keys of the detector card at +1 standard deviation, e.g. jets.energy_scale"
    )
    down: Annotated[dict[str, Any], Field(min_length=1)] | Mirror = Field(
        description="keys of the detector card at -1 standard deviation; mirror = as far the other"
        " way as up, without events of its own"
    )
    kappa_lambda: Kappas | None = Field(None, description=_ANEW)


class ShowerSystematic(_Varied):
    """Another shower: samples are simulated again with further settings of Pythia."""

    effect: Literal["shower"]
    up: Annotated[list[str], Field(min_length=1)] = Field(
        description="settings of Pythia at +1 standard deviation"
    )
    down: Annotated[list[str], Field(min_length=1)] | Mirror = Field(
        description="settings of Pythia at -1 standard deviation; mirror = as far the other way as"
        " up, without events of its own"
    )
    kappa_lambda: Kappas | None = Field(None, description=_ANEW)


class PartonSystematic(_Varied, PartonVariation):
    """Other scales or parton densities: the parton events get factors."""

    effect: Literal["partons"]


Systematic = Annotated[
    NormSystematic | WeightSystematic | DetectorSystematic | ShowerSystematic | PartonSystematic,
    Field(discriminator="effect"),
]
Systematics = dict[Name, Systematic]


def check_systematics(
    systematics: Mapping[str, Systematic], processes: Mapping[str, Process]
) -> None:
    """Refuse systematics that act on nothing, or whose name the workspace needs for itself.

    Raises:
        ValueError: naming the systematic.
    """
    for name, systematic in systematics.items():
        if name in RESERVED or name.startswith(RESERVED_STARTS):
            raise ValueError(f"{name}: the name is taken by a parameter of the workspace")
        for process in systematic.processes:
            if process not in processes:
                raise ValueError(
                    f"{name}.processes: {process!r} is no process, expected one of"
                    f" {sorted(processes)}"
                )
            if processes[process].kind == "resonance":
                raise ValueError(
                    f"{name}.processes: {process!r} is a resonance and not part of the statistics"
                )
        signal = any(processes[process].kind == "signal" for process in systematic.processes)
        if getattr(systematic, "kappa_lambda", None) is not None and not signal:
            raise ValueError(
                f"{name}.kappa_lambda: none of its processes is a signal; leave it out"
            )


def template_systematics(systematics: Mapping[str, Systematic]) -> Systematics:
    """Return those that need templates of their own: all but the normalisations."""
    return {name: one for name, one in systematics.items() if one.effect != "norm"}
