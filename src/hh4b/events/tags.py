"""b-tags: those of the file, or own ones drawn from an efficiency by flavour."""

import numpy as np
from numpy.typing import NDArray

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
