"""Read the samples of a template from datasets, features and scores."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, FEATURES, SCORES, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.templates import Sample, Scores, SignalSample

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
Polynomial = Callable[[Floats, Floats], Floats]
PARTS = {"training": 0, "testing": 1}


class SampleFiles(NamedTuple):
    """The three files of a sample, rows in the same order."""

    dataset: Path
    features: Path
    scores: Path

    @classmethod
    def parse(cls, text: str) -> "SampleFiles":
        """Read ``DATASET:FEATURES:SCORES``.

        Raises:
            ConfigError: if there are not three paths.
        """
        paths = text.split(":")
        if len(paths) != 3 or not all(paths):
            raise ConfigError(f"{text!r} is not of the form DATASET:FEATURES:SCORES")
        return cls(*(Path(path) for path in paths))


def read_background(files: SampleFiles, part: str) -> Sample:
    """Read a background sample.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if the files do not belong together or lack what is needed.
    """
    return _read(files, part)[0]


def read_signal(files: SampleFiles, part: str, polynomial: Polynomial) -> SignalSample:
    """Read a signal sample of one kappa_lambda.

    Args:
        files: where it is.
        part: ``"testing"``, ``"training"`` or ``"all"``.
        polynomial: gives the coefficients of the squared amplitude, shape (N, 3), at
            (m_hh in GeV, cos theta*).

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if the files do not belong together or lack what is needed.
    """
    sample, rows = _read(files, part)
    names = ("HH4B/kappa_lambda", "HH4B/m_hh_truth", "HH4B/cos_theta_star_truth")
    truth = read_table(files.dataset, DATASET, columns=names)
    generated, m_hh, cosine = (truth[name][rows].astype(np.float64) for name in names)
    if len(generated) == 0 or not np.isfinite(generated).all() or np.ptp(generated) > 1e-6:
        raise ContractError(
            f"{files.dataset}: a signal dataset must hold events of one kappa_lambda, got"
            f" {np.unique(generated)[:5].tolist()}; give each sample by itself"
        )
    if np.isnan(m_hh).any() or np.isnan(cosine).any():
        raise ContractError(f"{files.dataset}: true m_hh or cos theta* is missing in some events")
    # float32 in the file: 2.4 must not become 2.4000000954.
    kappa = round(float(generated[0]), 5)
    return SignalSample(**vars(sample), kappa_lambda=kappa, polynomial=polynomial(m_hh, cosine))


def _read(files: SampleFiles, part: str) -> tuple[Sample, NDArray[np.bool_]]:
    data = read_table(files.dataset, DATASET, columns=("HH4B/weight", "INPUTS/Kappa/kappa"))
    weight = data["HH4B/weight"]
    rows = _rows_of_part(files.dataset, part, len(weight))
    attributes = read_attributes(files.dataset)
    for name in ("sum_weights_generated", "n_generated"):
        if not attributes.get(name, 0) > 0:
            raise ContractError(
                f"{files.dataset}: attribute {name} is missing or not positive, the efficiency is"
                " unknown; ingest the sample again, or import it with --n-generated"
            )
    mass = _mass(files.features)
    scores = read_table(files.scores, SCORES)
    for path, length in ((files.features, len(mass)), (files.scores, len(scores["score"]))):
        if length != len(weight):
            raise ContractError(
                f"{path} has {length} events but {files.dataset} has {len(weight)}; make it again"
            )
    # Ratio estimator: the share of selected weight in the part, not the nominal fraction, so that
    # the fluctuation of the split itself drops out and all events count for the efficiency of the
    # preselection. For equal weights it is unbiased at any number of events in the part.
    share = float(weight[rows].sum() / weight.sum()) if len(weight) else 0.0
    if not share > 0:
        raise ContractError(f"{files.dataset}: no weight in the part {part!r}")
    sample = Sample(
        str(files.dataset),
        weight[rows] / (attributes["sum_weights_generated"] * share),
        mass[rows],
        Scores(scores["kappa_lambda"], scores["score"][rows]),
        data["INPUTS/Kappa/kappa"][rows].astype(np.float64),
        float(attributes["n_generated"]),
    )
    log.info(
        "%s: %d of %d events, efficiency of the preselection %.4g",
        files.dataset, rows.sum(), len(rows), sample.efficiency_weight.sum(),
    )  # fmt: skip
    return sample, rows


def _rows_of_part(dataset: Path, part: str, n_events: int) -> NDArray[np.bool_]:
    if part == "all":
        return np.ones(n_events, dtype=bool)
    if part not in PARTS:
        raise ConfigError(f"unknown part {part!r}; one of {[*PARTS, 'all']}")
    split = read_table(dataset, DATASET, columns=("HH4B/split",))["HH4B/split"]
    return np.asarray(split == PARTS[part])


def _mass(path: Path) -> NDArray[np.float32]:
    columns = [str(name) for name in read_attributes(path).get("columns", [])]
    if "hh_mass" not in columns:
        raise ContractError(f"{path}: no column hh_mass among {columns}; make the features again")
    features = read_table(path, FEATURES, columns=("features",))["features"]
    return np.asarray(features[:, columns.index("hh_mass")])
