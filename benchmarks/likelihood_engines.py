"""The fast likelihood beside stock pyhf and pyhs3 on a likelihood model of a study.

    python benchmarks/likelihood_engines.py MODEL.json [MODEL.json ...]

The model is written as HistFactory JSON and as HS3, which pyhf and pyhs3 read. Printed are the
largest differences of -2 ln L (up to one constant) at random values of kappa_lambda, mu and all
parameters; and the shift of each end of the intervals if pyhf (Minuit) had profiled there.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pyhs3
from numpy.typing import NDArray
from pytensor.compile.maker import function
from pytensor.graph.traversal import explicit_graph_inputs
from scipy.special import xlogy

from hh4b.likelihood.exchange_statement import observed
from hh4b.likelihood.fits import CompiledModel
from hh4b.likelihood.histfactory import histfactory_workspace
from hh4b.likelihood.hs3 import hs3_workspace
from hh4b.likelihood.model import LikelihoodModel
from hh4b.likelihood.model_file import read_model
from hh4b.likelihood.scans import scan_kappa
from hh4b.statistics.workspace_format import quiet_pyhf

Floats = NDArray[np.float64]
Point = tuple[float, float, dict[str, float]]


def random_points(model: LikelihoodModel, count: int) -> list[Point]:
    """Return values of kappa_lambda, mu and the parameters, near what the data are."""
    rng = np.random.default_rng(3)
    return [
        (
            float(rng.uniform(-5, 10)),
            float(rng.uniform(0, 3)),
            {
                one.name: float(rng.normal(0, 0.1) if one.constraint == "gaussian" else
                                rng.uniform(0.99, 1.01))
                for one in model.parameters
            },
        )
        for _ in range(count)
    ]  # fmt: skip


def own(model: LikelihoodModel, data: Floats, point: Point) -> float:
    """Return -2 ln L of the fast likelihood."""
    kappa, mu, values = point
    compiled = CompiledModel.of(model)
    alpha = np.array([[values[name] for name in compiled.parameter_names]])
    counts = compiled.expected(np.array([kappa]), np.array([mu]), alpha)[0]
    pulls = [values[one.name] for one in model.parameters if one.constraint == "gaussian"]
    return float(2 * (counts - xlogy(data, counts)).sum() + np.square(pulls).sum())


def by_pyhf(model: LikelihoodModel, point: Point) -> float:
    """Return -2 ln L of pyhf."""
    kappa, mu, values = point
    with quiet_pyhf():
        workspace = pyhf.Workspace(histfactory_workspace(model, [kappa], asimov="background"))
        stock = workspace.model()
        data = workspace.data(stock)
    parameters = np.array(stock.config.suggested_init())
    for name in stock.config.par_order:
        place = stock.config.par_slice(name)
        if name in values:
            parameters[place] = values[name]
        elif name == stock.config.poi_name:
            parameters[place] = mu
    return float(-2 * np.asarray(stock.logpdf(parameters, data))[0])


def by_pyhs3(model: LikelihoodModel, points: list[Point]) -> list[float]:
    """Return -2 ln L of pyhs3."""
    text = hs3_workspace(model, [0.0, 1.0, 10.0], asimov="background")
    theirs = pyhs3.Workspace(**text).model("kappa_lambda", progress=False, mode="FAST_COMPILE")
    inputs = [one for one in explicit_graph_inputs([theirs.log_prob]) if one.name is not None]
    compiled: Any = function(inputs, theirs.log_prob, mode="FAST_COMPILE", on_unused_input="ignore")
    found = []
    for kappa, mu, values in points:
        point = {**values, "kappa_lambda": kappa, "mu": mu}
        found.append(-2 * float(np.asarray(compiled(*[point[one.name] for one in inputs])).sum()))
    return found


def end_shifts(model: LikelihoodModel) -> dict[str, float]:
    """Return by how much the ends move if pyhf profiles at them and at the minimum."""
    compiled = CompiledModel.of(model)
    data = observed(model, "background")
    scan = scan_kappa(compiled, np.linspace(-25.0, 30.0, 551), data)
    ends = {
        f"{level:g} {name}": (value, level)
        for level, interval in scan.intervals.items()
        for name, value in zip(("lower", "upper"), (interval.lower, interval.upper), strict=True)
        if value is not None
    }
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-2, strategy=1))
    bottom = _profiled(model, scan.best)
    shifts = {}
    for name, (value, _) in ends.items():
        step = 0.01
        around = np.interp([value - step, value + step], scan.kappa_lambda, scan.curve)
        slope = (around[1] - around[0]) / (2 * step)
        mine = float(np.interp(value, scan.kappa_lambda, scan.curve))
        shifts[name] = (_profiled(model, value) - bottom - mine) / slope
    return shifts


def _profiled(model: LikelihoodModel, kappa: float) -> float:
    with quiet_pyhf():
        workspace = pyhf.Workspace(histfactory_workspace(model, [kappa], asimov="background"))
        stock = workspace.model()
        data = workspace.data(stock)
    _, value = pyhf.infer.mle.fixed_poi_fit(1.0, data, stock, return_fitted_val=True)
    return float(value)


def main() -> None:
    """Print the differences of each model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--points", type=int, default=20)
    arguments = parser.parse_args()
    for path in arguments.models:
        model = read_model(path)
        data = observed(model, "background")
        points = random_points(model, arguments.points)
        mine = np.array([own(model, data, one) for one in points])
        for name, theirs in (
            ("pyhf", np.array([by_pyhf(model, one) for one in points])),
            ("pyhs3", np.array(by_pyhs3(model, points))),
        ):
            finite = np.isfinite(theirs)
            differs = f"{np.ptp((mine - theirs)[finite]):.1e}" if finite.any() else "nothing"
            print(f"{path.name}: {name}, -2 ln L differs by {differs} ({finite.sum()} finite)")
        for name, shift in end_shifts(model).items():
            print(f"{path.name}: pyhf, end {name}: shift {shift:+.1e}")


if __name__ == "__main__":
    main()
