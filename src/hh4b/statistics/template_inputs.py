"""Read the samples of a template from datasets, features and scores."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, FEATURES, SCORES, open_table, read_attributes, read_table
from hh4b.core.errors import ContractError
from hh4b.core.parts import part_mask
from hh4b.core.replication import Replication
from hh4b.core.shower_events import ShowerEvents
from hh4b.core.strict_json import parse_provenance
from hh4b.statistics.templates import SampleEvents, Scores, SignalEvents
from hh4b.statistics.weights import evaluate_weight, find_weight

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
Polynomial = Callable[[Floats, Floats], Floats]
#: What the files of a sample are, in the order of the command line.
FILES = ("DATASET", "FEATURES", "SCORES")
_ROWS_AT_ONCE = 65536


@dataclass(frozen=True)
class LoadedSample:
    """A sample, and where its events came from.

    Attributes:
        dataset: the file.
        rows: which of its events were taken, shape (event,).
        events: the events.
        weight: event weights of the whole dataset, shape (rows,).
        shower: shower events of the whole dataset.
        copies: of a replica, how many events each one stands for, shape (event,); None = itself.
            `hh4b.likelihood.category_rows` reads it.
    """

    dataset: Path
    rows: NDArray[np.bool_]
    events: SampleEvents
    weight: Floats
    shower: ShowerEvents
    copies: NDArray[np.int64] | None = None

    def share_factors(self, replication: Replication) -> Floats:
        """Return by what each of R replicas multiplies the weights of the part, (R,).

        Weights are over the share of the weight that lies in the part; in a replica, this share
        and the weight before the division fluctuate.
        """
        replicas = len(replication)
        if self.rows.all():
            return np.ones(replicas)
        whole, part = np.zeros(replicas), np.zeros(replicas)
        for first in range(0, len(self.weight), _ROWS_AT_ONCE):
            rows = slice(first, first + _ROWS_AT_ONCE)
            taken = ShowerEvents(self.shower.sample, self.shower.numbers[rows])
            counts = replication.multiplicities(taken).astype(np.float64)
            whole += self.weight[rows] @ counts
            part += (self.weight[rows] * self.rows[rows]) @ counts
        share = self.weight[self.rows].sum() / self.weight.sum()
        factors = np.divide(share * whole, part, out=np.zeros(replicas), where=part > 0)
        return np.asarray(factors)

    def weighted(self, reference: str, arguments: Mapping[str, Any]) -> SampleEvents:
        """Return the events with their weights times a function of theirs.

        The efficiency stays relative to the nominal weights generated: a weight that changes the
        cross section changes the yield.

        Args:
            reference: weight, as `hh4b.statistics.weights.find_weight` takes it.
            arguments: keyword arguments of the weight.

        Raises:
            ConfigError: if the weight is unknown or does not take the arguments.
            ContractError: if a column is missing, or the result is no factor for each event.
        """
        _, columns = find_weight(reference)
        table = read_table(self.dataset, DATASET, columns=columns)
        events = {name: table[name][self.rows] for name in columns}
        factor = evaluate_weight(reference, events, arguments, where=str(self.dataset))
        return replace(self.events, efficiency_weight=self.events.efficiency_weight * factor)


def read_background(files: tuple[Path, ...], part: str) -> LoadedSample:
    """Read a background sample.

    Args:
        files: dataset, features, scores.
        part: ``"testing"``, ``"training"`` or ``"all"``.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if the files do not belong together or lack what is needed.
    """
    return _read(files, part)


def read_signal(files: tuple[Path, ...], part: str, polynomial: Polynomial) -> LoadedSample:
    """Read a signal sample of one kappa_lambda; its events are `SignalEvents`.

    Args:
        files: dataset, features, scores.
        part: ``"testing"``, ``"training"`` or ``"all"``.
        polynomial: gives the coefficients of the squared amplitude, shape (N, 3), at
            (m_hh in GeV, cos theta*).

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if the files do not belong together or lack what is needed.
    """
    sample = _read(files, part)
    names = ("HH4B/kappa_lambda", "HH4B/m_hh_truth", "HH4B/cos_theta_star_truth")
    truth = read_table(sample.dataset, DATASET, columns=names)
    generated, m_hh, cosine = (truth[name][sample.rows].astype(np.float64) for name in names)
    events = signal_events(sample.events, generated, m_hh, cosine, polynomial)
    return replace(sample, events=events)


def signal_events(
    events: SampleEvents, generated: Floats, m_hh: Floats, cosine: Floats, polynomial: Polynomial
) -> SignalEvents:
    """Return events of a signal sample with what reweights them.

    Args:
        events: the events; their name is that of the dataset, for messages.
        generated: kappa_lambda of generation, shape (N,).
        m_hh: true mass of the pair in GeV, shape (N,).
        cosine: true cos theta*, shape (N,).
        polynomial: see `read_signal`.

    Raises:
        ContractError: if they are of several values of kappa_lambda, or truth is missing.
    """
    if len(generated) == 0 or not np.isfinite(generated).all() or np.ptp(generated) > 1e-6:
        raise ContractError(
            f"{events.name}: a signal dataset must hold events of one kappa_lambda, got"
            f" {np.unique(generated)[:5].tolist()}; give each sample by itself"
        )
    if np.isnan(m_hh).any() or np.isnan(cosine).any():
        raise ContractError(f"{events.name}: true m_hh or cos theta* is missing in some events")
    # float32 in the file: 2.4 must not become 2.4000000954.
    kappa = round(float(generated[0]), 5)
    return SignalEvents(**vars(events), kappa_lambda=kappa, polynomial=polynomial(m_hh, cosine))


def _read(files: tuple[Path, ...], part: str) -> LoadedSample:
    dataset, features, score_file = files
    data = read_table(dataset, DATASET, columns=("HH4B/weight", "INPUTS/Kappa/kappa"))
    weight = data["HH4B/weight"]
    rows = part_mask(dataset, _split(dataset), part, len(weight))
    attributes = read_attributes(dataset)
    require_generated(attributes, str(dataset))
    mass = _mass(features)
    scores = read_table(score_file, SCORES)
    for path, length in ((features, len(mass)), (score_file, len(scores["score"]))):
        if length != len(weight):
            raise ContractError(
                f"{path} has {length} events but {dataset} has {len(weight)}; make it again"
            )
    shower = ShowerEvents.read(dataset)
    events = SampleEvents(
        str(dataset),
        efficiency_weights(
            weight, rows, attributes, where=f"{dataset}: no weight in the part {part!r}"
        ),
        mass[rows],
        Scores(scores["kappa_lambda"], scores["score"][rows]),
        data["INPUTS/Kappa/kappa"][rows].astype(np.float64),
        float(attributes["n_generated"]),
        shower=shower[rows],
    )
    log.info(
        "%s: %d of %d events, efficiency of the preselection %.4g",
        dataset, rows.sum(), len(rows), events.efficiency_weight.sum(),
    )  # fmt: skip
    return LoadedSample(dataset, rows, events, weight, shower)


def require_generated(attributes: Mapping[str, Any], where: str) -> None:
    """Check that a dataset says how many events were generated for it.

    Raises:
        ContractError: if it does not.
    """
    for name in ("sum_weights_generated", "n_generated"):
        if not attributes.get(name, 0) > 0:
            raise ContractError(
                f"{where}: attribute {name} is missing or not positive, the efficiency is"
                " unknown; ingest the sample again, or import it with --n-generated"
            )


def efficiency_weights(
    weight: Floats, rows: NDArray[np.bool_], attributes: Mapping[str, Any], *, where: str
) -> Floats:
    """Return weights of a part that sum to the efficiency of the preselection, shape (n,).

    Ratio estimator: the share of selected weight in the part, not the nominal fraction, so that the
    fluctuation of the split itself drops out and all events count for the efficiency of the
    preselection. For equal weights it is unbiased at any number of events in the part.

    Args:
        weight: of all events, shape (N,).
        rows: which are of the part, shape (N,).
        attributes: of the dataset, see `require_generated`.
        where: what is said if the part has no weight.

    Raises:
        ContractError: if the part has no weight.
    """
    share = float(weight[rows].sum() / weight.sum()) if len(weight) else 0.0
    if not share > 0:
        raise ContractError(where)
    return np.asarray(weight[rows] / (attributes["sum_weights_generated"] * share))


def _split(dataset: Path) -> NDArray[np.int8] | None:
    with open_table(dataset) as file:
        known = "HH4B/split" in file
    return read_table(dataset, DATASET, columns=("HH4B/split",))["HH4B/split"] if known else None


def _mass(path: Path) -> NDArray[np.float32]:
    columns = [str(name) for name in read_attributes(path).get("columns", [])]
    if "hh_mass" not in columns:
        raise ContractError(f"{path}: no column hh_mass among {columns}; make the features again")
    features = read_table(path, FEATURES, columns=("features",))["features"]
    return np.asarray(features[:, columns.index("hh_mass")])


def hash_of(path: Path) -> str:
    """Return the configuration hash of an HDF5 file, or ``"unknown"``."""
    return str(parse_provenance(read_attributes(path), path).get("configuration_hash", "unknown"))
