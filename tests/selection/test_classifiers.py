"""Classical classifiers: formulas, weights, seeds, files."""

import json

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from hh4b.core.contracts import SCORES, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError, TrainingFailed
from hh4b.selection.classifier_stage import train_and_score
from hh4b.selection.classifier_training import train_classifier
from hh4b.selection.classifiers import (
    CLASSIFIERS,
    LinearDiscriminant,
    LogisticClassifier,
    linear_probability,
    logistic,
)
from hh4b.selection.evaluation import evaluate
from hh4b.selection.samples import LabelledFeatures
from hh4b.selection.scoring import parse_job
from hh4b.selection.settings import OWN_CLASSIFIERS, ClassifierSettings, EvaluationSettings


@pytest.fixture(scope="module")
def cloud():
    """Two Gaussian classes of equal size: inputs, label, weight."""
    rng = np.random.default_rng(41)
    label = np.arange(1000) < 500
    inputs = rng.normal(size=(1000, 4)) @ (np.eye(4) + 0.5 * np.triu(np.ones((4, 4)), 1))
    return inputs + label[:, None] * [0.5, -0.3, 0.0, 0.8], label, np.ones(1000)


def test_names_for_the_configuration_are_those_of_the_table():
    assert tuple(CLASSIFIERS) == OWN_CLASSIFIERS


def test_probability_of_the_worked_example():
    weights = np.array([4.0, -2, 5, -3, 11, 9])
    found = linear_probability(np.array([[6.0, 8, 2, 7, -3, 5]]), weights, 0.0)
    assert float(f"{found[0]:.5g}") == 0.99988


def test_logistic_function_inverts_the_logit_and_never_overflows():
    probability = np.array([1e-9, 0.2, 0.5, 0.99])
    logit = np.log(probability / (1 - probability))
    np.testing.assert_allclose(logistic(logit), probability, rtol=1e-12)
    assert logistic(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]


def test_logistic_regression_sits_where_the_gradient_vanishes(cloud):
    inputs, label, weight = cloud
    method = LogisticClassifier(seed=1)
    method.fit(inputs, label, weight)
    # Gradient of the log-likelihood X^T (y - sigma) against that of the penalty |w|^2 / 2.
    residual = label - method.probability(inputs)
    np.testing.assert_allclose(inputs.T @ residual, method.coefficients, atol=1e-3)
    assert abs(residual.sum()) < 1e-3


def test_discriminant_agrees_with_scikit_learn(cloud):
    inputs, label, weight = cloud
    own = LinearDiscriminant(seed=1)
    own.fit(inputs, label, weight)
    reference = LinearDiscriminantAnalysis(priors=[0.5, 0.5]).fit(inputs, label)
    expected = reference.predict_proba(inputs)[:, 1]
    # scikit-learn divides the scatter by n - 2, this by n.
    np.testing.assert_allclose(own.probability(inputs), expected, atol=2e-3)


def test_discriminant_maximises_fishers_ratio(cloud):
    inputs, label, weight = cloud
    own = LinearDiscriminant(seed=1)
    own.fit(inputs, label, weight)

    def ratio(direction):
        signal, background = inputs[label] @ direction, inputs[~label] @ direction
        return (signal.mean() - background.mean()) ** 2 / (signal.var() + background.var())

    best = ratio(own.coefficients)
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert ratio(own.coefficients + 0.1 * rng.normal(size=4)) < best


def test_weights_of_the_discriminant_count_events(cloud):
    inputs, label, weight = cloud
    weight = weight.copy()
    weight[:150] = 3
    repeats = weight.astype(int)
    one, two = LinearDiscriminant(seed=1), LinearDiscriminant(seed=1)
    one.fit(inputs, label, weight)
    two.fit(np.repeat(inputs, repeats, axis=0), np.repeat(label, repeats), np.ones(repeats.sum()))
    np.testing.assert_allclose(one.coefficients, two.coefficients)


def as_events(cloud, columns=("a", "b", "c")):
    inputs, label, weight = cloud
    return LabelledFeatures(
        inputs[:, :3].astype(np.float32), inputs[:, 3].astype(np.float32), label, weight, columns
    )


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_method_separates_and_repeats(cloud, name):
    events = as_events(cloud)
    one, two = (train_classifier(name, events, seed=3) for _ in range(2))
    features, kappas = events.features[::5], np.array([-1.0, 0.5])
    scores = one.score_at_kappas(features, kappas)
    np.testing.assert_array_equal(scores, two.score_at_kappas(features, kappas))
    assert scores.shape == (200, 2)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores[events.label[::5]].mean() > scores[~events.label[::5]].mean() + 0.03
    # The score at one kappa is what that value of the last input gives.
    alone = one.score_at_kappas(features, kappas[1:])
    np.testing.assert_array_equal(alone[:, 0], scores[:, 1])
    assert not np.array_equal(scores[:, 0], scores[:, 1])
    features = features.copy()
    features[5] = np.nan
    assert (one.score_at_kappas(features, kappas)[5] == 0).all()


def test_a_constant_column_is_no_obstacle(cloud):
    events = as_events(cloud)
    features = events.features.copy()
    features[:, 1] = 7.0
    constant = LabelledFeatures(features, events.kappa, events.label, events.weight, events.columns)
    for name in ("linear_discriminant", "logistic_regression"):
        scores = train_classifier(name, constant, seed=1).score_at_kappas(features, np.ones(1))
        assert np.isfinite(scores).all()


