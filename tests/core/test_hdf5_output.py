import os
import subprocess
import sys

import numpy as np
import pytest

from hh4b.core import hdf5_output
from hh4b.core.contracts import FEATURES, TableWriter, read_table, write_table
from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance

CODE = """
import resource, sys
import numpy as np
from hh4b.core.contracts import FEATURES, Provenance, TableWriter
from hh4b.core.errors import InputFileError
limit, path = int(sys.argv[1]), sys.argv[2]
random = np.random.default_rng(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with TableWriter(path, FEATURES) as writer:
        for rows in (100, 9000, 16384, 5000, 20000):
            writer.append({"features": random.normal(size=(rows, 4)).astype("f4")})
        writer.set_attributes(Provenance("test", {}))
except InputFileError as error:
    sys.stderr.write(str(error))
    sys.exit(1)
"""


@pytest.mark.parametrize("limit", [8_000, 200_000, 300_000, 500_000, 700_000, 900_000])
def test_a_limit_of_file_sizes_ends_in_one_line(tmp_path, limit):
    command = [sys.executable, "-c", CODE, str(limit), str(tmp_path / "out.h5")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1, done
    assert done.stderr.startswith(f"cannot write {tmp_path / 'out.h5'}: File too large")
    assert list(tmp_path.iterdir()) == []


def test_space_that_was_taken_is_given_back(tmp_path):
    command = [sys.executable, "-c", CODE, str(10**8), str(tmp_path / "out.h5")]
    subprocess.run(command, check=True)
    assert len(read_table(tmp_path / "out.h5", FEATURES)["features"]) == 50484
    found = (tmp_path / "out.h5").stat()
    assert found.st_blocks * 512 < found.st_size + 65536
    assert found.st_size < 50484 * 4 * 4


def test_a_full_disk_is_told_before_the_library_meets_it(tmp_path, monkeypatch):
    def full(_descriptor, offset, _size):
        if offset:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    rows = np.zeros((100, 3), np.float32)
    with pytest.raises(InputFileError, match=r"cannot write .*: No space left on device; free"):
        write_table(tmp_path / "out.h5", FEATURES, {"features": rows}, Provenance("test", {}))
    assert list(tmp_path.iterdir()) == []
    assert not hdf5_output.has_abandoned_files()


def test_file_systems_that_take_no_space_beforehand_do(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", unknown)
    rows = np.ones((100, 3), np.float32)
    write_table(tmp_path / "out.h5", FEATURES, {"features": rows}, Provenance("test", {}))
    assert (read_table(tmp_path / "out.h5", FEATURES)["features"] == rows).all()


def test_errors_of_the_block_pass(tmp_path):
    with pytest.raises(ContractError), TableWriter(tmp_path / "out.h5", FEATURES) as writer:
        writer.append({"unknown": np.zeros(3)})
    assert list(tmp_path.iterdir()) == []
