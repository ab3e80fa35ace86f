"""Speed of training and prediction beside the reference implementation, in one process.

    python benchmarks/spanet_vs_reference.py --reference-repository DIR

DIR is a checkout of github.com/Alexanders101/SPANet (version 2.2.0); `pip install
pytorch_lightning opt_einsum` adds what it imports. Both programs take turns on the same data,
options, threads and torch, so that other load on the machine meets both. A training step counts
everything from the file in memory to new weights: taking the batch, forward, backward, clipping,
optimiser. The reference runs without Lightning's loop and logging, which only helps it.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch.utils._pytree import tree_map

from hh4b.spanet.data import read_events
from hh4b.spanet.devices import choose_devices
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import OURS_ONLY, Options
from hh4b.spanet.prediction import predict
from hh4b.spanet.preparation import prepare
from hh4b.spanet.training import Training, Workers

ROOT = Path(__file__).parent.parent / "config" / "spanet"
#: Share of events with 4, 5, ... 10 jets; the four-tag cut on HH and on pp -> 4b gives about this.
MULTIPLICITY = (0.33, 0.30, 0.19, 0.10, 0.05, 0.02, 0.01)


def write_toy(path: Path, events: int, seed: int) -> None:
    """Write random events in the layout of both programs."""
    rng = np.random.default_rng(seed)
    jets = 10
    number = rng.choice(np.arange(4, 11), size=events, p=MULTIPLICITY)
    mask = np.arange(jets) < number[:, None]
    signal = rng.random(events) < 0.5
    pt = -np.sort(-(40 + rng.exponential(60, (events, jets))), axis=1)
    columns = {
        "pt": pt,
        "eta": rng.uniform(-2.5, 2.5, (events, jets)),
        "phi": rng.uniform(-np.pi, np.pi, (events, jets)),
        "mass": pt * rng.uniform(0.05, 0.2, (events, jets)),
        "btag": rng.random((events, jets)) < 0.7,
    }
    order = np.argsort(np.where(mask, rng.random((events, jets)), 2.0), axis=1)[:, :4]
    lost = rng.random((events, 4)) < 0.07
    targets = np.where(lost | ~signal[:, None], -1, order)
    with h5py.File(path, "w") as file:
        file["INPUTS/Source/MASK"] = mask
        for name, values in columns.items():
            file[f"INPUTS/Source/{name}"] = np.where(mask, values, 0).astype(np.float32)
        file["INPUTS/Kappa/kappa"] = rng.choice([-5, 1, 5], events).astype(np.float32)
        for column, name in enumerate(("h1/b1", "h1/b2", "h2/b1", "h2/b2")):
            file[f"TARGETS/{name}"] = targets[:, column].astype(np.int64)
        file["CLASSIFICATIONS/EVENT/signal"] = signal.astype(np.int64)


def build_reference(
    repository: Path, options: Options, event: Path, data: Path, test: Path | None = None
) -> Any:
    """Return the reference's model for these options and files, outside of Lightning's loop."""
    threads = torch.get_num_threads()  # the reference takes all cores when it is imported
    if str(repository) not in sys.path:
        sys.path.insert(0, str(repository))
    from spanet import JetReconstructionModel
    from spanet import Options as TheirOptions

    theirs = TheirOptions(str(event), str(data), testing_file=str(test or ""))
    files = {"event_info_file", "training_file", "validation_file", "testing_file"}
    theirs.update_options(options.model_dump(exclude=OURS_ONLY | files))
    theirs.num_dataloader_workers = 0
    model = JetReconstructionModel(theirs)
    torch.set_num_threads(threads)
    model.log = lambda *_, **__: None
    return model


def reference(
    repository: Path, options: Options, event: Path, data: Path, device: torch.device
) -> tuple[Callable[[], None], Callable[[], int]]:
    """Return the reference's training step, and its prediction of the whole file."""
    model = build_reference(repository, options, event, data, data).to(device)
    from spanet.evaluation import evaluate_on_test_dataset

    (optimizer,), (schedule,) = model.configure_optimizers()

    def batches() -> Iterator[Any]:
        while True:
            yield from model.train_dataloader()

    source = batches()

    def step() -> None:
        model.train()
        optimizer.zero_grad()
        # As Lightning moves a batch.
        batch = tree_map(lambda tensor: tensor.to(device), next(source))
        model.training_step(batch, 0).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), options.gradient_clip)
        optimizer.step()
        schedule["scheduler"].step()

    def whole() -> int:
        model.eval()
        with torch.no_grad():
            evaluate_on_test_dataset(model, progress=None)
        return len(model.testing_dataset)

    return step, whole


def rate(function: Callable[[], Any], events: int, clock: Callable[[], float]) -> float:
    """Return events per second of one call, all that it left to a GPU included."""
    start = clock()
    function()
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return events / (clock() - start)


def main() -> None:
    """Take turns, print rates and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference-repository", type=Path, required=True)
    parser.add_argument("--options", type=Path, default=ROOT / "options" / "tuned.json")
    parser.add_argument("--event", type=Path, default=ROOT / "event.yaml")
    parser.add_argument("--events", type=int, default=20000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--num-gpu", type=int, choices=(0, 1), default=0, help="both on a GPU")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu, with --threads 1: on a machine that others use, too",
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock = time.perf_counter if arguments.clock == "wall" else time.process_time
    (device,) = choose_devices(arguments.num_gpu)
    options = Options.read(arguments.options).changed(num_gpu=0)
    event = EventDescription.read(arguments.event)
    size = options.batch_size
    with tempfile.TemporaryDirectory() as folder:
        data, small = Path(folder) / "toy.h5", Path(folder) / "small.h5"
        write_toy(data, arguments.events, 1)
        write_toy(small, 2 * size, 2)
        training = Training(
            options, event, prepare(options, event, data), seed=1, workers=Workers(device=device)
        )
        events = read_events(data, event)
        common = (arguments.reference_repository, options, arguments.event)
        their_step, _ = reference(*common, data, device)
        _, their_whole = reference(*common, small, device)
        rng = np.random.default_rng(0)

        def our_step() -> None:
            training.network.train()
            training.run_step(rng.permutation(training.store.n_events)[:size], 1)

        for warm_up in (our_step, our_step, their_step):
            warm_up()
        rates: dict[str, list[float]] = {k: [] for k in ("rt", "ot", "rp", "op")}
        for number in range(arguments.rounds):
            rates["rt"].append(rate(their_step, size, clock))
            rates["ot"].append(rate(lambda: [our_step() for _ in range(4)], 4 * size, clock))
            rates["rp"].append(rate(their_whole, 2 * size, clock))
            rates["op"].append(rate(lambda: predict(training.network, events), len(events), clock))
            row = ", ".join(f"{k} {v[-1]:,.0f}" for k, v in rates.items())
            print(f"round {number + 1}: {row} events/s", flush=True)
    middle = {name: statistics.median(values) for name, values in rates.items()}
    ratios = {
        "training": statistics.median(o / r for o, r in zip(rates["ot"], rates["rt"], strict=True)),
        "prediction": statistics.median(
            o / r for o, r in zip(rates["op"], rates["rp"], strict=True)
        ),
    }
    result = {
        "threads": arguments.threads,
        "device": str(device),
        "batch_size": size,
        "training": {"reference": middle["rt"], "ours": middle["ot"], "ratio": ratios["training"]},
        "prediction": {
            "reference": middle["rp"], "ours": middle["op"], "ratio": ratios["prediction"]
        },
    }  # fmt: skip
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
