"""Pair jets so that the masses of the two candidates lie nearest to the line of two Higgs bosons.

ATLAS pairs so in its search with 36 fb^-1 (arXiv:1804.06174), after cuts on distances within the
candidates that are not made here. Its leading candidate is that of the larger scalar sum of
transverse momenta; here it is that of the larger vector sum, as everywhere in this package.
"""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.kinematics import FourVector, from_pt_eta_phi_mass, invariant_mass
from hh4b.core.kinematics import transverse_momentum as pt_of
from hh4b.pairing.jets import KeptJets
from hh4b.pairing.leading_jet import four_leading

#: Masses in GeV at which the leading and the sub-leading candidate of HH events peak, by ATLAS.
MASSES_GEV = (120.0, 110.0)
#: The three pairings of four jets.
_WAYS = np.array([[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0, 3], [1, 2]]])


def d_hh(jets: KeptJets, ratio: float = MASSES_GEV[0] / MASSES_GEV[1]) -> NDArray[np.int8]:
    """Pair the four leading b-tagged jets with the smallest distance D_HH.

    D_HH = |m_1 - ratio m_2| / sqrt(1 + ratio^2) is the distance of the masses of the leading and
    the sub-leading candidate from the line through the origin and the masses of two Higgs bosons.

    Args:
        jets: kept jets, in any order; what stands in padding is not read.
        ratio: m_1 / m_2 on the line.

    Returns:
        Jet indices of shape (event, Higgs = 2, product = 2): the leading candidate first, in each
        the jet of larger pT first; of equal distances the first of (01)(23), (02)(13), (03)(12) in
        falling pT counts; -1 in events with fewer than four b-tagged jets.
    """
    result = np.full((len(jets.valid), 2, 2), -1, np.int8)
    rows, four = four_leading(jets)
    if not len(rows):
        return result
    vectors = from_pt_eta_phi_mass(
        *(
            np.take_along_axis(field[rows], four, axis=1).astype(np.float64)
            for field in (jets.pt, jets.eta, jets.phi, jets.mass)
        )
    )
    # Fields of shape (event, pairing, candidate).
    candidates = FourVector(*(part[:, _WAYS].sum(axis=-1) for part in vectors))
    size, mass = pt_of(candidates), invariant_mass(candidates)
    swapped = size[..., 1] > size[..., 0]
    first, second = (np.where(swapped, mass[..., 1 - n], mass[..., n]) for n in (0, 1))
    best = np.argmin(np.abs(first - ratio * second), axis=1)
    ways = _WAYS[best]
    turned = np.take_along_axis(swapped, best[:, None], axis=1)[:, 0]
    ways[turned] = ways[turned][:, ::-1]
    result[rows] = np.take_along_axis(four, ways.reshape(-1, 4), axis=1).reshape(-1, 2, 2)
    return result
