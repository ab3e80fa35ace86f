"""Effective background events that an interval rests on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import RunFile

Floats = NDArray[np.float64]
_STANDARD_MODEL = 1.0
_KEYS = ("sum_weights", "sum_weights_squared")


@dataclass(frozen=True)
class SelectedBackground:
    """Effective background events after a selection, (Σw)²/variance, at the hypothesis with fewest.

    Attributes:
        total: of all bins together, which may share events or a shape.
        smallest: of the bin with fewest, after bins were joined.
    """

    total: float
    smallest: float


def selected_background(limits: RunFile, templates: RunFile) -> SelectedBackground:
    """Count the effective background events behind a limit file.

    Processes are weighted by their expected events.

    Raises:
        ContractError: if the two files are not of the same selection and processes.
    """
    edges = templates.numbers("bin_edges_gev")
    sums: Floats = np.zeros((len(_KEYS), 1, len(edges) - 1))
    whole: Floats = np.zeros((len(_KEYS), 1))
    for process in templates.get("backgrounds"):
        rows, standard_model = _rows(templates, process, len(edges) - 1)
        # The limit file has the events of the Standard Model's hypothesis.
        selected = rows[0, standard_model].sum()
        expected = limits.number("n_background_by_process", process)
        scale = expected / selected if selected > 0 else 0.0
        sums = sums + rows * np.array([scale, scale**2])[:, None, None]
        whole = whole + _of_sum(templates, process, rows) * np.array([scale, scale**2])[:, None]
    joined = np.searchsorted(edges, np.array(limits.numbers("bin_edges_gev")[:-1]) - 1e-6)
    bins = np.add.reduceat(sums, joined, axis=2)
    return SelectedBackground(_fewest(whole), _fewest(bins))


def _rows(templates: RunFile, process: str, n_bins: int) -> tuple[Floats, int]:
    """Return Σw and Σw² of a process, (2, 1 or K, B), and the row of the Standard Model."""
    entries = templates.get("backgrounds", process)
    rows = np.array([[entry[key] for entry in entries] for key in _KEYS], dtype=np.float64)
    for place, entry in enumerate(entries):
        if entry["kappa_lambda"] in (None, _STANDARD_MODEL) and rows.shape[2:] == (n_bins,):
            return rows, place
    raise ContractError(
        f"{templates.path}: background {process!r} has no template of {n_bins} bins at"
        f" kappa_lambda = {_STANDARD_MODEL:g}; make the templates again"
    )


def _of_sum(templates: RunFile, process: str, rows: Floats) -> Floats:
    """Return Σw of all bins and its variance, (2, 1 or K), from the rows of `_rows`."""
    sums, variances = rows.sum(axis=2)
    totals = [entry.get("total_variance") for entry in templates.get("backgrounds", process)]
    if None not in totals:
        variances = np.array(totals, dtype=np.float64)
    return np.stack([sums, variances])


def _fewest(sums: Floats) -> float:
    weights, squares = sums
    return float(
        np.divide(weights**2, squares, out=np.zeros_like(squares), where=squares > 0).min()
    )
