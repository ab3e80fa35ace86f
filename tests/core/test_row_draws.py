"""Some rows of each shower event, drawn by weight."""

import numpy as np
import pytest

from hh4b.core.errors import ContractError
from hh4b.core.row_draws import draw_rows
from hh4b.core.rows_per_shower import RowDraw
from hh4b.core.shower_events import ShowerEvents

#: Four events: of one row, of two, of three without weight in the last, of four.
NUMBERS = np.array([5, 9, 9, 7, 7, 7, 1, 1, 1, 1])
WEIGHT = np.array([2.0, 1.0, 3.0, 4.0, 1.0, 0.0, 1.0, 2.0, 3.0, 4.0])
EVENTS = ShowerEvents("four_b", NUMBERS)


def drawn(limit, seed=1, events=EVENTS, weight=WEIGHT):
    rows, kept = draw_rows(
        events, weight, RowDraw(rows_per_shower=limit, seed=seed), where="four_b.h5"
    )
    full = np.zeros(len(weight))
    full[rows] = kept
    assert (np.diff(rows) > 0).all()
    return rows, full


def sums(values):
    return np.array([values[number == NUMBERS].sum() for number in (5, 9, 7, 1)])


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_an_event_keeps_its_weight_and_so_many_rows(limit):
    for seed in range(50):
        rows, kept = drawn(limit, seed)
        assert sums(kept) == pytest.approx(sums(WEIGHT), rel=1e-14)
        assert [int((NUMBERS[rows] == n).sum()) for n in (5, 9, 1)] == [1, min(2, limit), limit]
        # A row without weight is not drawn before those that have some.
        assert set(np.flatnonzero(NUMBERS == 7)[:2]) >= set(rows[kept[rows] > 0]) & {3, 4, 5}


def test_one_row_has_the_weight_of_its_event():
    rows, kept = drawn(1)
    assert kept[rows].tolist() == [2.0, 4.0, 5.0, 10.0]


def test_probabilities_by_hand():
    """Of 4, 3, 2, 1 and two places: 0.8, 0.6, 0.4, 0.2, each then of weight 5."""
    inside = np.zeros(len(WEIGHT))
    for seed in range(4000):
        rows, kept = drawn(2, seed)
        inside[rows] += 1
        assert kept[rows][NUMBERS[rows] == 1].tolist() == [5.0, 5.0]
    assert inside[6:] / 4000 == pytest.approx([0.2, 0.4, 0.6, 0.8], abs=0.03)


def test_a_heavy_row_is_always_kept():
    """Of 8, 1, 1 and two places: 8 itself, and one of the others with the weight of both."""
    events = ShowerEvents("a", np.zeros(3, np.int64))
    for seed in range(20):
        rows, kept = drawn(2, seed, events, np.array([1.0, 8.0, 1.0]))
        assert kept[1] == 8
        assert kept[rows].sum() == 10
        assert len(rows) == 2


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_every_weighted_sum_is_unbiased(limit):
    """The mean weight of each row over many seeds is its weight, within 4 standard errors."""
    number = 3000
    values = np.array([drawn(limit, seed)[1] for seed in range(number)])
    error = values.std(axis=0) / np.sqrt(number)
    assert (np.abs(values.mean(axis=0) - WEIGHT) <= 4 * error + 1e-12).all()


def test_neither_order_nor_company_decides():
    rng = np.random.default_rng(3)
    numbers = rng.integers(0, 60, 300)
    weight = rng.exponential(size=300)
    whole = drawn(2, 1, ShowerEvents("a", numbers), weight)[1]
    order = rng.permutation(300)
    mixed = drawn(2, 1, ShowerEvents("a", numbers[order]), weight[order])[1]
    np.testing.assert_array_equal(mixed, whole[order])
    for part in (numbers < 20, numbers >= 20):
        alone = drawn(2, 1, ShowerEvents("a", numbers[part]), weight[part])[1]
        np.testing.assert_array_equal(alone, whole[part])


def test_seed_and_sample_decide():
    weight = np.ones(400)
    events = ShowerEvents("a", np.repeat(np.arange(200), 2))
    first = drawn(1, 1, events, weight)[0]
    assert (first == drawn(1, 1, events, weight)[0]).all()
    other = ShowerEvents("b", events.numbers)
    for found in (drawn(1, 2, events, weight)[0], drawn(1, 1, other, weight)[0]):
        assert 60 < (first != found).sum() < 140


def test_events_without_weight_keep_rows():
    rows, kept = drawn(1, 1, ShowerEvents("a", np.zeros(3, np.int64)), np.zeros(3))
    assert len(rows) == 1
    assert kept.sum() == 0


def test_nothing_is_drawn_without_need():
    alone = ShowerEvents("a", np.arange(3))
    for events, limit in ((EVENTS, None), (alone, 1)):
        weight = WEIGHT[: len(events.numbers)]
        rows, kept = drawn(limit, 1, events, weight)
        assert len(rows) == len(weight)
        assert (kept == weight).all()


def test_a_negative_weight_is_refused():
    with pytest.raises(ContractError, match=r"four_b\.h5: row 1 has a negative weight"):
        drawn(1, 1, EVENTS, np.where(np.arange(10) == 1, -1.0, WEIGHT))
