"""Tables that the note does not have."""

from functools import partial

from hh4b.publication.catalogue.entry import Entry
from hh4b.publication.catalogue.names import all_classifiers, all_selections
from hh4b.publication.catalogue.naming import training_label
from hh4b.publication.catalogue.samples import pass_rates
from hh4b.publication.catalogue.sources import (
    InputFiles,
    Source,
    folds_of_trainings,
    limits_by_condition,
    metrics_and_limits_of,
)
from hh4b.study.layout import Layout

#: Trained on the samples of their namesakes.
VERSION1 = ("sm_version1", "kappa5_version1", "resonant_version1", "mixing_version1")


def _trainings() -> Source:
    def inputs(layout: Layout) -> InputFiles:
        return {
            f"{name}.{part}": [layout.training_file(name, part)]
            for name in layout.study.spanet_trainings
            if name not in VERSION1
            for part in ("training", "testing")
        }

    return Source(inputs, "a training under spanet_trainings", training_label)


def _pass_rate_notes(layout: Layout) -> dict[str, dict[str, str]]:
    """Return the rows that the note has: own pp -> 4b, whatever its process is called."""
    processes = {layout.samples[name].process for name in layout.of_source("four_b")}
    return {"note": {"sm_hh": "sm_hh", **dict.fromkeys(sorted(processes), "four_b")}}


_table = partial(Entry, "table")
TABLES = (
    _table(
        "classifiers", "classifiers", "Classifiers on the same events",
        metrics_and_limits_of(all_classifiers, "an entry under classifiers"),
        (
            "Both classes count the same. Statistical errors where the metrics have them. Interval:"
            " profile likelihood, 95 %.",
        ),
    ),
    _table(
        "luminosities", "intervals_by_luminosity",
        "Expected 95 % intervals on κλ at every energy and luminosity",
        limits_by_condition(all_selections, "an entry under selections"),
        options={"energies": True},
    ),
    _table(
        "pass_rates", "pass_rates", "Share of generated events that pass the four-tag cut",
        pass_rates(),
        (
            "Weighted: cuts and biases at parton level are undone. Errors: statistical.",
            "The note's numbers have MV2c10 70 % b-tags for pp → 4b and DL1r 77 % for HH"
            " (docs/physics.md).",
        ),
        study_options=_pass_rate_notes, labels={"sm_hh": "SM gg → HH", "four_b": "pp → 4b"},
    ),
    _table(
        "samples", "sizes_of_trainings",
        "Numbers of events in the SPANet samples after the four-tag cut", _trainings(),
        study_options=folds_of_trainings,
    ),
)  # fmt: skip
