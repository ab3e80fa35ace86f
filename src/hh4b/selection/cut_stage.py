"""The cut-based selection on files: scores of 0 or 1 like those of a classifier, and a cutflow."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import SCORES, TableWriter, open_table, read_attributes
from hh4b.core.files import Provenance, write_json
from hh4b.core.shower_events import row_events
from hh4b.selection.cuts import CUT_NAMES, passed_cuts
from hh4b.selection.feature_stage import iterate_jets, located
from hh4b.selection.settings import CutScoreSettings

log = logging.getLogger(__name__)


def select_by_cuts(
    dataset_path: Path | str,
    pairing_path: Path | str,
    output_path: Path | str,
    cutflow_path: Path | str | None,
    settings: CutScoreSettings,
) -> list[dict[str, Any]]:
    """Write a score of 1 for events that pass every cut, else 0, the same at every kappa.

    Args:
        dataset_path: file of contract `DATASET`.
        pairing_path: file of contract `PAIRING`, same events.
        output_path: file of contract `SCORES` to write.
        cutflow_path: JSON to write, or None.
        settings: values of the cuts and of the kappa input.

    Returns:
        The cutflow: steps with ``name, n_events, sum_weights, sum_weights_squared, efficiency``
        (of all generated events, None where their number is unknown) and its error. They count
        shower events: several rows of one that pass are one event, and fluctuate together.

    Raises:
        InputFileError, ContractError: if the files cannot be used.
    """
    with open_table(dataset_path) as file:
        events = row_events(file)
    sums = np.zeros((3, len(CUT_NAMES) + 1))
    by_event = np.zeros((2, 0 if events is None else events.max() + 1, len(CUT_NAMES) + 1))
    kappas = np.array(settings.kappa_values)
    with TableWriter(output_path, SCORES) as writer:
        writer.append({"kappa_lambda": kappas, "score": np.zeros((0, len(kappas)), np.float32)})
        for start, dataset, jets, pairing in iterate_jets(
            dataset_path, pairing_path, chunk_rows=8192
        ):
            with located(dataset_path):
                passed = passed_cuts(jets, pairing, settings, first_row=start)
            so_far = np.logical_and.accumulate(passed, axis=1)
            score = np.repeat(so_far[:, -1:].astype(np.float32), len(kappas), axis=1)
            writer.append({"kappa_lambda": kappas, "score": score})
            weight = np.ones(len(passed))
            if "HH4B/weight" in dataset:
                weight = dataset["HH4B/weight"][start : start + len(passed)]
            steps = np.column_stack([np.ones(len(passed), dtype=bool), so_far])
            sums += [steps.sum(axis=0), weight @ steps, weight**2 @ steps]
            if events is not None:
                own = events[start : start + len(passed)]
                np.add.at(by_event[0], own, steps)
                np.add.at(by_event[1], own, weight[:, None] * steps)
        counts = {"n_events": int(sums[0, 0]), "n_selected": int(sums[0, -1])}
        provenance = Provenance("select cuts", settings.model_dump(), counts=counts)
        writer.set_attributes(provenance)
    if events is not None:
        sums[0], sums[2] = (by_event[0] > 0).sum(axis=0), (by_event[1] ** 2).sum(axis=0)
    cutflow = _cutflow(sums, read_attributes(dataset_path))
    if cutflow_path is not None:
        write_json(cutflow_path, {"steps": cutflow}, provenance)
    for step in cutflow:
        log.info("%(name)s: %(n_events)d events, sum of weights %(sum_weights).6g", step)
    return cutflow


def _cutflow(sums: NDArray[np.float64], attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps; ``sums`` holds numbers, weights and squared weights by (3, step)."""
    generated = attributes.get("sum_weights_generated")
    steps = []
    for name, (number, weight, squared) in zip(("four_tag", *CUT_NAMES), sums.T, strict=True):
        known = generated is not None
        step = {
            "name": name,
            "n_events": int(number),
            "sum_weights": float(weight),
            "sum_weights_squared": float(squared),
            "efficiency": float(weight / generated) if known else None,
            "efficiency_error": float(np.sqrt(squared) / generated) if known else None,
        }
        steps.append(step)
    return steps
