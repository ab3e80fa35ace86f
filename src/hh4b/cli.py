"""The command `hh4b`: one sub-command per stage, each usable by hand."""

import logging
import os
import sys
import threading
from pathlib import Path
from signal import SIG_DFL, SIGTERM
from signal import signal as on_signal
from types import FrameType
from typing import NoReturn

import typer

from hh4b import __version__
from hh4b.commands import (
    background,
    configure,
    events,
    groups,
    key_numbers,
    likelihood_couplings,
    likelihood_fit,
    likelihood_templates,
    likelihood_toys,
    likelihood_workspace,
    other_generators,
    pairing,
    provenance,
    publication,
    selection,
    signal,
    simulation,
    spanet,
    statistics,
)
from hh4b.core import logs
from hh4b.core.errors import Hh4bError

# Importing a module of hh4b.commands registers its commands; heavy libraries load inside them.
MODULES = (
    configure, signal, background, simulation, events, pairing, spanet, selection, statistics,
    likelihood_templates, likelihood_fit, likelihood_toys, likelihood_couplings,
    likelihood_workspace, publication, provenance, key_numbers, other_generators,
)  # fmt: skip


log = logging.getLogger(__name__)


def main() -> None:
    """Run the command line; errors end in one line and exit code 1, `--verbose` tells more."""
    on_signal(SIGTERM, _terminated)
    threading.excepthook = _ended_in_thread
    os.register_at_fork(after_in_child=lambda: on_signal(SIGTERM, SIG_DFL))
    code: str | int | None = 0
    try:
        groups.app()
    except SystemExit as leaving:
        code = leaving.code
    except Exception as error:
        log.debug("the command ended here", exc_info=True)
        sys.stderr.write(f"hh4b: {_line(error)}\n")
        code = 1
    _leave(code)


def _line(error: Exception) -> str:
    """Return one line for an error, foreseen or not."""
    if isinstance(error, Hh4bError):
        return f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError):
        return "out of memory; give the job more, or smaller inputs"
    text = " ".join(str(error).split())
    if "no locator available" in text:  # numba, with neither a cache nor temporary files
        return "no folder for compiled functions can be written; set NUMBA_CACHE_DIR to one"
    if "No usable temporary directory" in text:
        return "no folder for temporary files can be written; free space, or set TMPDIR to another"
    if isinstance(error, OSError) and error.errno:
        name = "" if error.filename is None else f"{error.filename}: "
        return f"the system refuses: {name}{os.strerror(error.errno)}"
    trace = error.__traceback__
    place = ""
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(Path(__file__).parent):
            place = f" at {path.relative_to(Path(__file__).parent)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return (
        f"unforeseen {type(error).__name__}{place}: {text}; check the inputs, and please report it"
        " with what `hh4b --verbose` and the same words print, which is the traceback"
    )


def _ended_in_thread(ended: threading.ExceptHookArgs) -> None:
    """Say in one line how a thread ended; who waits for it sees the error, too."""
    if isinstance(ended.exc_value, Exception):
        log.warning("a thread ended: %s", _line(ended.exc_value))


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End as after an error, so that what is half-written goes."""
    raise SystemExit(128 + SIGTERM)


def _leave(code: str | int | None) -> NoReturn:
    """Exit; without the clean-up of libraries where that would be the end by a signal."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # What made the command end was this, or came before it.
        if not code:
            sys.stderr.write(f"hh4b: cannot write to standard output: {error.strerror}\n")
        # Python would try once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    # For the log of a job alone: who types a command, or reads what it says, has `time`.
    if not code and logs.goes_to_a_file():
        logs.tell_cpu_time()
    hdf5 = sys.modules.get("hh4b.core.hdf5_output")
    if hdf5 is not None and hdf5.has_abandoned_files():
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)
    sys.exit(code)


def _show_version(asked: bool) -> None:
    """Print the version and end, before anything else is looked at."""
    if asked:
        typer.echo(f"hh4b {__version__}")
        raise typer.Exit


@groups.app.callback()
def _common(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log more than the milestones."),
    _version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_show_version, help="Print the version."
    ),
) -> None:
    """HH -> 4b: from generated events to an interval on kappa_lambda."""
    logs.configure(verbose=verbose)
