"""Files of an import: a checkpoint of the reference implementation in, one of this project out."""

from pathlib import Path

from hh4b.core.files import Provenance
from hh4b.spanet import checkpoints, reference
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options


def import_to_file(checkpoint: Path, options: Path, event: Path, output: Path) -> None:
    """Turn a checkpoint of the reference implementation into one of this project.

    Args:
        checkpoint: Lightning checkpoint.
        options: JSON that it was trained with.
        event: YAML that it was trained with.
        output: checkpoint to write.

    Raises:
        InputFileError: if a file cannot be read.
        ConfigError: if the options or the event file are wrong.
        ContractError: if the weights do not belong to the options and the event file.
    """
    network, _ = reference.import_network(
        reference.read_state(checkpoint),
        Options.read(options),
        EventDescription.read(event),
        where=str(checkpoint),
    )
    made = Provenance("spanet import-checkpoint", network.configuration())
    checkpoints.save(output, checkpoints.Checkpoint(network), made)
