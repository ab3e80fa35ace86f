"""The cut-based selection: hand-worked values, a slow loop, files."""

import json
import math
from itertools import combinations

import h5py
import numpy as np
import pytest

from hh4b.core.contracts import DATASET, PAIRING, SCORES, read_table
from hh4b.pairing.jets import KeptJets
from hh4b.selection.candidates import build_candidates
from hh4b.selection.cut_stage import select_by_cuts
from hh4b.selection.cuts import passed_cuts, smallest_x_wt, x_hh
from hh4b.selection.settings import CutScoreSettings

N, J = 97, 7
SETTINGS = CutScoreSettings(kappa_values=[-5.0, 1.0])


@pytest.fixture
def events():
    rng = np.random.default_rng(13)
    n_real = rng.integers(4, J + 1, N)
    valid = np.arange(J) < n_real[:, None]

    def field(low, high):
        return np.where(valid, rng.uniform(low, high, (N, J)), np.nan).astype(np.float32)

    jets = KeptJets(
        valid, field(40, 250), field(-2.5, 2.5), field(-3.14, 3.14), field(4, 20), field(1, 1)
    )
    pairing = np.stack([rng.permutation(n)[:4].reshape(2, 2) for n in n_real]).astype(np.int8)
    return jets, pairing


def four_vector(jets, event, jet):
    pt, eta, phi, mass = (float(f[event, jet]) for f in (jets.pt, jets.eta, jets.phi, jets.mass))
    x, y, z = pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta)
    return np.array([math.sqrt(x * x + y * y + z * z + mass * mass), x, y, z])


def mass_of(p):
    return math.sqrt(p[0] ** 2 - p[1] ** 2 - p[2] ** 2 - p[3] ** 2)


def slow_x_wt(jets, pairing, event):
    """Return the smallest X_Wt by going through every triple of jets."""
    real = [jet for jet in range(J) if jets.valid[event, jet]]
    smallest = math.inf
    for one, two in combinations(real, 2):
        pair = four_vector(jets, event, one) + four_vector(jets, event, two)
        for three in {int(jet) for jet in pairing[event].ravel()} - {one, two}:
            w, t = mass_of(pair), mass_of(pair + four_vector(jets, event, three))
            pulls = (w - 80.4) / (0.1 * w), (t - 172.5) / (0.1 * t)
            smallest = min(smallest, math.hypot(*pulls))
    return smallest


def test_x_wt_agrees_with_a_slow_loop(events):
    jets, pairing = events
    fast = smallest_x_wt(jets, pairing, np.arange(N), SETTINGS)
    np.testing.assert_allclose(fast, [slow_x_wt(jets, pairing, n) for n in range(N)], rtol=1e-4)
    rows = np.array([3, 17])
    np.testing.assert_array_equal(smallest_x_wt(jets, pairing, rows, SETTINGS), fast[rows])


def test_x_hh_by_hand():
    assert x_hh(np.array(124.0), np.array(117.0), SETTINGS) == 0
    one_off = x_hh(np.array(124.0), np.array(100.0), SETTINGS)
    assert one_off == pytest.approx(1.7)
    both_off = x_hh(np.array(100.0), np.array(130.0), SETTINGS)
    assert both_off == pytest.approx(math.hypot(2.4, 1.0))
    assert x_hh(np.array(0.0), np.array(117.0), SETTINGS) == np.inf


def test_leading_candidate_has_the_higher_mass_centre():
    # 117 against 124 in exchanged roles: each 7 GeV off.
    wrong = x_hh(np.array(117.0), np.array(124.0), SETTINGS)
    assert wrong == pytest.approx(math.hypot(7 / 11.7, 7 / 12.4))


