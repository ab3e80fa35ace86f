"""HS3 to a `LikelihoodModel`: files of this project, and of others where they mean the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.named_entries import by_name
from hh4b.likelihood.exchange_samples import (
    ModifierRecord,
    ReadSamples,
    SampleRecord,
    unknown_modifier,
)
from hh4b.likelihood.exchange_statement import LikelihoodStatement
from hh4b.likelihood.hs3 import (
    DISTRIBUTION_PREFIX,
    KAPPA_PARAMETER,
    MISC,
    STRENGTH_PARAMETER,
)
from hh4b.likelihood.hs3_functions import FunctionTable
from hh4b.likelihood.model import Channel, LikelihoodModel

Floats = NDArray[np.float64]
#: Interpolations of the fast likelihood, as files of pyhs3 and of ROOT name them.
INTERPOLATIONS = {"normsys": ("code4", 4), "histosys": ("code4p", "code4", 4)}


def read_hs3(
    specification: Mapping[str, Any],
    *,
    where: str,
    likelihood: str | None = None,
    kappa: str = KAPPA_PARAMETER,
    strength: str = STRENGTH_PARAMETER,
) -> LikelihoodModel:
    """Return the likelihood of an HS3 file.

    Args:
        specification: the JSON.
        where: its file, for messages.
        likelihood: which of its likelihoods; the first if None.
        kappa: its name of kappa_lambda.
        strength: its name of mu.

    Raises:
        ContractError: if the file is broken, or has distributions, functions, modifiers or
            constraints that the fast likelihood does not know.
    """
    try:
        return _read(specification, where, likelihood, (kappa, strength))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        reason = f"{type(error).__name__} {' '.join(str(error).split())}"
        raise ContractError(f"{where} is no whole HS3 file: {reason}; make it again") from error


def _read(
    specification: Mapping[str, Any], where: str, likelihood: str | None, names: tuple[str, str]
) -> LikelihoodModel:
    pairs = _pairs(specification, where, likelihood)
    functions = FunctionTable(
        specification.get("functions", []), _constants(specification, names), where
    )
    samples, counts = [], []
    signal: dict[str, Floats] = {}
    edges: dict[str, list[float]] = {}
    for distribution, data in pairs:
        channel = distribution["name"].removeprefix(DISTRIBUTION_PREFIX)
        edges[channel] = _edges(distribution, where)
        counts.append(np.asarray(data["contents"], dtype=np.float64))
        for sample in by_name(distribution["samples"], f"samples of {channel}", where).values():
            record, factors = _record(sample, channel, functions, names, where)
            samples.append(record)
            if factors:
                found = functions.quadratic(factors, *names)
                if np.any(signal.setdefault(record.name, found) != found):
                    raise ContractError(
                        f"{where}: sample {record.name!r} has another function of kappa_lambda in"
                        f" {channel}; give it another name there"
                    )
    if not signal:
        raise ContractError(
            f"{where}: no sample depends on {names[0]!r} or {names[1]!r}; say what the file calls"
            " kappa_lambda and mu"
        )
    statement = _statement(specification, where)
    sizes = {name: len(values) - 1 for name, values in edges.items()}
    channels = statement.read_channels(sizes, where)
    if not statement.channels:
        channels = tuple(Channel(name, tuple(values)) for name, values in edges.items())
    read = ReadSamples(where, channels, tuple(samples), signal, statement.groups)
    observed = np.concatenate(counts)
    model = read.model(data=observed, **statement.described())
    if statement.data_of(model, observed) is None:
        return read.model(data=None, **statement.described())
    return model


def _statement(specification: Mapping[str, Any], where: str) -> LikelihoodStatement:
    about = dict((specification.get("misc") or {}).get(MISC, {}))
    about.pop("provenance", None)
    try:
        return LikelihoodStatement.checked(about, where=f"misc.{MISC}.")
    except ConfigError as error:
        raise ContractError(f"{where}: {error}; make it again") from error


def _pairs(
    specification: Mapping[str, Any], where: str, likelihood: str | None
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return distributions and their data."""
    known = by_name(specification["likelihoods"], "likelihoods", where)
    if not known:
        raise ContractError(f"{where}: likelihoods is empty; write the file again with one")
    name = likelihood if likelihood is not None else next(iter(known))
    if name not in known:
        raise ContractError(f"{where}: no likelihood {name!r} among {sorted(known)}")
    chosen = known[name]
    if chosen.get("aux_distributions"):
        raise ContractError(
            f"{where}: likelihood {name!r} has constraints of its own"
            f" ({chosen['aux_distributions'][0]!r}), which the fast likelihood does not know; fit"
            " the file with pyhs3"
        )
    distributions = by_name(specification["distributions"], "distributions", where)
    data = by_name(specification["data"], "data", where)
    pairs = [
        (distributions[one], data[other])
        for one, other in zip(chosen["distributions"], chosen["data"], strict=True)
    ]
    for one, other in pairs:
        if one["type"] != "histfactory_dist" or other["type"] != "binned":
            raise ContractError(
                f"{where}: {one['name']!r} is of type {one['type']} with {other['type']} data; the"
                " fast likelihood knows histfactory_dist with binned data. Fit the file with pyhs3"
            )
    return pairs


