"""Events under variations of theory: the factors of `hh4b parton-weights` on rows.

The factor r of a parton event is the ratio of its cross sections under other scales or parton
densities. It multiplies the weight of every row of the event, and the efficiency stays relative to
the nominal weights generated: what changes the cross section changes the yield.

Events taken to another energy (`energy_factors`) get the factor of the energy at which they were
generated: what a variation does hardly changes between the energies of one collider.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.contracts import PARTON_WEIGHTS, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.pdf import DEFAULT_SET
from hh4b.statistics.event_factors import EventFactors
from hh4b.statistics.systematics import Direction, PartonSystematic, Systematic, WeightSystematic
from hh4b.statistics.template_inputs import LoadedSample, hash_of
from hh4b.statistics.templates import SampleEvents

_OPTION = "--parton-weights"
_ATTRIBUTES = ("systematic", "side", "sample", "mu_factor", "pdf_set", "sqrt_s_tev", "sum_weights")
_SAME = 1e-6
#: Systematic, direction, sample.
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class PartonFactors(EventFactors):
    """Factors of the parton events of one sample on one side of a systematic.

    Attributes:
        systematic: its name.
        side: ``"up"`` or ``"down"``.
        mu_factor: factor on both scales.
        pdf_set: parton densities.
        sqrt_s_tev: energy of the events.
    """

    systematic: str
    side: str
    mu_factor: float
    pdf_set: str
    sqrt_s_tev: float

    @classmethod
    def read(cls, path: Path) -> "PartonFactors":
        """Read a file of `hh4b parton-weights`.

        Raises:
            InputFileError: if the file cannot be read.
            ContractError: if it is none of that command.
        """
        table, found = read_table(path, PARTON_WEIGHTS), read_attributes(path)
        missing = [name for name in _ATTRIBUTES if name not in found]
        if missing:
            raise ContractError(
                f"{path}: attributes {missing} are missing; make it again with hh4b parton-weights"
            )
        factor = table["factor"]
        if not ((factor >= 0).all() and (factor > 0).any()):
            raise ContractError(
                f"{path}: factors must not be negative nor all zero; make it again with hh4b"
                " parton-weights"
            )
        return cls(
            path,
            str(found["sample"]),
            factor,
            table["sqrt_s_hat_gev"],
            float(found["sum_weights"]),
            hash_of(path),
            str(found["systematic"]),
            str(found["side"]),
            float(found["mu_factor"]),
            str(found["pdf_set"]),
            float(found["sqrt_s_tev"]),
        )

    @property
    def key(self) -> _Key:
        """Systematic, direction, sample."""
        return self.systematic, self.side, self.sample

    def check(self, systematic: PartonSystematic, sqrt_s_tev: float) -> None:
        """Refuse factors of another variation than that of the settings, or of another energy.

        Raises:
            ContractError: saying which.
        """
        choice = systematic.up if self.side == "up" else systematic.down
        wanted = (
            (choice.mu_factor, choice.pdf_set or DEFAULT_SET) if not isinstance(choice, str) else ()
        )
        if wanted != (self.mu_factor, self.pdf_set):
            raise ContractError(
                f"{self.path}: made with mu_factor {self.mu_factor:g} and {self.pdf_set}, which is"
                f" not {self.side} of systematics.{self.systematic}; make it again with these"
                " settings"
            )
        if abs(self.sqrt_s_tev / sqrt_s_tev - 1) > _SAME:
            raise ContractError(
                f"{self.path}: its events are of {self.sqrt_s_tev:g} TeV, those of the templates of"
                f" {sqrt_s_tev:g} TeV (sqrt_s_tev)"
            )


@dataclass(frozen=True)
class PartonFactorFiles:
    """Factors of all systematics, sides and samples."""

    by_key: Mapping[_Key, PartonFactors] = field(default_factory=dict)

    @classmethod
    def read(
        cls, paths: Sequence[Path], systematics: Mapping[str, Systematic], sqrt_s_tev: float
    ) -> "PartonFactorFiles":
        """Read files of factors, and check that they are those of the systematics.

        Args:
            paths: files of `hh4b parton-weights`.
            systematics: of the templates.
            sqrt_s_tev: energy of the events.

        Raises:
            ConfigError: if two files are of one thing, or no systematic asks for one.
            ContractError: if a file is none, or of another variation or energy.
        """
        found: dict[_Key, PartonFactors] = {}
        for one in map(PartonFactors.read, paths):
            systematic = systematics.get(one.systematic)
            if not isinstance(systematic, PartonSystematic) or one.side not in systematic.sides():
                known = [
                    f"{name}.{side}"
                    for name, each in systematics.items()
                    if isinstance(each, PartonSystematic)
                    for side in each.sides()
                ]
                raise ConfigError(
                    f"{_OPTION} {one.path}: nothing asks for {one.systematic}.{one.side}; the"
                    f" systematics of effect partons have {known}"
                )
            one.check(systematic, sqrt_s_tev)
            if one.key in found:
                raise ConfigError(
                    f"{_OPTION} {one.path}: {_name(one.key)} is there already by"
                    f" {found[one.key].path}"
                )
            found[one.key] = one
        return cls(found)

    def require(
        self,
        loaded: Mapping[str, Sequence[LoadedSample]],
        systematics: Mapping[str, Systematic],
    ) -> None:
        """Refuse missing files, and files of samples that nothing asks for.

        Args:
            loaded: nominal samples by process.
            systematics: of the templates.

        Raises:
            ConfigError: naming the first one.
        """
        wanted = list(_wanted(loaded, systematics))
        for key in wanted:
            if key not in self.by_key:
                raise ConfigError(
                    f"{_OPTION}: the factors of {_name(key)} are missing; make them of its partons"
                    " with hh4b parton-weights"
                )
        for key, one in self.by_key.items():
            if key not in wanted:
                raise ConfigError(
                    f"{_OPTION} {one.path}: nothing asks for {_name(key)}; samples of the processes"
                    f" of {key[0]} are {sorted({w[2] for w in wanted if w[0] == key[0]})}"
                )

    def weighted(self, systematic: str, side: str, sample: LoadedSample) -> SampleEvents:
        """Return the events of a sample with their weights times the factors.

        Raises:
            InputFileError: if the dataset cannot be read.
            ContractError: if events and factors do not belong together.
        """
        factor = self.by_key[systematic, side, sample.shower.sample].of_rows(sample.dataset)
        scaled = sample.events.efficiency_weight * factor[sample.rows]
        return replace(sample.events, efficiency_weight=np.asarray(scaled))

    def hashes(self) -> dict[str, str]:
        """Return the configuration hash of each file by what it is of."""
        return {_name(key): one.hash for key, one in sorted(self.by_key.items())}


def _name(key: _Key) -> str:
    return f"{key[0]}.{key[1]} of sample {key[2]}"


def _wanted(
    loaded: Mapping[str, Sequence[LoadedSample]], systematics: Mapping[str, Systematic]
) -> Iterator[_Key]:
    for name, systematic in systematics.items():
        if isinstance(systematic, PartonSystematic):
            for process in systematic.processes:
                for side in systematic.sides():
                    for sample in loaded[process]:
                        yield name, side, sample.shower.sample


def reweighted_events(
    loaded: Mapping[str, Sequence[LoadedSample]],
    systematics: Mapping[str, Systematic],
    factors: PartonFactorFiles,
) -> Iterator[tuple[str, Direction, str, list[SampleEvents]]]:
    """Yield systematic, direction, process and events of all that only changes weights.

    Args:
        loaded: nominal samples by process.
        systematics: of the templates; those of other effects, and mirrored sides, are left out.
        factors: of the effect partons.

    Raises:
        ConfigError: if a weight is unknown or does not take its arguments.
        ContractError: if a column is missing, a weight is no factor for each event, or factors and
            events do not belong together.
    """
    for name, systematic in systematics.items():
        if not isinstance(systematic, WeightSystematic | PartonSystematic):
            continue
        for side in systematic.sides():
            for process in systematic.processes:
                if isinstance(systematic, PartonSystematic):
                    events = [factors.weighted(name, side, one) for one in loaded[process]]
                else:
                    arguments: dict[str, Any] = getattr(systematic, side)
                    events = [one.weighted(systematic.weight, arguments) for one in loaded[process]]
                yield name, side, process, events
