"""What a study costs before it starts: events, CPU hours and disk, to within a factor of two.

The rates are those of docs/performance.md, of one core; the sizes are those of the default study.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hh4b.spanet.options import Options
from hh4b.study.layout import Layout
from hh4b.study.methods import SpanetTraining
from hh4b.study.model import Study
from hh4b.study.samples import SampleInfo

#: CPU seconds of one event: partons, shower, detector, ingestion; of its partons alone.
SECONDS_PER_EVENT, SECONDS_PER_PARTONS = 0.0095, 0.0007
#: Of another detector for the same shower, with ingestion (benchmarks/detector_variations.py).
SECONDS_PER_DETECTOR = 0.0006
#: Share of the showered events that end in a dataset (weighted tags; 4b with acceptance bias).
KEPT_SIGNAL, KEPT_BACKGROUND = 0.23, 0.14
KILOBYTES_PER_EVENT = 0.6
#: CPU seconds of one event in one epoch, of the network with the options of section 12.2.
SECONDS_PER_TRAINED_EVENT = 3.4e-4
#: The share of it that a network of any size takes.
_OF_ANY_SIZE = 0.44
SECONDS_PER_DNN_EVENT = 7e-6
#: CPU seconds of one event at one value of the kappa input.
SECONDS_PER_SCORE = 1 / 14000
#: Size of the network that this was measured with.
SCORED_SIZE = 0.5
#: Epochs that the early stopping of a dense network leaves.
DNN_EPOCHS = 25
_TUNED_SIZE = 32**2 * 16
#: CPU seconds of everything else, most of them the start of a process: of a study with its tables
#: and figures, of a selection, of its likelihood at an energy and luminosity, of a
#: pseudo-experiment at all its values, and of an event that is kept.
SECONDS_PER_STUDY, SECONDS_PER_SELECTION = 200, 12
SECONDS_PER_FIT, SECONDS_PER_TOY, SECONDS_PER_KEPT_EVENT = 9, 0.1, 0.0075


@dataclass(frozen=True)
class Cost:
    """One line of the estimate.

    Attributes:
        what: in words.
        events: how many.
        cpu_hours: on one core.
        rules: of the workflow, whose jobs it is of; benchmarks of searches have shorter names.
            Empty: all that no other line names.
    """

    what: str
    events: float
    cpu_hours: float
    rules: tuple[str, ...]


#: Rules that make events, those of searches and dense networks, and those that compare energies.
EVENT_RULES = (
    "generate_hh", "generate_resonance", "generate_four_b", "take_partons", "take_particles",
    "simulate", "simulate_variations", "simulate_shower", "ingest",
)  # fmt: skip
SEARCH_RULES = ("spanet_search_worker", "spanet_search")
DNN_RULES = ("dnn_train", "dnn_search_worker", "dnn_search")
ENERGY_RULES = ("comparison_hh", "comparison_four_b")


def cost_lines(study: Study) -> list[str]:
    """Return the estimate as lines of text.

    Raises:
        InputFileError: if an options file of a training cannot be read.
        ConfigError: if an option of a training is unknown or impossible.
    """
    layout = Layout(study)
    costs = estimated(layout)
    made = [info for info in layout.samples.values() if info.generated]
    showered = sum(info.events for info in made) + _varied_events(layout)
    disk = showered * KILOBYTES_PER_EVENT / 1e6
    total = sum(cost.cpu_hours for cost in costs)
    lines = ["estimated cost from nothing (within a factor of two, docs/performance.md):"]
    lines += [f"  {c.what}: {c.events:,.0f} events, {c.cpu_hours:.2f} CPU h" for c in costs]
    others = sorted(info.name for info in layout.samples.values() if not info.generated)
    if others:
        lines.append(f"  not counted, as events from elsewhere: {', '.join(others)}")
    lines.append(f"  together: {total:.1f} CPU h on one core, {disk:.1f} GB of disk")
    return lines


def estimated(layout: Layout) -> list[Cost]:
    """Return the lines of the estimate.

    Raises:
        InputFileError: if an options file of a training cannot be read.
        ConfigError: if an option of a training is unknown or impossible.
    """
    return list(_costs(layout))


def _costs(layout: Layout) -> Iterator[Cost]:
    study, infos = layout.study, _counted(layout)
    for kind, background in (("signal", False), ("background", True)):
        events = sum(info.events for info in infos.values() if info.background == background)
        hours = _hours(events, SECONDS_PER_EVENT)
        yield Cost(f"{kind} through shower and detector", events, hours, EVENT_RULES)
    # The partons are those of the nominal events, and the detector's variations share showers too.
    for effect, what, seconds in (
        ("shower", "shower and detector", SECONDS_PER_EVENT - SECONDS_PER_PARTONS),
        ("detector", "the detector alone", SECONDS_PER_DETECTOR),
    ):
        if events := _varied_events(layout, effect):
            hours = _hours(events, seconds)
            yield Cost(f"variations through {what}", events, hours, EVENT_RULES)
    # Both energies of the note, beside whose values they stand.
    events = 4 * study.energy_comparison.events if study.publication.reference else 0
    if events:
        hours = _hours(events, SECONDS_PER_PARTONS)
        yield Cost("partons at 13 and 14 TeV", events, hours, ENERGY_RULES)
    yield from _spanet(layout, infos)
    yield _scores(layout)
    yield from _dnn(study, infos)
    yield _others(layout)


def _others(layout: Layout) -> Cost:
    """Return the cost of many small jobs, from datasets to tables."""
    study, likelihood = layout.study, layout.study.likelihood
    kept = sum(kept_events(layout.samples[name]) for name in layout.measured)
    fits = sum(len(layout.likelihoods("fit", name)) for name in likelihood.selections)
    toys = likelihood.belt_toys + likelihood.coverage_toys + likelihood.injection_toys
    seconds = (
        SECONDS_PER_STUDY
        + SECONDS_PER_SELECTION * len(study.selections)
        + SECONDS_PER_FIT * fits
        + SECONDS_PER_TOY * toys * len(likelihood.toys)
        + SECONDS_PER_KEPT_EVENT * kept
    )
    what = "datasets, pairing, templates, limits, fits, tables and figures"
    return Cost(what, kept, seconds / 3600, ())


def _counted(layout: Layout) -> dict[str, SampleInfo]:
    """Return the samples whose number of events the study decides."""
    return {name: info for name, info in layout.samples.items() if info.generated}


def _varied_events(layout: Layout, effect: str | None = None) -> int:
    """Return the events that variations of an effect make once more; None for all effects."""
    return sum(
        layout.samples[name].events
        for variation, names in layout.variations.items()
        for name in names
        if effect in (None, variation.effect)
    )


def _spanet(layout: Layout, infos: dict[str, SampleInfo]) -> Iterator[Cost]:
    study = layout.study
    seen = hours = number = 0.0
    for training in study.spanet_trainings.values():
        options = training_options(training)
        epochs, networks = training.epochs or options.epochs, len(layout.repeats(training))
        passed = training_events(study, training, infos) * epochs * networks
        seen, number = seen + passed, number + networks
        hours += _hours(passed, SECONDS_PER_TRAINED_EVENT) * relative_cost(relative_size(options))
    what = f"{number:.0f} SPANet2 trainings, events times epochs"
    yield Cost(what, seen, hours, ("spanet_train",))
    seen = hours = 0.0
    for search in study.searches.values():
        if search.kind == "spanet":
            training = study.spanet_trainings[search.training]
            passed = training_events(study, training, infos) * search.epochs * search.trials
            seen += passed
            # The middle of the choices of the width, the largest depth.
            widths = sorted(search.ranges.hidden_dim)
            size = widths[len(widths) // 2] ** 2 * 24 / _TUNED_SIZE
            hours += _hours(passed, SECONDS_PER_TRAINED_EVENT) * relative_cost(size)
    if seen:
        yield Cost("search for options of SPANet2", seen, hours, SEARCH_RULES)


def _scores(layout: Layout) -> Cost:
    """Return the cost of scoring everything, nominal and varied, with every network that does."""
    classifiers = layout.study.classifiers
    scores = size = 0.0
    varied = {getattr(classifiers[n], "training", None) for n in layout.varied_classifiers}
    for training in {c.training: None for c in classifiers.values() if c.kind == "spanet"}:
        seen = sum(
            kept_events(layout.samples[name]) * len(layout.kappas_of_scores(prefix))
            for prefix, name in layout.varied(nominal=layout.measured)
            if not prefix or training in varied
        )
        scores += seen
        options = training_options(layout.study.spanet_trainings[training])
        size += seen * relative_size(options) / SCORED_SIZE
    hours = _hours(size, SECONDS_PER_SCORE)
    return Cost("scores at every kappa_lambda", scores, hours, ("spanet_score",))


def _dnn(study: Study, infos: dict[str, SampleInfo]) -> Iterator[Cost]:
    kept = sum(kept_events(info) for info in infos.values() if info.kind != "resonance")
    kept *= _training_fraction(study)
    folds = study.event_selection.folds
    dnns = [c for c in study.classifiers.values() if c.kind == "dnn"]
    trainings = sum(folds or c.repeats for c in dnns)
    epochs = sum((folds or c.repeats) * dnn_epochs(study, c.share) * (c.share or 1) for c in dnns)
    trials = sum(s.trials for s in study.searches.values() if s.kind == "dnn")
    trainings, epochs = trainings + trials, epochs + trials * DNN_EPOCHS
    passed = kept * epochs
    if passed:
        what = f"{trainings} trainings of dense networks, searches included"
        hours = _hours(passed, SECONDS_PER_DNN_EVENT)
        yield Cost(what, passed, hours, DNN_RULES)


def dnn_epochs(study: Study, share: float | None) -> int:
    """Return the epochs that a dense network trains on a share of the events."""
    return DNN_EPOCHS if share is None else study.learning_curves.epochs(DNN_EPOCHS, share)


def training_events(
    study: Study, training: SpanetTraining, infos: Mapping[str, SampleInfo]
) -> float:
    """Return the rows that one network of a training learns from."""
    total = 0.0
    for info in infos.values():
        if info.group in training.signal:
            values = training.kappa_lambda
            if values is not None and info.kappa_lambda not in (None, *values):
                continue
        elif info.group not in training.background:
            continue
        kept = kept_events(info) * _training_fraction(study)
        limits = [training.max_events_per_sample]
        if not info.background:
            limits.append(training.max_events_per_signal_sample)
        total += min([kept, *(limit for limit in limits if limit is not None)])
    return total * (training.share or 1)


def _training_fraction(study: Study) -> float:
    folds = study.event_selection.folds
    return 1 - 1 / folds if folds else study.event_selection.training_fraction


def kept_events(info: SampleInfo) -> float:
    """Return the rows that a sample has in its dataset."""
    return info.events * (KEPT_BACKGROUND if info.background else KEPT_SIGNAL)


def training_options(training: SpanetTraining) -> Options:
    """Return the options of a training, those of a search aside.

    Raises:
        InputFileError: if the file cannot be read.
        ConfigError: if an option is unknown or impossible.
    """
    return Options.read(training.options, training.changes)


def relative_size(options: Options) -> float:
    """Return multiplications compared with the tuned options: layers times width squared."""
    layers = (
        options.num_encoder_layers
        + 2 * options.num_branch_encoder_layers
        + 2 * options.num_jet_encoder_layers
    )
    return options.hidden_dim**2 * layers / _TUNED_SIZE


def relative_cost(size: float) -> float:
    """Return the seconds of training a network of a relative size over those with tuned options."""
    return _OF_ANY_SIZE + (1 - _OF_ANY_SIZE) * size


def _hours(events: float, seconds: float) -> float:
    return events * seconds / 3600
