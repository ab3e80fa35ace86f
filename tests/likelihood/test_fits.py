"""The own likelihood and its fits against stock pyhf, SciPy and finite differences."""

from dataclasses import replace

import numpy as np
import pyhf
import pytest
from scipy.optimize import minimize
from small_models import (
    pyhf_constant,
    pyhf_data,
    pyhf_model,
    pyhf_parameters,
    small_model,
)

import hh4b.likelihood.fits as fits_module
from hh4b.core.errors import ContractError, FitFailed
from hh4b.likelihood.fits import CompiledModel, fit_fixed, fit_free_mu, require_converged
from hh4b.likelihood.kernel import make_work, minus_2_log_l, prepare, set_derivatives
from hh4b.likelihood.model import Channel, LikelihoodModel, NormEffect, Parameter, ShapeEffect

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")


def value_at(compiled, kappa, mu, alpha, data, auxiliary):
    everything = np.ones(compiled.n_parameters, dtype=bool)
    fits = fit_fixed(compiled, kappa, mu, data, auxiliary, start=alpha, fixed=everything)
    return fits.minus_2_log_l[0]


def random_points(compiled, seed, count):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        kappa, mu = rng.uniform(-5, 10), rng.uniform(0, 3)
        alpha = np.where(
            compiled.constrained,
            rng.uniform(-2.5, 2.5, compiled.n_parameters),
            rng.uniform(0.5, 2, compiled.n_parameters),
        )
        data = rng.poisson(compiled.asimov(1.0)).astype(float)
        yield kappa, mu, alpha, data, rng.normal(size=compiled.n_parameters)


def test_equals_pyhf_at_random_points():
    compiled = CompiledModel.of(small_model())
    for kappa, mu, alpha, data, auxiliary in random_points(compiled, 2, 20):
        stock = pyhf_model(compiled.model, kappa)
        parameters = pyhf_parameters(stock, compiled, mu, alpha)
        main = stock.expected_actualdata(np.array(parameters))
        assert compiled.expected(kappa, mu, alpha)[0] == pytest.approx(main, rel=1e-12)
        wanted = -2 * stock.logpdf(parameters, pyhf_data(stock, compiled, data, auxiliary))[0]
        wanted -= pyhf_constant(data, compiled.constrained.sum())
        found = value_at(compiled, kappa, mu, alpha, data, auxiliary)
        assert found == pytest.approx(wanted, abs=1e-9, rel=1e-11)


def test_profiled_minima_equal_pyhf():
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-4))
    compiled = CompiledModel.of(small_model(3))
    points = list(random_points(compiled, 4, 5))
    for kappa, mu, _, data, auxiliary in points:
        stock = pyhf_model(compiled.model, kappa)
        stock_data = pyhf_data(stock, compiled, data, auxiliary)
        constant = pyhf_constant(data, compiled.constrained.sum())
        _, wanted = pyhf.infer.mle.fixed_poi_fit(mu, stock_data, stock, return_fitted_val=True)
        fits = fit_fixed(compiled, kappa, mu, data, auxiliary)
        assert fits.converged.all()
        assert fits.minus_2_log_l[0] == pytest.approx(float(wanted) - constant, abs=1e-5)
        best, wanted = pyhf.infer.mle.fit(stock_data, stock, return_fitted_val=True)
        free = fit_free_mu(compiled, kappa, data, auxiliary)
        assert free.converged.all()
        assert free.minus_2_log_l[0] == pytest.approx(float(wanted) - constant, abs=1e-5)
        assert free.mu[0] == pytest.approx(best[stock.config.poi_index], abs=3e-3)


def test_gradient_and_hessian_by_finite_differences():
    compiled = CompiledModel.of(small_model(5))
    arrays = compiled.arrays_with_mu
    work = make_work(arrays)
    for kappa, mu, alpha, data, auxiliary in random_points(compiled, 6, 4):
        point, centres = np.append(alpha, mu), np.append(auxiliary, 0.0)

        def gradient(x, data=data, centres=centres, exact=True):
            minus_2_log_l(arrays, work, data, centres, 1.0, x)
            set_derivatives(arrays, work, data, centres, 1.0, x, exact)
            return work.gradient.copy(), work.hessian.copy()

        prepare(arrays, work, kappa)
        found, hessian = gradient(point)
        step = 1e-5
        for p in range(len(point)):
            up, down = point.copy(), point.copy()
            up[p] += step
            down[p] -= step
            ends = [minus_2_log_l(arrays, work, data, centres, 1.0, x) for x in (up, down)]
            slope = (ends[0] - ends[1]) / (2 * step)
            assert found[p] == pytest.approx(slope, rel=1e-5, abs=1e-5)
            row = (gradient(up)[0] - gradient(down)[0]) / (2 * step)
            assert hessian[p] == pytest.approx(row, rel=1e-5, abs=1e-4)
        assert np.array_equal(hessian, hessian.T)


