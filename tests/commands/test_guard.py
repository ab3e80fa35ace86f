"""Every command of the command line: what it writes is never what it reads."""

import os
from pathlib import Path


def test_no_output_may_be_an_input(call, tmp_path, writer):
    command = writer
    source = tmp_path / "in.put"
    source.write_text("precious")
    os.link(source, tmp_path / "hard.put")
    (tmp_path / "soft.put").symlink_to("in.put")
    spellings = ["in.put", "./no/../in.put", "hard.put", "soft.put", str(source)]
    pairs = [(r, w) for r in command.reading for w in command.writing]
    for number, (reading, writing) in enumerate(pairs):
        spelling = spellings[number % len(spellings)]
        if reading == writing:
            given = {writing: command.word(writing, read="in.put", written=spelling)}
        else:
            given = {
                reading: command.word(reading, read="in.put"),
                writing: command.word(writing, written=spelling),
            }
        code, error = call(command.words(given))
        assert code == 1, (given, error)
        assert error.startswith("hh4b: ConfigError: the output "), (given, error)
        assert "is an input" in error
        assert "\n" not in error
    assert source.read_text() == "precious"


def test_no_two_outputs_share_a_file(call, double_writer):
    command = double_writer
    first, second = command.writing[:2]
    given = {
        first: command.word(first, written="same.h5"),
        second: command.word(second, written="./same.h5"),
    }
    code, error = call(command.words(given))
    assert code == 1
    assert "are one file" in error


def test_an_output_without_a_folder_is_refused_before_any_work(call, tmp_path, monkeypatch, writer):
    command = writer
    (tmp_path / "file").write_text("x")
    for writing in command.writing:
        given = {writing: command.word(writing, written="file/out")}
        code, error = call(command.words(given))
        assert code == 1, error
        assert "cannot write file/out: " in error
        assert "file is no folder" in error
    monkeypatch.setattr(os, "access", lambda *_: False)  # as on a disk that is read-only
    for writing in command.writing:
        code, error = call(command.words({writing: command.word(writing, written="new/out")}))
        assert code == 1, error
        assert "may not be written; choose another place" in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_what_is_written_is_marked_as_such(command):
    for parameter in command.files:
        text = (getattr(command.options[parameter], "help", "") or "").lower()
        if "to write" in text or "folder for" in text or "shared by the workers" in text:
            assert parameter in command.writing, parameter


def test_settings_name_files_too(call, tmp_path):
    (tmp_path / "mine.py").write_text("def pair(): ...")
    words = ["pair", "run", "missing.h5", "-o", "mine.py", "--method", "mine.py:pair"]
    assert "is an input" in call(words)[1]
    settings = '{"method": "mine.py:pair"}'
    words = ["pair", "run", "missing.h5", "-o", "mine.py", "--settings", settings]
    assert "is an input" in call(words)[1]


def test_checkpoints_of_a_folder_are_inputs(call, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.pt").write_text("weights")
    words = ["spanet", "predict", "model", "missing.h5", "-o", "model/model.pt"]
    assert "is an input" in call(words)[1]


def test_lists_and_globs_name_files_too(call, tmp_path):
    (tmp_path / "a.root").write_text("events")
    (tmp_path / "list").write_text("a.root\n")
    for words in (["@list", "-o", "list"], ["a*.root", "-o", "a.root"], ["@list", "-o", "a.root"]):
        assert "is an input" in call(["ingest", *words, "--background"])[1]
    assert Path("a.root").read_text() == "events"
