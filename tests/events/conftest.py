"""Small Delphes files, real and made up."""

import importlib.util
import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

ROOT = Path(__file__).parents[1]
SLICE = ROOT / "data" / "delphes_slice.root"


def _load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "reference" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def truth_loop():
    """The plain loops to compare with."""
    return _load("truth_loop")


@pytest.fixture(scope="session")
def slice_file():
    """58 events of the Delphes program (tests/reference/make_delphes_slice.py)."""
    return str(SLICE)


class Delphes:
    """Write changed copies of the slice into a folder."""

    def __init__(self, folder):
        self.folder = folder

    @staticmethod
    def read(path=SLICE):
        """All branches of a file as {branch: {leaf: awkward array}}."""
        with uproot.open(path) as file:
            tree = file["Delphes"]
            names = [n for n in tree.keys(full_paths=False) if "." in n]
            arrays = tree.arrays(names)
        branches = {}
        for name in names:
            branch, leaf = name.split(".")
            branches.setdefault(branch, {})[leaf] = arrays[name]
        return branches

    def write(self, name, branches, *, counts=None, tree="Delphes"):
        """Write {branch: {leaf: array}} the way Delphes names it; return the path."""
        zipped = {branch: ak.zip(leaves) for branch, leaves in branches.items()}
        path = self.folder / name
        with uproot.recreate(path) as file:
            file.mktree(
                tree,
                {branch: array.type.content for branch, array in zipped.items()},
                field_name=lambda outer, inner: f"{outer}.{inner}" if outer else inner,
                counter_name=lambda counted: f"{counted}_size",
            )
            if len(next(iter(zipped.values()))):
                file[tree].extend(zipped)
            if counts is not None:
                file["hh4b"] = json.dumps({"stage": "simulate", "counts": counts})
        return str(path)

    def edit(self, name, change=lambda branches: None, *, events=slice(None), **kwargs):
        """Write a copy of the slice after ``change(branches)``."""
        branches = self.read()
        change(branches)
        branches = {
            branch: {leaf: array[events] for leaf, array in leaves.items()}
            for branch, leaves in branches.items()
        }
        return self.write(name, branches, **kwargs)

    @staticmethod
    def set_first(leaves, leaf, event, value):
        """Replace the first value of an event."""
        counts = ak.num(leaves[leaf])
        flat = ak.to_numpy(ak.flatten(leaves[leaf])).copy()
        flat[int(np.sum(counts[:event]))] = value
        leaves[leaf] = ak.unflatten(flat, counts)


@pytest.fixture
def delphes(tmp_path):
    """Writer of made-up Delphes files."""
    return Delphes(tmp_path)
