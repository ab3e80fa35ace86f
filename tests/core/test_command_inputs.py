"""Inputs of commands that run in one process do not mix."""

import asyncio
import json
import threading

import pytest

from hh4b.core.command_inputs import command_inputs
from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, made_from, write_json
from hh4b.core.output_paths import atomic_path, protected_inputs


def write_in(folder, meet):
    """Write a file as a command does, the other command between its steps."""
    source = folder / "in.txt"
    source.write_text("x")
    with protected_inputs([source]), made_from([source], folder / "out.json"):
        meet()
        write_json(folder / "out.json", {}, Provenance("stage", {}))
        meet()


def inputs_of(path):
    return json.loads(path.read_text())["provenance"].get("inputs")


@pytest.fixture
def folders(tmp_path):
    made = [tmp_path / "one/deep", tmp_path / "two/deep"]
    for folder in made:
        folder.mkdir(parents=True)
    return made


def test_two_threads(folders):
    meet = threading.Barrier(2, timeout=20).wait
    threads = [threading.Thread(target=write_in, args=(folder, meet)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [inputs_of(folder / "out.json") for folder in folders] == [["in.txt"], ["in.txt"]]


def test_two_cells_of_a_notebook(folders):
    async def cell(folder):
        source = folder / "in.txt"
        source.write_text("x")
        with protected_inputs([source]), made_from([source], folder / "out.json"):
            await asyncio.sleep(0.01)
            write_json(folder / "out.json", {}, Provenance("stage", {}))
            await asyncio.sleep(0.01)
            with pytest.raises(ConfigError, match="is an input"), atomic_path(source):
                pass

    async def both():
        await asyncio.gather(*map(cell, folders))

    asyncio.run(both())
    assert [inputs_of(folder / "out.json") for folder in folders] == [["in.txt"], ["in.txt"]]


def test_nothing_is_left_after_a_command(folders):
    with pytest.raises(ZeroDivisionError):
        write_in(folders[0], lambda: 1 / 0)
    assert command_inputs().names == ()
    assert command_inputs().protected == {}


def test_commands_inside_commands_add_to_what_is_protected(folders):
    first, second = (folder / "in.txt" for folder in folders)
    for path in (first, second):
        path.write_text("x")
    with protected_inputs([first]):
        with protected_inputs([second]):
            for path in (first, second):
                with pytest.raises(ConfigError, match="is an input"), atomic_path(path):
                    pass
        with atomic_path(second) as temporary:
            temporary.write_text("y")
    assert (first.read_text(), second.read_text()) == ("x", "y")