def test_unknown_method_and_hopeless_events_are_named(cloud):
    events = as_events(cloud)
    with pytest.raises(ConfigError, match="classifier 'ada': expected one of .*logistic"):
        train_classifier("ada", events, seed=1)
    rows = slice(0, 5)
    one_class = LabelledFeatures(
        *(f[rows] for f in (events.features, events.kappa, events.label, events.weight)),
        events.columns,
    )
    with pytest.raises(TrainingFailed, match="'logistic_regression' cannot be fitted to 5 events"):
        train_classifier("logistic_regression", one_class, seed=1)


def train_files(samples, tmp_path, *, method, options=None):
    """Train on files; return pairs DATASET:SCORES of signal and background."""
    jobs = [parse_job(f"{samples[key].pair}:{tmp_path}/{key}.h5") for key in (1.0, "background")]
    settings = ClassifierSettings.checked(
        {"method": method, "options": options or {}, "kappa_values": [-5, 1, 5], "seed": 2}
    )
    train_and_score([samples[1.0].pair], [samples["background"].pair], jobs, settings)
    return [f"{job.paths[0]}:{job.paths[2]}" for job in jobs]


def test_scores_go_to_files_that_can_be_evaluated(samples, tmp_path):
    pairs = train_files(samples, tmp_path, method="gradient_boosting")
    assert evaluate(pairs[:1], pairs[1:], EvaluationSettings())["auc"] > 0.85
    score = read_table(pairs[0].split(":")[1], SCORES)["score"]
    assert score.shape == (600, 3)
    assert (score[49] == 0).all()


def test_jobs_that_do_not_fit_are_named(samples, tmp_path):
    with pytest.raises(ConfigError, match=r"not of the form DATASET.h5:FEATURES.h5:SCORES.h5"):
        parse_job("a.h5:b.h5")
    job = parse_job(f"{samples[1.0].dataset}:{samples[1.0].dataset}:{tmp_path}/s.h5")
    settings = ClassifierSettings(method="linear_discriminant", kappa_values=[1.0])
    with pytest.raises(ContractError, match="attribute 'columns' is missing"):
        train_and_score([samples[1.0].pair], [samples["background"].pair], [job], settings)
    assert not (tmp_path / "s.h5").exists()


PLUGIN = """
import numpy as np

class ByOneInput:
    def __init__(self, seed, column=3, factor=1.0):
        self.column, self.factor = column, factor

    def fit(self, inputs, label, weight):
        self.middle = np.median(inputs[:, self.column])

    def probability(self, inputs):
        found = 1 / (1 + np.exp(inputs[:, self.column] - self.middle))
        return self.factor * found

class Columns(ByOneInput):
    def probability(self, inputs):
        return inputs

class Clumsy(ByOneInput):
    def fit(self, inputs, label, weight):
        raise KeyError("nothing to fit")

class Picky:
    def __init__(self, seed, depth=0):
        if depth < 1:
            raise ValueError("depth must be above 0")

class Incomplete:
    def __init__(self, seed):
        pass

class Seedless:
    pass
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    return path


def test_a_class_in_a_file_is_a_classifier(samples, tmp_path, plugin):
    pairs = train_files(samples, tmp_path, method=f"{plugin}:ByOneInput", options={"column": 0})
    path = pairs[0].split(":")[1]
    assert len(np.unique(read_table(path, SCORES)["score"])) > 100
    made = json.loads(read_attributes(path)["provenance"])["settings"]
    assert (made["method"], made["options"]) == (f"{plugin}:ByOneInput", {"column": 0})


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("ByOneInput", {"colum": 1}, ConfigError, "unexpected keyword argument 'colum'"),
        ("Missing", {}, ConfigError, "the file has no 'Missing'"),
        ("Seedless", {}, ConfigError, "'seed'"),
        (
            "Picky",
            {"depth": 0},
            ConfigError,
            "with {'depth': 0}: ValueError: depth must",
        ),
        ("Incomplete", {}, ConfigError, "Incomplete.fit' is no function"),
        ("Columns", {}, ContractError, r"shape \(\d+, 21\); expected probabilities of shape"),
        ("ByOneInput", {"factor": 2.0}, ContractError, "expected numbers from 0 to 1"),
        ("ByOneInput", {"factor": np.nan}, ContractError, "returns the probability nan"),
        ("ByOneInput", {"column": 99}, TrainingFailed, "cannot be fitted .*IndexError"),
        ("Clumsy", {}, TrainingFailed, "cannot be fitted .*KeyError: 'nothing to fit'"),
    ],
)
def test_a_class_that_is_no_classifier_is_named(
    samples, tmp_path, plugin, name, options, error, words
):
    with pytest.raises(error, match=words) as caught:
        train_files(samples, tmp_path, method=f"{plugin}:{name}", options=options)
    assert f"mine.py:{name}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.h5"))


def test_a_file_that_does_not_load_is_named(samples, tmp_path):
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found")
    with pytest.raises(ConfigError, match=r"broken.py:A does not load: ModuleNotFoundError"):
        train_files(samples, tmp_path, method=f"{tmp_path}/broken.py:A")
