"""Whether the sections of a study fit together: every name that one uses of another exists."""

from collections.abc import Iterable, Mapping
from typing import Any

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.detector.settings import read_detector_settings, with_changes
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.pdf import find_grid_file
from hh4b.statistics.processes import check_processes
from hh4b.statistics.systematics import check_systematics
from hh4b.statistics.weights import TAG_WEIGHTS
from hh4b.study.fold_checks import check_folds
from hh4b.study.labels import check_labels
from hh4b.study.layout import Layout
from hh4b.study.likelihood_checks import check_likelihood
from hh4b.study.methods import (
    Dnn,
    SpanetClassifier,
    SpanetPairing,
    SpanetTraining,
)
from hh4b.study.model import Study
from hh4b.study.plugin_checks import check_plugins, located
from hh4b.study.samples import (
    FilesSample,
    FourBSample,
    GeneratedSample,
    HepmcSample,
    LheSample,
    MadgraphSample,
    ResonanceSample,
    SampleInfo,
    SignalSample,
    SpanetDatasetSample,
    expand_samples,
)
from hh4b.study.stage_settings import StageSettings


def check_references(study: Study) -> None:
    """Check a study whose sections are valid each by themselves.

    Raises:
        ConfigError: one line with key, value and what was expected.
    """
    _check_samples(study)
    _check_tags(study)
    check_folds(study)
    _check_pairings_and_trainings(study)
    _check_classifiers(study)
    _check_searches(study)
    _check_selections(study)
    _check_processes(study)
    _check_other_energies(study)
    _check_systematics(study)
    check_likelihood(study)
    _check_signal_method(study)
    _check_stages(study)
    check_plugins(study)
    check_labels(study)


def signal_values(study: Study, groups: Iterable[str] | None = None) -> set[float]:
    """Return the kappa_lambda of the signal samples of some groups; None = all."""
    chosen = None if groups is None else set(groups)
    return {
        info.kappa_lambda
        for info in expand_samples(study.samples, study.processes).values()
        if info.kappa_lambda is not None and (chosen is None or info.group in chosen)
    }


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


#: What events that are not own ones lack, by the effect that needs it.
_LACKING = {
    "detector": "whose detector and shower cannot be changed",
    "shower": "whose detector and shower cannot be changed",
    "partons": "which has no {own}parton events to give other weights",
}


def _check_samples(study: Study) -> None:
    for name, sample in study.samples.items():
        key = f"samples.{name}"
        _known(sample.process, study.processes, f"{key}.process")
        kind = study.processes[sample.process].kind
        kinds = _KINDS[type(sample)]
        if isinstance(sample, MadgraphSample):
            kinds = ("signal",) if sample.generate == "hh" else ("background",)
        if isinstance(sample, SpanetDatasetSample):
            kinds = ("background",) if sample.events == "background" else ("signal", "resonance")
        if kind not in kinds:
            raise ConfigError(
                f"{key}.process: value {sample.process!r}: is of kind {kind}, expected a process of"
                f" kind {' or '.join(kinds)}"
            )
        has_kappa = getattr(sample, "kappa_lambda", None) is not None
        if has_kappa != (kind == "signal"):
            raise ConfigError(
                f"{key}.kappa_lambda: value {getattr(sample, 'kappa_lambda', None)!r}: a sample of"
                f" kind {kind} has {'one' if kind == 'signal' else 'none'}"
            )


def _check_tags(study: Study) -> None:
    """Check that the detector card has the tag efficiencies that samples name."""
    wanted = {
        name: sample.b_tagging
        for name, sample in study.samples.items()
        if isinstance(sample, GeneratedSample) and sample.b_tagging is not None
    }
    if not wanted:
        return
    card = read_detector_settings(study.simulation.detector)
    for name, tagging in wanted.items():
        if tagging not in card.b_tagging.parametrisations:
            raise ConfigError(
                f"samples.{name}.b_tagging: value {tagging!r}: {study.simulation.detector} has"
                f" {sorted(card.b_tagging.parametrisations)}; add it there"
            )


