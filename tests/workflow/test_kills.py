"""After any kill, the same command typed again goes on, and the results are the same."""

import importlib.util
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def kills(monkeypatch):
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location("kills", ROOT / "benchmarks/kills.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "kills", module)
    spec.loader.exec_module(module)
    return module


def test_a_killed_build_goes_on_by_the_same_command(kills, tmp_path):
    target = "results/smoke/features/min_dr/hh_kl1.h5"
    command = ["snakemake", "--cores", "2", target, "--configfile", "config/scale/smoke.yaml"]
    outcome = kills.run(command, tmp_path / "work", 2, seed=3)
    assert outcome.undisturbed_s, outcome.failures
    said = (tmp_path / "work/killed/terminal.log").read_text()
    assert not outcome.failures, said
    assert not outcome.named
    assert sum(outcome.files.values()) >= 4
    # A run that was killed before it locked anything leaves no lock to remove.
    assert outcome.kills
    assert "removed the lock" in said or all(not kill["jobs"] for kill in outcome.kills)
    for word in ("LockException", "IncompleteFiles"):
        assert word not in said
