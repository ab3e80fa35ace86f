from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hh4b.detector.settings import TagEfficiency, TagWeightSettings
from hh4b.detector.tagging import (
    at_least,
    combine_tags,
    draw_tags,
    tag_probabilities,
    weigh_tags,
)


def enumerate_patterns(probability):
    """Return every tag pattern with its probability."""
    for pattern in product([False, True], repeat=len(probability)):
        chance = np.prod([p if t else 1 - p for p, t in zip(probability, pattern, strict=True)])
        yield pattern, chance


def condition(n_min=4, roulette=0.25):
    return TagWeightSettings(
        n_tags_min=n_min, pt_min_gev=40, abs_eta_max=2.5, roulette_probability=roulette
    )


def test_probabilities_by_flavor():
    efficiencies = TagEfficiency(b="0.5+0*pt", c=0.2, light="1e-4*pt")
    flavor = np.array([5, 4, 3, 21, 0])
    pt = np.array([50.0, 50, 100, 200, 300])
    got = tag_probabilities(efficiencies, pt, np.zeros(5), flavor)
    assert got == pytest.approx([0.5, 0.2, 0.01, 0.02, 0.03])


def test_draws_have_their_frequency():
    tags = draw_tags(np.repeat([0.0, 0.2, 1.0], 50_000), np.random.default_rng(2)).reshape(3, -1)
    assert tags.mean(axis=1) == pytest.approx([0, 0.2, 1], abs=4 * 0.4 / np.sqrt(50_000))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=0, max_size=7), st.integers(1, 4))
def test_at_least_equals_enumeration(probability, n_min):
    table = at_least(np.array([probability]), n_min)
    for i in range(len(probability) + 1):
        for m in range(n_min + 1):
            exact = sum(c for t, c in enumerate_patterns(probability[i:]) if sum(t) >= m)
            assert table[0, i, m] == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("roulette", [0.05, 0.25, 1.0])
def test_weighted_tags_are_unbiased(roulette):
    """Every pattern that passes gets, in sum of weights, exactly its probability."""
    probability = np.array([0.77, 0.77, 0.2, 0.0077, 0.77, 0.5, 0.9])
    accepted = np.array([True, True, True, True, True, False, True])
    n = 200_000
    offsets = np.arange(n + 1) * len(probability)
    result = weigh_tags(
        offsets, np.tile(probability, n), np.tile(accepted, n), condition(3, roulette),
        np.random.default_rng(23),
    )  # fmt: skip
    tags = result.tags.reshape(n, -1)
    kept = result.factor > 0
    assert (tags[kept][:, accepted].sum(axis=1) >= 3).all()
    codes = tags @ (1 << np.arange(len(probability)))
    for pattern, chance in enumerate_patterns(probability):
        code = int(np.dot(pattern, 1 << np.arange(len(probability))))
        weights = result.factor[codes == code]
        passes = sum(np.array(pattern)[accepted]) >= 3
        expected = chance if passes else 0.0
        error = max(np.sqrt((weights**2).sum()), 3.0) / n
        assert abs(weights.sum() / n - expected) < 5 * error


def test_improbable_events_play_roulette():
    probability = np.array([0.9, 0.1, 0.5, 0.5])
    chance = 0.9 * 0.1 * 0.25
    n = 100_000
    result = weigh_tags(
        np.arange(n + 1) * 4, np.tile(probability, n), np.ones(4 * n, bool), condition(4, 0.1),
        np.random.default_rng(3),
    )  # fmt: skip
    assert set(result.factor.tolist()) == {0.0, 0.1}
    assert (result.factor > 0).mean() == pytest.approx(chance / 0.1, rel=0.03)


def test_hopeless_and_empty_events_are_dropped():
    offsets = np.array([0, 3, 3, 8])
    probability = np.array([1.0, 1, 1, 0.9, 0.9, 0.9, 0.9, 0.9])
    accepted = np.array([True] * 6 + [False, True])
    result = weigh_tags(offsets, probability, accepted, condition(), np.random.default_rng(0))
    assert result.factor.tolist() == pytest.approx([0, 0, 0.9**4])
    assert result.tags[[3, 4, 5, 7]].all()
    nothing = weigh_tags(
        np.array([0]), np.zeros(0), np.zeros(0, bool), condition(), np.random.default_rng(0)
    )
    assert nothing.factor.shape == (0,)


