"""The leaderboard: its plan, and a small one with an entry from outside and that of the page."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hh4b.study.reading import read_study

pytestmark = pytest.mark.workflow
ROOT = Path(__file__).parents[2]
SMALL = ["config/leaderboard.yaml", str(ROOT / "tests/studies/leaderboard.yaml")]
RESULTS = Path("results/small_leaderboard")


def test_the_command_makes_what_the_configuration_names():
    """Sizes and files stand in the configuration and in the Makefile."""
    study = read_study(ROOT / "config/leaderboard.yaml")
    text = (ROOT / "Makefile").read_text()
    sizes = re.search(r"foreach n,([\d ]+),\$\(LEADERBOARD\)/trainings/small_", text)[1].split()
    trained = re.search(r"for of in ([\d: ]+);", text)[1].split()
    assert [word.split(":")[0] for word in trained] == sizes
    for word in trained:
        size, epochs = word.split(":")
        training = study.spanet_trainings[f"small_{size}"]
        values = len(study.samples["hh"].kappa_lambda)
        assert training.max_events_per_signal_sample * values == int(size)
        # Everybody sees the same events as often.
        assert (training.epochs, study.spanet_trainings[f"published_{size}"].epochs) == (
            int(epochs), int(epochs),
        )  # fmt: skip
        weights = f"results/leaderboard/entries/set_{size}.npz"
        entry = study.pairings[f"set_{size}"]
        assert (entry.files, entry.options) == ([weights], {"weights": weights})
    shown = {f"{name}_{size}" for name in ("small", "published", "set") for size in sizes}
    for output in study.outputs.values():
        assert {*output.pairings} == {*study.pairings} == {"min_dr", "d_hh", *shown}


def page_files():
    """Return the files that the section `Enter` of the page shows, by name."""
    text = (ROOT / "docs/leaderboard.md").read_text()
    found = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", text, re.DOTALL)
    return dict(found)


def table(path):
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    return {(row["key"], row["quantity"]): row["this_run"] for row in rows}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_small_one_is_built_with_entries_from_outside(workflow):
    folder = workflow.folder
    for name, text in page_files().items():
        (folder / name).write_text(text)
    (folder / "docs").symlink_to(ROOT / "docs")
    events = str(RESULTS / "trainings/small_240/training.h5")
    done = workflow.run(events, "--configfile", *SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    command = [sys.executable, "docs/examples/set_pairing.py", events, "--epochs", "2"]
    done = subprocess.run(
        [*command, "-o", str(RESULTS / "set.npz")], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "20 events" in done.stdout
    targets = ("table_small", "figure_small_curves", "table_entry")
    done = workflow.run(*targets, "--configfile", *SMALL, "entry.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    found = table(folder / RESULTS / "tables/table_small.csv")
    best = float(found["best_of_four_leading", "mean"])
    for key in ("min_dr", "d_hh"):
        assert 0.2 < float(found[key, "mean"]) <= best
    assert ("set_240", "difference") in found
    assert ("small_240", "kappa_lambda_5") in found
    entry = table(folder / RESULTS / "tables/table_entry.csv")
    assert 0.2 < float(entry["nearest_mass", "mean"]) <= best
    assert entry["min_dr", "mean"] == found["min_dr", "mean"]
    assert (folder / RESULTS / "figures/figure_small_curves.svg").stat().st_size > 1000
    # Weights are inputs: what they paired is made again when they change, and nothing else is.
    (folder / RESULTS / "set.npz").write_bytes(b"other weights")
    jobs = workflow.planned("table_small", "--configfile", *SMALL)
    assert jobs == {"pair": 2, "table_small": 1}
