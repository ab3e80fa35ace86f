"""Samples and modifiers, as HistFactory JSON and HS3 both have them.

Writers take the modifiers of a sample from here, readers hand samples over and get the model back.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.likelihood.model import (
    SIGNAL,
    Channel,
    LikelihoodModel,
    NormEffect,
    Parameter,
    ShapeEffect,
)
from hh4b.likelihood.signal_basis import powers

Floats = NDArray[np.float64]
log = logging.getLogger(__name__)
#: Group of parameters of files that say none.
OTHER = "other"


@dataclass(frozen=True)
class ModifierRecord:
    """What a parameter does to a sample.

    Attributes:
        parameter: its name.
        kind: as HistFactory calls it.
        up: at +1: a factor in one entry, or expected events (B_c,); empty for a ``normfactor``.
        down: the same at -1.
    """

    parameter: str
    kind: Literal["normfactor", "normsys", "histosys"]
    up: Floats
    down: Floats


@dataclass(frozen=True)
class SampleRecord:
    """A sample of a channel.

    Attributes:
        channel: name of the channel.
        name: of the sample, the same in all channels.
        values: expected events, (B_c,).
        modifiers: what moves it, each parameter and kind once.
    """

    channel: str
    name: str
    values: Floats
    modifiers: tuple[ModifierRecord, ...] = ()


def background_record(model: LikelihoodModel, process: str, channel: str) -> SampleRecord:
    """Return a background of a channel as a sample."""
    values = model.backgrounds[process][model.bins_of(channel)]
    return SampleRecord(channel, process, values, _modifiers(model, process, channel, None))


def signal_record(
    model: LikelihoodModel, name: str, channel: str, kappa_lambda: float, values: Floats
) -> SampleRecord:
    """Return the signal of a channel at one kappa_lambda as a sample.

    Args:
        model: the likelihood.
        name: of the sample.
        channel: its channel.
        kappa_lambda: the hypothesis.
        values: of `signal_at`, all bins (B,).
    """
    inside = values[model.bins_of(channel)]
    return SampleRecord(channel, name, inside, _modifiers(model, SIGNAL, channel, kappa_lambda))


def _modifiers(
    model: LikelihoodModel, process: str, channel: str, kappa_lambda: float | None
) -> tuple[ModifierRecord, ...]:
    known = {one.name: one for one in model.parameters}
    found = []
    for norm in model.norms:
        if norm.process != process or channel not in norm.up:
            continue
        factors = np.array([norm.up[channel]]), np.array([norm.down[channel]])
        if known[norm.parameter].constraint == "none":
            none = np.zeros(0)
            found.append(ModifierRecord(norm.parameter, "normfactor", none, none))
        else:
            found.append(ModifierRecord(norm.parameter, "normsys", *factors))
    bins = model.bins_of(channel)
    nominal = model.signal if process == SIGNAL else model.backgrounds[process]
    for shape in model.shapes:
        if shape.process != process:
            continue
        sides = [side[..., bins] for side in (shape.up, shape.down)]
        if not any(np.any(side != nominal[..., bins]) for side in sides):
            continue
        if kappa_lambda is not None:
            sides = [powers([kappa_lambda])[0] @ side for side in sides]
        found.append(ModifierRecord(shape.parameter, "histosys", sides[0], sides[1]))
    return tuple(found)


def check_exportable(model: LikelihoodModel, reserved: Sequence[str]) -> None:
    """Refuse what a file of samples cannot say, and tell of what others may read otherwise.

    Args:
        model: the likelihood.
        reserved: names that the file uses itself.

    Raises:
        ContractError: if the model is not valid, a name is taken, or an effect stands twice.
    """
    model.check()
    for one in model.parameters:
        if one.name in reserved:
            raise ContractError(f"parameter {one.name!r} has a name that the file needs; rename it")
    norms = [
        (one.parameter, one.process, channel, "factor") for one in model.norms for channel in one.up
    ]
    shapes = [(one.parameter, one.process, "all channels", "shift") for one in model.shapes]
    places = [*norms, *shapes]
    for place in places:
        if places.count(place) > 1:
            raise ContractError(
                f"{place[0]} has two {place[3]}s on {place[1]} in {place[2]}; a file holds one,"
                " join them"
            )
    below = sorted(
        {
            one.parameter
            for one in model.shapes
            if one.process != SIGNAL and min(one.up.min(), one.down.min()) < 0
        }
    )
    if below:
        log.warning(
            "%s: at one standard deviation some bins are negative; pyhf and pyhs3 add such shifts"
            " as this package does, other readers may cut them at zero",
            ", ".join(below),
        )


@dataclass(frozen=True)
class ReadSamples:
    """What a file holds, before it is a model.

    Attributes:
        where: the file, for messages.
        channels: in the order of the file.
        samples: of all channels.
        signal: by sample, the coefficients (3,) of its factor in powers of kappa_lambda.
        groups: of parameters, by name; a missing one is in `OTHER`.
    """

    where: str
    channels: tuple[Channel, ...]
    samples: tuple[SampleRecord, ...]
    signal: Mapping[str, Floats]
    groups: Mapping[str, str]

    def model(
        self,
        *,
        luminosity_ifb: float,
        sqrt_s_tev: float,
        signal_process: str,
        data: Floats | None,
    ) -> LikelihoodModel:
        """Put a model together.

        Raises:
            ContractError: if the samples make none, or the signal moves in ways that the model
                does not know.
        """
        backgrounds = list(
            dict.fromkeys(one.name for one in self.samples if one.name not in self.signal)
        )
        norms: list[NormEffect] = []
        shapes: list[ShapeEffect] = []
        for process in [*backgrounds, SIGNAL]:
            members = [process] if process != SIGNAL else list(self.signal)
            norms += self._norms(process, members)
            shapes += self._shapes(process, members)
        model = LikelihoodModel(
            channels=self.channels,
            signal=self._total([*self.signal], None, 0),
            backgrounds={name: self._total([name], None, 0)[0] for name in backgrounds},
            parameters=self._parameters(),
            norms=tuple(norms),
            shapes=tuple(shapes),
            luminosity_ifb=luminosity_ifb,
            sqrt_s_tev=sqrt_s_tev,
            signal_process=signal_process,
            data=data,
        )
        try:
            model.check()
        except ContractError as error:
            raise ContractError(f"{self.where}: {error}") from error
        return model

    def _parameters(self) -> tuple[Parameter, ...]:
        free: dict[str, bool] = {}
        for sample in self.samples:
            for one in sample.modifiers:
                is_free = one.kind == "normfactor"
                if free.setdefault(one.parameter, is_free) != is_free:
                    raise ContractError(
                        f"{self.where}: {one.parameter} is a free factor in one place and"
                        " constrained in another; give one of them another name"
                    )
        # Those that the file orders come in its order.
        known = [name for name in self.groups if name in free]
        return tuple(
            Parameter(name, "none" if free[name] else "gaussian", self.groups.get(name, OTHER))
            for name in [*known, *(name for name in free if name not in self.groups)]
        )

    def _total(self, names: Sequence[str], parameter: str | None, side: int) -> Floats:
        """Sum samples, shifted by ``parameter`` if it is given: (3, B); backgrounds in row 0."""
        total = np.zeros((3, sum(one.n_bins for one in self.channels)))
        first = {}
        start = 0
        for channel in self.channels:
            first[channel.name] = start
            start += channel.n_bins
        for sample in self.samples:
            if sample.name not in names:
                continue
            values = sample.values
            for one in sample.modifiers:
                if one.kind == "histosys" and one.parameter == parameter:
                    values = (one.up, one.down)[side]
            begin = first[sample.channel]
            coefficients = self.signal.get(sample.name, np.array([1.0, 0.0, 0.0]))
            total[:, begin : begin + len(values)] += np.outer(coefficients, values)
        return total

    def _of(self, names: Sequence[str]) -> list[SampleRecord]:
        return [one for one in self.samples if one.name in names]

    def _shapes(self, process: str, names: Sequence[str]) -> list[ShapeEffect]:
        moved = dict.fromkeys(
            one.parameter
            for sample in self._of(names)
            for one in sample.modifiers
            if one.kind == "histosys"
        )
        effects = []
        for parameter in moved:
            up, down = (self._total(names, parameter, side) for side in (0, 1))
            if process != SIGNAL:
                up, down = up[0], down[0]
            effects.append(ShapeEffect(parameter, process, up, down))
        return effects

    def _norms(self, process: str, names: Sequence[str]) -> list[NormEffect]:
        factors: dict[str, dict[str, tuple[float, float]]] = {}
        counts: dict[tuple[str, str], int] = {}
        for sample in self._of(names):
            for one in sample.modifiers:
                if one.kind == "histosys":
                    continue
                pair = (float(one.up[0]), float(one.down[0])) if one.up.size else (1.0, 1.0)
                known = factors.setdefault(one.parameter, {}).setdefault(sample.channel, pair)
                place = one.parameter, sample.channel
                counts[place] = counts.get(place, 0) + 1
                if known != pair:
                    raise ContractError(self._uneven(one.parameter, sample.channel))
        for (parameter, channel), count in counts.items():
            if count != len([one for one in self._of(names) if one.channel == channel]):
                raise ContractError(self._uneven(parameter, channel))
        return [
            NormEffect(
                parameter,
                process,
                {channel: pair[0] for channel, pair in found.items()},
                {channel: pair[1] for channel, pair in found.items()},
            )
            for parameter, found in factors.items()
        ]

    def _uneven(self, parameter: str, channel: str) -> str:
        return (
            f"{self.where}: {parameter} scales the samples of the signal in {channel} differently;"
            " the fast likelihood knows one factor for all of them. Fit the file with the program"
            " that it was written for"
        )


def unknown_modifier(where: str, kind: str, name: str, place: tuple[str, str]) -> ContractError:
    """Return the error for a modifier that the fast likelihood does not know.

    Args:
        where: the file.
        kind: of the modifier.
        name: of the modifier.
        place: channel and sample.
    """
    return ContractError(
        f"{where}: modifier {kind} {name!r} of sample {place[1]!r} in channel {place[0]!r} is none"
        " of normsys, histosys and normfactor, which the fast likelihood knows; fit the file with"
        " pyhf or pyhs3, which know it, or take the modifier out"
    )
