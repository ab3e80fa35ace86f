"""The likelihood as a JSON file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.likelihood.model import Channel, LikelihoodModel, NormEffect, Parameter, ShapeEffect

FORMAT = "hh4b likelihood 1"


def model_content(model: LikelihoodModel) -> dict[str, Any]:
    """Return a likelihood as plain data for JSON."""
    return {
        "format": FORMAT,
        "sqrt_s_tev": model.sqrt_s_tev,
        "luminosity_ifb": model.luminosity_ifb,
        "signal_process": model.signal_process,
        "channels": [dict(vars(one)) for one in model.channels],
        "signal": model.signal.tolist(),
        "backgrounds": {name: values.tolist() for name, values in model.backgrounds.items()},
        "parameters": [dict(vars(one)) for one in model.parameters],
        "norms": [{**vars(one), "up": dict(one.up), "down": dict(one.down)} for one in model.norms],
        "shapes": [
            {**vars(one), "up": one.up.tolist(), "down": one.down.tolist()} for one in model.shapes
        ],
        "data": None if model.data is None else model.data.tolist(),
    }


def write_model(path: Path, model: LikelihoodModel, provenance: Provenance) -> None:
    """Write a likelihood, whole or not at all."""
    write_json(path, model_content(model), provenance)


def read_model(path: Path | str) -> LikelihoodModel:
    """Read and check a likelihood.

    Raises:
        InputFileError: if it is no JSON object.
        ContractError: if it is no likelihood of this project, or means nothing.
    """
    content = read_json(path)
    try:
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, expected {FORMAT!r}")
        model = _model(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContractError(
            f"{path} is no likelihood of hh4b likelihood model ({error!r}); make it again"
        ) from error
    try:
        model.check()
    except ContractError as error:
        raise ContractError(f"{path}: {error}") from error
    return model


def _model(content: Mapping[str, Any]) -> LikelihoodModel:
    data = content["data"]
    return LikelihoodModel(
        channels=tuple(_channel(one) for one in content["channels"]),
        signal=np.asarray(content["signal"], dtype=np.float64),
        backgrounds={
            str(name): np.asarray(values, dtype=np.float64)
            for name, values in content["backgrounds"].items()
        },
        parameters=tuple(Parameter(**one) for one in content["parameters"]),
        norms=tuple(NormEffect(**one) for one in content["norms"]),
        shapes=tuple(
            ShapeEffect(
                str(one["parameter"]),
                str(one["process"]),
                *(np.asarray(one[key], dtype=np.float64) for key in ("up", "down")),
            )
            for one in content["shapes"]
        ),
        luminosity_ifb=float(content["luminosity_ifb"]),
        sqrt_s_tev=float(content["sqrt_s_tev"]),
        signal_process=str(content["signal_process"]),
        data=None if data is None else np.asarray(data, dtype=np.float64),
    )


def _channel(content: Mapping[str, Any]) -> Channel:
    scores = content["score_range"]
    return Channel(
        str(content["name"]),
        tuple(float(edge) for edge in content["bin_edges_gev"]),
        None if scores is None else (float(scores[0]), float(scores[1])),
    )
