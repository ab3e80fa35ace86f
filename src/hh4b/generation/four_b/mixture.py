"""Adaptive density on the phase space: a mixture of products of histograms, fitted by EM.

Each component is a product of nine one-dimensional histograms in the coordinates of `phase_space`,
and is used with eight assignments of the quarks to these coordinates (`ORDERS`), with equal shares:

    g(x) = sum_c alpha_c / 8 · sum_o prod_d h_cd(u_od(x)) · |du_o / dmu|.

The fit maximises the integral of F ln g over weighted points: every point counts in every component
with its share of g (expectation), shares and histograms follow (maximisation). Compared
with channels that adapt each on its own, the components divide the correlations among themselves.
Components with even index pair opposite charges (where the gluon splitting peaks are), those with
odd index pair equal charges: the coordinates of a pair are singular where its pT sum vanishes, and
the two kinds are so in different places.
"""

from dataclasses import dataclass

import numpy as np

from hh4b.generation.four_b.phase_space import N_COORDINATES, locate, place
from hh4b.generation.four_b.spinors import Real, compiled

#: Quarks (0 b, 1 b~, 2 b, 3 b~) in the places 1 to 4 of the coordinates: first pairs of opposite
#: charge, then pairs of the same charge.
ORDERS = np.array(
    [
        [
            [0, 1, 2, 3], [2, 3, 0, 1], [0, 3, 2, 1], [2, 1, 0, 3],
            [1, 0, 3, 2], [3, 2, 1, 0], [3, 0, 1, 2], [1, 2, 3, 0],
        ],
        [
            [0, 2, 1, 3], [2, 0, 1, 3], [0, 2, 3, 1], [2, 0, 3, 1],
            [1, 3, 0, 2], [3, 1, 0, 2], [1, 3, 2, 0], [3, 1, 2, 0],
        ],
    ]
)  # fmt: skip
N_ORDERS = 8
N_KINDS = 2
N_RANDOM = N_COORDINATES + 3


@dataclass(frozen=True)
class Mixture:
    """Shares and histograms.

    Attributes:
        shares: of the components, sum 1, shape (C,).
        grids: densities in u, mean 1 along the last axis, shape (C, 9, bins).
    """

    shares: Real
    grids: Real

    @classmethod
    def start(cls, n_components: int, n_bins: int, rng: np.random.Generator) -> "Mixture":
        """Return components that are tilted at random, so that the fit can tell them apart."""
        centre = (np.arange(n_bins) + 0.5) / n_bins - 0.5
        tilt = rng.normal(scale=1.0, size=(n_components, N_COORDINATES, 1))
        grids = np.exp(tilt * centre)
        return cls(
            np.full(n_components, 1.0 / n_components), grids / grids.mean(axis=2, keepdims=True)
        )

    def updated(self, histograms: Real, *, uniform: float = 0.05) -> "Mixture":
        """Return the mixture that follows from weighted histograms of shape (C, 9, bins).

        Args:
            histograms: sums of weights times shares, by component, coordinate and bin.
            uniform: part of every density that stays flat, so that no region is ever lost.
        """
        total = histograms[:, 0].sum(axis=1)
        shares = np.maximum(total / total.sum(), 1e-3)
        smooth = histograms.copy()
        smooth[..., 1:-1] = (
            0.25 * histograms[..., :-2] + 0.5 * histograms[..., 1:-1] + 0.25 * histograms[..., 2:]
        )
        smooth[..., 0] = 0.75 * histograms[..., 0] + 0.25 * histograms[..., 1]
        smooth[..., -1] = 0.75 * histograms[..., -1] + 0.25 * histograms[..., -2]
        mean = smooth.mean(axis=2, keepdims=True)
        grids = np.where(mean > 0.0, smooth / np.where(mean > 0.0, mean, 1.0), 1.0)
        return Mixture(shares / shares.sum(), (1.0 - uniform) * grids + uniform)


@compiled
def density(
    pt: Real, eta: Real, phi: Real, cuts: Real, shares: Real, grids: Real, u: Real, parts: Real
) -> float:
    """Return g per d mu; fill coordinates ``u[2, 8, 9]`` and contributions ``parts[8, C]``."""
    n_bins = grids.shape[2]
    total = 0.0
    bins = np.empty(N_COORDINATES, np.int64)
    for kind in range(min(N_KINDS, shares.shape[0])):
        for o in range(N_ORDERS):
            here = u[kind, o]
            jacobian = locate(pt, eta, phi, ORDERS[kind, o], cuts[0], cuts[1], here)
            for d in range(N_COORDINATES):
                bins[d] = min(max(int(here[d] * n_bins), 0), n_bins - 1)
            for c in range(kind, shares.shape[0], N_KINDS):
                part = 0.0
                if jacobian > 0.0:
                    part = shares[c] / (N_ORDERS * jacobian)
                    for d in range(N_COORDINATES):
                        part *= grids[c, d, bins[d]]
                parts[o, c] = part
                total += part
    return total


@compiled
def sample(
    random: Real, cuts: Real, shares: Real, grids: Real, pt: Real, eta: Real, phi: Real
) -> None:
    """Place points: row n of ``random`` (N, 12) gives row n of pt, eta, phi (N, 4).

    Rows that fall outside the cuts get pt = 0.
    """
    n_bins = grids.shape[2]
    cumulative = np.empty(grids.shape)
    for c in range(grids.shape[0]):
        for d in range(N_COORDINATES):
            cumulative[c, d] = np.cumsum(grids[c, d]) / grids[c, d].sum()
    edges = np.cumsum(shares) / shares.sum()
    u = np.empty(N_COORDINATES)
    local = np.empty((3, 4))
    for n in range(random.shape[0]):
        c = min(np.searchsorted(edges, random[n, 9], side="right"), shares.shape[0] - 1)
        for d in range(N_COORDINATES):
            r = random[n, d]
            b = min(np.searchsorted(cumulative[c, d], r, side="right"), n_bins - 1)
            low = cumulative[c, d, b - 1] if b > 0 else 0.0
            u[d] = (b + (r - low) / (cumulative[c, d, b] - low)) / n_bins
        inside = place(u, cuts[0], cuts[1], local[0], local[1], local[2]) > 0.0
        order = ORDERS[c % N_KINDS, min(int(N_ORDERS * random[n, 10]), N_ORDERS - 1)]
        for i in range(4):
            pt[n, order[i]] = local[0, i] if inside else 0.0
            eta[n, order[i]] = local[1, i]
            phi[n, order[i]] = local[2, i] + 2.0 * np.pi * random[n, 11]


@compiled
def accumulate(
    pt: Real, eta: Real, phi: Real, weights: Real, cuts: Real, shares: Real, grids: Real,
    histograms: Real,
) -> None:  # fmt: skip
    """Add the expectation step of weighted points to ``histograms`` (C, 9, bins)."""
    n_bins = grids.shape[2]
    u = np.empty((N_KINDS, N_ORDERS, N_COORDINATES))
    parts = np.empty((N_ORDERS, shares.shape[0]))
    for n in range(pt.shape[0]):
        if weights[n] <= 0.0:
            continue
        g = density(pt[n], eta[n], phi[n], cuts, shares, grids, u, parts)
        for o in range(N_ORDERS):
            for c in range(shares.shape[0]):
                part = weights[n] * parts[o, c] / g
                if part > 0.0:
                    for d in range(N_COORDINATES):
                        b = min(max(int(u[c % N_KINDS, o, d] * n_bins), 0), n_bins - 1)
                        histograms[c, d, b] += part
