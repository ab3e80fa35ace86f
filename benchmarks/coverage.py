"""Coverage of the intervals in kappa_lambda, by pseudo-experiments.

    python benchmarks/coverage.py [MODEL.json ...] [--toys 2000] [--belt-toys 4000] [--threads 2]

For each model a Feldman-Cousins belt is made along kappa_lambda, and with other pseudo-experiments
the coverage is measured at kappa_lambda = -3, 1, 2.4, 5, 10: with the thresholds of chi squared
(1 and 3.84) and with the belt. Both should be 68.27 and 95 % within two binomial errors; chi
squared is not near the least cross section. Ends with exit code 1 if the belt is off by more.
Without a model file, likelihoods of a usual size at 139 and 3000 fb^-1 are made up.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from hh4b.likelihood.belt import make_belt, measure_coverage
from hh4b.likelihood.injection import inject
from hh4b.likelihood.model import (
    SIGNAL,
    Channel,
    LikelihoodModel,
    NormEffect,
    Parameter,
    ShapeEffect,
)
from hh4b.likelihood.model_file import read_model
from hh4b.likelihood.settings import LikelihoodToySettings
from hh4b.likelihood.toys import PseudoExperiments

#: sigma(kappa_lambda) in fb at 13 TeV.
CROSS_SECTION = np.array([70.4, -50.4, 11.1])
EDGES = np.linspace(200, 1000, 11)
#: Share of signal and background in four score categories.
SIGNAL_SHARE = np.array([0.40, 0.32, 0.14, 0.14])
BACKGROUND_SHARE = np.array([0.78, 0.17, 0.035, 0.015])


def made_up_model(luminosity_ifb: float) -> LikelihoodModel:
    """Return four categories of ten bins: 200 signal events of the Standard Model in 10^4."""
    scale = luminosity_ifb / 139
    centre = (EDGES[1:] + EDGES[:-1]) / 2
    x = np.log(centre / 400)
    # |box|^2 is hard, the interference softer, |triangle|^2 soft.
    peaks = [np.exp(-0.5 * ((np.log(centre / m)) / w) ** 2) for m, w in
             ((430, 0.30), (385, 0.28), (330, 0.27))]  # fmt: skip
    shapes = np.array([peak / peak.sum() for peak in peaks])
    total = CROSS_SECTION * 200 / CROSS_SECTION.sum() * scale
    signal = np.concatenate([total[:, None] * shapes * share for share in SIGNAL_SHARE], axis=1)
    falling = np.exp(-((centre - 200) / 130)) * (1 - np.exp(-((centre - 180) / 60)))
    falling *= 1e4 * scale / falling.sum()
    background = np.concatenate([falling * share for share in BACKGROUND_SHARE])
    names = [f"score_{n}" for n in range(len(SIGNAL_SHARE))]
    parameters, norms, shifts = [], [], []

    def factor(name: str, group: str, process: str, sizes: list[float]) -> None:
        parameters.append(Parameter(name, "gaussian", group))
        ups = {channel: 1 + size for channel, size in zip(names, sizes, strict=True)}
        norms.append(NormEffect(name, process, ups, {key: 1 / up for key, up in ups.items()}))

    def shift(name: str, group: str, size: float, power: int, channel: int | None = None) -> None:
        parameters.append(Parameter(name, "gaussian", group))
        tilt = np.tile(1 + size * x**power, len(names))
        if channel is not None:
            bins = np.arange(len(tilt)) // len(centre)
            tilt = np.where(bins == channel, tilt, 1.0)
        shifts.append(ShapeEffect(name, "four_b", background * tilt, background * (2 - tilt)))

    for name in names:
        parameters.append(Parameter(f"norm_{name}", "none", "background_norm"))
        norms.append(NormEffect(f"norm_{name}", "four_b", {name: 1.1}, {name: 0.9}))
    shift("shape_slope", "background_shape", 0.10, 1)
    shift("shape_curvature", "background_shape", 0.08, 2)
    for index in range(1, len(names)):
        shift(f"tilt_{index}", "background_shape", 0.02 * index, 1, index)
    factor("luminosity", "luminosity", SIGNAL, [0.017] * 4)
    factor("theory", "theory", SIGNAL, [0.10] * 4)
    factor("b_tag", "detector", SIGNAL, [0.04, 0.05, 0.06, 0.07])
    parameters.append(Parameter("jes", "gaussian", "detector"))
    move = np.tile(1 + 0.03 * x, len(names))
    shifts.append(ShapeEffect("jes", SIGNAL, signal * move, signal * (2 - move)))
    channels = tuple(Channel(name, tuple(EDGES.tolist())) for name in names)
    return LikelihoodModel(
        channels, signal, {"four_b": background}, tuple(parameters), tuple(norms), tuple(shifts),
        luminosity_ifb=luminosity_ifb,
    )  # fmt: skip


def measure(model: LikelihoodModel, options: argparse.Namespace) -> list[float]:
    """Print coverage and injections of a model; return the belt's pulls."""
    settings = LikelihoodToySettings(seed=options.seed, threads=options.threads)
    lab = PseudoExperiments.of(
        model,
        (settings.kappa_bound_min, settings.kappa_bound_max),
        seed=settings.seed,
        threads=settings.threads,
    )
    start = time.monotonic()
    belt = make_belt(lab, settings.belt_kappas, options.belt_toys)
    count = len(settings.belt_kappas) * options.belt_toys
    rate = count / (time.monotonic() - start)
    print(
        f"{model.luminosity_ifb:g} fb^-1, {model.n_bins} bins, {len(model.parameters)} parameters"
    )
    print(f"belt: {count} pseudo-experiments, {rate:.0f} a second, about 29 profiled fits each")
    print("kappa  level   chi squared    belt           t_c            pull of the belt")
    pulls = []
    for kappa in settings.coverage_kappas:
        t = lab.run(kappa, options.toys, "coverage").t
        for level, (chi, own) in measure_coverage(t, kappa, belt).items():
            pulls.append(own.pull)
            sigma = own.threshold_error
            print(
                f"{kappa:5g}  {level:.4f}  {chi.share:.4f}         {own.share:.4f} +-"
                f" {own.error:.4f}  {own.threshold:.3f}"
                f"  {own.pull:+.2f} (belt's own error {sigma / own.error:.2f})",
                flush=True,
            )
    for kappa in settings.injection_kappas:
        found = inject(lab, kappa, options.injection_toys)
        print(f"injected {kappa:g}: {found.statement}", flush=True)
    return pulls


def main() -> None:
    """Measure all models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--toys", type=int, default=2000)
    parser.add_argument("--belt-toys", type=int, default=4000)
    parser.add_argument("--injection-toys", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--luminosity", type=float, nargs="*", default=[139.0, 3000.0])
    options = parser.parse_args()
    models = [read_model(path) for path in options.models] or [
        made_up_model(luminosity) for luminosity in options.luminosity
    ]
    pulls = np.array([pull for model in models for pull in measure(model, options)])
    worst = np.abs(pulls).max()
    print(f"largest pull {worst:.2f}, root mean square {np.sqrt(np.mean(pulls**2)):.2f}")
    sys.exit(0 if worst <= 2 else 1)


if __name__ == "__main__":
    main()
