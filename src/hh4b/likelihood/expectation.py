"""A likelihood as arrays, for fits: `CompiledModel`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import ContractError
from hh4b.likelihood.interpolation import factor_coefficients, shift_parts
from hh4b.likelihood.kernel import ModelArrays, expected_rows, make_work
from hh4b.likelihood.model import SIGNAL, LikelihoodModel, ShapeEffect

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class CompiledModel:
    """What the fits know of a `LikelihoodModel`; P parameters, B bins.

    Attributes:
        model: what it was made of.
        parameter_names: in the order of the arrays.
        groups: of the parameters.
        nominal: values before any data, (P,).
        lower: bounds, (P,).
        upper: bounds, (P,).
        constrained: whether there is a Gaussian, (P,).
        arrays: for the kernel.
        arrays_with_mu: the same with mu as last parameter.
    """

    model: LikelihoodModel
    parameter_names: tuple[str, ...]
    groups: tuple[str, ...]
    nominal: Floats
    lower: Floats
    upper: Floats
    constrained: NDArray[np.bool_]
    arrays: ModelArrays
    arrays_with_mu: ModelArrays

    @classmethod
    def of(cls, model: LikelihoodModel) -> "CompiledModel":
        """Compile a model.

        Raises:
            ContractError: if the model means nothing (`LikelihoodModel.check`).
        """
        model.check()
        parameters = model.parameters
        bounds = np.array([one.bounds for one in parameters], dtype=np.float64).reshape(-1, 2)
        return cls(
            model,
            tuple(one.name for one in parameters),
            tuple(one.group for one in parameters),
            np.array([one.nominal for one in parameters], dtype=np.float64),
            np.ascontiguousarray(bounds[:, 0]),
            np.ascontiguousarray(bounds[:, 1]),
            np.array([one.constraint == "gaussian" for one in parameters], dtype=bool),
            _arrays(model, with_mu=False),
            _arrays(model, with_mu=True),
        )

    @property
    def n_parameters(self) -> int:
        """Number of parameters beside kappa_lambda and mu."""
        return len(self.parameter_names)

    @property
    def n_bins(self) -> int:
        """Number of bins of all channels."""
        return self.model.n_bins

    def index(self, name: str) -> int:
        """Return the place of a parameter.

        Raises:
            ContractError: if there is none of that name.
        """
        if name not in self.parameter_names:
            raise ContractError(f"no parameter {name!r} among {list(self.parameter_names)}")
        return self.parameter_names.index(name)

    def expected(self, kappa: ArrayLike, mu: ArrayLike, alpha: ArrayLike) -> Floats:
        """Return expected events, nothing clipped.

        Args:
            kappa: kappa_lambda, shape (N,).
            mu: signal strength, shape (N,).
            alpha: parameters, shape (N, P).

        Returns:
            Shape (N, B).
        """
        kappa_rows, mu_rows = as_rows(kappa, mu)
        values = np.broadcast_to(
            np.asarray(alpha, np.float64), (len(kappa_rows), self.n_parameters)
        )
        out = np.empty((len(kappa_rows), self.n_bins))
        expected_rows(
            self.arrays,
            make_work(self.arrays),
            kappa_rows,
            mu_rows,
            np.array(values, order="C"),
            out,
        )
        return out

    def asimov(
        self, kappa: float | None = None, mu: float = 1.0, alpha: Floats | None = None
    ) -> Floats:
        """Return the expected events of one hypothesis as data, shape (B,).

        Args:
            kappa: kappa_lambda; None for background only.
            mu: signal strength.
            alpha: parameters, shape (P,); None for nominal ones.

        Raises:
            ContractError: if a bin expects less than nothing.
        """
        values = self.nominal if alpha is None else np.asarray(alpha, np.float64)
        strength = 0.0 if kappa is None else mu
        counts = self.expected([0.0 if kappa is None else kappa], [strength], values[None])[0]
        if (counts < 0).any():
            place = int(np.argmin(counts))
            raise ContractError(
                f"bin {place} expects {counts[place]:.3g} events at kappa_lambda = {kappa}, mu ="
                f" {mu:g}: interference makes the signal negative; merge bins"
            )
        return np.asarray(counts)


def as_rows(*values: ArrayLike) -> list[Floats]:
    """Return one-dimensional arrays of one length, numbers repeated."""
    arrays = [np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in values]
    length = max(len(one) for one in arrays)
    return [np.array(np.broadcast_to(one, (length,))) for one in arrays]


@dataclass(frozen=True)
class _Factor:
    process: int
    channel: int
    parameter: int
    free: bool
    up: float = 1.0
    down: float = 1.0


def _arrays(model: LikelihoodModel, *, with_mu: bool) -> ModelArrays:
    channels = len(model.channels)
    places = {one.name: place for place, one in enumerate(model.parameters)}
    processes = {SIGNAL: 0, **{name: n + 1 for n, name in enumerate(model.backgrounds)}}
    n_parameters = len(places) + int(with_mu)
    factors = _factors(model, places, processes)
    if with_mu:
        factors += [_Factor(0, channel, len(places), free=True) for channel in range(channels)]
    factors.sort(key=lambda one: (one.process, one.channel))
    shifts = sorted(model.shapes, key=lambda one: processes[one.process])
    ups, downs = (np.array([getattr(one, end) for one in factors]) for end in ("up", "down"))
    keys = [one.process * channels + one.channel for one in factors]
    starts = np.cumsum([0, *(channel.n_bins for channel in model.channels)])
    middle, bends = _shift_arrays(model, shifts)
    moves = np.array(
        [
            [bool((part[:, :, a:b] != 0).any()) for a, b in pairwise(starts)]
            for part in np.stack([middle, bends], axis=1)
        ],
        dtype=np.int64,
    ).reshape(-1, channels)
    shift_parameter = _integers([places[one.parameter] for one in shifts])
    local, n_local = _local(factors, shift_parameter, moves, n_parameters)
    constrained = [one.constraint == "gaussian" for one in model.parameters] + [False] * with_mu
    return ModelArrays(
        signal=_floats(model.signal),
        background=_floats([*model.backgrounds.values()]).reshape(-1, model.n_bins),
        channel_start=_integers(starts),
        factor_start=_integers(np.searchsorted(keys, np.arange(len(processes) * channels + 1))),
        factor_parameter=_integers([one.parameter for one in factors]),
        factor_free=_integers([one.free for one in factors]),
        factor_coefficients=_floats(factor_coefficients(ups, downs)),
        factor_logs=_floats(np.stack([np.log(ups), np.log(downs)], axis=-1)),
        shift_start=_integers(
            np.searchsorted(
                [processes[one.process] for one in shifts], np.arange(len(processes) + 1)
            )
        ),
        shift_parameter=shift_parameter,
        shift_moves=moves,
        shift_middle=middle,
        shift_bend=bends,
        local=local,
        n_local=n_local,
        constrained=_floats(constrained),
    )


def _factors(
    model: LikelihoodModel, places: dict[str, int], processes: dict[str, int]
) -> list[_Factor]:
    free = {one.name for one in model.parameters if one.constraint == "none"}
    names = [channel.name for channel in model.channels]
    return [
        _Factor(
            processes[norm.process],
            names.index(channel),
            places[norm.parameter],
            norm.parameter in free,
            *((1.0, 1.0) if norm.parameter in free else (norm.up[channel], norm.down[channel])),
        )
        for norm in model.norms
        for channel in norm.up
    ]


def _shift_arrays(model: LikelihoodModel, shifts: Sequence[ShapeEffect]) -> tuple[Floats, Floats]:
    middle = np.zeros((len(shifts), 3, model.n_bins))
    bends = np.zeros_like(middle)
    for place, one in enumerate(shifts):
        signal = one.process == SIGNAL
        nominal = model.signal if signal else model.backgrounds[one.process]
        rows = slice(None) if signal else 0
        middle[place, rows], bends[place, rows] = shift_parts(nominal, one.up, one.down)
    return middle, bends


def _local(
    factors: Sequence[_Factor], shift_parameter: Integers, moves: Integers, n_parameters: int
) -> tuple[Integers, Integers]:
    channels = moves.shape[1]
    active = np.zeros((channels, n_parameters), dtype=bool)
    for one in factors:
        active[one.channel, one.parameter] = True
    for parameter, row in zip(shift_parameter, moves, strict=True):
        active[:, parameter] |= row == 1
    local = np.where(active, np.cumsum(active, axis=1) - 1, -1)
    return _integers(local), _integers(active.sum(axis=1))


def _floats(values: ArrayLike) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float64)


def _integers(values: ArrayLike) -> Integers:
    return np.ascontiguousarray(values, dtype=np.int64)
