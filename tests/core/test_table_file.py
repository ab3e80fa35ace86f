"""HDF5 files that are damaged inside, not whole, or in use: one line that names file and place."""

import resource
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest

from hh4b.core.contracts import (
    DATASET,
    FEATURES,
    PAIRING,
    SCORES,
    open_table,
    read_attributes,
    read_table,
    write_table,
)
from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance

BAD = (ContractError, InputFileError)
MADE = Provenance(stage="test", settings={})
ROWS = 3000


@pytest.fixture
def dataset(tmp_path):
    """A dataset of five jets an event."""
    rng = np.random.default_rng(1)
    mask = np.arange(5) < rng.integers(4, 6, ROWS)[:, None]
    arrays = {"INPUTS/Source/MASK": mask, "INPUTS/Kappa/kappa": np.ones(ROWS, "f4")}
    for name in ("pt", "eta", "phi", "mass", "btag"):
        arrays[f"INPUTS/Source/{name}"] = rng.random((ROWS, 5), "f4")
    for index, name in enumerate(("h1/b1", "h1/b2", "h2/b1", "h2/b2")):
        arrays[f"TARGETS/{name}"] = np.full(ROWS, index)
    arrays["CLASSIFICATIONS/EVENT/signal"] = np.ones(ROWS, int)
    arrays["HH4B/weight"] = rng.random(ROWS)
    path = tmp_path / "d.h5"
    write_table(path, DATASET, arrays, MADE, n_generated=ROWS, files="[]")
    return path


def refuse(path, *words, table=DATASET):
    with pytest.raises(BAD) as error:
        read_table(path, table)
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 500
    for word in (path.name, *words):
        assert word in text
    return text


def edit(path, name, change=None, **dataset):
    """Change a column in place, or write another in its place."""
    with h5py.File(path, "r+") as file:
        if change is not None:
            values = file[name][()]
            change(values)
            file[name][...] = values
            return
        del file[name]
        if dataset:
            file.create_dataset(name, **dataset)


def test_a_whole_file_is_read(dataset):
    assert len(read_table(dataset, DATASET)["HH4B/weight"]) == ROWS


def test_a_damaged_piece(dataset):
    with h5py.File(dataset) as file:
        place = file["HH4B/weight"].id.get_chunk_info(0)
    data = bytearray(dataset.read_bytes())
    middle = place.byte_offset + place.size // 2
    data[middle : middle + 40] = b"\xff" * 40
    dataset.write_bytes(data)
    refuse(dataset, "HH4B/weight", "damaged")


@pytest.mark.parametrize(
    ("dataset_of", "words"),
    [
        ({"shape": (10**11,), "dtype": "f8", "chunks": (4096,)}, ("100000000000 rows", "0 of")),
        ({"shape": (10**11,), "dtype": "f8"}, ("100000000000 rows", "bytes")),
        ({"shape": (10**11,), "dtype": "f8", "fillvalue": 1.0, "chunks": (4096,)}, ("rows",)),
        ({"shape": (ROWS,), "dtype": "f8", "chunks": (100,)}, ("pieces", "cut off")),
        ({"data": np.ones(ROWS - 1)}, ("shape", "HH4B/weight")),
        ({"data": np.ones((ROWS, 2))}, ("shape",)),
        ({"data": 1.0}, ("shape",)),
        ({"data": ["a"] * ROWS}, ("HH4B/weight",)),
        ({"data": np.ones(ROWS, "c16")}, ("complex128",)),
        ({"data": np.ones(ROWS, [("a", "f8"), ("b", "i4")])}, ("HH4B/weight",)),
        ({"data": h5py.Empty("f8")}, ("no column",)),
    ],
)
def test_another_column_in_its_place(dataset, dataset_of, words):
    edit(dataset, "HH4B/weight", **dataset_of)
    refuse(dataset, *words)


def test_rows_a_program_left_to_their_fill_value(dataset):
    edit(
        dataset, "TARGETS/h1/b1", shape=(ROWS,), dtype="i8", chunks=(100,), fillvalue=-1
    )  # fmt: skip
    assert (read_table(dataset, DATASET)["TARGETS/h1/b1"] == -1).all()


