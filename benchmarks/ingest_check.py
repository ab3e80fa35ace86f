"""Compare `hh4b ingest` with the plain loops of tests/reference on every event of Delphes files.

python benchmarks/ingest_check.py FILE.root [FILE.root ...] [--min-tags 4]
"""

import argparse
import importlib.util
import tempfile
from pathlib import Path

import numpy as np
import uproot

from hh4b.core.contracts import DATASET, read_table
from hh4b.events.dataset import TARGETS
from hh4b.events.ingest_stage import ingest
from hh4b.events.settings import IngestSettings

REFERENCE = Path(__file__).parents[1] / "tests" / "reference" / "truth_loop.py"
LEAVES = {
    "Jet": ("PT", "Eta", "Phi", "Mass", "BTag"),
    "Particle": ("PID", "Status", "M1", "M2", "PT", "Eta", "Phi", "Mass"),
}


def load_reference():
    """Import the slow loops, which are no package."""
    spec = importlib.util.spec_from_file_location("truth_loop", REFERENCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(path: str, min_tags: int) -> dict[str, int]:
    """Return how many events were compared and how many differ, by quantity."""
    names = [f"{prefix}.{leaf}" for prefix, leaves in LEAVES.items() for leaf in leaves]
    with uproot.open(path) as file:
        arrays = file["Delphes"].arrays(names, library="np")
    events = [{name: arrays[name][i] for name in names} for i in range(len(arrays["Jet.PT"]))]
    expected = load_reference().ingest(events, min_tags=min_tags)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "dataset.h5"
        settings = IngestSettings(sample="check", kappa_lambda=1.0, min_tags=min_tags)
        ingest([path], output, settings)
        got = read_table(output, DATASET)
    entries = got["HH4B/source_entry"]
    result = {"events in file": len(events), "selected": len(expected)}
    result["selection differs"] = len({*entries.tolist()} ^ {row["entry"] for row in expected})
    targets = np.stack([got[name] for name in TARGETS], axis=1)
    differs = dict.fromkeys(("jets", "tags", "targets", "m_hh", "cos_theta_star"), 0)
    for position, row in enumerate(expected):
        width, event = len(row["jets"]), events[row["entry"]]
        for leaf in ("PT", "Eta", "Phi", "Mass"):
            column = got[f"INPUTS/Source/{leaf.lower()}"][position]
            same = np.array_equal(column[:width], event[f"Jet.{leaf}"][row["jets"]])
            differs["jets"] += not (same and not column[width:].any())
        differs["tags"] += got["INPUTS/Source/btag"][position][:width].tolist() != row["tags"]
        differs["targets"] += targets[position].tolist() != row["targets"]
        for name in ("m_hh", "cos_theta_star"):
            value = got[f"HH4B/{name}_truth"][position]
            differs[name] += not np.isclose(value, row[name], rtol=2e-6, atol=2e-6)
    result |= {f"{name} differ": count for name, count in differs.items()}
    result["both H matched"] = int((targets >= 0).all(axis=1).sum())
    result["ambiguous"] = sum(row["ambiguous"] for row in expected)
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--min-tags", type=int, default=4)
    arguments = parser.parse_args()
    for name in arguments.files:
        print(name, compare(name, arguments.min_tags))
