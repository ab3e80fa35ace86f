"""A share of the events: nested, by event, the same in any company."""

import numpy as np
import pytest

from hh4b.core.errors import ContractError
from hh4b.core.share_of_events import inside_share
from hh4b.core.shower_events import ShowerEvents
from hh4b.core.training_share import TrainingShare

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def inside(numbers, share, seed=3, sample="hh"):
    return inside_share(ShowerEvents(sample, numbers), share, seed, where="hh.h5")


def test_smaller_shares_are_inside_larger_ones_and_as_large_as_they_say():
    numbers = np.arange(20_000)
    before = np.zeros(len(numbers), bool)
    for share in SHARES:
        now = inside(numbers, share)
        assert not (before & ~now).any()
        assert now.mean() == pytest.approx(share, abs=5 * np.sqrt(share / len(numbers)))
        before = now
    assert inside(numbers, None).all()


def test_rows_of_an_event_stay_together_whatever_else_is_there():
    numbers = np.repeat(np.arange(500), 3)
    chosen = inside(numbers, 0.3).reshape(-1, 3)
    assert (chosen == chosen[:, :1]).all()
    order = np.random.default_rng(1).permutation(500)[:200]
    assert (inside(order, 0.3) == chosen[order, 0]).all()


def test_samples_and_seeds_are_drawn_apart():
    numbers = np.arange(2000)
    first = inside(numbers, 0.5)
    for other in (inside(numbers, 0.5, seed=4), inside(numbers, 0.5, sample="four_b")):
        assert 0.4 < (first == other).mean() < 0.6


def test_a_share_without_events_is_refused():
    with pytest.raises(ContractError, match=r"hh\.h5: no event of 3 rows is in a share of 1e-05"):
        inside(np.arange(3), 1e-5)


def test_all_events_are_not_told_of():
    assert TrainingShare().told() == {}
    assert TrainingShare(share=0.1).told() == {"share": 0.1}
