"""Learning curves against the size of the sample: trainings on shares of the events.

A study names what is trained again on each share. The trainings, pairings, classifiers and
selections of the points are entries like others, made here of those of the whole sample, so that
the workflow knows nothing of them. Pages and tables of the note leave them out.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hh4b.core.settings import Name, Settings
from hh4b.core.training_share import Share
from hh4b.selection.settings import DnnSettings

Content = Mapping[str, Any]
_SECTIONS = ("spanet_trainings", "pairings", "classifiers", "selections")


class LearningCurves(Settings):
    """Quality against the number of training events."""

    shares: list[Share] = Field(
        [], description="shares of the training events to train with again, beside all of them"
    )
    selections: list[Name] = Field(
        [],
        description="selections whose network is trained again: AUC, pairing and interval; its"
        " pairing too, where it is by the same network",
    )
    trainings: list[Name] = Field(
        [], description="trainings of SPANet2 to repeat without scores: AUC and pairing alone"
    )
    longer: Annotated[float, Field(ge=0, le=1)] = Field(
        0.3,  # measured: docs/spanet.md, training on few events
        description="epochs on a share are those on all events over share to this power, rounded"
        " up: 0 = as many epochs, 1 = as many steps",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(set(self.shares)) != len(self.shares):
            raise ValueError("a share is given twice")
        if bool(self.shares) != bool(self.selections or self.trainings):
            raise ValueError("shares need selections or trainings to train again, and these shares")
        return self

    def epochs(self, number: int, share: float) -> int:
        """Return the epochs on a share where there are so many on all events."""
        # A number that rounding alone lifts above a whole one is that one.
        return ceil(number / float(share**self.longer) - 1e-9)


def point_name(name: str, share: float) -> str:
    """Return what an entry is called that learns from a share of the events.

    >>> point_name("min_dr_dnn", 0.01)
    'min_dr_dnn_at_1_percent'
    """
    return f"{name}_at_{100 * share:g}_percent".replace(".", "_")


def is_point(name: str, curves: LearningCurves) -> bool:
    """Return whether an entry of a study is a point of a learning curve."""
    ends = tuple(point_name("", share) for share in curves.shares)
    return bool(ends) and name.endswith(ends)


def without_points(names: Iterable[str], curves: LearningCurves) -> list[str]:
    """Return the entries of a section that are no points of learning curves."""
    return [name for name in names if not is_point(name, curves)]


def with_points(content: Content) -> dict[str, Any]:
    """Add the entries of all points to a study as it is written.

    What is already there under such a name stays, as in a configuration that a run has written.
    What is wrong with the section or with the entries of the whole sample is left to other checks.
    """
    changed = dict(content)
    section = content.get("learning_curves")
    if not isinstance(section, Mapping):
        return changed
    try:
        curves = LearningCurves.model_validate(dict(section))
    except ValueError:
        return changed
    for name in _SECTIONS:
        if isinstance(content.get(name), Mapping):
            changed[name] = dict(content[name])
    for share in curves.shares:
        for section_name, name, entry in _points(content, curves, share):
            if isinstance(changed.get(section_name), dict):
                changed[section_name].setdefault(name, entry)
    return changed


def _points(
    content: Content, curves: LearningCurves, share: float
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield section, name and content of the entries of one share."""
    for name in curves.trainings:
        if (training := _entry(content, "spanet_trainings", name)) is not None:
            yield _training(name, training, curves, share)
    for name in curves.selections:
        selection = _entry(content, "selections", name)
        classifier = _entry(content, "classifiers", (selection or {}).get("classifier"))
        if selection is None or classifier is None:
            continue
        changed = {**selection, "classifier": point_name(selection["classifier"], share)}
        if classifier.get("kind") == "dnn":
            made = {**classifier, "share": share}
            for key in ("max_epochs", "patience"):
                number = classifier.get(key, DnnSettings.model_fields[key].default)
                if isinstance(number, int):
                    made[key] = curves.epochs(number, share)
            yield "classifiers", changed["classifier"], made
        elif classifier.get("kind") == "spanet":
            trained = classifier.get("training")
            training = _entry(content, "spanet_trainings", trained)
            if training is None:
                continue
            yield _training(str(trained), training, curves, share)
            made = {**classifier, "training": point_name(str(trained), share), "label": None}
            yield "classifiers", changed["classifier"], made
            pairing = _entry(content, "pairings", selection.get("pairing"))
            if pairing is not None and pairing.get("training") == trained:
                changed["pairing"] = point_name(selection["pairing"], share)
                made = {**pairing, "training": point_name(str(trained), share), "label": None}
                yield "pairings", changed["pairing"], made
        else:
            continue
        yield "selections", point_name(name, share), {**changed, "label": None}


def _training(
    name: str, training: Content, curves: LearningCurves, share: float
) -> tuple[str, str, dict[str, Any]]:
    label = training.get("label") or name.replace("_", " ")
    made = {**training, "share": share, "label": label}
    if isinstance(number := training.get("epochs"), int):
        made["epochs"] = curves.epochs(number, share)
    return "spanet_trainings", point_name(name, share), made


def _entry(content: Content, section: str, name: Any) -> Content | None:
    entries = content.get(section)
    entry = entries.get(name) if isinstance(entries, Mapping) else None
    return entry if isinstance(entry, Mapping) else None
