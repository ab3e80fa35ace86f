"""Classical classifiers on the features of the dense network, all with event weights."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from hh4b.core.errors import ConfigError, TrainingFailed
from hh4b.core.seeds import derive_seed, stream
from hh4b.selection.samples import Events

Values = NDArray[Any]


class Method(Protocol):
    """A classifier on standardised inputs of shape (event, F + 1), kappa last."""

    def fit(self, inputs: Values, label: Values, weight: Values) -> None:
        """Learn from labelled events; ``weight`` has mean one, both classes the same sum."""

    def probability(self, inputs: Values) -> Values:
        """Return the probability to be signal, shape (event,)."""


def logistic(values: Values) -> Values:
    """Return 1 / (1 + exp(-z)) without overflow.

    >>> round(float(logistic(np.array(9.0))), 5)
    0.99988
    """
    small = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1.0, small) / (1 + small))


def linear_probability(inputs: Values, coefficients: Values, intercept: float) -> Values:
    """Return sigma(x . w + b) of inputs of shape (event, F)."""
    return logistic(inputs @ coefficients + intercept)


class LogisticMethod:
    """Logistic regression: P(y = 1 | x) = sigma(x . w + b), the likelihood maximised over w, b."""

    def fit(self, inputs: Values, label: Values, weight: Values) -> None:
        """See `Method`."""
        # Few inputs: Newton's method with the full Hessian reaches the maximum itself.
        model = LogisticRegression(solver="newton-cholesky", tol=1e-9, max_iter=1000)
        model.fit(inputs, label, sample_weight=weight)
        self.coefficients, self.intercept = model.coef_[0], float(model.intercept_[0])

    def probability(self, inputs: Values) -> Values:
        """See `Method`."""
        return linear_probability(inputs, self.coefficients, self.intercept)


class LinearDiscriminant:
    """Fisher's discriminant: the direction that maximises w S_B w / w S_W w.

    For two classes it is S_W^-1 (mu_1 - mu_0). With Gaussian classes of one covariance and equal
    priors the probability is the sigmoid of (x - (mu_1 + mu_0)/2) . w. Own code, because that of
    scikit-learn knows no event weights.
    """

    def fit(self, inputs: Values, label: Values, weight: Values) -> None:
        """See `Method`."""
        means, scatter = [], np.zeros((inputs.shape[1], inputs.shape[1]))
        for of_class in (~label, label):
            share = weight[of_class] / weight[of_class].sum()
            mean = share @ inputs[of_class]
            centred = inputs[of_class] - mean
            scatter += (share[:, None] * centred).T @ centred / 2
            means.append(mean)
        # A constant column has no scatter; the least-squares solution leaves it out.
        self.coefficients = np.linalg.lstsq(scatter, means[1] - means[0], rcond=1e-10)[0]
        self.intercept = float(-0.5 * (means[0] + means[1]) @ self.coefficients)

    def probability(self, inputs: Values) -> Values:
        """See `Method`."""
        return linear_probability(inputs, self.coefficients, self.intercept)


class SupportVectors:
    """Soft-margin machine with the kernel exp(-gamma |x - x'|^2) in Nystroem's approximation.

    The margin becomes a probability by Platt's sigmoid, fitted on a fifth of the events that the
    machine has not seen.
    """

    def __init__(self, seed: int, components: int = 300) -> None:
        """Take ``components`` events as basis of the kernel map."""
        self.seed, self.components = seed, components

    def fit(self, inputs: Values, label: Values, weight: Values) -> None:
        """See `Method`."""
        order = stream(self.seed, "svm").permutation(len(label))
        held_out, rows = np.array_split(order, [max(1, len(order) // 5)])
        self.kernel = Nystroem(
            gamma=1 / inputs.shape[1],
            n_components=min(self.components, len(rows)),
            random_state=derive_seed(self.seed, "nystroem", bits=31),
        )
        mapped = self.kernel.fit_transform(inputs[rows])
        self.machine = LinearSVC(dual=False, max_iter=5000)
        self.machine.fit(mapped, label[rows], sample_weight=weight[rows])
        margin = self.machine.decision_function(self.kernel.transform(inputs[held_out]))
        self.platt = LogisticMethod()
        self.platt.fit(margin[:, None], label[held_out], weight[held_out])

    def probability(self, inputs: Values) -> Values:
        """See `Method`."""
        margin = self.machine.decision_function(self.kernel.transform(inputs))
        return self.platt.probability(margin[:, None])


class Trees:
    """An ensemble of decision trees from scikit-learn."""

    def __init__(self, model: Any) -> None:
        """Take an unfitted model with ``predict_proba``."""
        self.model = model

    def fit(self, inputs: Values, label: Values, weight: Values) -> None:
        """See `Method`."""
        self.model.fit(inputs, label, sample_weight=weight)

    def probability(self, inputs: Values) -> Values:
        """See `Method`."""
        return np.asarray(self.model.predict_proba(inputs)[:, 1])


def _random_forest(seed: int) -> Trees:
    return Trees(
        RandomForestClassifier(
            n_estimators=100,
            min_samples_leaf=10,
            max_depth=12,
            random_state=derive_seed(seed, "forest", bits=31),
        )
    )


def _gradient_boosting(seed: int) -> Trees:
    return Trees(
        HistGradientBoostingClassifier(
            max_iter=300,
            early_stopping=True,
            validation_fraction=0.1,
            n_iter_no_change=10,
            random_state=derive_seed(seed, "boosting", bits=31),
        )
    )


#: Method by name: a function of the seed.
METHODS: dict[str, Callable[[int], Method]] = {
    "logistic_regression": lambda seed: LogisticMethod(),
    "linear_discriminant": lambda seed: LinearDiscriminant(),
    "svm": SupportVectors,
    "random_forest": _random_forest,
    "gradient_boosting": _gradient_boosting,
}


@dataclass(frozen=True)
class Baseline:
    """A fitted classifier with the standardisation of its inputs.

    Attributes:
        method: the classifier.
        columns: names of the features.
        mean: of the inputs (features and kappa), shape (F + 1,).
        scale: their spread, 1 where constant.
    """

    method: Method
    columns: tuple[str, ...]
    mean: Values
    scale: Values

    def score_at_kappas(self, features: Values, kappas: Values) -> NDArray[np.float32]:
        """Return the signal probability of every event at every kappa, shape (event, K).

        Events with a NaN (no pairing) score 0: they are not selected.
        """
        scores = np.zeros((len(features), len(kappas)), dtype=np.float32)
        rows = np.flatnonzero(np.isfinite(features).all(axis=1))
        if not len(rows):
            return scores
        inputs = np.column_stack([features[rows], np.zeros(len(rows))])
        inputs = (inputs - self.mean) / self.scale
        for number, kappa in enumerate(kappas):
            inputs[:, -1] = (kappa - self.mean[-1]) / self.scale[-1]
            scores[rows, number] = self.method.probability(inputs)
        return scores


def train_baseline(name: str, events: Events, *, seed: int) -> Baseline:
    """Fit a classical classifier.

    Args:
        name: key of `METHODS`.
        events: labelled features; both classes enter with the same sum of weights.
        seed: of everything random.

    Raises:
        ConfigError: if the method is unknown.
        TrainingFailed: if it does not converge or cannot be fitted to these events.
    """
    if name not in METHODS:
        raise ConfigError(f"method {name!r} is unknown; choose one of {', '.join(METHODS)}")
    inputs = np.column_stack([events.features, events.kappa]).astype(np.float64)
    weight = events.weight * (len(events.weight) / events.weight.sum())
    share = weight / weight.sum()
    mean = share @ inputs
    spread = np.sqrt(share @ (inputs - mean) ** 2)
    scale = np.where(spread > 1e-6 * (1 + np.abs(mean)), spread, 1.0)
    method = METHODS[name](seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            method.fit((inputs - mean) / scale, events.label, weight)
    except (ConvergenceWarning, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingFailed(
            f"{name} cannot be fitted to {len(inputs)} events: {reason}"
        ) from error
    return Baseline(method, events.columns, mean, scale)
