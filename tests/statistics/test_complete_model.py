"""The complete model in closed form against pyhf, which profiles every nuisance numerically."""

import numpy as np
import pyhf
import pytest

from hh4b.core.errors import FitFailed
from hh4b.statistics import complete_model, note_model
from hh4b.statistics.complete_model import UncertainYields
from hh4b.statistics.engines import own_uncertainty
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.limits import curves_of
from hh4b.statistics.note_model import Yields
from hh4b.statistics.pyhf_limits import point_model, scan_with_pyhf
from hh4b.statistics.scaling import ScaledTemplates
from hh4b.statistics.systematics import NormSystematic
from hh4b.statistics.workspace import build_workspace
from hh4b.statistics.workspace_format import read_workspace

NORM = NormSystematic(effect="norm", processes=["four_b"], size=0.07)


def scaled_templates(seed=1, n_bins=4, n_kappa=4):
    rng = np.random.default_rng(seed)
    kappa = np.array([1.0, 0.0, 2.0, -1.0])[:n_kappa]
    kappa.sort()
    signal = rng.gamma(2.0, 4.0, (n_kappa, n_bins))
    background = rng.gamma(3.0, 40.0, (1, n_bins))
    return ScaledTemplates(
        kappa,
        signal,
        (0.1 * signal) ** 2,
        {"four_b": BinnedRows(background, (0.15 * background) ** 2)},
        np.ones(n_kappa),
        139.0,
        13.0,
        0.582,
    )


def as_workspace(scaled, asimov="background"):
    specification = build_workspace(
        scaled, model="complete", asimov=asimov, systematics={"background_normalisation": NORM}
    )
    return read_workspace(specification, where="test")


def tight_minuit():
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-3))


@pytest.mark.parametrize("asimov", ["background", "sm"])
def test_likelihood_of_asimov_data_agrees_with_pyhf(asimov):
    scaled = scaled_templates()
    workspace = as_workspace(scaled, asimov)
    assert workspace.asimov == asimov
    assert own_uncertainty(workspace) == pytest.approx(0.07)
    yields = Yields(scaled.kappa_lambda, scaled.signal, scaled.background)
    fast, _ = curves_of(scaled, yields, 0.07, asimov=asimov)
    tight_minuit()
    slow = []
    for index in range(4):
        model = point_model(workspace, index)
        data = [*workspace.data.tolist(), *model.config.auxdata]
        slow.append(
            float(pyhf.infer.mle.fixed_poi_fit(1.0, data, model, return_fitted_val=True)[1])
        )
    pyhf.set_backend("numpy", "scipy")
    np.testing.assert_allclose(fast - fast[0], np.array(slow) - slow[0], atol=2e-5)


def test_both_curves_agree_with_the_engine_pyhf():
    scaled = scaled_templates(seed=2, n_bins=2, n_kappa=2)
    yields = Yields(scaled.kappa_lambda, scaled.signal, scaled.background)
    likelihood, limits = curves_of(scaled, yields, 0.07)
    slow_likelihood, slow_limits = scan_with_pyhf(as_workspace(scaled), optimizer="minuit")
    pyhf.set_backend("numpy", "scipy")
    np.testing.assert_allclose(
        likelihood - likelihood[0], slow_likelihood - slow_likelihood[0], atol=2e-5
    )
    np.testing.assert_allclose(limits, slow_limits, rtol=2e-5)


def test_fluctuated_data_agree_with_pyhf():
    scaled = scaled_templates(seed=4)
    workspace = as_workspace(scaled)
    data = np.random.default_rng(3).poisson(1.2 * scaled.background[0]).astype(float)
    model = UncertainYields(
        Yields(scaled.kappa_lambda, scaled.signal, scaled.background),
        np.full_like(scaled.signal, 0.1),
        np.full_like(scaled.background, 0.15),
        0.07,
    )
    mu = np.array([0.5, 1.0, 3.0, 0.0])
    fast = complete_model.minus_2_log_likelihood(model, mu, data)
    tight_minuit()
    slow = []
    for index, strength in enumerate(mu):
        reference = point_model(workspace, index)
        full = [*data.tolist(), *reference.config.auxdata]
        _, value = pyhf.infer.mle.fixed_poi_fit(strength, full, reference, return_fitted_val=True)
        slow.append(float(value))
    pyhf.set_backend("numpy", "scipy")
    np.testing.assert_allclose(fast - fast[0], np.array(slow) - slow[0], atol=2e-5)


def test_without_uncertainties_it_is_the_model_of_the_note():
    scaled = scaled_templates()
    yields = Yields(scaled.kappa_lambda, scaled.signal, scaled.background)
    model = UncertainYields(yields, 0 * scaled.signal, 0 * scaled.background, 1e-9)
    mu = np.full(4, 1.3)
    np.testing.assert_allclose(
        complete_model.minus_2_log_likelihood(model, mu, scaled.background),
        note_model.expected_test_statistic(yields, mu),
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        complete_model.expected_limits(model), note_model.expected_upper_limits(yields), rtol=1e-6
    )


def test_uncertainties_weaken_every_limit():
    scaled = scaled_templates()
    yields = Yields(scaled.kappa_lambda, scaled.signal, scaled.background)
    last = note_model.expected_upper_limits(yields)
    for uncertainty, error in ((0.02, 0.01), (0.05, 0.03), (0.2, 0.1)):
        model = UncertainYields(
            yields, 0 * scaled.signal, 0 * scaled.background + error, uncertainty
        )
        limits = complete_model.expected_limits(model)
        assert (limits > last).all()
        last = limits


def test_a_signal_that_statistics_allow_to_vanish_has_no_limit():
    scaled = scaled_templates()
    yields = Yields(scaled.kappa_lambda, scaled.signal, scaled.background)
    model = UncertainYields(yields, 0 * scaled.signal + 2.0, 0 * scaled.background, 0.05)
    with pytest.raises(FitFailed, match="allow any signal strength"):
        complete_model.expected_limits(model)
