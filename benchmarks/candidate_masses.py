"""Where the masses of the Higgs candidates peak, and what X_HH gains by a centre that is there.

    python benchmarks/candidate_masses.py SIGNAL.h5 SIGNAL_PAIRING.h5 [--background D.h5 P.h5]

For datasets of ``hh4b ingest`` and pairings of ``hh4b pair``: peak of the leading and the
subleading candidate of all paired events and of those whose pairing is right, and the width (half
of the central 68 % around the median in the window). The peak is the maximum of the weighted
density with a normal kernel. Then the share of events with X_HH below the cut, with the centre of
the default and with the peak as centre, and with a background the ratio of S/sqrt(B) of the two.
Errors: 200 bootstraps of events; those of the ratio hold the error of the peak.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from hh4b.core import kinematics
from hh4b.pairing.jets import JET_FIELDS, KeptJets
from hh4b.pairing.metrics import right_higgs
from hh4b.selection.candidates import build_candidates
from hh4b.selection.cuts import x_hh
from hh4b.selection.settings import CutSettings

WINDOW_GEV = (60.0, 180.0)
KERNEL_GEV = 6.0
GRID_GEV = np.arange(80.0, 150.0, 0.25)
REPLICAS = 200


class Masses(NamedTuple):
    """Paired events: masses of both candidates in GeV, weights, whether the pairing is right."""

    mass: np.ndarray
    weight: np.ndarray
    right: np.ndarray

    def at(self, rows):
        """Return the events of an index array."""
        return Masses(self.mass[:, rows], self.weight[rows], self.right[rows])


def read(dataset: Path, pairing: Path) -> Masses:
    """Read jets, targets and pairing."""
    with h5py.File(dataset) as file:
        jets = KeptJets(**{name: file[column][()] for name, column in JET_FIELDS.items()})
        weight = file["HH4B/weight"][()]
        columns = [file[f"TARGETS/{h}/{b}"][()] for h in ("h1", "h2") for b in ("b1", "b2")]
        targets = np.stack(columns, axis=1).reshape(-1, 2, 2)
    with h5py.File(pairing) as file:
        paired = file["jets"][()]
    candidates = build_candidates(jets, paired)
    right = right_higgs(targets, paired) == 2
    mass = kinematics.invariant_mass(candidates.vectors)
    return Masses(mass, weight[candidates.rows], right[candidates.rows])


def peak(mass, weight) -> float:
    """Return where the density is largest."""
    density = np.exp(-0.5 * ((GRID_GEV[:, None] - mass) / KERNEL_GEV) ** 2) @ weight
    return float(GRID_GEV[density.argmax()])


def width(mass, weight) -> float:
    """Return half of the central 68 % of the masses in the window."""
    inside = (mass > WINDOW_GEV[0]) & (mass < WINDOW_GEV[1])
    order = np.argsort(mass[inside])
    share = np.cumsum(weight[inside][order])
    low, high = np.interp([0.16, 0.84], share / share[-1], mass[inside][order])
    return float(0.5 * (high - low))


def selected(sample: Masses, centre) -> float:
    """Return the share of the weight with X_HH below the cut."""
    settings = CutSettings(x_hh_centre_gev=tuple(centre))
    passed = x_hh(sample.mass[0], sample.mass[1], settings) < settings.x_hh_max
    return float(sample.weight[passed].sum() / sample.weight.sum())


def numbers(signal: Masses, background: Masses | None) -> dict[str, float]:
    """Return every number of the table."""
    found = {}
    of_all = np.ones(len(signal.weight), bool)
    for name, rows in (("all", of_all), ("right", signal.right)):
        for k, candidate in enumerate(("leading", "subleading")):
            mass, weight = signal.mass[k][rows], signal.weight[rows]
            found[f"peak, {candidate}, {name} [GeV]"] = peak(mass, weight)
            found[f"width, {candidate}, {name} [GeV]"] = width(mass, weight)
    default = CutSettings().x_hh_centre_gev
    there = [found[f"peak, {candidate}, all [GeV]"] for candidate in ("leading", "subleading")]
    samples = {"signal": signal, **({"background": background} if background else {})}
    for name, sample in samples.items():
        before, after = selected(sample, default), selected(sample, there)
        found[f"{name} in X_HH, centre {default}"] = before
        found[f"{name} in X_HH, centre at the peak"] = after
        found[f"{name}, ratio"] = after / before
    if background:
        found["S/sqrt(B), ratio"] = found["signal, ratio"] / np.sqrt(found["background, ratio"])
    return found


def main() -> None:
    """Print the numbers with their errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("signal", type=Path)
    parser.add_argument("pairing", type=Path)
    parser.add_argument("--background", type=Path, nargs=2)
    options = parser.parse_args()
    signal = read(options.signal, options.pairing)
    background = read(*options.background) if options.background else None
    rng = np.random.default_rng(1)
    replicas = []
    for _ in range(REPLICAS):
        drawn = [
            None if sample is None else sample.at(rng.integers(0, len(sample.weight),
                                                               len(sample.weight)))
            for sample in (signal, background)
        ]  # fmt: skip
        replicas.append(list(numbers(*drawn).values()))
    errors = np.std(replicas, axis=0)
    print(f"{len(signal.weight)} paired events, {int(signal.right.sum())} with the right pairing")
    for (name, value), error in zip(numbers(signal, background).items(), errors, strict=True):
        print(f"{name:45s} {value:8.3f} +- {error:.3f}")


if __name__ == "__main__":
    main()