def _check_other_energies(study: Study) -> None:
    """Check that samples can be taken to the energies of the limits where these are others."""
    layout = Layout(study)
    for name in layout.measured if layout.other_energies else ():
        sample = layout.samples[name]
        if not sample.own_partons:
            own = "own " if sample.own_shower else ""
            raise ConfigError(
                f"statistics.other_energies: value 'reweighted': sample {name!r} (source"
                f" {sample.definition.source}) has no {own}parton events to make templates of"
                f" {layout.other_energies[0]:g} TeV from; write other_energies: unchanged to take"
                f" those of {study.physics.sqrt_s_tev} TeV, or leave this energy out of sqrt_s_tev"
            )


def _check_processes(study: Study) -> None:
    """Check that what limits are made of has cross sections at every energy."""
    if not study.selections:
        return
    infos = expand_samples(study.samples, study.processes).values()
    used = {info.process: info for info in infos if info.kind != "resonance"}
    signals = [name for name in used if study.processes[name].kind == "signal"]
    if len(signals) > 1:
        raise ConfigError(
            f"processes: value {signals}: limits on kappa_lambda are of one signal process; give"
            " the samples of kind signal the same process"
        )
    for name in used:
        for energy in study.statistics.sqrt_s_tev:
            # The errors name the process, the energy and the key to give.
            process = study.processes[name]
            if process.kind != "signal":
                process.other_pb(name, energy)
            elif process.cross_section != "own":
                physics = study.physics
                process.signal_fb(
                    name,
                    energy,
                    m_higgs_gev=physics.m_higgs_gev,
                    m_top_gev=physics.m_top_gev,
                )


def _check_systematics(study: Study) -> None:
    if study.systematics and study.statistics.model == "note" and not study.likelihood.selections:
        first = next(iter(study.systematics))
        raise ConfigError(
            f"systematics.{first}: nothing is uncertain in statistics.model 'note'; expected"
            " 'complete', or likelihood.selections"
        )
    infos = list(expand_samples(study.samples, study.processes).values())
    for name, systematic in study.systematics.items():
        key = f"systematics.{name}.processes"
        for process in systematic.processes:
            _known(process, study.processes, key)
            if study.processes[process].kind == "resonance":
                raise ConfigError(f"{key}: value {process!r}: a resonance is part of no limit")
            if not any(info.process == process for info in infos):
                raise ConfigError(f"{key}: value {process!r}: no sample is of this process")
        _require_own_events(study, name, infos)
        kappas = getattr(systematic, "kappa_lambda", None)
        _check_values(kappas, signal_values(study), f"systematics.{name}")
        if kappas is not None and study.statistics.model == "complete":
            raise ConfigError(
                f"systematics.{name}.kappa_lambda: value {kappas}: templates of the model"
                " 'complete' need variations of all signal samples; leave it out"
            )
        if systematic.effect == "partons":
            for side in systematic.sides():
                with located(f"systematics.{name}.{side}"):
                    _check_densities(getattr(systematic, side).pdf_set)
        if systematic.effect == "detector":
            card = read_detector_settings(study.simulation.detector)
            for side in systematic.sides():
                with located(f"systematics.{name}.{side}"):
                    with_changes(card, getattr(systematic, side))


def _check_densities(pdf_set: str | None) -> None:
    """Check that parton densities are there, and that their name says their alpha_s."""
    if pdf_set is None:
        return
    AlphaS.of_set(pdf_set)
    try:
        find_grid_file(pdf_set)
    except InputFileError as error:
        raise ConfigError(f"pdf_set: value {pdf_set!r}: {error}") from error


