"""Every command whose words list files: a file that counts is given once, by whatever spelling."""

import inspect
import os
from pathlib import Path
from typing import Annotated, get_args, get_origin

import pytest

from hh4b.commands.guard import Once, _counted, role
from hh4b.core.errors import ConfigError
from hh4b.core.given_once import require_once

#: Lists of names, globs and lists of files, which are read once with a word, see `expand`; the
#: study of own files looks behind the globs itself.
EXPANDED = {("ingest", "files"), ("take-partons", "files"), ("take-particles", "files")}
EXPANDED |= {("config new", "signal"), ("config new", "background")}
SPELLINGS = ("in.h5", "no/../in.h5", "hard.h5", "soft.h5", "{folder}/in.h5")


def lists(command):
    """Return the parameters whose words list files that are read, with their mark."""
    found = {}
    for name in command.reading:
        annotation = command.parameters[name].annotation
        marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
        kind = get_args(annotation)[0] if marks else annotation
        once = next((mark for mark in marks if isinstance(mark, Once)), None)
        expanded = (command.name, name) in EXPANDED or kind not in (list[str], list[Path])
        if not expanded and (role(command.parameters[name]) is None or once is not None):
            found[name] = (kind, once)
    return found


def test_lists_of_files_say_what_counts(command):
    for name, (kind, once) in lists(command).items():
        assert kind == list[Path] or once is not None, name


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in.h5").write_text("precious")
    os.link(tmp_path / "in.h5", tmp_path / "hard.h5")
    (tmp_path / "soft.h5").symlink_to("in.h5")
    return tmp_path


def test_a_file_is_given_once(call, folder, command):
    for name, (_, once) in lists(command).items():
        spellings = [word.format(folder=folder) for word in SPELLINGS]
        for again in spellings:
            words = []
            for file in ("in.h5", again):
                if once is not None and once.part:
                    words.append(f"other_{len(words)}:{file}:new_{len(words)}")
                else:
                    words.append(command.word(name, read=file))
            option = command.options[name]
            given = command.words({})
            if option.param_type_name == "argument":
                start = len(command.name.split())
                given[start:start] = words
            else:
                for word in words:
                    given += [option.opts[0], word]
            code, error = call(given)
            assert code == 1, (given, error)
            assert "hh4b: ConfigError: " in error
            both = "in.h5 is given twice" if again == "in.h5" else f"in.h5 and {again} are the same"
            assert both in error, (given, error)
            assert "which would count twice; leave one out" in error
    assert sorted(path.name for path in folder.iterdir()) == ["hard.h5", "in.h5", "soft.h5"]


@pytest.mark.parametrize("name", ["dnn train", "working-point"])
def test_a_file_is_signal_or_background(call, folder, name):
    words = [*name.split(), "--signal", "in.h5:a", "--background", "qcd=soft.h5:b", "-o", "out"]
    assert "in.h5 and soft.h5 are the same file, which would count twice" in call(words)[1]


def test_other_files_of_a_word_may_be_shared(call, folder):
    words = ["likelihood", "templates", "-o", "new"]
    for name in ("a", "b"):
        words += ["--sample", f"{name}={name}.h5:in.h5:in.h5"]
    assert "same file" not in call(words)[1]
    assert "twice" not in call(words)[1]


def test_a_file_may_stand_under_two_keys(call, folder):
    words = ["figure", "roc", "-o", "new", "--input", "a=in.h5", "--input", "b=in.h5"]
    assert "twice" not in call(words)[1]
    assert "in.h5 is given twice" in call([*words, "--input", "b=in.h5"])[1]


def test_training_and_validation_are_two_files(call, folder):
    words = ["spanet", "train", "--options", "o", "--event", "e", "-o", "new"]
    error = call([*words, "--train", "in.h5", "--validation", "soft.h5"])[1]
    assert "are the same file, whose events would train and validate" in error


def test_a_name_with_an_equals_sign_is_a_name(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for name in ("a=1", "b=1"):
        Path(name).mkdir()
        Path(name, "x.h5").touch()
    parameter = inspect.Parameter(
        "signal", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[list[str], Once("events")]
    )
    found = _counted({"signal": parameter}, {"signal": ["a=1/x.h5:y", "b=1/x.h5:y"]})
    assert found == {("events", ""): ["a=1/x.h5", "b=1/x.h5"]}
    for files in found.values():
        require_once(files)
    with pytest.raises(ConfigError, match="given twice"):
        require_once(["a=1/x.h5"] * 2)
