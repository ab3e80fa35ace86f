"""Checkpoints with something missing, of another shape or not finite are refused in one line."""

import pytest
import torch
from spanet_toys import DATA

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance
from hh4b.spanet import checkpoints, reference
from hh4b.spanet.checkpoints import Checkpoint
from hh4b.spanet.prediction_stage import PredictionFiles, predict_to_files
from hh4b.spanet.settings import SpanetPredictSettings

FOLDER = DATA / "published"
REMOVED = object()


@pytest.fixture
def saved(published, tmp_path):
    path = tmp_path / "model.pt"
    checkpoints.save(path, Checkpoint(published.network), Provenance("spanet train", {}))
    return path


def test_undamaged(saved, published):
    found = checkpoints.load(saved)
    torch.testing.assert_close(found.network.state_dict(), published.network.state_dict())


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("weights",), REMOVED, "no 'weights'"),
        (("configuration",), REMOVED, "no 'configuration'"),
        (("epoch",), REMOVED, "no 'epoch'"),
        (("epoch",), "three", "three"),
        (("metrics",), 1, "not iterable"),
        (("weights", "encoder.summary"), REMOVED, "is missing"),
        (("weights", "encoder.summary"), torch.ones(1, 3), "has shape"),
        (("weights", "encoder.summary"), "text", "no attribute 'numel'"),
        (("weights", "more"), torch.ones(1), "is left over"),
        (("configuration", "event"), {"EVENT": {}}, "expected a mapping"),
        (("configuration", "options"), {"hidden_dim": 8}, "weight"),
        (("configuration", "options"), 3, "int"),
        (("configuration", "options", "hidden_dim"), 65536, "of another size"),
        (("configuration", "classes"), {"EVENT/signal": 0}, "classifiers"),
        (("configuration", "classes"), {}, "classifiers"),
    ],
)
def test_what_is_wrong_is_named(saved, place, value, message):
    content = torch.load(saved, weights_only=True)
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    if value is REMOVED:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    torch.save(content, saved)
    with pytest.raises(InputFileError, match=message) as caught:
        checkpoints.load(saved)
    assert "model.pt" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(saved, value):
    content = torch.load(saved, weights_only=True)
    content["weights"]["encoder.summary"][..., 0] = value
    torch.save(content, saved)
    with pytest.raises(InputFileError, match=r"encoder\.summary' is not finite"):
        checkpoints.load(saved)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"state_dict": {}}, "state_dict"),
        ({"state_dict": [1]}, "state_dict"),
        ({"weights": {}}, "state_dict"),
        ([1], "state_dict"),
        ({"state_dict": {"a": 3}}, "'a' of its state_dict is no tensor"),
        ({"state_dict": {"a": torch.tensor([float("nan")])}}, "'a' is not finite"),
    ],
)
def test_wrong_reference_checkpoints(content, message, tmp_path):
    torch.save(content, tmp_path / "r.ckpt")
    with pytest.raises(InputFileError, match=message):
        reference.read_state(tmp_path / "r.ckpt")


def test_a_prediction_that_is_no_number_is_not_written(saved, tmp_path):
    """Weights may be finite and too large for any result."""
    content = torch.load(saved, weights_only=True)
    content["weights"]["encoder.summary"][...] = 1e38
    torch.save(content, saved)
    output = tmp_path / "p.h5"
    settings = SpanetPredictSettings.checked({"num_gpu": 0})
    with pytest.raises(ContractError, match="gives no number for .* in event 0"):
        predict_to_files([saved], FOLDER / "test.h5", PredictionFiles(output), settings)
    assert list(tmp_path.glob("*.h5")) == []
