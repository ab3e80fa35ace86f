"""The JSON of templates: written by `hh4b templates`, read by workspaces and luminosity scans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.files import read_json
from hh4b.statistics.histograms import BinnedRows, Histogram
from hh4b.statistics.systematics import DIRECTIONS

Floats = NDArray[np.float64]
#: Key of the amplitude's cross section.
OWN_FB = "amplitude_cross_section_fb"
#: Templates of each process under a variation, by systematic and direction.
Variations = Mapping[str, Mapping[str, Mapping[str, BinnedRows]]]


@dataclass(frozen=True)
class MergedBin:
    """A bin that was joined to a neighbour for want of background.

    Attributes:
        low_gev: its lower edge.
        high_gev: its upper edge.
        effective_events: effective background events that it had, at the hypothesis with fewest.
    """

    low_gev: float
    high_gev: float
    effective_events: float


@dataclass(frozen=True)
class TemplateSet:
    """Templates in units of efficiency.

    Attributes:
        bin_edges_gev: shape (B + 1,).
        kappa_lambda: rising, shape (K,).
        signal: efficiencies, (K, B).
        backgrounds: by process, (1, B), or (K, B) where they depend on the hypothesis.
        threshold: of the selection.
        signal_process: name of the signal.
        variations: by systematic, direction and process, each of the nominal shape.
        merged_bins: bins that are joined to neighbours in it.
        sqrt_s_tev: energy that their events are of, or were taken to; None where it is not known.
        own_fb: coefficients in kappa_lambda of the amplitude's cross section in fb, where all
            hypotheses are reweighted at one kappa input; None elsewhere. See `kappa_components`.
    """

    bin_edges_gev: Floats
    kappa_lambda: Floats
    signal: BinnedRows
    backgrounds: Mapping[str, BinnedRows]
    threshold: float
    signal_process: str = "hh"
    variations: Variations = field(default_factory=dict)
    merged_bins: tuple[MergedBin, ...] = ()
    sqrt_s_tev: float | None = None
    own_fb: tuple[float, float, float] | None = None

    @property
    def nominal(self) -> dict[str, BinnedRows]:
        """All templates by process, the signal first."""
        return {self.signal_process: self.signal, **self.backgrounds}


def rows_content(
    kappa_lambda: Sequence[float], histograms: Sequence[Histogram]
) -> list[dict[str, Any]]:
    """Return the entries of a process: one, or one by hypothesis in rising order."""
    if len(histograms) == 1 and len(kappa_lambda) > 1:
        return [{"kappa_lambda": None, **histograms[0].as_dict()}]
    rows = sorted(range(len(kappa_lambda)), key=lambda row: kappa_lambda[row])
    return [{"kappa_lambda": kappa_lambda[i], **histograms[i].as_dict()} for i in rows]


def template_content(
    bin_edges_gev: Floats,
    threshold: float,
    signal_process: str,
    entries: Mapping[str, list[dict[str, Any]]],
    variations: Mapping[str, Mapping[str, Mapping[str, list[dict[str, Any]]]]],
    sqrt_s_tev: float,
    own_fb: Sequence[float] | None,
) -> dict[str, Any]:
    """Return the content of a template file.

    Args:
        bin_edges_gev: shape (B + 1,).
        threshold: of the selection.
        signal_process: name of the signal.
        entries: results of `rows_content` by process, the signal among them.
        variations: the same by systematic and direction.
        sqrt_s_tev: energy that the events are of, or were taken to.
        own_fb: see `TemplateSet`.
    """
    return {
        "sqrt_s_tev": sqrt_s_tev,
        OWN_FB: None if own_fb is None else [float(value) for value in own_fb],
        "bin_edges_gev": bin_edges_gev.tolist(),
        "threshold": threshold,
        "signal_process": signal_process,
        "signal": entries[signal_process],
        "backgrounds": {name: rows for name, rows in entries.items() if name != signal_process},
        "variations": variations,
    }


def read_templates(path: Path | str) -> TemplateSet:
    """Read and check a template file.

    Raises:
        InputFileError: if it is no JSON object.
        ContractError: naming the key that is missing or broken.
    """
    return templates_of(read_json(path), str(path))


def templates_of(content: Mapping[str, Any], where: str) -> TemplateSet:
    """Take the content of a template file, see `template_content`.

    Args:
        content: of the file.
        where: its name, for messages.

    Raises:
        ContractError: naming the key that is missing or broken.
    """
    try:
        templates = TemplateSet(
            np.asarray(content["bin_edges_gev"], dtype=np.float64),
            np.asarray([row["kappa_lambda"] for row in content["signal"]], dtype=np.float64),
            _rows(content["signal"]),
            {str(name): _rows(rows) for name, rows in content["backgrounds"].items()},
            float(content["threshold"]),
            str(content["signal_process"]),
            {
                str(systematic): {
                    direction: {name: _rows(rows) for name, rows in varied[direction].items()}
                    for direction in DIRECTIONS
                }
                for systematic, varied in content["variations"].items()
            },
            sqrt_s_tev=float(content["sqrt_s_tev"]),
            own_fb=_own_fb(content[OWN_FB]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContractError(f"{where} is no template file ({error!r}); make it again") from error
    _check(templates, where)
    return templates


def _own_fb(values: Any) -> tuple[float, float, float] | None:
    if values is None:
        return None
    c0, c1, c2 = (float(value) for value in values)
    return c0, c1, c2


def _rows(entries: Sequence[dict[str, Any]]) -> BinnedRows:
    values, variance = (
        np.asarray([entry[key] for entry in entries], dtype=np.float64)
        for key in ("sum_weights", "sum_weights_squared")
    )
    if any("total_variance" not in entry for entry in entries):
        return BinnedRows(values, variance)
    total = np.asarray([entry["total_variance"] for entry in entries], dtype=np.float64)
    return BinnedRows(values, variance, total)


def _check(templates: TemplateSet, path: str) -> None:
    kappa = templates.kappa_lambda
    if len(kappa) == 0 or not (np.diff(kappa) > 0).all():
        raise ContractError(f"{path}: kappa_lambda must rise, got {kappa.tolist()}")
    if not templates.backgrounds:
        raise ContractError(f"{path}: backgrounds is empty; make templates with a background")
    for name, rows in templates.nominal.items():
        allowed = (len(kappa),) if name == templates.signal_process else (1, len(kappa))
        _check_rows(templates, rows, allowed, f"{path}: {name}")
    for systematic, varied in templates.variations.items():
        if varied["up"].keys() != varied["down"].keys():
            raise ContractError(
                f"{path}: variation {systematic} has up for {sorted(varied['up'])} but down for"
                f" {sorted(varied['down'])}; make both"
            )
        for direction in DIRECTIONS:
            for name, rows in varied[direction].items():
                where = f"{path}: variation {systematic}.{direction}.{name}"
                if name not in templates.nominal:
                    raise ContractError(f"{where}: no such process among the templates")
                _check_rows(templates, rows, (len(templates.nominal[name].values),), where)


def _check_rows(
    templates: TemplateSet, rows: BinnedRows, allowed: tuple[int, ...], where: str
) -> None:
    n_bins = len(templates.bin_edges_gev) - 1
    for values in (rows.values, rows.variance):
        if (values < 0).any():
            raise ContractError(
                f"{where}: bin {int(np.argwhere(values < 0)[0, -1])} has negative contents: weights"
                " of both signs and too few events; give more events, or wider bins"
            )
        if (
            values.shape[1:] != (n_bins,)
            or len(values) not in allowed
            or not np.isfinite(values).all()
        ):
            raise ContractError(
                f"{where}: expected {' or '.join(map(str, allowed))} rows of {n_bins} finite"
                f" numbers, got shape {values.shape}"
            )
