"""Closed forms of the note's model against hand-worked values and against pyhf."""

import numpy as np
import pyhf
import pytest
from scipy.stats import norm

from hh4b.core.errors import ContractError, FitFailed
from hh4b.statistics.note_model import (
    BANDS,
    Yields,
    band_targets,
    expected_cls,
    expected_test_statistic,
    expected_upper_limits,
    minus_2_log_likelihood,
)
from hh4b.statistics.roots import find_roots

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")


def random_yields(seed, n_kappa=5, n_bins=7, scale=30.0):
    rng = np.random.default_rng(seed)
    background = rng.gamma(1.0, scale, (1, n_bins))
    signal = rng.gamma(1.0, 2.0, (n_kappa, n_bins))
    signal[0, 3] = 0.0
    background[0, 3] = 0.0
    signal[:, 3] = 0.0
    return Yields(np.arange(n_kappa, dtype=float), signal, background)


def pyhf_model(signal, background):
    return pyhf.Model(
        {
            "channels": [
                {
                    "name": "m_hh",
                    "samples": [
                        {"name": "background", "data": list(background), "modifiers": []},
                        {
                            "name": "signal",
                            "data": list(signal),
                            "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
                        },
                    ],
                }
            ],
            "parameters": [{"name": "mu", "bounds": [[0.0, 1000.0]], "inits": [1.0]}],
        },
        poi_name="mu",
    )


def test_one_bin_by_hand():
    yields = Yields(np.array([1.0]), np.array([[10.0]]), np.array([[100.0]]))
    # 2 (s - b ln(1 + s/b)) = 2 (10 - 100 ln 1.1)
    assert expected_test_statistic(yields, np.array([1.0]))[0] == pytest.approx(
        2 * (10 - 100 * np.log(1.1)), rel=1e-12
    )
    limits = expected_upper_limits(yields)[0]
    for mu, sigma in zip(limits, BANDS, strict=True):
        q = 2 * (10 * mu - 100 * np.log1p(0.1 * mu))
        cls = norm.sf(np.sqrt(q) - sigma) / norm.cdf(sigma)
        assert cls == pytest.approx(0.05, abs=1e-9)
    assert np.sqrt(band_targets()[2]) == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_cls_values_agree_with_hypotest(seed):
    yields = random_yields(seed)
    mu = np.linspace(0.3, 6.0, len(yields.kappa_lambda))
    fast = expected_cls(yields, mu)
    pyhf.set_backend("numpy", "scipy")
    for row, strength in enumerate(mu):
        model = pyhf_model(yields.signal[row], yields.background[0])
        data = yields.background[0].tolist()
        _, expected = pyhf.infer.hypotest(
            strength, data, model, test_stat="qtilde", return_expected_set=True
        )
        np.testing.assert_allclose(fast[row], np.ravel(expected), atol=2e-6)


@pytest.mark.parametrize("seed", range(3))
def test_upper_limits_agree_with_pyhf(seed):
    yields = random_yields(seed + 10, n_kappa=2)
    fast = expected_upper_limits(yields)
    pyhf.set_backend("numpy", "scipy")
    for row in range(2):
        model = pyhf_model(yields.signal[row], yields.background[0])
        data = yields.background[0].tolist()
        _, expected = pyhf.infer.intervals.upper_limits.upper_limit(data, model, rtol=1e-8)
        np.testing.assert_allclose(fast[row], np.ravel(expected), rtol=3e-6)


def test_likelihood_agrees_with_pyhf_up_to_a_constant():
    yields = random_yields(21)
    data = np.random.default_rng(2).poisson(yields.background[0] + 3.0 * (yields.background[0] > 0))
    fast = minus_2_log_likelihood(yields, data.astype(float))
    slow = [
        -2 * pyhf_model(signal, yields.background[0]).logpdf([1.0], data.tolist())[0]
        for signal in yields.signal
    ]
    np.testing.assert_allclose(fast - fast[0], np.array(slow) - slow[0], atol=1e-8)
    asimov = minus_2_log_likelihood(yields)
    same = minus_2_log_likelihood(yields, yields.background[0])
    np.testing.assert_allclose(asimov, same, rtol=1e-9)


def test_replicas_on_a_leading_axis_are_scans_of_their_own():
    many = [random_yields(seed) for seed in range(3)]
    stacked = Yields(
        many[0].kappa_lambda,
        np.stack([yields.signal for yields in many]),
        np.stack([yields.background for yields in many]),
    )
    together = expected_upper_limits(stacked)
    for row, yields in enumerate(many):
        np.testing.assert_allclose(together[row], expected_upper_limits(yields), rtol=1e-10)


@pytest.mark.parametrize("factor", [1e-8, 1e-3, 1.0, 1e4, 1e8])
def test_limits_converge_at_any_size_of_the_signal(factor):
    yields = random_yields(5)
    scaled = Yields(yields.kappa_lambda, factor * yields.signal, yields.background)
    np.testing.assert_allclose(
        factor * expected_upper_limits(scaled), expected_upper_limits(yields), rtol=1e-9
    )


def test_more_background_and_less_signal_weaken_the_limit():
    yields = random_yields(7)
    limits = expected_upper_limits(yields)
    more = Yields(yields.kappa_lambda, yields.signal, 2 * yields.background)
    less = Yields(yields.kappa_lambda, 0.5 * yields.signal, yields.background)
    assert (expected_upper_limits(more) > limits).all()
    np.testing.assert_allclose(expected_upper_limits(less), 2 * limits, rtol=1e-9)
    assert (np.diff(limits, axis=1) > 0).all()


def test_signal_without_background_is_refused_with_bin_and_kappa():
    yields = Yields(np.array([1.0, 2.5]), np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([[5.0, 0]]))
    with pytest.raises(ContractError, match=r"bin 1 has no background .*kappa_lambda = 2\.5"):
        yields.check()


def test_no_signal_and_nonsense_are_refused():
    with pytest.raises(ContractError, match=r"no signal is selected at kappa_lambda = 3"):
        Yields(np.array([1.0, 3.0]), np.array([[1.0], [0.0]]), np.array([[5.0]])).check()
    for bad in (np.nan, -1.0, np.inf):
        with pytest.raises(ContractError, match="finite and not negative"):
            Yields(np.array([1.0]), np.array([[bad]]), np.array([[5.0]])).check()


def test_events_where_none_is_expected_are_refused():
    yields = Yields(np.array([1.0]), np.array([[1.0, 0.0]]), np.array([[5.0, 0.0]]))
    with pytest.raises(ContractError, match="where none is expected"):
        minus_2_log_likelihood(yields, np.array([5.0, 1.0]))


def test_roots_of_many_functions():
    targets = np.array([[0.5, 2.0], [1e-6, 1e6]])
    roots = find_roots(lambda x: np.exp(x) - targets, np.full((2, 2), -50.0), np.full((2, 2), 50.0))
    np.testing.assert_allclose(roots, np.log(targets), rtol=1e-9, atol=1e-9)
    with pytest.raises(FitFailed, match="the root is not between"):
        find_roots(lambda x: x + 5, np.zeros(2), np.ones(2))
