"""Mean background score against the kappa input, and its largest step between neighbours.

    python benchmarks/kappa_jumps.py DATASET.h5 SCORES.h5 ... [--maximum 0.03]

A classifier that learns how many events each kappa_lambda had scores background higher at the
values with more signal. Only inputs that were trained (``--values``) count; the steps are between
neighbours among them. Exits with 1 if a step is above the maximum.
"""

import argparse
import sys

import numpy as np

from hh4b.core.contracts import DATASET, SCORES, read_table

TRAINED = (-5, -3, -1, 1, 2, 3, 5, 7, 9, 12)


def main() -> int:
    """Print a line for each score file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("scores", nargs="+")
    parser.add_argument("--values", nargs="+", type=float, default=TRAINED)
    parser.add_argument("--maximum", type=float, default=0.03)
    arguments = parser.parse_args()
    weight = read_table(arguments.dataset, DATASET, columns=("HH4B/weight",))["HH4B/weight"]
    worst = 0.0
    for path in arguments.scores:
        table = read_table(path, SCORES)
        kappa = table["kappa_lambda"]
        mean = np.average(table["score"], axis=0, weights=weight)
        order = [int(np.argmin(np.abs(kappa - value))) for value in sorted(arguments.values)]
        means = mean[order]
        step = float(np.abs(np.diff(means)).max())
        worst = max(worst, step)
        listed = "  ".join(f"{kappa[i]:g}: {mean[i]:.3f}" for i in order)
        print(f"{path}: largest step {step:.3f}\n  {listed}")
    return int(worst > arguments.maximum)


if __name__ == "__main__":
    sys.exit(main())
