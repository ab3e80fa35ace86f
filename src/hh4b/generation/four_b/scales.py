"""Central renormalisation and factorisation scales of pp -> b b~ b b~."""

from collections.abc import Callable

import numpy as np

from hh4b.generation.four_b.spinors import Real, compiled


def ht(momenta: Real, mass: float) -> Real:
    """Return the scalar sum of transverse masses, GeV, shape (N,)."""
    return np.asarray(_transverse_masses(momenta, mass).sum(axis=1))


def ht_half(momenta: Real, mass: float) -> Real:
    """Return half of the scalar sum of transverse masses."""
    return 0.5 * ht(momenta, mass)


def mean_mt(momenta: Real, mass: float) -> Real:
    """Return the geometric mean of the transverse masses."""
    return np.asarray(np.exp(np.log(_transverse_masses(momenta, mass)).mean(axis=1)))


def m4b_half(momenta: Real, mass: float) -> Real:
    """Return half of the invariant mass of the four quarks."""
    total = momenta.sum(axis=1)
    squared = total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(axis=1)
    return np.asarray(0.5 * np.sqrt(squared))


def kt_clustered(momenta: Real, mass: float) -> Real:
    """Return the geometric mean transverse mass of the 2 -> 2 system left by kT clustering.

    The least of min(pT²) · 2 (cosh dy - cos dphi) + m² over pairs that can come from one parton
    (not two b or two b~), and of mT² (emission off a beam), is clustered until two are left: the
    idea of MadGraph5_aMC@NLO's default scale, without its boosts after emissions off a beam.
    """
    result = np.empty(len(momenta))
    _cluster(np.ascontiguousarray(momenta), mass, result)
    return result


SCALES: dict[str, Callable[[Real, float], Real]] = {
    "ht_half": ht_half,
    "ht": ht,
    "mean_mt": mean_mt,
    "m4b_half": m4b_half,
    "kt_clustered": kt_clustered,
}


def _transverse_masses(momenta: Real, mass: float) -> Real:
    return np.sqrt(momenta[:, :, 1] ** 2 + momenta[:, :, 2] ** 2 + mass**2)


@compiled
def _transverse(p: Real) -> float:
    return float(max(p[0] * p[0] - p[3] * p[3], 0.0))


@compiled
def _pair_distance(p: Real, q: Real) -> float:
    least = min(p[1] ** 2 + p[2] ** 2, q[1] ** 2 + q[2] ** 2)
    cosh = (p[0] * q[0] - p[3] * q[3]) / np.sqrt(_transverse(p) * _transverse(q))
    size = np.sqrt((p[1] ** 2 + p[2] ** 2) * (q[1] ** 2 + q[2] ** 2))
    cosine = (p[1] * q[1] + p[2] * q[2]) / size
    heavier = max(_transverse(p) - p[1] ** 2 - p[2] ** 2, _transverse(q) - q[1] ** 2 - q[2] ** 2)
    return float(least * 2.0 * (cosh - cosine) + heavier)


@compiled
def _cluster(momenta: Real, mass: float, result: Real) -> None:
    p = np.empty((4, 4))
    charge = np.empty(4, np.int64)
    for n in range(momenta.shape[0]):
        p[:] = momenta[n]
        charge[0] = charge[2] = 1
        charge[1] = charge[3] = -1
        for size in (4, 3):
            best, first, second = np.inf, 0, -1
            for i in range(size):
                if _transverse(p[i]) < best:
                    best, first, second = _transverse(p[i]), i, -1
                for j in range(i + 1, size):
                    if abs(charge[i] + charge[j]) < 2:
                        distance = _pair_distance(p[i], p[j])
                        if distance < best:
                            best, first, second = distance, i, j
            last = size - 1
            if second < 0:
                p[first], charge[first] = p[last], charge[last]
            else:
                p[first] += p[second]
                charge[first] += charge[second]
                p[second], charge[second] = p[last], charge[last]
        result[n] = (_transverse(p[0]) * _transverse(p[1])) ** 0.25
