"""Time profiled fits of a likelihood of 4 categories with 10 bins and about 25 parameters.

    python benchmarks/profiled_fits.py [MODEL.json ...]

Pseudo-experiments of background and signal, with the auxiliary data thrown too, are fitted at fixed
kappa_lambda on one and on two threads; pyhf fits some of the same data, with its default optimizer.
Then what a study asks for: 251 kappa_lambda of 15 selections at 3 luminosities, curve and CLs
limits. Likelihoods of a study (results/likelihood/SELECTION/model_….json) are fitted in the same
way first. Wall seconds after compilation; nothing else should run.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyhf

from hh4b.core.files import read_json
from hh4b.likelihood.fits import CompiledModel, fit_fixed, fit_free_mu, require_converged
from hh4b.likelihood.model import (
    SIGNAL,
    Channel,
    LikelihoodModel,
    NormEffect,
    Parameter,
    ShapeEffect,
)
from hh4b.likelihood.model_file import model_from_content
from hh4b.likelihood.mu_limits import find_mu_limits
from hh4b.likelihood.scans import scan_kappa

CATEGORIES, BINS = 4, 10
FITS, STOCK_FITS = 4000, 5
SELECTIONS, LUMINOSITIES = 15, (139.0, 300.0, 3000.0)
SCAN = np.round(np.arange(-10, 15.05, 0.1), 6)
INTERPOLATION = {"normsys": {"interpcode": "code4"}, "histosys": {"interpcode": "code4p"}}


def made_up(seed: int = 1, luminosity_ifb: float = 139.0) -> LikelihoodModel:
    """Return a model of the default study's size."""
    rng = np.random.default_rng(seed)
    names = [f"category_{n}" for n in range(CATEGORIES)]
    edges = tuple(np.linspace(200, 1000, BINS + 1).tolist())
    centres = np.tile(0.5 * (np.array(edges[1:]) + np.array(edges[:-1])), CATEGORIES)
    scale = luminosity_ifb / 139
    share = np.repeat([1.0, 0.3, 0.1, 0.04], BINS)
    four_b = scale * 4000 * share * np.exp(-(centres - 200) / 150)
    single = scale * 20 * share * np.exp(-(centres - 200) / 200)
    rate = np.repeat([1.0, 1.2, 1.0, 1.5], BINS) * scale
    box, triangle = np.exp(-(((centres - 480) / 200) ** 2)), np.exp(-(centres - 200) / 150)
    signal = rate * np.stack([2 * box**2 + 0.2, -2.4 * box * triangle, 1.2 * triangle**2 + 0.02])
    x = (np.log(centres) - np.log(450)) / 0.5
    parameters: list[Parameter] = []
    norms: list[NormEffect] = []
    shapes: list[ShapeEffect] = []

    def norm(name: str, group: str, process: str, size: float, where: list[str]) -> None:
        if name not in [one.name for one in parameters]:
            parameters.append(Parameter(name, "gaussian", group))
        norms.append(
            NormEffect(name, process, dict.fromkeys(where, 1 + size),
                       dict.fromkeys(where, 1 / (1 + size)))
        )  # fmt: skip

    def shape(name: str, group: str, process: str, up: Any, down: Any) -> None:
        if name not in [one.name for one in parameters]:
            parameters.append(Parameter(name, "gaussian", group))
        nominal = {SIGNAL: signal, "four_b": four_b, "single": single}[process]
        shapes.append(ShapeEffect(name, process, nominal * (1 + up), nominal * (1 + down)))

    everywhere = dict.fromkeys(names, 1.0)
    parameters.append(Parameter("norm_four_b", "none", "background_norm"))
    norms.append(NormEffect("norm_four_b", "four_b", everywhere, everywhere))
    for place, name in enumerate(names):
        norm(f"transfer_{place}", "background_norm", "four_b", 0.05, [name])
        inside = np.repeat(np.arange(CATEGORIES) == place, BINS)
        shape(f"tilt_{place}", "background_shape", "four_b", 0.03 * x * inside, -0.03 * x * inside)
    for power in range(4):
        bump = 0.02 * x**power * rng.uniform(0.5, 1)
        shape(f"shape_{power}", "background_shape", "four_b", bump, -bump)
    for name in ("jes", "jer", "b_tag", "c_tag", "light_tag"):
        for process in (SIGNAL, "single"):
            norm(name, "detector", process, rng.uniform(0.02, 0.1), names)
            bump = 0.02 * x * rng.uniform(0.5, 1)
            shape(name, "detector", process, bump, -0.8 * bump)
    norm("luminosity", "luminosity", SIGNAL, 0.017, names)
    norm("luminosity", "luminosity", "single", 0.017, names)
    for name in ("branching", "scale", "pdf", "top_mass"):
        norm(name, "theory", SIGNAL, rng.uniform(0.02, 0.1), names)
    shape("shower", "theory", SIGNAL, 0.04 * x, -0.03 * x)
    norm("single_rate", "theory", "single", 0.1, names)
    channels = tuple(Channel(name, edges) for name in names)
    return LikelihoodModel(
        channels,
        signal,
        {"four_b": four_b, "single": single},
        tuple(parameters),
        tuple(norms),
        tuple(shapes),
        luminosity_ifb,
    )


