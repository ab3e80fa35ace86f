"""Signal templates as parabolas through samples, against the discrete truth."""

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.interpolated_signal import interpolated_templates
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.templates import (
    CutAndBins,
    Scores,
    SignalEvents,
    direct_signal_template,
    evaluate,
)

EDGES = np.array([200.0, 400.0, 600.0, 1000.0])
CUT = CutAndBins(0.5, EDGES, kappa_input="fixed", fixed_kappa_input=1.0)
#: Every point of a small phase space: mass, whether it passes, coefficients of its probability.
POINTS = 57
RNG = np.random.default_rng(11)
MASS = RNG.uniform(200, 1000, POINTS)
SCORE = RNG.uniform(0, 1, POINTS)
ROOTS = RNG.uniform(-1, 4, POINTS)
POLYNOMIAL = RNG.uniform(0.2, 1, POINTS)[:, None] * np.stack(
    [ROOTS**2 + 0.3, -2 * ROOTS, np.ones(POINTS)], axis=1
)
TOTAL = POLYNOMIAL.sum(axis=0)


def sample(kappa, generated=100.0, *, weight=1.0, copies=1):
    """All points at once, each with its probability: no fluctuation is left."""
    probability = evaluate(POLYNOMIAL, kappa) / evaluate(TOTAL, kappa)
    n = copies * POINTS
    return SignalEvents(
        f"k{kappa}", np.tile(weight * probability / copies, copies), np.tile(MASS, copies),
        Scores(np.array([1.0]), np.tile(SCORE, copies)[:, None]), np.ones(n), generated,
        kappa_lambda=kappa, polynomial=np.full((n, 3), np.nan),
    )  # fmt: skip


def truth(kappa):
    probability = evaluate(POLYNOMIAL, kappa) / evaluate(TOTAL, kappa)
    return np.histogram(MASS, EDGES, weights=probability * (SCORE > 0.5))[0]


@pytest.mark.parametrize("kappas", [(0.0, 1.0, 5.0), (-5.0, 0.0, 1.0, 2.4, 9.0)])
def test_three_samples_are_the_signal_at_any_coupling(kappas):
    asked = [-10.0, 1.0, 2.4, 3.7, 15.0]
    found = interpolated_templates([sample(k) for k in kappas], CUT, asked, TOTAL)
    for kappa, histogram in zip(asked, found, strict=True):
        np.testing.assert_allclose(histogram.sum_weights, truth(kappa), rtol=1e-9, atol=1e-13)


def test_a_sample_is_its_own_template_and_parts_of_it_are_one():
    parts = [sample(1.0, 30.0), sample(1.0, 70.0)]
    samples = [sample(0.0), *parts, sample(5.0)]
    (found,) = interpolated_templates(samples, CUT, [1.0], TOTAL)
    direct = direct_signal_template(samples, 1.0, CUT)
    np.testing.assert_allclose(found.sum_weights, direct.sum_weights)
    np.testing.assert_allclose(found.sum_weights_squared, direct.sum_weights_squared)


def test_errors_grow_away_from_the_samples():
    near, far = interpolated_templates([sample(k) for k in (0.0, 1.0, 2.0)], CUT, [1, 12], TOTAL)
    relative = [np.sqrt(h.sum_weights_squared) / h.sum_weights for h in (near, far)]
    assert (relative[1] > 3 * relative[0]).all()


def test_what_fixes_no_parabola_is_refused():
    with pytest.raises(ConfigError, match=r"at kappa_lambda \[0.0, 1.0\] do not fix a parabola"):
        interpolated_templates([sample(0.0), sample(1.0)], CUT, [1.0], TOTAL)
    # A sample of five times its efficiency belongs to another process.
    good = [sample(kappa, copies=500) for kappa in (0.0, 1.0, 2.0)]
    assert len(interpolated_templates(good, CUT, [1.0, 6.0], TOTAL)) == 2
    good[1] = sample(1.0, weight=5.0, copies=500)
    with pytest.raises(ContractError, match="do not belong to one process"):
        interpolated_templates(good, CUT, [1.0, 6.0], TOTAL)


@pytest.mark.parametrize("other", [{"errors": "bootstrap"}, {"kappa_input": "own"}])
def test_methods_that_do_not_go_together(other):
    base = {"processes": {"hh": {"kind": "signal"}}, "signal_method": "interpolated"}
    with pytest.raises(ConfigError, match="interpolated and .* do not go together"):
        TemplateSettings.checked({**base, **other})
