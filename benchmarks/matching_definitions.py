"""How pairing numbers depend on what is matched, on which jets, and on what min-dR means.

    python benchmarks/matching_definitions.py EVENTS.root [EVENTS.root ...]

For files of ``hh4b simulate`` (gg -> HH): share of four-tag events with both H matched, and
efficiency of the pairing in them, in one table for

* matching: the last copy of each quark (what the project uses), the first (the daughter of the H),
  with and without events in which a quark has two jets near; all jets of the file before the cuts
  on pT and number; only events with exactly four tags;
* pairing: the one whose leading candidate has the smallest distance of its jets, leading by the
  vector sum of pT (what the project uses) or the scalar sum; or the one in which the jet of largest
  pT has the nearest partner, which is what the note's code computes: `min_dR_method` of its
  notebook Analysis/Pairing_performance.ipynb orders the candidates by pT, but takes the distance in
  the pair that stood first before the ordering, always that of the leading jet.

"selected" is the share of matched events whose four leading tagged jets are the matched ones,
"paired" that of these with the right pairing; the efficiency is their product. Several files count
together. Differences are paired, event by event, against the first line of each block.
"""

import argparse
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hh4b.core import kinematics
from hh4b.events.delphes import Branches, open_delphes
from hh4b.events.jets import keep_jets, padded
from hh4b.events.settings import IngestSettings
from hh4b.events.truth import find_higgs_pairs, match_jets
from hh4b.pairing.metrics import is_full, right_higgs, weighted_mean
from hh4b.pairing.min_dr import pair_min_dr

#: The three pairings of four jets; the first jet is always in the first pair.
PAIRINGS = np.array([[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0, 3], [1, 2]]])


class Sample(NamedTuple):
    """Four-tag events: jets by event, targets by definition of the matching."""

    jets: dict
    tags: np.ndarray
    valid: np.ndarray
    weights: np.ndarray
    targets: dict
    keep: dict


def first_copies(particles, rows):
    """Follow each quark of ``rows`` up to the copy that the H decayed to."""
    found = rows.copy()
    for event in range(len(rows)):
        offset = particles.offsets[event]
        for place in range(rows.shape[1]):
            row = found[event, place]
            while True:
                mother = offset + particles["M1"][row]
                if mother == row or particles["PID"][mother] != particles["PID"][row]:
                    break
                row = mother
            found[event, place] = row
    return found


def read(path) -> Sample:
    """Read a file, make the four-tag cut and match in every way."""
    settings = IngestSettings(sample="x", kappa_lambda=1.0)
    branches = Branches.choose("Jet", truth=True, own_tags=False)
    with open_delphes(str(path)) as tree:
        block = next(iter(tree.blocks(branches, tree.present(branches), step_bytes=10**9)))
    rows = keep_jets(block.jets, settings)
    tags = padded((block.jets["BTag"] & 1).astype(bool), rows)
    chosen = ((rows >= 0).sum(axis=1) >= 4) & (tags.sum(axis=1) >= 4)
    rows, tags = rows[chosen], tags[chosen]
    jets = {name: padded(block.jets[name], rows) for name in ("PT", "Eta", "Phi", "Mass")}
    valid = rows >= 0
    last = find_higgs_pairs(block.particles).quarks.reshape(-1, 4)[chosen]
    first = first_copies(block.particles, last)
    targets, keep = {}, {}
    for name, quarks in (("last copy", last), ("first copy", first)):
        matched, ambiguous = match_jets(block.particles, quarks, jets["Eta"], jets["Phi"], valid)
        for suffix, kept in ((", ambiguous kept", np.ones(len(valid), bool)),
                             (", ambiguous dropped", ~ambiguous)):  # fmt: skip
            targets[name + suffix], keep[name + suffix] = matched, kept
    name = "last copy, among all jets above 20 GeV"
    targets[name], keep[name] = among_all(block, last, rows, chosen), np.ones(len(valid), bool)
    name = "last copy, exactly four tags"
    targets[name], keep[name] = targets["last copy, ambiguous kept"], tags.sum(axis=1) == 4
    targets = {name: rows.reshape(-1, 2, 2) for name, rows in targets.items()}
    return Sample(jets, tags, valid, block.weight[chosen], targets, keep)


