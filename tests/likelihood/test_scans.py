"""Scans, limits and what is quoted with them: against the note's model and closed forms."""

import numpy as np
import pyhf
import pytest
from scipy.optimize import brentq
from scipy.stats import norm
from small_models import at, pyhf_model, small_model

from hh4b.core.errors import FitFailed
from hh4b.likelihood.fits import CompiledModel, fit_fixed
from hh4b.likelihood.model import Channel, LikelihoodModel, NormEffect, Parameter
from hh4b.likelihood.mu_limits import (
    asymptotic_cls,
    discovery_significance,
    find_mu_limits,
)
from hh4b.likelihood.pulls import IntervalParts, best_fit, pulls
from hh4b.likelihood.scans import (
    find_minima,
    goodness_of_fit,
    kappa_mu_contour,
    scan_kappa,
    threshold_of,
)
from hh4b.statistics.limits import make_scan
from hh4b.statistics.note_model import (
    BANDS,
    Yields,
    expected_upper_limits,
    minus_2_log_likelihood,
)

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")
SCAN = np.arange(-10.0, 15.5, 0.5)


@pytest.mark.parametrize("asimov", [None, 1.0])
def test_without_effects_it_is_the_model_of_the_note(asimov):
    model = small_model(11, effects=False, channels=1)
    compiled = CompiledModel.of(model)
    signal = np.array([at(model.signal, kappa) for kappa in SCAN])
    yields = Yields(SCAN, signal, sum(model.backgrounds.values())[None])
    data = compiled.asimov(asimov)
    wanted = make_scan(
        SCAN,
        minus_2_log_likelihood(yields, data),
        expected_upper_limits(yields),
        threshold_of(0.95),
    )
    scan = scan_kappa(compiled, SCAN, data)
    assert scan.curve == pytest.approx(wanted.minus_2_delta_log_l, abs=1e-9)
    found, segments = scan.intervals[0.95].segments, wanted.profile.segments
    assert np.array(found, float) == pytest.approx(np.array(segments, float), abs=1e-6)
    limits = find_mu_limits(compiled, SCAN)
    assert limits.observed is None
    assert limits.expected == pytest.approx(wanted.mu_upper, rel=1e-7)


def test_two_minima_and_both_stretches():
    compiled = CompiledModel.of(small_model(12))
    scan = scan_kappa(compiled, SCAN, compiled.asimov(-4.0))
    assert scan.best == pytest.approx(-4.0, abs=0.02)
    assert scan.minima[0].minus_2_delta_log_l == pytest.approx(0.0, abs=1e-6)
    assert len(scan.minima) == 2
    assert scan.minima[1].kappa_lambda > 5
    curve = (SCAN**2 - 16) ** 2 / 100
    assert [one.kappa_lambda for one in find_minima(SCAN, curve)] == pytest.approx(
        [-4, 4], abs=0.02
    )
    # An interval that the scan does not close says so, and has no end there.
    open_scan = scan_kappa(compiled, np.linspace(0.0, 1.0, 5), compiled.asimov(0.5))
    assert open_scan.intervals[0.95].segments == ((None, None),)
    assert set(open_scan.intervals[0.95].reasons) == {"lower", "upper"}


def test_profiled_limit_and_significance_equal_pyhf():
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-4))
    compiled = CompiledModel.of(small_model(13))
    stock = pyhf_model(compiled.model, 3.0)
    nominal = stock.config.suggested_init()
    nominal[stock.config.poi_index] = 0.0
    data = stock.expected_data(nominal)
    limits = find_mu_limits(compiled, [3.0]).expected[0]
    mu = limits[BANDS.index(0)]
    found, bands = pyhf.infer.hypotest(
        mu, data, stock, test_stat="qtilde", return_expected_set=True
    )
    assert float(bands[2]) == pytest.approx(0.05, abs=1e-5)
    assert float(found) == pytest.approx(0.05, abs=1e-5)
    edges = [
        pyhf.infer.hypotest(limits[n], data, stock, return_expected_set=True)[1] for n in (0, 4)
    ]
    assert [float(edges[0][0]), float(edges[1][4])] == pytest.approx([0.05, 0.05], abs=1e-5)
    # Of background-only data the observed limit is the expected median.
    observed = find_mu_limits(compiled, [3.0], data=compiled.asimov()).observed
    assert observed[0] == pytest.approx(mu, rel=1e-4)
    stock = pyhf_model(compiled.model, 1.0)
    data = stock.expected_data(stock.config.suggested_init())
    p_value = pyhf.infer.hypotest(0.0, data, stock, test_stat="q0")
    assert norm.isf(float(p_value)) == pytest.approx(discovery_significance(compiled), abs=1e-4)


def test_observed_limit_of_a_fluctuation_equals_pyhf():
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-4))
    compiled = CompiledModel.of(small_model(14))
    data = np.random.default_rng(15).poisson(compiled.asimov(1.0)).astype(float)
    limit = find_mu_limits(compiled, [2.0], data=data).observed[0]
    stock = pyhf_model(compiled.model, 2.0)
    centres = [0.0] * int(compiled.constrained.sum())
    cls = pyhf.infer.hypotest(limit, [*data, *centres], stock, test_stat="qtilde")
    # pyhf makes its Asimov data with the auxiliary data of the fit as well, as here.
    assert float(cls) == pytest.approx(0.05, abs=2e-5)


