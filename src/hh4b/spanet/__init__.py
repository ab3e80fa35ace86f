"""SPANet2: symmetry-preserving attention network for assignment and classification."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hh4b.spanet.padded import PaddedNetwork


def load(path: Path | str) -> "PaddedNetwork":
    """Read a trained network as a torch module on padded tensors.

    ``module(jets, valid, kappa)`` takes for each input of the event file, in its order, the raw
    features of shape (event, vector, feature) and which vectors are real, shape (event, vector); an
    input of one vector an event is (event, feature). `PaddedNetwork.input_names` names them.

    Args:
        path: checkpoint, or folder of a training (its best checkpoint).

    Returns:
        The module on the CPU, in evaluation mode. Its ``network`` is the network that `hh4b spanet
        train` trains, which computes real vectors only.

    Raises:
        InputFileError: if there is no checkpoint of ours.
    """
    from hh4b.spanet.checkpoints import load as read
    from hh4b.spanet.padded import PaddedNetwork

    return PaddedNetwork(read(path).network).eval()
