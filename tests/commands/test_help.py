"""What a user sees of the command line before any work."""

import shlex
import subprocess
import sys

import pytest
import typer

import hh4b
from hh4b.cli import groups, main
from hh4b.commands.examples import EXAMPLES, STAGES


def shown(capsys, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["hh4b", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    return capsys.readouterr().out


def leaves(parser, prefix=""):
    for name, one in parser.commands.items():
        if hasattr(one, "commands"):
            yield from leaves(one, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", one


def test_version(capsys, monkeypatch):
    assert shown(capsys, monkeypatch, "--version") == f"hh4b {hh4b.__version__}\n"


def test_every_command_stands_in_one_stage():
    parser = typer.main.get_command(groups.app)
    placed = [name for names in STAGES.values() for name in names]
    assert sorted(placed) == sorted(parser.commands)


def test_help_is_by_stage_in_the_order_of_the_data(capsys, monkeypatch):
    lines = shown(capsys, monkeypatch, "--help").splitlines()
    heads = [line.removesuffix(":") for line in lines if line.removesuffix(":") in STAGES]
    assert heads == list(STAGES)
    first = {line.split()[0]: number for number, line in enumerate(lines) if line.startswith("  ")}
    placed = [name for names in STAGES.values() for name in names]
    assert sorted(placed, key=first.__getitem__) == placed


def test_every_command_has_an_example_that_it_reads(command, monkeypatch, tmp_path):
    """The words of the example are read; the command itself is not run."""
    parser, seen = typer.main.get_command(groups.app), []
    leaf = dict(leaves(parser))[command.name]
    monkeypatch.setattr(leaf, "callback", lambda **values: seen.append(values))
    monkeypatch.chdir(tmp_path)
    assert command.name in EXAMPLES, "add an example to hh4b.commands.examples"
    words = [*command.name.split(), *shlex.split(EXAMPLES[command.name])]
    parser.main(words, prog_name="hh4b", standalone_mode=False)
    assert len(seen) == 1


def test_examples_are_of_commands():
    assert set(EXAMPLES) == dict(leaves(typer.main.get_command(groups.app))).keys()


def test_help_shows_the_example(capsys, monkeypatch):
    text = shown(capsys, monkeypatch, "pair", "min-dr", "--help")
    assert text.endswith("Example:\n  hh4b pair min-dr results/datasets/hh_kl1.h5 -o pairing.h5\n")


def test_the_shell_completes_names(monkeypatch):
    """As `hh4b --install-completion` sets it up for bash."""
    code = "import sys; from hh4b.cli import main; sys.argv = ['hh4b']; main()"
    words = {"_HH4B_COMPLETE": "complete_bash", "COMP_WORDS": "hh4b lumi", "COMP_CWORD": "1"}
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["luminosity-scan"], done.stderr
