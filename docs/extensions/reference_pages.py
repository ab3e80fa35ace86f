"""Pages made of the code when the site is built: configuration, commands, library.

They are written to `docs/reference/`, which is not under version control.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

import hh4b.cli  # its import registers the commands
from hh4b.commands.groups import app as command_line
from hh4b.study.documentation import markdown

#: Rooms of the library, in the order in which they may use each other.
ROOMS = {
    "core": "errors, files, seeds, kinematics",
    "generation": "partons: amplitudes, phase space, Les Houches files",
    "detector": "particles to jets and tags",
    "simulation": "shower and detector",
    "events": "files of events to datasets",
    "training": "trials, searches, repeats, folds",
    "pairing": "jets to Higgs candidates",
    "spanet": "the network SPANet2",
    "selection": "features, classifiers, working points",
    "statistics": "templates, workspaces, limits",
    "likelihood": "the likelihood in kappa_lambda",
    "api": "what `import hh4b` offers a notebook",
    "study": "what a study is: the configuration and its checks",
    "publication": "tables, figures, the page",
}


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "reference"))
    app.connect("autodoc-process-docstring", _without_substitutions)
    app.connect("source-read", _links_of_the_site)
    app.connect("env-updated", _pages_of_archives)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _without_substitutions(
    _app: Any, _what: str, _name: str, _of: Any, _options: Any, lines: list[str]
) -> None:
    """Keep the bars of an absolute value from being read as a substitution."""
    for number, line in enumerate(lines):
        parts = line.split("`")
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        lines[number] = "`".join(parts)


def _links_of_the_site(_app: Any, _name: str, source: list[str]) -> None:
    """In the repository the reference of the configuration lies beside it, on the site with us."""
    source[0] = source[0].replace("](../config/README.md", "](reference/configuration.md")


def _pages_of_archives(_app: Any, environment: Any) -> None:
    """What `hh4b archive` wrote is found from the first page of the archive, in no menu."""
    for name in environment.found_docs:
        folder = Path(environment.srcdir, name).parent
        if any((place / "provenance.json").is_file() for place in (folder, folder.parent)):
            environment.metadata[name]["orphan"] = True


def write_pages(folder: Path) -> None:
    """Write all pages; one that is as it was keeps its time, so that it is not read again."""
    pages = {
        "configuration.md": markdown(),
        "commands.md": commands(),
        **{f"library/{room}.md": library(room) for room in ROOMS},
    }
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def commands() -> str:
    """Return the reference of the command line: what `--help` says of every command."""
    parts = [
        "# Commands",
        "What `hh4b COMMAND --help` says, of every command. Rules of the workflow call these"
        " commands; the line in the log of a job can be typed again by hand.",
    ]
    for words in walk(typer.main.get_command(command_line)):
        parts += [f"## hh4b {' '.join(words)}", f"```text\n{help_of(words)}\n```"]
    return "\n\n".join(parts) + "\n"


def walk(command: Any) -> Iterator[list[str]]:
    """Yield the words of every command that can be called below ``command``."""
    for name, inner in getattr(command, "commands", {}).items():
        if hasattr(inner, "commands"):
            yield from ([name, *words] for words in walk(inner))
        elif not inner.hidden:
            yield [name]


def help_of(words: list[str]) -> str:
    """Return the help of a command, as on a terminal of 88 columns without colours."""
    environment = {"COLUMNS": "88", "TERMINAL_WIDTH": "88", "NO_COLOR": "1"}
    shown = CliRunner(env=environment).invoke(command_line, [*words, "--help"], prog_name="hh4b")
    if shown.exit_code:
        raise RuntimeError(f"hh4b {' '.join(words)} --help ends with {shown.exit_code}")
    return shown.output.strip()


def modules(room: str) -> list[str]:
    """Return the public modules of a room, its folders included."""
    package = import_module(f"{hh4b.__name__}.{room}")
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    names = [package.__name__, *(info.name for info in found)]
    return [name for name in names if not any(part.startswith("_") for part in name.split("."))]


def library(room: str) -> str:
    """Return the page of a room: each module with the docstrings of what is public in it."""
    parts = [f"# hh4b.{room}", f"{ROOMS[room].capitalize()}."]
    for name in modules(room):
        parts += [f"## {name}", f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```"]
    return "\n\n".join(parts) + "\n"
