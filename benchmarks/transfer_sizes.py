"""What the variations of a study do to the categories of its background, beside the transfer sizes.

    python benchmarks/transfer_sizes.py RESULTS [--selection NAME ...] [--process four_b]
        [-o docs/numbers/transfer_sizes.json]

Reads the category templates of a finished study, 13 TeV. Printed for each variation are the largest
relative change of the share that a category has of the background, the power of m_HH that the
background gets as a whole, and the largest difference of a category's power from it; of both sides
and all selections the largest.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.files import read_json
from hh4b.publication.benchmark_tables import write_benchmark

Floats = NDArray[np.float64]
HEAD = ("share of a category, at most [%]", "power of m_HH", "power of a category against it")


def changes(energy: Mapping[str, Any], name: str, process: str) -> Floats:
    """Return the three numbers of a variation as sizes, the largest of both sides, shape (3,)."""
    categories = energy["categories"]
    events = np.array(energy["backgrounds"][process]["families"]["polynomial"], float)
    centres = [np.sqrt(np.multiply(*_edges(one))) for one in categories]
    ends = np.cumsum([len(one) for one in centres])[:-1]
    filled = np.array([part.sum() for part in np.split(events, ends)])
    found = []
    for side in ("up", "down"):
        varied = energy["variations"][name][side].get(process)
        if varied is None:
            continue
        norm = np.array(varied["norm"])
        share = norm / np.average(norm, weights=filled) - 1
        parts = np.split(np.log(varied["shape"]), ends)
        weights = np.split(events, ends)
        powers = np.array([_power(*one) for one in zip(centres, parts, weights, strict=True)])
        whole = np.average(powers, weights=filled)
        found.append([100 * np.abs(share).max(), abs(whole), np.abs(powers - whole).max()])
    return np.max(found, axis=0) if found else np.zeros(3)


def _edges(category: Mapping[str, Any]) -> tuple[Floats, Floats]:
    edges = np.array(category["bin_edges_gev"], float)
    return edges[1:], edges[:-1]


def _power(centre: Floats, log_ratio: Floats, weight: Floats) -> float:
    """Return the slope of ln(varied / nominal) in ln m_HH, by events."""
    return float(np.polyfit(np.log(centre), log_ratio, 1, w=np.sqrt(weight))[0])


def main() -> None:
    """Print a line for each variation."""
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--selection", nargs="+", default=["mixing_spanet_tuned", "min_dr_dnn"])
    parser.add_argument("--process", default="four_b")
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    options = parser.parse_args()
    rows: dict[str, Floats] = {}
    for selection in options.selection:
        content = read_json(options.results / "likelihood" / selection / "categories.json")
        energy = next(one for one in content["energies"] if one["sqrt_s_tev"] == 13.0)
        for name in energy["variations"]:
            found = changes(energy, name, options.process)
            rows[name] = np.maximum(rows.get(name, np.zeros(3)), found)
    rows = {name: one for name, one in rows.items() if one.any()}
    for name, one in rows.items():
        print(f"{name:24s} {one[0]:6.1f} % {one[1]:6.3f} {one[2]:6.3f}")
    if options.output is not None:
        lines = {f"`{name}`": one.tolist() for name, one in rows.items()}
        write_benchmark(options.output, "transfer_sizes", HEAD, lines, decimals=[1, 2, 2])


if __name__ == "__main__":
    main()
