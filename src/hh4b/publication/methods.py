"""Names and order of pairing and selection methods, shared by tables and figures."""

from typing import NamedTuple

from hh4b.publication.tables import Text, plain

_NAMES = {
    "min_dr": Text("min-ΔR", r"min-$\Delta R$"),
    "sm_spanet": Text("SM SPANet", "SM SPANet"),
    "kappa5_spanet": Text("κ5 SPANet", r"$\kappa 5$ SPANet"),
    "resonant_spanet": Text("resonant SPANet", "resonant SPANet"),
    "mixing_joint": Text("mixing κ SPANet2", r"mixing $\kappa$ SPANet2"),
    "mixing_spanet": Text("mixing κ SPANet2", r"mixing $\kappa$ SPANet2"),
}
PAIRINGS = ("mixing_spanet", "kappa5_spanet", "sm_spanet", "resonant_spanet", "min_dr")
#: Selections in the order of the note: pairing and classifier; `_tuned` variants share the label.
SELECTIONS = (
    "min_dr_cuts", "mixing_spanet_cuts", "min_dr_dnn", "min_dr_dnn_tuned", "kappa5_spanet_dnn",
    "mixing_spanet_dnn", "mixing_spanet_dnn_tuned", "mixing_spanet",
    "mixing_spanet_classification_only", "mixing_spanet_tuned",
)  # fmt: skip
_CLASSIFIERS = {
    "dnn": plain("DNN"),
    "cuts": plain("cuts"),
    "logistic_regression": plain("logistic regression"),
    "linear_discriminant": plain("linear discriminant"),
    "svm": plain("SVM"),
    "random_forest": plain("random forest"),
    "gradient_boosting": plain("gradient boosting"),
}
_VARIANTS = {"_tuned": ", tuned", "_classification_only": ", classification only"}
#: Part of the key of every selection in which SPANet2 classifies.
_SPANET = ("spanet", "joint")


class Selection(NamedTuple):
    """A way to select: how jets are paired and what separates signal from background."""

    pairing: Text
    classifier: Text


def pairing_name(key: str) -> Text:
    """Return the name of a pairing method; an unknown key is spelled out.

    >>> pairing_name("min_dr").plain
    'min-ΔR'
    """
    return _NAMES.get(key) or plain(key.replace("_", " "))


def selection_parts(key: str) -> Selection:
    """Split a selection such as ``min_dr_dnn`` into pairing and classifier.

    >>> [text.plain for text in selection_parts("min_dr_dnn_tuned")]
    ['min-ΔR', 'DNN']
    """
    stem = key.removesuffix("_tuned").removesuffix("_classification_only")
    for suffix, name in _CLASSIFIERS.items():
        if stem.endswith("_" + suffix):
            return Selection(pairing_name(stem.removesuffix("_" + suffix)), name)
    if any(part in stem for part in _SPANET):
        return Selection(pairing_name(stem), plain("SPANet2"))
    return Selection(pairing_name(stem), plain(""))


def variant_of(key: str) -> str:
    """Return what a selection adds to its pairing and classifier.

    >>> variant_of("min_dr_dnn_tuned"), variant_of("min_dr_dnn")
    (', tuned', '')
    """
    for suffix, text in _VARIANTS.items():
        if key.endswith(suffix):
            return text
    return ""


def full_name(key: str) -> Text:
    """Return the name of a selection with its variant, for outputs that show several variants."""
    name, variant = selection_name(key), variant_of(key)
    return Text(name.plain + variant, name.latex + variant)


def training_name(key: str) -> Text:
    """Return the name of a SPANet2 training, e.g. of ``mixing_joint_tuned``."""
    stem = key.removesuffix("_tuned").removesuffix("_classification_only").removesuffix("_joint")
    name = _NAMES.get(f"{stem}_spanet") or plain(key.replace("_", " "))
    variant = variant_of(key)
    return Text(name.plain + variant, name.latex + variant)


def selection_name(key: str) -> Text:
    """Return one name for a selection, as the note writes it.

    >>> selection_name("mixing_spanet_dnn").plain
    'mixing κ SPANet2 + DNN'
    """
    pairing, classifier = selection_parts(key)
    if classifier.plain in ("SPANet2", ""):
        return pairing
    return Text(f"{pairing.plain} + {classifier.plain}", f"{pairing.latex} + {classifier.latex}")
