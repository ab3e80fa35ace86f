"""High-level observables of paired events: the inputs of every classifier but SPANet2."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.core.errors import ContractError

#: Columns in order, with their units (docs/architecture.md).
UNITS: dict[str, str] = {
    "h1_pt": "GeV", "h1_eta": "1", "h1_phi": "rad", "h1_mass": "GeV",
    "h2_pt": "GeV", "h2_eta": "1", "h2_phi": "rad", "h2_mass": "GeV",
    "h1_delta_r": "1", "h2_delta_r": "1",
    "met": "GeV", "met_phi": "rad", "n_electrons": "1", "n_muons": "1",
    "h1_b1_btag": "1", "h1_b2_btag": "1", "h2_b1_btag": "1", "h2_b2_btag": "1",
    "hh_pt": "GeV", "hh_mass": "GeV",
}  # fmt: skip
COLUMNS: tuple[str, ...] = tuple(UNITS)
EVENT_COLUMNS: tuple[str, ...] = ("met", "met_phi", "n_electrons", "n_muons")
JET_COLUMNS: tuple[str, ...] = tuple(name for name in COLUMNS if name not in EVENT_COLUMNS)


class Jets(NamedTuple):
    """Kept jets of a set of events, each field of shape (event, jet); GeV and rad.

    ``valid`` is True for real jets; whatever stands in the padding is never used.
    """

    valid: NDArray[np.bool_]
    pt: NDArray[Any]
    eta: NDArray[Any]
    phi: NDArray[Any]
    mass: NDArray[Any]
    btag: NDArray[Any]


class EventObservables(NamedTuple):
    """Observables of shape (event,) that need no pairing; ``met`` in GeV, ``met_phi`` in rad."""

    met: NDArray[Any]
    met_phi: NDArray[Any]
    n_electrons: NDArray[Any]
    n_muons: NDArray[Any]


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


def build_candidates(jets: Jets, pairing: NDArray[Any], *, first_row: int = 0) -> Candidates:
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
    index = _checked_indices(jets, pairing, rows, first_row)
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


def compute_features(
    jets: Jets,
    pairing: NDArray[Any],
    event: EventObservables | None,
    *,
    first_row: int = 0,
) -> NDArray[np.float32]:
    """Return the feature columns of every event.

    Args:
        jets: kept jets.
        pairing: jet indices of shape (event, 2, 2), -1 = no pairing.
        event: observables without pairing, or None to leave their columns out.
        first_row: number of the first event, for messages.

    Returns:
        Shape (event, F): `COLUMNS`, or `JET_COLUMNS` without ``event``; a row of NaN where there
        is no pairing. H1 is the candidate with the larger pT.

    Raises:
        ContractError: see `build_candidates`.
    """
    candidates = build_candidates(jets, pairing, first_row=first_row)
    vectors, rows = candidates.vectors, candidates.rows
    pair = kinematics.FourVector(*(component[0] + component[1] for component in vectors))
    eta, phi = kinematics.pseudorapidity(vectors), kinematics.azimuth(vectors)
    mass = kinematics.invariant_mass(vectors)
    columns = [
        *(field[higgs] for higgs in (0, 1) for field in (candidates.pt, eta, phi, mass)),
        *candidates.delta_r,
        *(() if event is None else (field[rows] for field in event)),
        *candidates.btag.reshape(4, -1),
        kinematics.transverse_momentum(pair),
        kinematics.invariant_mass(pair),
    ]
    features = np.full((len(pairing), len(columns)), np.nan, dtype=np.float32)
    if len(rows) == len(pairing):
        for number, column in enumerate(columns):
            features[:, number] = column
    else:
        features[rows] = np.stack(columns, axis=1)
    return features


def _checked_indices(
    jets: Jets, pairing: NDArray[Any], rows: NDArray[np.int64], first_row: int
) -> NDArray[np.int64]:
    """Return flat positions of the paired jets, shape (Higgs, product, event)."""
    n_jets = jets.valid.shape[1]
    chosen = np.ascontiguousarray(pairing[rows].transpose(1, 2, 0)).astype(np.int64)
    beyond = (chosen >= n_jets).any(axis=(0, 1))
    if beyond.any():
        event = first_row + rows[np.argmax(beyond)]
        raise ContractError(
            f"pairing of event {event} names jet {chosen.max()} of {n_jets} kept jets;"
            " pair this dataset again"
        )
    flat = chosen + rows * n_jets
    flags = np.take(np.ravel(jets.valid), flat)
    one, two, three, four = chosen.reshape(4, -1)
    repeated = (one == two) | (one == three) | (one == four)
    repeated |= (two == three) | (two == four) | (three == four)
    bad = repeated | ~flags.all(axis=(0, 1))
    if bad.any():
        event = first_row + rows[np.argmax(bad)]
        raise ContractError(
            f"pairing of event {event} is {pairing[event - first_row].tolist()}: every jet must be"
            " a real jet and be used once; pair this dataset again"
        )
    return np.asarray(flat)


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
