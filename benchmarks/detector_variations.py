"""CPU time of variations of the detector that share the nominal showers, against nominal alone.

    python benchmarks/detector_variations.py PARTONS.lhe.gz --detector config/detector/note.yaml

Jet energy scale and resolution up and down. Detector time is everything behind Pythia: arrays,
response, jets, tags, truth record, and the trees. Pythia is timed by itself.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from hh4b.detector.settings import read_detector_settings
from hh4b.detector.tree import TreeWriter
from hh4b.generation.lhe import read_lhe
from hh4b.simulation.event_rows import EventRows, Version
from hh4b.simulation.settings import SimulateSettings
from hh4b.simulation.shower import ShowerBlock, shower
from hh4b.simulation.simulate_stage import changed_detector

VARIATIONS = {
    "jes_up": {"jets.energy_scale": 1.02},
    "jes_down": {"jets.energy_scale": 0.98},
    "jer_up": {"jets.extra_smearing": 0.05},
    "jer_down": {"jets.extra_smearing": 0.03},
}


def seconds(
    blocks: list[ShowerBlock], weights: np.ndarray, card: Path, settings: SimulateSettings
) -> tuple[float, float]:
    """Return the CPU time of the detector with all of its variations, and that of the trees."""
    start = time.process_time()
    detector = read_detector_settings(card)
    versions = [Version(one, changed_detector(detector, one)) for one in settings.alone()]
    rows, writing = EventRows(versions), 0.0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        writers = [
            stack.enter_context(TreeWriter(Path(folder) / f"{i}.root", gen_jets=False))
            for i in range(len(versions))
        ]
        for block in blocks:
            made = rows.of_block(block, weights[block.index])
            before = time.process_time()
            for writer, events in zip(writers, made, strict=True):
                writer.append(events)
            writing += time.process_time() - before
        before = time.process_time()
        stack.close()
        writing += time.process_time() - before
    return time.process_time() - start, writing


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("partons", type=Path)
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--tags", default="weight")
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--variation-draws", type=int)
    parser.add_argument("--b-tagging")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    n = arguments.events
    start = time.process_time()
    blocks = list(shower(arguments.partons, first=0, count=n, seed=1, labels=("rate",)))
    showering = time.process_time() - start
    weights = read_lhe(arguments.partons, 0, n).events.weights
    nominal = SimulateSettings(
        sample="rate", events=n, tags=arguments.tags, detector_draws=arguments.draws,
        combination_probability_min=0.2, b_tagging=arguments.b_tagging,
        variation_draws=arguments.variation_draws,
    )  # fmt: skip
    print(f"Pythia {showering / n * 1e3:.3f} ms/event")
    # The first call compiles or loads.
    seconds(blocks[:1], weights, arguments.detector, nominal)
    choices = {
        "nominal": {},
        "jes": {name: VARIATIONS[name] for name in ("jes_up", "jes_down")},
        "jes and jer up": {name: VARIATIONS[name] for name in ("jes_up", "jes_down", "jer_up")},
        "jes and jer": VARIATIONS,
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in choices}
    for _ in range(arguments.repeats):
        for name, variations in choices.items():
            settings = nominal.model_copy(update={"variations": variations})
            found[name].append(seconds(blocks, weights, arguments.detector, settings))
    basis = min(found["nominal"])
    for name, times in found.items():
        whole, writing = min(times)
        job = (showering + whole) / (showering + basis[0])
        print(f"{name:16} detector {whole / n * 1e3:7.3f} ms/event (trees {writing / n * 1e3:.3f}),"
              f" {whole / basis[0]:.3f} times nominal; whole job {job:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
