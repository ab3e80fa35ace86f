"""HistFactory workspaces (pyhf JSON) from templates, and the yields back from a workspace.

The schema of pyhf allows no keys of our own. What a reader of the file needs beyond the yields is
kept as constant parameters of each measurement, which pyhf reads and does not use: luminosity,
energy, cross section, and the Monte Carlo variances of the templates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.statistics.template_format import TemplateSet

Floats = NDArray[np.float64]
CHANNEL = "m_hh"
MU_MAX = 1000.0
#: Constants kept in a measurement, and the key under which `WorkspaceContent` has them.
CONSTANTS = ("luminosity_ifb", "sqrt_s_tev", "cross_section_fb", "branching_ratio")


@dataclass(frozen=True)
class Normalisation:
    """What turns efficiencies into yields.

    Attributes:
        luminosity_ifb: integrated luminosity in fb^-1.
        sqrt_s_tev: energy of the cross sections.
        signal_fb: coefficients (c0, c1, c2) of sigma(kappa) in fb.
        background_pb: background cross section in pb.
        branching_ratio: of H -> b bbar, squared for the pair.
    """

    luminosity_ifb: float
    sqrt_s_tev: float
    signal_fb: Floats
    background_pb: float
    branching_ratio: float

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be meant.

        Raises:
            ConfigError: naming the number.
        """
        for name in ("luminosity_ifb", "background_pb", "branching_ratio"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ConfigError(f"{name} must be a positive number, got {value:g}")
        if self.branching_ratio > 1:
            raise ConfigError(f"branching_ratio must be at most 1, got {self.branching_ratio:g}")

    def cross_section_fb(self, kappa_lambda: Floats) -> Floats:
        """Return sigma(kappa) in fb, shape of ``kappa_lambda``."""
        c0, c1, c2 = self.signal_fb
        return np.asarray(c0 + c1 * kappa_lambda + c2 * kappa_lambda**2)


@dataclass(frozen=True)
class ScaledTemplates:
    """Expected events, their Monte Carlo variances, and how they were normalised.

    Attributes:
        kappa_lambda: the scan, shape (K,).
        signal: expected events at mu = 1, shape (K, B).
        signal_variance: Monte Carlo variance of ``signal``, shape (K, B).
        background: shape (1, B), or (K, B) where it depends on the hypothesis.
        background_variance: as ``background``.
        cross_section_fb: of the signal by kappa_lambda, without branching ratio, shape (K,).
        luminosity_ifb: integrated luminosity.
        sqrt_s_tev: energy of the cross sections.
        branching_ratio: of H -> b bbar.
    """

    kappa_lambda: Floats
    signal: Floats
    signal_variance: Floats
    background: Floats
    background_variance: Floats
    cross_section_fb: Floats
    luminosity_ifb: float
    sqrt_s_tev: float
    branching_ratio: float


def relative_variance(mean: Floats, variance: Floats) -> Floats:
    """Return variance / mean^2, zero where the mean is."""
    return np.divide(variance, mean**2, out=np.zeros_like(mean), where=mean > 0)


def scale(templates: TemplateSet, normalisation: Normalisation) -> ScaledTemplates:
    """Multiply efficiencies by cross sections, branching ratio and luminosity.

    Raises:
        ConfigError: if the scan does not hold kappa_lambda = 1.
    """
    kappa = templates.kappa_lambda
    if not np.isclose(kappa, 1.0, atol=1e-6).any():
        raise ConfigError(
            f"the templates' kappa_lambda {kappa.tolist()} lack kappa_lambda = 1, which normalises"
            " the Standard Model; make the templates with it"
        )
    cross_section = normalisation.cross_section_fb(kappa)
    per_signal = (cross_section * normalisation.branching_ratio**2 * normalisation.luminosity_ifb)[
        :, None
    ]
    per_background = normalisation.background_pb * 1e3 * normalisation.luminosity_ifb
    return ScaledTemplates(
        kappa,
        templates.signal * per_signal,
        templates.signal_squared * per_signal**2,
        templates.background * per_background,
        templates.background_squared * per_background**2,
        cross_section,
        normalisation.luminosity_ifb,
        normalisation.sqrt_s_tev,
        normalisation.branching_ratio,
    )


def signal_name(kappa_lambda: float) -> str:
    """Return the name of the signal sample, e.g. ``signal_kappa_lambda_2.5``."""
    return f"signal_kappa_lambda_{kappa_lambda:g}"


def background_name(scaled: ScaledTemplates, index: int) -> str:
    """Return the name of the background sample that goes with the point ``index`` of the scan."""
    if len(scaled.background) == 1:
        return "background"
    return f"background_kappa_lambda_{scaled.kappa_lambda[index]:g}"


def build_workspace(
    scaled: ScaledTemplates,
    *,
    model: str = "note",
    asimov: str = "background",
    background_uncertainty: float = 0.05,
    provenance: str = "",
) -> dict[str, Any]:
    """Return a pyhf workspace with one measurement per kappa_lambda.

    Args:
        scaled: expected events.
        model: ``"note"``: nothing uncertain; ``"complete"``: uncertain background normalisation and
            Monte Carlo statistics.
        asimov: what the observations are: ``"background"`` or ``"sm"`` (with the signal of
            kappa_lambda = 1).
        background_uncertainty: relative, of the background normalisation in the complete model.
        provenance: JSON text to keep in the file.
    """
    if model not in ("note", "complete"):
        raise ConfigError(f"unknown statistical model {model!r}; note or complete")
    if not 0 < background_uncertainty < 1:
        raise ConfigError(f"background uncertainty {background_uncertainty:g} is not in (0, 1)")
    extra = background_uncertainty if model == "complete" else None
    sm = int(np.abs(scaled.kappa_lambda - 1.0).argmin())
    data = scaled.background[sm if len(scaled.background) > 1 else 0]
    if asimov == "sm":
        data = data + scaled.signal[sm]
    elif asimov != "background":
        raise ConfigError(f"unknown Asimov data {asimov!r}; background or sm")
    measurements = [
        _measurement(scaled, index, model, provenance if index == 0 else "")
        for index in range(len(scaled.kappa_lambda))
    ]
    return {
        "channels": [{"name": CHANNEL, "samples": _samples(scaled, extra)}],
        "observations": [{"name": CHANNEL, "data": data.tolist()}],
        "measurements": measurements,
        "version": "1.0.0",
    }


def _samples(scaled: ScaledTemplates, background_uncertainty: float | None) -> list[dict[str, Any]]:
    samples = []
    for index, yields in enumerate(scaled.background):
        name = background_name(scaled, index)
        modifiers: list[dict[str, Any]] = []
        if len(scaled.background) > 1:
            modifiers.append({"name": f"use_{name}", "type": "normfactor", "data": None})
        if background_uncertainty is not None:
            bounds = {"hi": 1 + background_uncertainty, "lo": 1 / (1 + background_uncertainty)}
            modifiers.append(
                {"name": "background_normalisation", "type": "normsys", "data": bounds}
            )
            modifiers.append(_staterror("background", scaled.background_variance[index]))
        samples.append({"name": name, "data": yields.tolist(), "modifiers": modifiers})
    for index, kappa in enumerate(scaled.kappa_lambda):
        name = signal_name(kappa)
        modifiers = [{"name": f"mu_kappa_lambda_{kappa:g}", "type": "normfactor", "data": None}]
        if background_uncertainty is not None:
            modifiers.append(_staterror("signal", scaled.signal_variance[index]))
        data = scaled.signal[index].tolist()
        samples.append({"name": name, "data": data, "modifiers": modifiers})
    return samples


def _staterror(kind: str, variance: Floats) -> dict[str, Any]:
    return {"name": f"staterror_{kind}", "type": "staterror", "data": np.sqrt(variance).tolist()}


def _sigmas(kind: str, yields: Floats, variance: Floats) -> dict[str, Any]:
    """Set the relative errors of a staterror in one measurement.

    All signals share one staterror: 26 of them would slow every fit down, and its scipy optimizer
    misses the minimum among hundreds of fixed parameters. pyhf would average the errors of the
    samples that share it, so each measurement brings those of its own.
    """
    relative = np.sqrt(relative_variance(yields, variance))
    # pyhf divides by sigma; a factor that multiplies nothing or is exact needs a small one.
    return {"name": f"staterror_{kind}", "sigmas": np.maximum(relative, 1e-6).tolist()}


def _measurement(
    scaled: ScaledTemplates, index: int, model: str, provenance: str
) -> dict[str, Any]:
    kappa = scaled.kappa_lambda[index]
    poi = f"mu_kappa_lambda_{kappa:g}"
    # From the minimum of background-only data: from mu = 1 the scipy optimizer of pyhf stops before
    # it where the signal is weak.
    parameters: list[dict[str, Any]] = [{"name": poi, "inits": [0.0], "bounds": [[0.0, MU_MAX]]}]
    for other, value in enumerate(scaled.kappa_lambda):
        if other != index:
            parameters.append(_fixed(f"mu_kappa_lambda_{value:g}", [0.0]))
    if len(scaled.background) > 1:
        for other in range(len(scaled.kappa_lambda)):
            name = background_name(scaled, other)
            parameters.append(_fixed(f"use_{name}", [float(other == index)]))
    row = min(index, len(scaled.background) - 1)
    if model == "complete":
        signal = scaled.signal[index], scaled.signal_variance[index]
        background = scaled.background[row], scaled.background_variance[row]
        parameters += [_sigmas("signal", *signal), _sigmas("background", *background)]
    parameters += [
        _fixed("luminosity_ifb", [scaled.luminosity_ifb]),
        _fixed("sqrt_s_tev", [scaled.sqrt_s_tev]),
        _fixed("cross_section_fb", [float(scaled.cross_section_fb[index])]),
        _fixed("branching_ratio", [scaled.branching_ratio]),
        _fixed("monte_carlo_variance_signal", scaled.signal_variance[index].tolist()),
        _fixed("monte_carlo_variance_background", scaled.background_variance[row].tolist()),
    ]
    if provenance:
        parameters.append({"name": f"provenance {provenance}", "fixed": True})
    config = {"poi": poi, "parameters": parameters}
    return {"name": f"kappa_lambda={kappa:g}", "config": config}


def _fixed(name: str, values: Sequence[float]) -> dict[str, Any]:
    return {"name": name, "inits": list(values), "fixed": True}


def constants(measurement: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the constant parameters of a measurement by name."""
    parameters = measurement.get("config", {}).get("parameters", [])
    return {p["name"]: p["inits"] for p in parameters if "inits" in p}