def _check_signal_method(study: Study) -> None:
    """Check that samples and selections allow a signal that is not reweighted."""
    method = study.statistics.signal_method
    if method == "reweighted" or not study.selections:
        return
    key = f"statistics.signal_method: value {method!r}"
    values = sorted(signal_values(study))
    if method == "interpolated" and len(values) < 3:
        raise ConfigError(
            f"{key}: needs signal samples of three kappa_lambda or more, there are {values}"
        )
    if method == "direct" and (lacking := sorted(set(study.statistics.scan()) - set(values))):
        raise ConfigError(
            f"{key}: no signal sample has kappa_lambda {lacking[0]:g} of the scan; the samples have"
            f" {values}, write interpolated"
        )
    with located("statistics"):
        for name in study.selections:
            StageSettings(Layout(study)).templates(name)


def _check_stages(study: Study) -> None:
    """Check what single stages ask beyond the bounds of the sections."""
    stages = StageSettings(Layout(study))
    for name in stages.layout.of_source("madgraph"):
        with located(f"samples.{name}"):
            stages.generate_madgraph(name)
    try:
        check_processes(study.processes)
    except ValueError as error:
        raise ConfigError(f"processes: {error}") from error
    try:
        check_systematics(study.systematics, study.processes)
    except ValueError as error:
        raise ConfigError(f"systematics.{error}") from error


def _require_own_events(study: Study, name: str, infos: Iterable[SampleInfo]) -> None:
    """Check that an effect on detector, shower, partons or tags is one on own events."""
    systematic = study.systematics[name]
    tags = systematic.effect == "weights" and systematic.weight in TAG_WEIGHTS
    lacks = "whose tag efficiencies are unknown" if tags else _LACKING.get(systematic.effect)
    if lacks is None:
        return
    tagged_here = tags and study.event_selection.tags != "file"
    lacking: dict[str, SampleInfo] = {}
    for info in infos:
        known = tagged_here and not isinstance(info.definition, SpanetDatasetSample)
        own = {"partons": info.own_partons, "shower": info.own_shower}.get(
            systematic.effect, info.generated
        )
        if not (own or known):
            lacking.setdefault(info.process, info)
    for process in systematic.processes:
        if process in lacking:
            info = lacking[process]
            left = ", ".join(name for name in systematic.processes if name not in lacking)
            what = lacks.format(own="own " if info.own_shower else "")
            if systematic.effect == "shower" and info.generated:
                what = "whose events have been showered by another program"
            raise ConfigError(
                f"systematics.{name}.processes: value {process!r}: sample {info.name!r} comes from"
                f" {info.definition.source}, {what}; write"
                f" {f'[{left}], or ' if left else ''}null in place of the systematic"
            )


def _check_pairings_and_trainings(study: Study) -> None:
    for name, pairing in study.pairings.items():
        if isinstance(pairing, SpanetPairing):
            _known(pairing.training, study.spanet_trainings, f"pairings.{name}.training")
            if pairing.kappa_input is not None:
                _check_kappa_input(pairing.kappa_input, pairing.training, study, name)
    for name, training in study.spanet_trainings.items():
        key = f"spanet_trainings.{name}"
        for sample in (*training.signal, *training.background):
            _known(sample, study.samples, key)
        for role, wanted in (("signal", False), ("background", True)):
            for sample in getattr(training, role):
                kind = study.processes[study.samples[sample].process].kind
                if (kind == "background") != wanted:
                    raise ConfigError(
                        f"{key}.{role}: value {sample!r}: its process is of kind {kind}"
                    )
        _check_values(training.kappa_lambda, signal_values(study, training.signal), key)
        if training.search is not None:
            _known_search(training.search, "spanet", study, f"{key}.search")


def _check_kappa_input(value: float, training: str, study: Study, pairing: str) -> None:
    chosen = study.spanet_trainings[training]
    known = sorted(set(chosen.kappa_lambda or signal_values(study, chosen.signal)))
    if value not in known:
        raise ConfigError(
            f"pairings.{pairing}.kappa_input: value {value:g}: training {training!r} never sees it,"
            f" only {known}"
        )


