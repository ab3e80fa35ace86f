import json
import sys

import h5py
import numpy as np
import pytest
import torch
from spanet_toys import DATA, write_events

from hh4b import cli
from hh4b.core.contracts import PAIRING, SCORES, read_attributes, read_table
from hh4b.core.files import Provenance
from hh4b.spanet import checkpoints
from hh4b.spanet.checkpoints import Checkpoint
from hh4b.spanet.event import EventDescription
from hh4b.spanet.network import Network
from hh4b.spanet.options import Options

FOLDER = DATA / "detection_focal"


@pytest.fixture
def hh4b(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["hh4b", "spanet", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capsys.readouterr()
        return end.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def model(hh4b, tmp_path):
    code, _, err = hh4b(
        "import-checkpoint", FOLDER / "reference.ckpt", "--options", FOLDER / "options.json",
        "--event", FOLDER / "event.yaml", "-o", tmp_path / "m.pt",
    )  # fmt: skip
    assert code == 0, err
    return tmp_path / "m.pt"


def test_predict_writes_the_reference_layout(hh4b, model, tmp_path):
    test, out = FOLDER / "test.h5", tmp_path / "p.h5"
    code, _, err = hh4b("predict", model, test, "-o", out, "--output-vectors")
    assert code == 0, err
    with np.load(FOLDER / "outputs.npz") as ref, h5py.File(out) as file, h5py.File(test) as given:
        for particle in ("h1", "h2"):
            group = file[f"TARGETS/{particle}"]
            jets = np.stack([group["b1"], group["b2"]], axis=1)
            np.testing.assert_array_equal(jets, ref[f"predicted_jets/{particle}"])
            logs = ref[f"log_probability/{particle}"]
            wanted = 2 * np.exp(logs[np.arange(64), jets[:, 0], jets[:, 1]])
            np.testing.assert_allclose(group["assignment_probability"], wanted, rtol=1e-4)
            detection = 1 / (1 + np.exp(-ref[f"detection_logit/{particle}"]))
            np.testing.assert_allclose(group["detection_probability"], detection, rtol=1e-4)
            product = group["assignment_probability"][()] * group["detection_probability"][()]
            np.testing.assert_allclose(group["marginal_probability"], product, rtol=1e-6)
            for name in ("PARTICLE", "b1", "b2"):
                vector = file[f"EMBEDDINGS/{particle}/{name}"]
                np.testing.assert_allclose(vector, ref[f"vector/{particle}/{name}"], atol=5e-5)
        np.testing.assert_allclose(file["EMBEDDINGS/EVENT"], ref["vector/EVENT"], atol=5e-5)
        logits = ref["classification_logit/EVENT/signal"]
        softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(file["CLASSIFICATIONS/EVENT/signal"], softmax, atol=5e-5)
        for name in ("Source/pt", "Source/MASK", "Kappa/kappa"):
            np.testing.assert_array_equal(file[f"INPUTS/{name}"], given[f"INPUTS/{name}"])


def test_pairing_and_scores_for_the_pipeline(hh4b, model, tmp_path):
    pairing, scores = tmp_path / "pair.h5", tmp_path / "s.h5"
    code, _, err = hh4b(
        "predict", model, FOLDER / "test.h5", "--pairing-output", pairing, "--scores-output",
        scores, "--kappa-values", "-5,1,5",
    )  # fmt: skip
    assert code == 0, err
    with np.load(FOLDER / "outputs.npz") as ref:
        jets = np.stack([ref["predicted_jets/h1"], ref["predicted_jets/h2"]], axis=1)
    np.testing.assert_array_equal(read_table(pairing, PAIRING)["jets"], jets)
    table = read_table(scores, SCORES)
    assert table["kappa_lambda"].tolist() == [-5, 1, 5]
    assert table["score"].shape == (64, 3)
    assert not np.allclose(table["score"][:, 0], table["score"][:, 2])


@pytest.fixture
def trained(hh4b, tmp_path):
    """A network that knows kappa -5, 1 and 5, and its training events."""
    write_events(tmp_path / "t.h5", 160, seed=1)
    (tmp_path / "o.json").write_text(json.dumps(SMALL))
    code, _, err = hh4b(
        "train", "--options", tmp_path / "o.json", "--event", FOLDER / "event.yaml", "--train",
        tmp_path / "t.h5", "-o", tmp_path / "m", "--kappa-balance", "--set", "learning_rate=0.05",
        "--set", "learning_rate_warmup_epochs=0",
    )  # fmt: skip
    assert code == 0, err
    found = checkpoints.load(tmp_path / "m")
    assert found.network.options.kappa_balance
    assert found.trained_kappas == (-5, 1, 5)
    return tmp_path / "m", tmp_path / "t.h5"


def test_pairing_at_one_kappa_input(hh4b, trained, tmp_path):
    folder, events = trained
    with h5py.File(events) as file:
        told = file["INPUTS/Kappa/kappa"][...]
    tables = {}
    for name, flags in (("own", ()), ("fixed", ("--pairing-kappa", 5))):
        code, _, err = hh4b(
            "predict", folder, events, *flags, "-o", tmp_path / f"{name}_p.h5",
            "--pairing-output", tmp_path / f"{name}.h5",
        )  # fmt: skip
        assert code == 0, err
        tables[name] = read_table(tmp_path / f"{name}.h5", PAIRING)["assignment_probability"]
    np.testing.assert_array_equal(tables["own"][told == 5], tables["fixed"][told == 5])
    assert (tables["own"][told != 5] != tables["fixed"][told != 5]).any(axis=1).mean() > 0.9
    assert read_attributes(tmp_path / "fixed.h5")["kappa_input"] == 5
    assert "kappa_input" not in read_attributes(tmp_path / "own.h5")
    with h5py.File(tmp_path / "fixed_p.h5") as fixed, h5py.File(tmp_path / "own_p.h5") as own:
        assert set(fixed["INPUTS/Kappa/kappa"][...]) == {5}
        np.testing.assert_array_equal(own["INPUTS/Kappa/kappa"], told)


def test_kappa_input_that_was_never_trained_is_refused(hh4b, trained, model, tmp_path, caplog):
    folder, events = trained
    out = tmp_path / "p.h5"
    code, _, err = hh4b("predict", folder, events, "--pairing-kappa=3", "--pairing-output", out)
    assert code == 1
    assert "kappa input 3 was never trained; the network knows -5, 1, 5" in err
    assert not out.exists()
    code, _, err = hh4b("predict", folder, events, "--pairing-kappa=5", "--kappa-values=1",
                        "--scores-output", out)  # fmt: skip
    assert code == 1
    assert "for scores give --kappa-values" in err
    # A checkpoint that does not say what it was trained with is taken, with a warning.
    code, _, err = hh4b(
        "predict", model, FOLDER / "test.h5", "--pairing-kappa=3", "--pairing-output", out
    )
    assert code == 0, err
    assert "does not say which kappa inputs it was trained with: 3 is taken" in caplog.text


def test_checkpoint_of_before_does_not_say_what_it_was_trained_with(trained, tmp_path):
    content = torch.load(trained[0] / "model.pt", weights_only=True)
    del content["trained_kappas"]
    torch.save(content, tmp_path / "old.pt")
    assert checkpoints.load(tmp_path / "old.pt").trained_kappas is None


def test_network_without_kappa_input_is_told_none(hh4b, tmp_path):
    event, options = DATA / "ttbar/event.yaml", Options.read(DATA / "ttbar/options.json")
    network = Network(options, EventDescription.read(event), {})
    checkpoints.save(tmp_path / "m.pt", Checkpoint(network), Provenance("test", {}))
    code, _, err = hh4b("predict", tmp_path / "m.pt", FOLDER / "test.h5", "--pairing-kappa=5",
                        "-o", tmp_path / "p.h5")  # fmt: skip
    assert code == 1
    assert "the network has no input Kappa/kappa" in err


def test_prediction_does_not_depend_on_chunks(model, tmp_path):
    from hh4b.spanet import prediction_stage as output
    from hh4b.spanet.predictor import Predictor

    network = checkpoints.load(model).network
    tables = []
    for chunk in (7, 64):
        path = tmp_path / f"{chunk}.h5"
        output.write_predictions(
            Predictor((network,)),
            FOLDER / "test.h5",
            Provenance("test", {}),
            pairing=path,
            chunk=chunk,
        )
        tables.append(read_table(path, PAIRING))
    np.testing.assert_array_equal(tables[0]["jets"], tables[1]["jets"])
    for name in ("assignment_probability", "detection_probability"):
        np.testing.assert_allclose(tables[0][name], tables[1][name], rtol=1e-5)


def test_train_and_evaluate(hh4b, tmp_path):
    write_events(tmp_path / "t.h5", 200, seed=1)
    small = {"hidden_dim": 16, "num_encoder_layers": 1, "num_branch_encoder_layers": 0,
             "num_branch_embedding_layers": 0, "batch_size": 32, "num_gpu": 0,
             "partial_events": True, "classification_loss_scale": 1.0,
             "train_validation_split": 0.8}  # fmt: skip
    (tmp_path / "o.json").write_text(json.dumps(small))
    common = ("train", "--options", tmp_path / "o.json", "--event", FOLDER / "event.yaml",
              "--train", tmp_path / "t.h5", "-o", tmp_path / "out", "--epochs", 1)  # fmt: skip
    code, _, err = hh4b(*common)
    assert code == 0, err
    code, text, _ = hh4b("evaluate", tmp_path / "out", tmp_path / "t.h5", "--json")
    result = json.loads(text)
    assert code == 0
    assert set(result["groups"]) == {"4", "5", ">=6", "total"}
    assert 0 <= result["classification"]["EVENT/signal"]["auc"] <= 1
    code, _, err = hh4b(*common, "--num-gpu", 3)
    assert code != 0
    assert "num_gpu = 3" in err


SMALL = {
    "hidden_dim": 16, "num_encoder_layers": 2, "num_branch_encoder_layers": 2, "batch_size": 32,
    "num_branch_embedding_layers": 0, "num_gpu": 0, "partial_events": True, "epochs": 1,
    "classification_loss_scale": 1.0, "train_validation_split": 0.8,
}  # fmt: skip


def test_search_starts_from_the_options_and_feeds_a_training(hh4b, tmp_path, caplog):
    write_events(tmp_path / "t.h5", 160, seed=1)
    (tmp_path / "o.json").write_text(json.dumps(SMALL))
    given = ("--options", tmp_path / "o.json", "--event", FOLDER / "event.yaml", "--train",
             tmp_path / "t.h5")  # fmt: skip
    ranges = json.dumps({"hidden_dim": [16], "num_encoder_layers": [2, 3]})
    common = ("search", *given, "--set", "learning_rate=0.005", "--ranges", ranges,
              "--storage", tmp_path / "s.journal", "--epochs", 1)  # fmt: skip
    code, _, err = hh4b(*common, "--trials", 1, "-o", tmp_path / "a.json")
    assert code == 0, err
    first = json.loads((tmp_path / "a.json").read_text())
    assert first["options"] == {
        "learning_rate": 0.005, "hidden_dim": 16, "dropout": 0.0, "gradient_clip": 0.0,
        "l2_penalty": 0.0, "num_encoder_layers": 2, "num_branch_encoder_layers": 2,
        "num_classification_layers": 1,
    }  # fmt: skip
    code, _, err = hh4b(*common, "--trials", 2, "-o", tmp_path / "b.json", "--worker", 1)
    assert code == 0, err
    both = json.loads((tmp_path / "b.json").read_text())
    assert both["trials"][0] == first["trials"][0]
    assert both["value"] >= first["value"]
    assert both["start_value"] == first["value"] == first["start_value"]
    assert both["best_value"] >= both["value"]
    assert both["improved"] == ((both["gain"] or 0) > (both["gain_error"] or 0))
    assert first["improved"] is False
    assert "tuned is untuned" in caplog.text
    code, _, err = hh4b("train", *given, "--search", tmp_path / "b.json", "--set", "dropout=0.3",
                        "--set", "num_classification_layers=2", "-o", tmp_path / "m")  # fmt: skip
    assert code == 0, err
    used = checkpoints.load(tmp_path / "m").network.options
    assert {key: getattr(used, key) for key in both["options"]} == both["options"]


def test_search_by_halving_goes_on_where_trials_were(hh4b, tmp_path):
    write_events(tmp_path / "t.h5", 160, seed=1)
    (tmp_path / "o.json").write_text(json.dumps(SMALL))
    given = ("--options", tmp_path / "o.json", "--event", FOLDER / "event.yaml", "--train",
             tmp_path / "t.h5")  # fmt: skip
    ranges = json.dumps({"hidden_dim": [16], "num_encoder_layers": [1, 2],
                         "num_branch_encoder_layers": [1, 2]})  # fmt: skip
    found = []
    for name in "ab":
        code, _, err = hh4b(
            "search", *given, "--ranges", ranges, "--storage", tmp_path / name / "s.journal",
            "--epochs", 3, "--trials", 4, "--halving", "-o", tmp_path / f"{name}.json",
        )  # fmt: skip
        assert code == 0, err
        found.append(json.loads((tmp_path / f"{name}.json").read_text()))
        found[-1].pop("provenance")
    assert found[0] == found[1]
    assert found[0]["halving"] == [[4, 1], [2, 3]]
    ends = [trial["epochs"] for trial in found[0]["trials"]]
    # The two best, and the start.
    assert ends[0] == 3
    assert sorted(ends) in ([1, 1, 3, 3], [1, 3, 3, 3])
    # A trial that went on has the value of a training that never stopped.
    code, _, err = hh4b(
        "search", *given, "--ranges", ranges, "--storage", tmp_path / "s", "--epochs", 3,
        "--trials", 1, "-o", tmp_path / "c.json",
    )  # fmt: skip
    assert code == 0, err
    assert json.loads((tmp_path / "c.json").read_text())["value"] == found[0]["start_value"]


def test_options_can_be_changed_one_by_one(hh4b, tmp_path):
    write_events(tmp_path / "t.h5", 160, seed=1)
    (tmp_path / "o.json").write_text(json.dumps(SMALL))
    common = ("train", "--options", tmp_path / "o.json", "--event", FOLDER / "event.yaml",
              "--train", tmp_path / "t.h5", "-o", tmp_path / "m")  # fmt: skip
    code, _, err = hh4b(*common, "--set", "assignment_loss_scale=0", "--set", "hidden_dim=8")
    assert code == 0, err
    assert checkpoints.load(tmp_path / "m").network.options.hidden_dim == 8
    for text, message in (("heads=2", "unknown option 'heads'"), ("heads", "not of the form")):
        code, _, err = hh4b(*common, "--set", text)
        assert code == 1
        assert message in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("evaluate", "nowhere", "t.h5"), "no checkpoint at nowhere"),
        (("evaluate", FOLDER / "reference.ckpt", "t.h5"), "import-checkpoint"),
        (("evaluate", FOLDER / "options.json", "t.h5"), "not a checkpoint"),
    ],
)
def test_wrong_checkpoint_is_said(hh4b, words, message):
    code, _, err = hh4b(*words)
    assert code == 1
    assert message in err


def test_checkpoint_of_another_topology_is_refused(hh4b, tmp_path):
    for name, options in (("ttbar", FOLDER), ("detection_focal", DATA / "published")):
        code, _, err = hh4b(
            "import-checkpoint", FOLDER / "reference.ckpt", "--options", options / "options.json",
            "--event", DATA / name / "event.yaml", "-o", tmp_path / "x.pt",
        )  # fmt: skip
        assert code == 1
        assert "reference.ckpt" in err
        assert not (tmp_path / "x.pt").exists()


def test_nothing_to_write_is_said(hh4b, model):
    code, _, err = hh4b("predict", model, FOLDER / "test.h5")
    assert code == 1
    assert "--pairing-output" in err
