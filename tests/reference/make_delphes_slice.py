"""Write tests/data/delphes_slice.root from a file of the Delphes program.

python tests/reference/make_delphes_slice.py SIGNAL_DELPHES.root

The file is the 2000-event sample gg -> HH -> 4b made with Delphes 3.5.1 and its ATLAS card (jets
of R = 0.4) from Pythia 8.317 events. Kept are the first 26 events, the first 30 with four b-tagged
jets, and five whose thinned record names a b quark as its own mother; and of the branches those
that ingestion reads. `Event.Number` is the number in the whole file.
"""

import sys
from pathlib import Path

import awkward as ak
import numpy as np
import uproot

LEAVES = {
    "Event": ["Number", "Weight"],
    "Particle": ["PID", "Status", "M1", "M2", "D1", "D2", "PT", "Eta", "Phi", "Mass"],
    "Jet": ["PT", "Eta", "Phi", "Mass", "BTag", "Flavor"],
    "MissingET": ["MET", "Phi"],
    "Electron": ["PT", "Eta", "Phi"],
    "Muon": ["PT", "Eta", "Phi"],
}
SELF_MOTHERS = [705, 967, 1100, 1613, 1655]


def main(source: str) -> None:
    with uproot.open(source) as file:
        tree = file["Delphes"]
        names = [f"{branch}.{leaf}" for branch, leaves in LEAVES.items() for leaf in leaves]
        arrays = tree.arrays(names)
    kept = (arrays["Jet.PT"] > 40) & (abs(arrays["Jet.Eta"]) < 2.5)
    tags = ak.to_numpy(ak.sum(arrays["Jet.BTag"][kept] & 1, axis=1))
    picks = [
        np.arange(26),
        np.flatnonzero(tags >= 4)[:30],
        np.array(SELF_MOTHERS),
    ]
    chosen = np.unique(np.concatenate(picks))
    arrays = arrays[chosen]
    branches = {
        branch: ak.zip({leaf: arrays[f"{branch}.{leaf}"] for leaf in leaves})
        for branch, leaves in LEAVES.items()
    }
    output = Path(__file__).parents[1] / "data" / "delphes_slice.root"
    with uproot.recreate(output, compression=uproot.LZMA(9)) as file:
        file.mktree(
            "Delphes",
            {name: array.type.content for name, array in branches.items()},
            field_name=lambda outer, inner: f"{outer}.{inner}" if outer else inner,
            counter_name=lambda counted: f"{counted}_size",
        )
        file["Delphes"].extend(branches)


if __name__ == "__main__":
    main(sys.argv[1])
