"""A classifier of the user: which of the two classes' means is nearer."""

import numpy as np


class NearestMean:
    """Made by ``NearestMean(seed=…, **options)`` with the options of the configuration."""

    def __init__(self, seed, sharpness=1.0):
        self.sharpness = sharpness

    def fit(self, inputs, label, weight):
        self.means = [np.average(inputs[c], axis=0, weights=weight[c]) for c in (~label, label)]

    def probability(self, inputs):
        background, signal = (np.linalg.norm(inputs - mean, axis=1) for mean in self.means)
        return 1 / (1 + np.exp(-self.sharpness * (background - signal)))
