"""Every command of the command line: what it writes is never what it reads."""

import inspect
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from hh4b.cli import groups, main
from hh4b.commands.guard import Written, role

#: Options whose words join several files: how many, and the first that is written.
JOINED = {"score": (3, 2), "folds": (3, 2), "varied": (1, 0), "at_energy": (2, 0)}
#: Parameters that are no files.
OTHER = {
    "settings_json", "settings", "style", "name", "changed", "worker", "cores", "sqrt_s_hat",
    "cos_theta", "kappa_lambda", "as_json", "check", "cards_only", "restart",
}  # fmt: skip


@dataclass(frozen=True)
class Command:
    """A command: its name, the parameters of its function and the options of its parser."""

    name: str
    parameters: dict
    options: dict

    @property
    def files(self):
        names = [n for n in self.parameters if not n.startswith("setting_")]
        return [name for name in names if name not in OTHER]

    @property
    def writing(self):
        return [name for name in self.files if role(self.parameters[name]) is not None]

    @property
    def reading(self):
        return [name for name in self.files if name not in self.writing or self.part(name)]

    def part(self, name):
        mark = role(self.parameters[name])
        return mark.first if isinstance(mark, Written) else None

    def word(self, name, *, read="", written=""):
        """Return a word that names a file to read, or to write, or both where it joins them."""
        if self.part(name) is not None:
            number, first = JOINED[name]
            parts = [read or "other"] * first + [written or "new"] * (number - first)
            return ("x=" if name in ("varied", "at_energy") else "") + ":".join(parts[: first + 1])
        if name == "input_":
            return f"key={read}"
        return f"a={read}:b:c" if name in ("sample", "background", "varied") else read or written

    def words(self, given):
        """Return the words of a call, with fillers where something is required."""
        words, arguments = self.name.split(), []
        for name, option in self.options.items():
            if name not in given and not option.required:
                continue
            value = given.get(name) or self.word(name, read="missing", written=f"new_{name}")
            if option.param_type_name == "argument":
                arguments.append(value)
            else:
                words += [option.opts[0], value]
        return [*words, *arguments]


def commands():
    found = []

    def visit(app, parser, prefix):
        for info in app.registered_commands:
            name = info.name or info.callback.__name__.replace("_", "-")
            options = {p.name: p for p in parser.commands[name].params}
            parameters = dict(inspect.signature(info.callback).parameters)
            found.append(Command(f"{prefix}{name}", parameters, options))
        for inner in app.registered_groups:
            visit(inner.typer_instance, parser.commands[inner.name], f"{prefix}{inner.name} ")

    visit(groups.app, typer.main.get_command(groups.app), "")
    return found


COMMANDS = {command.name: command for command in commands()}
WRITERS = [name for name, command in COMMANDS.items() if command.writing]


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(words):
        monkeypatch.setattr(sys, "argv", ["hh4b", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().err.strip()

    return run


@pytest.mark.parametrize("name", WRITERS)
def test_no_output_may_be_an_input(call, tmp_path, name):
    command = COMMANDS[name]
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


@pytest.mark.parametrize("name", [name for name in WRITERS if len(COMMANDS[name].writing) > 1])
def test_no_two_outputs_share_a_file(call, name):
    command = COMMANDS[name]
    first, second = command.writing[:2]
    given = {
        first: command.word(first, written="same.h5"),
        second: command.word(second, written="./same.h5"),
    }
    code, error = call(command.words(given))
    assert code == 1
    assert "are one file" in error


@pytest.mark.parametrize("name", WRITERS)
def test_an_output_without_a_folder_is_refused_before_any_work(call, tmp_path, monkeypatch, name):
    command = COMMANDS[name]
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


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_written_is_marked_as_such(name):
    command = COMMANDS[name]
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
