"""K-factors: published inclusive values, by m_HH, as weights, and what is refused."""

import numpy as np
import pytest
import yaml

from hh4b.core.errors import ConfigError
from hh4b.generation.k_factors import k_factor_table, shipped_k_factors
from hh4b.statistics.weights import evaluate_weight

OWN = {
    "source": "a test",
    "kappa_lambda": [-5, 5],
    "m_hh_edges_gev": [250, 400, 1000],
    "leading_order": [[1, 0, 0], [1, 0, 1]],
    "higher_order": [[2, 0, 0], [3, 0, 1]],
}


@pytest.mark.parametrize(
    ("name", "k_sm"),
    [
        ("nlo_13tev", 27.845 / 16.744),
        ("nnlo_ftapprox_13tev", 31.0359 / 16.744),
        ("nnlo_ftapprox_13tev_rev98", 30.759 / 16.744),
        ("nlo_14tev", 32.95 / 19.85),
        ("nnlo_ftapprox_14tev", 36.69 / 19.85),
    ],
)
def test_published_inclusive_values(name, k_sm):
    table = k_factor_table(name)
    assert float(table.at(500.0, 1.0)) == pytest.approx(k_sm, rel=1e-3)
    assert table.source
    # arXiv:1806.05162: the K-factor of NLO grows from about 1.66 to about 2 at large couplings.
    assert float(table.at(500.0, 20.0)) > float(table.at(500.0, 1.0))


def test_by_mass_its_mean_is_the_inclusive_one():
    by_mass, inclusive = k_factor_table("nlo_14tev_m_hh"), k_factor_table("nlo_14tev")
    for kappa in (-5.0, 0.0, 1.0, 5.0):
        powers = kappa ** np.arange(3)
        mean = by_mass.higher_order.sum(0) @ powers / (by_mass.leading_order.sum(0) @ powers)
        assert mean == pytest.approx(float(inclusive.at(500.0, kappa)), rel=0.015)
    m_hh = np.array([300.0, 400.0, 500.0, 700.0, 3000.0])
    at_sm = by_mass.at(m_hh, 1.0)
    assert (np.diff(at_sm) <= 0).all()
    assert 1.4 < at_sm.min() < at_sm.max() < 1.9


def test_shipped_tables_are_factors():
    for table in shipped_k_factors().values():
        kappa = np.linspace(*table.kappa_range, 61)
        m_hh = 0.5 * (table.m_hh_edges_gev[1:] + table.m_hh_edges_gev[:-1])
        values = table.at(m_hh[:, None], kappa)
        assert values.min() > 1.0
        # In the interference dip near kappa_lambda = 2 leading order almost vanishes below 2 m_top.
        assert values.max() < 7.0
        assert np.median(values) < 2.5


def test_table_of_a_user(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(OWN))
    events = {
        "HH4B/m_hh_truth": np.array([300.0, 400.0, 500.0], np.float32),
        "HH4B/kappa_lambda": np.array([1.0, 1.0, 2.0], np.float32),
    }
    found = evaluate_weight("k_factor", events, {"table": str(path)}, where="hh")
    np.testing.assert_allclose(found, [2.0, 2.0, 7 / 5])
    found = evaluate_weight(
        "k_factor", events, {"table": str(path), "kappa_lambda": 0.0}, where="hh"
    )
    np.testing.assert_allclose(found, [2.0, 3.0, 3.0])


def test_cut_on_the_mass_as_a_weight():
    events = {"HH4B/m_hh_truth": np.array([300.0, 1200.0], np.float32)}
    found = evaluate_weight("m_hh_cut", events, {"m_hh_max_gev": 1000.0}, where="hh")
    np.testing.assert_array_equal(found, [1.0, 0.0])


@pytest.mark.parametrize(
    ("m_hh", "kappa", "message"),
    [
        (300.0, 6.0, "kappa_lambda = 6 lies outside"),
        (1001.0, 1.0, "m_HH in GeV = 1001 lies outside"),
        (np.nan, 1.0, "m_HH in GeV = nan"),
    ],
)
def test_outside_the_table(tmp_path, m_hh, kappa, message):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(OWN))
    with pytest.raises(ConfigError, match=message):
        k_factor_table(str(path)).at([260.0, m_hh], kappa)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"higher_order": [[2, 0, 0]]}, r"higher_order \(has 1\)"),
        ({"m_hh_edges_gev": [250, 200, 1000]}, "increasing"),
        ({"leading_order": [[1, 0, 0], [1, 0, -1]]}, "leading_order is .* in bin 2"),
        ({"source": None}, "source"),
    ],
)
def test_wrong_tables(tmp_path, change, message):
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump({**OWN, **change}))
    with pytest.raises(ConfigError, match=message):
        k_factor_table(str(path))


def test_no_such_table(tmp_path):
    with pytest.raises(ConfigError, match="nlo_13tev"):
        k_factor_table("n3lo")
    with pytest.raises(ConfigError, match="cannot read"):
        k_factor_table(str(tmp_path / "none.yaml"))
