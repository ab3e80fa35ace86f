"""Networks of folds: each predicts and is measured on the events it did not see."""

import json
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch
from spanet_toys import DATA

from hh4b import cli
from hh4b.core.contracts import PAIRING, SCORES, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.core.folds import Folds
from hh4b.core.parts import fold_numbers
from hh4b.spanet import checkpoints
from hh4b.spanet.evaluation_stage import evaluate_folds, evaluate_to_file, parse_fold
from hh4b.spanet.import_stage import import_to_file
from hh4b.spanet.network import Network
from hh4b.spanet.prediction_stage import PredictionFiles, predict_to_files
from hh4b.spanet.settings import SpanetEvaluateSettings, SpanetPredictSettings

FOLDER = DATA / "detection_focal"
TEST = FOLDER / "test.h5"
FOLDS = Folds(folds=3, fold_seed=4)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Three networks of one kind with other weights."""
    folder = tmp_path_factory.mktemp("models")
    paths = [folder / f"{number}.pt" for number in range(3)]
    import_to_file(
        FOLDER / "reference.ckpt", FOLDER / "options.json", FOLDER / "event.yaml", paths[0]
    )
    for number, path in enumerate(paths[1:], 1):
        found = checkpoints.load(paths[0])
        generator = torch.Generator().manual_seed(number)
        with torch.no_grad():
            for value in found.network.parameters():
                value += 0.05 * torch.randn(value.shape, generator=generator)
        checkpoints.save(path, found, Provenance("test", {}))
    return paths


def predicted(models, folder, settings):
    files = PredictionFiles(folder / "p.h5", folder / "pair.h5", folder / "s.h5")
    folder.mkdir()
    predict_to_files(models, TEST, files, settings)
    with h5py.File(files.prediction) as file:
        columns = {"classes": file["CLASSIFICATIONS/EVENT/signal"][()]}
        columns["h1"] = file["TARGETS/h1/assignment_probability"][()]
    pairing = read_table(files.pairing, PAIRING)
    return {**columns, **pairing, "score": read_table(files.scores, SCORES)["score"]}


def test_each_event_is_predicted_by_the_network_of_its_fold(models, tmp_path):
    given = {"kappa_values": [-5.0, 1.0], "threads": 1}
    mixed = predicted(models, tmp_path / "mixed", SpanetPredictSettings.of(FOLDS, **given))
    folds = fold_numbers(TEST, 64, FOLDS)
    assert set(folds) == {0, 1, 2}
    for number, model in enumerate(models):
        alone = predicted([model], tmp_path / str(number), SpanetPredictSettings(**given))
        here = folds == number
        for name, values in alone.items():
            np.testing.assert_allclose(
                mixed[name][here], values[here], rtol=1e-4, atol=1e-6, err_msg=name
            )
        assert not np.allclose(mixed["score"][~here], alone["score"][~here], atol=1e-3)


def test_metrics_of_each_fold_and_of_all(models, tmp_path):
    """With one network for all folds, all together is that network on all events."""
    folds = fold_numbers(TEST, 64, FOLDS)
    texts = []
    with h5py.File(TEST) as source:
        for number in range(3):
            path = tmp_path / f"{number}.h5"
            with h5py.File(path, "w") as file:

                def copy(name, item, file=file, number=number):
                    if isinstance(item, h5py.Dataset):
                        file[name] = item[()][folds == number]

                source.visititems(copy)
            texts.append(f"{models[0]}:{path}:{tmp_path / f'{number}.json'}")
    settings = SpanetEvaluateSettings(threads=1)
    pooled = evaluate_folds([parse_fold(t) for t in texts], tmp_path / "all.json", settings)
    whole = evaluate_to_file(models[0], TEST, None, settings)
    for found in (pooled, json.loads((tmp_path / "all.json").read_text())):
        assert found["n_events"] == 64
        assert set(found["groups"]) == set(whole["groups"])
        for name, row in found["groups"].items():
            assert row["event_efficiency_error_parts"]["training"] is None
            known = {key: row[key] for key in whole["groups"][name]}
            assert known == pytest.approx(whole["groups"][name])
        for name, values in whole["classification"].items():
            assert found["classification"][name]["accuracy"] == pytest.approx(values["accuracy"])
    assert pooled["n_folds_trained"] == 3
    for number in range(3):
        alone = json.loads((tmp_path / f"{number}.json").read_text())
        assert alone["n_events"] == (folds == number).sum()
    (tmp_path / "1.json").unlink()
    some = parse_fold(texts[1].rpartition(":")[0])
    found = evaluate_folds([some], tmp_path / "some.json", settings)
    assert not (tmp_path / "1.json").exists()
    assert found["n_folds_trained"] == 1
    assert found["n_events"] == (folds == 1).sum()
    with pytest.raises(ConfigError, match="no fold"):
        evaluate_folds([], tmp_path / "none.json", settings)


def test_command_line_takes_a_model_for_each_fold(models, tmp_path, monkeypatch):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["hh4b", "spanet", "predict", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code or 0

    out = tmp_path / "s.h5"
    wanted = ("--scores-output", out, "--kappa-values", "1", "--threads", 1)
    assert run(*models, TEST, *wanted) == 1
    assert not out.exists()
    assert run(*models, TEST, *wanted, "--folds", 3, "--fold-seed", 4) == 0
    settings = SpanetPredictSettings.of(FOLDS, kappa_values=[1.0], threads=1)
    expected = predicted(models, tmp_path / "p", settings)["score"]
    np.testing.assert_allclose(read_table(out, SCORES)["score"], expected, rtol=1e-5)


def with_kappas(models, folder, *, known):
    """Return the networks with the kappa inputs that each was trained with."""
    paths = [folder / f"{number}.pt" for number in range(len(models))]
    for model, path, kappas in zip(models, paths, known, strict=True):
        found = replace(checkpoints.load(model), trained_kappas=kappas)
        checkpoints.save(path, found, Provenance("test", {}))
    return paths


def test_pairing_at_one_kappa_input_by_the_networks_of_the_folds(models, tmp_path):
    given = {"pairing_kappa": 5.0, "kappa_values": [1.0], "threads": 1}
    known = with_kappas(models, tmp_path, known=[(-5.0, 1.0, 5.0)] * 3)
    mixed = predicted(known, tmp_path / "mixed", SpanetPredictSettings.of(FOLDS, **given))
    own = predicted(known, tmp_path / "own", SpanetPredictSettings.of(FOLDS, kappa_values=[1.0]))
    assert read_attributes(tmp_path / "mixed/pair.h5")["kappa_input"] == 5
    folds = fold_numbers(TEST, 64, FOLDS)
    for number, model in enumerate(known):
        alone = predicted([model], tmp_path / f"alone_{number}", SpanetPredictSettings(**given))
        here = folds == number
        for name, values in alone.items():
            np.testing.assert_allclose(
                mixed[name][here], values[here], rtol=1e-4, atol=1e-6, err_msg=name
            )
    probability = "assignment_probability"
    with h5py.File(TEST) as file:
        told = file["INPUTS/Kappa/kappa"][()]
    changed = (mixed[probability] != own[probability]).any(axis=1)
    assert not changed[told == 5].any()
    assert changed[told != 5].mean() > 0.9
    np.testing.assert_array_equal(mixed["score"], own["score"])


@pytest.mark.parametrize("odd", [0, 1, 2])
def test_kappa_input_must_be_known_to_the_network_of_every_fold(models, tmp_path, odd, caplog):
    settings = SpanetPredictSettings.of(FOLDS, pairing_kappa=5.0, threads=1)
    known = [(-5.0, 5.0)] * 3
    known[odd] = (-5.0, 1.0)
    files = PredictionFiles(pairing=tmp_path / "pair.h5")
    paths = with_kappas(models, tmp_path, known=known)
    with pytest.raises(ConfigError, match=rf"{odd}\.pt: kappa input 5 was never trained"):
        predict_to_files(paths, TEST, files, settings)
    assert not files.pairing.exists()
    known[odd] = None
    paths = with_kappas(models, tmp_path, known=known)
    predict_to_files(paths, TEST, files, settings)
    assert caplog.text.count("taken unchecked") == 1
    assert f"{odd}.pt does not say" in caplog.text


def test_vectors_of_several_networks_are_refused(models, tmp_path):
    settings = SpanetPredictSettings.of(FOLDS, output_vectors=True)
    with pytest.raises(ConfigError, match="vectors of its own"):
        predict_to_files(models, TEST, PredictionFiles(tmp_path / "p.h5"), settings)


def test_networks_of_two_kinds_are_refused(models, tmp_path):
    found = checkpoints.load(models[0])
    changed = found.network.options.changed(dropout=0.3)
    other = Network(changed, found.network.event, found.network.classes)
    checkpoints.save(tmp_path / "o.pt", checkpoints.Checkpoint(other), Provenance("test", {}))
    settings = SpanetPredictSettings(folds=2, kappa_values=[1.0])
    with pytest.raises(ContractError, match=r"o\.pt has other options or inputs than .*0\.pt"):
        files = PredictionFiles(scores=tmp_path / "s.h5")
        predict_to_files([models[0], tmp_path / "o.pt"], TEST, files, settings)
