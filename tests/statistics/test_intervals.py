"""Intervals of curves whose crossings are known."""

import numpy as np
import pytest

from hh4b.core.errors import ConfigError
from hh4b.statistics.intervals import find_interval, spline_minimum

KAPPA = np.arange(-10.0, 16.0)


def test_a_parabola_crosses_where_it_must():
    interval = find_interval(KAPPA, 0.5 * (KAPPA - 2.0) ** 2, 8.0)
    assert interval.segments[0] == pytest.approx((-2.0, 6.0))
    assert interval.width == pytest.approx(8.0)
    assert interval.reasons == {}
    assert interval.as_dict()["interval"] == pytest.approx([-2.0, 6.0])


def test_two_minima_give_two_segments_and_the_outermost_interval():
    curve = ((KAPPA - 1.3) ** 2 - 9.0) ** 2 / 10  # a quartic: the spline is close to it
    interval = find_interval(KAPPA, curve, 2.0)
    low, high = np.sqrt(9 - np.sqrt(20)), np.sqrt(9 + np.sqrt(20))
    expected = [(1.3 - high, 1.3 - low), (1.3 + low, 1.3 + high)]
    assert np.array(interval.segments) == pytest.approx(np.array(expected), abs=0.05)
    assert interval.lower == interval.segments[0][0]
    assert interval.upper == interval.segments[1][1]


def test_a_bound_outside_the_scan_is_none_with_a_reason():
    interval = find_interval(KAPPA, (KAPPA - 14.0) ** 2, 4.0)
    assert interval.lower == pytest.approx(12.0)
    assert interval.upper is None
    assert interval.width is None
    assert interval.reasons == {"upper": "the scan ends at kappa_lambda = 15 before the threshold"}
    interval = find_interval(KAPPA, 0 * KAPPA, 4.0)
    assert interval.segments == ((None, None),)
    assert set(interval.reasons) == {"lower", "upper"}


def test_everything_excluded_is_no_interval():
    interval = find_interval(KAPPA, 0 * KAPPA + 10.0, 4.0)
    assert interval.segments == ()
    assert interval.as_dict()["interval"] == [None, None]
    assert "every kappa_lambda of the scan [-10, 15] is excluded" in interval.reasons["lower"]


def test_a_curve_that_touches_the_threshold_stays_one_segment():
    curve = (KAPPA - 2.0) ** 2 * (KAPPA - 6.0) ** 2 / 100
    interval = find_interval(KAPPA, curve, float(curve[KAPPA == 4.0][0]))
    assert len(interval.segments) == 1
    assert interval.lower == pytest.approx(4 - 2 * np.sqrt(2), abs=0.02)


def test_a_crossing_at_a_scan_point_counts_once():
    interval = find_interval(KAPPA, np.abs(KAPPA - 1.0) * 0 + (KAPPA - 1.0) ** 2, 9.0)
    assert interval.segments[0] == pytest.approx((-2.0, 4.0))
    assert len(interval.segments) == 1


@pytest.mark.parametrize("place", [-9.7, 0.0, 2.43, 14.999])
def test_the_minimum_lies_on_the_spline_not_on_the_points(place):
    curve = 0.7 * (KAPPA - place) ** 2 + 3
    assert spline_minimum(KAPPA, curve) == pytest.approx(3.0, abs=1e-10)


def test_minimum_of_random_curves_against_a_fine_scan():
    from scipy.interpolate import CubicSpline

    curves = np.random.default_rng(1).normal(size=(26, 17))
    fine = CubicSpline(KAPPA, curves)(np.linspace(-10, 15, 200_001)).min(axis=0)
    found = spline_minimum(KAPPA, curves)
    assert (found <= fine + 1e-12).all()
    np.testing.assert_allclose(found, fine, atol=1e-6)


def test_short_or_unordered_scans_are_refused():
    with pytest.raises(ConfigError, match="at least four"):
        find_interval(np.array([0.0, 1.0, 2.0]), np.zeros(3), 1.0)
    with pytest.raises(ConfigError, match="rising order"):
        find_interval(np.array([0.0, 1.0, 1.0, 2.0]), np.zeros(4), 1.0)
