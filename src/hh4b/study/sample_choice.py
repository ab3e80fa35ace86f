"""Which samples each part of a study uses, and what variations make of them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from hh4b.study.methods import SpanetClassifier
from hh4b.study.model import Study
from hh4b.study.samples import expand_samples


class Variation(NamedTuple):
    """Events made anew with another detector or shower.

    Attributes:
        systematic: name under `systematics`.
        side: ``"up"`` or ``"down"``.
        effect: ``"detector"``, of the nominal showers, or ``"shower"``.
    """

    systematic: str
    side: str
    effect: str

    @property
    def name(self) -> str:
        """Return the name of systematic and side together."""
        return f"{self.systematic}_{self.side}"

    @property
    def prefix(self) -> str:
        """Return the folder, below the results, of everything that the variation changes."""
        return f"variations/{self.name}/"


class SampleChoice:
    """Samples and variations of a study, by what they are for."""

    def __init__(self, study: Study) -> None:
        """Expand the samples of a study."""
        self.study = study
        self.results = study.results
        self.samples = expand_samples(study.samples, study.processes)

    # Samples ------------------------------------------------------------------------------------

    @cached_property
    def signals(self) -> list[str]:
        """Samples of the signal in kappa_lambda."""
        return [s.name for s in self.samples.values() if s.kind == "signal"]

    @cached_property
    def backgrounds(self) -> list[str]:
        """Samples of all backgrounds."""
        return [s.name for s in self.samples.values() if s.background]

    @cached_property
    def measured(self) -> list[str]:
        """Samples that limits are made of: all of signal in kappa_lambda and backgrounds."""
        return [*self.signals, *self.backgrounds]

    @cached_property
    def background_processes(self) -> set[str]:
        """Processes of all backgrounds."""
        return {self.samples[name].process for name in self.backgrounds}

    @cached_property
    def standard_model(self) -> list[str]:
        """Signal samples at kappa_lambda = 1."""
        return [name for name in self.signals if self.samples[name].kappa_lambda == 1]

    @cached_property
    def signal_kappas(self) -> list[float]:
        """Values of kappa_lambda that signal samples have."""
        return sorted({k for s in self.samples.values() if (k := s.kappa_lambda) is not None})

    @cached_property
    def score_kappas(self) -> list[float]:
        """Values of the kappa input at which scores are kept: all that anything asks for."""
        statistics = self.study.statistics
        told = (statistics.kappa_input, statistics.background_kappa)
        # Without the hypothesis an event is told a value of the signal samples, as in training.
        scanned = statistics.scan() if "hypothesis" in told else []
        return sorted({*scanned, *self.signal_kappas})

    def kappas_of_scores(self, variation: str = "") -> list[float]:
        """Return the values of the kappa input at which a sample is scored.

        A variation is looked at where the limits take their events.
        """
        fixed = self.study.statistics.fixed_kappa_input
        if variation and fixed is not None and self.study.statistics.one_kappa_input:
            return [fixed]
        return self.score_kappas

    def of_source(self, source: str) -> list[str]:
        """Return the samples of a source."""
        return [n for n, info in self.samples.items() if info.definition.source == source]

    def of_groups(self, groups: Iterable[str], kappas: Sequence[float] | None = None) -> list[str]:
        """Return the samples that keys of the configuration expand to, at some kappa_lambda."""
        chosen = set(groups)
        return [
            info.name
            for info in self.samples.values()
            if info.group in chosen
            and (kappas is None or info.kappa_lambda is None or info.kappa_lambda in kappas)
        ]

    def training_signals(self, training: str) -> list[str]:
        """Return the signal samples of a SPANet2 training."""
        chosen = self.study.spanet_trainings[training]
        return self.of_groups(chosen.signal, chosen.kappa_lambda)

    def training_backgrounds(self, training: str) -> list[str]:
        """Return the background samples of a SPANet2 training."""
        return self.of_groups(self.study.spanet_trainings[training].background)

    def compared_signals(self, classifier: str) -> list[str]:
        """Return the signal samples that a classifier is trained and compared with."""
        chosen = self.study.classifiers[classifier]
        if isinstance(chosen, SpanetClassifier):
            return self.training_signals(chosen.training)
        values = chosen.kappa_lambda
        return [
            name
            for name in self.signals
            if values is None or self.samples[name].kappa_lambda in values
        ]

    def compared_kappas(self, classifier: str) -> list[float]:
        """Return the values that the kappa input of background is drawn from."""
        infos = [self.samples[name] for name in self.compared_signals(classifier)]
        return sorted({k for info in infos if (k := info.kappa_lambda) is not None})

    def event_observables(self) -> bool:
        """Return whether all samples have missing energy and leptons; published ones have none."""
        return not self.of_source("spanet_dataset")

    @cached_property
    def other_energies(self) -> list[float]:
        """Energies of the limits in TeV that are not that of the events but get templates."""
        statistics = self.study.statistics
        if statistics.other_energies == "unchanged" or not self.study.selections:
            return []
        return [e for e in statistics.sqrt_s_tev if e != self.study.physics.sqrt_s_tev]

    # Variations ---------------------------------------------------------------------------------

    @cached_property
    def variations(self) -> dict[Variation, list[str]]:
        """Variations that make events anew, and the samples they change."""
        found = {}
        for name, systematic in self.study.systematics.items():
            if systematic.effect not in ("detector", "shower"):
                continue
            kappas = systematic.kappa_lambda
            changed = [
                info.name
                for info in self.samples.values()
                if info.process in systematic.processes
                and info.kind != "resonance"
                and (kappas is None or info.kappa_lambda is None or info.kappa_lambda in kappas)
            ]
            for side in systematic.sides():
                found[Variation(name, side, systematic.effect)] = changed
        return found

    @cached_property
    def detector_variations(self) -> list[Variation]:
        """Variations of the detector: of the nominal showers, and made together with them."""
        return [one for one in self.variations if one.effect == "detector"]

    @cached_property
    def detector_varied(self) -> list[str]:
        """Own samples that a variation of the detector changes; their showers make each of them."""
        changed = {name for one in self.detector_variations for name in self.variations[one]}
        return [n for n, info in self.samples.items() if n in changed and info.generated]

    def same_showers(self, sample: str, variation: str = "") -> list[Variation]:
        """Return the variations whose events are made of the same showers in the same job."""
        return self.detector_variations if not variation and sample in self.detector_varied else []

    def variation(self, prefix: str) -> Variation | None:
        """Return the variation of a `Variation.prefix`; None for the nominal events."""
        return next((v for v in self.variations if v.prefix == prefix), None)

    def varied(self, *, nominal: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
        """Yield (prefix, sample) of nominal samples, then of everything that variations change."""
        yield from (("", name) for name in nominal)
        for variation, names in self.variations.items():
            yield from ((variation.prefix, name) for name in names)

    @cached_property
    def varied_classifiers(self) -> set[str]:
        """Classifiers whose templates have variations."""
        if self.study.statistics.model == "complete":
            return set(self.study.classifiers)
        selections = self.study.selections
        return {selections[name].classifier for name in self.study.likelihood.selections}

    @cached_property
    def parton_variations(self) -> list[tuple[str, str, str]]:
        """(systematic, side, sample) of variations of scales and parton densities."""
        return [
            (name, side, sample)
            for name, systematic in self.study.systematics.items()
            if systematic.effect == "partons"
            for side in systematic.sides()
            for sample in self.measured
            if self.samples[sample].process in systematic.processes
        ]
