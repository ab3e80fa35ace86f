"""How pairing numbers depend on which copy of a b quark is matched to jets.

    python benchmarks/matching_definitions.py EVENTS.root

For files with at least four tags an event (``hh4b simulate``): share of four-tag events with both H
matched, and efficiency of min-dR in them, for the last copy of each quark (what the project uses)
and the first (the daughter of the H), with and without events in which a quark has two jets near.
"""

import argparse
from pathlib import Path

import numpy as np

from hh4b.events.delphes import Branches, open_delphes
from hh4b.events.jets import keep_jets, padded
from hh4b.events.settings import IngestSettings
from hh4b.events.truth import find_higgs_pairs, match_jets
from hh4b.pairing.metrics import pairing_metrics
from hh4b.pairing.min_dr import pair_min_dr


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


def main() -> None:
    """Print a table of the definitions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=Path)
    path = str(parser.parse_args().events)
    settings = IngestSettings(sample="x", kappa_lambda=1.0)
    branches = Branches.choose("Jet", truth=True, own_tags=False)
    with open_delphes(path) as tree:
        block = next(iter(tree.blocks(branches, tree.present(branches), step_bytes=10**9)))
    rows = keep_jets(block.jets, settings)
    tags = padded((block.jets["BTag"] & 1).astype(bool), rows)
    chosen = ((rows >= 0).sum(axis=1) >= 4) & (tags.sum(axis=1) >= 4)
    jets = {name: padded(block.jets[name], rows)[chosen] for name in ("PT", "Eta", "Phi")}
    valid, weights = (rows >= 0)[chosen], block.weight[chosen]
    paired = pair_min_dr(jets["PT"], jets["Eta"], jets["Phi"], tags[chosen], valid)
    last = find_higgs_pairs(block.particles).quarks.reshape(-1, 4)
    print("quark       ambiguous  both H matched     min-dR efficiency")
    for name, quarks in (("last", last), ("first", first_copies(block.particles, last))):
        matched, ambiguous = match_jets(
            block.particles, quarks[chosen], jets["Eta"], jets["Phi"], valid
        )
        for kept, keep in (("kept", np.ones(len(valid), bool)), ("dropped", ~ambiguous)):
            total = pairing_metrics(
                matched.reshape(-1, 2, 2)[keep],
                paired[keep],
                valid.sum(axis=1)[keep],
                weights[keep],
            )["total"]
            print(
                f"{name + ' copy':12s}{kept:11s}"
                f"{total['event_fraction']:.3f} +- {total['event_fraction_error']:.3f}    "
                f"{total['event_efficiency']:.3f} +- {total['event_efficiency_error']:.3f}"
            )


if __name__ == "__main__":
    main()
