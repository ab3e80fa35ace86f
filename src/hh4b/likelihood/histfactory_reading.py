"""HistFactory JSON to a `LikelihoodModel`: files of this project, and of others.

A measurement is a hypothesis: its parameter of interest scales the signal of its kappa_lambda.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.likelihood.exchange_samples import (
    ModifierRecord,
    ReadSamples,
    SampleRecord,
    unknown_modifier,
)
from hh4b.likelihood.exchange_statement import LikelihoodStatement
from hh4b.likelihood.histfactory import KAPPA, LIKELIHOOD_STATEMENT
from hh4b.likelihood.model import LikelihoodModel
from hh4b.likelihood.signal_basis import lagrange, powers
from hh4b.statistics.workspace import PREFIX, text_of
from hh4b.statistics.workspace_format import validate_workspace

Floats = NDArray[np.float64]
#: A signal that is a quadratic agrees with itself to this, relative to its largest bin.
QUADRATIC_TOLERANCE = 1e-6


def read_histfactory(
    specification: Mapping[str, Any],
    *,
    where: str,
    kappas: Mapping[str, float] | None = None,
) -> LikelihoodModel:
    """Return the likelihood of a pyhf workspace.

    Args:
        specification: the JSON.
        where: its file, for messages.
        kappas: kappa_lambda by the name of the measurement, for files that do not say it.

    Raises:
        ContractError: if the file is no valid workspace, has modifiers or settings that the fast
            likelihood does not know, or fewer than three kappa_lambda, or if its signal is no
            quadratic.
    """
    validate_workspace(specification, where)
    try:
        return _read(specification, where, kappas)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        reason = f"{type(error).__name__} {' '.join(str(error).split())}"
        raise ContractError(f"{where} is no whole workspace: {reason}; make it again") from error


def _read(
    specification: Mapping[str, Any], where: str, kappas: Mapping[str, float] | None
) -> LikelihoodModel:
    _require_counts(specification, where)
    strengths = _strengths(specification, where, kappas or {})
    fixed = _constants(specification, where, strengths)
    statement = _statement(specification, where)
    samples, signal_kappas = [], {}
    for channel in specification["channels"]:
        for sample in channel["samples"]:
            pois = {one["name"] for one in sample["modifiers"]} & set(strengths)
            if pois:
                signal_kappas[sample["name"]] = strengths[_only(pois, sample["name"], where)]
            samples.append(_record(sample, channel["name"], {*pois}, fixed, where))
    order = list(signal_kappas)
    matrix = lagrange([signal_kappas[name] for name in order])
    sizes = {one["name"]: len(one["samples"][0]["data"]) for one in specification["channels"]}
    read = ReadSamples(
        where,
        statement.read_channels(sizes, where),
        tuple(samples),
        {name: matrix[:, index] for index, name in enumerate(order)},
        statement.groups,
    )
    data = {one["name"]: one["data"] for one in specification["observations"]}
    counts = np.concatenate([np.asarray(data[name], dtype=np.float64) for name in sizes])
    model = read.model(data=counts, **statement.described())
    _check_quadratic(model, samples, signal_kappas, where)
    kept = statement.data_of(model, counts)
    return read.model(data=kept, **statement.described()) if kept is None else model


def _require_counts(specification: Mapping[str, Any], where: str) -> None:
    """Check that every channel has as many observations as its samples have bins."""
    counts = {one["name"]: one["data"] for one in specification["observations"]}
    for channel in specification["channels"]:
        sizes = {len(sample["data"]) for sample in channel["samples"]}
        found = counts.get(channel["name"], [])
        if sizes != {len(found)}:
            raise ContractError(
                f"{where}: channel {channel['name']} has {len(found)} observations, its samples"
                f" have {sorted(sizes)} bins; make it again"
            )
        if min(found) < 0:
            raise ContractError(f"{where}: observations of {channel['name']} are negative")


def _statement(specification: Mapping[str, Any], where: str) -> LikelihoodStatement:
    try:
        return LikelihoodStatement.from_json(text_of(specification, LIKELIHOOD_STATEMENT) or "{}")
    except ConfigError as error:
        raise ContractError(f"{where}: {error}; make it again") from error


def _strengths(
    specification: Mapping[str, Any], where: str, kappas: Mapping[str, float]
) -> dict[str, float]:
    """Return kappa_lambda by parameter of interest."""
    found: dict[str, float] = {}
    for measurement in specification["measurements"]:
        said = [one for one in measurement["config"]["parameters"] if one["name"] == KAPPA]
        name = measurement["name"]
        if name in kappas:
            value = kappas[name]
        elif said:
            value = said[0]["inits"][0]
        elif name.startswith(PREFIX):
            value = float(name.removeprefix(PREFIX))
        else:
            raise ContractError(
                f"{where}: measurement {name!r} does not say its kappa_lambda; name it"
                f" {PREFIX}VALUE, one for each of at least three values"
            )
        poi = measurement["config"]["poi"]
        if found.setdefault(poi, value) != value:
            raise ContractError(
                f"{where}: {poi} is the strength of two kappa_lambda, {found[poi]:g} and"
                f" {value:g}; each needs a strength of its own"
            )
    return found


def _only(pois: set[str], sample: str, where: str) -> str:
    if len(pois) > 1:
        raise ContractError(
            f"{where}: sample {sample!r} has the strengths of several kappa_lambda:"
            f" {sorted(pois)}; a sample is the signal of one"
        )
    return next(iter(pois))


def _constants(
    specification: Mapping[str, Any], where: str, strengths: Mapping[str, float]
) -> dict[str, float]:
    """Return the values of fixed factors, and refuse settings that the model cannot hold."""
    kinds: dict[str, set[str]] = {}
    for channel in specification["channels"]:
        for sample in channel["samples"]:
            for one in sample["modifiers"]:
                kinds.setdefault(one["name"], set()).add(one["type"])
    first, *others = (
        _constants_of(measurement, kinds, where, strengths)
        for measurement in specification["measurements"]
    )
    for measurement, other in zip(specification["measurements"][1:], others, strict=True):
        if other != first:
            name = next(key for key in first | other if first.get(key) != other.get(key))
            raise ContractError(
                f"{where}: measurement {measurement['name']!r} sets parameter {name} to another"
                " value than the first one, which the fast likelihood does not know; fit the file"
                " with pyhf"
            )
    return first


def _constants_of(
    measurement: Mapping[str, Any],
    kinds: Mapping[str, set[str]],
    where: str,
    strengths: Mapping[str, float],
) -> dict[str, float]:
    values: dict[str, float] = {}
    for one in measurement["config"]["parameters"]:
        name = one["name"]
        if name not in kinds or name in strengths:
            continue
        free = kinds[name] == {"normfactor"}
        if one.get("fixed") and free:
            values[name] = float(one.get("inits", [1.0])[0])
        elif one.get("fixed") or one.get("auxdata", [0.0]) != [0.0] or "sigmas" in one:
            raise ContractError(
                f"{where}: parameter {name} is fixed, or has auxiliary data or a width of its own,"
                " which the fast likelihood does not know; fit the file with pyhf"
            )
    return values


def _record(
    sample: Mapping[str, Any],
    channel: str,
    strengths: set[str],
    fixed: Mapping[str, float],
    where: str,
) -> SampleRecord:
    records = []
    factor = 1.0
    for one in sample["modifiers"]:
        name, kind, data = one["name"], one["type"], one["data"]
        if name in strengths:
            continue
        if kind == "normfactor" and name in fixed:
            factor *= fixed[name]
        elif kind == "normfactor":
            records.append(ModifierRecord(name, kind, np.zeros(0), np.zeros(0)))
        elif kind == "normsys":
            sides = (np.array([float(data[key])]) for key in ("hi", "lo"))
            records.append(ModifierRecord(name, kind, *sides))
        elif kind == "histosys":
            sides = (np.asarray(data[key], dtype=np.float64) for key in ("hi_data", "lo_data"))
            records.append(ModifierRecord(name, kind, *sides))
        else:
            raise unknown_modifier(where, kind, name, (channel, sample["name"]))
    scaled = tuple(
        ModifierRecord(one.parameter, one.kind, one.up * factor, one.down * factor)
        if one.kind == "histosys"
        else one
        for one in records
    )
    values = np.asarray(sample["data"], dtype=np.float64) * factor
    return SampleRecord(channel, sample["name"], values, scaled)


def _check_quadratic(
    model: LikelihoodModel, samples: list[SampleRecord], kappas: Mapping[str, float], where: str
) -> None:
    for sample in samples:
        if sample.name not in kappas:
            continue
        kappa = kappas[sample.name]
        expected = (powers([kappa]) @ model.signal[:, model.bins_of(sample.channel)])[0]
        largest = max(float(np.abs(sample.values).max()), 1e-300)
        worst = float(np.abs(expected - sample.values).max()) / largest
        if worst > QUADRATIC_TOLERANCE:
            raise ContractError(
                f"{where}: the signal in {sample.channel} is no quadratic in kappa_lambda: off by"
                f" {worst:.1e} at {kappa:g}; each kappa_lambda has a selection of its own, perhaps."
                " Fit the measurements with pyhf"
            )
