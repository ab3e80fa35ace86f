"""Pair the events of a dataset file by any method."""

import logging
from pathlib import Path

from hh4b.core.contracts import PAIRING, TableWriter, read_attributes
from hh4b.core.files import Provenance
from hh4b.events.dataset import blocks
from hh4b.pairing.jets import JET_FIELDS, KeptJets
from hh4b.pairing.methods import find_method, pair_jets
from hh4b.pairing.settings import PairSettings

log = logging.getLogger(__name__)


def pair_file(dataset: Path | str, output: Path | str, settings: PairSettings) -> int:
    """Pair all events of a dataset, in constant memory; return how many were paired.

    Args:
        dataset: file of contract `DATASET`.
        output: file of contract `PAIRING` to write.
        settings: method and its options.

    Raises:
        ConfigError: if there is no such method, or it does not know an option.
        InputFileError: if the dataset cannot be read.
        ContractError: if a column is missing or broken, or the method returns no pairing.
    """
    method = find_method(settings)
    paired = 0
    with TableWriter(output, PAIRING) as writer:
        for block in blocks(dataset, list(JET_FIELDS.values())):
            kept = KeptJets(**{field: block[name] for field, name in JET_FIELDS.items()})
            jets = pair_jets(method, kept, name=settings.method, first_row=writer.rows)
            writer.append({"jets": jets})
            paired += int((jets[:, 0, 0] >= 0).sum())
        counts = {"n_events": writer.rows, "n_paired": paired}
        sample = str(read_attributes(dataset).get("sample", ""))
        decided = {**settings.model_dump(), "sample": sample}
        provenance = Provenance("pair run", decided, counts=counts)
        writer.set_attributes(provenance, method=settings.method)
    log.info("%d of %d events paired, wrote %s", paired, counts["n_events"], output)
    return paired
