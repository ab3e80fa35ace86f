import h5py
import numpy as np
import pytest

from hh4b.core.contracts import FEATURES, PAIRING, SCORES, TableWriter, read_table, write_table
from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance, atomic_path, read_json

MADE = Provenance(stage="test", settings={"a": 1}, seed=3)


def test_round_trip_in_two_appends(tmp_path):
    path = tmp_path / "p.h5"
    jets = np.arange(20, dtype=np.int8).reshape(5, 2, 2)
    with TableWriter(path, PAIRING) as writer:
        writer.append({"jets": jets[:3]})
        writer.append({"jets": jets[3:]})
        writer.set_attributes(MADE, method="x")
    np.testing.assert_array_equal(read_table(path, PAIRING)["jets"], jets)
    with h5py.File(path) as file:
        assert "configuration_hash" in file.attrs["provenance"]
        assert file["jets"].attrs["unit"] == "1"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"score": np.zeros((4, 2), "f4")}, "kappa_lambda"),
        ({"kappa_lambda": np.zeros(3), "score": np.zeros((4, 2), "f4")}, "shape"),
        ({"kappa_lambda": np.zeros(2), "score": np.full((4, 2), np.nan, "f4")}, "event 0"),
        ({"kappa_lambda": np.zeros(2), "score": np.zeros((4, 2)), "x": np.zeros(4)}, "'x'"),
        ({"kappa_lambda": np.array(["a", "b"]), "score": np.zeros((4, 2))}, "kappa_lambda"),
    ],
)
def test_broken_table_is_named_and_leaves_nothing(tmp_path, arrays, message):
    with pytest.raises(ContractError, match=message):
        write_table(tmp_path / "s.h5", SCORES, arrays, MADE)
    assert list(tmp_path.iterdir()) == []


def test_truncated_file_is_named(tmp_path):
    path = tmp_path / "f.h5"
    write_table(path, FEATURES, {"features": np.zeros((1000, 20), "f4")}, MADE)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputFileError, match="f.h5"):
        read_table(path, FEATURES)


def test_full_disk_leaves_old_file(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(InputFileError, match="free space"), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert path.read_text() == "old"


def test_json_cut_in_the_middle(tmp_path):
    (tmp_path / "a.json").write_text('{"a": ')
    with pytest.raises(InputFileError, match=r"a\.json"):
        read_json(tmp_path / "a.json")
