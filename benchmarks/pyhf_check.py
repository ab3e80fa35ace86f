"""Whether stock pyhf finds in the exported workspaces what the limits say.

    python benchmarks/pyhf_check.py results [--sample N] [--seed S]

Every measurement of every workspace is fitted as `pyhf cls --measurement NAME FILE` does, with the
NumPy backend and the default optimizer. On background-only Asimov data the observed CLs has to be
the expected median. A workspace whose background depends on the hypothesis holds the observation of
kappa_lambda = 1 only: its other measurements are counted, not checked
(`hh4b workspace -o 'NAME_{kappa_lambda}.json'` writes a file with an observation for each).
Ends with 1 if a number is not finite, or a difference larger than the tolerance.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyhf

from hh4b.core.errors import ConfigError
from hh4b.core.logs import progress
from hh4b.statistics.workspace import PREFIX, STATEMENT, ModelStatement, text_of
from hh4b.statistics.workspace_format import quiet_pyhf

#: What `pyhf cls` takes.
INTERPOLATION = {"normsys": {"interpcode": "code4"}, "histosys": {"interpcode": "code4p"}}


class Fit(NamedTuple):
    """A measurement of a workspace, and |observed - expected median| of its CLs."""

    path: Path
    measurement: str
    difference: float


def measurements_of(path: Path) -> tuple[list[str], int]:
    """Return the measurements whose observation the file holds, and how many others there are.

    Raises:
        ConfigError: if the data are not background-only.
    """
    specification = json.loads(path.read_text(encoding="utf-8"))
    statement = ModelStatement.from_json(text_of(specification, STATEMENT) or "{}")
    if statement.asimov != "background":
        raise ConfigError(f"{path}: data with signal; the check is for background-only data")
    names = [str(measurement["name"]) for measurement in specification["measurements"]]
    samples = {sample["name"] for sample in specification["channels"][0]["samples"]}
    one_background = all(process in samples for process in statement.backgrounds)
    held = [name for name in names if one_background or name == f"{PREFIX}1" or len(names) == 1]
    return held, len(names) - len(held)


def fit(path: Path, names: list[str]) -> Iterator[Fit]:
    """Run stock pyhf on measurements of a workspace."""
    with quiet_pyhf():
        workspace = pyhf.Workspace(json.loads(path.read_text(encoding="utf-8")))
        for name in names:
            yield Fit(path, name, _difference(workspace, name))


def _difference(workspace: Any, name: str) -> float:
    model = workspace.model(measurement_name=name, modifier_settings=INTERPOLATION)
    observed, expected = pyhf.infer.hypotest(
        1.0,
        workspace.data(model),
        model,
        test_stat="qtilde",
        calctype="asymptotics",
        return_expected_set=True,
    )
    values = [float(observed), *map(float, expected)]
    return abs(values[0] - values[3]) if np.isfinite(values).all() else float("nan")


def main() -> int:
    """Print the worst measurement and how many were checked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--sample", type=int, help="check so many measurements, drawn at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    options = parser.parse_args()
    paths = sorted((options.results / "workspaces").glob("*.json"))
    chosen, left_out = [], 0
    for path in paths:
        held, others = measurements_of(path)
        chosen += [(path, name) for name in held]
        left_out += others
    if options.sample is not None and options.sample < len(chosen):
        chosen = sorted(random.Random(options.seed).sample(chosen, options.sample))
    if not chosen:
        sys.stderr.write(f"no workspace in {options.results / 'workspaces'}\n")
        return 1
    by_path = {path: [name for other, name in chosen if other == path] for path, _ in chosen}
    pyhf.set_backend("numpy", "scipy")
    started = time.process_time()
    fits = [
        one
        for path, names in progress(by_path.items(), total=len(by_path), what="workspaces")
        for one in fit(path, names)
    ]
    broken = [one for one in fits if not np.isfinite(one.difference)]
    worst = max((one for one in fits if one not in broken), key=lambda one: one.difference)
    print(
        f"{len(fits)} measurements of {len(by_path)} workspaces, "
        f"{time.process_time() - started:.0f} s of CPU; not finite: {len(broken)}"
    )
    print(
        f"largest |observed - expected median| of CLs: {worst.difference:.1e} "
        f"({worst.path.name}, {worst.measurement})"
    )
    if left_out:
        print(
            f"not checked: {left_out} measurements with a background of their own, for which "
            f"the file holds no observation"
        )
    for one in broken:
        print(f"not finite: {one.path.name}, {one.measurement}")
    return int(bool(broken) or worst.difference > options.tolerance)


if __name__ == "__main__":
    sys.exit(main())
