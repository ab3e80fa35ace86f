"""However a command ends: one line, no traceback, nothing half-written."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from hh4b import cli
from hh4b.commands import groups
from hh4b.commands.guard import guarded

COMMAND = [sys.executable, "-c", "from hh4b.cli import main; main()"]


@pytest.fixture
def end(monkeypatch, capsys):
    """Return exit code and standard error of a command that raises."""

    def run(error, *flags):
        def command():
            raise error

        monkeypatch.setattr(sys, "argv", ["hh4b", *flags, "config", "schema"])
        info = next(i for i in groups.config.registered_commands if i.name == "schema")
        monkeypatch.setattr(info, "callback", command)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError("mass"), "unforeseen KeyError at cli.py:N: 'mass'; check the inputs"),
        (
            ValueError("two\nlines"),
            "unforeseen ValueError at cli.py:N: two lines; check",
        ),
        (OSError(28, "No space", "a.h5"), "the system refuses: a.h5: No space left on device"),
        (
            RuntimeError("cannot cache function 'f': no locator available for file 'g'"),
            "no folder for compiled functions can be written; set NUMBA_CACHE_DIR to one",
        ),
        (
            FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"),
            "no folder for temporary files can be written; free space, or set TMPDIR to another",
        ),
        (MemoryError(), "out of memory; give the job more, or smaller inputs"),
        (RecursionError("deep"), "unforeseen RecursionError at cli.py:N: deep; check"),
    ],
)
def test_what_nobody_foresaw_ends_in_one_line(end, error, text):
    code, said = end(error)
    assert code == 1
    assert re.sub(r":\d+:", ":N:", said).startswith(f"hh4b: {text}")
    assert said.count("\n") == 1


def test_the_line_says_where_the_traceback_can_be_had(end, caplog):
    assert "`hh4b --verbose`" in end(KeyError("mass"))[1]
    assert "Traceback" not in caplog.text
    with caplog.at_level("DEBUG"):
        end(KeyError("mass"), "--verbose")
    assert "Traceback" in caplog.text


def test_the_line_names_the_place_in_the_package(end):
    with pytest.raises(TypeError) as raised:
        guarded(None)
    assert "at commands/guard.py:" in end(raised.value)[1]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words",
    ["config schema", "form-factors --sqrt-s-hat 400 --cos-theta 0.3", "--version", "pair --help"],
)
def test_a_full_disk_behind_standard_output(tmp_path, words, unbuffered):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*COMMAND, *words.split()], check=False, stdout=full, stderr=subprocess.PIPE, text=True,
            cwd=tmp_path, env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_reader_that_goes_away_is_no_traceback(tmp_path):
    words = f"{sys.executable} -c 'from hh4b.cli import main; main()' config schema | head -1"
    done = subprocess.run(
        words, shell=True, check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr


def test_the_log_of_a_job_that_ends_well_has_its_cpu_time(tmp_path):
    def logged(*words):
        with (tmp_path / "log").open("w") as log:
            subprocess.run(
                [*COMMAND, *words], check=False, stdout=subprocess.DEVNULL, stderr=log,
                cwd=tmp_path,
            )  # fmt: skip
        return (tmp_path / "log").read_text()

    line = r"\d\d:\d\d:\d\d INFO CPU time: \d+\.\d\d s\n"
    assert re.fullmatch(line, logged("config", "schema"))
    assert logged("--version") == ""
    assert "CPU time" not in logged("config", "check", "none.yaml")


def test_who_reads_what_a_command_says_is_not_told_its_cpu_time(tmp_path):
    words = [*COMMAND, "config", "schema"]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr == ""
    closed = (
        f"{sys.executable} -c 'from hh4b.cli import main; main()' config schema 2>&- >/dev/null"
    )
    assert subprocess.run(closed, shell=True, check=False, cwd=tmp_path).returncode == 0


def test_a_terminated_command_leaves_nothing(tmp_path):
    code = (
        "import signal, sys, time\n"
        "from hh4b import cli\n"
        "from hh4b.core.output_paths import atomic_path\n"
        "def slow():\n"
        "    with atomic_path(sys.argv[-1]) as path:\n"
        "        path.write_text('half')\n"
        "        time.sleep(60)\n"
        "cli.groups.app = slow\n"
        "cli.main()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "out")]) as process:
        while not any(path.stat().st_size for path in tmp_path.iterdir()):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_limit_of_file_sizes_ends_every_kind_of_writer(tmp_path, lhe_path):
    """The first steps of the chain, as files of text, trees and tables."""
    steps = [
        ("generate", "hh", "--kappa-lambda", "1", "--events", "3", "-o", "p.lhe.gz"),
        ("parton-histograms", str(lhe_path), "-o", "h.json"),
        ("parton-weights", str(lhe_path), "-o", "w.h5", "--settings", "{}"),
    ]
    for words in steps:
        limited = ["bash", "-c", 'ulimit -f 0; exec "$@" 2>&1 | cat', "bash", *COMMAND, *words]
        done = subprocess.run(limited, check=False, capture_output=True, text=True, cwd=tmp_path)
        assert "Traceback" not in done.stdout, done.stdout
        assert done.stdout.strip().splitlines()[-1].startswith("hh4b: "), done.stdout
        assert list(tmp_path.iterdir()) == []
