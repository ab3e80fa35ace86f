"""b-tags: those of the file, or own ones drawn from an efficiency by flavour."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.detector.settings import TagEfficiency
from hh4b.detector.tagging import tag_probabilities
from hh4b.events.block import Collection
from hh4b.events.settings import IngestSettings

#: Probability to be tagged by flavour, DL1r working point 77 % (ATL-PHYS-PUB-2020-009, and the
#: values of docs/physics.md): b, c, everything else.
DL1R_77 = {5: 0.77, 4: 0.204}
DL1R_77_LIGHT = 0.0077


def efficiency(flavor: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the probability that a jet of PDG flavour ``flavor`` is tagged.

    >>> efficiency(np.array([5, 4, 21])).tolist()
    [0.77, 0.204, 0.0077]
    """
    result = np.full(flavor.shape, DL1R_77_LIGHT)
    for number, value in DL1R_77.items():
        result[flavor == number] = value
    return result


def tag_jets(
    jets: Collection, settings: IngestSettings, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which jets are b-tagged, shape (jets,).

    Args:
        jets: flat jets with BTag, or with Flavor where own tags are wanted.
        settings: where tags come from, and the bit of ``BTag``.
        rng: stream of the file; takes one number a jet in file order, so that tags do not depend on
            how many events are read at once.
    """
    if settings.tags == "file":
        tagged: NDArray[np.bool_] = (jets["BTag"].astype(np.int64) >> settings.b_tag_bit) & 1 == 1
        return tagged
    flavor = jets["Flavor"].astype(np.int64)
    drawn: NDArray[np.bool_] = rng.random(len(flavor)) < efficiency(np.abs(flavor))
    return drawn


def tag_efficiencies(
    columns: Mapping[str, NDArray[Any]], settings: IngestSettings, of_file: TagEfficiency | None
) -> NDArray[np.float32] | None:
    """Return the probability of each kept jet to be tagged, shape (event, jet); 0 = no jet.

    Args:
        columns: jets of a dataset, with their flavour.
        settings: where tags come from.
        of_file: efficiencies behind the tags of the file, as far as it states them.

    Returns:
        None where flavours or efficiencies are not known.
    """
    if "HH4B/jet_flavor" not in columns or (settings.tags == "file" and of_file is None):
        return None
    flavor = np.abs(columns["HH4B/jet_flavor"].astype(np.int32))
    if settings.tags == "file" and of_file is not None:
        pt, eta = (columns[f"INPUTS/Source/{name}"].astype(np.float64) for name in ("pt", "eta"))
        # Padding has no pT, which an expression may divide by.
        pt = np.where(columns["INPUTS/Source/MASK"], pt, 1.0)
        found = tag_probabilities(of_file, pt, eta, flavor)
    else:
        found = efficiency(flavor)
    return np.where(columns["INPUTS/Source/MASK"], found, 0.0).astype(np.float32)
