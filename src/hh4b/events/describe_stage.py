"""What a dataset holds, in numbers."""

from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.contracts import read_attributes
from hh4b.core.strict_json import parse_attribute
from hh4b.events.dataset import TARGETS, blocks, lacking

_ATTRIBUTES = ("sample", "is_background", "kappa_lambda", "n_generated", "sum_weights_generated")


def describe(path: Path | str) -> dict[str, Any]:
    """Count the events of a dataset by class, matched H bosons and jets, in constant memory.

    Returns:
        ``n_events``, ``signal``, ``background``, ``matched_higgs`` ({"0", "1", "2"}: events by
        number of H with both quarks matched, signal only), ``jets`` and ``tags`` (events by
        number), ``training``, ``testing``, ``sum_weights`` (None where the file has no such
        column), ``lacking`` (optional columns that it does not hold), and the root attributes.

    Raises:
        InputFileError: if the file cannot be read.
        ContractError: if it is no dataset.
    """
    absent = lacking(path)
    optional = [name for name in ("HH4B/split", "HH4B/weight") if name not in absent]
    names = [
        "INPUTS/Source/MASK", "INPUTS/Source/btag", "CLASSIFICATIONS/EVENT/signal", *TARGETS,
        *optional,
    ]  # fmt: skip
    totals: dict[str, Any] = {"n_events": 0, "signal": 0, "background": 0}
    totals |= {"training": None, "testing": None, "sum_weights": None}
    histograms = {"matched_higgs": np.zeros(3, int), "jets": np.zeros(1, int)}
    histograms["tags"] = np.zeros(1, int)
    for block in blocks(path, names):
        valid, signal = block["INPUTS/Source/MASK"], block["CLASSIFICATIONS/EVENT/signal"] == 1
        targets = np.stack([block[name] for name in TARGETS], axis=1).reshape(-1, 2, 2)
        full = (targets >= 0).all(axis=2).sum(axis=1)
        tags = ((block["INPUTS/Source/btag"] > 0.5) & valid).sum(axis=1)
        _add(histograms, "matched_higgs", full[signal])
        _add(histograms, "jets", valid.sum(axis=1))
        _add(histograms, "tags", tags)
        counts = {"n_events": len(signal), "signal": signal.sum(), "background": (~signal).sum()}
        if "HH4B/split" in block:
            counts |= {"training": (block["HH4B/split"] == 0).sum()}
            counts |= {"testing": (block["HH4B/split"] == 1).sum()}
        for name, count in counts.items():
            totals[name] = (totals[name] or 0) + int(count)
        if "HH4B/weight" in block:
            totals["sum_weights"] = (totals["sum_weights"] or 0.0) + float(
                block["HH4B/weight"].sum()
            )
    for name, histogram in histograms.items():
        totals[name] = {
            str(value): int(count)
            for value, count in enumerate(histogram)
            if count or name == "matched_higgs"
        }
    return {**totals, "lacking": absent, **_attributes(path)}


def as_text(description: dict[str, Any]) -> str:
    """Return a description as aligned lines."""
    lines = []
    for name, value in description.items():
        if name == "cutflow":
            lines += [
                f"cutflow {step:<16} {row['events']:>12} events  weight {row['sum_weights']:.6g}"
                for step, row in value.items()
            ]
        elif isinstance(value, dict):
            lines.append(f"{name:<24} " + "  ".join(f"{k}: {v}" for k, v in value.items()))
        elif isinstance(value, list):
            lines.append(f"{name:<24} {', '.join(map(str, value)) or 'nothing'}")
        elif value is not None:
            lines.append(f"{name:<24} {value}")
    return "\n".join(lines)


def _add(histograms: dict[str, Any], name: str, values: Any) -> None:
    counts = np.bincount(values, minlength=len(histograms[name]))
    counts[: len(histograms[name])] += histograms[name]
    histograms[name] = counts


def _attributes(path: Path | str) -> dict[str, Any]:
    """Return the attributes that tell how the dataset came about; unknown ones are left out."""
    attributes = read_attributes(path)
    known = {name: attributes[name] for name in _ATTRIBUTES if name in attributes}
    if isinstance(known.get("kappa_lambda"), float) and not np.isfinite(known["kappa_lambda"]):
        del known["kappa_lambda"]
    for name in ("cutflow", "skipped_files", "sources"):
        if name in attributes:
            known[name] = parse_attribute(attributes, name, path)
    return known
