"""Names of the note's methods in the default study, and what a study has beside them."""

from collections.abc import Callable, Collection, Sequence

from hh4b.publication.catalogue.sources import existing
from hh4b.study.layout import Layout

#: In the order of the note, as are all lists below.
NOTE_SELECTIONS = (
    "min_dr_cuts", "mixing_spanet_cuts", "min_dr_dnn", "min_dr_dnn_tuned", "kappa5_spanet_dnn",
    "mixing_spanet_dnn", "mixing_spanet_dnn_tuned", "mixing_spanet",
    "mixing_spanet_classification_only", "mixing_spanet_tuned"
)  # fmt: skip
#: Compared in the table of classifiers only.
BASELINES = (
    "min_dr_logistic_regression", "min_dr_linear_discriminant", "min_dr_svm",
    "min_dr_random_forest", "min_dr_gradient_boosting"
)  # fmt: skip
NOTE_PAIRINGS = ("min_dr", "kappa5_spanet", "mixing_spanet", "mixing_spanet_tuned")
DNNS = ("min_dr_dnn", "kappa5_spanet_dnn", "mixing_spanet_dnn")
FIRST = ("min_dr_dnn", "kappa5_spanet_dnn", "mixing_spanet")
#: The note's summary (sections 13 and 15) shows the tuned trainings.
FINAL = ("min_dr_dnn_tuned", "mixing_spanet_dnn_tuned", "mixing_spanet_tuned")
#: Rows of the note that print the tuned trainings without saying so in their key.
FINAL_ROWS = {
    "min_dr_dnn_tuned": "min_dr_dnn",
    "mixing_spanet_dnn_tuned": "mixing_spanet_dnn",
    "mixing_spanet_tuned": "mixing_spanet",
}

Names = Callable[[Layout], Sequence[str]]


def selections(*names: str, own: bool = False) -> Names:
    """Return those of some selections that a study has, and with ``own`` all that are not ours."""

    def found(layout: Layout) -> list[str]:
        return _found(
            layout, layout.study.selections, names, (*NOTE_SELECTIONS, *BASELINES), own=own
        )

    return found


def classifiers(*names: str, own: bool = False) -> Names:
    """Return those of some classifiers that a study has, and with ``own`` all that are not ours."""

    def found(layout: Layout) -> list[str]:
        return _found(
            layout, layout.study.classifiers, names, (*NOTE_SELECTIONS, *BASELINES), own=own
        )

    return found


def pairings(*names: str, own: bool = False) -> Names:
    """Return those of some pairings that a study has, and with ``own`` all that are not ours."""

    def found(layout: Layout) -> list[str]:
        return _found(layout, layout.study.pairings, names, NOTE_PAIRINGS, own=own)

    return found


def _found(
    layout: Layout,
    known: Collection[str],
    names: Sequence[str],
    ours: Collection[str],
    *,
    own: bool,
) -> list[str]:
    """Return those of some names that a section has, and with ``own`` what is not ours in it."""
    others = [name for name in layout.shown(known) if name not in ours] if own else []
    return [*existing(known, names), *others]


def all_selections(layout: Layout) -> list[str]:
    """Return every selection that is no point of a learning curve."""
    return layout.shown(layout.study.selections)


def all_classifiers(layout: Layout) -> list[str]:
    """Return every classifier, the note's first."""
    known = layout.shown(layout.study.classifiers)
    first = existing(known, NOTE_SELECTIONS)
    return [*first, *(name for name in known if name not in first)]


def joint_trainings(layout: Layout) -> list[str]:
    """Return the SPANet2 trainings that classify."""
    known = layout.study.spanet_trainings
    return [name for name in layout.shown(known) if known[name].background]
