"""Write tests/data/spanet/regressions: a random network of the reference with its outputs.

    python tests/reference/make_spanet_regressions.py --reference-repository DIR

DIR is a checkout of github.com/Alexanders101/SPANet (version 2.2.0); `pip install
pytorch_lightning opt_einsum` adds what it imports. Weights, statistics of the targets and
events are random; ``outputs.npz`` holds what the reference makes of the first events, its losses,
and the statistics that it takes from the training events.
"""

import argparse
import copy
import json
import sys
from pathlib import Path

import numpy as np
import torch
import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import spanet_agreement  # noqa: E402
from spanet_vs_reference import build_reference  # noqa: E402

from hh4b.spanet.event import EventDescription  # noqa: E402
from hh4b.spanet.options import Options  # noqa: E402

EVENTS, TESTED = 80, 48
EVENT = {
    "INPUTS": {
        "SEQUENTIAL": {"Jets": {"pt": "log_normalize", "eta": "normalize", "btag": "none"}},
        "GLOBAL": {"Met": {"met": "log_normalize"}},
    },
    "EVENT": {"lt": ["b"], "h": ["b1", "b2"]},
    "PERMUTATIONS": {"h": [["b1", "b2"]]},
    "REGRESSIONS": {
        "EVENT": ["mass", ["neutrino_pz", "laplacian"]],
        "h": {"b2": [["pt", "gaussian"]]},
        "lt": {"PARTICLE": [["energy", "log_gaussian"]]},
    },
    "CLASSIFICATIONS": {"EVENT": ["signal"]},
}
OPTIONS = {
    "hidden_dim": 8, "initial_embedding_dim": 8, "position_embedding_dim": 4,
    "num_encoder_layers": 1, "num_branch_embedding_layers": 1, "num_branch_encoder_layers": 1,
    "num_jet_embedding_layers": 0, "num_jet_encoder_layers": 1, "num_regression_layers": 1,
    "linear_block_type": "Basic", "transformer_type": "Standard",
    "num_detector_layers": 0, "num_classification_layers": 0, "num_embedding_layers": 0,
    "num_attention_heads": 2, "partial_events": True, "balance_particles": True, "num_gpu": 0,
    "detection_loss_scale": 0.5, "classification_loss_scale": 0.8, "regression_loss_scale": 0.6,
    "batch_size": 16, "epochs": 2, "train_validation_split": 0.75,
}  # fmt: skip


def main() -> None:
    """Write the folder anew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference-repository", type=Path, required=True)
    repository = parser.parse_args().reference_repository
    folder = ROOT / "tests/data/spanet/regressions"
    folder.mkdir(exist_ok=True)
    (folder / "event.yaml").write_text(yaml.safe_dump(EVENT, sort_keys=False))
    (folder / "options.json").write_text(json.dumps(OPTIONS, indent=1) + "\n")
    event = EventDescription.read(folder / "event.yaml")
    spanet_agreement.EVENTS = EVENTS
    spanet_agreement.write_events(folder / "events.h5", event, seed=5)
    torch.manual_seed(5)
    options = Options.read(folder / "options.json")
    model = build_reference(repository, options, folder / "event.yaml", folder / "events.h5")
    outputs = {
        f"{kind}/{name}": getattr(network, kind).numpy()
        for name, network in model.regression_decoder.networks.items()
        for kind in ("mean", "std")
    }
    outputs = {name: value.copy() for name, value in outputs.items()}
    spanet_agreement.shake(model, seed=1)
    model.eval()
    hyper = copy.copy(model.options)
    for key in ("event_info_file", "training_file"):  # of this machine
        setattr(hyper, key, "")
    saved = {"state_dict": model.state_dict(), "hyper_parameters": hyper}
    torch.save(saved, folder / "reference.ckpt")
    chosen = torch.utils.data.default_collate([model.training_dataset[i] for i in range(TESTED)])
    logged: dict[str, float] = {}
    model.log = lambda name, value, **_: logged.__setitem__(name, float(value))
    with torch.no_grad():
        found = model.forward(chosen.sources)
        logged["returned"] = float(model.training_step(chosen, 0))
    for key, values in found.regressions.items():
        outputs[f"regression/{key}"] = values.numpy()
    for key, values in found.vectors.items():
        outputs[f"vector/{key}"] = values.numpy()
    outputs |= {name: np.float64(value) for name, value in logged.items()}
    np.savez_compressed(folder / "outputs.npz", **outputs)


if __name__ == "__main__":
    main()
