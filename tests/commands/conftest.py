"""All commands of the command line, and words that call them."""

import inspect
import sys
from dataclasses import dataclass

import pytest
import typer

from hh4b.cli import groups, main
from hh4b.commands.guard import Written, role

#: Options whose words join several files: how many, and the first that is written.
JOINED = {"score": (3, 2), "folds": (3, 2), "varied": (1, 0), "at_energy": (2, 0)}
#: Parameters that are no files.
OTHER = {
    "settings_json", "settings", "style", "name", "changed", "worker", "cores", "sqrt_s_hat",
    "cos_theta", "kappa_lambda", "as_json", "check", "cards_only", "restart", "chunks", "from_",
    "events", "license_", "incomplete", "workspaces", "machine",
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
        if self.name == "config new" and name in ("signal", "background"):
            return f"{'1' if name == 'signal' else 'b=1'}={read}"
        if name == "input_":
            return f"key={read}"
        return f"a={read}:b:c" if name in ("sample", "background", "varied") else read or written

    def words(self, given):
        """Return the words of a call, with fillers where something is required."""
        words, arguments = self.name.split(), []
        for name, option in self.options.items():
            if name not in given and not option.required:
                continue
            value = given.get(name) or self.word(
                name, read=f"missing_{name}", written=f"new_{name}"
            )
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


def pytest_generate_tests(metafunc):
    """Give a test that asks for a command all of them, for a writer all that write."""
    if "command" in metafunc.fixturenames:
        metafunc.parametrize("command", COMMANDS.values(), ids=COMMANDS)
    for name, number in (("writer", 1), ("double_writer", 2)):
        if name in metafunc.fixturenames:
            chosen = [c for c in COMMANDS.values() if len(c.writing) >= number]
            metafunc.parametrize(name, chosen, ids=[c.name for c in chosen])


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(words):
        monkeypatch.setattr(sys, "argv", ["hh4b", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().err.strip()

    return run
