"""Published SPANet datasets (Zenodo record 10952296) as samples of a study."""

import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, TableWriter
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.core.seeds import stream
from hh4b.events.dataset import blocks, lacking

log = logging.getLogger(__name__)
EVENTS = ("signal", "background", "all")
PARTS = ("training", "testing", "split")
#: What import adds; everything else that is lacking stays away, so that its use fails by name.
ADDED = ("HH4B/weight", "HH4B/kappa_lambda", "HH4B/split")


@dataclass(frozen=True)
class ImportSettings:
    """Which events of a published file become a sample, and what the file does not say.

    Attributes:
        sample: name of the sample.
        events: ``signal``, ``background`` or ``all`` by ``CLASSIFICATIONS/EVENT/signal``.
        kappa_lambda: only signal events with this kappa input; None = all.
        part: ``training`` or ``testing``: what the whole file is for; ``split`` divides it at
            random.
        training_fraction: share of training events, where the file is divided.
        seed: seed of the study, for the division.
        n_generated: number of generated events behind the chosen ones; None = not known, so that
            the sample can train and be paired but not be normalised to a cross section.
    """

    sample: str
    events: str = "all"
    kappa_lambda: float | None = None
    part: str = "split"
    training_fraction: float = 0.9
    seed: int = 1
    n_generated: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: naming the setting.
        """
        if self.events not in EVENTS:
            raise ConfigError(f"events = {self.events!r}: must be one of {', '.join(EVENTS)}")
        if self.part not in PARTS:
            raise ConfigError(f"part = {self.part!r}: must be one of {', '.join(PARTS)}")
        if not 0 <= self.training_fraction <= 1:
            raise ConfigError(
                f"training_fraction = {self.training_fraction}: must lie between 0 and 1"
            )
        if self.kappa_lambda is not None and self.events != "signal":
            raise ConfigError("kappa_lambda chooses signal events: say --events signal")
        if self.n_generated is not None and self.n_generated < 1:
            raise ConfigError(f"n_generated = {self.n_generated}: must be positive")


def import_published(
    path: Path, output: Path, settings: ImportSettings, *, testing: Path | None = None
) -> int:
    """Write the chosen events as a dataset with weight, kappa and part; return their number.

    Weights are 1: the published events are unweighted. Missing energy, leptons, flavours and truth
    of the H pair are not in such files; the attribute ``lacking`` names them.

    Args:
        path: the published file.
        output: the dataset to write.
        settings: what to choose.
        testing: a second published file whose events are for testing; those of ``path`` are then
            for training, whatever ``settings.part`` says.

    Raises:
        ContractError: if a file is no dataset, or no event of it is chosen.
    """
    files = [(path, settings)]
    if testing is not None:
        parts = ((path, "training"), (testing, "testing"))
        files = [(file, replace(settings, part=part)) for file, part in parts]
    absent = {name for file, _ in files for name in lacking(file)}
    names = [column.name for column in DATASET if column.name not in absent]
    with TableWriter(output, DATASET) as writer:
        for file, chosen in files:
            _append(writer, file, names, chosen)
        number = writer.rows
        missing = [c.name for c in DATASET if c.name not in {*names, *ADDED}]
        attributes: dict[str, Any] = {
            "sample": settings.sample,
            "is_background": settings.events == "background",
            "kappa_lambda": np.nan if settings.kappa_lambda is None else settings.kappa_lambda,
            "lacking": json.dumps(missing),
        }
        if settings.n_generated is not None:
            attributes["n_generated"] = settings.n_generated
            attributes["sum_weights_generated"] = float(settings.n_generated)
        options = {name: value for name, value in asdict(settings).items() if name != "seed"}
        if testing is not None:
            options["part"] = "by file"
        seed = settings.seed if options["part"] == "split" else None
        provenance = Provenance("datasets import", options, seed, {"n_events": number})
        writer.set_attributes(provenance, **attributes)
    log.info("wrote %s: %d events; not in such files: %s", output, number, ", ".join(missing))
    return number


def _append(writer: TableWriter, path: Path, names: list[str], settings: ImportSettings) -> None:
    """Append the chosen events of one file."""
    before = writer.rows
    rng = stream(settings.seed, settings.sample, "import", "split")
    for block in blocks(path, names):
        columns = _chosen(block, settings, rng)
        if len(columns["HH4B/weight"]):
            writer.append(columns)
    if writer.rows == before:
        raise ContractError(
            f"{path}: no event with events = {settings.events!r}"
            f" and kappa_lambda = {settings.kappa_lambda}; look with `hh4b datasets describe`"
        )


def _chosen(
    block: dict[str, NDArray[Any]], settings: ImportSettings, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    signal = block["CLASSIFICATIONS/EVENT/signal"] == 1
    kappa = block["INPUTS/Kappa/kappa"].astype(np.float32)
    chosen = {"signal": signal, "background": ~signal, "all": np.ones_like(signal)}[settings.events]
    if settings.kappa_lambda is not None:
        chosen = chosen & np.isclose(kappa, settings.kappa_lambda, atol=1e-4)
    number = int(chosen.sum())
    columns = {name: values[chosen] for name, values in block.items()}
    columns.setdefault("HH4B/weight", np.ones(number))
    of_signal = np.where(signal[chosen], kappa[chosen], np.float32(np.nan))
    columns.setdefault("HH4B/kappa_lambda", of_signal)
    # One number for every event of the file, so that the choice of events changes no label.
    is_training = rng.random(len(signal)) < settings.training_fraction
    if settings.part != "split":
        is_training[:] = settings.part == "training"
    columns["HH4B/split"] = np.where(is_training[chosen], 0, 1).astype(np.int8)
    return columns