def _check_searches(study: Study) -> None:
    for name, search in study.searches.items():
        user: Dnn | SpanetTraining
        if search.kind == "dnn":
            key = f"searches.{name}.classifier"
            _known(search.classifier, study.classifiers, key)
            chosen = study.classifiers[search.classifier]
            if not isinstance(chosen, Dnn):
                raise ConfigError(f"{key}: value {search.classifier!r}: expected a kind dnn")
            user = chosen
        else:
            key = f"searches.{name}.training"
            _known(search.training, study.spanet_trainings, key)
            user = study.spanet_trainings[search.training]
        if user.search is not None:
            raise ConfigError(f"{key}: starts from the outcome of a search; name one without")


def _check_classifiers(study: Study) -> None:
    for name, classifier in study.classifiers.items():
        key = f"classifiers.{name}"
        if isinstance(classifier, SpanetClassifier):
            _known(classifier.training, study.spanet_trainings, f"{key}.training")
            if not study.spanet_trainings[classifier.training].background:
                raise ConfigError(
                    f"{key}.training: value {classifier.training!r}: has no background, so it"
                    " learns no classes"
                )
            continue
        _known(classifier.pairing, study.pairings, f"{key}.pairing")
        _check_values(classifier.kappa_lambda, signal_values(study), key)
        if isinstance(classifier, Dnn) and classifier.search is not None:
            _known_search(classifier.search, "dnn", study, f"{key}.search")


def _check_selections(study: Study) -> None:
    if study.selections and 1 not in signal_values(study):
        raise ConfigError(
            "samples: no signal sample has kappa_lambda = 1, which every selection needs for its"
            " working point; add 1 to a list kappa_lambda"
        )
    for name, selection in study.selections.items():
        key = f"selections.{name}"
        _known(selection.pairing, study.pairings, f"{key}.pairing")
        _known(selection.classifier, study.classifiers, f"{key}.classifier")
        classifier = study.classifiers[selection.classifier]
        if isinstance(classifier, SpanetClassifier):
            values = study.spanet_trainings[classifier.training].kappa_lambda
        else:
            values = classifier.kappa_lambda
            if classifier.pairing != selection.pairing:
                raise ConfigError(
                    f"{key}.pairing: value {selection.pairing!r}: classifier"
                    f" {selection.classifier!r} uses pairing {classifier.pairing!r}"
                )
        if values is not None and 1 not in values:
            raise ConfigError(
                f"{key}.classifier: value {selection.classifier!r}: its kappa_lambda {values} lacks"
                " 1, which the working point needs"
            )
        _check_fixed_input(study, values, f"{key}.classifier: value {selection.classifier!r}")
        if classifier.kind == "cuts" and selection.threshold == "s_over_sqrt_b":
            raise ConfigError(
                f"{key}.threshold: value 's_over_sqrt_b': cuts give a score of 1 or 0; write 0.5"
            )


def _check_fixed_input(study: Study, values: Iterable[float] | None, where: str) -> None:
    """Refuse a fixed kappa input that a classifier never saw."""
    fixed = study.statistics.fixed_kappa_input
    trained = sorted(signal_values(study) if values is None else values)
    if fixed is not None and fixed not in trained:
        raise ConfigError(
            f"statistics.fixed_kappa_input: value {fixed:g}: was never trained; {where}: its"
            f" kappa_lambda are {trained}, take one of them"
        )


def _check_values(values: Iterable[float] | None, there: set[float], key: str) -> None:
    for value in values or ():
        if value not in there:
            raise ConfigError(
                f"{key}.kappa_lambda: value {value:g}: no signal sample has it, only"
                f" {sorted(there)}"
            )


def _known_search(value: str, kind: str, study: Study, key: str) -> None:
    _known(value, study.searches, key)
    if study.searches[value].kind != kind:
        raise ConfigError(f"{key}: value {value!r}: expected a search of kind {kind}")


def _known(value: str, names: Mapping[str, Any], key: str) -> None:
    if value not in names:
        raise ConfigError(f"{key}: value {value!r}: expected one of {sorted(names)}")
