"""Small likelihoods with two minima, for tests of pseudo-experiments."""

import numpy as np

from hh4b.likelihood.model import (
    SIGNAL,
    Channel,
    LikelihoodModel,
    NormEffect,
    Parameter,
    ShapeEffect,
)

EDGES = (200.0, 300.0, 400.0, 500.0, 700.0, 1000.0)
#: Shape of the components: large kappa_lambda is soft, kappa_lambda = 0 hard.
SHAPES = np.array(
    [
        [0.08, 0.27, 0.30, 0.24, 0.11],
        [0.18, 0.32, 0.27, 0.16, 0.07],
        [0.34, 0.33, 0.18, 0.11, 0.04],
    ]
)
TOTALS = np.array([70.4, -50.4, 11.1])


def small_model(*, luminosity=139.0, nuisances=True, same_shape=False):
    """One channel; with nuisances: a free background, its slope, signal size, energy scale."""
    scale = luminosity / 139
    shapes = SHAPES[:1].repeat(3, axis=0) if same_shape else SHAPES
    signal = scale * 6.4 * TOTALS[:, None] * shapes
    background = scale * 1e4 * np.array([0.30, 0.38, 0.19, 0.10, 0.03])
    if not nuisances:
        return LikelihoodModel((Channel("all", EDGES),), signal, {"four_b": background})
    slope = 1 + 0.01 * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    return LikelihoodModel(
        channels=(Channel("all", EDGES),),
        signal=signal,
        backgrounds={"four_b": background},
        parameters=(
            Parameter("norm_four_b", "none", "background_norm"),
            Parameter("slope", "gaussian", "background_shape"),
            Parameter("signal_size", "gaussian", "theory"),
        ),
        norms=(
            NormEffect("norm_four_b", "four_b", {"all": 1.1}, {"all": 0.9}),
            NormEffect("signal_size", SIGNAL, {"all": 1.1}, {"all": 1 / 1.1}),
        ),
        shapes=(ShapeEffect("slope", "four_b", background * slope, background / slope),),
    )