def combinations(probability, accepted, n, least, n_min=4, seed=7):
    """Combine the tags of ``n`` equal events; return (rows, codes of the tag patterns)."""
    probability = np.asarray(probability)
    rows = combine_tags(
        np.arange(n + 1) * len(probability), np.tile(probability, n), np.tile(accepted, n),
        condition(n_min), probability_min=least, rng=np.random.default_rng(seed),
    )  # fmt: skip
    tags = rows.tags.reshape(len(rows.event), len(probability))
    return rows, tags @ (1 << np.arange(len(probability)))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.05, 1), min_size=0, max_size=7), st.integers(1, 4))
def test_without_roulette_every_combination_is_there_with_its_probability(probability, n_min):
    rows, codes = combinations(probability, np.ones(len(probability), bool), 2, 1e-300, n_min)
    expected = {
        int(np.dot(t, 1 << np.arange(len(t)))): c
        for t, c in enumerate_patterns(probability)
        if sum(t) >= n_min and c > 0
    }
    for event in range(2):
        mine = rows.event == event
        got = dict(zip(codes[mine].tolist(), rows.factor[mine].tolist(), strict=True))
        assert len(got) == mine.sum()
        assert got == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("least", [0.01, 0.05, 0.4, 1.0])
def test_combinations_are_unbiased(least):
    """Every pattern that passes gets, in sum of weights, exactly its probability."""
    probability = np.array([0.77, 0.77, 0.2, 0.0077, 0.77, 0.5, 0.9])
    accepted = np.array([True, True, True, True, True, False, True])
    n = 50_000
    rows, codes = combinations(probability, accepted, n, least, 3)
    assert (np.diff(rows.event) >= 0).all()
    assert len(rows.event) / n <= 1 / least
    tags = rows.tags.reshape(-1, 7)
    assert (tags[:, accepted].sum(axis=1) >= 3).all()
    free = tags[:, 5]  # drawn once an event
    assert (free[1:] == free[:-1])[np.diff(rows.event) == 0].all()
    for pattern, chance in enumerate_patterns(probability):
        weights = rows.factor[codes == int(np.dot(pattern, 1 << np.arange(7)))]
        expected = chance if sum(np.array(pattern)[accepted]) >= 3 else 0.0
        error = max(np.sqrt((weights**2).sum()), 3.0 * least) / n
        assert abs(weights.sum() / n - expected) < 5 * error
        # The free jet halves the chance: what is improbable counts `least`, the rest is exact.
        assert weights == pytest.approx(np.full(len(weights), max(2 * chance, least)))


def test_combinations_of_an_event_sum_to_its_chance():
    """The improbable ones share a random number: the sum varies by less than one of them."""
    probability = np.array([0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    chance = at_least(probability[None], 4)[0, 0, 4]
    rows, _ = combinations(probability, np.ones(6, bool), 5000, 0.05)
    sums = np.bincount(rows.event, rows.factor, minlength=5000)
    drawn = weigh_tags(
        np.arange(5001) * 6, np.tile(probability, 5000), np.ones(30_000, bool), condition(4, 0.05),
        np.random.default_rng(1),
    ).factor  # fmt: skip
    assert sums.mean() == pytest.approx(chance, abs=5 * sums.std() / 70)
    assert drawn.mean() == pytest.approx(chance)
    assert sums.std() < 0.1


def test_combinations_of_many_jets_are_bounded():
    """Of 30 jets there are a thousand million combinations; the work follows the rows."""
    rows, _ = combinations(np.full(30, 0.5), np.ones(30, bool), 50, 0.02)
    assert len(rows.event) / 50 == pytest.approx(50, rel=0.02)
    assert set(rows.factor.tolist()) == {0.02}


def test_hopeless_and_empty_events_have_no_combination():
    offsets = np.array([0, 3, 3, 8])
    probability = np.array([1.0, 1, 1, 0.9, 0.9, 0.9, 0.9, 0.9])
    accepted = np.array([True] * 6 + [False, True])
    rng = np.random.default_rng(0)
    rows = combine_tags(offsets, probability, accepted, condition(), probability_min=0.02, rng=rng)
    assert rows.event.tolist() == [2]
    assert rows.factor == pytest.approx([0.9**4])
    assert len(rows.tags) == 5
    nothing = combine_tags(
        np.array([0]), np.zeros(0), np.zeros(0, bool), condition(), probability_min=0.02, rng=rng
    )
    assert nothing.event.shape == nothing.factor.shape == (0,)
