"""High-level observables of paired events: the inputs of every classifier but SPANet2.

A feature is one entry of the table `OWN`, or a function of the user: of `FeatureInputs`, returning
one number for each paired event.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.core.errors import ConfigError, ContractError, Hh4bError
from hh4b.core.kinematics import FourVector
from hh4b.core.plugins import find_plugin, require_parameters
from hh4b.pairing.jets import KeptJets
from hh4b.selection.candidates import Candidates, build_candidates
from hh4b.selection.settings import FeatureSettings

Values = NDArray[Any]


class EventObservables(NamedTuple):
    """Observables of shape (event,) that need no pairing; ``met`` in GeV, ``met_phi`` in rad."""

    met: Values
    met_phi: Values
    n_electrons: Values
    n_muons: Values


EVENT_COLUMNS: tuple[str, ...] = EventObservables._fields


@dataclass(frozen=True)
class FeatureInputs:
    """What features are computed from; only events that have a pairing.

    Attributes:
        candidates: the two Higgs candidates, that of larger pT first.
        all_jets: kept jets of all events, with and without a pairing.
        all_pairings: jet indices of all events, shape (all events, Higgs, product).
        all_events: observables of all events, or None where the dataset has none.
    """

    candidates: Candidates
    all_jets: KeptJets
    all_pairings: Values
    all_events: EventObservables | None = None

    @cached_property
    def jets(self) -> KeptJets:
        """Return the kept jets, each field of shape (event, jet)."""
        return self.all_jets.take(self.candidates.rows)

    @cached_property
    def pairing(self) -> Values:
        """Return the jet indices of the candidates as paired, shape (event, Higgs, product)."""
        return self.all_pairings[self.candidates.rows]

    @cached_property
    def event(self) -> EventObservables:
        """Return the observables that need no pairing, each of shape (event,)."""
        if self.all_events is None:
            raise ContractError(
                "event observables are left out; the feature must say it needs them"
            )
        return EventObservables(*(field[self.candidates.rows] for field in self.all_events))

    @cached_property
    def eta(self) -> Values:
        """Return the pseudorapidities of the candidates, shape (Higgs, event)."""
        return kinematics.pseudorapidity(self.candidates.vectors)

    @cached_property
    def phi(self) -> Values:
        """Return the azimuths of the candidates in rad, shape (Higgs, event)."""
        return kinematics.azimuth(self.candidates.vectors)

    @cached_property
    def mass(self) -> Values:
        """Return the masses of the candidates in GeV, shape (Higgs, event)."""
        return kinematics.invariant_mass(self.candidates.vectors)

    @cached_property
    def pair(self) -> FourVector:
        """Return the sum of the two candidates, components of shape (event,) in GeV."""
        return FourVector(*(part[0] + part[1] for part in self.candidates.vectors))


@dataclass(frozen=True)
class FeatureColumn:
    """A column of a feature file.

    Attributes:
        name: of the column.
        unit: unit, or ``"1"``.
        compute: function of `FeatureInputs`, returning finite numbers of shape (event,).
        needs: the event observables that must be in the dataset, of `EVENT_COLUMNS`.
    """

    name: str
    unit: str
    compute: Callable[[FeatureInputs], Values]
    needs: tuple[str, ...] = ()


def feature(
    unit: str = "1", *, needs: Sequence[str] = ()
) -> Callable[[Callable[[FeatureInputs], Values]], FeatureColumn]:
    """Make a feature of a function; the column gets its name.

    >>> @feature(unit="GeV")
    ... def mass_sum(inputs):
    ...     return inputs.mass.sum(axis=0)
    >>> (mass_sum.name, mass_sum.unit)
    ('mass_sum', 'GeV')
    """
    return lambda function: FeatureColumn(function.__name__, unit, function, tuple(needs))


def _of_candidate(name: str, number: int) -> tuple[FeatureColumn, ...]:
    def pt(inputs: FeatureInputs) -> Values:
        return np.asarray(inputs.candidates.pt[number])

    def eta(inputs: FeatureInputs) -> Values:
        return np.asarray(inputs.eta[number])

    def phi(inputs: FeatureInputs) -> Values:
        return np.asarray(inputs.phi[number])

    def mass(inputs: FeatureInputs) -> Values:
        return np.asarray(inputs.mass[number])

    return (
        FeatureColumn(f"{name}_pt", "GeV", pt),
        FeatureColumn(f"{name}_eta", "1", eta),
        FeatureColumn(f"{name}_phi", "rad", phi),
        FeatureColumn(f"{name}_mass", "GeV", mass),
    )


#: The features of the package in the order of their columns (docs/architecture.md).
_TABLE: tuple[FeatureColumn, ...] = (
    *_of_candidate("h1", 0),
    *_of_candidate("h2", 1),
    FeatureColumn("h1_delta_r", "1", lambda x: x.candidates.delta_r[0]),
    FeatureColumn("h2_delta_r", "1", lambda x: x.candidates.delta_r[1]),
    FeatureColumn("met", "GeV", lambda x: x.event.met, ("met",)),
    FeatureColumn("met_phi", "rad", lambda x: x.event.met_phi, ("met_phi",)),
    FeatureColumn("n_electrons", "1", lambda x: x.event.n_electrons, ("n_electrons",)),
    FeatureColumn("n_muons", "1", lambda x: x.event.n_muons, ("n_muons",)),
    FeatureColumn("h1_b1_btag", "1", lambda x: x.candidates.btag[0, 0]),
    FeatureColumn("h1_b2_btag", "1", lambda x: x.candidates.btag[0, 1]),
    FeatureColumn("h2_b1_btag", "1", lambda x: x.candidates.btag[1, 0]),
    FeatureColumn("h2_b2_btag", "1", lambda x: x.candidates.btag[1, 1]),
    FeatureColumn("hh_pt", "GeV", lambda x: kinematics.transverse_momentum(x.pair)),
    FeatureColumn("hh_mass", "GeV", lambda x: kinematics.invariant_mass(x.pair)),
)
OWN: dict[str, FeatureColumn] = {entry.name: entry for entry in _TABLE}
COLUMNS: tuple[str, ...] = tuple(OWN)
JET_COLUMNS: tuple[str, ...] = tuple(name for name, entry in OWN.items() if not entry.needs)


def find_features(settings: FeatureSettings) -> tuple[FeatureColumn, ...]:
    """Return the features of a file in order: those of the package, then the extra ones.

    Raises:
        ConfigError: if an extra one does not exist, has the name of another, or needs event
            observables that are left out.
    """
    own = [entry for entry in _TABLE if settings.event_observables or not entry.needs]
    found = {entry.name: entry for entry in own}
    for reference in settings.extra:
        entry = _as_feature(reference, find_plugin("feature", reference, OWN))
        unknown = sorted(set(entry.needs) - set(EVENT_COLUMNS))
        if unknown:
            raise ConfigError(
                f"feature {reference!r} needs {unknown[0]!r}; expected some of {EVENT_COLUMNS}"
            )
        if entry.needs and not settings.event_observables:
            raise ConfigError(
                f"feature {reference!r} needs {entry.needs[0]!r}, but event_observables is false"
            )
        if entry.name in found:
            raise ConfigError(f"feature {reference!r}: there is a column {entry.name!r} already")
        found[entry.name] = entry
    return tuple(found.values())


def _as_feature(reference: str, found: Any) -> FeatureColumn:
    """Take a `FeatureColumn`, or a function with the attributes ``unit`` and ``needs``."""
    if isinstance(found, FeatureColumn):
        return found
    require_parameters("feature", reference, found, ["inputs"])
    name = getattr(found, "__name__", reference)
    return FeatureColumn(
        name, getattr(found, "unit", "1"), found, tuple(getattr(found, "needs", ()))
    )


def compute_features(
    jets: KeptJets,
    pairing: Values,
    event: EventObservables | None,
    *,
    features: Sequence[FeatureColumn] | None = None,
    first_row: int = 0,
) -> NDArray[np.float32]:
    """Return the feature columns of every event.

    Args:
        jets: kept jets.
        pairing: jet indices of shape (event, 2, 2), -1 = no pairing.
        event: observables without pairing, or None to leave their columns out.
        features: columns, see `find_features`; default: `COLUMNS`, or `JET_COLUMNS` without
            ``event``.
        first_row: number of the first event, for messages.

    Returns:
        Shape (event, F); a row of NaN where there is no pairing. H1 is the candidate with the
        larger pT.

    Raises:
        ContractError: see `build_candidates`; if a feature is not what it should be.
    """
    if features is None:
        features = find_features(FeatureSettings(event_observables=event is not None, extra=[]))
    candidates = build_candidates(jets, pairing, first_row=first_row)
    inputs = FeatureInputs(candidates, jets, pairing, event)
    rows = candidates.rows
    table = np.full((len(pairing), len(features)), np.nan, dtype=np.float32)
    columns = [_checked(entry, inputs, first_row) for entry in features]
    if len(rows) == len(pairing):
        for number, column in enumerate(columns):
            table[:, number] = column
    else:
        table[rows] = np.stack(columns, axis=1)
    return table


def _checked(entry: FeatureColumn, inputs: FeatureInputs, first_row: int) -> Values:
    """Compute a feature and check what it returns."""
    try:
        values = np.asarray(entry.compute(inputs))
    except Hh4bError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ContractError(f"feature {entry.name!r}: {type(error).__name__}: {reason}") from error
    rows = inputs.candidates.rows
    if values.shape != rows.shape or values.dtype.kind not in "biuf":
        raise ContractError(
            f"feature {entry.name!r} returns {values.dtype} of shape {values.shape}; expected one"
            f" number for each paired event, shape {rows.shape}"
        )
    finite = np.isfinite(values)
    if not finite.all():
        event = int(np.argmin(finite))
        raise ContractError(
            f"feature {entry.name!r} is {values[event]} in event {first_row + rows[event]};"
            " expected finite numbers"
        )
    return values
