"""Events of one collision energy taken to another: the factors of `hh4b energy-weights` on rows.

The factor r of a parton event is the ratio of the parton luminosities at both energies, at fixed
partonic energy, rapidity and scale. With weights w of mean one, events of sample k are distributed
as P(kappa_k) f / sigma(kappa_k), where P is the squared amplitude and f the parton luminosity with
the flux. With weights w r / R_k, where R_k is the mean of w r over *all* events generated, they are
distributed as P(kappa_k) r f / sigma'(kappa_k), sigma' being the cross section at the new energy:
they are a sample of the new energy, with weights of mean one. All that is done with samples holds
for them as it stands. The signal at any kappa is

    efficiency'(kappa) = sum_k sum_(events of k) w r / R_k [P(kappa) / sigma'(kappa)] / M,
    M = sum_j N_j P(kappa_j) / sigma'(kappa_j)

with sigma' of the own amplitude at the new energy, up to one factor: P does not depend on the
energy of the protons. Its expectation is sum_k N_k int P(kappa_k) r f / sigma'(kappa_k) g / M
= int g, with g what is selected of P(kappa) r f / sigma'(kappa): unbiased at every kappa. The mean
R_k of the sample is a ratio estimator: what the sample fluctuates in r drops out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import ENERGY_WEIGHTS, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.event_factors import EventFactors
from hh4b.statistics.template_inputs import LoadedSample, hash_of

Floats = NDArray[np.float64]
_SAME_ENERGY = 1e-6


@dataclass(frozen=True)
class EnergyFactors(EventFactors):
    """Factors that take the parton events of one sample to another energy.

    They are over their mean.

    Attributes:
        sqrt_s_tev: energy they lead to.
        sqrt_s_from_tev: energy of the events.
    """

    sqrt_s_tev: float
    sqrt_s_from_tev: float

    @classmethod
    def read(cls, path: Path) -> "EnergyFactors":
        """Read a file of `hh4b energy-weights`.

        Raises:
            InputFileError: if the file cannot be read.
            ContractError: if it is none of that command.
        """
        table, found = read_table(path, ENERGY_WEIGHTS), read_attributes(path)
        numbers = ("sqrt_s_tev", "sqrt_s_from_tev", "mean_factor", "sum_weights")
        missing = [name for name in ("sample", *numbers) if name not in found]
        if missing or not found["mean_factor"] > 0:
            raise ContractError(
                f"{path}: attributes {missing or ['mean_factor']} are missing or not positive; make"
                " it again with hh4b energy-weights"
            )
        return cls(
            path,
            str(found["sample"]),
            table["factor"] / float(found["mean_factor"]),
            table["sqrt_s_hat_gev"],
            float(found["sum_weights"]),
            hash_of(path),
            float(found["sqrt_s_tev"]),
            float(found["sqrt_s_from_tev"]),
        )

    def apply(self, sample: LoadedSample) -> LoadedSample:
        """Return a sample at the new energy.

        Raises:
            ContractError: if its events are not those of the factors.
        """
        factor = self.of_rows(sample.dataset)
        weight = sample.weight * factor
        if not weight[sample.rows].sum() > 0:
            raise ContractError(
                f"{sample.dataset}: none of its events is possible at {self.sqrt_s_tev:g} TeV"
            )
        # Weights of a part are over its share of the weight, which is another one now.
        before, after = (w[sample.rows].sum() / w.sum() for w in (sample.weight, weight))
        scaled = sample.events.efficiency_weight * factor[sample.rows] * (before / after)
        return replace(
            sample, weight=weight, events=replace(sample.events, efficiency_weight=scaled)
        )


@dataclass(frozen=True)
class FactorFiles:
    """Factors of all samples at one energy, by sample."""

    by_sample: Mapping[str, EnergyFactors]

    @classmethod
    def read(cls, paths: Sequence[Path], sqrt_s_from_tev: float) -> "dict[float, FactorFiles]":
        """Read files of factors and sort them by the energy that they lead to.

        Args:
            paths: files of `hh4b energy-weights`.
            sqrt_s_from_tev: energy of the events.

        Raises:
            ConfigError: if two files are of one sample and energy.
            ContractError: if a file is none, or starts from another energy.
        """
        found: dict[float, dict[str, EnergyFactors]] = {}
        for one in map(EnergyFactors.read, paths):
            if abs(one.sqrt_s_from_tev / sqrt_s_from_tev - 1) > _SAME_ENERGY:
                raise ContractError(
                    f"{one.path}: its events are of {one.sqrt_s_from_tev:g} TeV, those of the"
                    f" templates of {sqrt_s_from_tev:g} TeV (sqrt_s_tev)"
                )
            group = found.setdefault(one.sqrt_s_tev, {})
            if one.sample in group:
                raise ConfigError(
                    f"--energy-weights {one.path}: sample {one.sample!r} at {one.sqrt_s_tev:g} TeV"
                    f" is there already by {group[one.sample].path}"
                )
            group[one.sample] = one
        return {energy: cls(group) for energy, group in found.items()}

    def apply(self, loaded: Mapping[str, Sequence[LoadedSample]]) -> dict[str, list[LoadedSample]]:
        """Return samples by key at the new energy.

        Raises:
            ConfigError: naming a sample without factors.
            ContractError: if events and factors do not belong together.
        """
        return {key: [self._of(one).apply(one) for one in all_] for key, all_ in loaded.items()}

    def _of(self, sample: LoadedSample) -> EnergyFactors:
        name = sample.shower.sample
        if name not in self.by_sample:
            raise ConfigError(
                f"--energy-weights: {sample.dataset} is of sample {name!r}, given are those of"
                f" {sorted(self.by_sample)}; give those of its partons"
            )
        return self.by_sample[name]

    def hashes(self) -> dict[str, str]:
        """Return the configuration hash of each file by sample."""
        return {name: one.hash for name, one in sorted(self.by_sample.items())}
