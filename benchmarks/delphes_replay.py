"""Repeat a Delphes run with its own random numbers, and count what differs.

python benchmarks/delphes_replay.py PARTICLES.{h5,hepmc3.gz} DELPHES.root --seed 4242

The seed is `RandomSeed` of the Delphes card. Tracks, towers, jets and leptons come from
`hh4b.detector` (tests/reference/delphes_replay.py); nothing is compared in the mean.
"""

import argparse
import importlib.util
from pathlib import Path

import numpy as np
import uproot

from hh4b.detector.settings import read_detector_settings
from hh4b.simulation.generator_input import read_generator_events

REFERENCE = Path(__file__).parents[1] / "tests" / "reference" / "delphes_replay.py"
DETECTOR = Path(__file__).parents[1] / "config" / "detector" / "atlas.yaml"
#: More than an event takes.
NUMBERS_PER_EVENT = 6000
_LEAVES = ("Jet.PT", "Jet.Eta", "Jet.Phi", "Jet.Mass", "Jet.Flavor", "Jet.BTag", "MissingET.MET",
           "Photon.PT", "Electron.PT", "Muon.PT")  # fmt: skip


def load_reference():
    """Import the plain loops, which are no package."""
    spec = importlib.util.spec_from_file_location("delphes_replay", REFERENCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def differences(made, theirs) -> dict[str, float]:
    """Return the largest differences of an event, and counts of jets, flavours and tags."""
    jets, order = made.result.jets, np.argsort(-theirs["Jet.PT"], kind="stable")
    same_number = len(jets.px) == len(order)
    leptons = [
        len(made.result.electrons.pt) != len(theirs["Electron.PT"]),
        len(made.result.muons.pt) != len(theirs["Muon.PT"]),
    ]
    result = {"jets": len(order), "leptons differ": sum(leptons), "number of jets differs": 0}
    if not same_number:
        return {**result, "number of jets differs": 1}
    tags = (theirs["Jet.BTag"].astype(int)[order] & 1).astype(bool)
    relative = np.abs(jets.pt / theirs["Jet.PT"][order] - 1)
    return {
        **result,
        "pT": float(relative.max(initial=0)),
        "mass [GeV]": float(np.abs(jets.mass - theirs["Jet.Mass"][order]).max(initial=0)),
        "jets beyond 1e-5 in pT": int((relative > 1e-5).sum()),
        "flavours differ": int((made.result.flavor != theirs["Jet.Flavor"][order]).sum()),
        "tags differ": int((made.tagged != tags).sum()),
    }


def main() -> None:
    """Print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("particles")
    parser.add_argument("delphes")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--detector", default=DETECTOR)
    options = parser.parse_args()
    reference = load_reference()
    settings = read_detector_settings(options.detector).with_tagging("delphes_card")
    events = read_generator_events(options.particles)
    with uproot.open(options.delphes) as file:
        arrays = file["Delphes"].arrays(_LEAVES, library="np")
    met = np.array([value[0] for value in arrays["MissingET.MET"]], dtype=float)
    stream = reference.RootStream(options.seed, NUMBERS_PER_EVENT * (len(met) + 10))
    out_of_step, rows = [], []
    for number, made in enumerate(reference.replay(events, met, settings, stream)):
        if not made.in_step:
            out_of_step.append(number)
            continue
        theirs = {name: np.asarray(arrays[name][number]) for name in _LEAVES}
        rows.append(differences(made, theirs))
    print(f"{len(met)} events, {len(rows)} in step, out of step: {out_of_step}")
    for name in {key: None for row in rows for key in row}:
        values = [row[name] for row in rows if name in row]
        kind = "largest" if name in ("pT", "mass [GeV]") else "sum"
        print(f"{name}: {kind} {max(values) if kind == 'largest' else sum(values):.6g}")


if __name__ == "__main__":
    main()
