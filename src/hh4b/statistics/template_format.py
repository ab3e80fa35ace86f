"""The JSON of templates: written by `hh4b templates`, read by workspaces and luminosity scans."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.files import read_json
from hh4b.statistics.histograms import Histogram

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TemplateSet:
    """Templates in units of efficiency.

    Attributes:
        bin_edges_gev: shape (B + 1,).
        kappa_lambda: rising, shape (K,).
        signal: efficiency by hypothesis and bin, shape (K, B).
        signal_squared: its variance, shape (K, B).
        background: efficiency, shape (1, B), or (K, B) where it depends on the hypothesis.
        background_squared: its variance.
        threshold: of the selection.
    """

    bin_edges_gev: Floats
    kappa_lambda: Floats
    signal: Floats
    signal_squared: Floats
    background: Floats
    background_squared: Floats
    threshold: float


def template_content(
    bin_edges_gev: Floats,
    threshold: float,
    kappa_lambda: Sequence[float],
    signal: Sequence[Histogram],
    background: Sequence[Histogram],
) -> dict[str, Any]:
    """Return the content of a template file.

    Args:
        bin_edges_gev: shape (B + 1,).
        threshold: of the selection.
        kappa_lambda: the hypotheses.
        signal: by hypothesis.
        background: one, or one by hypothesis; then ``background`` is that of kappa_lambda = 1 (or
            the first) and ``background_by_kappa_lambda`` has all.
    """
    rows = sorted(range(len(kappa_lambda)), key=lambda row: kappa_lambda[row])
    content: dict[str, Any] = {
        "bin_edges_gev": bin_edges_gev.tolist(),
        "threshold": threshold,
        "background": background[0].as_dict(),
        "signal": [{"kappa_lambda": kappa_lambda[i], **signal[i].as_dict()} for i in rows],
    }
    if len(background) > 1:
        sm = min(rows, key=lambda row: abs(kappa_lambda[row] - 1))
        content["background"] = background[sm].as_dict()
        content["background_by_kappa_lambda"] = [
            {"kappa_lambda": kappa_lambda[i], **background[i].as_dict()} for i in rows
        ]
    return content


def read_templates(path: Path | str) -> TemplateSet:
    """Read and check a template file.

    Raises:
        InputFileError: if it is no JSON object.
        ContractError: naming the key that is missing or broken.
    """
    content = read_json(path)
    try:
        backgrounds = content.get("background_by_kappa_lambda") or [content["background"]]
        templates = TemplateSet(
            np.asarray(content["bin_edges_gev"], dtype=np.float64),
            np.asarray([row["kappa_lambda"] for row in content["signal"]], dtype=np.float64),
            _rows(content["signal"], "sum_weights"),
            _rows(content["signal"], "sum_weights_squared"),
            _rows(backgrounds, "sum_weights"),
            _rows(backgrounds, "sum_weights_squared"),
            float(content["threshold"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContractError(f"{path} is no template file ({error!r}); make it again") from error
    _check(templates, path)
    return templates


def _rows(entries: Sequence[dict[str, Any]], key: str) -> Floats:
    return np.asarray([entry[key] for entry in entries], dtype=np.float64)


def _check(templates: TemplateSet, path: Path | str) -> None:
    kappa = templates.kappa_lambda
    n_bins = len(templates.bin_edges_gev) - 1
    if len(kappa) == 0 or not (np.diff(kappa) > 0).all():
        raise ContractError(f"{path}: kappa_lambda must rise, got {kappa.tolist()}")
    if len(templates.background) not in (1, len(kappa)):
        raise ContractError(f"{path}: the backgrounds do not match the values of kappa_lambda")
    for name in ("signal", "signal_squared", "background", "background_squared"):
        values = getattr(templates, name)
        if values.shape[1:] != (n_bins,) or not np.isfinite(values).all() or (values < 0).any():
            raise ContractError(
                f"{path}: {name} must hold {n_bins} finite, non-negative numbers a row"
            )