def stock_model(model: LikelihoodModel, kappa: float) -> Any:
    """Return the model of pyhf at a kappa_lambda."""

    def at(rows: Any, process: str) -> Any:
        return rows[0] + kappa * rows[1] + kappa**2 * rows[2] if process == SIGNAL else rows

    def modifiers(process: str, channel: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        part = model.bins_of(channel)
        if process == SIGNAL:
            found.append({"name": "mu", "type": "normfactor", "data": None})
        for norm in model.norms:
            if norm.process == process and channel in norm.up:
                data = {"hi": norm.up[channel], "lo": norm.down[channel]}
                free = norm.parameter == "norm_four_b"
                kind = {"type": "normfactor", "data": None} if free else {}
                found.append({"name": norm.parameter, "type": "normsys", "data": data} | kind)
        for shape in model.shapes:
            if shape.process == process:
                data = {
                    "hi_data": at(shape.up, process)[part].tolist(),
                    "lo_data": at(shape.down, process)[part].tolist(),
                }
                found.append({"name": shape.parameter, "type": "histosys", "data": data})
        return found

    rows = {SIGNAL: at(model.signal, SIGNAL), **model.backgrounds}
    channels = [
        {
            "name": channel.name,
            "samples": [
                {
                    "name": process,
                    "data": values[model.bins_of(channel.name)].tolist(),
                    "modifiers": modifiers(process, channel.name),
                }
                for process, values in rows.items()
            ],
        }
        for channel in model.channels
    ]
    spec = {"channels": channels, "parameters": [{"name": "mu", "bounds": [[0.0, 1000.0]]}]}
    return pyhf.Model(spec, poi_name="mu", modifier_settings=INTERPOLATION, validate=False)


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the fastest of three wall times and the result."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


def pyhf_seconds(compiled: CompiledModel, data: Any, auxiliary: Any, found: Any) -> float:
    """Return the wall seconds of a fit by pyhf; print how far the minima are apart."""
    pyhf.set_backend("numpy", "scipy")
    model = stock_model(compiled.model, 1.0)
    index = [compiled.index(name) for name in model.config.auxdata_order]
    start = time.perf_counter()
    values = []
    for row in range(STOCK_FITS):
        counts = [*data[row].tolist(), *auxiliary[row, index].tolist()]
        fit = pyhf.infer.mle.fixed_poi_fit(1.0, counts, model, return_fitted_val=True)
        values.append(float(fit[1]))
    spent = (time.perf_counter() - start) / STOCK_FITS
    # Differences of two data sets' minima hold constants of the data; those of the same do not.
    saturated = [_saturated(data[row], len(index)) for row in range(STOCK_FITS)]
    apart = np.abs(np.array(values) - saturated - found[:STOCK_FITS]).max()
    print(f"largest difference of -2 ln L from pyhf's:        {apart:10.1e}")
    return spent


def _saturated(data: Any, constraints: int) -> float:
    from scipy.special import gammaln, xlogy

    poisson = np.sum(xlogy(data, data) - data - gammaln(data + 1))
    return float(-2 * poisson + constraints * np.log(2 * np.pi))


def fitted(compiled: CompiledModel) -> tuple[dict[int, float], Any, Any, Any]:
    """Print fits a second; return them by threads, then counts, auxiliary data and fits."""
    rng = np.random.default_rng(2)
    data = rng.poisson(compiled.asimov(1.0), (FITS, compiled.n_bins)).astype(float)
    auxiliary = rng.normal(size=(FITS, compiled.n_parameters))
    fit_fixed(compiled, 1.0, 1.0, data[:2], auxiliary[:2])
    print(f"{compiled.n_bins} bins, {compiled.n_parameters} parameters")
    rates = {}
    for threads in (1, 2):
        spent, fits = seconds(
            lambda threads=threads: fit_fixed(compiled, 1.0, 1.0, data, auxiliary, threads=threads)
        )
        require_converged(fits, "the benchmark")
        rates[threads] = FITS / spent
        print(f"fits a second at fixed mu, {threads} thread(s):           {rates[threads]:10,.0f}")
    return rates, data, auxiliary, fits


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", type=Path, nargs="*")
    for path in parser.parse_args().models:
        print(path)
        fitted(CompiledModel.of(model_from_content(read_json(path), where=str(path))))
    compiled = CompiledModel.of(made_up())
    rates, data, auxiliary, fits = fitted(compiled)
    spent, free = seconds(lambda: fit_free_mu(compiled, 1.0, data, auxiliary, threads=2))
    require_converged(free, "the benchmark")
    print(f"fits a second with mu free, 2 threads:            {FITS / spent:10,.0f}")
    stock = pyhf_seconds(compiled, data, auxiliary, fits.minus_2_log_l)
    print(f"fits a second by pyhf:                            {1 / stock:10,.1f}")
    print(f"ratio of one thread to pyhf:                      {rates[1] * stock:10,.0f}")
    models = [
        CompiledModel.of(made_up(n, luminosity))
        for n in range(SELECTIONS)
        for luminosity in LUMINOSITIES
    ]
    start = time.perf_counter()
    for model in models:
        scan_kappa(model, SCAN, model.asimov(), threads=2)
    scanned = time.perf_counter() - start
    for model in models:
        find_mu_limits(model, SCAN, threads=2)
    print(f"{len(models)} scans of {len(SCAN)} kappa_lambda, 2 threads, s:        {scanned:10.2f}")
    print(f"the same with CLs limits and bands, s:            {time.perf_counter() - start:10.2f}")


if __name__ == "__main__":
    main()