def test_minimum_is_that_of_scipy_and_threads_change_nothing():
    compiled = CompiledModel.of(small_model(7))
    rng = np.random.default_rng(8)
    kappa = rng.uniform(-10, 15, 60)
    data = rng.poisson(compiled.asimov(), (60, compiled.n_bins)).astype(float)
    auxiliary = rng.normal(size=(60, compiled.n_parameters))
    fits = fit_fixed(compiled, kappa, 1.0, data, auxiliary, covariance=True)
    assert fits.converged.all()
    again = fit_fixed(compiled, kappa, 1.0, data, auxiliary, covariance=True, threads=3)
    assert np.array_equal(fits.minus_2_log_l, again.minus_2_log_l)
    assert np.array_equal(fits.alpha, again.alpha)
    assert np.array_equal(fits.covariance, again.covariance)
    bounds = list(zip(compiled.lower, compiled.upper, strict=True))
    for row in range(3):

        def value(alpha, row=row):
            return value_at(compiled, kappa[row], 1.0, alpha, data[row], auxiliary[row])

        best = minimize(value, compiled.nominal, bounds=bounds, method="L-BFGS-B")
        assert fits.minus_2_log_l[row] == pytest.approx(best.fun, abs=1e-5)
        assert fits.minus_2_log_l[row] <= best.fun + 1e-9


def test_slope_in_mu_and_covariance():
    compiled = CompiledModel.of(small_model(9))
    data = compiled.asimov(1.0)
    mu = np.array([0.5, 0.5 + 1e-4, 0.5 - 1e-4, 0.0])
    fits = fit_fixed(compiled, 3.0, mu, data)
    slope = (fits.minus_2_log_l[1] - fits.minus_2_log_l[2]) / 2e-4
    assert fits.mu_slope[0] == pytest.approx(slope, rel=1e-5)
    assert np.isfinite(fits.mu_slope[3])
    # The profiled curve of mu is a parabola near its minimum, with the error from the covariance.
    free = fit_free_mu(compiled, 1.0, data, covariance=True)
    assert free.mu[0] == pytest.approx(1.0, abs=1e-5)
    error = np.sqrt(free.covariance[0, -1, -1])
    ends = fit_fixed(compiled, 1.0, [1 + 0.01 * error, 1 - 0.01 * error], data)
    assert ends.minus_2_log_l.mean() / 1e-4 == pytest.approx(1.0, rel=1e-3)


def one_bin(signal, background, parameters=(), norms=()):
    return LikelihoodModel(
        (Channel("c", (200.0, 300.0)),),
        np.array(signal, dtype=float).reshape(3, 1),
        {"b": np.array([background])},
        parameters,
        norms,
    )


def test_free_factor_of_an_empty_channel_goes_to_zero():
    free = Parameter("n", "none", "background_norm")
    factor = NormEffect("n", "b", {"c": 1.0}, {"c": 1.0})
    compiled = CompiledModel.of(one_bin([1, 0, 0], 10.0, (free,), (factor,)))
    fits = fit_fixed(compiled, 0.0, [0.0, 1.0], [0.0])
    assert fits.converged.all()
    assert fits.alpha[:, 0] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert fits.minus_2_log_l == pytest.approx([0.0, 2.0], abs=1e-12)
    free_mu = fit_free_mu(compiled, 0.0, [0.0])
    assert free_mu.converged.all()
    assert free_mu.mu[0] == pytest.approx(0.0, abs=1e-12)


def test_negative_yields_are_infinite_and_never_nan():
    # 1 - 4 kappa + kappa^2 is -3 at kappa = 2.
    compiled = CompiledModel.of(one_bin([1, -4, 1], 2.0))
    fits = fit_fixed(compiled, [0.0, 2.0], 1.0, [2.0])
    assert fits.minus_2_log_l[1] == np.inf
    assert fits.converged.tolist() == [True, False]
    with pytest.raises(FitFailed, match="1 of 2 fits did not converge.*less than nothing"):
        require_converged(fits, "the scan")
    with pytest.raises(ContractError, match="interference"):
        compiled.asimov(2.0)
    # A parameter that can make up for it finds a start of its own, on the slow path.
    norm = NormEffect("n", "b", {"c": 1.6}, {"c": 0.6})
    moved = CompiledModel.of(one_bin([1, -4, 1], 2.0, (Parameter("n", "gaussian", "g"),), (norm,)))
    fits = fit_fixed(moved, 2.0, 1.0, [2.0])
    assert fits.converged.all()
    assert np.isfinite(fits.minus_2_log_l).all()
    assert (moved.expected(2.0, 1.0, fits.alpha) > 0).all()


