"""Pair the leading jet with the nearest one: what the code behind the note's min-dR numbers does.

The note's text defines min-dR as `hh4b.pairing.min_dr` does. Its code orders the two candidates of
a pairing by transverse momentum, but takes the distance in the pair that stood first before the
ordering, which always holds the jet of largest pT (docs/note.md).
"""

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.pairing.jets import KeptJets

#: The other two jets where the leading one is paired with jet 1, 2 or 3.
_REST = np.array([[2, 3], [1, 3], [1, 2]])


def nearest_to_leading(jets: KeptJets) -> NDArray[np.int8]:
    """Pair the hardest of the four leading b-tagged jets with the nearest of the others.

    Args:
        jets: kept jets, in any order; what stands in padding is not read.

    Returns:
        Jet indices of shape (event, Higgs = 2, product = 2), the pair of the leading jet first; of
        equal distances the harder partner counts; -1 in events with fewer than four b-tagged jets.
    """
    result = np.full((len(jets.valid), 2, 2), -1, np.int8)
    rows, four = four_leading(jets)
    eta, phi = (
        np.take_along_axis(field[rows], four, axis=1).astype(np.float64)
        for field in (jets.eta, jets.phi)
    )
    distance = kinematics.delta_r(eta[:, :1], phi[:, :1], eta[:, 1:], phi[:, 1:])
    partner = np.argmin(distance, axis=1)
    places = np.column_stack([np.zeros_like(partner), partner + 1, _REST[partner]])
    result[rows] = np.take_along_axis(four, places, axis=1).reshape(-1, 2, 2)
    return result


def four_leading(jets: KeptJets) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the events that have four b-tagged jets, and the hardest four of each.

    Args:
        jets: kept jets, in any order; what stands in padding is not read.

    Returns:
        Rows of the events, shape (found event,), and jet indices in falling pT, shape
        (found event, 4); of equal pT the first counts.
    """
    if jets.valid.shape[1] < 4:
        return np.empty(0, np.int64), np.empty((0, 4), np.int64)
    tagged = jets.valid & (np.where(jets.valid, jets.btag, 0.0) > 0.5)
    rows = np.flatnonzero(tagged.sum(axis=1) >= 4)
    falling = np.argsort(-np.where(tagged, jets.pt, -np.inf)[rows], axis=1, kind="stable")
    return rows, falling[:, :4]
