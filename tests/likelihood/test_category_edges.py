"""Edges are those of the smallest interval, found on half of the showers."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))
from category_samples import CategoryStudy, SmallAmplitude, patch

from hh4b.core.errors import ContractError
from hh4b.likelihood.category_edges import EdgeSearch, even_showers, expected_width
from hh4b.likelihood.category_rows import CategoryChoice, CategoryRows


def rows_of(category, weight, components=None):
    n = len(category)
    zeros, numbers = np.zeros(n, np.int64), np.arange(n)
    return CategoryRows(
        np.asarray(category), zeros, np.full(n, np.log(300.0)), np.full(n, weight), numbers,
        (np.full(n, "a"), numbers), components,
    )  # fmt: skip


def search(minimum=1.0):
    """Signal and background in five ranges of the score; what separates is between 2 and 3."""
    choice = CategoryChoice((0.0, 0.2, 0.4, 0.6, 0.8), np.array([200.0, 1000.0]), "drop", 1.0)
    signal = np.repeat(np.arange(5), [100, 100, 100, 400, 400])
    background = np.repeat(np.arange(5), [4000, 4000, 4000, 400, 400])
    parts = np.full((len(signal), 3), 1 / len(signal))
    return EdgeSearch(
        choice, rows_of(signal, 1 / len(signal), parts), {"b": rows_of(background, 1e-4)},
        np.array([100.0, -60.0, 15.0]), {"b": 1000.0}, minimum,
    )  # fmt: skip


def test_the_edge_that_separates_comes_first():
    found = search()
    assert found.choose(1) == (0.6,)
    # A second category of what is left below; a third one brings nothing.
    edges = found.choose(4)
    assert len(edges) == 2
    assert edges[1] == 0.6
    assert found.width(edges) < found.width((0.6,)) < found.width((0.0,))
    with pytest.raises(ContractError, match="no edge leaves enough"):
        search(minimum=1e6).choose(2)


def test_the_width_is_that_of_the_likelihood():
    signal, background = np.array([[40.0], [-20.0], [4.0]]), np.array([400.0])
    kappa = np.linspace(-30, 35, 200_001)
    counts = 40 - 20 * kappa + 4 * kappa**2 + 400
    distance = 2 * (counts - 424 - 424 * np.log(counts / 424))
    exact = (distance < 3.84).mean() * 65
    assert expected_width(signal, background) == pytest.approx(exact, abs=0.01)


def test_half_of_the_showers_stand_for_all():
    half = even_showers(rows_of(np.zeros(10, np.int64), 0.1))
    assert half.shower[1].tolist() == [0, 2, 4, 6, 8]
    assert half.weight.sum() == pytest.approx(1.0)


def test_edges_are_chosen_from_files(tmp_path, monkeypatch):
    toy = SmallAmplitude()
    patch(monkeypatch, toy)
    study = CategoryStudy(tmp_path, toy)
    templates = study.categories(category_edges=None, category_count=3)
    lows = [one.score_range[0] for one in templates.channels]
    assert lows == sorted(lows)
    assert 2 <= len(lows) <= 3
    assert max(lows) > 0.6


def test_bins_are_chosen_with_or_without_edges(tmp_path, monkeypatch, caplog):
    """One bin knows nothing of the mass; the choice is that of the smallest width in the log."""
    toy = SmallAmplitude()
    patch(monkeypatch, toy)
    study = CategoryStudy(tmp_path, toy)
    with caplog.at_level("INFO"):
        templates = study.categories(bins_candidates=[1, 4])
    # The last two of four are joined: their background is little.
    assert templates.channels[0].bin_edges_gev == (200.0, 400.0, 600.0, 1000.0)
    widths = [float(one.rpartition(" ")[2]) for one in caplog.messages if " bins, " in one]
    assert len(widths) == 2
    assert widths[1] < widths[0]
    edges = [one.score_range[0] for one in study.categories().channels]
    assert [one.score_range[0] for one in templates.channels] == edges
    with pytest.raises(ContractError, match="bins_candidates: with none of them"):
        study.categories(bins_candidates=[4, 8], minimum_effective_events=1e6)
