import numpy as np
import pytest

from hh4b.core.errors import ContractError
from hh4b.core.grouping import (
    count_events,
    effective_events,
    event_ids,
    group_covariance,
    group_sums,
    group_variance,
    require_whole_groups,
    running_variance,
)


def test_ids_are_of_file_and_number():
    """Number 7 of the second file is another event."""
    ids = event_ids(np.array([7, 7, 3, 7]), np.array([0, 0, 0, 1], np.int32))
    assert ids.tolist() == [1, 1, 0, 2]
    assert event_ids(np.array([7, 7, 3, 7])).tolist() == [1, 1, 0, 1]
    draws = np.array([0.5, 0.5, 0.1, 0.7], np.float32)
    assert event_ids(np.array([7, 7, 3, 7]), None, draws).tolist() == [1, 1, 0, 2]
    assert event_ids(None, rows=3).tolist() == [0, 1, 2]
    assert event_ids(np.zeros(0, np.int64)).tolist() == []


def test_sums_by_event():
    numbers = np.array([5, 2, 5, 9])
    weights = np.array([1.0, 2.0, 3.0, -1.0])
    assert group_sums(weights, numbers).tolist() == [2.0, 4.0, -1.0]
    assert group_sums(np.column_stack([weights, 2 * weights]), numbers).tolist() == [
        [2.0, 4.0], [4.0, 8.0], [-1.0, -2.0],
    ]  # fmt: skip
    assert group_sums(np.zeros(0), np.zeros(0, np.int64)).tolist() == []
    assert group_sums(np.ones(2), np.array([0, 0], np.uint64)).tolist() == [2.0]


def test_variance_is_a_sum_over_events():
    numbers, weights = np.array([5, 2, 5, 9]), np.array([1.0, 2.0, 3.0, 1.0])
    assert group_variance(weights, numbers) == 4 + 16 + 1
    assert group_variance(weights, np.arange(4)) == (weights**2).sum()
    assert effective_events(weights, numbers) == 49 / 21
    assert effective_events(weights) == 49 / 15
    assert effective_events(np.zeros(3), np.arange(3)) == 0
    assert count_events(numbers) == 3


def test_running_variance_is_that_of_each_beginning():
    rng = np.random.default_rng(8)
    numbers, weights = rng.integers(0, 9, 60), rng.normal(size=60)
    expected = [group_variance(weights[:n], numbers[:n]) for n in range(1, 61)]
    np.testing.assert_allclose(running_variance(weights, numbers), expected)
    np.testing.assert_allclose(running_variance(weights, np.arange(60)), np.cumsum(weights**2))
    assert running_variance(weights[:0], numbers[:0]).tolist() == []


def test_covariance_of_bins():
    """Event 1 has weights 1 and 2 in bin 0 and 4 in bin 2, event 2 has 5 in bin 2."""
    numbers = np.array([1, 2, 1, 1, 1])
    bins = np.array([0, 2, 2, 0, 3])
    covariance = group_covariance(np.array([1.0, 5.0, 4.0, 2.0, 9.0]), numbers, bins, 3)
    assert covariance.tolist() == [[9, 0, 12], [0, 0, 0], [12, 0, 41]]


def test_covariance_equals_plain_loop():
    rng = np.random.default_rng(3)
    numbers, bins = rng.integers(0, 40, 300), rng.integers(-1, 6, 300)
    weights = rng.normal(size=300)
    expected = np.zeros((5, 5))
    for number in np.unique(numbers):
        sums = np.array([weights[(numbers == number) & (bins == b)].sum() for b in range(5)])
        expected += np.outer(sums, sums)
    np.testing.assert_allclose(group_covariance(weights, numbers, bins, 5), expected)
    assert group_covariance(weights[:0], numbers[:0], bins[:0], 2).tolist() == [[0, 0], [0, 0]]


def test_an_event_in_two_parts_is_refused():
    numbers = np.array([4, 8, 4, 8])
    require_whole_groups(np.array([0, 1, 0, 1]), numbers, where="a.h5")
    require_whole_groups(np.zeros(0), np.zeros(0), where="a.h5")
    with pytest.raises(ContractError, match=r"a\.h5: rows 1 and 3 .* event \(8\) but in 1 and 0;"):
        require_whole_groups(np.array([0, 1, 0, 0]), numbers, where="a.h5")
