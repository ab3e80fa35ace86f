"""Kinds of HDF5 contracts."""

import shutil

import fuzz_changes as change
import numpy as np
from fuzz_base import Kind, event_with_regressions

ROWS = 60


def _hdf5(folder, name, table, arrays, read, beyond, more=None, **attributes):
    """Return a kind of an HDF5 contract, with ``more`` columns that only its reader knows."""
    import h5py

    from hh4b.core.contracts import write_table
    from hh4b.core.files import Provenance

    whole = folder / f"whole_{name}.h5"
    write_table(whole, table, arrays, Provenance("fuzz", {}), **attributes)
    with h5py.File(whole, "r+") as file:
        for column, values in (more or {}).items():
            file[column] = values
    data = whole.read_bytes()
    required = [one.name for one in table if not one.optional and one.name in arrays]
    required += list(more or {})

    def damage(rng, path):
        if rng.random() < 0.5:
            path.write_bytes(change.damage_bytes(rng, data))
            return False
        shutil.copy(whole, path)
        if beyond and rng.random() < 0.5:
            change.break_numbers(rng, path, beyond)
        else:
            change.break_hdf5(rng, path, required)
        return True

    return Kind(".h5", data, damage, read)


def _dataset_arrays():
    rng = np.random.default_rng(5)
    mask = np.arange(6) < rng.integers(4, 7, ROWS)[:, None]
    arrays = {"INPUTS/Source/MASK": mask, "INPUTS/Kappa/kappa": np.ones(ROWS, "f4")}
    arrays["INPUTS/Source/pt"] = np.sort(rng.uniform(30, 300, (ROWS, 6)), axis=1)[:, ::-1]
    arrays["INPUTS/Source/eta"] = rng.normal(size=(ROWS, 6))
    arrays["INPUTS/Source/phi"] = rng.uniform(-3, 3, (ROWS, 6))
    arrays["INPUTS/Source/mass"] = rng.uniform(3, 20, (ROWS, 6))
    arrays["INPUTS/Source/btag"] = np.ones((ROWS, 6))
    for index, name in enumerate(("h1/b1", "h1/b2", "h2/b1", "h2/b2")):
        arrays[f"TARGETS/{name}"] = np.full(ROWS, index)
    arrays["CLASSIFICATIONS/EVENT/signal"] = np.ones(ROWS, int)
    arrays["HH4B/weight"] = rng.uniform(size=ROWS)
    arrays["HH4B/met"] = rng.uniform(size=ROWS)
    arrays["HH4B/event_number"] = np.arange(ROWS)
    return {
        name: values.astype("f4") if values.dtype == float and "HH4B" not in name else values
        for name, values in arrays.items()
    }


def dataset(folder):
    """Datasets, read by all that begin with one."""
    from hh4b.core.contracts import DATASET, read_table
    from hh4b.core.shower_events import ShowerEvents
    from hh4b.events.describe_stage import describe
    from hh4b.pairing.pairing_stage import pair_file
    from hh4b.pairing.settings import PairSettings

    def read(path):
        describe(path)
        read_table(path, DATASET)
        ShowerEvents.read(path)
        pair_file(path, folder / "out.h5", PairSettings())

    pt, target = "INPUTS/Source/pt", "TARGETS/h1/b1"
    beyond = [
        (pt, np.nan), ("INPUTS/Source/eta", np.inf), (target, -5), (target, 6), (target, 127),
        ("HH4B/weight", np.nan), ("HH4B/weight", -np.inf), ("CLASSIFICATIONS/EVENT/signal", 3),
        ("HH4B/met", -1.0), ("INPUTS/Kappa/kappa", np.nan),
    ]  # fmt: skip
    attributes = {"sample": "fuzz", "n_generated": 100, "sum_weights_generated": 1.0}
    return _hdf5(folder, "dataset", DATASET, _dataset_arrays(), read, beyond, **attributes)


def spanet_events(folder):
    """Datasets, as the network reads them."""
    from hh4b.core.contracts import DATASET
    from hh4b.spanet.data import count_events, read_events

    event, _ = event_with_regressions(folder)
    numbers = np.where(np.arange(ROWS) % 3 == 0, np.nan, np.arange(ROWS)).astype("f4")
    more = {f"REGRESSIONS/{one.name}": numbers for one in event.regressions}

    def read(path):
        count_events(path, event)
        read_events(path, event)

    target = "TARGETS/h2/b2"
    arrays = _dataset_arrays()
    beyond = [(target, -5), (target, 6), ("HH4B/weight", np.nan), ("INPUTS/Kappa/kappa", np.inf)]
    beyond += [(name, wrong) for name in more for wrong in (np.inf, -np.inf, 1e30)]
    return _hdf5(folder, "spanet_events", DATASET, arrays, read, beyond, more)


def pairing(folder):
    """Pairings, with a good dataset."""
    from hh4b.core.contracts import DATASET, PAIRING, write_table
    from hh4b.core.files import Provenance
    from hh4b.selection.feature_stage import write_features
    from hh4b.selection.settings import FeatureSettings

    good = folder / "good_dataset.h5"
    write_table(good, DATASET, _dataset_arrays(), Provenance("fuzz", {}))
    settings = FeatureSettings(event_observables=False)
    jets = np.tile(np.array([[0, 1], [2, 3]], "i1"), (ROWS, 1, 1))
    beyond = [("jets", -5), ("jets", 6), ("jets", 127)]

    def read(path):
        write_features(good, path, folder / "out.h5", settings)

    return _hdf5(folder, "pairing", PAIRING, {"jets": jets}, read, beyond)


def features(folder):
    """Features."""
    from hh4b.core.contracts import FEATURES, read_table
    from hh4b.selection.samples import read_columns

    def read(path):
        read_columns(path)
        read_table(path, FEATURES)

    arrays = {"features": np.random.default_rng(1).normal(size=(ROWS, 3)).astype("f4")}
    names = {"columns": ["a", "b", "c"], "units": ["GeV", "GeV", "1"]}
    return _hdf5(folder, "features", FEATURES, arrays, read, [("features", np.inf)], **names)


def scores(folder):
    """Scores of a classifier."""
    from hh4b.core.contracts import SCORES
    from hh4b.selection.samples import read_score_file

    score = np.random.default_rng(2).random((ROWS, 2)).astype("f4")
    beyond = [("score", 1.5), ("score", -0.1), ("score", np.nan), ("kappa_lambda", np.inf)]
    arrays = {"kappa_lambda": np.array([1.0, 5.0]), "score": score}
    return _hdf5(folder, "scores", SCORES, arrays, read_score_file, beyond)


def factors(folder):
    """Factors on parton events."""
    from hh4b.core.contracts import ENERGY_WEIGHTS, read_attributes, read_table

    def read(path):
        read_table(path, ENERGY_WEIGHTS)
        read_attributes(path)

    arrays = {"factor": np.ones(ROWS), "sqrt_s_hat_gev": np.full(ROWS, 400.0)}
    beyond = [("factor", np.nan), ("factor", -1.0), ("sqrt_s_hat_gev", 1e12)]
    return _hdf5(folder, "factors", ENERGY_WEIGHTS, arrays, read, beyond)
