"""The hash of the content of datasets: of columns, not of files."""

import json
import re

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from hh4b.cli import groups
from hh4b.core.errors import ContractError
from hh4b.events.content import content_hash, content_hashes, require_published, together


def write(path, sample="hh_kl1", **how):
    columns = {"a/x": np.arange(2000, dtype=np.float32), "b": np.arange(2000) % 7 > 2}
    with h5py.File(path, "w") as file:
        for name in how.pop("order", list(columns)):
            kind = how.pop("dtype", columns[name].dtype)
            file.create_dataset(name, data=columns[name].astype(kind), **how)
        file.attrs.update(sample=sample, kappa_lambda=1.0, n_generated=9, provenance="{}")
    return path


def test_the_container_does_not_count(tmp_path):
    plain = content_hash(write(tmp_path / "plain.h5"))
    assert re.fullmatch("[0-9a-f]{64}", plain)
    packed = write(tmp_path / "packed.h5", compression="gzip", chunks=(100,), order=["b", "a/x"])
    assert packed.read_bytes() != (tmp_path / "plain.h5").read_bytes()
    assert content_hash(packed) == plain
    assert content_hash(write(tmp_path / "big.h5", dtype=">f4")) == plain
    with h5py.File(packed, "a") as file:
        file.attrs["provenance"] = '{"version": 2}'
    assert content_hash(packed) == plain


def change_a_bit(file):
    file["a/x"][7] = np.nextafter(np.float32(7), np.float32(8))


def change_a_name(file):
    file.move("a/x", "a/y")


def change_a_type(file):
    values = file["b"][()].astype(np.int8)
    del file["b"]
    file["b"] = values


def change_kappa(file):
    file.attrs["kappa_lambda"] = 2.0


@pytest.mark.parametrize("change", [change_a_bit, change_a_name, change_a_type, change_kappa])
def test_the_content_counts(tmp_path, change):
    path = write(tmp_path / "d.h5")
    before = content_hash(path)
    with h5py.File(path, "a") as file:
        change(file)
    assert content_hash(path) != before


def test_hashes_that_were_published(tmp_path):
    paths = [write(tmp_path / "1.h5"), write(tmp_path / "5.h5", "hh_kl5")]
    found = content_hashes(paths)
    assert found["hh_kl1"] != found["hh_kl5"]
    assert together(found) == together(dict(reversed(found.items())))
    published = tmp_path / "numbers.json"

    def publish(**changes):
        samples = {name: {"content": text} for name, text in {**found, **changes}.items()}
        published.write_text(json.dumps({"samples": {**samples, "all": {"generated": 3}}}))

    publish()
    require_published(found, published)
    publish(hh_kl5="0" * 64, hh_kl7="1" * 64)
    with pytest.raises(ContractError, match="the content of hh_kl5, hh_kl7 is another"):
        require_published(found, published)
    published.write_text("{}")
    with pytest.raises(ContractError, match="has no hashes"):
        require_published(found, published)
    with pytest.raises(ContractError, match="another dataset of sample 'hh_kl1'"):
        content_hashes([paths[0], paths[0]])


def test_the_command_prints_and_compares(tmp_path):
    path, published = write(tmp_path / "d.h5"), tmp_path / "numbers.json"
    digest = content_hash(path)
    published.write_text(json.dumps({"samples": {"hh_kl1": {"content": digest}}}))
    words = ["datasets", "digest", str(path), "--published", str(published)]
    done = CliRunner().invoke(groups.app, words)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == f"{digest}  hh_kl1"
    published.write_text(json.dumps({"samples": {"hh_kl1": {"content": "0"}}}))
    assert CliRunner().invoke(groups.app, words).exit_code != 0
