"""Tag efficiencies as event weights."""

from itertools import product

import numpy as np
import pytest

from hh4b.core.errors import ConfigError
from hh4b.detector.settings import TagEfficiency
from hh4b.events.settings import IngestSettings
from hh4b.events.tags import tag_efficiencies
from hh4b.statistics.weights import evaluate_weight, find_weight

FLAVORS = np.array([5, 5, 4, 21, 0])
EFFICIENCIES = np.array([0.77, 0.77, 0.204, 0.0077, 0.0])


def all_tags():
    """Every combination of tags of four jets, with a row of padding behind them."""
    tags = np.array([[*one, 0.0] for one in product((0.0, 1.0), repeat=4)])
    return {
        "INPUTS/Source/btag": tags.astype(np.float32),
        "HH4B/jet_flavor": np.tile(FLAVORS, (len(tags), 1)).astype(np.int8),
        "HH4B/jet_tag_efficiency": np.tile(EFFICIENCIES, (len(tags), 1)),
    }


def chances(tags, efficiencies):
    return np.where(tags > 0, efficiencies, 1 - efficiencies).prod(axis=1)


@pytest.mark.parametrize(("name", "flavors"), [("b_tag", {5}), ("c_tag", {4}), ("light_tag", {21})])
@pytest.mark.parametrize("scale", [0.9, 1.0, 1.2])
def test_a_weight_takes_all_combinations_to_the_other_efficiency(name, flavors, scale):
    events = all_tags()
    changed = np.where(np.isin(FLAVORS, [*flavors]), scale * EFFICIENCIES, EFFICIENCIES)
    tags = events["INPUTS/Source/btag"]
    weight = evaluate_weight(name, events, {"scale": scale}, where="here")
    np.testing.assert_allclose(weight * chances(tags, EFFICIENCIES), chances(tags, changed))


def test_efficiencies_stop_at_one():
    events = all_tags()
    weight = evaluate_weight("b_tag", events, {"scale": 2.0}, where="here")
    both = (events["INPUTS/Source/btag"][:, :2] > 0).all(axis=1)
    np.testing.assert_allclose(weight, np.where(both, 0.77**-2, 0.0))


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan])
def test_a_scale_is_positive(scale):
    with pytest.raises(ConfigError, match="must be positive"):
        evaluate_weight("b_tag", all_tags(), {"scale": scale}, where="here")


def test_columns_are_named():
    assert "HH4B/jet_tag_efficiency" in find_weight("c_tag")[1]


def test_efficiencies_of_a_dataset():
    """By flavour, pT and eta of the card that the file states; 0 stands for no jet."""
    columns = {
        "INPUTS/Source/MASK": np.array([[True, True, True, False]]),
        "INPUTS/Source/pt": np.array([[100.0, 50.0, 45.0, 0.0]], np.float32),
        "INPUTS/Source/eta": np.array([[0.0, -2.0, 1.0, 0.0]], np.float32),
        "HH4B/jet_flavor": np.array([[5, -4, 21, 0]], np.int8),
    }
    card = TagEfficiency(b="0.5 + 0.0001 * pt", c="0.1 * abs_eta", light="1 / pt")
    of_file = tag_efficiencies(columns, IngestSettings(sample="s"), card)
    np.testing.assert_allclose(of_file, [[0.51, 0.2, 1 / 45, 0.0]], rtol=1e-6)
    own = tag_efficiencies(columns, IngestSettings(sample="s", tags="dl1r_77"), None)
    np.testing.assert_allclose(own, [[0.77, 0.204, 0.0077, 0.0]], rtol=1e-6)
    assert tag_efficiencies(columns, IngestSettings(sample="s"), None) is None
    del columns["HH4B/jet_flavor"]
    assert tag_efficiencies(columns, IngestSettings(sample="s"), card) is None