def _constants(specification: Mapping[str, Any], names: Sequence[str]) -> dict[str, float]:
    """Return parameters that the file calls constant, beside those of interest."""
    return {
        one["name"]: float(one["value"])
        for group in (specification.get("parameter_points") or [])[:1]
        for one in group["parameters"]
        if one.get("const") and one["name"] not in names
    }


def _edges(distribution: Mapping[str, Any], where: str) -> list[float]:
    axes = distribution["axes"]
    if len(axes) != 1:
        raise ContractError(
            f"{where}: {distribution['name']!r} has {len(axes)} axes; a channel has one"
        )
    axis = axes[0]
    if "edges" in axis:
        return [float(one) for one in axis["edges"]]
    edges = np.linspace(axis["min"], axis["max"], int(axis["nbins"]) + 1)
    return [float(one) for one in edges]


def _record(
    sample: Mapping[str, Any],
    channel: str,
    functions: FunctionTable,
    names: tuple[str, str],
    where: str,
) -> tuple[SampleRecord, list[str]]:
    """Return a sample and those of its factors that depend on kappa_lambda or mu."""
    records: list[ModifierRecord] = []
    factors: list[str] = []
    constant = 1.0
    for one in sample.get("modifiers", []):
        kind = one["type"]
        if kind not in ("normfactor", "normsys", "histosys"):
            raise unknown_modifier(where, kind, one["name"], (channel, sample["name"]))
        parameter = one.get("parameter", one["name"])
        if kind != "normfactor":
            records.append(_constrained(one, parameter, where))
            continue
        needed = functions.needs(parameter)
        if needed & set(names):
            factors.append(parameter)
        elif not needed:
            constant *= functions.value(parameter, {})
        elif needed == {parameter}:
            records.append(ModifierRecord(parameter, kind, np.zeros(0), np.zeros(0)))
        else:
            raise ContractError(
                f"{where}: {sample['name']!r} in {channel} is scaled by the function {parameter!r}"
                f" of {sorted(needed)[0]!r}, which the fast likelihood does not know; fit the file"
                " with pyhs3"
            )
    values = np.asarray(sample["data"]["contents"], dtype=np.float64) * constant
    scaled = tuple(
        ModifierRecord(one.parameter, one.kind, one.up * constant, one.down * constant)
        if one.kind == "histosys"
        else one
        for one in records
    )
    return SampleRecord(channel, sample["name"], values, scaled), factors


def _constrained(one: Mapping[str, Any], parameter: str, where: str) -> ModifierRecord:
    kind, data = one["type"], one["data"]
    said = {
        "constraint": (one.get("constraint", "Gauss"), ("Gauss",)),
        "interpolation": (
            data.get("interpolation", one.get("interpolation", INTERPOLATIONS[kind][0])),
            INTERPOLATIONS[kind],
        ),
    }
    for what, (value, known) in said.items():
        if value not in known:
            raise ContractError(
                f"{where}: {kind} {one['name']!r} has {what} {value!r:.60}; the fast likelihood"
                f" knows {known[0]!r}. Fit the file with pyhs3"
            )
    if kind == "normsys":
        return ModifierRecord(
            parameter, "normsys", np.array([float(data["hi"])]), np.array([float(data["lo"])])
        )
    sides = [np.asarray(data[key]["contents"], dtype=np.float64) for key in ("hi", "lo")]
    return ModifierRecord(parameter, "histosys", sides[0], sides[1])
