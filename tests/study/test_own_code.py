"""The examples of code of the user: each is loaded, called and checked as a job would."""

import json
from pathlib import Path

import numpy as np
import pytest

from hh4b.pairing.jets import KeptJets
from hh4b.pairing.methods import find_method, pair_jets
from hh4b.pairing.settings import PairSettings
from hh4b.publication.inputs import Inputs
from hh4b.publication.registry import function_of
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle
from hh4b.selection.classifiers import make_classifier
from hh4b.selection.features import compute_features, find_features
from hh4b.selection.settings import FeatureSettings
from hh4b.statistics.weights import evaluate_weight

OWN = Path(__file__).parents[1] / "studies/own"
PAIRING = f"{OWN}/own_pairing.py:closest_mass"


@pytest.fixture
def jets():
    """One event of massless jets at eta 0: m² = 2 pT pT' (1 - cos Δφ)."""
    pt, phi = np.array([[100.0, 100.0, 50.0, 200.0, 30.0]]), np.array([[0.0, 1.0, 3.0, 4.0, 2.0]])
    nothing = np.zeros_like(pt)
    return KeptJets(np.full(pt.shape, True), pt, nothing, phi, nothing, nothing + 1)


def test_pairing(jets):
    """Pairs 0 1 and 2 3 both have 2 · 10⁴ (1 - cos 1)."""
    method = find_method(PairSettings(method=PAIRING, options={"power": 2}))
    assert pair_jets(method, jets, name=PAIRING).tolist() == [[[0, 1], [2, 3]]]


def test_feature(jets):
    settings = FeatureSettings(
        event_observables=False, extra=[f"{OWN}/own_feature.py:delta_phi_hh"]
    )
    columns = find_features(settings)
    assert (columns[-1].name, columns[-1].unit) == ("delta_phi_hh", "rad")
    pairing = np.array([[[0, 1], [2, 3]]])
    found = compute_features(jets, pairing, None, features=columns)
    # The candidate of 50 and 200 GeV has more pT than that of twice 100 GeV at the same angle.
    first = np.arctan2(50 * np.sin(3) + 200 * np.sin(4), 50 * np.cos(3) + 200 * np.cos(4))
    wanted = (first - 0.5 + np.pi) % (2 * np.pi) - np.pi
    assert found[0, -1] == pytest.approx(wanted, rel=1e-5)


def test_classifier():
    classifier = make_classifier(f"{OWN}/own_classifier.py:NearestMean", {"sharpness": 2.0}, seed=0)
    inputs, label = np.array([[0.0], [0.0], [2.0]]), np.array([False, False, True])
    classifier.fit(inputs, label, np.ones(3))
    found = classifier.probability(np.array([[1.0], [2.0]]))
    assert found == pytest.approx([0.5, 1 / (1 + np.exp(-4))])


def test_weight():
    events = {"HH4B/m_hh_truth": np.array([400.0, 800.0])}
    reference = f"{OWN}/own_weight.py:scale"
    found = evaluate_weight(reference, events, {"mu_factor": 0.0}, where="hh")
    assert found == pytest.approx([1.0, 2**0.1])


def test_figure(tmp_path):
    rows = [{"sum_weights": [0.25, 0.5]}]
    (tmp_path / "t.json").write_text(json.dumps({"backgrounds": {"a": rows, "b": rows}}))
    inputs = Inputs("figure mine", {"templates.s": (tmp_path / "t.json",), "limits.s": (tmp_path,)})
    kind = f"{OWN}/own_figure.py:draw"
    settings = OutputSettings(kind=kind, labels={"templates.s": "S"})
    figure = function_of(kind, "figure")(inputs, settings, FigureStyle())
    (bar,) = figure.axes[0].patches
    assert bar.get_height() == 1.5
