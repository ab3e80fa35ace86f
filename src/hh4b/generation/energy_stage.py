"""Factors that take events to another collision energy: what `hh4b energy-weights` does."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import ENERGY_WEIGHTS, write_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, require_places
from hh4b.generation.energy_reweight import energy_weights, partonic_energy_gev
from hh4b.generation.lhe import LheFile, read_lhe
from hh4b.generation.pdf import DEFAULT_LHAPDF_ID, DEFAULT_SET
from hh4b.generation.settings import EnergyWeightSettings

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
_SUFFIXES = (".lhe.gz", ".lhe")
# Files hold energies with nine digits.
_SAME_ENERGY = 1e-7


@dataclass(frozen=True)
class MeanFactor:
    """Mean of the factors on the weights of a sample: the ratio of its cross sections.

    Attributes:
        value: over all events, each with its weight.
        error: statistical.
    """

    value: float
    error: float

    @classmethod
    def of(cls, factor: Floats, weights: Floats) -> "MeanFactor":
        """Average the factors, shape (event,), of events with these weights.

        >>> round(MeanFactor.of(np.array([1.0, 2.0]), np.array([3.0, 1.0])).value, 3)
        1.25
        """
        mean = float(np.average(factor, weights=weights))
        error = float(np.sqrt((weights**2 * (factor - mean) ** 2).sum()) / weights.sum())
        return cls(mean, error)


def write_energy_weights(
    partons: Sequence[Path], output: str, settings: EnergyWeightSettings
) -> None:
    """Write a file of factors for each sample and energy.

    Row n is event n of the parton file, which is what `HH4B/event_number` of a dataset counts.

    Args:
        partons: Les Houches files of the own generators, called by their samples: ``hh_kl1.lhe.gz``
            holds those of the sample ``hh_kl1``.
        output: file to write; ``{sample}`` and ``{energy}`` stand for the values, and must be there
            where there are several.
        settings: energies to take the events to.

    Raises:
        ConfigError: if two files would be written to one place.
        InputFileError: if a file cannot be read or written.
        ContractError: if the events are not of these densities, or lack what the factor needs.
    """
    samples = [sample_of(path) for path in partons]
    require_places(output, {"sample": len(samples), "energy": len(settings.sqrt_s_tev)})
    if len(set(samples)) != len(samples):
        raise ConfigError(f"two files hold the sample {max(samples, key=samples.count)!r}")
    for sample, path in zip(samples, partons, strict=True):
        file = read_known_partons(path)
        for energy in settings.sqrt_s_tev:
            place = output.replace("{sample}", sample).replace("{energy}", f"{energy:g}")
            try:
                _write(Path(place), file, sample, energy)
            except ContractError as error:
                raise ContractError(f"{path}: {error}") from error


def read_known_partons(path: Path) -> LheFile:
    """Read the incoming partons of events whose densities are known.

    Raises:
        InputFileError: if the file cannot be read.
        ContractError: if it was made with other densities.
    """
    file = read_lhe(path, particles=2)
    if file.lhapdf_ids != (DEFAULT_LHAPDF_ID, DEFAULT_LHAPDF_ID):
        raise ContractError(
            f"{path}: made with parton densities number {file.lhapdf_ids} of LHAPDF, known is"
            f" {DEFAULT_LHAPDF_ID} ({DEFAULT_SET}) only; its events cannot be reweighted"
        )
    return file


def sample_of(path: Path) -> str:
    """Return the sample whose parton events a file holds, by its name.

    Raises:
        ConfigError: if it is not called like a Les Houches file.

    >>> sample_of(Path("partons/hh_kl1.lhe.gz"))
    'hh_kl1'
    """
    for suffix in _SUFFIXES:
        if path.name.endswith(suffix):
            return path.name.removesuffix(suffix)
    raise ConfigError(f"{path}: expected a Les Houches file SAMPLE.lhe.gz")


def _write(place: Path, file: LheFile, sample: str, sqrt_s_tev: float) -> None:
    events, sqrt_s_from_tev = file.events, file.sqrt_s_gev / 1000.0
    if abs(sqrt_s_from_tev - sqrt_s_tev) < _SAME_ENERGY * sqrt_s_tev:
        raise ContractError(f"its events are of {sqrt_s_tev:g} TeV already; ask for another energy")
    factor = energy_weights(events, sqrt_s_from_tev, sqrt_s_tev)
    mean = MeanFactor.of(factor, events.weights)
    decided = {
        "sqrt_s_tev": sqrt_s_tev,
        "sqrt_s_from_tev": sqrt_s_from_tev,
        "pdf": DEFAULT_SET,
        "sample": sample,
        "partons": file.provenance.get("configuration_hash", "unknown"),
        "n_events": len(events),
    }
    sums = {"sum_weights": float(events.weights.sum())}
    attributes = {name: decided[name] for name in decided if name != "partons"}
    write_table(
        place,
        ENERGY_WEIGHTS,
        {"factor": factor, "sqrt_s_hat_gev": partonic_energy_gev(events)},
        Provenance("energy-weights", decided, counts={"n_events": len(events), **sums}),
        **attributes,
        **sums,
        mean_factor=mean.value,
        mean_factor_error=mean.error,
    )
    log.info(
        "%s: %d events, cross section at %g TeV over that at %g TeV %.5f +- %.5f",
        sample, len(events), sqrt_s_tev, sqrt_s_from_tev, mean.value, mean.error,
    )  # fmt: skip
