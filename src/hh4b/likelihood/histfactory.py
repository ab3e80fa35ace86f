"""The likelihood as HistFactory JSON, for pyhf and cabinetry.

The schema has no parameter that moves a sample by a polynomial. A file holds a sample and a
measurement for each kappa_lambda, all with the same backgrounds, nuisances and observations; a
measurement fixes the strengths of the other signals at zero. It is the likelihood of its
kappa_lambda and mu, and a scan goes over the measurements.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hh4b.core.kappa import kappa_name
from hh4b.likelihood.exchange_samples import (
    ModifierRecord,
    SampleRecord,
    background_record,
    check_exportable,
    signal_record,
)
from hh4b.likelihood.exchange_statement import Asimov, LikelihoodStatement, observed
from hh4b.likelihood.model import LikelihoodModel, Parameter
from hh4b.likelihood.signal_basis import check_kappas, signal_at
from hh4b.statistics.workspace import MU_MAX, PREFIX, PROVENANCE, signal_name, strength_name

#: Before the JSON text that says what the model is, in the name of a parameter.
LIKELIHOOD_STATEMENT = "likelihood model "
#: Constant of each measurement: the exact value, which its name rounds.
KAPPA = "kappa_lambda"


def histfactory_workspace(
    model: LikelihoodModel,
    kappas: Sequence[float],
    *,
    asimov: Asimov = "background",
    provenance: str = "",
) -> dict[str, Any]:
    """Return a pyhf workspace with one sample and one measurement a kappa_lambda.

    Args:
        model: the likelihood.
        kappas: the hypotheses; three or more let `read_histfactory` find the quadratic again.
        asimov: the observations where the model has no data.
        provenance: JSON text to keep in the file.

    Raises:
        ConfigError: if ``kappas`` is empty or has a value twice.
        ContractError: if a signal bin is negative, or the model cannot be said in this format.
    """
    check_kappas(kappas)
    check_exportable(model, [KAPPA, *(strength_name(kappa) for kappa in kappas)])
    signals = signal_at(model, kappas)
    data = observed(model, asimov)
    channels = []
    for channel in model.channels:
        samples = [
            _sample(background_record(model, one, channel.name)) for one in model.backgrounds
        ]
        for kappa, values in zip(kappas, signals, strict=True):
            record = signal_record(model, signal_name(kappa), channel.name, kappa, values)
            strength = {"name": strength_name(kappa), "type": "normfactor", "data": None}
            samples.append(_sample(record, strength))
        channels.append({"name": channel.name, "samples": samples})
    statement = LikelihoodStatement.about(model, asimov).as_json()
    texts = [LIKELIHOOD_STATEMENT + statement, *([PROVENANCE + provenance] if provenance else [])]
    return {
        "channels": channels,
        "observations": [
            {"name": one.name, "data": data[model.bins_of(one.name)].tolist()}
            for one in model.channels
        ],
        "measurements": [
            _measurement(model.parameters, kappa, kappas, texts if index == 0 else [])
            for index, kappa in enumerate(kappas)
        ],
        "version": "1.0.0",
    }


def _sample(record: SampleRecord, *more: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": record.name,
        "data": record.values.tolist(),
        "modifiers": [*more, *(_modifier(one) for one in record.modifiers)],
    }


def _modifier(one: ModifierRecord) -> dict[str, Any]:
    data: Any = None
    if one.kind == "normsys":
        data = {"hi": float(one.up[0]), "lo": float(one.down[0])}
    elif one.kind == "histosys":
        data = {"hi_data": one.up.tolist(), "lo_data": one.down.tolist()}
    return {"name": one.parameter, "type": one.kind, "data": data}


def _measurement(
    known: Sequence[Parameter], kappa: float, kappas: Sequence[float], texts: Sequence[str]
) -> dict[str, Any]:
    poi = strength_name(kappa)
    parameters: list[dict[str, Any]] = [{"name": poi, "inits": [0.0], "bounds": [[0.0, MU_MAX]]}]
    parameters += [
        {"name": strength_name(other), "inits": [0.0], "fixed": True}
        for other in kappas
        if other != kappa
    ]
    for one in known:
        setting = {"name": one.name, "inits": [one.nominal], "bounds": [list(one.bounds)]}
        if one.constraint == "gaussian":
            setting["auxdata"] = [0.0]
        parameters.append(setting)
    parameters.append({"name": KAPPA, "inits": [float(np.float64(kappa))], "fixed": True})
    parameters += [{"name": text, "fixed": True} for text in texts]
    return {
        "name": f"{PREFIX}{kappa_name(kappa)}",
        "config": {"poi": poi, "parameters": parameters},
    }
