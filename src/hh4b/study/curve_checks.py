"""Whether learning curves can be made of what they name."""

from hh4b.core.problems import Problems
from hh4b.study.methods import Dnn, SpanetClassifier
from hh4b.study.model import Study


def find_impossible_curves(study: Study, problems: Problems) -> None:
    """Find selections without a network, and trainings whose epochs nobody said.

    Args:
        study: every name that it uses of another section exists.
        problems: to add to.
    """
    curves = study.learning_curves
    trainings = {f"learning_curves.trainings: {name}": name for name in curves.trainings}
    for name in curves.selections:
        chosen = study.classifiers[study.selections[name].classifier]
        if isinstance(chosen, SpanetClassifier):
            trainings[f"learning_curves.selections: {name}"] = chosen.training
        elif not isinstance(chosen, Dnn):
            problems.add(
                "learning_curves.selections",
                f"value {name!r}: its classifier is of kind {chosen.kind}; expected dnn or spanet",
            )
    for key, training in trainings.items():
        if curves.longer and study.spanet_trainings[training].epochs is None:
            problems.add(
                f"spanet_trainings.{training}.epochs",
                f"value None: {key} is trained longer on fewer events; write a number, or"
                " learning_curves.longer: 0",
            )
