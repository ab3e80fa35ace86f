"""Whether the systematics of a study act on something, and on events that can be changed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hh4b.core.errors import ConfigError, Hh4bError, InputFileError
from hh4b.core.problems import Problems
from hh4b.core.spelling import did_you_mean
from hh4b.detector.settings import DetectorSettings, read_detector_settings, with_changes
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.pdf import find_grid_file
from hh4b.statistics.systematics import Systematic, check_systematics
from hh4b.statistics.weights import TAG_WEIGHTS
from hh4b.study.model import Study
from hh4b.study.sample_values import find_unknown_values, signal_values
from hh4b.study.samples import SampleInfo, SpanetDatasetSample, expand_samples

#: What events that are not own ones lack, by the effect that needs it.
_LACKING = {
    "detector": "whose detector and shower cannot be changed",
    "shower": "whose detector and shower cannot be changed",
    "partons": "which has no {own}parton events to give other weights",
}


def find_idle_systematics(study: Study, problems: Problems) -> None:
    """Find systematics that act on nothing, or on what they cannot change."""
    if study.systematics and study.statistics.model == "note" and not study.likelihood.selections:
        first = next(iter(study.systematics))
        problems.add(
            f"systematics.{first}",
            "nothing is uncertain in statistics.model 'note'; expected 'complete', or"
            " likelihood.selections",
        )
        return
    infos = list(expand_samples(study.samples, study.processes).values())
    for name, systematic in study.systematics.items():
        for text in _wrong_processes(study, systematic, infos):
            problems.add(f"systematics.{name}.processes", text)
        kappas = getattr(systematic, "kappa_lambda", None)
        find_unknown_values(kappas, signal_values(study), f"systematics.{name}", problems)
        if kappas is not None and study.statistics.model == "complete":
            problems.add(
                f"systematics.{name}.kappa_lambda",
                f"value {kappas}: templates of the model 'complete' need variations of all signal"
                " samples; leave it out",
            )
        try:
            check_systematics({name: systematic}, study.processes)
        except ValueError as error:
            with problems.named(f"systematics.{name}"):
                raise ConfigError(f"systematics.{error}") from error


def _wrong_processes(
    study: Study, systematic: Systematic, infos: Iterable[SampleInfo]
) -> Iterator[str]:
    """Yield what is wrong with the processes of a systematic."""
    lacking = _lacking(study, systematic, infos)
    for process in systematic.processes:
        if study.processes[process].kind == "resonance":
            yield f"value {process!r}: a resonance is part of no limit; leave it out"
        elif not any(info.process == process for info in infos):
            yield f"value {process!r}: no sample is of this process; leave it out"
    for process in systematic.processes:
        if process in lacking:
            left = ", ".join(name for name in systematic.processes if name not in lacking)
            info, lacks = lacking[process]
            yield (
                f"value {process!r}: sample {info.name!r} comes from {info.definition.source},"
                f" {lacks}; write {f'[{left}], or ' if left else ''}null in place of the systematic"
            )
            return


def _lacking(
    study: Study, systematic: Systematic, infos: Iterable[SampleInfo]
) -> dict[str, tuple[SampleInfo, str]]:
    """Return by process the sample without own events, and what it lacks for this effect."""
    tags = systematic.effect == "weights" and systematic.weight in TAG_WEIGHTS
    lacks = "whose tag efficiencies are unknown" if tags else _LACKING.get(systematic.effect)
    if lacks is None:
        return {}
    tagged_here = tags and study.event_selection.tags != "file"
    lacking: dict[str, tuple[SampleInfo, str]] = {}
    for info in infos:
        known = tagged_here and not isinstance(info.definition, SpanetDatasetSample)
        own = {"partons": info.own_partons, "shower": info.own_shower}.get(
            systematic.effect, info.generated
        )
        if not (own or known):
            what = lacks.format(own="own " if info.own_shower else "")
            if systematic.effect == "shower" and info.generated:
                what = "whose events have been showered by another program"
            lacking.setdefault(info.process, (info, what))
    return lacking


def find_impossible_changes(study: Study, problems: Problems) -> None:
    """Find keys of the detector card and parton densities that systematics cannot have."""
    card = _card(study, problems)
    for name, systematic in study.systematics.items():
        for side in systematic.sides():
            key = f"systematics.{name}.{side}"
            with problems.at(key):
                if systematic.effect == "partons":
                    _check_densities(getattr(systematic, side).pdf_set)
                if systematic.effect == "detector" and card is not None:
                    _check_changes(card, getattr(systematic, side), key, problems)


def _check_changes(
    card: DetectorSettings, changes: Mapping[str, Any], key: str, problems: Problems
) -> None:
    """Check that a card can have changes together; if not, which of them it cannot have at all."""
    try:
        with_changes(card, changes)
    except ConfigError:
        before = len(problems)
        for name, value in changes.items():
            with problems.at(key):
                with_changes(card, {name: value})
        if len(problems) == before:
            raise


def _card(study: Study, problems: Problems) -> DetectorSettings | None:
    """Return the detector card where something asks for it; check the tags that samples name."""
    wanted = {
        name: tagging
        for name, sample in study.samples.items()
        if (tagging := getattr(sample, "b_tagging", None)) is not None
    }
    if not wanted and not any(one.effect == "detector" for one in study.systematics.values()):
        return None
    try:
        card = read_detector_settings(study.simulation.detector)
    except Hh4bError as error:
        problems.add("simulation.detector", str(error))
        return None
    known = card.b_tagging.parametrisations
    for name, tagging in wanted.items():
        if tagging not in known:
            problems.add(
                f"samples.{name}.b_tagging",
                f"value {tagging!r}: {study.simulation.detector} has {sorted(known)}; add it there"
                f"{did_you_mean(tagging, known)}",
            )
    return card


def _check_densities(pdf_set: str | None) -> None:
    """Check that parton densities are there, and that their name says their alpha_s."""
    if pdf_set is None:
        return
    AlphaS.of_set(pdf_set)
    try:
        find_grid_file(pdf_set)
    except InputFileError as error:
        raise ConfigError(f"pdf_set: value {pdf_set!r}: {error}") from error
