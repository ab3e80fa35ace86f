"""Random numbers of shower events."""

import numpy as np
import pytest

from hh4b.core.errors import ConfigError
from hh4b.core.event_streams import folds, poisson_weights, uniforms

NUMBERS = np.arange(20_000)


def test_uniforms_are_uniform() -> None:
    drawn = uniforms(1, ("a",), NUMBERS)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts = np.histogram(drawn, 20, (0, 1))[0]
    # chi^2 of 19 degrees of freedom: 43.8 has a probability of 0.001.
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8


def test_numbers_belong_to_events_not_to_rows() -> None:
    mixed = np.array([7, 3, 7, 19_999, 3])
    assert (uniforms(1, ("a",), mixed) == uniforms(1, ("a",), NUMBERS)[mixed]).all()
    counts = poisson_weights(1, ("bootstrap", "four_b"), NUMBERS, 8)
    assert (poisson_weights(1, ("bootstrap", "four_b"), mixed, 8) == counts[mixed]).all()


def test_first_replicas_do_not_depend_on_how_many() -> None:
    few = poisson_weights(1, ("bootstrap", "four_b"), NUMBERS, 3)
    many = poisson_weights(1, ("bootstrap", "four_b"), NUMBERS, 9)
    assert (few == many[:, :3]).all()


@pytest.mark.parametrize("change", ["seed", "label"])
def test_streams_are_independent(change: str) -> None:
    first = uniforms(1, ("a", "b"), NUMBERS)
    second = uniforms(2, ("a", "b"), NUMBERS) if change == "seed" else uniforms(1, ("a",), NUMBERS)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(len(NUMBERS))


def test_counts_are_poisson_and_independent() -> None:
    counts = poisson_weights(1, ("bootstrap", "four_b"), NUMBERS, 50)
    assert counts.shape == (20_000, 50)
    assert counts.mean() == pytest.approx(1, abs=4e-3)
    assert counts.var() == pytest.approx(1, abs=6e-3)
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=2e-3)
    between_replicas = np.corrcoef(counts.T.astype(float))[np.triu_indices(50, 1)]
    assert np.abs(between_replicas).max() < 5 / np.sqrt(20_000)
    neighbours = np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]
    assert abs(neighbours) < 4e-3


def test_folds_are_of_equal_size_and_whole_events() -> None:
    numbers = np.repeat(NUMBERS, 2)
    chosen = folds(1, "four_b", numbers, 5)
    assert (chosen[::2] == chosen[1::2]).all()
    assert np.bincount(chosen) / len(chosen) == pytest.approx([0.2] * 5, abs=0.012)


@pytest.mark.parametrize("n_folds", [1, 128])
def test_bad_number_of_folds_is_refused(n_folds: int) -> None:
    with pytest.raises(ConfigError, match="folds"):
        folds(1, "four_b", NUMBERS, n_folds)