def test_where_minus_2_log_l_bends_down_steps_are_long_enough(monkeypatch):
    """A shape of the same sign both ways: two minima, and a saddle where the fit starts.

    There the exact Hessian is -0.02, the expected one 2: expected steps grow by 1 % each.
    """

    def refuse(*_arguments):
        raise AssertionError("the fast fit did not converge")

    monkeypatch.setattr(fits_module, "fit_again", refuse)
    shifted = np.array([1.01e4])
    shape = ShapeEffect("bend", "b", shifted, shifted)
    parameter = Parameter("bend", "gaussian", "background_shape")
    model = replace(one_bin([0, 0, 0], 1e4, (parameter,)), shapes=(shape,))
    compiled = CompiledModel.of(model)
    starts = [[1e-3], [-1e-3], [0.01], [0.5]]
    fits = fit_fixed(compiled, 1.0, 1.0, [1e4 + 26.93], start=starts)
    assert fits.converged.all()
    everywhere = np.linspace(0, 1, 2001)[:, None]
    still = np.ones(1, dtype=bool)
    scan = fit_fixed(compiled, 1.0, 1.0, [1e4 + 26.93], start=everywhere, fixed=still)
    assert fits.minus_2_log_l == pytest.approx(scan.minus_2_log_l.min(), abs=1e-8)
    assert fits.alpha[:, 0] * [1, -1, 1, 1] == pytest.approx(fits.alpha[3, 0], abs=1e-4)


def test_unbounded_mu_follows_a_deficit():
    compiled = CompiledModel.of(one_bin([4, 0, 0], 100.0))
    below = fit_free_mu(compiled, 0.0, [90.0], non_negative=False)
    assert below.mu[0] == pytest.approx(-2.5, abs=1e-6)
    assert fit_free_mu(compiled, 0.0, [90.0]).mu[0] == 0.0


def test_wrong_shapes_are_refused():
    compiled = CompiledModel.of(small_model())
    with pytest.raises(ContractError, match="counts"):
        fit_fixed(compiled, 1.0, 1.0, [1.0, 2.0])
    with pytest.raises(ContractError, match="rows of data"):
        fit_fixed(compiled, np.zeros(3), 1.0, np.ones((2, compiled.n_bins)))


def test_a_fit_leaves_a_ridge():
    """Up and down move a bin the same way, so that -2 ln L has a ridge between two minima.

    Its curvature there is 2 - 2 (d / n - 1) n'', with n'' = 30 / 16 (up + down - 2 n).
    """
    nominal, moved, data = 100.0, 1.0, 126.8333
    curvature = 2 - 2 * (data / nominal - 1) * 30 / 16 * 2 * moved
    assert -0.02 < curvature < 0
    both = np.full(1, nominal + moved)
    model = LikelihoodModel(
        (Channel("c", (200.0, 1000.0)),),
        np.full((3, 1), 1e-6),
        {"four_b": np.full(1, nominal)},
        (Parameter("jes", "gaussian", "detector"),),
        shapes=(ShapeEffect("jes", "four_b", both, both),),
    )
    compiled = CompiledModel.of(model)
    fits = fit_fixed(compiled, 1.0, 0.0, np.full(1, data), 0.0, start=np.full(1, 2e-3))
    require_converged(fits, "ridge")
    grid = np.linspace(0.0, 1.0, 2001)
    lowest = min(value_at(compiled, 1.0, 0.0, np.full(1, one), [data], 0.0) for one in grid)
    assert fits.alpha[0, 0] > 0.01
    assert fits.minus_2_log_l[0] == pytest.approx(lowest, abs=1e-8)


def test_fits_of_large_counts_go_on_to_their_end():
    """Narrow valleys: one of these needs more steps than a fast fit has."""
    model, scale = small_model(2), 1e5
    compiled = CompiledModel.of(
        replace(
            model,
            signal=model.signal * scale,
            backgrounds={name: one * scale for name, one in model.backgrounds.items()},
            shapes=tuple(
                replace(one, up=one.up * scale, down=one.down * scale) for one in model.shapes
            ),
        )
    )
    rng, number = np.random.default_rng(2), 1000
    kappa = rng.uniform(-10, 15, number)
    data = rng.poisson(compiled.asimov(1.0), (number, compiled.n_bins)).astype(float)
    auxiliary = 2 * rng.normal(size=(number, compiled.n_parameters))
    fits = fit_fixed(compiled, kappa, np.ones(number), data, auxiliary)
    require_converged(fits, "large counts")
