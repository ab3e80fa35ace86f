"""Every command, given files that nobody can use: one line, and nothing left."""

import h5py
import pytest


def small_hdf5(folder):
    with h5py.File(folder / "small", "w") as file:
        file["x"] = 1
    content = (folder / "small").read_bytes()
    (folder / "small").unlink()
    return content


def contents(folder):
    """Return what the files hold, by kind; None = a folder."""
    table = small_hdf5(folder)
    return {
        "empty": b"",
        "latin": b"# M\xfcller\nname: M\xfcller\n",
        "no_text": b"\0" * 100,
        "cut_json": b'{"a": 1, "b',
        "list": b"[1]",
        "nothing": b"{}",
        "yaml": b"a: [1\n",
        "table": table,
        "cut_table": table[:500],
        "tree": b"root\x00\x00\xf5\x9c",
        "gzip": b"\x1f\x8b\x08\x00abc",
        "zip": b"PK\x03\x04abc",
        "folder": None,
    }


@pytest.mark.timeout(600)
def test_files_that_nobody_can_use(call, tmp_path, command):
    made = contents(tmp_path)
    for kind, content in made.items():
        given = {}
        for name in command.reading:
            # A file of its own for each: no file may be signal and background.
            place = tmp_path / f"{kind}_of_{name}"
            if content is None:
                place.mkdir()
            else:
                place.write_bytes(content)
            word = command.word(name, read=place.name)
            given[name] = word.replace(":b:c", f":{place.name}:{place.name}")
        if not given:
            return
        code, error = call(command.words(given))
        assert code in (1, 2), (kind, error)
        assert "unforeseen" not in error, (kind, error)
        assert "the system refuses" not in error, (kind, error)
        assert "Traceback" not in error, (kind, error)
        if code == 1:
            own = [line for line in error.splitlines() if line.startswith("hh4b: ")]
            assert len(own) == 1, (kind, error)
            # Of a configuration all is said that is wrong, each thing in a line behind the first.
            behind = error.splitlines()[error.splitlines().index(own[0]) + 1 :]
            assert bool(behind) == own[0].endswith(":"), (kind, error)
            assert all(line.startswith("  ") for line in behind), (kind, error)
    left = sorted(
        path.name for path in tmp_path.rglob("*") if path.name.partition("_of_")[0] not in made
    )
    assert left == []
