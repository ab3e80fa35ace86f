"""Samples of several background processes: the weight of each within its class.

Without cross sections every sample of a class weighs the same. With them the samples of a process
pool by their generated weights, and processes weigh by cross section times efficiency.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import read_attributes
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.joined import SampleFiles, split_files

log = logging.getLogger(__name__)
#: The name of a process before ``=``; anything else before it belongs to a path.
_PROCESS = re.compile(r"[a-z][a-z0-9_]*=")


def split_samples(texts: Sequence[str], what: Sequence[str]) -> list[SampleFiles]:
    """Split ``"[PROCESS=]FILE:FILE"`` of each sample.

    Raises:
        ConfigError: if there are not as many files as ``what`` names.
    """
    return [split_files(text, what, keyed=bool(_PROCESS.match(text))) for text in texts]


def warn_unweighed(samples: Sequence[SampleFiles], weights: Mapping[str, float] | None) -> None:
    """Say that several processes count the same where no cross section tells them apart."""
    processes = sorted({sample.key for sample in samples})
    if len(processes) > 1 and not weights:
        log.warning("%s weigh the same; background_weights gives cross sections", processes)


def mixture_factors(samples: Sequence[SampleFiles], weights: Mapping[str, float]) -> list[float]:
    """Return what the efficiency of each sample is multiplied by in that of the mixture.

    It is sigma_p / (sum of sigma) times G / G_p, with G the generated weight of the sample and G_p
    that of all samples of its process p.

    Args:
        samples: files, the first of each its dataset, with the process as key.
        weights: cross section sigma by process, in fb.

    Raises:
        ConfigError: if a sample has no process, or its process no cross section.
        ContractError: if a dataset does not state its generated weight.
    """
    by_process: dict[str, float] = {}
    for process, paths in samples:
        if process not in weights:
            named = f"background process {process!r}" if process else "background without PROCESS="
            raise ConfigError(
                f"{paths[0]}: {named} has no cross section, while background_weights has"
                f" {sorted(weights)}; give one for each process"
            )
        by_process[process] = by_process.get(process, 0.0) + _generated(paths[0])
    all_processes = sum(weights[process] for process in by_process)
    return [
        weights[process] / all_processes * (_generated(paths[0]) / by_process[process])
        for process, paths in samples
    ]


def class_weights(
    samples: Sequence[SampleFiles],
    shares: Sequence[NDArray[np.float64]],
    sums: Sequence[float],
    weights: Mapping[str, float] | None,
) -> list[NDArray[np.float64]]:
    """Return the event weights of each sample in a class whose weights sum to one.

    Args:
        samples: see `mixture_factors`.
        shares: weights of the events that are used, summing to one in each sample.
        sums: sum of weights that they stand for in the dataset, both parts together.
        weights: cross section by process in fb; empty or None = every sample the same.
    """
    if not weights:
        return [share / len(samples) for share in shares]
    yields = [
        factor * total / _generated(sample.paths[0])
        for sample, factor, total in zip(
            samples, mixture_factors(samples, weights), sums, strict=True
        )
    ]
    return [share * (own / sum(yields)) for share, own in zip(shares, yields, strict=True)]


def _generated(dataset: Path) -> float:
    total = read_attributes(dataset).get("sum_weights_generated")
    if total is None:
        raise ContractError(
            f"{dataset}: attribute 'sum_weights_generated' is missing, so that no cross section can"
            " weigh it; leave background_weights empty"
        )
    return float(total)
