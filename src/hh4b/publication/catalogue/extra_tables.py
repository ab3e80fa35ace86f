"""Tables that the note does not have."""

from functools import partial

from hh4b.publication.catalogue.entry import Entry
from hh4b.publication.catalogue.likelihoods import couplings, fits_and_limits, fits_by_point
from hh4b.publication.catalogue.names import FINAL, all_classifiers, all_selections, selections
from hh4b.publication.catalogue.naming import selection_label, selection_parts, training_label
from hh4b.publication.catalogue.sample_size import TABLE, options, points
from hh4b.publication.catalogue.samples import pass_rates
from hh4b.publication.catalogue.sources import (
    InputFiles,
    Source,
    folds_of_trainings,
    limits_by_condition,
    limits_of,
    metrics_and_limits_of,
)
from hh4b.study.layout import Layout

#: Trained on the samples of their namesakes.
VERSION1 = ("sm_version1", "kappa5_version1", "resonant_version1", "mixing_version1")


def _trainings() -> Source:
    def inputs(layout: Layout) -> InputFiles:
        return {
            f"{name}.{part}": [layout.training_file(name, part)]
            for name in layout.shown(layout.study.spanet_trainings)
            if name not in VERSION1
            for part in ("training", "testing")
        }

    return Source(inputs, "a training under spanet_trainings", training_label)


def _limits_and_templates() -> Source:
    def inputs(layout: Layout) -> InputFiles:
        found: InputFiles = {}
        for name in all_selections(layout):
            found[name] = [layout.limits(name)]
            found[f"{name}.templates"] = [layout.templates(name)]
        return found

    def label(layout: Layout, key: str) -> str:
        return selection_label(layout, key.partition(".")[0])

    def parts(layout: Layout, key: str) -> tuple[str, str] | None:
        return selection_parts(layout, key.partition(".")[0])

    return Source(inputs, "an entry under selections", label, parts)


def _limits_with_bands() -> Source:
    limits = limits_of(selections(*FINAL, own=True), "")

    def inputs(layout: Layout) -> InputFiles:
        bands = layout.study.statistics.cross_section_bands
        return limits.inputs(layout) if bands else {}

    return Source(
        inputs, "statistics.cross_section_bands, and a selection of the note's summary or your own",
        selection_label, selection_parts,
    )  # fmt: skip


def _pass_rate_notes(layout: Layout) -> dict[str, dict[str, str]]:
    """Return the rows that the note has: own pp -> 4b, whatever its process is called."""
    processes = {layout.samples[name].process for name in layout.of_source("four_b")}
    return {"note": {"sm_hh": "sm_hh", **dict.fromkeys(sorted(processes), "four_b")}}


_table = partial(Entry, "table")
TABLES = (
    _table(
        "background", "selected_background",
        "Background events behind the intervals, and the parts of the errors of their widths",
        _limits_and_templates(),
        (
            "Effective background events: (Σw)²/Σw² of the selected events at the hypothesis with"
            " fewest, processes weighted by their cross sections; bins are counted after joining.",
            "Errors of a width: by the simulated events, and by the training where its spread is"
            " known; both in squares stand behind ±.",
        ),
    ),
    _table(
        "classifiers", "classifiers", "Classifiers on the same events",
        metrics_and_limits_of(all_classifiers, "an entry under classifiers"),
        (
            "Both classes count the same. Statistical errors where the metrics have them. Interval:"
            " profile likelihood, 95 %.",
        ),
    ),
    _table(
        "couplings", "coupling_points",
        "Cross section, events and likelihood of points with other couplings",
        couplings(contours=False),
    ),
    _table(
        "cross_sections", "intervals_by_cross_section",
        "Expected 95 % intervals on κλ under other cross sections", _limits_with_bands(),
    ),
    _table(
        "interval_breakdown", "interval_breakdown", "What the interval on κλ is made of",
        fits_and_limits(),
    ),
    _table(
        "likelihood", "likelihood_intervals",
        "Intervals on κλ of the likelihood with everything uncertain", fits_by_point(),
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
            " (docs/note.md).",
        ),
        study_options=_pass_rate_notes, labels={"sm_hh": "SM gg → HH", "four_b": "pp → 4b"},
    ),
    _table(
        TABLE, "sample_size_points", "Quality against the number of training events", points(),
        (
            "All points of a curve are measured on the same events; smaller shares of the training"
            " events lie inside larger ones.",
            "The last column is paired: from replicas of the events that both intervals share.",
        ),
        study_options=options,
    ),
    _table(
        "samples", "sizes_of_trainings",
        "Numbers of events in the SPANet samples after the four-tag cut", _trainings(),
        study_options=folds_of_trainings,
    ),
)  # fmt: skip
