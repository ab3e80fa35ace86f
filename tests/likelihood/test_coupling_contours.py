"""Contours of two couplings from templates for pairs of monomials."""

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.couplings import HiggsPairCouplings, squared_amplitude
from hh4b.likelihood.coupling_contours import (
    CouplingTemplates,
    asimov,
    coupling_contour,
    signal_templates,
)

N, B = 500, 4
POINT = HiggsPairCouplings(kappa_lambda=2.0, kappa_t=1.1, c2=0.3)


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(N, 3, 5))
    polynomial = np.einsum("nka,nkb->nab", vectors, vectors)
    return polynomial, rng.uniform(5, 15, N), rng.integers(-1, B + 1, N)


@pytest.fixture(scope="module")
def templates(events):
    polynomial, weights, bins = events
    signal = signal_templates(polynomial, weights, bins, B, generated=POINT)
    return CouplingTemplates(signal, np.full(B, 10.0))


def test_templates_are_sums_of_weighted_events(events, templates):
    polynomial, weights, bins = events
    for target in (POINT, HiggsPairCouplings(c_g=0.4, c_gg=-0.2)):
        ratio = squared_amplitude(polynomial, target) / squared_amplitude(polynomial, POINT)
        inside = (bins >= 0) & (bins < B)
        expected = np.bincount(bins[inside], (weights * ratio)[inside], B) + 10.0
        np.testing.assert_allclose(asimov(templates, target), expected)


@pytest.mark.parametrize(("name", "truth"), [("kappa_t", 1.1), ("c2", 0.3)])
def test_smallest_at_the_point_of_the_data(templates, name, truth):
    x, y = np.linspace(-4, 8, 61), np.linspace(truth - 1, truth + 1, 41)
    data = asimov(templates, POINT)
    contour = coupling_contour(templates, data, ("kappa_lambda", x), (name, y), POINT)
    row, column = np.unravel_index(contour.surface.argmin(), contour.surface.shape)
    assert (x[row], y[column]) == pytest.approx((2.0, truth))
    expected = asimov(templates, HiggsPairCouplings(**{**vars(POINT), name: y[7]}))
    written_out = 2 * (expected - data + data * np.log(data / expected)).sum()
    assert contour.surface[row, 7] == pytest.approx(written_out)
    assert contour.inside(0.68).sum() < contour.inside(0.95).sum()
    assert not contour.leaves_grid(0.95)
    near = coupling_contour(templates, data, ("kappa_lambda", [1.99, 2, 2.01]), (name, y), POINT)
    assert near.leaves_grid(0.68)


def test_refusals(templates):
    grid = np.linspace(0, 1, 3)
    data = asimov(templates)
    with pytest.raises(ConfigError, match="expected two of kappa_lambda"):
        coupling_contour(templates, data, ("kappa_lambda", grid), ("kappa_v", grid))
    with pytest.raises(ConfigError, match="expected two of"):
        coupling_contour(templates, data, ("c2", grid), ("c2", grid))
    with pytest.raises(ContractError, match="data of shape"):
        coupling_contour(templates, data[:2], ("kappa_lambda", grid), ("c2", grid))
    with pytest.raises(ContractError, match="background must be positive"):
        CouplingTemplates(templates.signal, np.zeros(B))
    with pytest.raises(ContractError, match="shape"):
        CouplingTemplates(templates.signal[:3], np.ones(B))