def test_links_and_groups(dataset):
    edit(dataset, "HH4B/weight")
    with h5py.File(dataset, "r+") as file:
        file["HH4B/weight"] = h5py.SoftLink("/nowhere")
    refuse(dataset, "HH4B/weight", "cannot be read", "damaged")
    edit(dataset, "HH4B/weight")
    with h5py.File(dataset, "r+") as file:
        file["HH4B/weight"] = h5py.ExternalLink("other.h5", "/x")
    refuse(dataset, "HH4B/weight")
    edit(dataset, "HH4B/weight")
    with h5py.File(dataset, "r+") as file:
        file.create_group("HH4B/weight")
    refuse(dataset, "'HH4B/weight' is no column")
    edit(dataset, "HH4B")
    with h5py.File(dataset, "r+") as file:
        file["HH4B"] = h5py.SoftLink("/nowhere")
    refuse(dataset, "HH4B", "damaged")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("INPUTS/Source/pt", 2.0**40, "expected from 0 to 100000 GeV"),
        ("INPUTS/Source/pt", -1.0, "expected from 0"),
        ("INPUTS/Source/eta", 1e9, "expected from -1000"),
        ("INPUTS/Source/mass", np.nan, "nan"),
        ("TARGETS/h1/b1", -5, "expected at least -1"),
        ("TARGETS/h1/b1", 5, "no jet there"),
        ("TARGETS/h2/b2", 127, "no jet there"),
        ("CLASSIFICATIONS/EVENT/signal", 2, "expected from 0 to 1"),
        ("HH4B/weight", np.inf, "inf"),
    ],
)
def test_values_that_cannot_be_meant(dataset, name, value, message):
    def change(values):
        values[7] = value

    edit(dataset, name, change)
    refuse(dataset, repr(name), "event 7", message)


def test_padding_may_hold_anything_and_targets_may_not_point_there(dataset):
    mask = read_table(dataset, DATASET)["INPUTS/Source/MASK"]
    row = int(np.argmin(mask[:, 4]))

    def pad(values):
        values[~mask] = -999.0

    edit(dataset, "INPUTS/Source/pt", pad)
    read_table(dataset, DATASET)

    def point(values):
        values[row] = 4

    edit(dataset, "TARGETS/h1/b1", point)
    refuse(dataset, f"4 in event {row}", "no jet there")


def test_a_flag_that_is_neither(dataset):
    edit(dataset, "INPUTS/Source/MASK", data=np.ones((ROWS, 5), bool))
    with h5py.File(dataset) as file:
        offset = file["INPUTS/Source/MASK"].id.get_offset()
    data = bytearray(dataset.read_bytes())
    data[offset + 11] = 7
    dataset.write_bytes(data)
    refuse(dataset, "neither true nor false")


def test_scores_and_pairings(tmp_path):
    path = tmp_path / "s.h5"
    kappa = {"kappa_lambda": np.ones(1)}
    write_table(path, SCORES, {**kappa, "score": np.full((4, 1), 0.5, "f4")}, MADE)
    with pytest.raises(ContractError, match="expected from 0 to 1"):
        write_table(path, SCORES, {**kappa, "score": np.full((4, 1), 1.5, "f4")}, MADE)

    def above(values):
        values[2] = 1.5

    edit(path, "score", above)
    refuse(path, "'score' is 1.5 in event 2", table=SCORES)
    write_table(tmp_path / "p.h5", PAIRING, {"jets": np.zeros((4, 2, 2), "i1")}, MADE)

    def below(values):
        values[3, 1, 0] = -5

    edit(tmp_path / "p.h5", "jets", below)
    refuse(tmp_path / "p.h5", "'jets' is -5 in event 3", table=PAIRING)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("provenance", "{"),
        ("provenance", "[" * 100000),
        ("files", '{"a": 1}'),
        ("n_generated", np.nan),
        ("n_generated", "many"),
        ("sum_weights_generated", -1.0),
    ],
)
def test_attributes(dataset, name, value):
    with h5py.File(dataset, "r+") as file:
        file.attrs[name] = value
    with pytest.raises(ContractError, match=rf"d\.h5: attribute '{name}'"):
        read_attributes(dataset)


