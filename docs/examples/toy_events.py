"""Small datasets from a seed, for the example beside this file: toys, no physics to learn from.

Two H bosons decay to two jets each without mass and without a detector but for a smearing of the
pT; background is the same with a broad spectrum of masses. The squared amplitude of gg -> HH is
the package's, so that reweighting in kappa_lambda works as with true events.
"""

from pathlib import Path

import numpy as np

from hh4b.core import kinematics
from hh4b.core.contracts import DATASET, write_table
from hh4b.core.files import Provenance
from hh4b.core.kinematics import FourVector
from hh4b.statistics import amplitude

HIGGS_MASS_GEV = 125.0
NAMES = ("h1/b1", "h1/b2", "h2/b1", "h2/b2")


def write_signal(path, kappa_lambda, n_events, seed):
    """Write events of gg -> HH -> 4b at one kappa_lambda; every third event is for testing."""
    rng = np.random.default_rng(seed)
    m_hh, cosine = _draw_pairs(kappa_lambda, n_events, rng)
    mass = np.full(n_events, HIGGS_MASS_GEV)
    jets = _jets_of_pairs(m_hh, cosine, mass, rng)
    truth = {"kappa_lambda": kappa_lambda, "m_hh_truth": m_hh, "cos_theta_star_truth": cosine}
    _write(path, jets, np.full(n_events, kappa_lambda), truth, 10 * n_events, rng)


def write_background(path, kappa_values, n_events, seed):
    """Write background, each event with a kappa input drawn from those of the signal."""
    rng = np.random.default_rng(seed)
    mass = rng.uniform(50, 200, n_events)
    m_pair = 2 * mass + 1 + rng.exponential(150, n_events)
    jets = _jets_of_pairs(m_pair, rng.uniform(-1, 1, n_events), mass, rng)
    kappa = rng.choice(kappa_values, n_events)
    _write(path, jets, kappa, {}, 1000 * n_events, rng)


def _draw_pairs(kappa_lambda, n_events, rng):
    """Return m_hh in GeV and cos theta*, by the squared amplitude times a falling luminosity."""
    m_hh, cosine = np.empty(0), np.empty(0)
    while len(m_hh) < n_events:
        mass = 251 + rng.exponential(90, 4 * n_events)
        angle = rng.uniform(-1, 1, len(mass))
        velocity = np.sqrt(1 - (2 * HIGGS_MASS_GEV / mass) ** 2)
        powers = np.array([1, kappa_lambda, kappa_lambda**2])
        density = velocity * (
            amplitude.polynomial(mass, angle, m_higgs_gev=HIGGS_MASS_GEV, m_top_gev=173.0) @ powers
        )
        keep = rng.random(len(mass)) * np.quantile(density, 0.999) < density
        m_hh, cosine = np.append(m_hh, mass[keep]), np.append(cosine, angle[keep])
    return m_hh[:n_events], cosine[:n_events]


def _jets_of_pairs(m_hh, cosine, mass, rng):
    """Return pt, eta, phi of shape (event, 4) of the jets of two bosons, one behind the other."""
    momentum = np.sqrt(m_hh**2 / 4 - mass**2)
    parents = _around(momentum, cosine, m_hh / 2, rng)
    forward = rng.normal(0, 0.7, len(m_hh))
    legs = []
    for sign in (1, -1):
        parent = FourVector(*(sign * part for part in parents[:3]), parents.energy)
        first = _around(mass / 2, rng.uniform(-1, 1, len(m_hh)), mass / 2, rng)
        for turn in (1, -1):
            leg = FourVector(*(turn * part for part in first[:3]), first.energy)
            legs.append(_boost(leg, parent, mass))
    pt, eta, phi = (
        np.stack([of(leg) for leg in legs], axis=1)
        for of in (kinematics.transverse_momentum, kinematics.pseudorapidity, kinematics.azimuth)
    )
    return pt * rng.normal(1, 0.12, pt.shape).clip(0.5), eta + forward[:, None], phi


def _around(momentum, cosine, energy, rng):
    """Return a four-vector with a given polar angle and any azimuth."""
    phi = rng.uniform(-np.pi, np.pi, len(momentum))
    across = momentum * np.sqrt(1 - cosine**2)
    return FourVector(across * np.cos(phi), across * np.sin(phi), momentum * cosine, energy)


def _boost(leg, parent, mass):
    """Take a four-vector from the rest frame of ``parent`` to where that moves."""
    product = leg.px * parent.px + leg.py * parent.py + leg.pz * parent.pz
    factor = (product / (parent.energy + mass) + leg.energy) / mass
    return FourVector(
        leg.px + factor * parent.px,
        leg.py + factor * parent.py,
        leg.pz + factor * parent.pz,
        (leg.energy * parent.energy + product) / mass,
    )


def _write(path, jets, kappa, truth, n_generated, rng):
    """Write a dataset with the jets of each event by falling pT, and where the quarks went."""
    n_events = len(kappa)
    order = np.argsort(-jets[0], axis=1)
    rank = np.argsort(order, axis=1)
    pt, eta, phi = (np.take_along_axis(part, order, axis=1) for part in jets)
    signal = bool(truth)
    arrays = {
        "INPUTS/Source/MASK": np.ones(pt.shape, dtype=bool),
        "INPUTS/Source/pt": pt,
        "INPUTS/Source/eta": eta,
        "INPUTS/Source/phi": phi,
        "INPUTS/Source/mass": 0.1 * pt,
        "INPUTS/Source/btag": np.ones(pt.shape),
        "INPUTS/Kappa/kappa": kappa,
        "CLASSIFICATIONS/EVENT/signal": np.full(n_events, int(signal)),
        "HH4B/weight": np.ones(n_events),
        "HH4B/kappa_draw": rng.random(n_events),
        "HH4B/split": (np.arange(n_events) % 3 == 0).astype(np.int8),
    }
    for number, name in enumerate(NAMES):
        arrays[f"TARGETS/{name}"] = rank[:, number] if signal else np.full(n_events, -1)
    for name in ("kappa_lambda", "m_hh_truth", "cos_theta_star_truth"):
        arrays[f"HH4B/{name}"] = np.broadcast_to(truth.get(name, np.nan), n_events)
    write_table(
        path, DATASET, arrays, Provenance("toy", {}),
        sample=Path(path).stem, n_generated=n_generated, sum_weights_generated=float(n_generated),
    )  # fmt: skip
