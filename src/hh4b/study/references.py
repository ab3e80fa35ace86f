"""Whether the sections of a study fit together."""

from collections.abc import Iterable

from hh4b.core.problems import Problems
from hh4b.statistics.processes import check_processes
from hh4b.study.curve_checks import find_impossible_curves
from hh4b.study.fold_checks import find_wrong_folds
from hh4b.study.labels import find_shared_labels
from hh4b.study.layout import Layout
from hh4b.study.likelihood_checks import find_impossible_likelihoods
from hh4b.study.methods import (
    Dnn,
    SpanetClassifier,
    SpanetPairing,
    SpanetTraining,
)
from hh4b.study.model import Study
from hh4b.study.plugin_checks import find_broken_plugins
from hh4b.study.sample_values import find_unknown_values, signal_values
from hh4b.study.samples import (
    FilesSample,
    FourBSample,
    HepmcSample,
    LheSample,
    MadgraphSample,
    ResonanceSample,
    SignalSample,
    SpanetDatasetSample,
    expand_samples,
)
from hh4b.study.stage_settings import StageSettings
from hh4b.study.systematic_checks import find_idle_systematics, find_impossible_changes


def find_mismatches(study: Study, problems: Problems) -> None:
    """Find all that does not fit together in a study whose sections are valid each by themselves.

    Args:
        study: every name that it uses of another section exists.
        problems: to add to.
    """
    before = len(problems)
    _check_samples(study, problems)
    samples_fit = len(problems) == before
    find_impossible_changes(study, problems)
    find_wrong_folds(study, problems)
    find_broken_plugins(study, problems)
    find_shared_labels(study, problems)
    find_impossible_curves(study, problems)
    _check_searches(study, problems)
    _check_stages(study, problems)
    if not samples_fit:
        # The rest asks what is signal and what is background.
        return
    _check_pairings_and_trainings(study, problems)
    _check_classifiers(study, problems)
    _check_selections(study, problems)
    _check_processes(study, problems)
    _check_other_energies(study, problems)
    find_idle_systematics(study, problems)
    find_impossible_likelihoods(study, problems)
    _check_signal_method(study, problems)


#: The kinds of process that events of a source can belong to.
_KINDS: dict[type, tuple[str, ...]] = {
    SignalSample: ("signal",),
    ResonanceSample: ("resonance",),
    FourBSample: ("background",),
    MadgraphSample: ("signal", "background"),
    LheSample: ("signal", "background", "resonance"),
    HepmcSample: ("signal", "background", "resonance"),
    FilesSample: ("signal", "background", "resonance"),
    SpanetDatasetSample: ("signal", "background", "resonance"),
}


def _check_samples(study: Study, problems: Problems) -> None:
    for name, sample in study.samples.items():
        kind = study.processes[sample.process].kind
        kinds = _KINDS[type(sample)]
        if isinstance(sample, MadgraphSample):
            kinds = ("signal",) if sample.generate == "hh" else ("background",)
        if isinstance(sample, SpanetDatasetSample):
            kinds = ("background",) if sample.events == "background" else ("signal", "resonance")
        if kind not in kinds:
            problems.add(
                f"samples.{name}.process",
                f"value {sample.process!r}: is of kind {kind}, expected a process of kind"
                f" {' or '.join(kinds)}",
            )
            continue
        has_kappa = getattr(sample, "kappa_lambda", None) is not None
        if has_kappa != (kind == "signal"):
            problems.add(
                f"samples.{name}.kappa_lambda",
                f"value {getattr(sample, 'kappa_lambda', None)!r}: a sample of kind {kind} has"
                f" {'one' if kind == 'signal' else 'none'}",
            )


def _check_other_energies(study: Study, problems: Problems) -> None:
    """Check that samples can be taken to the energies of the limits where these are others."""
    layout = Layout(study)
    for name in layout.measured if layout.other_energies else ():
        sample = layout.samples[name]
        if not sample.own_partons:
            own = "own " if sample.own_shower else ""
            problems.add(
                "statistics.other_energies",
                f"value 'reweighted': sample {name!r} (source {sample.definition.source}) has no"
                f" {own}parton events to make templates of {layout.other_energies[0]:g} TeV from;"
                " write other_energies: unchanged to take those of"
                f" {study.physics.sqrt_s_tev} TeV, or leave this energy out of sqrt_s_tev",
            )
            return


def _check_processes(study: Study, problems: Problems) -> None:
    """Check that what limits are made of has cross sections at every energy."""
    if not study.selections:
        return
    infos = expand_samples(study.samples, study.processes).values()
    used = {info.process: info for info in infos if info.kind != "resonance"}
    signals = [name for name in used if study.processes[name].kind == "signal"]
    if len(signals) > 1:
        problems.add(
            "processes",
            f"value {signals}: limits on kappa_lambda are of one signal process; give the samples"
            " of kind signal the same process",
        )
    physics = study.physics
    masses = {"m_higgs_gev": physics.m_higgs_gev, "m_top_gev": physics.m_top_gev}
    for name in used:
        for energy in study.statistics.sqrt_s_tev:
            process = study.processes[name]
            # The errors name the process, the energy and the key to give.
            with problems.named(f"processes.{name}"):
                if process.kind != "signal":
                    process.other_pb(name, energy)
                elif process.cross_section != "own":
                    process.signal_fb(name, energy, **masses)