def test_cuts_are_the_definitions(events):
    jets, pairing = events
    pairing[4] = -1
    passed = passed_cuts(jets, pairing, SETTINGS)
    assert not passed[4].any()
    rows = np.delete(np.arange(N), 4)
    np.testing.assert_array_equal(build_candidates(jets, pairing).rows, rows)
    for row in rows:
        pairs = [sum(four_vector(jets, row, jet) for jet in pair) for pair in pairing[row]]
        pairs.sort(key=lambda p: -math.hypot(p[1], p[2]))
        eta = [math.asinh(p[3] / math.hypot(p[1], p[2])) for p in pairs]
        m1, m2 = (mass_of(p) for p in pairs)
        distance = math.hypot((m1 - 124) / (0.1 * m1), (m2 - 117) / (0.1 * m2))
        expected = [
            True, abs(eta[0] - eta[1]) < 1.5, slow_x_wt(jets, pairing, row) >= 1.5, distance < 1.6,
        ]  # fmt: skip
        assert passed[row].tolist() == expected
    assert 0 < passed[:, 1].sum() < N - 1
    assert 0 < passed[:, 2].sum() < N - 1


def test_scores_are_zero_or_one_and_the_cutflow_falls(samples, tmp_path):
    sample = samples[1.0]
    output, flow = tmp_path / "s.h5", tmp_path / "cutflow.json"
    steps = select_by_cuts(sample.dataset, sample.pairing, output, flow, SETTINGS)
    assert json.loads(flow.read_text())["steps"] == steps
    assert [step["name"] for step in steps] == [
        "four_tag", "paired", "delta_eta_hh", "top_veto", "signal_region",
    ]  # fmt: skip
    numbers = [step["n_events"] for step in steps]
    assert numbers[:2] == [600, 588]
    assert sorted(numbers, reverse=True) == numbers
    dataset, score = read_table(sample.dataset, DATASET), read_table(output, SCORES)["score"]
    assert set(np.unique(score)) == {0.0, 1.0}
    np.testing.assert_array_equal(score[:, 0], score[:, 1])
    selected = dataset["HH4B/weight"][score[:, 0] > 0.5]
    assert steps[-1]["sum_weights"] == pytest.approx(selected.sum())
    assert steps[-1]["efficiency"] == pytest.approx(selected.sum() / 7000)
    assert steps[-1]["efficiency_error"] == pytest.approx(math.sqrt((selected**2).sum()) / 7000)
    jets = KeptJets(*(dataset[f"INPUTS/Source/{name}"] for name in ("MASK", *KeptJets._fields[1:])))
    pairing = read_table(sample.pairing, PAIRING)["jets"]
    np.testing.assert_array_equal(score[:, 0] > 0, passed_cuts(jets, pairing, SETTINGS).all(axis=1))


def test_signal_survives_more_often_than_background(samples, tmp_path):
    rates = []
    for key in (1.0, "background"):
        steps = select_by_cuts(
            samples[key].dataset, samples[key].pairing, tmp_path / "s.h5", None, SETTINGS
        )
        rates.append(steps[-1]["sum_weights"] / steps[0]["sum_weights"])
    assert rates[0] > 5 * rates[1]


def test_cutflow_counts_shower_events(samples, tmp_path):
    """Every row twice at half the weight, both of one event: the cutflow of the rows once."""
    once = samples[1.0]
    paths = []
    for path in (once.dataset, once.pairing):
        paths.append(tmp_path / path.name)
        with h5py.File(path) as file, h5py.File(paths[-1], "w") as copy:
            copy.attrs.update(file.attrs)

            def repeat(name, values, copy=copy):
                if isinstance(values, h5py.Dataset):
                    copy[name] = np.concatenate([values[()], values[()]])

            file.visititems(repeat)
            if path == once.dataset:
                copy["HH4B/weight"][...] /= 2
                copy["HH4B/event_number"] = np.tile(np.arange(len(file["HH4B/weight"])), 2)
    wanted = select_by_cuts(once.dataset, once.pairing, tmp_path / "a.h5", None, SETTINGS)
    found = select_by_cuts(*paths, tmp_path / "b.h5", None, SETTINGS)
    for one, other in zip(found, wanted, strict=True):
        assert one == {k: v if isinstance(v, str) else pytest.approx(v) for k, v in other.items()}
