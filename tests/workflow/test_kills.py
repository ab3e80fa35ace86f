"""After any kill, the same command typed again goes on, and the results are the same."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kills(monkeypatch):
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location("kills", ROOT / "benchmarks/kills.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "kills", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.workflow
@pytest.mark.slow
@pytest.mark.timeout(900)
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


@pytest.fixture
def results(tmp_path):
    """Two equal folders of results."""
    first = tmp_path / "first"
    files = {
        "logs/pair/a.log": "1 s", "limits/a.json": '{"width": 2.0}', "tables/t.csv": "a,b\n1,2\n",
        "summary.json": '{"value": 1, "seconds": 3}',
        "metrics.csv": "loss,events_per_second\n1,9\n",
        "index.html": "<h1>a</h1><h2>The run</h2>1 s<h2>Tables</h2>1",
        "searches/a/trials.journal": "x", "model/events.out.tfevents.17.host.5.0": "y",
    }  # fmt: skip
    for name, text in files.items():
        path = first / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copytree(first, tmp_path / "second")
    return first, tmp_path / "second"


def compared(kills, results):
    outcome = kills.Kills()
    kills.compare(*results, outcome)
    return outcome


def test_times_and_attempts_may_differ(kills, results):
    (results[1] / "summary.json").write_text('{"seconds": 4, "value": 1}')
    (results[1] / "metrics.csv").write_text("loss,events_per_second\n1,8\n")
    (results[1] / "logs/pair/a.log").write_text("2 s")
    (results[1] / "index.html").write_text("<h1>a</h1><h2>The run</h2>2 s<h2>Tables</h2>1")
    (results[1] / "searches/a/trials.journal").write_text("x again")
    (results[1] / "model/events.out.tfevents.18.host.5.0").write_text("y again")
    outcome = compared(kills, results)
    assert outcome.files == {"bytes": 2, "content": 3}
    assert outcome.hashed == {"limits": 1, "tables": 1}
    assert outcome.named == []


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("limits/.partial-12345678-9-abcdefgh-a.json", "{", "partial: "),
        ("limits/b.json", "{}", "more: "),
        ("summary.json", '{"value": 2, "seconds": 3}', "differs: "),
        ("metrics.csv", "loss,events_per_second\n2,9\n", "differs: "),
        ("index.html", "<h1>a</h1><h2>The run</h2>1 s<h2>Tables</h2>2", "differs: "),
        # What has to be equal byte by byte is not compared by content.
        ("limits/a.json", '{"width":  2.0}', "content: "),
    ],
)
def test_everything_else_is_told(kills, results, name, text, named):
    (results[1] / name).write_text(text)
    outcome = compared(kills, results)
    assert outcome.named == [named + name]
    assert outcome.numbers()["number_named"] == 1
    assert json.dumps(outcome.numbers())


def test_a_missing_file_is_told(kills, results):
    (results[1] / "tables/t.csv").unlink()
    assert compared(kills, results).named == ["missing: tables/t.csv"]
