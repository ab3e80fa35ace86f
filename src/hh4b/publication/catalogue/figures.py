"""Figures of the note, 1 to 14, and those that it does not have."""

from functools import partial
from typing import Any

from hh4b.publication.catalogue import sample_size, samples
from hh4b.publication.catalogue.entry import Entry
from hh4b.publication.catalogue.likelihoods import (
    couplings,
    first_fit,
    fits_and_toys,
    fits_of_headline,
    toys,
)
from hh4b.publication.catalogue.names import (
    DNNS,
    FINAL,
    FIRST,
    NOTE_SELECTIONS,
    Names,
    all_classifiers,
    classifiers,
    joint_trainings,
    pairings,
    selections,
)
from hh4b.publication.catalogue.sources import (
    InputFiles,
    Source,
    curves_of,
    embeddings_of,
    existing,
    importance_of,
    learning_of,
    limits_of,
    metrics_of,
    one_of,
    scans_of,
    templates_of,
)
from hh4b.selection.settings import CutSettings
from hh4b.study.layout import Layout
from hh4b.study.methods import CutClassifier

JOINT = "mixing_joint"
#: The cuts that bound what is drawn; another one draws no figure anew.
SIGNAL_REGION = {"x_hh_max", "x_hh_centre_gev", "x_hh_relative_width"}
MASSES: Names = pairings("mixing_spanet", "kappa5_spanet", "min_dr", own=True)


def _pairing_curves(*names: str) -> Source:
    return curves_of(pairings(*names, own=True), one_of("pairings", names))


def _masses(*, signal: bool) -> Source:
    needs = samples.STANDARD_MODEL if signal else "a background sample"
    return samples.masses(MASSES, f"{needs}, and a pairing", signal=signal, background=not signal)


def _region(layout: Layout) -> dict[str, Any]:
    """Return the cuts whose signal region is drawn: those of the first cut-based selection."""
    for chosen in layout.study.classifiers.values():
        if isinstance(chosen, CutClassifier):
            return CutSettings.of(chosen).model_dump(mode="json", include=SIGNAL_REGION)
    return {}


def _ratio_to_min_dr(layout: Layout) -> dict[str, Any]:
    return {"ratio_to": "min_dr"} if "min_dr" in layout.study.pairings else {}


def _main_selections(layout: Layout) -> dict[str, Any]:
    """Return the selections that stand together in the likelihood figure: those of the summary."""
    chosen = existing(layout.study.selections, FINAL)
    return {"main": chosen} if chosen else {}


def _scan_energy(layout: Layout) -> float:
    """Return the note's 13 TeV, or the headline's energy in a study without it."""
    statistics = layout.study.statistics
    return 13.0 if 13.0 in statistics.sqrt_s_tev else statistics.headline.sqrt_s_tev


def _network() -> Source:
    def inputs(layout: Layout) -> InputFiles:
        known = JOINT in layout.study.spanet_trainings
        return {"model": [layout.spanet_model(JOINT)]} if known else {}

    return Source(inputs, one_of("spanet_trainings", (JOINT,)))


def _energies(key: str, process: str, text: str, title: str, *observables: str) -> Entry:
    options: dict[str, Any] = {"observables": list(observables), "process": text}
    source = samples.partons_by_energy(process)
    return Entry("figure", key, "energies", title, source, options=options)


