"""Statistical errors of the note's numbers, from its testing events."""

from math import sqrt

import numpy as np
import pytest

from hh4b.publication.counted_errors import counted_error
from hh4b.publication.inputs import Measured
from hh4b.publication.reference import Published, Reference
from hh4b.publication.tables import Cell, Row, Table, TableColumn, as_csv, as_latex, as_markdown


@pytest.fixture(scope="module")
def reference(pytestconfig):
    return Reference.read(pytestconfig.rootpath / "config/reference/note.yaml")


def test_every_efficiency_has_one(reference):
    for table, entry in reference.content["pairing"].items():
        for row, numbers in entry.items():
            if row == "model":
                continue
            for column in range(len(numbers)):
                found = reference.find("pairing", table, row, column)
                assert found.error is None
                # Version 1 on mixed events was tested with ten times as many as all others.
                least = 0.001 if (table, row, column) == ("table_5", "mixing", 0) else 0.002
                assert least < found.counted_error < 0.02, (table, row)


def test_every_accuracy_and_area_has_one(reference):
    for table, entry in reference.content["classification"].items():
        for row in entry:
            accuracy, area = (reference.find("classification", table, row, i) for i in (0, 1))
            assert 0.002 < accuracy.counted_error < 0.004, (table, row)
            assert 0.002 < area.counted_error < 0.004, (table, row)


def test_they_are_those_of_the_events(reference):
    matched = 0.797 * 8460
    both = reference.find("pairing", "table_1", "total", 1)
    assert both.counted_error == pytest.approx(sqrt(0.805 * 0.195 / matched))
    # Among four jets one right pair means two, so that both efficiencies are one.
    assert reference.find("pairing", "table_1", "4", 2).counted_error == pytest.approx(
        reference.find("pairing", "table_1", "4", 1).counted_error
    )
    at_five = reference.find("pairing", "table_24", "min_dr", 2)
    assert at_five.counted_error == pytest.approx(sqrt(0.395 * 0.605 / 3267))
    for column, share, events in ((0, 0.833, 77024), (1, 0.830, 6899)):
        found = reference.find("pairing", "table_5", "mixing", column)
        assert found.counted_error == pytest.approx(sqrt(share * (1 - share) / events))
    rate = reference.find("pass_rates", "four_tag", "four_b")
    assert rate.counted_error == pytest.approx(sqrt(0.00964 / 1e6), rel=0.01)


def test_numbers_that_are_no_shares_of_known_events_have_none(reference):
    for path in (
        ("samples", "sm", "training", "total"),
        ("pass_rates", "four_tag", "sm_hh"),
        ("limits", "table_16", "mixing_spanet", "profile", 0),
    ):
        assert reference.find(*path).counted_error is None
    unusable = [0], [], {"b": [10]}, {"a": "h2"}
    for told in ({}, {"pairing": "all"}, *({"pairing": {"mine": one}} for one in unusable)):
        content = {"pairing": {"mine": {"a": [0.5]}}, "testing_events": told}
        assert Reference(reference.path, content).find("pairing", "mine", "a", 0) == Published(0.5)


def test_higgs_efficiency_is_spread_as_events_are(reference):
    """Events with two, one and no right pair, drawn as often as the note's numbers say."""
    both, higgs, matched = 0.679, 0.753, 0.229 * 8460
    random = np.random.default_rng(7)
    shares = (both, 2 * (higgs - both), 1 - 2 * higgs + both)
    drawn = random.multinomial(round(matched), shares, size=20000) @ (1, 0.5, 0) / round(matched)
    found = reference.find("pairing", "table_1", ">=6", 2).counted_error
    assert found == pytest.approx(drawn.std(), rel=0.02)


def test_the_error_of_an_area_is_that_of_drawn_samples():
    """Exponential scores, of which the formula is exact."""
    random, ratio, signal, background = np.random.default_rng(3), 9.0, 120, 200
    areas = []
    for _ in range(4000):
        mine = np.sort(random.exponential(ratio, signal))
        other = random.exponential(1.0, background)
        areas.append(1 - np.searchsorted(mine, other).mean() / signal)
    expected = ratio / (1 + ratio)
    assert np.mean(areas) == pytest.approx(expected, abs=0.002)
    published = {
        "samples": {"s": {"testing": {"signal": signal, "background": background}}},
        "testing_events": {"classification": {"mine": "s"}},
        "classification": {"table": {"mine": [0.8, expected]}},
    }
    found = counted_error(published, ("classification", "table", "mine", 1))
    assert found == pytest.approx(np.std(areas), rel=0.05)


def test_tables_add_it_and_show_it_in_brackets():
    run = Measured(0.80, 0.03, "a.json", "0")
    cell = Cell(run, Published(0.90, 0.02, 0.06))
    assert cell.difference == pytest.approx(-0.1 / 0.07)
    table = Table("T", ("",), (TableColumn("auc", "AUC", 3),), (Row("a", ("A",), {"auc": cell}),))
    text = as_markdown("Table 1", table)
    assert "| 0.900 ± 0.020 (± 0.060) |" in text
    assert "Errors of the note in brackets are not printed there" in text
    assert r"$0.900 \pm 0.020 (\pm 0.060)$" in as_latex("Table 1", table)
    assert ",0.8,0.03,0.9,0.02,0.06,-1.42857," in as_csv(table)
    plain = Table("T", ("",), table.columns, (Row("a", ("A",), {"auc": Cell(run)}),))
    assert "in brackets" not in as_markdown("Table 1", plain)
