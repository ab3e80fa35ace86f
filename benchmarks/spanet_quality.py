r"""Quality beside the reference implementation: same events, options, epochs; several seeds each.

    python benchmarks/spanet_quality.py --reference-repository DIR --train T.h5 --test TEST.h5 \
        --options O.json -o FOLDER --seeds 1 2 3

DIR is a checkout of github.com/Alexanders101/SPANet (version 2.2.0); `pip install
pytorch_lightning opt_einsum` adds what it imports. The reference trains by its own data loader,
training step, optimiser and schedule, in a loop that does what Lightning's does. It knows no event
weights, so both go without. Both give the network of the last epoch: the two programs choose their
best checkpoints by different metrics. The reference's is imported (`hh4b spanet import-checkpoint`)
and both are evaluated by the same code, that of `hh4b spanet evaluate`. FOLDER keeps what is
finished; called again, the script goes on after the last finished training.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from spanet_vs_reference import ROOT, build_reference

from hh4b.spanet import checkpoints
from hh4b.spanet.data import Events, read_events
from hh4b.spanet.evaluation import classification_metrics, report
from hh4b.spanet.event import EventDescription
from hh4b.spanet.network import Network
from hh4b.spanet.options import Options
from hh4b.spanet.prediction import predict
from hh4b.spanet.preparation import prepare
from hh4b.spanet.reference import import_network, read_state
from hh4b.spanet.training_stage import run


def train_reference(arguments: argparse.Namespace, options: Options, seed: int) -> Path:
    """Train the reference; return its checkpoint of the last epoch."""
    path: Path = arguments.output / f"reference_{seed}.ckpt"
    torch.manual_seed(seed)
    model = build_reference(
        arguments.reference_repository, options, arguments.event, arguments.train
    )
    (optimizer,), (schedule,) = model.configure_optimizers()
    model.train()
    for epoch in range(options.epochs):
        start, losses = time.perf_counter(), []
        for number, batch in enumerate(model.train_dataloader()):
            optimizer.zero_grad()
            loss = model.training_step(batch, number)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), options.gradient_clip or torch.inf)
            optimizer.step()
            schedule["scheduler"].step()
            losses.append(float(loss.detach()))
        seconds = time.perf_counter() - start
        print(
            f"reference, seed {seed}, epoch {epoch + 1}: loss {np.mean(losses):.4f},"
            f" {seconds:.1f} s",
            flush=True,
        )
    torch.save({"state_dict": model.state_dict()}, path)
    return path


def train_ours(arguments: argparse.Namespace, options: Options, seed: int) -> Path:
    """Train ours; return its checkpoint of the last epoch."""
    folder: Path = arguments.output / f"ours_{seed}"
    event = EventDescription.read(arguments.event)
    run(options, event, prepare(options, event, arguments.train), folder, seed=seed)
    return folder / checkpoints.LAST


def measure(network: Network, events: Events) -> dict[str, float]:
    """Return efficiency and areas under the ROC curve on the test events."""
    prediction = predict(network, events)
    found: dict[str, Any] = report(network.event, events, prediction)
    name = "EVENT/signal"
    alike = classification_metrics(
        prediction.classes[name], events.classes[name], np.ones(len(events))
    )
    return {
        "event_efficiency": found["assignment"]["event_efficiency"],
        "particle_efficiency": found["assignment"]["particle_efficiency"],
        "auc": found["classification"][name]["auc"],
        "auc_unweighted": alike["auc"],
    }


def one(arguments: argparse.Namespace, options: Options, program: str, seed: int) -> dict[str, Any]:
    """Train and measure one network, unless that is done."""
    done = arguments.output / f"{program}_{seed}.json"
    if done.exists():
        content: dict[str, Any] = json.loads(done.read_text())
        return content
    start = time.perf_counter()
    event = EventDescription.read(arguments.event)
    if program == "reference":
        path = train_reference(arguments, options, seed)
        network, _ = import_network(read_state(path), options, event, where=str(path))
    else:
        network = checkpoints.load(train_ours(arguments, options, seed)).network
    seconds = time.perf_counter() - start
    result = {**measure(network, read_events(arguments.test, event)), "seconds": seconds}
    done.write_text(json.dumps(result, indent=1))
    return result


def main() -> None:
    """Train what is not trained yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference-repository", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--options", type=Path, default=ROOT / "options" / "small.json")
    parser.add_argument("--event", type=Path, default=ROOT / "event.yaml")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    # The reference's numbers fall below 1e-38 after some epochs, where a product takes ten times
    # as long; nothing else changes.
    torch.set_flush_denormal(True)
    arguments.output.mkdir(parents=True, exist_ok=True)
    options = Options.read(arguments.options).changed(
        num_gpu=0,
        event_weights="none",
        pair_features=0,
        random_symmetries=False,
        global_input_embedding="compatible",
    )
    if arguments.epochs:
        options = options.changed(epochs=arguments.epochs)
    if arguments.learning_rate:
        options = options.changed(learning_rate=arguments.learning_rate)
    table: dict[str, list[dict[str, Any]]] = {"ours": [], "reference": []}
    for seed in arguments.seeds:
        for program, rows in table.items():
            rows.append(one(arguments, options, program, seed))
            print(program, seed, json.dumps(rows[-1]), flush=True)
    for name in table["ours"][0]:
        cells = []
        for program, rows in table.items():
            values = np.array([row[name] for row in rows])
            spread = values.std(ddof=1) if len(values) > 1 else float("nan")
            cells.append(f"{program} {values.mean():.4f} +- {spread:.4f}")
        print(f"{name}: " + ", ".join(cells))


if __name__ == "__main__":
    main()
