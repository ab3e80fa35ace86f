"""HistFactory workspaces (pyhf JSON) from expected events.

The schema of pyhf allows no keys of our own. What a reader of the file needs beyond the yields is
kept as parameters of the measurements, which pyhf reads and does not use: constants (luminosity,
energy, cross section, Monte Carlo variances), and JSON texts in the names of two parameters of the
first measurement, which say what the model is and where it came from.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hh4b.core.errors import ConfigError
from hh4b.core.kappa import kappa_name
from hh4b.core.settings import Name, NonNegative, Settings
from hh4b.statistics.scaling import ScaledTemplates, relative_variance
from hh4b.statistics.systematics import NormSystematic, Systematics

Floats = NDArray[np.float64]
CHANNEL = "m_hh"
MU_MAX = 1000.0
PREFIX = "kappa_lambda="
PROVENANCE = "provenance "
STATEMENT = "statistical model "


class StatedBin(Settings):
    """A bin that was joined to a neighbour, see `MergedBin`."""

    low_gev: float = Field(description="its lower edge")
    high_gev: float = Field(description="its upper edge")
    effective_events: float = Field(description="effective background events that it had")


class ModelStatement(Settings):
    """What a workspace says of itself."""

    model: Literal["note", "complete"] = Field(description="what is uncertain")
    asimov: Literal["background", "sm"] = Field(description="what the observations are")
    signal_process: Name = Field(description="name of the signal")
    backgrounds: list[Name] = Field(description="names of the backgrounds")
    systematics: Systematics = Field({}, description="by name")
    bin_edges_gev: list[float] = Field([], description="edges of the bins")
    merged_bins: list[StatedBin] = Field([], description="bins that are joined to neighbours")
    template_energy_tev: float | None = Field(None, description="energy of the templates")
    own_fb: tuple[float, float, float] | None = Field(
        None, description="the amplitude's cross section in the templates, in fb"
    )
    minimum_effective_events: NonNegative = Field(0.0, description="that a bin needs")
    needed_effective_events: NonNegative = Field(0.0, description="that an interval needs")
    total_variance: dict[Name, list[NonNegative]] = Field(
        {}, description="of the sum over bins of a background whose bins are correlated"
    )


def signal_name(kappa_lambda: float) -> str:
    """Return the name of the signal sample, e.g. ``signal_kappa_lambda_2.5``."""
    return f"signal_kappa_lambda_{kappa_name(kappa_lambda)}"


def strength_name(kappa_lambda: float) -> str:
    """Return the name of the signal strength of a measurement."""
    return f"mu_kappa_lambda_{kappa_name(kappa_lambda)}"


def background_names(process: str, scaled: ScaledTemplates) -> list[str]:
    """Return the sample names of a background: one, or one by hypothesis."""
    if len(scaled.backgrounds[process].values) == 1:
        return [process]
    return [f"{process}_kappa_lambda_{kappa_name(kappa)}" for kappa in scaled.kappa_lambda]


def expected_data(scaled: ScaledTemplates, asimov: str, index: int) -> Floats:
    """Return the Asimov data that belong to the hypothesis ``index``, shape (B,)."""
    data = np.asarray(scaled.background[min(index, len(scaled.background) - 1)])
    return data + scaled.signal[scaled.standard_model] if asimov == "sm" else data


def build_workspace(
    scaled: ScaledTemplates,
    *,
    model: Literal["note", "complete"] = "note",
    asimov: Literal["background", "sm"] = "background",
    systematics: Systematics | None = None,
    minimum_effective_events: float = 0.0,
    needed_effective_events: float = 0.0,
    provenance: str = "",
) -> dict[str, Any]:
    """Return a pyhf workspace with one measurement per kappa_lambda.

    Args:
        scaled: expected events, with the variations that the systematics need.
        model: ``"note"``: nothing uncertain; ``"complete"``: systematics and Monte Carlo
            statistics.
        asimov: what the observations are: ``"background"`` or ``"sm"`` (with the signal of
            kappa_lambda = 1).
        systematics: of the complete model.
        minimum_effective_events: that made bins join; replicas of the templates need it.
        needed_effective_events: effective background events in all that an interval needs.
        provenance: JSON text to keep in the file.

    Raises:
        ConfigError: if systematics and model or templates do not fit.
    """
    statement = ModelStatement(
        model=model,
        asimov=asimov,
        signal_process=scaled.signal_process,
        backgrounds=list(scaled.backgrounds),
        systematics=systematics or {},
        bin_edges_gev=list(scaled.bin_edges_gev),
        merged_bins=[StatedBin(**vars(one)) for one in scaled.merged_bins],
        template_energy_tev=scaled.template_energy_tev,
        own_fb=scaled.own_fb,
        minimum_effective_events=minimum_effective_events,
        needed_effective_events=needed_effective_events,
        total_variance={
            name: rows.total_variance.tolist()
            for name, rows in scaled.backgrounds.items()
            if rows.total_variance is not None
        },
    )
    _check_systematics(scaled, statement)
    texts = [STATEMENT + statement.as_json(), *([PROVENANCE + provenance] if provenance else [])]
    measurements = [
        _measurement(scaled, index, statement, texts if index == 0 else [])
        for index in range(len(scaled.kappa_lambda))
    ]
    data = expected_data(scaled, asimov, scaled.standard_model)
    return {
        "channels": [{"name": CHANNEL, "samples": _samples(scaled, statement)}],
        "observations": [{"name": CHANNEL, "data": data.tolist()}],
        "measurements": measurements,
        "version": "1.0.0",
    }


def _check_systematics(scaled: ScaledTemplates, statement: ModelStatement) -> None:
    if statement.model == "note" and statement.systematics:
        raise ConfigError(
            f"model: note has no uncertainties, but systematics {sorted(statement.systematics)} are"
            " given; take model: complete, or no systematics"
        )
    known = [statement.signal_process, *statement.backgrounds]
    for name, systematic in statement.systematics.items():
        for process in systematic.processes:
            if process not in known:
                raise ConfigError(
                    f"systematics.{name}.processes: {process!r} is not among the templates {known}"
                )
            varied = scaled.variations.get(name, {})
            if systematic.effect != "norm" and not all(
                process in varied.get(direction, {}) for direction in ("up", "down")
            ):
                raise ConfigError(
                    f"systematics.{name}: the templates have no variation of {process!r}; make the"
                    " templates again with this systematic"
                )


def _samples(scaled: ScaledTemplates, statement: ModelStatement) -> list[dict[str, Any]]:
    samples = []
    for process, rows in scaled.backgrounds.items():
        names = background_names(process, scaled)
        for index, name in enumerate(names):
            modifiers: list[dict[str, Any]] = []
            if len(names) > 1:
                modifiers.append({"name": f"use_{name}", "type": "normfactor", "data": None})
            modifiers += _uncertainties(scaled, statement, process, index)
            if statement.model == "complete":
                modifiers.append(_staterror("background", rows.variance[index]))
            data = rows.values[index].tolist()
            samples.append({"name": name, "data": data, "modifiers": modifiers})
    for index, kappa in enumerate(scaled.kappa_lambda):
        modifiers = [{"name": strength_name(kappa), "type": "normfactor", "data": None}]
        modifiers += _uncertainties(scaled, statement, scaled.signal_process, index)
        if statement.model == "complete":
            modifiers.append(_staterror("signal", scaled.signal_variance[index]))
        data = scaled.signal[index].tolist()
        samples.append({"name": signal_name(kappa), "data": data, "modifiers": modifiers})
    return samples


def _uncertainties(
    scaled: ScaledTemplates, statement: ModelStatement, process: str, index: int
) -> list[dict[str, Any]]:
    """Return the modifiers of the systematics on one sample; the same name is one nuisance."""
    modifiers: list[dict[str, Any]] = []
    for name, systematic in statement.systematics.items():
        if process not in systematic.processes:
            continue
        if isinstance(systematic, NormSystematic):
            high, low = systematic.factors()
            kind, data = "normsys", {"hi": high, "lo": low}
        else:
            up, down = (scaled.variations[name][key][process] for key in ("up", "down"))
            kind = "histosys"
            data = {"hi_data": up.row(index).tolist(), "lo_data": down.row(index).tolist()}
        modifiers.append({"name": name, "type": kind, "data": data})
    return modifiers


def _staterror(kind: str, variance: Floats) -> dict[str, Any]:
    return {"name": f"staterror_{kind}", "type": "staterror", "data": np.sqrt(variance).tolist()}


def _sigmas(kind: str, yields: Floats, variance: Floats) -> dict[str, Any]:
    """Set the relative errors of a staterror in one measurement.

    All signals share one staterror, and so do all backgrounds: 26 of them would slow every fit
    down, and its scipy optimizer misses the minimum among hundreds of fixed parameters. pyhf would
    average the errors of the samples that share it, so each measurement brings those of its own.
    """
    relative = np.sqrt(relative_variance(yields, variance))
    # pyhf divides by sigma; a factor that multiplies nothing or is exact needs a small one.
    return {"name": f"staterror_{kind}", "sigmas": np.maximum(relative, 1e-6).tolist()}


def _measurement(
    scaled: ScaledTemplates, index: int, statement: ModelStatement, texts: Sequence[str]
) -> dict[str, Any]:
    kappa = scaled.kappa_lambda[index]
    poi = strength_name(kappa)
    # From the minimum of background-only data: from mu = 1 the scipy optimizer of pyhf stops before
    # it where the signal is weak.
    parameters: list[dict[str, Any]] = [{"name": poi, "inits": [0.0], "bounds": [[0.0, MU_MAX]]}]
    for other, value in enumerate(scaled.kappa_lambda):
        if other != index:
            parameters.append(_fixed(strength_name(value), [0.0]))
    for process in scaled.backgrounds:
        names = background_names(process, scaled)
        if len(names) > 1:
            for other, name in enumerate(names):
                parameters.append(_fixed(f"use_{name}", [float(other == index)]))
    if statement.model == "complete":
        row = min(index, len(scaled.background) - 1)
        signal = scaled.signal[index], scaled.signal_variance[index]
        background = scaled.background[row], scaled.background_variance[row]
        parameters += [_sigmas("signal", *signal), _sigmas("background", *background)]
    parameters += [
        _fixed("luminosity_ifb", [scaled.luminosity_ifb]),
        _fixed("sqrt_s_tev", [scaled.sqrt_s_tev]),
        _fixed("cross_section_fb", [float(scaled.cross_section_fb[index])]),
        _fixed("branching_ratio", [scaled.branching_ratio]),
        _fixed(variance_name(scaled.signal_process), scaled.signal_variance[index].tolist()),
    ]
    for process, rows in scaled.backgrounds.items():
        variance = rows.variance[min(index, len(rows.variance) - 1)]
        parameters.append(_fixed(variance_name(process), variance.tolist()))
    parameters += [{"name": text, "fixed": True} for text in texts]
    return {
        "name": f"{PREFIX}{kappa_name(kappa)}",
        "config": {"poi": poi, "parameters": parameters},
    }


def variance_name(process: str) -> str:
    """Return the name of the constant with the Monte Carlo variance of a process."""
    return f"monte_carlo_variance_{process}"


def _fixed(name: str, values: Sequence[float]) -> dict[str, Any]:
    return {"name": name, "inits": list(values), "fixed": True}


def constants(measurement: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the constant parameters of a measurement by name."""
    parameters = measurement.get("config", {}).get("parameters", [])
    return {p["name"]: p["inits"] for p in parameters if "inits" in p}


def text_of(specification: Mapping[str, Any], start: str) -> str | None:
    """Return the JSON text that a workspace keeps behind ``start``, None if there is none."""
    for measurement in specification["measurements"]:
        for parameter in measurement.get("config", {}).get("parameters", []):
            if parameter["name"].startswith(start):
                return str(parameter["name"]).removeprefix(start)
    return None
