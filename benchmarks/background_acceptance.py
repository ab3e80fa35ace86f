"""Gain and bias of the acceptance bias, measured through shower and detector; and its fit.

    python benchmarks/background_acceptance.py shower CONTROL.npz --events 10000 [--bias FILE]
        [--detector CARD] [--b-tagging NAME]
    python benchmarks/background_acceptance.py compare PLAIN.npz BIASED.npz
    python benchmarks/background_acceptance.py fit CONTROL.npz [CONTROL.npz …]

`shower` generates 4b events, showers them, and keeps for each its weight, its quarks and its chance
P of the four-tag cut (four or more b-tags with pT > 40 GeV, |eta| < 2.5). `compare` gives the gain,
effective selected events, (sum of weights)² / sum of squared weights, per showered event, and the
ratio of selected cross sections, which must be 1. `fit` finds parameters with the best gain.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from hh4b.core.files import Provenance
from hh4b.core.seeds import stream
from hh4b.detector.isolation import events_of
from hh4b.detector.response import reconstruct
from hh4b.detector.settings import read_detector_settings
from hh4b.detector.tagging import at_least, tag_probabilities
from hh4b.generation.acceptance import AcceptanceBias, acceptance_probability
from hh4b.generation.four_b.generator import generate
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.lhe import write_lhe
from hh4b.generation.settings import FourBProcessSettings
from hh4b.simulation.shower import shower

DETECTOR = Path(__file__).parents[1] / "config/detector/atlas.yaml"


def chances(block, settings, rng):
    """Return each event's probability of the four-tag cut."""
    reconstructed = reconstruct(block.particles(), block.partons(), settings, rng)
    jets = reconstructed.jets
    probability = tag_probabilities(
        settings.b_tagging.active, jets.pt, jets.eta, reconstructed.flavor
    )
    condition = settings.tag_weights
    inside = (jets.pt > condition.pt_min_gev) & (np.abs(jets.eta) < condition.abs_eta_max)
    event = events_of(jets.offsets)
    rank = np.arange(len(event)) - jets.offsets[event]
    padded = np.zeros((len(jets.offsets) - 1, int(np.diff(jets.offsets).max(initial=0))))
    padded[event, rank] = np.where(inside, probability, 0.0)
    return at_least(padded, condition.n_tags_min)[:, 0, condition.n_tags_min]


def run_shower(args):
    """Generate, shower and reconstruct; write a sample."""
    bias = AcceptanceBias.from_file(args.bias) if args.bias else None
    start = time.process_time()
    process = FourBProcess.of(FourBProcessSettings.of(four_b_scale="ht_half"))
    made = generate(process, args.events, seed=args.seed, bias=bias)
    print(f"generation: {time.process_time() - start:.1f} CPU s", made.counts)
    partons = args.output.with_suffix(".lhe.gz")
    write_lhe(partons, made.events, sqrt_s_gev=13000.0, cross_section_error_pb=0.0,
              provenance=Provenance("benchmark", {}, args.seed))  # fmt: skip
    settings = read_detector_settings(args.detector)
    if args.b_tagging:
        settings = settings.with_tagging(args.b_tagging)
    start = time.process_time()
    index, chance = [], []
    for block in shower(partons, first=0, count=args.events, seed=args.seed, labels=("benchmark",)):
        index.append(block.index)
        chance.append(chances(block, settings, stream(args.seed, "benchmark", int(block.index[0]))))
    print(f"shower and detector: {time.process_time() - start:.1f} CPU s")
    rows = np.concatenate(index)
    np.savez(args.output, chance=np.concatenate(chance), weight=made.events.weights[rows],
             momenta=made.events.momenta[rows, 2:], sigma=made.cross_section_pb)  # fmt: skip


def selected(sample, roulette):
    """Return selected cross section in pb, its error, and effective events per showered event."""
    weight, chance = sample["weight"], sample["chance"]
    # what the tree holds: P, or with Russian roulette w with probability P / w
    second = weight**2 * chance * np.maximum(chance, roulette)
    total = (weight * chance).sum()
    return (
        total / len(weight),
        np.sqrt(second.sum()) / len(weight),
        total**2 / second.sum() / len(weight),
    )


def run_compare(args):
    """Print gain and bias of one sample against another."""
    roulette = read_detector_settings(DETECTOR).tag_weights.roulette_probability
    plain, biased = (np.load(path) for path in (args.plain, args.biased))
    for name, w in (("tag weights", roulette), ("drawn tags", 1.0)):
        a, b = selected(plain, w), selected(biased, w)
        ratio = b[0] / a[0]
        error = ratio * np.hypot(a[1] / a[0], b[1] / b[0])
        print(f"{name}: plain {a[0]:.3f} +- {a[1]:.3f} pb (pass rate {a[0] / plain['sigma']:.5f}),"
              f" biased {b[0]:.3f} +- {b[1]:.3f} pb, ratio {ratio:.3f} +- {error:.3f};"
              f" effective selected events per showered event {a[2]:.5f} and {b[2]:.5f},"
              f" gain {b[2] / a[2]:.1f}")  # fmt: skip
        drawn = selected(plain, 1.0)[2]
        print(f"  against plain events with drawn tags: gain {b[2] / drawn:.1f}")


def run_fit(args):
    """Print the parameters with the best gain."""
    samples = [np.load(path) for path in args.samples]
    momenta = np.concatenate([s["momenta"] for s in samples])
    chance = np.concatenate([s["chance"] for s in samples])
    # every sample estimates the cross section by its mean weight; together by their size
    weight = np.concatenate([s["weight"] for s in samples])
    weight = weight / len(weight)
    roulette = read_detector_settings(DETECTOR).tag_weights.roulette_probability
    second = chance * np.maximum(chance, roulette)
    first = (weight * chance).sum()
    names = list(AcceptanceBias.model_fields)
    start = AcceptanceBias.from_file(args.start)

    def gain(bias):
        b = acceptance_probability(momenta, bias)
        return first**2 / ((weight * b).sum() * (weight * second / b).sum())

    def model(x):
        values = dict(zip(names, np.exp(x), strict=True))
        for name in ("replacement", "floor"):
            values[name] = min(values[name], 1.0)
        return AcceptanceBias(**values)

    total = weight.sum()
    plain = first**2 / (total * (weight * second).sum())
    print("plain", plain, "start", gain(start), "perfect knowledge of P",
          first**2 / (weight * np.sqrt(second)).sum() ** 2)  # fmt: skip
    x = np.log([getattr(start, name) for name in names])
    for _ in range(3):
        found = minimize(lambda x: -gain(model(x)), x, method="Nelder-Mead",
                         options={"maxfev": 600, "xatol": 0.01, "fatol": 1e-5})  # fmt: skip
        x = found.x
    print("fitted", -found.fun, model(x))


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("shower")
    command.add_argument("output", type=Path)
    command.add_argument("--events", type=int, default=10000)
    command.add_argument("--bias", type=Path)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--detector", type=Path, default=DETECTOR)
    command.add_argument("--b-tagging")
    command.set_defaults(run=run_shower)
    command = commands.add_parser("compare")
    command.add_argument("plain", type=Path)
    command.add_argument("biased", type=Path)
    command.set_defaults(run=run_compare)
    command = commands.add_parser("fit")
    command.add_argument("samples", type=Path, nargs="+")
    command.add_argument("--start", type=Path, default=DETECTOR.with_name("acceptance_bias.yaml"))
    command.set_defaults(run=run_fit)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
