"""Write tests/data/delphes_flow.h5: the energy flow of Delphes in the events of delphes_slice.h5.

python tests/reference/make_delphes_flow.py SIGNAL_FULL_DELPHES.root

The file is the untouched output of the first 50 of the 2000 events, every branch of the ATLAS card.
"""

import sys
from pathlib import Path

import h5py
import numpy as np
import uproot

N_EVENTS = 3
LEAVES = {
    "EFlowTrack": ["PT", "Eta", "Phi", "Mass"],
    "EFlowPhoton": ["E", "Eta", "Phi"],
    "EFlowNeutralHadron": ["E", "Eta", "Phi"],
}


def main(source: str) -> None:
    with uproot.open(source) as file:
        names = [f"{branch}.{leaf}" for branch, leaves in LEAVES.items() for leaf in leaves]
        arrays = file["Delphes"].arrays(names, entry_stop=N_EVENTS, library="np")
    with h5py.File(Path(__file__).parents[1] / "data" / "delphes_flow.h5", "w") as output:
        for branch, leaves in LEAVES.items():
            counts = [len(event) for event in arrays[f"{branch}.{leaves[0]}"]]
            output[f"{branch}/offsets"] = np.cumsum([0, *counts])
            for leaf in leaves:
                values = np.concatenate(list(arrays[f"{branch}.{leaf}"])).astype(np.float32)
                output[f"{branch}/{leaf}"] = values


if __name__ == "__main__":
    main(sys.argv[1])
