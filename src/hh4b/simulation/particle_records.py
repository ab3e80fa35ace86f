"""What particle records of other generators allow: H decays, and weights in kappa_lambda."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.simulation.hepmc_event import HepmcEvent
from hh4b.simulation.particle_index import ParticleIndex

_BOTTOM, _GLUON, _PHOTON, _HIGGS = 5, 21, 22, 25
_BEAM, _INCOMING = 4, 21
_SAME_ENERGY = 1e-3


def require_energy(event: HepmcEvent, sqrt_s_tev: float, where: str) -> None:
    """Check the energy of the beams, if the event has them.

    Raises:
        ContractError: if it is another one.
    """
    beams = event.momenta[3][event.status == _BEAM]
    if len(beams) == 2 and abs(beams.sum() / (1e3 * sqrt_s_tev) - 1) > _SAME_ENERGY:
        raise ContractError(
            f"{where}: its beams have {beams.sum() / 1e3:g} TeV together, the sample is of"
            f" {sqrt_s_tev:g} TeV"
        )


def decays_to_bottom(event: HepmcEvent, where: str) -> bool:
    """Return whether both H of an event decay to b b~, photons and gluons aside.

    Raises:
        ContractError: if there are not two H, or one has not decayed.
    """
    last = last_higgs(event)
    if len(last) != 2:
        raise ContractError(
            f"{where} has {len(last)} H (PDG number 25), expected 2: events of another process?"
        )
    for row in last:
        if event.ends[row] < 0:
            raise ContractError(
                f"{where} has an H that has not decayed; let the shower program decay it to b b~"
            )
        products = event.pid[event.born == event.ends[row]]
        quarks = products[~np.isin(products, (_GLUON, _PHOTON))]
        if sorted(quarks.tolist()) != [-_BOTTOM, _BOTTOM]:
            return False
    return True


def last_higgs(event: HepmcEvent) -> NDArray[np.int64]:
    """Return the rows of H that do not go on as another copy of themselves."""
    higgs = np.flatnonzero(event.pid == _HIGGS)
    copies = event.born[higgs]
    return higgs[~np.isin(event.ends[higgs], copies[copies >= 0])]


def require_leading_order(event: HepmcEvent, where: str) -> None:
    """Check that the hard process is g g -> H H and nothing else.

    Raises:
        ContractError: if it is another one, or the record does not show it.
    """
    incoming = np.flatnonzero(event.status == _INCOMING)
    vertex = np.unique(event.ends[incoming])
    if len(incoming) != 2 or len(vertex) != 1 or vertex[0] < 0:
        raise ContractError(
            f"{where} does not show its hard process (two incoming partons of status 21, or a"
            " signal_process_vertex). Templates of a signal in kappa_lambda need it; give Les"
            " Houches files (source: lhe), or statistics.signal_method: interpolated with samples"
            " of three kappa_lambda or more"
        )
    products = event.pid[event.born == vertex[0]]
    if sorted(products.tolist()) != [_HIGGS, _HIGGS] or (event.pid[incoming] != _GLUON).any():
        entering, leaving = (sorted(map(int, one)) for one in (event.pid[incoming], products))
        raise ContractError(
            f"{where} is {entering} -> {leaving} (PDG numbers) and not g g -> H H. Weights in"
            " kappa_lambda are of that at leading order and nothing else, so that these events make"
            " no templates of a signal; give leading-order events, or write"
            " statistics.signal_method: interpolated and give samples of three kappa_lambda or more"
        )


def in_file(path: Path | str, event: int) -> str:
    """Return how messages name an event."""
    return f"{path}: event {event}"


def is_taken(event: HepmcEvent, index: ParticleIndex, where: str) -> bool:
    """Check an event, and return whether it belongs to the sample.

    Raises:
        ContractError: if it is not what the index asks for.
    """
    require_energy(event, index.sqrt_s_tev, where)
    if not index.higgs_pairs:
        return True
    if not decays_to_bottom(event, where):
        if index.only_bottom_decays:
            return False
        raise ContractError(
            f"{where} has an H that decays to something else than b b~; the study multiplies the"
            " cross section by the branching ratio to b b~ for each H: give such events, or leave"
            " the others out by only_bottom_decays: true (--only-bottom-decays)"
        )
    if index.leading_order:
        require_leading_order(event, where)
    return True
