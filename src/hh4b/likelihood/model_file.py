"""`LikelihoodModel` as a JSON file.

Keys: ``kind`` (`KIND`), ``channels`` (``name``, ``bin_edges_gev``, ``score_range``), ``signal``
(three rows of all bins), ``backgrounds`` (by process), ``parameters`` (``name``, ``constraint``,
``group``), ``norms`` (``parameter``, ``process``, ``up``, ``down`` by channel), ``shapes``
(``parameter``, ``process``, ``up``, ``down``), ``luminosity_ifb``, ``sqrt_s_tev``,
``signal_process``, ``data`` (or null), and ``provenance``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.likelihood.model import (
    Channel,
    LikelihoodModel,
    NormEffect,
    Parameter,
    ShapeEffect,
)

KIND = "hh4b likelihood model"


def model_content(model: LikelihoodModel) -> dict[str, Any]:
    """Return plain data for JSON."""
    return {
        "kind": KIND,
        "channels": [
            {
                "name": one.name,
                "bin_edges_gev": list(one.bin_edges_gev),
                "score_range": None if one.score_range is None else list(one.score_range),
            }
            for one in model.channels
        ],
        "signal": model.signal.tolist(),
        "backgrounds": {name: values.tolist() for name, values in model.backgrounds.items()},
        "parameters": [
            {"name": one.name, "constraint": one.constraint, "group": one.group}
            for one in model.parameters
        ],
        "norms": [
            {
                "parameter": one.parameter,
                "process": one.process,
                "up": dict(one.up),
                "down": dict(one.down),
            }
            for one in model.norms
        ],
        "shapes": [
            {
                "parameter": one.parameter,
                "process": one.process,
                "up": one.up.tolist(),
                "down": one.down.tolist(),
            }
            for one in model.shapes
        ],
        "luminosity_ifb": model.luminosity_ifb,
        "sqrt_s_tev": model.sqrt_s_tev,
        "signal_process": model.signal_process,
        "data": None if model.data is None else model.data.tolist(),
    }


def model_from_content(content: Mapping[str, Any], *, where: str = "likelihood") -> LikelihoodModel:
    """Return the model of plain data, checked.

    Args:
        content: as `model_content` gives it.
        where: the name of what is read, for messages.

    Raises:
        ContractError: naming what is missing or means nothing.
    """
    if content.get("kind") != KIND:
        raise ContractError(f"{where} is no likelihood model of `hh4b likelihood model`")
    try:
        model = LikelihoodModel(
            channels=tuple(
                Channel(
                    str(one["name"]),
                    tuple(float(edge) for edge in one["bin_edges_gev"]),
                    None if one["score_range"] is None else _pair(one["score_range"]),
                )
                for one in content["channels"]
            ),
            signal=_array(content["signal"]),
            backgrounds={name: _array(rows) for name, rows in content["backgrounds"].items()},
            parameters=tuple(_parameter(one) for one in content["parameters"]),
            norms=tuple(
                NormEffect(one["parameter"], one["process"], _floats(one["up"]),
                           _floats(one["down"]))
                for one in content["norms"]
            ),
            shapes=tuple(
                ShapeEffect(one["parameter"], one["process"], _array(one["up"]),
                            _array(one["down"]))
                for one in content["shapes"]
            ),
            luminosity_ifb=float(content["luminosity_ifb"]),
            sqrt_s_tev=float(content["sqrt_s_tev"]),
            signal_process=str(content["signal_process"]),
            data=None if content["data"] is None else _array(content["data"]),
        )  # fmt: skip
    except KeyError as error:
        raise ContractError(f"{where}: {error} is missing; make the file again") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ContractError(f"{where} is no whole likelihood model ({error})") from error
    _check_edges(model, where)
    try:
        model.check()
    except ContractError as error:
        raise ContractError(f"{where}: {error}") from error
    return model


def write_model(path: Path, model: LikelihoodModel, provenance: Provenance) -> None:
    """Write a model as JSON."""
    write_json(path, model_content(model), provenance)


def read_model(path: Path) -> LikelihoodModel:
    """Read a model from JSON and check it.

    Raises:
        InputFileError: if the file cannot be read.
        ContractError: if it is no such model, or means nothing.
    """
    return model_from_content(read_json(path), where=str(path))


def _array(rows: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(rows, dtype=np.float64)


def _floats(values: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in values.items()}


def _pair(values: Any) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)


def _parameter(one: Mapping[str, Any]) -> Parameter:
    if one["constraint"] not in ("gaussian", "none"):
        raise ValueError(f"{one['name']}: constraint {one['constraint']!r} is not known")
    return Parameter(str(one["name"]), one["constraint"], str(one["group"]))


def _check_edges(model: LikelihoodModel, where: str) -> None:
    for channel in model.channels:
        if channel.n_bins < 1 or not (np.diff(channel.bin_edges_gev) > 0).all():
            raise ContractError(f"{where}: the bin edges of {channel.name} do not rise")