def test_a_file_that_another_program_writes(dataset):
    hold = "import h5py,sys; f = h5py.File(sys.argv[1], 'r+'); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, dataset], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        with pytest.raises(InputFileError, match="open in another program.*FILE_LOCKING"):
            open_table(dataset)
        other.communicate(b"\n")
    assert len(read_table(dataset, DATASET)["HH4B/weight"]) == ROWS


def test_what_is_no_file(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path, "not a regular file"),
        (tmp_path / "pipe", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        (tmp_path / "none.h5", "no such file"),
    ):
        with pytest.raises(InputFileError, match=message):
            read_table(path, FEATURES)


@pytest.mark.parametrize("place", ["attribute", "column"])
def test_lists_of_any_length_are_refused(tmp_path, place):
    """HDF5 follows their length and place unseen, which a damaged text can hold."""
    path = tmp_path / "lists.h5"
    kind = h5py.vlen_dtype(np.int32)
    with h5py.File(path, "w") as file:
        file.attrs["kind"] = "text of any length is no list"
        if place == "attribute":
            values = np.empty(1, object)
            values[0] = np.array([1, 2], "i4")
            file.attrs.create("numbers", values, dtype=kind)
        else:
            file.create_dataset("numbers", (3,), dtype=kind)
    with open_table(path) as table:
        if place == "column":
            assert dict(table.attrs) == {"kind": "text of any length is no list"}
        with pytest.raises(InputFileError, match=r"cannot be read \(lists of any length\)"):
            table.attrs if place == "attribute" else table["numbers"]


def test_texts_that_do_not_follow_each_other_are_refused(dataset):
    """HDF5 would look for the next text for ever."""
    data = bytearray(dataset.read_bytes())
    heap = data.index(b"GCOL")
    whole = dict(open_table(dataset).attrs)
    assert whole["files"] == "[]"
    data[heap + 16 : heap + 32] = bytes(16)
    dataset.write_bytes(data)
    with (
        open_table(dataset) as table,
        pytest.raises(InputFileError, match="an attribute cannot be read .texts do not follow"),
    ):
        dict(table.attrs)


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])  # of the name: two versions of the message
@pytest.mark.parametrize(
    "rows", [0, 20_000]
)  # before and behind: the attribute is at an end, or not
def test_a_text_longer_than_the_file_is_refused(tmp_path, encoding, rows):
    """HDF5 would take as much memory before it reads the text."""
    path, name = tmp_path / "texts.h5", "units" if encoding == "ascii" else "größe"
    with h5py.File(path, "w") as file:
        for number in range(20):  # more than the first block of names
            file[f"before/{number}"] = np.ones(rows)
        file.attrs[name] = np.array(["GeV", "rad", "1"], h5py.string_dtype())
        file.flush()
        file["behind"] = np.ones(20 * rows)
    data = bytearray(path.read_bytes())
    place = data.index(name.encode() + b"\0")
    assert (min(place, len(data) - place) > 1 << 16) == bool(rows)
    place = data.index(struct.pack("<IQ", 3, data.index(b"GCOL")))  # length and place of a text
    data[place : place + 4] = struct.pack("<I", 2**32 - 8)
    with open_table(path) as table:
        assert table.attrs[name].tolist() == ["GeV", "rad", "1"]
    path.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (
        open_table(path) as table,
        pytest.raises(InputFileError, match="cannot be read .a text is longer than the file"),
    ):
        dict(table.attrs)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + (1 << 20)


def test_columns_of_texts_are_refused(tmp_path):
    path = tmp_path / "texts.h5"
    with h5py.File(path, "w") as file:
        file["names"] = np.array(["a", "b"], h5py.string_dtype())
    with (
        open_table(path) as table,
        pytest.raises(InputFileError, match="'names' cannot be read .texts of any length"),
    ):
        table["names"][()]
