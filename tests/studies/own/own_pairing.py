"""A pairing of the user: the leading four jets as the two candidates of the closest masses."""

import numpy as np

from hh4b.core.kinematics import FourVector, from_pt_eta_phi_mass, invariant_mass

WAYS = np.array([[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0, 3], [1, 2]]])


def closest_mass(jets, power=1.0):
    """Return jet indices of shape (event, Higgs, product)."""
    vectors = from_pt_eta_phi_mass(jets.pt, jets.eta, jets.phi, jets.mass)
    pairs = FourVector(*(part[:, WAYS].sum(axis=-1) for part in vectors))
    first, second = np.moveaxis(invariant_mass(pairs), -1, 0)
    return WAYS[np.argmin(np.abs(first**power - second**power), axis=1)]
