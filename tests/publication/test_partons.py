import numpy as np
import pytest

from hh4b.core.errors import InputFileError
from hh4b.core.files import Provenance, read_json
from hh4b.generation.lhe import LheEvents, write_lhe
from hh4b.publication import partons_stage as partons


def events(pid, momenta, *, status=None, weights=None):
    n, p = momenta.shape[:2]
    zeros = np.zeros((n, p, 2), dtype=np.int64)
    return LheEvents(
        pid=np.broadcast_to(np.array(pid), (n, p)),
        status=np.broadcast_to(np.array(status if status is not None else [1] * p), (n, p)),
        mothers=zeros,
        colours=zeros,
        momenta=momenta,
        masses=np.zeros((n, p)),
        weights=np.ones(n) if weights is None else weights,
        scales=np.full(n, 91.2),
        alpha_s=np.full(n, 0.13),
    )


def massless(pt, eta, phi):
    pt, eta, phi = map(np.asarray, (pt, eta, phi))
    return np.stack(
        [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=-1
    )


def test_higgs_observables_by_hand():
    # Two Higgs bosons back to back in x with 300 GeV each: m_hh = 600 GeV.
    p = np.sqrt(300.0**2 - 125.0**2)
    momenta = np.array([[[300, p, 0, 0], [300, -p, 0, 0], [300, p, 0, 0]]])
    found = partons.higgs_observables(events([25, 25, 5], momenta))
    np.testing.assert_allclose(found["m_hh"], [600.0])
    np.testing.assert_allclose(found["h_pt"], [p])


def test_b_quarks_are_sorted_by_pt():
    momenta = massless([[30.0, 90.0, 50.0, 40.0]], [[0.1, -1.5, 0.7, 2.0]], [[0.0, 1.0, 2.0, 3.0]])
    found = partons.four_b_observables(events([5, -5, 5, -5], momenta))
    np.testing.assert_allclose([found["b1_pt"][0], found["b2_pt"][0]], [90, 50])
    np.testing.assert_allclose([found["b1_eta"][0], found["b2_eta"][0]], [-1.5, 0.7])
    total = momenta.sum(axis=1)[0]
    np.testing.assert_allclose(
        found["m_4b"][0], np.sqrt(total[0] ** 2 - (total[1:] ** 2).sum()), rtol=1e-12
    )


def test_an_event_with_the_wrong_particles_is_named():
    momenta = massless(np.full((2, 4), 30.0), np.zeros((2, 4)), np.zeros((2, 4)))
    wrong = events([5, -5, 5, 21], momenta)
    with pytest.raises(InputFileError, match="event 0 has 3 final b quarks, expected 4"):
        partons.four_b_observables(wrong)


def test_histograms_count_weights(tmp_path):
    rng = np.random.default_rng(2)
    n = 400
    momenta = massless(
        25 + rng.exponential(40, (n, 4)), rng.normal(0, 1, (n, 4)), rng.uniform(-3, 3, (n, 4))
    )
    weights = rng.uniform(100, 900, n)
    path = tmp_path / "four_b.lhe.gz"
    write_lhe(
        path,
        events([5, -5, 5, -5], momenta, weights=weights),
        sqrt_s_gev=14000.0,
        cross_section_error_pb=1.0,
        provenance=Provenance("test", {}),
    )
    partons.write_parton_histograms(path, tmp_path / "h.json")
    content = read_json(tmp_path / "h.json")
    assert content["process"] == "4b"
    assert content["sqrt_s_tev"] == pytest.approx(14.0)
    assert content["n_events"] == n
    entry = content["histograms"]["b1_eta"]
    inside = np.abs(partons.four_b_observables(events([5, -5, 5, -5], momenta))["b1_eta"]) < 2.5
    assert sum(entry["sum_weights"]) == pytest.approx(weights[inside].sum(), rel=1e-8)
    assert entry["total_weight"] == pytest.approx(weights.sum(), rel=1e-8)
    assert content["cross_section_pb"] == pytest.approx(weights.mean(), rel=1e-8)


def test_a_cut_file_leaves_no_histograms(tmp_path):
    path = tmp_path / "cut.lhe"
    path.write_text('<LesHouchesEvents version="3.0">\n<init>\n')
    with pytest.raises(InputFileError, match=r"cut\.lhe"):
        partons.write_parton_histograms(path, tmp_path / "h.json")
    assert not (tmp_path / "h.json").exists()
