"""The commands of the command line, and words that call them."""

import inspect
from dataclasses import dataclass

import typer

from hh4b.cli import groups
from hh4b.commands.guard import Changed, Written, role

#: Options whose words join several files: how many, and from which on they are written.
JOINED = {"score": (3, 2), "folds": (3, 2), "varied": (1, 0), "at_energy": (2, 0)}
#: Commands whose `varied` is read.
READ_VARIED = ("templates", "likelihood templates")


@dataclass(frozen=True)
class Command:
    name: str
    parameters: dict  # of the callback, by name
    options: dict  # of the parser, by name

    @property
    def reading(self):
        """Parameters that name files to read."""
        return [n for n in self.files if role(self.parameters[n]) is None or self._part(n)]

    @property
    def writing(self):
        return [n for n in self.files if role(self.parameters[n]) is not None]

    @property
    def files(self):
        """Parameters that name files: all but settings, numbers, names and texts."""
        other = {
            "settings_json", "settings", "style", "name", "changed", "worker", "cores",
            "sqrt_s_hat", "cos_theta", "kappa_lambda",
        }  # fmt: skip
        return [
            n
            for n, p in self.parameters.items()
            if n not in other
            and not n.startswith("setting_")
            and p.annotation is not bool
            and "bool" not in str(p.annotation).split("typer")[0]
            and "int" not in str(p.annotation).split("typer")[0].replace("hint", "")
        ]

    def _part(self, name):
        mark = role(self.parameters[name])
        return isinstance(mark, Written) and bool(mark.first)

    def value(self, name, file, *, writes):
        """Return the word that gives a file to a parameter, to be read or written."""
        mark = role(self.parameters[name])
        if isinstance(mark, Written) and mark.first is not None:
            number, first = JOINED[name]
            place = first if writes else 0
            parts = [str(file) if n == place else f"other{n}" for n in range(number)]
            return ("x=" if name in ("varied", "at_energy") else "") + ":".join(parts)
        if name == "input_":
            return f"key={file}"
        if name in ("sample", "varied", "background"):
            return f"a={file}:b:c"
        return str(file)

    def words(self, given):
        """Return the words of a call: what is given, and fillers where something is required."""
        words, arguments = [], []
        for name, option in self.options.items():
            if name not in given and not option.required:
                continue
            value = given.get(name)
            if value is None:
                value = self.value(name, f"filler_{name}", writes=True)
            if option.param_type_name == "argument":
                arguments.append(value)
            else:
                words += [option.opts[0], value]
        return [*self.name.split(), *words, *arguments]


def commands():
    found = []

    def visit(app, click_group, prefix):
        functions = {
            info.name or info.callback.__name__.replace("_", "-"): info.callback
            for info in app.registered_commands
        }
        for name, function in functions.items():
            options = {p.name: p for p in click_group.commands[name].params}
            parameters = dict(inspect.signature(function).parameters)
            found.append(Command(f"{prefix}{name}", parameters, options))
        for inner in app.registered_groups:
            visit(inner.typer_instance, click_group.commands[inner.name], f"{prefix}{inner.name} ")

    visit(groups.app, typer.main.get_command(groups.app), "")
    return found


__all__ = ["JOINED", "READ_VARIED", "Changed", "Command", "Written", "commands"]
