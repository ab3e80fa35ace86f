"""CLs from toy experiments against the asymptotic formulae, at one kappa_lambda."""

import numpy as np
import pytest

from hh4b.statistics.note_model import Yields, expected_cls
from hh4b.statistics.roots import find_roots


def best_mu(signal, background, data):
    """Maximum-likelihood mu >= 0 of each toy: root of the derivative of the likelihood."""

    def slope(mu):
        expected = background + mu[:, None] * signal
        return np.sum(signal * (1 - data / expected), axis=1)

    zero = np.zeros(len(data))
    start = slope(zero) >= 0  # best fit at the boundary
    return find_roots(lambda mu: np.where(start, mu, slope(mu)), zero - 1e-9, zero + 200.0)


def q_tilde(signal, background, data, mu):
    """-2 ln of the likelihood ratio to the best mu in [0, mu]."""
    best = np.minimum(best_mu(signal, background, data), mu)

    def minus_2_log_l(strength):
        expected = background + np.multiply.outer(strength, signal)
        return 2 * np.sum(expected - data * np.log(expected), axis=1)

    return minus_2_log_l(np.full(len(data), mu)) - minus_2_log_l(best)


@pytest.mark.parametrize("mu", [0.6, 1.2])
def test_median_expected_cls_from_toys(mu):
    background = np.array([61.0, 40.0, 22.0, 9.0, 4.0])
    signal = np.array([4.0, 9.0, 8.0, 3.0, 2.0])
    rng = np.random.default_rng(17)
    n_toys = 40_000
    with_signal = rng.poisson(background + mu * signal, (n_toys, 5))
    background_only = rng.poisson(background, (n_toys, 5))
    q_signal = q_tilde(signal, background, with_signal, mu)
    q_background = q_tilde(signal, background, background_only, mu)
    median = np.median(q_background)
    cls = np.mean(q_signal >= median) / np.mean(q_background >= median)
    yields = Yields(np.array([1.0]), signal[None], background[None])
    expected = expected_cls(yields, np.array([mu]))[0, 2]
    # Counts of a few to sixty a bin: the asymptotic formulae hold to ten per cent here.
    error = np.sqrt(cls / (0.5 * n_toys) * 2)
    assert abs(cls - expected) < 0.1 * expected + 4 * error
