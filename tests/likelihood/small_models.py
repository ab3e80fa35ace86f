"""Likelihoods of a few bins with every kind of effect, and the same for stock pyhf."""

import numpy as np
import pyhf

from hh4b.likelihood.model import (
    SIGNAL,
    Channel,
    LikelihoodModel,
    NormEffect,
    Parameter,
    ShapeEffect,
)

INTERPOLATION = {"normsys": {"interpcode": "code4"}, "histosys": {"interpcode": "code4p"}}


def small_model(seed=1, *, effects=True, bins=5, channels=2):
    """Return a model whose signal is positive at every kappa_lambda."""
    rng = np.random.default_rng(seed)
    names = [f"c{n}" for n in range(channels)]
    edges = tuple(np.linspace(200, 1000, bins + 1).tolist())
    size = bins * channels
    fall = np.tile(np.exp(-np.arange(bins) / 2.0), channels)
    four_b = 300 * fall * rng.uniform(0.7, 1.3, size) * np.repeat(0.3 ** np.arange(channels), bins)
    other = 20 * rng.uniform(0.5, 1.5, size)
    # |a + b kappa|^2 + c > 0
    a, b = rng.uniform(2, 5, size), rng.uniform(-1.5, -0.5, size) * (1.2 - 0.5 * (1 - fall))
    signal = np.stack([a**2 + 2, 2 * a * b, b**2])
    parameters, norms, shapes = [], [], []
    if effects:
        parameters = [
            Parameter("lumi", "gaussian", "luminosity"),
            Parameter("free_four_b", "none", "background_norm"),
            Parameter("tag", "gaussian", "detector"),
            Parameter("jes", "gaussian", "detector"),
            Parameter("tilt", "gaussian", "background_shape"),
            Parameter("scale", "gaussian", "theory"),
        ]
        everywhere = dict.fromkeys(names, 1.02)
        norms = [
            NormEffect("lumi", SIGNAL, everywhere, dict.fromkeys(names, 0.98)),
            NormEffect("lumi", "other", everywhere, dict.fromkeys(names, 0.98)),
            NormEffect("free_four_b", "four_b", dict.fromkeys(names, 1.0),
                       dict.fromkeys(names, 1.0)),
            NormEffect("tag", SIGNAL, dict.fromkeys(names, 1.15), dict.fromkeys(names, 0.8)),
            NormEffect("tag", "other", {names[0]: 1.3}, {names[0]: 0.9}),
        ]  # fmt: skip
        low = np.array([0.93, 0.9, 0.95])
        slope = np.tile(np.linspace(-1, 1, bins), channels)
        shapes = [
            ShapeEffect("tilt", "four_b", four_b * (1 + 0.1 * slope), four_b * (1 - 0.08 * slope)),
            ShapeEffect("jes", "four_b", four_b * (1 + 0.03 * slope**2), four_b * 0.99),
            ShapeEffect(
                "jes", SIGNAL, signal * (1 + 0.06 * slope), signal * (1 - 0.05 * slope)
            ),
            ShapeEffect("scale", SIGNAL, signal * 1.1, signal * low[:, None]),
        ]  # fmt: skip
    return LikelihoodModel(
        tuple(Channel(name, edges) for name in names),
        signal,
        {"four_b": four_b, "other": other},
        tuple(parameters),
        tuple(norms),
        tuple(shapes),
    )


def at(components, kappa):
    """Return the sum of components at a kappa_lambda."""
    return components[0] + kappa * components[1] + kappa**2 * components[2]


def pyhf_model(model, kappa):
    """Return the model of stock pyhf at a kappa_lambda."""
    free = {one.name for one in model.parameters if one.constraint == "none"}

    def modifiers(process, channel, part):
        found = [{"name": "mu", "type": "normfactor", "data": None}] if process == SIGNAL else []
        for norm in model.norms:
            if norm.process == process and channel in norm.up:
                if norm.parameter in free:
                    found.append({"name": norm.parameter, "type": "normfactor", "data": None})
                else:
                    data = {"hi": norm.up[channel], "lo": norm.down[channel]}
                    found.append({"name": norm.parameter, "type": "normsys", "data": data})
        for shape in model.shapes:
            if shape.process == process:
                up, down = (
                    (at(rows, kappa) if process == SIGNAL else rows)[part].tolist()
                    for rows in (shape.up, shape.down)
                )
                data = {"hi_data": up, "lo_data": down}
                found.append({"name": shape.parameter, "type": "histosys", "data": data})
        return found

    nominal = {SIGNAL: at(model.signal, kappa), **model.backgrounds}
    channels = [
        {
            "name": channel.name,
            "samples": [
                {
                    "name": process,
                    "data": values[model.bins_of(channel.name)].tolist(),
                    "modifiers": modifiers(process, channel.name, model.bins_of(channel.name)),
                }
                for process, values in nominal.items()
            ],
        }
        for channel in model.channels
    ]
    bounds = [{"name": "mu", "bounds": [[0.0, 1000.0]], "inits": [1.0]}]
    return pyhf.Model(
        {"channels": channels, "parameters": bounds},
        poi_name="mu",
        modifier_settings=INTERPOLATION,
        validate=False,
    )


def pyhf_parameters(stock, compiled, mu, alpha):
    """Return the parameters in the order of pyhf."""
    values = {"mu": mu, **dict(zip(compiled.parameter_names, alpha, strict=True))}
    return [values[name] for name in stock.config.par_names]


def pyhf_data(stock, compiled, data, auxiliary):
    """Return counts and auxiliary data in the order of pyhf."""
    centres = dict(zip(compiled.parameter_names, auxiliary, strict=True))
    return [*data.tolist(), *(centres[name] for name in stock.config.auxdata_order)]


def pyhf_constant(data, n_constraints):
    """Return what pyhf's -2 ln L has beside the own one: saturated Poisson and Gaussians."""
    from scipy.special import gammaln, xlogy

    saturated = np.sum(xlogy(data, data) - data - gammaln(data + 1))
    return -2 * saturated + n_constraints * np.log(2 * np.pi)
