"""Classical classifiers on the features of the dense network, all with event weights.

The classes of the package stand in a table; one of the user is of the same kind: called with
``seed`` and its options, with ``fit`` and ``probability`` of `Classifier`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from hh4b.core.errors import ConfigError
from hh4b.core.plugins import find_plugin, require_parameters
from hh4b.core.seeds import derive_seed, stream

Values = NDArray[Any]


class Classifier(Protocol):
    """A classifier on standardised inputs of shape (event, F + 1), kappa last.

    It is made by ``Class(seed=seed, **options)`` with the options of the configuration.
    """

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


class Unseeded:
    """A classifier without random numbers."""

    def __init__(self, seed: int) -> None:
        """Take a seed like every classifier."""


class LogisticClassifier(Unseeded):
    """Logistic regression: P(y = 1 | x) = sigma(x . w + b), the likelihood maximised over w, b."""

    def fit(self, inputs: Values, label: Values, weight: Values) -> None:
        """See `Classifier`."""
        # Few inputs: Newton's method with the full Hessian reaches the maximum itself.
        model = LogisticRegression(solver="newton-cholesky", tol=1e-9, max_iter=1000)
        model.fit(inputs, label, sample_weight=weight)
        self.coefficients, self.intercept = model.coef_[0], float(model.intercept_[0])

    def probability(self, inputs: Values) -> Values:
        """See `Classifier`."""
        return linear_probability(inputs, self.coefficients, self.intercept)


class LinearDiscriminant(Unseeded):
    """Fisher's discriminant: the direction that maximises w S_B w / w S_W w.

    For two classes it is S_W^-1 (mu_1 - mu_0). With Gaussian classes of one covariance and equal
    priors the probability is the sigmoid of (x - (mu_1 + mu_0)/2) . w. Own code, because that of
    scikit-learn knows no event weights.
    """

    def fit(self, inputs: Values, label: Values, weight: Values) -> None:
        """See `Classifier`."""
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
        """See `Classifier`."""
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
        """See `Classifier`."""
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
        self.platt = LogisticClassifier(self.seed)
        self.platt.fit(margin[:, None], label[held_out], weight[held_out])

    def probability(self, inputs: Values) -> Values:
        """See `Classifier`."""
        margin = self.machine.decision_function(self.kernel.transform(inputs))
        return self.platt.probability(margin[:, None])


class Trees:
    """An ensemble of decision trees from scikit-learn, unfitted in ``model``."""

    model: Any

    def fit(self, inputs: Values, label: Values, weight: Values) -> None:
        """See `Classifier`."""
        self.model.fit(inputs, label, sample_weight=weight)

    def probability(self, inputs: Values) -> Values:
        """See `Classifier`."""
        return np.asarray(self.model.predict_proba(inputs)[:, 1])


class RandomForest(Trees):
    """The mean of many trees, each grown on a sample of the events with replacement."""

    def __init__(
        self, seed: int, trees: int = 100, min_events_leaf: int = 10, max_depth: int = 12
    ) -> None:
        """Take the number of trees and how far each one grows."""
        self.model = RandomForestClassifier(
            n_estimators=trees,
            min_samples_leaf=min_events_leaf,
            max_depth=max_depth,
            random_state=derive_seed(seed, "forest", bits=31),
        )


class GradientBoosting(Trees):
    """A sum of trees, each grown on the gradient of the loss so far; stops by itself."""

    def __init__(self, seed: int, max_trees: int = 300, patience: int = 10) -> None:
        """Take the number of trees at most, and trees without improvement before the stop."""
        self.model = HistGradientBoostingClassifier(
            max_iter=max_trees,
            early_stopping=True,
            validation_fraction=0.1,
            n_iter_no_change=patience,
            random_state=derive_seed(seed, "boosting", bits=31),
        )


#: Classes of the package; a user's stand in entry points ``hh4b.classifier`` or in a file.
CLASSIFIERS: dict[str, Callable[..., Classifier]] = {
    "logistic_regression": LogisticClassifier,
    "linear_discriminant": LinearDiscriminant,
    "svm": SupportVectors,
    "random_forest": RandomForest,
    "gradient_boosting": GradientBoosting,
}


def find_classifier(name: str, options: Mapping[str, Any]) -> Callable[..., Classifier]:
    """Return the class of a classifier.

    Raises:
        ConfigError: if there is none, or it does not know an option.
    """
    kind: Callable[..., Classifier] = find_plugin("classifier", name, CLASSIFIERS)
    require_parameters("classifier", name, kind, ["seed", *options])
    return kind


def make_classifier(name: str, options: Mapping[str, Any], seed: int) -> Classifier:
    """Make an unfitted classifier.

    Raises:
        ConfigError: see `find_classifier`; if it cannot be made with these options.
    """
    kind = find_classifier(name, options)
    try:
        classifier = kind(seed=seed, **options)
    except Exception as error:
        raise ConfigError(
            f"classifier {name!r} with {dict(options)}: {error_text(error)}"
        ) from error
    for method, names in (("fit", ["inputs", "label", "weight"]), ("probability", ["inputs"])):
        found: Any = getattr(classifier, method, None)
        require_parameters("classifier", f"{name}.{method}", found, names)
    return classifier


def error_text(error: Exception) -> str:
    """Return kind and first line of what a classifier raised."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
