"""Kept jets of an event: acceptance, order in pT, padding."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.events.block import Collection
from hh4b.events.settings import IngestSettings


def keep_jets(jets: Collection, settings: IngestSettings) -> NDArray[np.int64]:
    """Find the jets of each event that are kept: inside acceptance, leading in pT.

    Args:
        jets: flat jets with PT [GeV] and Eta.
        settings: acceptance and number of jets.

    Returns:
        Rows of ``jets``, shape (event, max_jets), falling in pT (equal pT: file order); -1 = none.
    """
    result: NDArray[np.int64] = _leading(
        jets.offsets,
        jets["PT"],
        jets["Eta"],
        settings.jet_pt_min_gev,
        settings.jet_abs_eta_max,
        settings.max_jets,
    )
    return result


def padded(values: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Return ``values`` at ``rows``, 0 where the row is -1."""
    if not len(values):
        return np.zeros(rows.shape, values.dtype)
    result: NDArray[Any] = np.where(rows >= 0, values[rows], values.dtype.type(0))
    return result


@numba.njit(cache=True)
def _leading(offsets, pt, eta, pt_min, abs_eta_max, max_jets):  # type: ignore[no-untyped-def]
    """Insert the jets of each event into a list of fixed length, ordered in pT."""
    n_events = len(offsets) - 1
    rows = np.full((n_events, max_jets), -1, np.int64)
    for event in range(n_events):
        kept = 0
        for row in range(offsets[event], offsets[event + 1]):
            if not (pt[row] > pt_min and abs(eta[row]) < abs_eta_max):
                continue
            place = kept
            while place > 0 and pt[rows[event, place - 1]] < pt[row]:
                place -= 1
            if place == max_jets:
                continue
            for moved in range(min(kept, max_jets - 1), place, -1):
                rows[event, moved] = rows[event, moved - 1]
            rows[event, place] = row
            kept = min(kept + 1, max_jets)
    return rows
