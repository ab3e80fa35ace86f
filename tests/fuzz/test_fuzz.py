"""Damaged files of all kinds: one line each, no traceback, no hang, no memory, nothing taken.

A minute with a fixed seed; ``HH4B_FUZZ_SECONDS`` and ``HH4B_FUZZ_SEED`` ask for more, and
`benchmarks/fuzz.py` writes the numbers down.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = float(os.environ.get("HH4B_FUZZ_SECONDS", "60"))
SEED = int(os.environ.get("HH4B_FUZZ_SEED", "1"))
#: Files of a kind in a minute; more time is for more of them.
FILES = max(1, round(120 * SECONDS / 60))
TEXT = (
    "lhe", "hepmc", "hepmc2", "options", "event", "study", "hs3", "histfactory",
    "likelihood_model",
)  # fmt: skip
BINARY = (
    "delphes", "dataset", "spanet_events", "pairing", "features", "scores", "factors",
    "spanet_checkpoint", "dense_checkpoint",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [TEXT, BINARY], ids=["text", "binary"])
def test_damaged_files_are_told_in_one_line(tmp_path, kinds):
    command = [
        sys.executable, str(HERE / "fuzz_run.py"), ",".join(kinds), str(SEED), str(FILES),
        str(SECONDS / 2), str(tmp_path),
    ]  # fmt: skip
    # What a library does not come back from ends here, with the file it was about.
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600 + 4 * SECONDS, check=False
    )
    current = tmp_path / "current"
    where = current.read_text() if current.exists() else "before the first file"
    assert done.returncode == 0, f"stopped at {where}: {done.stderr[-2000:]}"
    found = json.loads((tmp_path / "outcome.json").read_text())
    assert sorted(found) == sorted(kinds)
    faults = {kind: one["faults"] for kind, one in found.items() if one["faults"]}
    assert not faults, json.dumps(faults, indent=1)[:4000]
    for kind, one in found.items():
        assert one["refused"] > 0, kind
        assert one["refused"] >= one["had_to_be_refused"], kind
