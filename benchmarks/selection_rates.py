"""Rates of observables, dense network, evaluation, cuts and baselines, in CPU time on one core.

Run with `OMP_NUM_THREADS=1 python benchmarks/selection_rates.py`; the events are random jets, since
the rates do not depend on physics.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from hh4b.core.contracts import DATASET, PAIRING, write_table
from hh4b.core.files import Provenance
from hh4b.pairing.jets import KeptJets
from hh4b.selection.classifier_training import train_classifier
from hh4b.selection.classifiers import CLASSIFIERS
from hh4b.selection.cuts import passed_cuts
from hh4b.selection.dnn import DenseNetwork, NetworkConfig
from hh4b.selection.dnn_stage import score_at_kappas
from hh4b.selection.evaluation import compute
from hh4b.selection.feature_stage import write_features
from hh4b.selection.features import COLUMNS, EventObservables, compute_features
from hh4b.selection.samples import LabelledFeatures, ScoredSample
from hh4b.selection.settings import CutSettings, DnnSettings, FeatureSettings
from hh4b.selection.training import train

N_JETS = 10
KAPPAS = np.linspace(-10, 15, 26)


def cpu_seconds(work: Callable[[], Any], repeats: int = 3) -> float:
    """Return the smallest CPU time of a few calls."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def random_jets(rng: np.random.Generator, n: int) -> tuple[KeptJets, np.ndarray, EventObservables]:
    """Return jets, pairing and event observables of ``n`` events."""

    def field(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (n, N_JETS)).astype(np.float32)

    valid = np.arange(N_JETS) < rng.integers(4, 8, n)[:, None]
    jets = KeptJets(
        valid, field(40, 200), field(-2.5, 2.5), field(-3, 3), field(5, 20), field(0, 1).round()
    )
    pairing = np.argsort(rng.random((n, 4)), axis=1).reshape(n, 2, 2).astype(np.int8)
    none = np.zeros(n, dtype=np.int8)
    met = field(0, 90)[:, 0]
    return jets, pairing, EventObservables(met, met / 30, none, none)


def measure_features(rng: np.random.Generator) -> None:
    """Print the rates of the observables, from arrays and from file to file."""
    n = 16384
    jets, pairing, event = random_jets(rng, n)
    seconds = cpu_seconds(lambda: compute_features(jets, pairing, event), repeats=20)
    print(f"observables, arrays      {n / seconds:12,.0f} events/s")
    seconds = cpu_seconds(lambda: passed_cuts(jets, pairing, CutSettings()))
    print(f"cut-based selection      {n / seconds:12,.0f} events/s")
    n = 400_000
    jets, pairing, event = random_jets(rng, n)
    names = ("MASK", *KeptJets._fields[1:])
    arrays = {f"INPUTS/Source/{k}": v for k, v in zip(names, jets, strict=True)}
    arrays |= {f"HH4B/{k}": v for k, v in event._asdict().items()}
    arrays |= {"INPUTS/Kappa/kappa": event.met, "CLASSIFICATIONS/EVENT/signal": np.ones(n, int)}
    arrays |= {f"TARGETS/{h}/{b}": np.zeros(n, int) for h in ("h1", "h2") for b in ("b1", "b2")}
    with tempfile.TemporaryDirectory() as folder:
        dataset, pairs, output = (Path(folder) / f"{name}.h5" for name in "dpf")
        write_table(dataset, DATASET, arrays, Provenance("benchmark", {}))
        write_table(pairs, PAIRING, {"jets": pairing}, Provenance("benchmark", {}))
        seconds = cpu_seconds(lambda: write_features(dataset, pairs, output, FeatureSettings()))
    print(f"hh4b features, files     {n / seconds:12,.0f} events/s")


def measure_network(rng: np.random.Generator, events: LabelledFeatures) -> None:
    """Print the time of an epoch, of predicting and of evaluating."""
    options = DnnSettings(max_epochs=2)
    seconds = cpu_seconds(lambda: train(events, options, seed=1)) / 2
    print(f"hh4b dnn train           {seconds:12.2f} s an epoch of {len(events.label)} events")
    config = NetworkConfig(columns=COLUMNS)
    network = DenseNetwork(config, torch.Generator().manual_seed(1)).eval()
    features = events.features[:50_000]
    seconds = cpu_seconds(lambda: score_at_kappas(network, features, KAPPAS))
    print(f"hh4b dnn predict         {seconds:12.2f} s for 50000 events at {len(KAPPAS)} kappas")
    samples = [
        ScoredSample(rng.random(50_000, dtype=np.float32), np.ones(1), np.ones(50_000), True)
        for _ in range(2)
    ]
    seconds = cpu_seconds(lambda: compute(samples[:1], samples[1:]))
    print(f"hh4b evaluate-classifier {seconds:12.2f} s for 100000 events")


def measure_baselines(events: LabelledFeatures) -> None:
    """Print the time to fit each baseline and to score 5,000 events at every kappa."""
    for name in CLASSIFIERS:
        start = time.process_time()
        baseline = train_classifier(name, events, seed=1)
        fitted = time.process_time()
        baseline.score_at_kappas(events.features[:5000], KAPPAS)
        scored = time.process_time()
        print(f"{name:24s} {fitted - start:12.2f} s to fit {len(events.label)} events,", end="")
        print(f" {scored - fitted:.2f} s to score 5000 at {len(KAPPAS)} kappas")


def main() -> None:
    """Measure everything."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    measure_features(rng)
    n = 80_000
    label = rng.random(n) < 0.5
    features = (rng.normal(size=(n, len(COLUMNS))) + 0.2 * label[:, None]).astype(np.float32)
    kappa = rng.choice([-5, 1, 5], n).astype(np.float32)
    measure_network(rng, LabelledFeatures(features, kappa, label, np.ones(n), COLUMNS))
    rows = slice(0, 20_000)
    measure_baselines(
        LabelledFeatures(features[rows], kappa[rows], label[rows], np.ones(20_000), COLUMNS)
    )


if __name__ == "__main__":
    main()
