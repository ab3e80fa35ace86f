"""Factors of parton events under variations of theory: what `hh4b parton-weights` does."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hh4b.core.contracts import PARTON_WEIGHTS, write_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, require_places
from hh4b.generation.energy_reweight import partonic_energy_gev
from hh4b.generation.energy_stage import MeanFactor, read_known_partons, sample_of
from hh4b.generation.lhe import LheFile
from hh4b.generation.parton_weights import ALPHA_S_POWERS, parton_weights
from hh4b.generation.pdf import DEFAULT_SET
from hh4b.generation.settings import PartonSide, PartonVariation, PartonWeightSettings

log = logging.getLogger(__name__)
_SIDES: tuple[Literal["up", "down"], ...] = ("up", "down")


@dataclass(frozen=True)
class _Task:
    """One file to write.

    Attributes:
        systematic: its name.
        side: ``"up"`` or ``"down"``.
        choice: scale and densities.
        variation: what the side is of.
        place: the file.
    """

    systematic: str
    side: str
    choice: PartonSide
    variation: PartonVariation
    place: Path


def write_parton_weights(
    partons: Sequence[Path], output: str, settings: PartonWeightSettings
) -> None:
    """Write a file of factors for each systematic, side and sample.

    Row n is event n of the parton file, which is what `HH4B/event_number` of a dataset counts. The
    factors are not normalised: their mean is what the variation makes of the cross section. A side
    that mirrors the other has no file.

    Args:
        partons: Les Houches files of the own generators, called by their samples: ``hh_kl1.lhe.gz``
            holds those of the sample ``hh_kl1``.
        output: file to write; ``{systematic}``, ``{side}`` and ``{sample}`` stand for the values,
            and must be there where there are several.
        settings: variations, and the process of each sample.

    Raises:
        ConfigError: if samples and systematics do not fit together, two files would be written to
            one place, or the power of alpha_s is not known.
        InputFileError: if a file cannot be read or written.
        ContractError: if the events are not of known densities, or lack what the factor needs.
    """
    tasks = _tasks([sample_of(path) for path in partons], output, settings)
    for sample, path in zip(tasks, partons, strict=True):
        file = read_known_partons(path)
        for task in tasks[sample]:
            try:
                _write(task, file, sample, settings.samples[sample])
            except (ConfigError, ContractError) as error:
                raise type(error)(f"{path}: {task.systematic}.{task.side}: {error}") from error


def _tasks(
    samples: Sequence[str], output: str, settings: PartonWeightSettings
) -> dict[str, list[_Task]]:
    """Return what is to be written by sample, in the order of the samples."""
    if len(set(samples)) != len(samples):
        raise ConfigError(f"two files hold the sample {max(samples, key=samples.count)!r}")
    for sample in samples:
        if sample not in settings.samples:
            raise ConfigError(
                f"samples: the process of {sample!r} is missing, known are those of"
                f" {sorted(settings.samples)}"
            )
    given = {settings.samples[sample] for sample in samples}
    for name, one in settings.systematics.items():
        for process in one.processes:
            if process not in given:
                raise ConfigError(
                    f"systematics.{name}.processes: no parton file is of {process!r}, only of"
                    f" {sorted(given)}"
                )
    tasks = {sample: list(_of_sample(sample, output, settings)) for sample in samples}
    for sample, found in tasks.items():
        if not found:
            raise ConfigError(
                f"sample {sample!r}: no systematic moves {settings.samples[sample]!r}; leave its"
                " parton file out"
            )
    written = [one for found in tasks.values() for one in found]
    counts = {
        "systematic": len({one.systematic for one in written}),
        "side": len({one.side for one in written}),
        "sample": len(tasks),
    }
    require_places(output, counts)
    return tasks


def _of_sample(sample: str, output: str, settings: PartonWeightSettings) -> Iterator[_Task]:
    for name, one in settings.systematics.items():
        if settings.samples[sample] not in one.processes:
            continue
        for side in _SIDES:
            choice = one.side(side)
            if choice is not None:
                place = output.replace("{systematic}", name).replace("{side}", side)
                yield _Task(name, side, choice, one, Path(place.replace("{sample}", sample)))


def _write(task: _Task, file: LheFile, sample: str, process: str) -> None:
    events, choice = file.events, task.choice
    pdf_set = choice.pdf_set or DEFAULT_SET
    power = _power(task.variation.alpha_s_power, file)
    sqrt_s_tev = file.sqrt_s_gev / 1000.0
    factor = parton_weights(
        events,
        sqrt_s_tev,
        alpha_s_power=power,
        mu_factor=choice.mu_factor,
        pdf_set=pdf_set,
    )
    mean = MeanFactor.of(factor, events.weights)
    attributes = {
        "systematic": task.systematic,
        "side": task.side,
        "sample": sample,
        "process": process,
        "mu_factor": choice.mu_factor,
        "pdf_set": pdf_set,
        "alpha_s_power": power,
        "sqrt_s_tev": sqrt_s_tev,
        "n_events": len(events),
    }
    decided = {
        **attributes,
        "pdf": DEFAULT_SET,
        "partons": file.provenance.get("configuration_hash", "unknown"),
    }
    sums = {"sum_weights": float(events.weights.sum())}
    write_table(
        task.place,
        PARTON_WEIGHTS,
        {"factor": factor, "sqrt_s_hat_gev": partonic_energy_gev(events)},
        Provenance("parton-weights", decided, counts={"n_events": len(events), **sums}),
        **attributes,
        **sums,
        mean_factor=mean.value,
        mean_factor_error=mean.error,
    )
    log.info(
        "%s.%s, %s: %d events, cross section over the nominal one %.5f +- %.5f",
        task.systematic, task.side, sample, len(events), mean.value, mean.error,
    )  # fmt: skip


def _power(said: int | None, file: LheFile) -> int:
    """Return the power of alpha_s: that of the generator, or said where it is not known."""
    stage = file.provenance.get("stage")
    known = ALPHA_S_POWERS.get(str(stage))
    if known is None and said is None:
        raise ConfigError(
            f"alpha_s_power is missing: the events are by {stage or 'another program'}, known are"
            f" those of {sorted(ALPHA_S_POWERS)}"
        )
    if None not in (known, said) and known != said:
        raise ConfigError(
            f"alpha_s_power {said}: the cross section of its events ({stage}) goes with alpha_s to"
            f" the power {known}; leave the setting out"
        )
    return int(known if known is not None else said or 0)
