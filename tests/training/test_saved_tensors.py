"""No file of torch runs anything, whatever its format, and damage is said in one line."""

import io
import pickle
import re
import tarfile
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from hh4b.core.errors import InputFileError
from hh4b.training.saved_tensors import fill, read_saved, read_saved_by_others, taken_from

ROOT = Path(__file__).parents[2]
WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3)}


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


class Hyperparameters(dict):
    """Stands for the objects that Lightning keeps beside the weights."""


def as_zip(path, content):
    torch.save(content, path)


def as_old_pickle(path, content):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def as_bare_pickle(path, content):
    path.write_bytes(pickle.dumps(content, protocol=2))


def as_tar(path, content):
    text = pickle.dumps(content, protocol=2)
    with tarfile.open(path, "w:") as archive:
        for name in ("storages", "tensors", "pickle"):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))


FORMATS = [as_zip, as_old_pickle, as_bare_pickle, as_tar]


@pytest.mark.parametrize("read", [read_saved, read_saved_by_others])
@pytest.mark.parametrize("write", FORMATS)
def test_nothing_is_run(read, write, tmp_path):
    path, marker = tmp_path / "x.ckpt", tmp_path / "it_ran"
    for content in (Payload(marker), {"state_dict": WEIGHTS, "more": Payload(marker)}):
        write(path, content)
        with suppress(InputFileError):
            read(path, what="checkpoint")
        assert not marker.exists()
        # The file is one that does run something where it is read without care.
        marker.unlink(missing_ok=True)
    if write is as_bare_pickle:
        pickle.loads(path.read_bytes())
        assert marker.exists()


@pytest.mark.parametrize("read", [read_saved, read_saved_by_others])
def test_programs_of_torch_are_refused(read, tmp_path):
    path = tmp_path / "x.ckpt"
    as_zip(path, {"state_dict": WEIGHTS})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x/constants.pkl", pickle.dumps(()))
    with pytest.raises(InputFileError, match="TorchScript program"):
        read(path, what="checkpoint")


@pytest.mark.parametrize("write", [as_zip, as_old_pickle])
def test_checkpoints_of_others_are_read(write, tmp_path):
    more = {"hyper_parameters": Hyperparameters(rate=1), "list": [Hyperparameters()], "set": {1}}
    write(tmp_path / "x.ckpt", {"state_dict": OrderedDict(WEIGHTS), "epoch": 3, **more})
    found = read_saved_by_others(tmp_path / "x.ckpt", what="checkpoint")
    assert found["epoch"] == 3
    torch.testing.assert_close(dict(found["state_dict"]), WEIGHTS)
    assert not isinstance(found["hyper_parameters"], Hyperparameters)


def test_own_files_are_zip_archives_of_plain_data(tmp_path):
    as_zip(tmp_path / "x.pt", {"weights": WEIGHTS, "n": 1})
    torch.testing.assert_close(read_saved(tmp_path / "x.pt", what="x")["weights"], WEIGHTS)
    for write in (as_old_pickle, as_tar):
        write(tmp_path / "x.pt", {"weights": WEIGHTS})
        with pytest.raises(InputFileError, match="which is not read here"):
            read_saved(tmp_path / "x.pt", what="x")


@pytest.mark.parametrize("read", [read_saved, read_saved_by_others])
def test_damage_is_one_line(read, tmp_path):
    path = tmp_path / "x.pt"
    with pytest.raises(InputFileError, match="cannot read"):
        read(path, what="x")
    as_zip(path, {"weights": WEIGHTS})
    whole = path.read_bytes()
    for text in (
        b"",
        b"PK\x03\x04",
        b"{}",
        whole[:200],
        whole[:-40],
        whole.replace(b"a.w", b"\x80"),
    ):
        path.write_bytes(text)
        with pytest.raises(InputFileError, match=r"x\.pt") as caught:
            read(path, what="x")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": None}, "weight 'bias' is missing"),
        ({"more": torch.ones(1)}, "weight 'more' is left over"),
        ({"bias": torch.ones(3)}, "weight 'bias' has shape (3,), expected (2,)"),
        ({"bias": torch.tensor([1.0, float("nan")])}, "weight 'bias' is not finite"),
        ({"bias": "x"}, "weight 'bias' is no tensor"),
    ],
)
def test_wrong_weights_are_named(change, message, tmp_path):
    layer = torch.nn.Linear(3, 2)
    weights = {**layer.state_dict(), **change}
    weights = {name: value for name, value in weights.items() if value is not None}
    with (
        pytest.raises(InputFileError, match=re.escape(message)),
        taken_from("m.pt", what="network"),
    ):
        fill(layer, weights)


def test_torch_and_pickle_read_files_in_one_place():
    loads = re.compile(r"torch\.load\(|torch\.jit\.load|^import pickle|pickle\.load", re.MULTILINE)
    unsafe = re.compile(r"allow_pickle=True|joblib\.load|yaml\.(unsafe_load|full_load|Loader)")
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert path.name == "saved_tensors.py" or not loads.search(text), path
        assert not unsafe.search(text), path
