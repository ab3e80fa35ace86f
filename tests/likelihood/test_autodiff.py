"""The likelihood in PyTorch against the compiled one, finite differences and closed forms."""

import numpy as np
import pytest
import torch
from small_models import small_model

from hh4b.likelihood.autodiff import (
    fisher_information,
    gradient_and_hessian,
    minus_2_log_likelihood_at,
)
from hh4b.likelihood.fits import CompiledModel, fit_fixed
from hh4b.likelihood.kernel import make_work, minus_2_log_l, prepare, set_derivatives
from hh4b.likelihood.model import Channel, LikelihoodModel, NormEffect, Parameter


def points(compiled, seed, count):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        alpha = np.where(
            compiled.constrained,
            rng.uniform(-2, 2, compiled.n_parameters),
            rng.uniform(0.5, 2, compiled.n_parameters),
        )
        data = rng.poisson(compiled.asimov(1.0)).astype(float)
        data[0] = 0.0
        point = np.concatenate([rng.uniform([-5, 0.2], [10, 2]), alpha])
        yield point, data, rng.normal(size=compiled.n_parameters)


def test_value_gradient_and_hessian_are_those_of_the_fits():
    compiled = CompiledModel.of(small_model(21))
    arrays = compiled.arrays_with_mu
    work = make_work(arrays)
    for point, data, auxiliary in points(compiled, 22, 4):
        x = np.append(point[2:], point[1])
        centres = np.append(auxiliary, 0.0)
        prepare(arrays, work, point[0])
        value = minus_2_log_l(arrays, work, data, centres, 1.0, x)
        set_derivatives(arrays, work, data, centres, 1.0, x, True)
        found = minus_2_log_likelihood_at(compiled, torch.as_tensor(point), data, auxiliary)
        assert float(found) == pytest.approx(value, rel=1e-11)
        gradient, hessian = gradient_and_hessian(compiled, point, data, auxiliary)
        order = [*range(2, len(point)), 1]
        assert gradient[order] == pytest.approx(work.gradient, rel=1e-9, abs=1e-8)
        assert hessian[np.ix_(order, order)] == pytest.approx(work.hessian, rel=1e-9, abs=1e-7)


def test_gradient_and_hessian_by_finite_differences():
    compiled = CompiledModel.of(small_model(23))
    point, data, auxiliary = next(points(compiled, 24, 1))
    gradient, hessian = gradient_and_hessian(compiled, point, data, auxiliary)
    for n in range(len(point)):
        ends = []
        for sign in (1, -1):
            moved = point.copy()
            moved[n] += sign * 1e-5
            where = torch.as_tensor(moved)
            value = float(minus_2_log_likelihood_at(compiled, where, data, auxiliary))
            ends.append((value, gradient_and_hessian(compiled, moved, data, auxiliary)[0]))
        assert gradient[n] == pytest.approx((ends[0][0] - ends[1][0]) / 2e-5, rel=1e-5, abs=1e-4)
        row = (ends[0][1] - ends[1][1]) / 2e-5
        assert hessian[n] == pytest.approx(row, rel=1e-5, abs=1e-4)


def test_negative_yields_are_infinite():
    model = LikelihoodModel(
        (Channel("c", (200.0, 300.0)),),
        np.array([[1.0], [-4.0], [1.0]]),
        {"b": np.array([2.0])},
    )
    point = torch.tensor([2.0, 1.0], dtype=torch.float64)
    found = minus_2_log_likelihood_at(CompiledModel.of(model), point, np.array([2.0]))
    assert float(found) == np.inf


def test_information_of_one_bin_by_hand():
    # n = 10 + 3 kappa + b (1 + 0.1)^alpha at kappa = 1, b = 87.
    norm = NormEffect("n", "b", {"c": 1.1}, {"c": 1 / 1.1})
    model = LikelihoodModel(
        (Channel("c", (200.0, 300.0)),),
        np.array([[10.0], [3.0], [0.0]]),
        {"b": np.array([87.0])},
        (Parameter("n", "gaussian", "g"),),
        (norm,),
    )
    found = fisher_information(CompiledModel.of(model))
    slope = 87 * np.log(1.1)
    wanted = np.array([[9, 3 * slope], [3 * slope, slope**2]]) / 100 + np.diag([0.0, 1.0])
    # Code 4 has the slope of the exponential at 0 to 1e-3 only.
    assert found.matrix == pytest.approx(wanted, rel=2e-3)
    assert found.bound_without_parameters == pytest.approx(10 / 3)
    assert found.bound == pytest.approx(np.sqrt(np.linalg.inv(found.matrix)[0, 0]), rel=1e-10)


def test_bound_is_the_curvature_of_the_profiled_scan():
    compiled = CompiledModel.of(small_model(25))
    found = fisher_information(compiled, 1.0)
    step = 1e-3
    ends = fit_fixed(compiled, [1 + step, 1 - step], 1.0, compiled.asimov(1.0))
    error = step / np.sqrt(ends.minus_2_log_l.mean())
    assert found.bound == pytest.approx(error, rel=1e-3)
    assert found.bound_without_parameters < found.bound
