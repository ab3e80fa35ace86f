"""Pair jets by the smallest distance within the leading Higgs candidate, as ATLAS does."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.core.compiled import numba
from hh4b.pairing.jets import KeptJets


def pair_min_dr(
    pt: NDArray[np.floating],
    eta: NDArray[np.floating],
    phi: NDArray[np.floating],
    btag: NDArray[Any],
    valid: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """Pair the four leading b-tagged jets into two Higgs candidates.

    Of the three pairings the one is taken whose leading candidate, the one with the larger
    transverse momentum of the summed jets, has the smallest distance between its jets in
    (eta, phi): arXiv:1804.06174, with "leading" by the vector sum (docs/data.md). Of equal
    distances the first counts, in the order (01)(23), (02)(13), (03)(12) of falling pT.

    Args:
        pt: jet transverse momenta in GeV, shape (event, jet); any order.
        eta: pseudorapidities, same shape.
        phi: azimuths in rad, same shape.
        btag: true or above 0.5 = b-tagged, same shape.
        valid: True = real jet, same shape; what stands in padding is not read.

    Returns:
        Jet indices of shape (event, Higgs = 2, product = 2): the leading candidate first, in each
        the jet of larger pT first; -1 in events with fewer than four b-tagged jets.

    >>> row = np.array([[90.0, 80.0, 70.0, 60.0]])
    >>> phi = np.array([[0.0, 3.0, 0.5, 2.5]])
    >>> tagged = np.ones((1, 4), bool)
    >>> pair_min_dr(row, 0 * row, phi, tagged, tagged).tolist()
    [[[0, 2], [1, 3]]]
    """
    result: NDArray[np.int8] = _pair(pt, eta, phi, np.asarray(btag) > 0.5, valid)
    return result


def min_dr(jets: KeptJets) -> NDArray[np.int8]:
    """Pair by `pair_min_dr`, as the pairing method ``min_dr``."""
    return pair_min_dr(jets.pt, jets.eta, jets.phi, jets.btag, jets.valid)


_delta_phi: Any = numba.njit(cache=True)(kinematics.delta_phi)


@numba.njit(cache=True)
def _pair(pt, eta, phi, tagged, valid):  # type: ignore[no-untyped-def]
    n_events, n_jets = pt.shape
    result = np.full((n_events, 2, 2), -1, np.int8)
    four = np.empty(4, np.int64)
    px, py = np.empty(4), np.empty(4)
    for event in range(n_events):
        found = 0
        for jet in range(n_jets):
            if not (valid[event, jet] and tagged[event, jet]):
                continue
            place = found
            while place > 0 and pt[event, four[place - 1]] < pt[event, jet]:
                place -= 1
            if place == 4:
                continue
            for moved in range(min(found, 3), place, -1):
                four[moved] = four[moved - 1]
            four[place] = jet
            found = min(found + 1, 4)
        if found < 4:
            continue
        for k in range(4):
            angle, size = np.float64(phi[event, four[k]]), np.float64(pt[event, four[k]])
            px[k], py[k] = size * np.cos(angle), size * np.sin(angle)
        closest = np.inf
        for partner in range(1, 4):
            other = 1 if partner != 1 else 2
            last = 6 - partner - other
            first_pt2 = (px[0] + px[partner]) ** 2 + (py[0] + py[partner]) ** 2
            second_pt2 = (px[other] + px[last]) ** 2 + (py[other] + py[last]) ** 2
            if first_pt2 >= second_pt2:
                lead, lead_2, sub, sub_2 = 0, partner, other, last
            else:
                lead, lead_2, sub, sub_2 = other, last, 0, partner
            deta = np.float64(eta[event, four[lead]]) - np.float64(eta[event, four[lead_2]])
            dphi = _delta_phi(
                np.float64(phi[event, four[lead]]), np.float64(phi[event, four[lead_2]])
            )
            distance = deta * deta + dphi * dphi
            if distance < closest:
                closest = distance
                result[event, 0, 0], result[event, 0, 1] = four[lead], four[lead_2]
                result[event, 1, 0], result[event, 1, 1] = four[sub], four[sub_2]
    return result
