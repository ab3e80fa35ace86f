"""Generator truth: Higgs bosons, their b quarks, and the jets that these became."""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.kinematics import FourVector, add, delta_r, from_pt_eta_phi_mass, invariant_mass
from hh4b.events.block import Collection
from hh4b.events.record import HiggsPairs, ParticleLinks, find_in_record
from hh4b.events.settings import MATCHING_RADIUS

Rows = NDArray[np.int64]


def find_higgs_pairs(particles: Collection) -> HiggsPairs:
    """Follow both H from the hard process to their last b quarks.

    Copies are linked by the mother indices, so radiation between the copies, boosts by the shower
    and decays made by another program do not matter.

    Args:
        particles: flat generator particles with PID, Status, M1, M2, PT.
    """
    leaves = (particles[name] for name in ("PID", "Status", "M1", "M2", "PT"))
    return find_in_record(ParticleLinks(particles.offsets, *leaves))


def require_pairs(pairs: HiggsPairs, *, path: str, first_entry: int) -> None:
    """Check that every event has exactly two H.

    Raises:
        ContractError: naming the first entry that has not.
    """
    wrong = pairs.n_higgs != 2
    if wrong.any():
        event = int(np.argmax(wrong))
        raise ContractError(
            f"{path}: branch 'Particle.PID' has {pairs.n_higgs[event]} Higgs bosons in entry"
            f" {first_entry + event}, expected 2: a file from another process? (--background"
            " takes files without truth)"
        )


def match_jets(
    particles: Collection,
    quarks: Rows,
    jet_eta: NDArray[np.floating],
    jet_phi: NDArray[np.floating],
    valid: NDArray[np.bool_],
) -> tuple[Rows, NDArray[np.bool_]]:
    """Give each quark the jet nearest in (eta, phi) within `MATCHING_RADIUS`, one to one.

    The closest pair of all is taken first, then the closest of the quarks and jets left, and so on.

    Args:
        particles: flat generator particles with Eta and Phi [rad].
        quarks: rows of the quarks, shape (event, quark); -1 = none.
        jet_eta: shape (event, jet).
        jet_phi: shape (event, jet).
        valid: True = real jet, shape (event, jet).

    Returns:
        Jet index, -1 = lost, shape (event, quark); and whether any quark of the event has two jets
        within the radius, shape (event,).
    """
    n_events, n_quarks = quarks.shape
    n_jets = valid.shape[1]
    eta = particles["Eta"].astype(np.float64)[quarks]
    phi = particles["Phi"].astype(np.float64)[quarks]
    distance = delta_r(
        eta[:, :, None],
        phi[:, :, None],
        jet_eta.astype(np.float64)[:, None, :],
        jet_phi.astype(np.float64)[:, None, :],
    )
    allowed = valid[:, None, :] & (quarks >= 0)[:, :, None] & (distance < MATCHING_RADIUS)
    ambiguous = (allowed.sum(axis=2) > 1).any(axis=1)
    distance = np.where(allowed, distance, np.inf)
    matched = np.full((n_events, n_quarks), -1, np.int64)
    events = np.arange(n_events)
    for _ in range(n_quarks):
        best = distance.reshape(n_events, n_quarks * n_jets).argmin(axis=1)
        quark, jet = best // n_jets, best % n_jets
        found = np.isfinite(distance[events, quark, jet])
        matched[events[found], quark[found]] = jet[found]
        distance[events[found], quark[found], :] = np.inf
        distance[events[found], :, jet[found]] = np.inf
    return matched, ambiguous


def hard_process_kinematics(
    particles: Collection, pairs: HiggsPairs
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return m_hh in GeV and cos(theta*), shapes (event,).

    theta* is the angle between the first H of the record and the incoming partons in the frame of
    the pair: against the bisector of the one and the other, reversed, pointing to positive z (the
    beam axis where the pair has no transverse momentum; Collins and Soper, Phys. Rev. D 16 (1977)
    2219). Without two status-21 partons the beams stand for them.
    """
    first, second = (_momenta(particles, pairs.hard[:, index]) for index in (0, 1))
    total = add(first, second)
    higgs = _unit(_boosted(first, total))
    axis = np.zeros((len(pairs.hard), 3))
    for index, side in ((0, 1.0), (1, -1.0)):
        axis += side * _unit(_boosted(_incoming(particles, pairs.incoming[:, index], side), total))
    axis *= np.where(axis[:, 2:] < 0, -1.0, 1.0)
    cosine = np.clip((higgs * _unit(axis)).sum(axis=1), -1.0, 1.0)
    return np.asarray(invariant_mass(total), np.float64), np.asarray(cosine, np.float64)


def _momenta(particles: Collection, rows: Rows) -> FourVector:
    leaves = (particles[name][rows].astype(np.float64) for name in ("PT", "Eta", "Phi", "Mass"))
    return from_pt_eta_phi_mass(*leaves)


def _incoming(particles: Collection, rows: Rows, side: float) -> FourVector:
    """Return massless momenta along the incoming partons; only their direction counts."""
    pt = np.where(rows >= 0, particles["PT"][rows], 0.0)
    along = np.where(rows >= 0, np.sign(particles["Eta"][rows]), side)
    # Delphes writes |eta| = 999.9 for a particle along the beam, whose sinh overflows.
    eta = np.where(pt > 0, particles["Eta"][rows], 0.0).astype(np.float64)
    phi = particles["Phi"][rows].astype(np.float64)
    px, py = pt * np.cos(phi), pt * np.sin(phi)
    pz = np.where(pt > 0, pt * np.sinh(eta), along)
    return FourVector(px, py, pz, np.sqrt(px * px + py * py + pz * pz))


def _boosted(vector: FourVector, frame: FourVector) -> NDArray[np.float64]:
    """Return the three-momentum of ``vector`` in the rest frame of ``frame``, shape (event, 3)."""
    mass = invariant_mass(frame)
    momentum = np.stack([vector.px, vector.py, vector.pz], axis=1)
    beam = np.stack([frame.px, frame.py, frame.pz], axis=1)
    product = (momentum * beam).sum(axis=1)
    factor = (product / (frame.energy + mass) - vector.energy) / mass
    result: NDArray[np.float64] = momentum + factor[:, None] * beam
    return result


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = vector / np.linalg.norm(vector, axis=1, keepdims=True)
    return result
