"""Damage files of every kind that is read, for as long as wanted, and write the numbers down.

    python benchmarks/fuzz.py --seconds 600 --seed 1 --output fuzz.json

Each kind has a process of its own, so that a library that crashes is told with the file it was
about. The output says by kind how many files were tried, refused in one line, read, how many had to
be refused, and every fault: a traceback, a hang, memory, or damage that was taken (docs/data.md).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

FUZZ = Path(__file__).parents[1] / "tests" / "fuzz"
sys.path.insert(0, str(FUZZ))
from fuzz_kinds import KINDS  # noqa: E402

_START_SECONDS = 120.0


def main() -> None:
    """Run every kind and write the sums."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600.0, help="for all kinds together")
    parser.add_argument("--files", type=int, default=10**6, help="at most of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=sorted(KINDS), choices=sorted(KINDS))
    parser.add_argument("--output", type=Path, required=True)
    asked = parser.parse_args()
    found = {}
    for kind in asked.kinds:
        share = asked.seconds / len(asked.kinds)
        found[kind] = _of_kind(kind, asked.seed, asked.files, share)
        print(kind, {name: value for name, value in found[kind].items() if name != "faults"})
    names = ("files", "refused", "accepted", "had_to_be_refused")
    total = {name: sum(one.get(name, 0) for one in found.values()) for name in names}
    total["faults"] = sum(len(one["faults"]) for one in found.values())
    content = {
        "benchmark": "fuzz", "seconds": round(asked.seconds), "seed": asked.seed, "total": total,
        "kinds": found,
    }  # fmt: skip
    asked.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print("all", total)
    sys.exit(1 if total["faults"] else 0)


def _of_kind(kind: str, seed: int, files: int, seconds: float) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, str(FUZZ / "fuzz_run.py"), kind, str(seed), str(files), str(seconds),
            folder,
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False,
                timeout=_START_SECONDS + 4 * seconds,
            )  # fmt: skip
            outcome, note = f"ended with {done.returncode}", done.stderr[-500:]
        except subprocess.TimeoutExpired:
            outcome, note = "hang", "the process did not come back"
        result = Path(folder) / "outcome.json"
        if result.exists():
            return json.loads(result.read_text(encoding="utf-8"))[kind]
        current = Path(folder) / "current"
        number = current.read_text().split()[-1] if current.exists() else "none"
        fault = {"file": number, "outcome": outcome, "note": note}
        return {"files": 0, "refused": 0, "accepted": 0, "had_to_be_refused": 0, "faults": [fault]}


if __name__ == "__main__":
    main()
