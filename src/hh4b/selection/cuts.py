"""The cut-based selection: what a classifier has to beat.

Cuts of the resolved analysis of ATLAS (arXiv:2301.03212): |Delta eta_HH|, top veto by X_Wt, signal
region by X_HH.
"""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.core.kinematics import FourVector
from hh4b.pairing.jets import KeptJets
from hh4b.selection.candidates import build_candidates
from hh4b.selection.settings import CutSettings

Values = NDArray[np.floating[Any]]
#: Cuts in the order in which they are applied.
CUT_NAMES: tuple[str, ...] = ("paired", "delta_eta_hh", "top_veto", "signal_region")


def passed_cuts(
    jets: KeptJets, pairing: NDArray[Any], settings: CutSettings, *, first_row: int = 0
) -> NDArray[np.bool_]:
    """Return which cuts each event passes, every cut by itself.

    Args:
        jets: kept jets.
        pairing: jet indices of shape (event, 2, 2), -1 = no pairing.
        settings: values of the cuts.
        first_row: number of the first event, for messages.

    Returns:
        Shape (event, 4), see `CUT_NAMES`; all False without a pairing.

    Raises:
        ContractError: if the pairing does not fit the jets.
    """
    candidates = build_candidates(jets, pairing, first_row=first_row)
    eta = kinematics.pseudorapidity(candidates.vectors)
    mass = kinematics.invariant_mass(candidates.vectors)
    rows = candidates.rows
    passed = np.zeros((len(pairing), len(CUT_NAMES)), dtype=bool)
    passed[rows, 0] = True
    passed[rows, 1] = np.abs(eta[0] - eta[1]) < settings.delta_eta_max
    passed[rows, 2] = smallest_x_wt(jets, pairing, rows, settings) >= settings.x_wt_min
    passed[rows, 3] = x_hh(mass[0], mass[1], settings) < settings.x_hh_max
    return passed


def x_hh(mass_1: Values, mass_2: Values, settings: CutSettings) -> Values:
    """Return the distance of two candidate masses [GeV] from the signal, in resolutions.

    X_HH^2 = ((m1 - 124)/(0.1 m1))^2 + ((m2 - 117)/(0.1 m2))^2.
    """
    width = settings.x_hh_relative_width
    leading, subleading = settings.x_hh_centre_gev
    return np.hypot(_pull(mass_1, leading, width), _pull(mass_2, subleading, width))


def smallest_x_wt(
    jets: KeptJets, pairing: NDArray[Any], rows: NDArray[np.int64], settings: CutSettings
) -> Values:
    """Return the smallest X_Wt over all hadronic top candidates of each paired event.

    A W candidate is any pair of kept jets; a top candidate adds one further jet, which must belong
    to a Higgs candidate. X_Wt^2 = ((m_W - 80.4)/(0.1 m_W))^2 + ((m_t - 172.5)/(0.1 m_t))^2.

    Args:
        jets: kept jets of all events.
        pairing: jet indices of shape (event, 2, 2).
        rows: the paired events.
        settings: masses and width.

    Returns:
        Shape (paired event,).
    """
    valid = jets.valid[rows].T
    # Padding may hold anything; ones keep the arithmetic quiet and the mask drops the result.
    pt, eta, phi, mass = (
        np.where(valid, field[rows].T, 1.0).astype(np.float64)
        for field in (jets.pt, jets.eta, jets.phi, jets.mass)
    )
    vectors = kinematics.from_pt_eta_phi_mass(pt, eta, phi, mass)
    higgs = pairing[rows].reshape(len(rows), 4).T.astype(np.int64)
    from_higgs = FourVector(*(np.take_along_axis(field, higgs, axis=0) for field in vectors))
    smallest = np.full(len(rows), np.inf)
    for one, two in combinations(range(len(valid)), 2):
        w_boson = FourVector(*(field[one] + field[two] for field in vectors))
        w_mass = kinematics.invariant_mass(w_boson)
        w_pull = _pull(w_mass, settings.w_mass_gev, settings.x_wt_relative_width)
        top = FourVector(*(w + jet for w, jet in zip(w_boson, from_higgs, strict=True)))
        top_mass = kinematics.invariant_mass(top)
        top_pull = _pull(top_mass, settings.top_mass_gev, settings.x_wt_relative_width)
        distance = np.where((higgs == one) | (higgs == two), np.inf, np.hypot(w_pull, top_pull))
        distance[:, ~(valid[one] & valid[two])] = np.inf
        np.minimum(smallest, distance.min(axis=0), out=smallest)
    return smallest


def _pull(mass: Values, centre: float, width: float) -> Values:
    """Return |m - centre| / (width m); infinite for a massless candidate."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.abs(mass - centre) / (width * mass))
