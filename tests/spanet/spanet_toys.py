"""Small random datasets in the layout of the reference."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.training import Training

DATA = Path(__file__).parent.parent / "data" / "spanet"


#: Of a network that learns the events below in seconds.
OPTIONS = Options(
    hidden_dim=16, initial_embedding_dim=16, position_embedding_dim=16, num_encoder_layers=1,
    num_branch_embedding_layers=1, num_branch_encoder_layers=1, num_jet_encoder_layers=1,
    batch_size=64, learning_rate=0.003, learning_rate_cycles=1, epochs=3, num_gpu=0, dropout=0.05,
    partial_events=True, balance_particles=True, classification_loss_scale=1.0, gradient_clip=0.4,
    train_validation_split=0.8, l2_penalty=1e-4,
)  # fmt: skip


def stops_in_third_epoch(train, *args, **keywords):
    """Train until the third epoch begins, as if somebody had stopped it there."""
    original = Training.run_epoch

    def run_epoch(self):
        if self.epoch == 2:
            raise KeyboardInterrupt
        return original(self)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Training, "run_epoch", run_epoch)
        train(*args, **keywords)


def event_of(name):
    return EventDescription.read(DATA / name / "event.yaml")


def write_events(path, events, *, seed, jets=(4, 5, 6, 7), weight=None, width=10):
    """Write events whose true pairs are close in phi, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    number = rng.choice(jets, size=events)
    mask = np.arange(width) < number[:, None]
    signal = np.arange(events) % 2
    columns = {
        "pt": 40 + rng.exponential(50, (events, width)),
        "eta": rng.normal(0, 1, (events, width)),
        "phi": rng.uniform(-3, 3, (events, width)),
        "mass": rng.uniform(3, 20, (events, width)),
        "btag": np.ones((events, width), dtype=bool),
    }
    order = np.argsort(np.where(mask, rng.random((events, width)), 2.0), axis=1)[:, :4]
    rows = np.arange(events)
    for a, b in ((0, 1), (2, 3)):
        near = columns["phi"][rows, order[:, a]] + rng.normal(0, 0.1, events)
        columns["phi"][rows, order[:, b]] = near
    columns["mass"][signal == 1] *= 3
    found = (number >= 4) & (signal == 1)
    targets = np.where(found[:, None] & (rng.random((events, 4)) > 0.05), order, -1)
    with h5py.File(path, "w") as file:
        file["INPUTS/Source/MASK"] = mask
        for name, values in columns.items():
            file[f"INPUTS/Source/{name}"] = np.where(mask, values, 0).astype(np.float32)
        file["INPUTS/Kappa/kappa"] = rng.choice([-5, 1, 5], events).astype(np.float32)
        for column, name in enumerate(("h1/b1", "h1/b2", "h2/b1", "h2/b2")):
            file[f"TARGETS/{name}"] = targets[:, column].astype(np.int64)
        file["CLASSIFICATIONS/EVENT/signal"] = signal.astype(np.int64)
        if weight is not None:
            file["HH4B/weight"] = weight
