"""A small likelihood with every kind of effect, and its -2 ln L written out."""

import numpy as np
from scipy.special import xlogy

from hh4b.likelihood.model import (
    SIGNAL,
    Channel,
    LikelihoodModel,
    NormEffect,
    Parameter,
    ShapeEffect,
)


def example_model(data=None) -> LikelihoodModel:
    channels = (
        Channel("loose", (200.0, 300.0, 400.0, 550.0, 1000.0), (0.5, 0.8)),
        Channel("tight", (200.0, 350.0, 500.0, 1000.0), (0.8, 1.0)),
    )
    # Of events with p(kappa) = |a + b kappa|^2 + ...: never negative.
    box = np.array([6.0, 9.0, 7.0, 2.5, 4.0, 9.0, 5.0])
    triangle = np.array([3.2, 1.9, 0.6, 0.1, 2.4, 1.4, 0.3])
    cross = -1.7 * np.sqrt(box * triangle)
    signal = np.array([box, cross, triangle])
    four_b = np.array([900.0, 700.0, 300.0, 60.0, 150.0, 120.0, 30.0])
    ttbar = np.array([50.0, 45.0, 20.0, 4.0, 9.0, 6.0, 1.5])
    tilt = np.array([0.9, 1.0, 1.1, 1.25, 0.92, 1.02, 1.2])
    tight = np.r_[np.ones(4), tilt[4:]]
    parameters = (
        Parameter("norm_four_b", "none", "background_norm"),
        Parameter("transfer", "gaussian", "background_norm"),
        Parameter("shape_kernel", "gaussian", "background_shape"),
        Parameter("tilt_tight", "gaussian", "background_shape"),
        Parameter("jes", "gaussian", "detector"),
        Parameter("luminosity", "gaussian", "luminosity"),
    )
    everywhere = {"loose", "tight"}
    norms = (
        NormEffect("norm_four_b", "four_b", *(dict.fromkeys(everywhere, 1.0),) * 2),
        NormEffect("transfer", "four_b", {"tight": 1.06}, {"tight": 0.95}),
        NormEffect("luminosity", "ttbar", *_both(everywhere, 1.02)),
        NormEffect("luminosity", SIGNAL, *_both(everywhere, 1.02)),
        NormEffect("jes", SIGNAL, {"loose": 1.03, "tight": 1.05}, {"loose": 0.98, "tight": 0.94}),
    )
    shapes = (
        ShapeEffect("shape_kernel", "four_b", four_b * tilt, four_b * (2 - tilt)),
        ShapeEffect("tilt_tight", "four_b", four_b * tight**0.5, four_b / tight**0.5),
        ShapeEffect("jes", "ttbar", ttbar * tilt**0.3, ttbar * tilt**-0.25),
        ShapeEffect("jes", SIGNAL, signal * tilt**0.4, signal * tilt**-0.3),
    )
    backgrounds = {"four_b": four_b, "ttbar": ttbar}
    return LikelihoodModel(
        channels, signal, backgrounds, parameters, norms, shapes, 300.0, 14.0, "hh", data
    )


def _both(channels, up):
    return dict.fromkeys(channels, up), dict.fromkeys(channels, 1 / up)


def code_4(alpha, up, down):
    """Factor: exponential outside, the polynomial of CERN-OPEN-2012-016 inside."""
    if alpha >= 1:
        return up**alpha
    if alpha <= -1:
        return down**-alpha
    # Value, slope and curvature agree with the exponentials at +-1.
    n = np.arange(1, 7)
    rows = [np.ones(6), (-1.0) ** n, n, n * (-1.0) ** (n - 1)]
    rows += [n * (n - 1.0), n * (n - 1) * (-1.0) ** n]
    high, low = np.log(up), np.log(down)
    right = [up - 1, down - 1, high * up, -low * down, high**2 * up, low**2 * down]
    return 1 + alpha**n @ np.linalg.solve(np.array(rows), np.array(right))


def code_4p(alpha, nominal, up, down):
    """Shift: linear outside, a polynomial of sixth order inside."""
    if alpha >= 1:
        return alpha * (up - nominal)
    if alpha <= -1:
        return -alpha * (down - nominal)
    odd, even = (up - down) / 2, (up + down - 2 * nominal) / 16
    return alpha * (odd + alpha * even * (15 + alpha**2 * (3 * alpha**2 - 10)))


def expected(model, kappa, mu, values):
    """Expected events; ``values`` by name of the parameter."""
    free = {one.name for one in model.parameters if one.constraint == "none"}
    powers = kappa ** np.arange(3)
    total = np.zeros(model.n_bins)
    for process in [*model.backgrounds, SIGNAL]:
        nominal = model.signal if process == SIGNAL else model.backgrounds[process]
        flat = (lambda rows: powers @ rows) if process == SIGNAL else (lambda row: row)
        events = flat(nominal).copy()
        for shape in model.shapes:
            if shape.process == process:
                sides = flat(shape.up), flat(shape.down)
                events += code_4p(values[shape.parameter], flat(nominal), *sides)
        for norm in model.norms:
            if norm.process != process:
                continue
            for channel, up in norm.up.items():
                value = values[norm.parameter]
                is_free = norm.parameter in free
                factor = value if is_free else code_4(value, up, norm.down[channel])
                events[model.bins_of(channel)] *= factor
        total += mu * events if process == SIGNAL else events
    return total


def minus_2_log_l(model, kappa, mu, values, data):
    n = expected(model, kappa, mu, values)
    gauss = sum(values[one.name] ** 2 for one in model.parameters if one.constraint == "gaussian")
    return 2 * np.sum(n - xlogy(data, n)) + gauss


def random_points(model, count, seed=3):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        values = {
            one.name: rng.uniform(0.7, 1.4) if one.constraint == "none" else rng.uniform(-2, 2)
            for one in model.parameters
        }
        yield rng.uniform(-5, 10), rng.uniform(0, 8), values
