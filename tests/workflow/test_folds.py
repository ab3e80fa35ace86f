"""Cross-fitting from events to the page."""

import json

import h5py
import numpy as np
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(1800)]
FOLDS = 3


def test_every_event_measures(small, small_study, tmp_path):
    study = small_study(tmp_path)
    study.take_events(small, "folds")
    study.build("folds")
    check(study.results("folds"))


def check(results):
    def read(name):
        return json.loads((results / name).read_text())

    events = {}
    for path in (results / "datasets").glob("*.h5"):
        with h5py.File(path) as file:
            events[path.stem] = len(file["HH4B/weight"])
    total, background = sum(events.values()), events["four_b"]

    pooled = read("metrics/spanet/mixing_joint.json")
    alone = [read(f"metrics/spanet/mixing_joint/repeat_{n}.json") for n in range(FOLDS)]
    assert pooled["n_events"] == sum(one["n_events"] for one in alone) == total
    found = pooled["classification"]["EVENT/signal"]
    each = [one["classification"]["EVENT/signal"]["accuracy"] for one in alone]
    # A network that calls everything signal has 0.5 in all folds, but for rounding.
    assert min(each) - 1e-12 <= found["accuracy"] <= max(each) + 1e-12
    assert pooled["n_folds_trained"] == FOLDS
    measured = read("metrics/spanet/mixing.json")
    assert measured["n_folds_trained"] == 1
    with h5py.File(results / "trainings/mixing/fold_0_testing.h5") as file:
        assert measured["n_events"] == len(file["HH4B/weight"])
    assert not (results / "trainings/mixing/fold_1_training.h5").exists()
    assert "brackets: mixing (1)." in (results / "tables/table_samples.md").read_text()
    assert (results / "tables/table_04.csv").stat().st_size > 0
    for name in ("min_dr_dnn", "mixing_spanet", "min_dr_logistic_regression", "mixing_spanet_dnn"):
        metrics = read(f"metrics/classification/{name}.json")
        assert metrics["part"] == "all"
        # Without pairing there is no feature, but a score of 0.
        assert metrics["n_background"] == background
    with h5py.File(results / "pairings/mixing_spanet_sm/four_b.h5") as file:
        assert file.attrs["kappa_input"] == 1
        assert len(file["jets"]) == background
    left_out = [read(f"models/min_dr_dnn/repeat_{n}/evaluation.json") for n in range(FOLDS)]
    assert sum(one["n_background"] for one in left_out) == background
    cuts = read("templates/min_dr_cuts.json")["backgrounds"]["four_b"][0]
    with h5py.File(results / "scores/min_dr_cuts/four_b.h5") as file:
        passed = int((file["score"][:, 0] > 0.5).sum())
    assert 0.9 * passed <= np.sum(cuts["n_events"]) <= passed
    for output in ("figures/figure_06.pdf", "figures/figure_embedding.pdf", "tables/table_13.csv"):
        assert (results / output).stat().st_size > 0
    assert "first of 3 trainings" in (results / "tables/table_samples.md").read_text()
    assert "first of 3 trainings" in (results / "tables/table_12.md").read_text()
    assert not (results / "models/spanet/mixing_joint/model.pt").exists()
