"""Published SPANet datasets (Zenodo record 10952296) as samples of a study."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, Table, TableWriter
from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance
from hh4b.core.kappa import same_kappa
from hh4b.core.seeds import stream
from hh4b.core.strict_json import to_json
from hh4b.events.dataset import blocks, lacking, shower_events
from hh4b.events.regression_columns import regression_columns
from hh4b.events.settings import ImportSettings

log = logging.getLogger(__name__)
#: What import adds; everything else that is lacking stays away, so that its use fails by name.
ADDED = ("HH4B/weight", "HH4B/kappa_lambda", "HH4B/split")


def import_published(
    path: Path, output: Path, settings: ImportSettings, *, testing: Path | None = None
) -> int:
    """Write the chosen events as a dataset with weight, kappa and part; return their number.

    Weights are 1: the published events are unweighted. Missing energy, leptons, flavours and truth
    of the H pair are not in such files; the attribute ``lacking`` names them. Numbers to regress
    are kept.

    Args:
        path: the published file.
        output: the dataset to write.
        settings: what to choose; the sample has the name of the output unless it is given.
        testing: a second published file whose events are for testing; those of ``path`` are then
            for training, whatever ``settings.part`` says.

    Raises:
        ContractError: if a file is no dataset, or no event of it is chosen.
    """
    settings = settings.named_after(output)
    files = [(path, settings)]
    if testing is not None:
        parts = ((path, "training"), (testing, "testing"))
        files = [(file, settings.model_copy(update={"part": part})) for file, part in parts]
    absent = {name for file, _ in files for name in lacking(file)}
    names = [column.name for column in DATASET if column.name not in absent]
    numbers = regression_columns([file for file, _ in files])
    with TableWriter(output, (*DATASET, *numbers)) as writer:
        for file, chosen in files:
            _append(writer, file, names, numbers, chosen)
        number = writer.rows
        missing = [c.name for c in DATASET if c.name not in {*names, *ADDED}]
        attributes: dict[str, Any] = {
            "sample": settings.sample,
            "is_background": settings.events == "background",
            "kappa_lambda": np.nan if settings.kappa_lambda is None else settings.kappa_lambda,
            "lacking": to_json(missing),
        }
        if settings.n_generated is not None:
            attributes["n_generated"] = settings.n_generated
            attributes["sum_weights_generated"] = float(settings.n_generated)
        options = settings.model_dump(mode="json", exclude={"seed"})
        if testing is not None:
            options["part"] = "by file"
        seed = settings.seed if options["part"] == "split" else None
        provenance = Provenance("datasets import", options, seed, {"n_events": number})
        writer.set_attributes(provenance, **attributes)
    log.info("wrote %s: %d events; not in such files: %s", output, number, ", ".join(missing))
    return number


def _append(
    writer: TableWriter, path: Path, names: list[str], numbers: Table, settings: ImportSettings
) -> None:
    """Append the chosen events of one file."""
    before = writer.rows
    drawn = _draws(path, settings)
    first = 0
    for block in blocks(path, names, more=numbers):
        last = first + len(block["INPUTS/Source/MASK"])
        columns = _chosen(block, settings, drawn[first:last])
        first = last
        if len(columns["HH4B/weight"]):
            writer.append(columns)
    if writer.rows == before:
        raise ContractError(
            f"{path}: no event with events = {settings.events!r}"
            f" and kappa_lambda = {settings.kappa_lambda}; look with `hh4b datasets describe`"
        )


def _draws(path: Path, settings: ImportSettings) -> NDArray[np.float64]:
    """Return a random number for every row of the file, so that the choice changes no label.

    Rows of one shower event share that of the first of them.
    """
    ids = shower_events(path)
    drawn = stream(settings.seed, str(settings.sample), "import", "split").random(len(ids))
    _, first = np.unique(ids, return_index=True)
    return np.asarray(drawn[first[ids]])


def _chosen(
    block: dict[str, NDArray[Any]], settings: ImportSettings, drawn: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    signal = block["CLASSIFICATIONS/EVENT/signal"] == 1
    kappa = block["INPUTS/Kappa/kappa"].astype(np.float32)
    chosen = {"signal": signal, "background": ~signal, "all": np.ones_like(signal)}[settings.events]
    if settings.kappa_lambda is not None:
        chosen = chosen & same_kappa(kappa, settings.kappa_lambda)
    number = int(chosen.sum())
    columns = {name: values[chosen] for name, values in block.items()}
    columns.setdefault("HH4B/weight", np.ones(number))
    of_signal = np.where(signal[chosen], kappa[chosen], np.float32(np.nan))
    columns.setdefault("HH4B/kappa_lambda", of_signal)
    is_training = drawn < settings.training_fraction
    if settings.part != "split":
        is_training[:] = settings.part == "training"
    columns["HH4B/split"] = np.where(is_training[chosen], 0, 1).astype(np.int8)
    return columns
