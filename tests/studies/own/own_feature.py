"""A feature of the user: the azimuth between the two Higgs candidates."""

from hh4b.core.kinematics import delta_phi


def delta_phi_hh(inputs):
    """Return one number an event."""
    return delta_phi(inputs.phi[0], inputs.phi[1])


delta_phi_hh.unit = "rad"
