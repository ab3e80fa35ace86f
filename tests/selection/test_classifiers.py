"""Classical classifiers: formulas, weights, seeds, files."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from hh4b.core.contracts import SCORES, read_table
from hh4b.core.errors import ConfigError, ContractError, TrainingFailed
from hh4b.selection.baseline_stage import ScoreJob, parse_job, train_and_score
from hh4b.selection.baselines import (
    METHODS,
    LinearDiscriminant,
    LogisticMethod,
    linear_probability,
    logistic,
    train_baseline,
)
from hh4b.selection.evaluation import evaluate
from hh4b.selection.samples import Events


@pytest.fixture(scope="module")
def cloud():
    """Two Gaussian classes of equal size: inputs, label, weight."""
    rng = np.random.default_rng(41)
    label = np.arange(1000) < 500
    inputs = rng.normal(size=(1000, 4)) @ (np.eye(4) + 0.5 * np.triu(np.ones((4, 4)), 1))
    return inputs + label[:, None] * [0.5, -0.3, 0.0, 0.8], label, np.ones(1000)


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
    method = LogisticMethod()
    method.fit(inputs, label, weight)
    # Gradient of the log-likelihood X^T (y - sigma) against that of the penalty |w|^2 / 2.
    residual = label - method.probability(inputs)
    np.testing.assert_allclose(inputs.T @ residual, method.coefficients, atol=1e-3)
    assert abs(residual.sum()) < 1e-3


def test_discriminant_agrees_with_scikit_learn(cloud):
    inputs, label, weight = cloud
    own = LinearDiscriminant()
    own.fit(inputs, label, weight)
    reference = LinearDiscriminantAnalysis(priors=[0.5, 0.5]).fit(inputs, label)
    expected = reference.predict_proba(inputs)[:, 1]
    # scikit-learn divides the scatter by n - 2, this by n.
    np.testing.assert_allclose(own.probability(inputs), expected, atol=2e-3)


def test_discriminant_maximises_fishers_ratio(cloud):
    inputs, label, weight = cloud
    own = LinearDiscriminant()
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
    one, two = LinearDiscriminant(), LinearDiscriminant()
    one.fit(inputs, label, weight)
    two.fit(np.repeat(inputs, repeats, axis=0), np.repeat(label, repeats), np.ones(repeats.sum()))
    np.testing.assert_allclose(one.coefficients, two.coefficients)


def as_events(cloud, columns=("a", "b", "c")):
    inputs, label, weight = cloud
    return Events(
        inputs[:, :3].astype(np.float32), inputs[:, 3].astype(np.float32), label, weight, columns
    )


@pytest.mark.parametrize("name", METHODS)
def test_every_method_separates_and_repeats(cloud, name):
    events = as_events(cloud)
    one, two = (train_baseline(name, events, seed=3) for _ in range(2))
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
    constant = Events(features, events.kappa, events.label, events.weight, events.columns)
    for name in ("linear_discriminant", "logistic_regression"):
        scores = train_baseline(name, constant, seed=1).score_at_kappas(features, np.ones(1))
        assert np.isfinite(scores).all()


def test_unknown_method_and_hopeless_events_are_named(cloud):
    events = as_events(cloud)
    with pytest.raises(ConfigError, match="'ada' is unknown; choose one of logistic"):
        train_baseline("ada", events, seed=1)
    rows = slice(0, 5)
    one_class = Events(
        *(f[rows] for f in (events.features, events.kappa, events.label, events.weight)),
        events.columns,
    )
    with pytest.raises(TrainingFailed, match="logistic_regression cannot be fitted to 5 events"):
        train_baseline("logistic_regression", one_class, seed=1)


def test_scores_go_to_files_that_can_be_evaluated(samples, tmp_path):
    jobs = [
        ScoreJob(str(samples[key].dataset), str(samples[key].features), f"{tmp_path}/{key}.h5")
        for key in (1.0, "background")
    ]
    train_and_score(
        "gradient_boosting",
        [samples[1.0].pair],
        [samples["background"].pair],
        jobs,
        np.array([-5.0, 1.0, 5.0]),
        seed=2,
    )
    pairs = [f"{job.dataset}:{job.scores}" for job in jobs]
    found = evaluate(pairs[:1], pairs[1:])
    assert found["auc"] > 0.85
    score = read_table(jobs[0].scores, SCORES)["score"]
    assert score.shape == (600, 3)
    assert (score[49] == 0).all()


def test_jobs_that_do_not_fit_are_named(samples, tmp_path):
    with pytest.raises(ConfigError, match=r"not three files; write DATASET.h5:FEATURES.h5:SCO"):
        parse_job("a.h5:b.h5")
    job = ScoreJob(str(samples[1.0].dataset), str(samples[1.0].dataset), str(tmp_path / "s.h5"))
    with pytest.raises(ContractError, match="attribute 'columns' is missing"):
        train_and_score(
            "linear_discriminant",
            [samples[1.0].pair],
            [samples["background"].pair],
            [job],
            np.ones(1),
            seed=1,
        )
    assert not (tmp_path / "s.h5").exists()
