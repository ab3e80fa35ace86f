"""A study of the user's own files runs by itself, laid over nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow
DATA = Path(__file__).parents[1] / "data"


def new(folder, *options):
    command = [sys.executable, "-c", "from hh4b.cli import main; main()", "config", "new"]
    done = subprocess.run(
        [*command, "-o", "own.yaml", *options], cwd=folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_delphes_files_are_planned_to_the_page(workflow):
    for name in ("hh.root", "qcd.root"):
        shutil.copy(DATA / "delphes_slice.root", workflow.folder / name)
    new(workflow.folder, "--signal", "1=hh.root", "--background", "qcd=600=qcd.root")
    jobs = workflow.planned("--configfile", "own.yaml")
    assert {"ingest", "spanet_train", "dnn_train", "limits", "summary", "table_classifiers"} <= set(
        jobs
    )
    # One signal, one background, two selections, two folds; nothing of the default study.
    assert (jobs["ingest"], jobs["limits"], jobs["spanet_train"]) == (2, 2, 2)
    assert not [name for name in jobs if name.startswith(("generate", "comparison", "simulate"))]


@pytest.mark.slow
def test_les_houches_files_become_datasets(workflow):
    mg5, sherpa = (DATA / f"lhe/{name}.lhe.gz" for name in ("mg5_hh", "sherpa_4b"))
    new(workflow.folder, "--signal", f"1={mg5}", "--background", f"qcd=600={sherpa}")
    jobs = workflow.planned("--configfile", "own.yaml")
    assert (jobs["take_partons"], jobs["simulate"], jobs["ingest"]) == (2, 2, 2)
    names = [f"results/own/pairings/min_dr/{name}.h5" for name in ("hh_kl1", "qcd")]
    done = workflow.run("--configfile", "own.yaml", "--", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((workflow.folder / name).exists() for name in names)
