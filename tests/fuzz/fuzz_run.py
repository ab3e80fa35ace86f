"""One process that reads damaged files and writes down what became of each.

    python fuzz_run.py KIND,KIND SEED FILES SECONDS FOLDER

Seeds are made in FOLDER, where ``outcome.json`` says the numbers and ``current`` the file in work.
"""

import json
import resource
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

import numpy as np

_SECONDS_MAX = 20.0
_MORE_MIB_MAX = 1500.0
_LINE_MAX = 2000


class Hang(BaseException):
    """A reader that takes too long."""


def _stop(*_):
    raise Hang


def _peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def judge(read, path, errors, refuse):
    """Return (outcome, note) of one file."""
    before = _peak_mib()
    signal.setitimer(signal.ITIMER_PROF, _SECONDS_MAX)
    try:
        read(path)
        outcome, note = ("unseen", "") if refuse else ("accepted", "")
    except errors as error:
        text = str(error)
        outcome, note = "refused", text
        if len(text) > _LINE_MAX or not text:
            outcome = "message"
    except Hang:
        outcome, note = "hang", f"more than {_SECONDS_MAX} s"
    except MemoryError as error:
        outcome, note = "memory", str(error)
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "/hh4b/" in frame.filename] or frames
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
        outcome, note = "traceback", f"{type(error).__name__} at {place}: {str(error)[:150]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if _peak_mib() - before > _MORE_MIB_MAX:
        outcome, note = "memory", f"{_peak_mib() - before:.0f} MiB more"
    return outcome, note


def run(kinds, seed, files, seconds, folder):
    """Damage and read files of each kind; write the numbers by outcome, and the faults."""
    import fuzz_kinds

    from hh4b.core.errors import Hh4bError

    warnings.simplefilter("ignore")
    chosen = {kind: fuzz_kinds.KINDS[kind](folder) for kind in kinds}
    _, limit = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + (6 << 30), limit))
    signal.signal(signal.SIGPROF, _stop)
    for one in chosen.values():  # what is whole is read, and what is compiled on first use, is
        path = folder / f"case{one.suffix}"
        path.write_bytes(one.good)
        one.read(path)
    found: dict[str, dict] = {}
    last = time.monotonic() + seconds
    for kind, one in chosen.items():
        # What one kind does not need, the others have.
        share = (last - time.monotonic()) / (len(chosen) - len(found))
        found[kind] = _of_kind(kind, one, (seed, files, share), folder, Hh4bError)
        (folder / "outcome.json").write_text(json.dumps(found, indent=1))


def _of_kind(kind, one, share, folder, errors):
    seed, files, seconds = share
    counts = {"files": 0, "refused": 0, "accepted": 0, "had_to_be_refused": 0}
    faults = []
    end = time.monotonic() + seconds
    start = time.monotonic()
    while counts["files"] < files and time.monotonic() < end:
        number = counts["files"]
        # The digits of the name, as the built-in hash differs from process to process.
        rng = np.random.default_rng([seed, *kind.encode(), number])
        path = folder / f"case{one.suffix}"
        (folder / "current").write_text(f"{kind} {number}")
        refuse = one.damage(rng, path)
        outcome, note = judge(one.read, path, errors, refuse)
        counts[outcome] = counts.get(outcome, 0) + 1
        counts["had_to_be_refused"] += int(refuse)
        counts["files"] += 1
        if outcome not in ("refused", "accepted"):
            faults.append({"file": number, "outcome": outcome, "note": note})
    return {**counts, "seconds": round(time.monotonic() - start, 1), "faults": faults}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    run(
        sys.argv[1].split(","),
        int(sys.argv[2]),
        int(sys.argv[3]),
        float(sys.argv[4]),
        Path(sys.argv[5]),
    )
