"""Reference networks with their outputs, and small networks of all kinds."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from hh4b.spanet import native, reference
from hh4b.spanet.event import EventDescription
from hh4b.spanet.losses import Balance
from hh4b.spanet.network import Network
from hh4b.spanet.options import Options

# Test modules share `spanet_toys`; pytest's importlib mode puts no folder on the path.
sys.path.insert(0, str(Path(__file__).parent))

DATA = Path(__file__).parent.parent / "data" / "spanet"
NAMES = ("published", "detection_focal", "basic_standard", "ttbar")


@dataclass(frozen=True)
class Reference:
    folder: Path
    options: Options
    event: EventDescription
    network: Network
    balance: Balance
    outputs: dict


def read_state(folder):
    if (folder / "reference.ckpt").exists():
        return reference.read_state(folder / "reference.ckpt")
    with np.load(folder / "state.npz") as file:
        names, values = json.loads(str(file["names"])), torch.from_numpy(file["values"])
    sizes = [int(np.prod(shape)) for _, shape in names]
    parts = values.split(sizes)
    return {name: part.reshape(shape) for (name, shape), part in zip(names, parts, strict=True)}


def load(name):
    folder = DATA / name
    options = Options.read(folder / "options.json")
    event = EventDescription.read(folder / "event.yaml")
    network, balance = reference.import_network(read_state(folder), options, event, where=name)
    with np.load(folder / "outputs.npz") as file:
        outputs = dict(file)
    return Reference(folder, options, event, network, balance, outputs)


@pytest.fixture(params=NAMES)
def reference_network(request):
    return load(request.param)


@pytest.fixture
def published():
    return load("published")


@pytest.fixture(scope="session")
def regressed():
    """A network of the reference that regresses, made by make_spanet_regressions.py."""
    return load("regressions")


@pytest.fixture(params=["compiled", "torch"])
def arithmetic(request, monkeypatch):
    """Both ways to compute: the compiled kernels, and torch alone."""
    if request.param == "torch":
        monkeypatch.setattr(native, "usable", lambda *_: False)
    elif native.library() is None:
        pytest.skip("no C++ compiler here, so there is nothing to compare")
    return request.param


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)
