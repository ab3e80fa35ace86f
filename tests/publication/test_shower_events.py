"""Several rows of one shower event: errors of figures and tables are those of one row."""

import dataclasses

import h5py
import numpy as np
import pytest

from hh4b.core import contracts
from hh4b.core.files import Provenance
from hh4b.publication.histograms import WeightedHistogram
from hh4b.publication.kinds.jets import _of_file
from hh4b.publication.kinds.scores import read_scores
from hh4b.publication.pass_rates import pass_rate

ROWS = np.repeat(np.arange(60), 2)


def agree(found, wanted):
    for name, values in dataclasses.asdict(wanted).items():
        np.testing.assert_allclose(getattr(found, name), values, rtol=1e-6)


@pytest.fixture
def files(tmp_path):
    """Return a dataset, and the same with every row twice, both of one shower event."""
    rng = np.random.default_rng(5)
    valid = np.arange(6) < rng.integers(4, 7, 60)[:, None]
    columns = {f"INPUTS/Source/{name}": rng.uniform(1, 100, (60, 6)) * valid
               for name in ("pt", "eta", "phi", "mass", "btag")}  # fmt: skip
    columns |= {"INPUTS/Source/MASK": valid, "HH4B/weight": rng.uniform(0.5, 2, 60)}
    paths = []
    for name, rows, factor in (("once", np.arange(60), 1.0), ("twice", ROWS, 0.5)):
        paths.append(tmp_path / f"{name}.h5")
        with h5py.File(paths[-1], "w") as file:
            for column, values in columns.items():
                values = values[rows]
                file[column] = values if values.dtype == bool else values.astype(np.float32)
            file["HH4B/weight"][...] = factor * columns["HH4B/weight"][rows]
            file["HH4B/event_number"] = rows + 10
            file.attrs["sum_weights_generated"] = 1000.0
            file.attrs["n_generated"] = 900
    return paths


def test_histogram():
    rng = np.random.default_rng(3)
    values, weights = rng.normal(0, 1, 60), rng.uniform(0.5, 2, 60)
    values[:2] = 1.0
    edges = [-1, 0, 0.5, 1]
    wanted = WeightedHistogram.fill(values, edges, weights)
    agree(WeightedHistogram.fill(values[ROWS], edges, weights[ROWS] / 2, ROWS), wanted)


def test_pass_rate(files):
    wanted, found = (pass_rate([path]) for path in files)
    assert (found.value, found.error) == pytest.approx((wanted.value, wanted.error))


def test_figure_of_jets(files):
    wanted, found = (_of_file(path) for path in files)
    for name, histogram in wanted.items():
        agree(found[name], histogram)


def test_figure_of_scores(files, tmp_path):
    score = np.random.default_rng(1).random((60, 1)).astype(np.float32)
    pairs = []
    for path, rows in zip(files, (np.arange(60), ROWS), strict=True):
        scores = tmp_path / f"{path.stem}_scores.h5"
        table = {"kappa_lambda": np.ones(1), "score": score[rows]}
        contracts.write_table(scores, contracts.SCORES, table, Provenance("test", {}))
        pairs.append(f"{path}:{scores}")
    agree(read_scores((pairs[1],)), read_scores((pairs[0],)))
