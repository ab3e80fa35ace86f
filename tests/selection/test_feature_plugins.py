"""Features of the user: appended to the file, checked, and used by classifiers."""

import json

import numpy as np
import pytest

from hh4b.core.contracts import DATASET, FEATURES, PAIRING, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.selection.dnn_stage import predict_to_file, train_to_directory
from hh4b.selection.feature_stage import write_features
from hh4b.selection.features import COLUMNS, OWN, find_features
from hh4b.selection.scoring import parse_job
from hh4b.selection.settings import DnnTrainSettings, FeatureSettings, ScoreSettings

PLUGIN = """
import numpy as np
from hh4b.selection.features import feature

@feature(unit="GeV", needs=("met",))
def met_plus_h1_mass(inputs):
    return inputs.event.met + inputs.mass[0]

def n_jets(inputs):
    return inputs.jets.valid.sum(axis=1)

def leading_paired_pt(inputs):
    return np.take_along_axis(inputs.jets.pt, inputs.pairing.reshape(-1, 4).astype(int), 1).max(1)
leading_paired_pt.unit = "GeV"

def all_events(inputs):
    return np.zeros(len(inputs.all_pairings))

def words(inputs):
    return np.full(len(inputs.pairing), "a")

def infinite(inputs):
    found = np.zeros(len(inputs.pairing))
    found[3] = np.inf
    return found

def raises(inputs):
    return inputs.jets.charge

def hh_mass(inputs):
    return inputs.mass[0]

def no_inputs():
    return None

@feature(needs=("n_taus",))
def taus(inputs):
    return None
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    return path


def settings(plugin, *names, **values):
    return FeatureSettings(extra=[f"{plugin}:{name}" for name in names], **values)


def test_functions_in_a_file_add_columns(samples, plugin, tmp_path):
    sample, output = samples[1.0], tmp_path / "f.h5"
    names = ("met_plus_h1_mass", "n_jets", "leading_paired_pt")
    write_features(sample.dataset, sample.pairing, output, settings(plugin, *names))
    attributes = read_attributes(output)
    assert tuple(attributes["columns"]) == (*COLUMNS, *names)
    assert attributes["units"][20:] == ["GeV", "1", "GeV"]
    made = json.loads(attributes["provenance"])["settings"]
    assert made["extra"] == [f"{plugin}:{name}" for name in names]
    found, plain = (read_table(f, FEATURES)["features"] for f in (output, sample.features))
    np.testing.assert_array_equal(found[:, :20], plain)
    paired = np.isfinite(plain[:, 0])
    assert np.isnan(found[~paired]).all()
    dataset, pairing = read_table(sample.dataset, DATASET), read_table(sample.pairing, PAIRING)
    mass = plain[:, COLUMNS.index("h1_mass")]
    np.testing.assert_allclose(found[paired, 20], (dataset["HH4B/met"] + mass)[paired], rtol=1e-6)
    n_jets = dataset["INPUTS/Source/MASK"].sum(axis=1)
    np.testing.assert_array_equal(found[paired, 21], n_jets[paired])
    for row in np.flatnonzero(paired)[:40]:
        jets = pairing["jets"][row].ravel()
        assert found[row, 22] == dataset["INPUTS/Source/pt"][row, jets].max()


def test_classifiers_use_every_column_of_the_file(samples, plugin, tmp_path):
    pairs = []
    for key in (1.0, "background"):
        sample, output = samples[key], tmp_path / f"{key}.h5"
        write_features(sample.dataset, sample.pairing, output, settings(plugin, "n_jets"))
        pairs.append(f"{sample.dataset}:{output}")
    small = DnnTrainSettings(hidden_dim=4, max_epochs=1, validation_fraction=0.2)
    trained = train_to_directory(pairs[:1], pairs[1:], tmp_path / "dnn", small)
    assert trained.network.config.columns == (*COLUMNS, "n_jets")
    job = parse_job(f"{samples[1.0].pair}:{tmp_path}/s.h5")
    with pytest.raises(ContractError, match="make the features as for the training"):
        predict_to_file([tmp_path / "dnn"], job, ScoreSettings(kappa_values=[1.0]))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("all_events", r"returns float64 of shape \(600,\); expected .* shape \(588,\)"),
        ("words", "returns <U1 of shape"),
        ("infinite", "'infinite' is inf in event 3; expected finite"),
        ("raises", "AttributeError: .*charge"),
    ],
)
def test_what_is_no_feature_is_one_line(samples, plugin, tmp_path, name, words):
    sample, output = samples[1.0], tmp_path / "f.h5"
    with pytest.raises(ContractError, match=words) as caught:
        write_features(sample.dataset, sample.pairing, output, settings(plugin, name))
    assert f"feature '{name}'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not output.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hh_mass", "there is a column 'hh_mass' already"),
        ("no_inputs", r"expected f\(inputs\)"),
        ("taus", "needs 'n_taus'; expected some of"),
        ("missing", "the file has no 'missing'"),
    ],
)
def test_features_that_cannot_be_used_are_named(plugin, name, words):
    with pytest.raises(ConfigError, match=words):
        find_features(settings(plugin, name))


def test_names_are_own_ones_entry_points_or_files(tmp_path):
    with pytest.raises(ConfigError, match="feature 'sphericity': expected one of .*'hh_mass'"):
        find_features(FeatureSettings(extra=["sphericity"]))
    (tmp_path / "broken.py").write_text("1 / 0")
    with pytest.raises(ConfigError, match=r"broken.py:x does not load: ZeroDivisionError"):
        find_features(FeatureSettings(extra=[f"{tmp_path}/broken.py:x"]))


def test_a_feature_says_that_it_needs_event_observables(plugin):
    for extra in ([f"{plugin}:met_plus_h1_mass"], ["met"]):
        with pytest.raises(ConfigError, match="needs 'met', but event_observables is false"):
            find_features(FeatureSettings(extra=extra, event_observables=False))


def test_the_table_is_the_columns():
    assert [entry.name for entry in find_features(FeatureSettings())] == list(COLUMNS)
    assert all(OWN[name].name == name for name in COLUMNS)
