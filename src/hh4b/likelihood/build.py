"""The likelihood of category templates: expected events, and everything that moves them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.likelihood.category_templates import DIRECT, CategoryBackground, CategoryTemplates
from hh4b.likelihood.model import SIGNAL, LikelihoodModel, NormEffect, Parameter, ShapeEffect
from hh4b.likelihood.settings import BackgroundModel, LikelihoodModelSettings
from hh4b.statistics.kappa_components import require_positive
from hh4b.statistics.processes import Process
from hh4b.statistics.scaling import Normalisation, choose_normalisation
from hh4b.statistics.systematics import NormSystematic, Systematic, WeightSystematic

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
#: Parameters of the powers of a tilt, by order.
TILTS = ("tilt", "bend")
#: Smallest factor of a variation on a bin.
_LOWEST = 0.05
#: A smaller effect moves nothing.
_NO_EFFECT = 1e-9


@dataclass
class Effects:
    """Parameters and effects as they are collected."""

    parameters: dict[str, Parameter] = field(default_factory=dict)
    norms: list[NormEffect] = field(default_factory=list)
    shapes: list[ShapeEffect] = field(default_factory=list)

    def norm(
        self, parameter: Parameter, process: str, up: Mapping[str, float], down: Mapping[str, float]
    ) -> None:
        """Add a factor, unless it is one everywhere."""
        free = parameter.constraint == "none"
        moved = max((abs(np.log(value)) for value in (*up.values(), *down.values())), default=0.0)
        if free or moved > _NO_EFFECT:
            self.parameters.setdefault(parameter.name, parameter)
            self.norms.append(NormEffect(parameter.name, process, dict(up), dict(down)))

    def shape(
        self, parameter: Parameter, process: str, nominal: Floats, up: Floats, down: Floats
    ) -> None:
        """Add a shift, unless it is none."""
        scale = np.abs(nominal).max()
        if max(np.abs(up - nominal).max(), np.abs(down - nominal).max()) > _NO_EFFECT * scale:
            self.parameters.setdefault(parameter.name, parameter)
            self.shapes.append(ShapeEffect(parameter.name, process, up, down))


def build_model(
    templates: CategoryTemplates,
    processes: Mapping[str, Process],
    settings: LikelihoodModelSettings,
    *,
    sqrt_s_tev: float,
    luminosity_ifb: float,
) -> LikelihoodModel:
    """Return the likelihood at an energy and a luminosity.

    Args:
        templates: of the energy, or of another if settings allow it.
        processes: with cross sections and branching ratio.
        settings: what is uncertain.
        sqrt_s_tev: energy of the cross sections.
        luminosity_ifb: in fb^-1.

    Raises:
        ConfigError: if cross sections are missing, or systematics do not fit the templates.
        ContractError: if the model means nothing, e.g. has a bin without background.
    """
    normalisation = choose_normalisation(
        templates, processes, settings, sqrt_s_tev=sqrt_s_tev, luminosity_ifb=luminosity_ifb
    )
    per_signal = luminosity_ifb * normalisation.branching_ratio**2
    coefficients = np.asarray(normalisation.signal_fb)[:, None]
    signal = per_signal * coefficients * templates.signal.components
    _require_positive_signal(signal)
    events_of = events_by_efficiency(normalisation)
    family = settings.background_family
    backgrounds = {
        name: events_of[name] * one.families[family] for name, one in templates.backgrounds.items()
    }
    effects = Effects()
    wanted = set(settings.uncertainties)
    free = free_backgrounds(settings, backgrounds)
    if "systematics" in wanted:
        shared = SharedFactors(templates, free, settings.background_normalisation)
        _add_systematics(effects, templates, settings, signal, backgrounds, shared)
    for name in free:
        _add_normalisation(effects, templates, name, settings, suffix=len(free) > 1)
    if family != DIRECT:
        several = len(backgrounds) > 1
        for name, one in templates.backgrounds.items():
            shapes = _BackgroundShapes(
                templates, name, one, backgrounds[name], events_of[name], several
            )
            shapes.add(effects, settings)
    model = LikelihoodModel(
        channels=templates.channels,
        signal=signal,
        backgrounds=backgrounds,
        parameters=tuple(effects.parameters.values()),
        norms=tuple(effects.norms),
        shapes=tuple(effects.shapes),
        luminosity_ifb=luminosity_ifb,
        sqrt_s_tev=sqrt_s_tev,
        signal_process=templates.signal_process,
    )
    model.check()
    return model


def _require_positive_signal(signal: Floats) -> None:
    """Check that no bin has a negative signal at any kappa_lambda.

    Raises:
        ContractError: naming bin and kappa_lambda.
    """
    kappa = np.linspace(-20.0, 20.0, 801)
    require_positive(np.vander(kappa, 3, increasing=True) @ signal, kappa, "signal")


def events_by_efficiency(normalisation: Normalisation) -> dict[str, float]:
    """Return the expected events of each background at an efficiency of one."""
    return {
        name: pb * 1e3 * normalisation.luminosity_ifb
        for name, pb in normalisation.background_pb.items()
    }


def free_backgrounds(settings: BackgroundModel, backgrounds: Mapping[str, Floats]) -> list[str]:
    """Return the backgrounds whose normalisation data decide.

    Raises:
        ConfigError: if one is not among the templates.
    """
    if settings.background_normalisation == "fixed" or (
        "normalisation" not in settings.uncertainties
    ):
        return []
    if settings.free_backgrounds is None:
        return [max(backgrounds, key=lambda name: float(backgrounds[name].sum()))]
    for name in settings.free_backgrounds:
        if name not in backgrounds:
            raise ConfigError(
                f"free_backgrounds: {name!r} is not among the backgrounds {sorted(backgrounds)}"
            )
    return list(settings.free_backgrounds)


def _add_normalisation(
    effects: Effects,
    templates: CategoryTemplates,
    process: str,
    settings: BackgroundModel,
    *,
    suffix: bool,
) -> None:
    channels = [one.name for one in templates.channels]
    if settings.background_normalisation == "free":
        for channel in channels:
            one = Parameter(f"norm_{process}_{channel}", "none", "background_norm")
            effects.norm(one, process, {channel: 1.0}, {channel: 1.0})
        return
    ones = dict.fromkeys(channels, 1.0)
    effects.norm(Parameter(f"norm_{process}", "none", "background_norm"), process, ones, ones)
    if len(channels) == 1:
        return
    for channel, error in zip(channels, templates.backgrounds[process].share_error, strict=True):
        size = 1 + float(np.hypot(error, settings.transfer_norm))
        name = f"transfer_{channel}" + (f"_{process}" if suffix else "")
        parameter = Parameter(name, "gaussian", "background_norm")
        effects.norm(parameter, process, {channel: size}, {channel: 1 / size})


@dataclass(frozen=True)
class SharedFactors:
    """Takes out of a systematic what a free normalisation does as well.

    Both together would be one number with two names: nothing is lost without it, and fits follow a
    narrow valley with it.

    Attributes:
        templates: all of them.
        free: backgrounds with a free normalisation.
        normalisation: ``"tied"``, one for all categories, or ``"free"``, one for each.
    """

    templates: CategoryTemplates
    free: Sequence[str]
    normalisation: str

    def without(self, process: str, factors: Floats, nominal: Floats) -> Floats:
        """Return factors of the categories of a process, shape (C,), over what data decide.

        Args:
            process: its name.
            factors: of the systematic.
            nominal: expected events, shape (B,) or (3, B) of a signal.
        """
        if process not in self.free:
            return factors
        if self.normalisation == "free":
            return np.ones_like(factors)
        weights = self.templates.by_category(nominal)
        return np.asarray(factors / np.average(factors, weights=weights))


@dataclass(frozen=True)
class _BackgroundShapes:
    """Adds what may change the shape of one background.

    Attributes:
        templates: all of them.
        process: its name.
        background: its templates.
        nominal: expected events, shape (B,).
        per_efficiency: expected events at an efficiency of one.
        named: whether parameters carry its name.
    """

    templates: CategoryTemplates
    process: str
    background: CategoryBackground
    nominal: Floats
    per_efficiency: float
    named: bool

    def add(self, effects: Effects, settings: BackgroundModel) -> None:
        """Add all that settings want."""
        wanted = set(settings.uncertainties)
        if "shape_families" in wanted:
            self._families(effects, settings.background_family)
        if "monte_carlo" in wanted and settings.background_family == "polynomial":
            for number, (up, down) in enumerate(self.background.monte_carlo, start=1):
                one = self._parameter(f"shape_mc_{number}", "monte_carlo")
                self._shape(effects, one, self.per_efficiency * up, self.per_efficiency * down)
        if "tilt" in wanted:
            self._tilts(effects, settings.transfer_tilt)
        if "mismodelling" in wanted:
            mass = self.background.mean_log_mass - np.average(
                self.background.mean_log_mass, weights=self.nominal
            )
            for name, power in (("shape_slope", mass), ("shape_curvature", mass**2)):
                one = self._parameter(name, "background_shape")
                up, down = (
                    self._powers(sign * settings.shape_prior * power) for sign in (1.0, -1.0)
                )
                self._shape(effects, one, up, down)

    def _families(self, effects: Effects, nominal: str) -> None:
        for family, values in self.background.families.items():
            if family in (nominal, DIRECT):
                continue
            up = np.maximum(self.per_efficiency * values, _LOWEST * self.nominal)
            down = np.maximum(2 * self.nominal - up, _LOWEST * self.nominal)
            one = self._parameter(f"shape_{family}", "background_shape")
            self._shape(effects, one, up, down)

    def _tilts(self, effects: Effects, transfer: float) -> None:
        for place, channel in enumerate(self.templates.channels):
            covariance = self.background.tilt_covariance[place].copy()
            covariance[0, 0] += transfer**2
            inside = self.templates.to_bins(np.arange(len(self.templates.channels)) == place)
            y = self.background.mean_log_mass - self.background.mean[place]
            powers = np.stack([y ** (t + 1) for t in range(len(covariance))])
            # Independent parameters: the first moves both powers as they are correlated.
            for name, direction in zip(TILTS, np.linalg.cholesky(covariance).T, strict=False):
                power = inside * (direction @ powers)
                one = self._parameter(f"{name}_{channel.name}", "background_shape")
                self._shape(effects, one, self._powers(power), self._powers(-power))

    def _powers(self, power: Floats) -> Floats:
        """Multiply bins by e^power and keep the sum of each category, shape (B,)."""
        sums = self.templates.by_category(self.nominal)
        mean = self.templates.by_category(self.nominal * power) / np.where(sums > 0, sums, 1)
        values = self.nominal * np.exp(power - self.templates.to_bins(mean))
        ratio = sums / self.templates.by_category(values)
        return np.asarray(values * self.templates.to_bins(ratio))

    def _parameter(self, name: str, group: str) -> Parameter:
        return Parameter(name + (f"_{self.process}" if self.named else ""), "gaussian", group)

    def _shape(self, effects: Effects, one: Parameter, up: Floats, down: Floats) -> None:
        effects.shape(one, self.process, self.nominal, up, down)


def group_of(name: str, systematic: Systematic) -> str:
    """Return the group in which a systematic is quoted.

    >>> group_of("luminosity", NormSystematic(effect="norm", processes=["hh"], size=0.02))
    'luminosity'
    """
    if name.startswith("lumi"):
        return "luminosity"
    tags = isinstance(systematic, WeightSystematic) and "tag" in systematic.weight
    return "detector" if systematic.effect == "detector" or tags else "theory"


def _add_systematics(
    effects: Effects,
    templates: CategoryTemplates,
    settings: LikelihoodModelSettings,
    signal: Floats,
    backgrounds: Mapping[str, Floats],
    shared: SharedFactors,
) -> None:
    known = {templates.signal_process, *backgrounds}
    for name, systematic in settings.systematics.items():
        before = len(effects.norms) + len(effects.shapes)
        parameter = Parameter(name, "gaussian", group_of(name, systematic))
        for process in systematic.processes:
            if process not in known:
                raise ConfigError(
                    f"systematics.{name}.processes: {process!r} is not among the templates"
                    f" {sorted(known)}"
                )
            nominal = signal if process == templates.signal_process else backgrounds[process]
            if isinstance(systematic, NormSystematic):
                ones = np.ones(len(templates.channels))
                up, down = (
                    shared.without(process, factor * ones, nominal)
                    for factor in systematic.factors()
                )
                channels = [one.name for one in templates.channels]
                moved = SIGNAL if process == templates.signal_process else process
                effects.norm(parameter, moved, _by_name(channels, up), _by_name(channels, down))
            else:
                _add_variation(effects, templates, parameter, process, nominal, shared)
        if len(effects.norms) + len(effects.shapes) == before:
            log.warning(
                "systematics.%s moves nothing that data do not decide, and is left out", name
            )


def _add_variation(
    effects: Effects,
    templates: CategoryTemplates,
    parameter: Parameter,
    process: str,
    nominal: Floats,
    shared: SharedFactors,
) -> None:
    found = templates.variations.get(parameter.name, {})
    if not all(process in found.get(direction, {}) for direction in ("up", "down")):
        raise ConfigError(
            f"systematics.{parameter.name}: the templates have no variation of {process!r}; make"
            " the templates again with this systematic"
        )
    up, down = (found[direction][process] for direction in ("up", "down"))
    moved = SIGNAL if process == templates.signal_process else process
    if up.components is not None and down.components is not None:
        ratios = [
            np.divide(
                one.components, templates.signal.components,
                out=np.ones_like(nominal), where=templates.signal.components != 0,
            )
            for one in (up, down)
            if one.components is not None
        ]  # fmt: skip
        effects.shape(parameter, moved, nominal, nominal * ratios[0], nominal * ratios[1])
        return
    names = [one.name for one in templates.channels]
    high, low = (
        _by_name(names, shared.without(process, np.maximum(one.norm, _LOWEST), nominal))
        for one in (up, down)
    )
    effects.norm(parameter, moved, high, low)
    effects.shape(parameter, moved, nominal, nominal * up.shape, nominal * down.shape)


def _by_name(names: Sequence[str], values: Floats) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))
