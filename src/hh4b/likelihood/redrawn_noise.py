"""What is left to throw of auxiliary data where the templates are redrawn.

The centre of a nuisance scatters with its whole uncertainty. That of a nuisance of the simulated
events scatters because the templates do; where these are redrawn, its centre must not scatter once
more. Nuisances of shares and tilts hold both, errors of simulated events and of the simulation, in
squares: the second part is left.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hh4b.likelihood.build import TILTS, free_backgrounds
from hh4b.likelihood.category_templates import CategoryTemplates
from hh4b.likelihood.model import LikelihoodModel
from hh4b.likelihood.settings import BackgroundModel

Floats = NDArray[np.float64]


def noise_beside_redrawing(
    model: LikelihoodModel, templates: CategoryTemplates, settings: BackgroundModel
) -> Floats:
    """Return K, shape (P, P): auxiliary data are alpha + K z, z of unit Gaussians.

    Args:
        model: of the templates.
        templates: nominal ones.
        settings: that the model was made with.
    """
    noise = np.diag([float(one.constraint == "gaussian") for one in model.parameters])
    place = {one.name: number for number, one in enumerate(model.parameters)}
    several = len(templates.backgrounds) > 1
    free = free_backgrounds(settings, model.backgrounds)
    for process, background in templates.backgrounds.items():
        suffix = f"_{process}" if several else ""
        for number in range(1, len(background.monte_carlo) + 1):
            _set(noise, place, [f"shape_mc_{number}{suffix}"], np.zeros((1, 1)))
        for category, channel in enumerate(templates.channels):
            if process in free:
                error = background.share_error[category]
                left = settings.transfer_norm / np.hypot(error, settings.transfer_norm)
                name = f"transfer_{channel.name}{suffix}"
                _set(noise, place, [name], np.array([[left]]))
            covariance = background.tilt_covariance[category].copy()
            covariance[0, 0] += settings.transfer_tilt**2
            # Only the first power has an uncertainty beside that of the simulated events.
            along = np.linalg.inv(np.linalg.cholesky(covariance))[:, :1] * settings.transfer_tilt
            names = [f"{one}_{channel.name}{suffix}" for one in TILTS[: len(covariance)]]
            _set(noise, place, names, np.pad(along, ((0, 0), (0, len(covariance) - 1))))
    return noise


def _set(noise: Floats, place: Mapping[str, int], names: list[str], block: Floats) -> None:
    """Set the noise of parameters, if the model has them."""
    if all(name in place for name in names):
        rows = [place[name] for name in names]
        noise[np.ix_(rows, rows)] = block
