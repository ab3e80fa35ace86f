"""One process that runs commands whose disk is full, and writes down what became of each.

    python full_disk_runs.py COMMANDS.json OUTCOMES.json

Each command is a fork: libraries are loaded once. No file may grow in it, which is how the
system calls a full disk for those who are allowed everything.
"""

import importlib
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path

_SECONDS = 200.0
#: What commands load, as far as it takes long.
_HEAVY = (
    "torch", "numba", "h5py", "uproot", "pyhf", "sklearn", "matplotlib.pyplot", "mplhep", "optuna",
    "hh4b.spanet.training_stage", "hh4b.likelihood.category_stage",
    "hh4b.simulation.simulate_stage", "hh4b.publication.outputs_stage",
    "hh4b.selection.dnn_stage", "hh4b.events.ingest_stage",
)  # fmt: skip


def child(words, sink):
    """Run a command; what it says goes to a pipe, since no file may grow."""
    from hh4b.cli import main

    os.setpgid(0, 0)
    os.dup2(sink, 2)
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.argv = ["hh4b", *words]
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException as error:  # the test says what it was
        os.write(2, f"Traceback of {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def run(words):
    """Return exit code, text and seconds of a command."""
    source, sink = os.pipe()
    start = time.monotonic()
    process = os.fork()
    if process == 0:
        os.close(source)
        child(words, sink)
    os.close(sink)
    text = b""
    while True:
        left = start + _SECONDS - time.monotonic()
        if left <= 0:
            os.kill(process, signal.SIGKILL)
            text += b"Traceback: it takes too long"
            break
        if select.select([source], [], [], left)[0]:
            part = os.read(source, 65536)
            if not part:
                break
            text += part
    _, status = os.waitpid(process, 0)
    os.close(source)
    code = os.waitstatus_to_exitcode(status)
    return code, text.decode(errors="replace"), time.monotonic() - start


def files(folder):
    """Return what every file of a folder is like, so that a change is seen."""
    found = {}
    for path in Path(folder).rglob("*"):
        state = path.lstat()
        found[str(path)] = None if path.is_dir() else (state.st_size, state.st_mtime_ns)
    return found


def outcomes(commands):
    """Run all commands, each with what it changed in the current folder."""
    for name in _HEAVY:
        importlib.import_module(name)
    found = {}
    for name, words in commands.items():
        before = files(".")
        code, text, seconds = run(words)
        after = files(".")
        changed = sorted(path for path in before | after if before.get(path) != after.get(path))
        # Folders for outputs may stay.
        changed = [path for path in changed if after.get(path, ()) is not None]
        found[name] = {"code": code, "text": text, "seconds": seconds, "changed": changed}
    return found


if __name__ == "__main__":
    COMMANDS = json.loads(Path(sys.argv[1]).read_text())
    Path(sys.argv[2]).write_text(json.dumps(outcomes(COMMANDS), indent=1))
