"""Which files a sample is made of: each once, and no others."""

import logging
import shutil

import pytest
from typer.testing import CliRunner

import hh4b.cli  # noqa: F401 (registers the commands)
from hh4b.commands.groups import app
from hh4b.core.contracts import read_attributes
from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.events.sources import (
    chunk_files,
    chunk_name,
    expand,
    local_sources,
    require_local_sources,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.root").touch()
    (tmp_path / "link.root").symlink_to("a.root")
    (tmp_path / "hard.root").hardlink_to("a.root")
    (tmp_path / "b.root").touch()
    return tmp_path


@pytest.mark.parametrize("again", ["./a.root", "link.root", "hard.root", "{folder}/a.root", "l*"])
def test_a_file_of_two_names_is_read_once_and_said(folder, caplog, again):
    again = again.replace("{folder}", str(folder))
    with caplog.at_level(logging.WARNING):
        assert expand(["a.root", again, "b.root"]) == ["a.root", "b.root"]
    assert "are the same file: it is read once" in caplog.text


def test_overlapping_globs_are_read_once(folder):
    assert expand(["[ab].root", "*.root", f"{folder}/../{folder.name}/*.root"]) == [
        "a.root",
        "b.root",
    ]


def test_chunks_are_counted_and_not_found(folder):
    assert chunk_files("e/{chunk}.root", 3) == ["e/0000.root", "e/0001.root", "e/0002.root"]
    assert chunk_name(12345) == "12345"
    with pytest.raises(InputFileError, match="--chunks needs a name with {chunk}"):
        chunk_files("e/*.root", 3)


def test_local_files_are_there_and_addresses_are_not_listed(folder):
    assert require_local_sources(["root://host/*.root", "b.root"]) == ["b.root"]
    with pytest.raises(InputFileError, match=r"c\.root, d\.root: there is no such file"):
        require_local_sources(["c.root", "a.root", "d.root"])


def test_jobs_wait_for_what_is_named(folder):
    (folder / "list").write_text("b.root\nc.root\nhttps://host/d.root\n")
    named = ["@list", "@gone", "x*.root", "a.root", "root://host/*.root"]
    assert local_sources(named) == ["list", "b.root", "c.root", "gone", "a.root"]


def ingest(*arguments):
    words = ["ingest", "-o", "out.h5", "--kappa-lambda", "1", *map(str, arguments)]
    return CliRunner().invoke(app, words).exception


def test_old_chunks_are_not_ingested(slice_file, folder):
    for number in range(3):
        shutil.copy(slice_file, folder / f"{number:04d}.root")
    assert ingest("{chunk}.root", "--chunks", 2) is None
    assert read_attributes("out.h5")["n_generated"] == 2 * 58


def test_commands_refuse_what_the_configuration_refuses(slice_file, folder):
    few = ingest(slice_file, "--min-tags", 2)
    assert isinstance(few, ConfigError)
    assert "--min-tags 2: expected 4 or more" in str(few)
    none = ingest(slice_file, "--pt-min-gev", 4000)
    assert isinstance(none, ContractError)
    assert "none of 58 events has 4 tagged jets above 4000 GeV" in str(none)
    far = ingest(slice_file, "--kappa-lambda", 1000)
    assert isinstance(far, ConfigError)
    assert not (folder / "out.h5").exists()
