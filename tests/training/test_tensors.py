import pytest
import torch

from hh4b.core.errors import InputFileError
from hh4b.training.tensors import save_tensors


@pytest.mark.parametrize("name", ["model", "model.pt", ".hidden", "a.b.c", "with space"])
def test_any_name_works_and_none_is_in_the_bytes(tmp_path, name):
    for place in (tmp_path / name, tmp_path / "other.pt"):
        save_tensors(place, {"weights": torch.ones(3)})
    assert (tmp_path / name).read_bytes() == (tmp_path / "other.pt").read_bytes()
    assert torch.load(tmp_path / name, weights_only=True)["weights"].sum() == 3


def test_a_full_disk_is_one_line():
    with pytest.raises(InputFileError, match="cannot write /dev/full: No space left"):
        save_tensors("/dev/full", {"weights": torch.ones(3)})
