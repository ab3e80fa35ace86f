"""Fit a classical classifier to labelled features, and what its answers are held to."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from hh4b.core.errors import ContractError, TrainingFailed
from hh4b.selection.classifiers import Classifier, Values, error_text, make_classifier
from hh4b.selection.samples import LabelledFeatures


@dataclass(frozen=True)
class FittedClassifier:
    """A fitted classifier with the standardisation of its inputs.

    Attributes:
        name: its reference, for messages.
        classifier: the classifier.
        columns: names of the features.
        mean: of the inputs (features and kappa), shape (F + 1,).
        scale: their spread, 1 where constant.
    """

    name: str
    classifier: Classifier
    columns: tuple[str, ...]
    mean: Values
    scale: Values

    def score_at_kappas(self, features: Values, kappas: Values) -> NDArray[np.float32]:
        """Return the signal probability of every event at every kappa, shape (event, K).

        Events with a NaN (no pairing) score 0: they are not selected.

        Raises:
            ContractError: if the classifier does not return probabilities.
        """
        scores = np.zeros((len(features), len(kappas)), dtype=np.float32)
        rows = np.flatnonzero(np.isfinite(features).all(axis=1))
        if not len(rows):
            return scores
        inputs = np.column_stack([features[rows], np.zeros(len(rows))])
        inputs = (inputs - self.mean) / self.scale
        for number, kappa in enumerate(kappas):
            inputs[:, -1] = (kappa - self.mean[-1]) / self.scale[-1]
            scores[rows, number] = self._probability(inputs)
        return scores

    def _probability(self, inputs: Values) -> NDArray[np.float32]:
        try:
            found = np.asarray(self.classifier.probability(inputs))
        except Exception as error:
            raise ContractError(f"classifier {self.name!r}: {error_text(error)}") from error
        if found.shape != (len(inputs),) or found.dtype.kind not in "biuf":
            raise ContractError(
                f"classifier {self.name!r} returns {found.dtype} of shape {found.shape}; expected"
                f" probabilities of shape {(len(inputs),)}"
            )
        found = found.astype(np.float32)
        bad = ~((found >= 0) & (found <= 1))
        if bad.any():
            raise ContractError(
                f"classifier {self.name!r} returns the probability {found[bad][0]}; expected"
                " numbers from 0 to 1"
            )
        return found


def train_classifier(
    name: str, events: LabelledFeatures, *, seed: int, options: Mapping[str, Any] | None = None
) -> FittedClassifier:
    """Fit a classical classifier.

    Args:
        name: key of `CLASSIFIERS`, entry point or ``path.py:Class``.
        events: labelled features; both classes enter with the same sum of weights.
        seed: of everything random.
        options: keyword options of the classifier.

    Raises:
        ConfigError: if the classifier is unknown, or does not know an option.
        TrainingFailed: if it does not converge or cannot be fitted to these events.
    """
    classifier = make_classifier(name, options or {}, seed)
    inputs = np.column_stack([events.features, events.kappa]).astype(np.float64)
    weight = events.weight * (len(events.weight) / events.weight.sum())
    share = weight / weight.sum()
    mean = share @ inputs
    spread = np.sqrt(share @ (inputs - mean) ** 2)
    scale = np.where(spread > 1e-6 * (1 + np.abs(mean)), spread, 1.0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            classifier.fit((inputs - mean) / scale, events.label, weight)
    except Exception as error:
        raise TrainingFailed(
            f"classifier {name!r} cannot be fitted to {len(inputs)} events: {error_text(error)}"
        ) from error
    return FittedClassifier(name, classifier, events.columns, mean, scale)