def test_cls_far_above_the_asimov_value_uses_the_other_tail():
    q, asimov = np.array([9.0]), np.array([4.0])
    wanted = norm.sf(13 / 4) / norm.sf(5 / 4)
    assert asymptotic_cls(q, asimov) == pytest.approx([wanted], rel=1e-12)
    assert asymptotic_cls(asimov, asimov) == pytest.approx([norm.sf(2) / 0.5], rel=1e-12)


def test_no_limit_is_nan_and_not_the_edge_of_a_range():
    # The background of one bin may be anything: no signal is excluded.
    free = Parameter("n", "gaussian", "g")
    wide = NormEffect("n", "b", {"c": 1e3}, {"c": 1e-3})
    model = LikelihoodModel(
        (Channel("c", (200.0, 300.0)),),
        np.array([[1e-3], [0.0], [0.0]]),
        {"b": np.array([100.0])},
        (free,),
        (wide,),
    )
    loose = find_mu_limits(CompiledModel.of(model), [1.0]).expected
    assert np.isfinite(loose).all() or np.isnan(loose[0, -1])
    none = LikelihoodModel(model.channels, np.zeros((3, 1)), model.backgrounds)
    assert np.isnan(find_mu_limits(CompiledModel.of(none), [1.0]).expected).all()


def test_negative_bins_end_a_scan_with_their_place():
    model = LikelihoodModel(
        (Channel("c", (200.0, 300.0)),),
        np.array([[1.0], [-4.0], [1.0]]),
        {"b": np.array([2.5])},
    )
    with pytest.raises(FitFailed, match="kappa_lambda = 2 .*interference"):
        scan_kappa(CompiledModel.of(model), [0.0, 1.0, 2.0, 3.0], np.array([2.0]))


def test_contour_is_the_scan_at_mu_one():
    compiled = CompiledModel.of(small_model(16))
    data = compiled.asimov(1.0)
    contour = kappa_mu_contour(compiled, SCAN[::5], [0.0, 1.0, 2.0], data)
    scan = scan_kappa(compiled, SCAN, data)
    assert contour.minus_2_delta_log_l.min() >= 0
    assert contour.minus_2_delta_log_l[:, 1] == pytest.approx(scan.minus_2_log_l[::5], abs=1e-6)
    assert contour.as_dict()["thresholds"]["0.95"] == pytest.approx(5.991, abs=1e-3)


def test_pulls_constraints_impacts_and_breakdown():
    compiled = CompiledModel.of(small_model(17))
    data = compiled.asimov(1.0)
    scan = scan_kappa(compiled, SCAN, data)
    best = best_fit(compiled, scan, data)
    quoted = pulls(compiled, best)
    assert quoted["tag"]["pull"] == pytest.approx(0.0, abs=1e-3)
    assert 0 < quoted["tilt"]["constraint"] < 0.9  # data constrain the background's shape
    assert 0.9 < quoted["lumi"]["constraint"] <= 1.0
    assert quoted["free_four_b"]["pull"] is None
    assert quoted["free_four_b"]["value"] == pytest.approx(1.0, abs=1e-3)
    interval = IntervalParts(compiled, scan, best, data)
    impacts = interval.impacts()
    assert set(impacts) == set(scan.intervals)
    moved = impacts[0.95]
    # A larger signal by tagging is seen as less signal in the fit: both ends move.
    assert moved["tag"]["up"][1] * moved["tag"]["down"][1] < 0
    parts = interval.breakdown()[0.95]
    assert set(parts) == {"total", "statistics", *compiled.groups}
    total, alone = parts["total"]["parts"], parts["statistics"]["parts"]
    assert 0 < alone[1] < total[1]
    assert 0 <= parts["detector"]["parts"][1] < total[1]


def test_goodness_of_fit():
    compiled = CompiledModel.of(small_model(18))
    good = goodness_of_fit(compiled, scan_kappa(compiled, SCAN, compiled.asimov(1.0)))
    assert good["minus_2_log_l"] == pytest.approx(0.0, abs=1e-3)
    assert good["degrees_of_freedom"] == compiled.n_bins - 2
    odd = compiled.asimov(1.0)
    odd[2] *= 2
    assert goodness_of_fit(compiled, scan_kappa(compiled, SCAN, odd))["p_value"] < 1e-3


def test_interval_end_is_where_the_profile_crosses():
    compiled = CompiledModel.of(small_model(19))
    data = compiled.asimov(1.0)
    scan = scan_kappa(compiled, np.arange(-10, 15.05, 0.1), data)
    wanted = brentq(
        lambda kappa: fit_fixed(compiled, kappa, 1.0, data).minus_2_log_l[0] - threshold_of(0.95),
        scan.best,
        12.0,
    )
    assert scan.intervals[0.95].segments[0][1] == pytest.approx(wanted, abs=1e-4)
