"""Compare tags drawn, weighted and in all combinations, and draws of the detector, on one shower.

    python benchmarks/tag_combinations.py PARTONS.lhe.gz [--events N] [--draws D] [--repeats R]

Prints effective events by shower event after toy selections (min-dR pairing, windows around the
H masses) against those of `tags: weight` with one draw, rows, CPU time, and the closure of all
combinations against free draws: chi2 of pass rate, number of tags and m_HH, with the covariance
of differences by shower event.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import awkward as ak
import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from hh4b.core.grouping import effective_events
from hh4b.core.kinematics import add, from_pt_eta_phi_mass, invariant_mass
from hh4b.core.seeds import stream
from hh4b.detector.particles import Particles, Partons
from hh4b.detector.response import Reconstructed, reconstruct
from hh4b.detector.settings import DetectorSettings, read_detector_settings
from hh4b.generation.lhe import read_lhe
from hh4b.pairing.min_dr import pair_min_dr
from hh4b.simulation.event_rows import tag
from hh4b.simulation.settings import ShowerChoice
from hh4b.simulation.shower import BLOCK_EVENTS, shower

CARD = "config/detector/atlas.yaml"
CHOICES: list[tuple[Any, float]] = [
    ("draw", 1.0), ("weight", 1.0),
    *(("combinations", least) for least in (0.2, 0.05, 0.02, 0.005)),
]  # fmt: skip
MASS_BINS = np.array([0, 250, 300, 350, 400, 500, 650, 13000])


class Rows(NamedTuple):
    """Rows that pass: shower event, factor on its weight, tags, H masses and m_HH in GeV."""

    event: NDArray[np.int64]
    factor: NDArray[np.float64]
    n_tags: NDArray[np.int64]
    masses: NDArray[np.float64]
    m_hh: NDArray[np.float64]


SELECTIONS: dict[str, Callable[[Rows], NDArray[np.bool_]]] = {
    "four tags": lambda rows: np.ones(len(rows.event), bool),
    "X_HH < 3": lambda rows: distance(rows) < 3,
    "X_HH < 1.6": lambda rows: distance(rows) < 1.6,
    "X_HH < 1.6, m_HH > 400": lambda rows: (distance(rows) < 1.6) & (rows.m_hh > 400),
    "X_HH < 1, m_HH > 400": lambda rows: (distance(rows) < 1.0) & (rows.m_hh > 400),
}


def distance(rows: Rows) -> NDArray[np.float64]:
    """Return X_HH around 112.5 and 112.5 GeV."""
    return np.asarray(np.hypot(*((rows.masses - 112.5) / (0.1 * rows.masses))))


def passing(
    measured: Reconstructed, detector: DetectorSettings, choice: ShowerChoice, rng: Any, first: int
) -> Rows:
    """Tag a block and return the rows with four accepted tags; ``first`` is its first event."""
    rows = tag(measured, detector, choice, rng)
    jets, condition = measured.jets, detector.tag_weights
    flat = ak.zip({"pt": jets.pt, "eta": jets.eta, "phi": jets.phi, "mass": jets.mass})
    by_row = ak.unflatten(flat, np.diff(jets.offsets))[rows.event]
    inside = (by_row.pt > condition.pt_min_gev) & (abs(by_row.eta) < condition.abs_eta_max)
    chosen = by_row[inside & rows.tags]
    n_tags = ak.num(chosen).to_numpy()
    keep = n_tags >= 4
    chosen = chosen[keep]
    arrays = [
        ak.fill_none(ak.pad_none(chosen[name], 4, clip=True), 0.0).to_numpy()
        for name in ("pt", "eta", "phi", "mass")
    ]
    tagged = np.ones(arrays[0].shape, bool)
    pairs = pair_min_dr(arrays[0], arrays[1], arrays[2], tagged, tagged)
    every = np.arange(len(pairs))

    def vector(higgs: int, product: int) -> Any:
        index = pairs[:, higgs, product]
        return from_pt_eta_phi_mass(*(array[every, index] for array in arrays))

    higgs = [add(vector(h, 0), vector(h, 1)) for h in range(2)]
    masses = np.array([invariant_mass(h) for h in higgs])
    return Rows(
        first + rows.event[keep],
        rows.factor[keep],
        n_tags[keep],
        masses,
        invariant_mass(add(*higgs)),
    )


def joined(parts: list[Rows]) -> Rows:
    """Put blocks behind one another."""
    return Rows(*(np.concatenate(field, axis=-1) for field in zip(*parts, strict=True)))


class Sample:
    """Showered events with their responses, kept to be tagged many times."""

    def __init__(self, path: str, events: int, draws: int) -> None:
        """Shower once and go through the detector ``draws`` times."""
        self.detector = read_detector_settings(CARD)
        self.weights: NDArray[np.float64] = np.zeros(0)
        generated = read_lhe(path, 0, events).events.weights
        self.responses: list[list[tuple[int, Reconstructed]]] = [[] for _ in range(draws)]
        self.seconds = {"shower": 0.0, "detector": 0.0}
        first = 0
        start = time.process_time()
        for block in shower(path, first=0, count=events, seed=1, labels=("benchmark",)):
            particles, partons = block.particles(), block.partons()
            self.seconds["shower"] += time.process_time() - start
            for draw in range(draws):
                self._measure(particles, partons, first, draw)
            self.weights = np.append(self.weights, generated[block.index])
            first += len(block.index)
            start = time.process_time()

    def _measure(self, particles: Particles, partons: Partons, first: int, draw: int) -> None:
        start = time.process_time()
        rng = stream(1, "benchmark", "detector", first, draw)
        made = reconstruct(particles, partons, self.detector, rng)
        self.responses[draw].append((first, made))
        if first >= BLOCK_EVENTS:  # the first block compiles
            self.seconds["detector"] += time.process_time() - start

    def rows(self, choice: ShowerChoice, draw: int, repeat: int) -> Rows:
        """Return the rows of all events in one draw of the detector."""
        rng = stream(1, "benchmark", choice.tags, draw, repeat)
        return joined(
            [passing(m, self.detector, choice, rng, first) for first, m in self.responses[draw]]
        )


class Effective(NamedTuple):
    """Effective events of one way to tag.

    Attributes:
        sums: by selection, mean over repeats of the weight of each shower, shape (shower,).
        squares: by selection, mean over repeats of its square.
        rows: rows a shower.
    """

    sums: dict[str, NDArray[np.float64]]
    squares: dict[str, NDArray[np.float64]]
    rows: float

    def number(self, name: str, count: Any = 1.0) -> float:
        """Return effective events of a selection; ``count`` is how often each shower enters."""
        squares = float((self.squares[name] * count).sum())
        return float((self.sums[name] * count).sum()) ** 2 / squares if squares else np.nan


def effective(sample: Sample, choice: ShowerChoice, draws: int, repeats: int) -> Effective:
    """Tag all events in disjoint sets of draws, ``repeats`` times each."""
    n = len(sample.weights)
    result = Effective(
        {name: np.zeros(n) for name in SELECTIONS}, {name: np.zeros(n) for name in SELECTIONS}, 0
    )
    tries = [
        (list(range(start, start + draws)), repeat)
        for start in range(0, len(sample.responses) - draws + 1, draws)
        for repeat in range(repeats)
    ]
    number = 0
    for used, repeat in tries:
        rows = joined([sample.rows(choice, draw, repeat) for draw in used])
        number += len(rows.event)
        weight = sample.weights[rows.event] * rows.factor / draws
        for name, select in SELECTIONS.items():
            chosen = select(rows)
            total = np.bincount(rows.event[chosen], weight[chosen], minlength=n)
            result.sums[name][:] += total / len(tries)
            result.squares[name][:] += total**2 / len(tries)
    return result._replace(rows=number / len(tries) / n)


def factor(found: Effective, basis: Effective, name: str) -> str:
    """Return effective events over those of ``basis``, with the error of the showers."""
    counts = np.random.default_rng(5).poisson(1.0, (200, len(found.sums[name])))
    ratios = [found.number(name, c) / basis.number(name, c) for c in counts]
    ratio = found.number(name) / basis.number(name)
    return f"{found.number(name):7.1f} x{ratio:.2f}+-{np.nanstd(ratios):.2f}"


def closure(sample: Sample, repeats: int, probability_min: float) -> None:
    """Compare all combinations with the mean of free draws, by bins of tags and of m_HH."""
    n = len(sample.weights)

    def by_event(choice: ShowerChoice, number: int) -> dict[str, NDArray[np.float64]]:
        result = {"pass": np.zeros((n, 1)), "tags": np.zeros((n, 3)), "m_HH": np.zeros((n, 7))}
        for repeat in range(number):
            rows = sample.rows(choice, 0, repeat)
            weight = sample.weights[rows.event] * rows.factor / number
            np.add.at(result["pass"], (rows.event, 0), weight)
            np.add.at(result["tags"], (rows.event, np.minimum(rows.n_tags, 6) - 4), weight)
            np.add.at(result["m_HH"], (rows.event, np.digitize(rows.m_hh, MASS_BINS) - 1), weight)
        return result

    free = by_event(ShowerChoice(tags="draw"), repeats)
    modes: list[Any] = ["weight", "combinations"]
    for tags in modes:
        choice = ShowerChoice(tags=tags, combination_probability_min=probability_min)
        weighted = by_event(choice, 1)
        for name in free:
            difference = weighted[name] - free[name]
            total, covariance = difference.sum(axis=0), difference.T @ difference
            value = float(total @ np.linalg.pinv(covariance) @ total)
            ratio = weighted[name].sum(axis=0) / free[name].sum(axis=0)
            error = np.sqrt(np.diag(covariance)) / free[name].sum(axis=0)
            probability = chi2.sf(value, np.linalg.matrix_rank(covariance))
            print(f"closure {tags:12} {name:5} chi2 {value:6.2f}/{len(total)} p {probability:.3f}"
                  f" ratio {np.round(ratio, 3).tolist()}"
                  f" +- {np.round(error, 3)}")  # fmt: skip


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("partons")
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--free-draws", type=int, default=40)
    arguments = parser.parse_args()
    sample = Sample(arguments.partons, arguments.events, arguments.draws)
    for name, seconds in sample.seconds.items():
        timed = arguments.events - (BLOCK_EVENTS if name == "detector" else 0)
        print(f"{name}: {seconds / timed * 1e3:.3f} ms/event"
              + (f" for {arguments.draws} draws" if name == "detector" else ""))  # fmt: skip
    weights = sample.weights
    print(f"effective showers {effective_events(weights):.0f} of {len(weights)}")
    repeats = arguments.repeats
    closure(sample, arguments.free_draws, 0.05)
    basis = effective(sample, ShowerChoice(), 1, repeats)
    print(" | ".join(SELECTIONS))
    for draws in sorted({1, arguments.draws}):
        for tags, least in CHOICES:
            choice = ShowerChoice(tags=tags, combination_probability_min=least)
            found = effective(sample, choice, draws, repeats)
            text = " ".join(factor(found, basis, name) for name in SELECTIONS)
            print(f"draws {draws} {tags:12} {least:5g} rows/shower {found.rows:6.3f} | {text}")


if __name__ == "__main__":
    main()
