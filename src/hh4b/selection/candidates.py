"""The two Higgs candidates of paired events."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.core.errors import ContractError
from hh4b.pairing.jets import KeptJets, flat_positions


class Candidates(NamedTuple):
    """The two Higgs candidates of paired events, the one with the larger pT first.

    Attributes:
        vectors: four-momenta, each component of shape (Higgs, event), GeV.
        pt: transverse momenta of shape (Higgs, event), GeV.
        delta_r: distance of the two jets of a candidate, shape (Higgs, event).
        btag: flags of the jets, shape (Higgs, product, event), the harder jet first.
        rows: the events that have a pairing, shape (event,): positions in the input.
    """

    vectors: kinematics.FourVector
    pt: NDArray[np.float64]
    delta_r: NDArray[np.float64]
    btag: NDArray[np.float64]
    rows: NDArray[np.int64]


def build_candidates(jets: KeptJets, pairing: NDArray[Any], *, first_row: int = 0) -> Candidates:
    """Add up the jets of each Higgs candidate.

    The candidates are ordered by their own pT and the jets of a candidate by jet pT, whatever the
    order in ``pairing``: the result has the symmetries of the final state.

    Args:
        jets: kept jets.
        pairing: jet indices of shape (event, Higgs=2, product=2); events with any -1 are left out.
        first_row: number of the first event, for messages.

    Raises:
        ContractError: if a pairing names a jet that is not there, names one jet twice, or a jet
            has a value that is no number.
    """
    rows = np.flatnonzero((pairing >= 0).all(axis=(1, 2)))
    try:
        index = flat_positions(jets, pairing, rows, first_row)
    except ContractError as error:
        raise ContractError(f"{error}; pair this dataset again") from None
    pt, eta, phi, mass, btag = (
        np.take(np.ravel(field), index).astype(np.float64)
        for field in (jets.pt, jets.eta, jets.phi, jets.mass, jets.btag)
    )
    vectors = kinematics.from_pt_eta_phi_mass(pt, eta, phi, mass)
    pairs = kinematics.FourVector(*(component[:, 0] + component[:, 1] for component in vectors))
    _require_finite(pairs, btag, rows, first_row)
    delta_r = kinematics.delta_r(eta[:, 0], phi[:, 0], eta[:, 1], phi[:, 1])
    softer_first = (pt[:, 0] < pt[:, 1])[:, None]
    btag = np.where(softer_first, btag[:, ::-1], btag)
    pair_pt = kinematics.transverse_momentum(pairs)
    swap = pair_pt[0] < pair_pt[1]
    ordered = [np.where(swap, field[::-1], field) for field in (*pairs, pair_pt, delta_r, btag)]
    return Candidates(kinematics.FourVector(*ordered[:4]), ordered[4], ordered[5], ordered[6], rows)


def _require_finite(
    pairs: kinematics.FourVector, btag: NDArray[Any], rows: NDArray[np.int64], first_row: int
) -> None:
    """Refuse paired jets that are no numbers; energy, px and tag together show all of them."""
    broken = ~np.isfinite(pairs.energy + pairs.px).all(axis=0)
    broken |= ~np.isfinite(btag).all(axis=(0, 1))
    if broken.any():
        raise ContractError(
            f"event {first_row + rows[np.argmax(broken)]}: a paired jet has a pt, eta, phi, mass or"
            " btag that is no finite number; remove or repair the event upstream"
        )
