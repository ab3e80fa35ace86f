"""Kinds of checkpoints."""

import fuzz_changes as change
import numpy as np
from fuzz_base import ROOT, Kind, event_with_regressions


def _torch(folder, name, save, read, weights):
    """Return a kind of a checkpoint, whose zip is also taken apart."""
    import torch

    whole = folder / f"whole_{name}.pt"
    save(whole)
    data = whole.read_bytes()

    def damage(rng, path):
        kind = int(rng.integers(4))
        if kind <= 1:
            path.write_bytes(change.damage_bytes(rng, data))
            return False
        content = torch.load(whole, weights_only=True)
        state = content[weights]
        names = [key for key, value in state.items() if value.is_floating_point()]
        one = names[int(rng.integers(len(names)))]
        if kind == 2:
            key = (weights, "format", one)[int(rng.integers(3))]
            (state if key == one else content).pop(key)
        elif rng.random() < 0.5:
            state[one] = torch.zeros((*state[one].shape, 2))
        else:
            state[one] = torch.full_like(state[one], (np.nan, np.inf)[int(rng.integers(2))])
        torch.save(content, path)
        return True

    return Kind(".pt", data, damage, read)


def spanet_checkpoint(folder):
    """Checkpoints of the pairing network."""
    from hh4b.core.files import Provenance
    from hh4b.spanet import checkpoints
    from hh4b.spanet.network import Network
    from hh4b.spanet.options import Options

    event, _ = event_with_regressions(folder)
    options = Options.read(ROOT / "config/spanet/options/smoke.json")
    network = Network(options, event, {"EVENT/signal": 2})
    made = Provenance("fuzz", {})
    return _torch(
        folder, "spanet",
        lambda path: checkpoints.save(path, checkpoints.Checkpoint(network), made),
        checkpoints.load, "weights",
    )  # fmt: skip


def dense_checkpoint(folder):
    """Checkpoints of the dense network."""
    from hh4b.core.files import Provenance
    from hh4b.selection.checkpoint import load_network, save_network
    from hh4b.selection.dnn import DenseNetwork, NetworkConfig

    network = DenseNetwork(NetworkConfig(columns=("a", "b", "c"), hidden_dim=4, n_layers=1))
    made = Provenance("fuzz", {})
    return _torch(
        folder, "dense", lambda path: save_network(path, network, {}, made), load_network, "state"
    )