_plain = partial(Entry, "figure")
_events = partial(Entry, "figure", events=True)
EFFICIENCY = "Pairing efficiency against κλ by method"
MASS_TITLE = "Mass planes and Higgs-candidate masses of {} events by pairing method"
NOTE = (
    _events(
        "1", "efficiency", EFFICIENCY, _pairing_curves("mixing_spanet", "kappa5_spanet", "min_dr"),
    ),
    _events(
        "2", "masses", MASS_TITLE.format("signal"), _masses(signal=True), study_options=_region,
        labels={"dataset": "signal"},
    ),
    _events(
        "3", "masses", MASS_TITLE.format("background"), _masses(signal=False),
        study_options=_region, labels={"dataset": "background"},
    ),
    _events(
        "4", "templates",
        "Mass of the Higgs pair of signal at some κλ and of background after selection",
        templates_of(selections(*FIRST), one_of("selections", FIRST)),
    ),
    _plain(
        "5", "intervals_against_luminosity", "Expected intervals on κλ against luminosity",
        scans_of(selections("min_dr_dnn"), one_of("selections", ("min_dr_dnn",))),
        study_options=lambda layout: {"sqrt_s_tev": _scan_energy(layout)},
    ),
    _plain("6", "network", "Structure of SPANet2, drawn from a trained network", _network()),
    _events(
        "7", "variance",
        "Variance ratio of the first ten principal components of the embedding vectors",
        embeddings_of(JOINT),
    ),
    _events(
        "8", "correlations",
        "Correlations of the first three principal components with the observables",
        embeddings_of(JOINT),
    ),
    _events(
        "9", "correlations",
        "Correlations of the first three components with the observables, by class",
        embeddings_of(JOINT), options={"groups": ["signal", "background"]},
    ),
    _events(
        "10", "efficiency", "Pairing efficiency against κλ, tuned and before",
        _pairing_curves("mixing_spanet_tuned", "mixing_spanet", "min_dr"),
        ("Ratios have the errors of independent events; the events are the same.",),
        study_options=_ratio_to_min_dr,
    ),
    _energies(
        "11", "hh", "gg → HH", "Mass and Higgs pT of gg → HH at 13 and 14 TeV", "m_hh", "h_pt",
    ),
    _energies("12", "four_b", "pp → bb̄bb̄", "Mass of pp → 4b at 13 and 14 TeV", "m_4b"),
    _energies(
        "13", "four_b", "pp → bb̄bb̄",
        "PT and η of the leading and the sub-leading b quark at 13 and 14 TeV",
        *("b1_pt", "b1_eta", "b2_pt", "b2_eta"),
    ),
    _plain(
        "14", "widths_against_luminosity",
        "Width of the κλ interval against luminosity, 14 TeV cross sections",
        scans_of(
            selections(*FINAL, own=True),
            f"14 TeV under statistics.sqrt_s_tev, and {one_of('selections', FINAL)}",
            sqrt_s_tev=14.0,
        ),
    ),
)  # fmt: skip
SHOWN = ("min_dr_dnn", "mixing_spanet")
COMPARED = (*DNNS, "mixing_spanet")
IMPORTANT = ("min_dr_dnn", "mixing_spanet_dnn")
PLANES = ("mixing_spanet", "min_dr")
#: The first that a study has is shown.
DISPLAYED = ("min_dr", "mixing_spanet")
EXTRA = (
    _events(
        "calibration", "calibration", "Share of signal against the output of classifiers",
        metrics_of(classifiers(*COMPARED, own=True), one_of("classifiers", COMPARED)),
    ),
    _events(
        "cutflow", "cutflow", "Share of the generated events that is left after each step",
        samples.cutflow("min_dr_cuts"),
    ),
    _events(
        "embedding", "embedding_map",
        "T-SNE map of the embedding vectors, and silhouette scores of k-means",
        embeddings_of(JOINT),
    ),
    _events(
        "event_display", "event_display",
        "A signal event that is paired right and one that is paired wrong",
        samples.display(pairings(*DISPLAYED, own=True), f"{samples.STANDARD_MODEL}, and a pairing"),
        ("Shown are the events whose mass of the four paired jets is the median of those paired"
         " right, or wrong, where all four quarks have a jet.",),
    ),
    _events(
        "importance", "importance", "Loss of AUC when an input of a dense network is shuffled",
        importance_of(classifiers(*IMPORTANT), one_of("classifiers", IMPORTANT)),
        ("Errors: by the folds, which hold events and training; without folds, by the repeated"
         " shuffling alone. What two inputs tell together is missed in both.",),
    ),
    _events("jets", "jets", "Kinematics of the events that pass the four-tag cut", samples.jets()),
    _plain(
        "kappa", "kappa_shapes", "Mass and Higgs pT of gg → HH by κλ",
        samples.partons_by_kappa((-5.0, 1.0, 2.0, 5.0, 9.0)),
    ),
    _events(
        "learning", "learning", "Loss, AUC and pairing efficiency of trainings against the epoch",
        learning_of(all_classifiers, joint_trainings),
    ),
    _plain(
        "couplings", "coupling_contours",
        "Allowed regions of κλ and other couplings, with everything uncertain and with statistics"
        " only", couplings(contours=True),
    ),
    _plain(
        "coverage", "coverage",
        "Critical values of −2ΔlnL on κλ, and how often intervals hold the true κλ", toys(),
    ),
    _plain(
        "kappa_mu", "kappa_mu", "Allowed regions of κλ and the signal strength μ",
        fits_of_headline(),
    ),
    _plain(
        "likelihood", "likelihood", "Likelihood ratio against κλ of all selections",
        limits_of(selections(*NOTE_SELECTIONS, own=True), "an entry under selections"),
        study_options=_main_selections,
    ),
    _plain(
        "likelihood_scan", "likelihood_scan",
        "−2ΔlnL of the likelihood against κλ, with everything uncertain and with statistics only",
        fits_and_toys(),
    ),
    _plain(
        "limits", "limits_against_kappa",
        "CLs upper limit on σ(gg → HH) against κλ, with theory and bands",
        limits_of(selections(*FINAL, own=True), one_of("selections", FINAL)),
    ),
    _events(
        "mass_planes", "mass_planes", "Mass planes of signal and background by pairing method",
        samples.masses(
            pairings(*PLANES), f"{one_of('pairings', PLANES)}, and a sample", signal=True,
            background=True,
        ), study_options=_region,
    ),
    _plain(
        "pulls", "pulls",
        "Parameters of the likelihood that move the interval on κλ most, and what is left of their"
        " errors", first_fit(),
    ),
    _events(
        "roc", "roc", "Background rejection against signal efficiency of the classifiers",
        metrics_of(classifiers(*COMPARED, own=True), one_of("classifiers", COMPARED)),
    ),
    _plain(
        "sample_size", "sample_size_curves", "Quality against the number of training events",
        sample_size.drawn_table(),
    ),
    _events(
        "scores", "scores", "Classifier output of signal and background",
        samples.scores(classifiers(*SHOWN), one_of("classifiers", SHOWN)),
    ),
)  # fmt: skip
FIGURES = (*NOTE, *EXTRA)