def among_all(block, quarks, rows, chosen):
    """Match among all jets of the file, then keep what is a kept jet, else -1."""
    loose = IngestSettings(
        sample="x", kappa_lambda=1.0, jet_pt_min_gev=1.0, jet_abs_eta_max=10.0, max_jets=50
    )
    every = keep_jets(block.jets, loose)[chosen]
    eta, phi = (padded(block.jets[name], every) for name in ("Eta", "Phi"))
    matched, _ = match_jets(block.particles, quarks, eta, phi, every >= 0)
    row = np.where(matched >= 0, np.take_along_axis(every, np.maximum(matched, 0), axis=1), -2)
    same = row[:, :, None] == rows[:, None, :]
    return np.where(same.any(axis=2), same.argmax(axis=2), -1)


def pair(sample: Sample, rule: str):
    """Return the pairing of the four leading tagged jets by a rule, shape (event, 2, 2)."""
    jets = sample.jets
    if rule == "vector sum":
        return pair_min_dr(jets["PT"], jets["Eta"], jets["Phi"], sample.tags, sample.valid)
    # Kept jets fall in pT.
    four = np.argsort(~sample.tags, axis=1, kind="stable")[:, :4]
    pt, eta, phi = (np.take_along_axis(jets[k], four, axis=1).astype(float)
                    for k in ("PT", "Eta", "Phi"))  # fmt: skip
    distance = np.stack([
        kinematics.delta_r(eta[:, i], phi[:, i], eta[:, j], phi[:, j])
        for (i, j), _ in PAIRINGS
    ], axis=1)  # fmt: skip
    if rule == "scalar sum":
        for k, (one, other) in enumerate(PAIRINGS):
            i, j = other
            swap = pt[:, one].sum(axis=1) < pt[:, other].sum(axis=1)
            second = kinematics.delta_r(eta[:, i], phi[:, i], eta[:, j], phi[:, j])
            distance[:, k] = np.where(swap, second, distance[:, k])
    best = PAIRINGS[distance.argmin(axis=1)].reshape(-1, 4)
    return np.take_along_axis(four, best, axis=1).reshape(-1, 2, 2)


def line(samples, matching: str, rule: str):
    """Return full, selected, paired and right by event, weights, kept events."""
    parts = []
    for sample in samples:
        targets, predicted = sample.targets[matching], pair(sample, rule)
        full = is_full(targets)
        picked = np.sort(targets.reshape(-1, 4), axis=1) == np.sort(predicted.reshape(-1, 4), 1)
        parts.append([full, full & picked.all(axis=1), right_higgs(targets, predicted) == 2,
                      sample.weights, sample.keep[matching]])  # fmt: skip
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def main() -> None:
    """Print a table of the definitions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("events", type=Path, nargs="+")
    samples = [read(path) for path in parser.parse_args().events]
    matchings = list(samples[0].targets)
    rules = ("vector sum", "scalar sum", "partner of the leading jet")
    print(f"{'matching':40s}{'pairing':28s}both matched     selected         paired"
          "           efficiency       difference")  # fmt: skip
    first = None
    for matching, rule in product(matchings, rules):
        full, selected, right, weights, keep = line(samples, matching, rule)
        base = keep & full
        numbers = [
            weighted_mean(full[keep], weights[keep]),
            weighted_mean(selected[base], weights[base]),
            weighted_mean(right[base & selected], weights[base & selected]),
            weighted_mean(right[base], weights[base]),
        ]
        influence = np.where(base, weights * (right - numbers[3].value), 0) / weights[base].sum()
        first = first or (numbers[3].value, influence)
        difference = numbers[3].value - first[0]
        error = np.sqrt(((influence - first[1]) ** 2).sum())
        text = "".join(f"{n.value:.3f} +- {n.error:.3f}  " for n in numbers)
        print(f"{matching:40s}{rule:28s}{text}{difference:+.3f} +- {error:.3f}")


if __name__ == "__main__":
    main()
