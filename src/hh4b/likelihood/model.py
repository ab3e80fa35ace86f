"""The likelihood as data: what is expected in each bin, and what moves it.

With kappa_lambda, a signal strength mu and the parameters alpha, a bin holds

    n_i = mu S_i(kappa_lambda, alpha) + sum_p B_pi(alpha),  S_i = sum_j kappa_lambda^j S_ji,

and each process is, as in HistFactory (CERN-OPEN-2012-016),

    (nominal_i + sum_k shift_ki(alpha_k)) prod_m factor_m(alpha_m).

A `ShapeEffect` shifts, a `NormEffect` multiplies. The components of the signal move by shifts that
are quadratic in kappa_lambda again. Bins of all channels stand in one row, channel after channel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError

Floats = NDArray[np.float64]
#: Name under which effects address the signal; backgrounds have the names of their processes.
SIGNAL = "signal"


@dataclass(frozen=True)
class Channel:
    """A category of events, fitted together with the others.

    Attributes:
        name: of the category.
        bin_edges_gev: edges in m_HH, shape (B_c + 1,).
        score_range: lower and upper score of its events, or None where it is not one.
    """

    name: str
    bin_edges_gev: tuple[float, ...]
    score_range: tuple[float, float] | None = None

    @property
    def n_bins(self) -> int:
        """Number of its bins."""
        return len(self.bin_edges_gev) - 1


@dataclass(frozen=True)
class Parameter:
    """A parameter of the likelihood beside kappa_lambda and mu.

    Attributes:
        name: of the parameter, unique.
        constraint: ``"gaussian"``: alpha with a unit Gaussian about its auxiliary value, 0 at
            first; ``"none"``: a free factor, 1 at first, not negative.
        group: of parameters that are quoted together (``"detector"``, ``"theory"``, ...).
    """

    name: str
    constraint: Literal["gaussian", "none"]
    group: str

    @property
    def nominal(self) -> float:
        """Value before any data are seen."""
        return 0.0 if self.constraint == "gaussian" else 1.0

    @property
    def bounds(self) -> tuple[float, float]:
        """Range of the value, as pyhf has it for ``normsys`` and ``normfactor``."""
        return (-5.0, 5.0) if self.constraint == "gaussian" else (0.0, 10.0)


@dataclass(frozen=True)
class NormEffect:
    """A factor on a process in some channels.

    A constrained parameter interpolates ``down``, 1, ``up`` as code 4 of HistFactory; a free one is
    the factor itself, and ``up`` and ``down`` are not used.

    Attributes:
        parameter: its name.
        process: `SIGNAL` or a background.
        up: factor at +1, by channel; channels that are missing are not moved.
        down: factor at -1, by channel.
    """

    parameter: str
    process: str
    up: Mapping[str, float]
    down: Mapping[str, float]


@dataclass(frozen=True)
class ShapeEffect:
    """A shift of a process, bin by bin, as code 4p of HistFactory.

    Attributes:
        parameter: its name, a constrained one.
        process: `SIGNAL` or a background.
        up: expected events at +1: (B,) of a background, (3, B) of the components of the signal.
        down: the same at -1.
    """

    parameter: str
    process: str
    up: Floats
    down: Floats


@dataclass(frozen=True)
class LikelihoodModel:
    """Expected events and everything that moves them, at one energy and luminosity.

    Attributes:
        channels: categories, in the order of the bins.
        signal: expected events of the components of kappa_lambda^0, ^1, ^2 at mu = 1, (3, B).
        backgrounds: expected events by process, (B,) each.
        parameters: all parameters beside kappa_lambda and mu.
        norms: factors.
        shapes: shifts.
        luminosity_ifb: integrated luminosity.
        sqrt_s_tev: energy of the cross sections.
        signal_process: its name, for labels.
        data: observed events, (B,); None = Asimov data.
    """

    channels: tuple[Channel, ...]
    signal: Floats
    backgrounds: Mapping[str, Floats]
    parameters: tuple[Parameter, ...] = ()
    norms: tuple[NormEffect, ...] = ()
    shapes: tuple[ShapeEffect, ...] = ()
    luminosity_ifb: float = 139.0
    sqrt_s_tev: float = 13.0
    signal_process: str = "hh"
    data: Floats | None = field(default=None)

    @property
    def n_bins(self) -> int:
        """Number of bins of all channels."""
        return sum(channel.n_bins for channel in self.channels)

    def bins_of(self, channel: str) -> slice:
        """Return the place of a channel's bins.

        Raises:
            ContractError: if there is no such channel.
        """
        first = 0
        for one in self.channels:
            if one.name == channel:
                return slice(first, first + one.n_bins)
            first += one.n_bins
        raise ContractError(f"no channel {channel!r} among {[one.name for one in self.channels]}")

    def check(self) -> None:
        """Refuse a model that means nothing.

        Raises:
            ContractError: naming the process, parameter or bin.
        """
        _check_names(self)
        _check_yields(self)
        _check_effects(self)

    def require_same(self, other: "LikelihoodModel", what: str) -> None:
        """Check that another model has the same channels, bins, parameters, energy and luminosity.

        Args:
            other: made of redrawn templates.
            what: it is called in an error.

        Raises:
            ContractError: if it has not.
        """
        first, second = (
            (
                [(one.name, one.bin_edges_gev) for one in model.channels],
                model.parameters,
                model.sqrt_s_tev,
                model.luminosity_ifb,
            )
            for model in (self, other)
        )
        if first != second:
            raise ContractError(
                f"{what} has other channels, bins, parameters, energy or luminosity than the model"
                " of the fit; make replicas of the same templates"
            )


def _check_names(model: LikelihoodModel) -> None:
    for what, names in (
        ("channel", [one.name for one in model.channels]),
        ("parameter", [one.name for one in model.parameters]),
    ):
        double = {name for name in names if names.count(name) > 1}
        if double:
            raise ContractError(f"{what} {sorted(double)[0]!r} stands twice")
    if not model.channels:
        raise ContractError("a likelihood needs at least one channel")


def _check_yields(model: LikelihoodModel) -> None:
    size = model.n_bins
    if model.signal.shape != (3, size):
        raise ContractError(f"signal has shape {model.signal.shape}, expected (3, {size})")
    for name, values in model.backgrounds.items():
        if values.shape != (size,):
            raise ContractError(f"{name} has shape {values.shape}, expected ({size},)")
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise ContractError(f"{name}: expected events must be finite and not negative")
    if not np.isfinite(model.signal).all():
        raise ContractError("signal: expected events must be finite")
    empty = sum(model.backgrounds.values(), np.zeros(size)) <= 0
    if empty.any():
        raise ContractError(
            f"bin {int(np.argmax(empty))} has no background; merge bins or generate more"
        )
    if model.data is not None and (
        model.data.shape != (size,) or not (np.isfinite(model.data) & (model.data >= 0)).all()
    ):
        raise ContractError(f"data must be {size} counts, finite and not negative")


def _check_effects(model: LikelihoodModel) -> None:
    known = {one.name: one for one in model.parameters}
    moved = set()
    effects: list[NormEffect | ShapeEffect] = [*model.norms, *model.shapes]
    for effect in effects:
        if effect.parameter not in known:
            raise ContractError(f"effect of an unknown parameter {effect.parameter!r}")
        if effect.process != SIGNAL and effect.process not in model.backgrounds:
            raise ContractError(f"{effect.parameter}: unknown process {effect.process!r}")
        moved.add(effect.parameter)
    for shape in model.shapes:
        wanted = model.signal.shape if shape.process == SIGNAL else (model.n_bins,)
        if shape.up.shape != wanted or shape.down.shape != wanted:
            raise ContractError(
                f"{shape.parameter} on {shape.process}: up {shape.up.shape} and down"
                f" {shape.down.shape}, expected {wanted}; variation and nominal need the same bins"
            )
        if known[shape.parameter].constraint != "gaussian":
            raise ContractError(f"{shape.parameter} moves a shape and needs a constraint")
    for norm in model.norms:
        for channel in {*norm.up, *norm.down}:
            model.bins_of(channel)
            up, down = norm.up.get(channel), norm.down.get(channel)
            if up is None or down is None or not (up > 0 and down > 0):
                raise ContractError(
                    f"{norm.parameter} on {norm.process} in {channel}: factors up {up}, down"
                    f" {down}; both must be given and positive"
                )
    idle = set(known) - moved
    if idle:
        raise ContractError(f"parameter {sorted(idle)[0]!r} moves nothing; leave it out")
