"""The likelihood as HS3 (version 0.2 of the standard), with kappa_lambda as a parameter.

Each channel is a ``histfactory_dist``. The signal is three samples, its values at three basis
kappa_lambda, each scaled by mu and by a ``generic_function`` of kappa_lambda, its polynomial of
Lagrange. Shifts go with the samples: they are linear in the components, as the sum is.
https://hep-statistics-serialization-standard.readthedocs.io
"""

from collections.abc import Sequence
from typing import Any

from hh4b import __version__
from hh4b.core.errors import ConfigError
from hh4b.core.strict_json import parse_json
from hh4b.likelihood.exchange_samples import (
    ModifierRecord,
    SampleRecord,
    background_record,
    check_exportable,
    signal_record,
)
from hh4b.likelihood.exchange_statement import Asimov, LikelihoodStatement, observed
from hh4b.likelihood.model import Channel, LikelihoodModel
from hh4b.likelihood.signal_basis import check_kappas, lagrange, signal_at
from hh4b.statistics.workspace import MU_MAX

HS3_VERSION = "0.2"
KAPPA_PARAMETER = "kappa_lambda"
STRENGTH_PARAMETER = "mu"
#: Before the name of a channel, that of its distribution and of its data.
DISTRIBUTION_PREFIX, DATA_PREFIX = "model_", "data_"
#: Range of kappa_lambda in the file; beyond it pyhs3 takes the end of the range.
KAPPA_RANGE = (-50.0, 50.0)
#: Key of what the file says of itself, under ``misc``.
MISC = "hh4b"


def hs3_workspace(
    model: LikelihoodModel,
    basis_kappas: Sequence[float],
    *,
    asimov: Asimov = "background",
    provenance: str = "",
) -> dict[str, Any]:
    """Return an HS3 workspace with the parameters kappa_lambda, mu and all nuisances.

    Args:
        model: the likelihood.
        basis_kappas: three kappa_lambda at which the file has the signal.
        asimov: the observations where the model has no data.
        provenance: JSON text to keep in the file.

    Raises:
        ConfigError: if the basis is not three different values.
        ContractError: if a signal bin is negative at one of them, or the model cannot be said.
    """
    check_kappas(basis_kappas)
    if len(basis_kappas) != 3:
        raise ConfigError(
            f"basis_kappa: {len(basis_kappas)} values; a quadratic signal is fixed by three"
        )
    names = [f"signal_{number}" for number in range(3)]
    reserved = [KAPPA_PARAMETER, STRENGTH_PARAMETER, *map(_share, names)]
    check_exportable(model, reserved)
    signals = signal_at(model, basis_kappas)
    data = observed(model, asimov)
    distributions = []
    for channel in model.channels:
        samples = [
            _sample(background_record(model, one, channel.name)) for one in model.backgrounds
        ]
        for name, kappa, values in zip(names, basis_kappas, signals, strict=True):
            record = signal_record(model, name, channel.name, kappa, values)
            factors = [_factor(STRENGTH_PARAMETER), _factor(_share(name))]
            samples.append(_sample(record, *factors))
        distributions.append(
            {
                "name": DISTRIBUTION_PREFIX + channel.name,
                "type": "histfactory_dist",
                "axes": [_axis(channel)],
                "samples": samples,
            }
        )
    about = LikelihoodStatement.about(model, asimov).model_dump(mode="json")
    if provenance:
        about["provenance"] = parse_json(provenance)
    return {
        "metadata": {
            "hs3_version": HS3_VERSION,
            "packages": [{"name": "hh4b", "version": __version__}],
            "description": "HH -> 4b: the trilinear coupling kappa_lambda and the strength mu",
        },
        "distributions": distributions,
        "functions": [
            {"name": _share(name), "type": "generic_function", "expression": _polynomial(row)}
            for name, row in zip(names, lagrange(basis_kappas).T.tolist(), strict=True)
        ],
        "data": [
            {
                "name": DATA_PREFIX + one.name,
                "type": "binned",
                "axes": [_axis(one)],
                "contents": data[model.bins_of(one.name)].tolist(),
            }
            for one in model.channels
        ],
        "likelihoods": [
            {
                "name": "likelihood",
                "distributions": [DISTRIBUTION_PREFIX + one.name for one in model.channels],
                "data": [DATA_PREFIX + one.name for one in model.channels],
            }
        ],
        **_parameters(model),
        "misc": {MISC: about},
    }


def _share(name: str) -> str:
    return f"{name}_share"


def _axis(channel: Channel) -> dict[str, Any]:
    return {"name": f"m_hh_{channel.name}", "edges": list(channel.bin_edges_gev)}


def _polynomial(coefficients: Sequence[float]) -> str:
    """Write a quadratic as both TFormula of ROOT and SymPy read it."""
    constant, linear, square = (repr(float(one)) for one in coefficients)
    kappa = KAPPA_PARAMETER
    return f"({constant}) + ({linear}) * {kappa} + ({square}) * {kappa} * {kappa}"


def _factor(parameter: str) -> dict[str, Any]:
    return {"name": parameter, "type": "normfactor", "parameter": parameter}


def _sample(record: SampleRecord, *more: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": record.name,
        "data": {"contents": record.values.tolist()},
        "modifiers": [*more, *(_modifier(one) for one in record.modifiers)],
    }


def _modifier(one: ModifierRecord) -> dict[str, Any]:
    content: dict[str, Any] = {"name": one.parameter, "type": one.kind, "parameter": one.parameter}
    if one.kind == "normsys":
        data: dict[str, Any] = {"hi": float(one.up[0]), "lo": float(one.down[0])}
        content |= {"constraint": "Gauss", "data": {**data, "interpolation": "code4"}}
    elif one.kind == "histosys":
        data = {"hi": {"contents": one.up.tolist()}, "lo": {"contents": one.down.tolist()}}
        content |= {"constraint": "Gauss", "data": {**data, "interpolation": "code4p"}}
    return content


def _parameters(model: LikelihoodModel) -> dict[str, Any]:
    """Return domain, initial values and analysis."""
    rows = [(KAPPA_PARAMETER, 1.0, KAPPA_RANGE), (STRENGTH_PARAMETER, 1.0, (0.0, MU_MAX))]
    rows += [(one.name, one.nominal, one.bounds) for one in model.parameters]
    axes = [{"name": name, "min": low, "max": high} for name, _, (low, high) in rows]
    return {
        "domains": [{"name": "default_domain", "type": "product_domain", "axes": axes}],
        "parameter_points": [
            {
                "name": "nominal",
                "parameters": [{"name": name, "value": value} for name, value, _ in rows],
            }
        ],
        "analyses": [
            {
                "name": "kappa_lambda",
                "likelihood": "likelihood",
                "parameters_of_interest": [KAPPA_PARAMETER, STRENGTH_PARAMETER],
                "domains": ["default_domain"],
                "init": "nominal",
            }
        ],
    }
