"""What is wrong stops `snakemake -n` with the words of `hh4b config check`."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.plan]
ROOT = Path(__file__).parents[2]
#: One of each place where things are checked.
BAD = {
    "the model": "statistics: {bins: 0}\n",
    "several": (
        "statistics: {bins: 0, bin: 3}\nselections: {mine: {pairing: min_drr, classifier: none}}\n"
    ),
    "style and figures": "publication: {figure_style: {figure_four: {font: 9}}}\n",
    "references": "samples: {hh: {process: di_higgs}}\n",
    "cross sections": "statistics: {sqrt_s_tev: [13, 14]}\n",
    "code of the user": "pairings: {mine: {method: 'nowhere.py:pair'}}\n",
    "the detector card": (
        "statistics: {model: complete}\nsystematics:\n  jes: {effect: detector, processes: [hh],"
        " up: {jets.scale: 2.0}, down: {jets.scale: 0.5}}\n"
    ),
    "outputs": "outputs: {mine: {medium: figure, kind: pie, selections: [min_dr_dnn]}}\n",
    "keys that stand twice": "seed: 1\nseed: 2\n",
    "options of a network": (
        "spanet_trainings:\n  mine: {signal: [hh], options: config/spanet/options/small.json,"
        " changes: {depth: 3}}\n"
    ),
}

#: Lines behind the first, where several things are wrong.
LINES = {"several": 4, "style and figures": 2, "the detector card": 2}


@pytest.mark.parametrize("place", BAD)
def test_both_say_the_same(place, workflow):
    small = (ROOT / "tests/studies/small.yaml").read_text()
    (workflow.folder / "config/config.yaml").write_text(small)
    (workflow.folder / "mine.yaml").write_text(BAD[place])
    command = [sys.executable, "-c", "from hh4b.cli import main; main()", "config", "check"]
    checked = subprocess.run(
        [*command, "config/config.yaml", "mine.yaml"],
        cwd=workflow.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode != 0
    first, *lines = checked.stderr.strip().splitlines()
    assert len(lines) == LINES.get(place, 0)
    planned = workflow.run("--dry-run", "--configfile", "mine.yaml")
    assert planned.returncode != 0
    said = planned.stdout + planned.stderr
    assert "\n".join([first.partition(": ")[2], *lines]) in said
    assert "Traceback" not in said
    assert not (workflow.folder / "results").exists()