def _check_signal_method(study: Study, problems: Problems) -> None:
    """Check that samples and selections allow a signal that is not reweighted."""
    method = study.statistics.signal_method
    if method == "reweighted" or not study.selections:
        return
    values = sorted(signal_values(study))
    if method == "interpolated" and len(values) < 3:
        problems.add(
            "statistics.signal_method",
            f"value {method!r}: needs signal samples of three kappa_lambda or more, there are"
            f" {values}",
        )
        return
    if method == "direct" and (lacking := sorted(set(study.statistics.scan()) - set(values))):
        problems.add(
            "statistics.signal_method",
            f"value {method!r}: no signal sample has kappa_lambda {lacking[0]:g} of the scan; the"
            f" samples have {values}, write interpolated",
        )
        return
    for name in study.selections:
        with problems.at("statistics"):
            StageSettings(Layout(study)).templates(name)


def _check_stages(study: Study, problems: Problems) -> None:
    """Check what single stages ask beyond the bounds of the sections."""
    stages = StageSettings(Layout(study))
    for name in stages.layout.of_source("madgraph"):
        with problems.at(f"samples.{name}"):
            stages.generate_madgraph(name)
    for name, process in study.processes.items():
        try:
            check_processes({name: process})
        except ValueError as error:
            problems.add("processes", str(error))


def _check_pairings_and_trainings(study: Study, problems: Problems) -> None:
    for name, pairing in study.pairings.items():
        if isinstance(pairing, SpanetPairing) and pairing.kappa_input is not None:
            chosen = study.spanet_trainings[pairing.training]
            known = sorted(set(chosen.kappa_lambda or signal_values(study, chosen.signal)))
            if pairing.kappa_input not in known:
                problems.add(
                    f"pairings.{name}.kappa_input",
                    f"value {pairing.kappa_input:g}: training {pairing.training!r} never sees it,"
                    f" only {known}",
                )
    for name, training in study.spanet_trainings.items():
        key = f"spanet_trainings.{name}"
        for role, wanted in (("signal", False), ("background", True)):
            for sample in getattr(training, role):
                kind = study.processes[study.samples[sample].process].kind
                if (kind == "background") != wanted:
                    problems.add(
                        f"{key}.{role}", f"value {sample!r}: its process is of kind {kind}"
                    )
        there = signal_values(study, training.signal)
        find_unknown_values(training.kappa_lambda, there, key, problems)


def _check_searches(study: Study, problems: Problems) -> None:
    for name, search in study.searches.items():
        user: Dnn | SpanetTraining
        if search.kind == "dnn":
            key = f"searches.{name}.classifier"
            chosen = study.classifiers[search.classifier]
            if not isinstance(chosen, Dnn):
                problems.add(key, f"value {search.classifier!r}: expected a kind dnn")
                continue
            user = chosen
        else:
            key = f"searches.{name}.training"
            user = study.spanet_trainings[search.training]
        if user.search is not None:
            problems.add(key, "starts from the outcome of a search; name one without")
    for section, kind in (("spanet_trainings", "spanet"), ("classifiers", "dnn")):
        for name, definition in getattr(study, section).items():
            value = getattr(definition, "search", None)
            if value is not None and study.searches[value].kind != kind:
                problems.add(
                    f"{section}.{name}.search",
                    f"value {value!r}: expected a search of kind {kind}",
                )


def _check_classifiers(study: Study, problems: Problems) -> None:
    for name, classifier in study.classifiers.items():
        key = f"classifiers.{name}"
        if not isinstance(classifier, SpanetClassifier):
            find_unknown_values(classifier.kappa_lambda, signal_values(study), key, problems)
        elif not study.spanet_trainings[classifier.training].background:
            problems.add(
                f"{key}.training",
                f"value {classifier.training!r}: has no background, so it learns no classes",
            )


def _check_selections(study: Study, problems: Problems) -> None:
    if study.selections and 1 not in signal_values(study):
        problems.add(
            "samples",
            "no signal sample has kappa_lambda = 1, which every selection needs for its working"
            " point; add 1 to a list kappa_lambda",
        )
        return
    for name, selection in study.selections.items():
        key = f"selections.{name}"
        chosen = f"value {selection.classifier!r}"
        classifier = study.classifiers[selection.classifier]
        if isinstance(classifier, SpanetClassifier):
            values = study.spanet_trainings[classifier.training].kappa_lambda
        else:
            values = classifier.kappa_lambda
            if classifier.pairing != selection.pairing:
                problems.add(
                    f"{key}.pairing",
                    f"value {selection.pairing!r}: classifier {selection.classifier!r} uses pairing"
                    f" {classifier.pairing!r}",
                )
        if values is not None and 1 not in values:
            problems.add(
                f"{key}.classifier",
                f"{chosen}: its kappa_lambda {values} lacks 1, which the working point needs",
            )
        _check_fixed_input(study, values, f"{key}.classifier: {chosen}", problems)
        if classifier.kind == "cuts" and selection.threshold == "s_over_sqrt_b":
            problems.add(
                f"{key}.threshold",
                "value 's_over_sqrt_b': cuts give a score of 1 or 0; write 0.5",
            )


def _check_fixed_input(
    study: Study, values: Iterable[float] | None, where: str, problems: Problems
) -> None:
    """Refuse a fixed kappa input that a classifier never saw."""
    fixed = study.statistics.fixed_kappa_input
    trained = sorted(signal_values(study) if values is None else values)
    if fixed is not None and fixed not in trained:
        problems.add(
            "statistics.fixed_kappa_input",
            f"value {fixed:g}: was never trained; {where}: its kappa_lambda are {trained}, take one"
            " of them",
        )
