"""Smooth shapes find the truth within their errors, from few events with many rows."""

import numpy as np
import pytest

from hh4b.core.errors import ContractError, FitFailed
from hh4b.likelihood.background_shape import (
    FAMILIES,
    CategoryEvents,
    LooseEvents,
    MassCells,
    family_density,
    fit_polynomial,
    kernel_density,
    shape_errors,
    tilted_to,
    tilts,
)

EDGES = np.linspace(200, 1000, 11)
CELLS = MassCells.of(EDGES)
#: Of ln m: a turn-on and a tail, in the family of second order.
TRUE = np.array([-2.5, -1.0])


def truth():
    values = CELLS.widths * np.exp(CELLS.basis(2) @ TRUE)
    return values / values.sum()


def toy(n, rng, rows=1):
    """Rows of n events, each somewhere in its cell; the rows of one event share it."""
    cell = rng.choice(len(CELLS.bins), n, p=truth())
    x = CELLS.log_edges[cell] + CELLS.widths[cell] * rng.random(n)
    weight = rng.uniform(0.5, 1.5, n)
    event = np.arange(n)
    return LooseEvents(np.repeat(x, rows), np.repeat(weight / rows, rows), np.repeat(event, rows))


def test_cells_divide_the_bins():
    assert CELLS.binned(np.ones(len(CELLS.bins))).tolist() == [32.0] * 10
    inside = np.log(np.array([200.0, 279.9, 280.1, 1000.0, 5000.0]))
    assert CELLS.bins[CELLS.place(inside)].tolist() == [0, 0, 1, 9, 9]


def test_the_polynomial_finds_order_parameters_and_errors():
    rng = np.random.default_rng(3)
    fits = [fit_polynomial(CELLS, toy(1500, rng, rows=2), 5) for _ in range(40)]
    orders = [len(fit.parameters) for fit in fits]
    assert np.median(orders) == 2
    # Rows of one event are one event: errors are those of 1500, not of 3000.
    pulls = np.array([
        (fit.parameters - TRUE) / np.sqrt(np.diag(fit.covariance))
        for fit in fits if len(fit.parameters) == 2
    ])  # fmt: skip
    assert len(pulls) > 25
    assert (np.abs(pulls.mean(axis=0)) < 0.6).all()
    assert ((pulls.std(axis=0) > 0.7) & (pulls.std(axis=0) < 1.35)).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_families_close(family):
    """Templates of a tilted category agree with the truth, tilted alike, within a few per cent."""
    rng = np.random.default_rng(8)
    events = toy(40_000, rng)
    tilted = truth() * np.exp(-1.5 * CELLS.log_mass)
    tilted /= tilted.sum()
    category = CategoryEvents(np.array([3.0]), np.array([tilted @ CELLS.log_mass]))
    density = family_density(family, events, fit_polynomial(CELLS, events, 4))
    assert density.sum() == pytest.approx(1)
    found, information = tilted_to(CELLS, density, category)
    expected = 3 * CELLS.binned(tilted)
    assert found.sum() == pytest.approx(3)
    np.testing.assert_allclose(found[0], expected, rtol=0.1, atol=0.004)
    assert tilts(CELLS, density, category)[0, 0] == pytest.approx(-1.5, abs=0.25)
    assert information[0, 0, 0] == pytest.approx(
        tilted @ CELLS.log_mass**2 - (tilted @ CELLS.log_mass) ** 2, rel=0.05
    )


def test_two_powers_give_mean_and_variance():
    """A category narrower than a tilt makes it; one power misses its bins."""
    x = CELLS.log_mass
    wanted = truth() * np.exp(-1.5 * x - 4 * (x - 6.1) ** 2)
    wanted /= wanted.sum()
    mean = wanted @ x
    variance = wanted @ (x - mean) ** 2
    category = CategoryEvents(np.ones(1), np.array([mean]), np.array([variance]))
    found, information = tilted_to(CELLS, truth(), category)
    np.testing.assert_allclose(found[0], CELLS.binned(wanted), rtol=1e-8)
    # The exponent in powers of x - mean.
    slope, bend = tilts(CELLS, truth(), category)[0]
    assert (slope, bend) == pytest.approx((-1.5 - 8 * (mean - 6.1), -4), abs=1e-6)
    assert information[0, 0, 0] == pytest.approx(variance)
    one, _ = tilted_to(CELLS, truth(), CategoryEvents(np.ones(1), np.array([mean])))
    assert np.abs(one[0] / CELLS.binned(wanted) - 1).max() > 0.2
    wide = CategoryEvents(np.ones(1), np.array([mean]), np.array([np.ptp(x) ** 2]))
    with pytest.raises(FitFailed, match="tilt_order to 1"):
        tilts(CELLS, truth(), wide)


def test_kernels_keep_mean_and_variance():
    events = toy(3000, np.random.default_rng(2))
    density, x = kernel_density(CELLS, events), CELLS.log_mass
    mean = np.average(events.log_mass, weights=events.weight)
    variance = np.average((events.log_mass - mean) ** 2, weights=events.weight)
    assert density @ x == pytest.approx(mean, abs=0.01)
    assert density @ (x - density @ x) ** 2 == pytest.approx(variance, rel=0.06)
    counts = np.bincount(CELLS.place(events.log_mass), events.weight, len(x))
    assert np.abs(np.diff(density)).max() < 0.5 * np.abs(np.diff(counts / counts.sum())).max()


def test_errors_of_the_shape_are_those_of_toys():
    rng = np.random.default_rng(4)
    category = CategoryEvents(np.array([1.0]), np.array([truth() @ CELLS.log_mass]))
    made = []
    for _ in range(60):
        fit = fit_polynomial(CELLS, toy(2000, rng), 2)
        made.append(tilted_to(CELLS, fit.density(), category)[0][0])
    variations = shape_errors(fit, category)
    assert len(variations) == 1  # The tilt takes one of the two directions back.
    said = np.sqrt(sum(((up - down)[0] / 2) ** 2 for up, down in variations))
    spread = np.std(made, axis=0)
    used = spread > 0.1 * spread.max()
    np.testing.assert_allclose(said[used], spread[used], rtol=0.35)


def test_nothing_to_fit_is_refused():
    events = toy(100, np.random.default_rng(1))
    empty = LooseEvents(events.log_mass, 0 * events.weight, events.event)
    with pytest.raises(ContractError, match="no event above the lowest score edge"):
        fit_polynomial(CELLS, empty, 3)
    far = CategoryEvents(np.ones(1), np.array([CELLS.log_edges[-1]]))
    with pytest.raises(ContractError, match="a mean of ln m_HH that no tilt"):
        tilts(CELLS, truth(), far)
