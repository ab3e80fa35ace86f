import numpy as np
import pytest

from hh4b.events.kappa_input import pick_kappa


def test_every_value_is_equally_likely_and_the_list_order_does_not_count():
    draws = np.random.default_rng(5).random(70_001).astype(np.float32)
    picked = pick_kappa(draws, [5, -5, 1])
    np.testing.assert_array_equal(picked, pick_kappa(draws, [1, 5, -5, 5]))
    values, counts = np.unique(picked, return_counts=True)
    assert values.tolist() == [-5, 1, 5]
    assert counts / len(draws) == pytest.approx(1 / 3, abs=0.01)


def test_a_draw_rounded_up_to_one_is_the_last_value():
    assert pick_kappa(np.array([np.float32(1 - 1e-9)]), [1, 2]).tolist() == [2]
