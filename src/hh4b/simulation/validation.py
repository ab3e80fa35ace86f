"""Our detector against Delphes on the same generator events: numbers, distances, verdicts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hh4b.core.errors import ContractError
from hh4b.core.seeds import stream
from hh4b.detector.particles import Floats
from hh4b.detector.response import cluster_generator_jets, reconstruct
from hh4b.detector.settings import DetectorSettings
from hh4b.detector.tagging import draw_tags, tag_probabilities
from hh4b.simulation.generator_input import GeneratorEvents, read_generator_events
from hh4b.simulation.observables import (
    Observed,
    higgs_masses,
    higgs_quarks,
    observe,
    peak_position,
    read_observed,
    response,
)

PT_EDGES_GEV = (20.0, 40.0, 60.0, 90.0, 140.0, 1000.0)
ABS_ETA_EDGES = (0.0, 0.8, 1.5, 2.5)
_JETS_PER_BIN_MIN = 500


@dataclass(frozen=True)
class Comparison:
    """Delphes, and repeated runs of our detector, on the same events.

    Attributes:
        delphes: what Delphes made.
        ours: what our detector made, once for each repeat.
        generated_pt: pT of the generator jets in GeV, shape (generator jet,).
        generated_abs_eta: |eta| of the generator jets.
        delphes_response: pT(reco)/pT(gen), nan = not found, shape (generator jet,).
        our_response: likewise, shape (repeat, generator jet).
        delphes_higgs_gev: masses of matched H candidates.
        our_higgs_gev: likewise, for each repeat.
    """

    delphes: Observed
    ours: tuple[Observed, ...]
    generated_pt: Floats
    generated_abs_eta: Floats
    delphes_response: Floats
    our_response: Floats
    delphes_higgs_gev: Floats
    our_higgs_gev: tuple[Floats, ...]


@dataclass(frozen=True)
class ComparedNumber:
    """A number of the event sample under both detectors.

    Attributes:
        name: what it is.
        delphes: value of Delphes.
        ours: mean of our repeats.
        spread: standard deviation of one of our runs, from the repeats.
    """

    name: str
    delphes: float
    ours: float
    spread: float

    @property
    def pull(self) -> float:
        """Return the difference in units of what two runs may differ by chance."""
        return (self.delphes - self.ours) / self.spread if self.spread > 0 else 0.0


@dataclass(frozen=True)
class Distance:
    """Distance of two distributions.

    Attributes:
        name: observable.
        test: ``"KS"`` or ``"chi2/dof"``.
        value: the statistic.
        probability: of a larger one by chance.
    """

    name: str
    test: str
    value: float
    probability: float


@dataclass(frozen=True)
class ResponseBin:
    """Jet response in a bin of generator pT and |eta|.

    Attributes:
        pt_gev: edges.
        abs_eta: edges.
        n_jets: generator jets.
        delphes: mean and width.
        ours: mean and width.
        mean_error: statistical error of ours/Delphes - 1 for the mean.
        width_error: likewise for the width.
    """

    pt_gev: tuple[float, float]
    abs_eta: tuple[float, float]
    n_jets: int
    delphes: tuple[float, float]
    ours: tuple[float, float]
    mean_error: float
    width_error: float

    @property
    def mean_difference(self) -> float:
        """Return ours / Delphes - 1 of the mean."""
        return self.ours[0] / self.delphes[0] - 1

    @property
    def width_difference(self) -> float:
        """Return ours / Delphes - 1 of the width."""
        return self.ours[1] / self.delphes[1] - 1


def compare(
    particles: Path | str,
    delphes: Path | str,
    settings: DetectorSettings,
    *,
    repeats: int = 10,
    seed: int = 1,
) -> Comparison:
    """Run our detector on a generator file and read what Delphes made of it.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if the files hold different numbers of events.
    """
    events = read_generator_events(particles)
    theirs = read_observed(delphes)
    if len(theirs.met) != events.n_events:
        raise ContractError(
            f"{particles} has {events.n_events} events, {delphes} has {len(theirs.met)};"
            " they must be the same events"
        )
    generated = cluster_generator_jets(events.particles(), settings)
    ours = tuple(_run(events, settings, stream(seed, "validation", i)) for i in range(repeats))
    quarks = higgs_quarks(events)
    return Comparison(
        delphes=theirs,
        ours=ours,
        generated_pt=generated.pt,
        generated_abs_eta=np.abs(generated.eta),
        delphes_response=response(generated, theirs),
        our_response=np.stack([response(generated, run) for run in ours]),
        delphes_higgs_gev=higgs_masses(quarks, theirs),
        our_higgs_gev=tuple(higgs_masses(quarks, run) for run in ours),
    )


def _run(events: GeneratorEvents, settings: DetectorSettings, rng: np.random.Generator) -> Observed:
    made = reconstruct(events.particles(), events.partons(), settings, rng)
    jets = made.jets
    probability = tag_probabilities(settings.b_tagging.active, jets.pt, jets.eta, made.flavor)
    return observe(made, draw_tags(probability, rng))


def _tag_rate(flavors: tuple[int, ...]) -> Callable[[Observed], float]:
    def rate(run: Observed) -> float:
        chosen = run.accepted & np.isin(run.flavor, flavors)
        return float(run.tagged[chosen].mean()) if chosen.any() else 0.0

    return rate


#: Accepted: pT > 40 GeV and |eta| < 2.5.
NUMBERS: Mapping[str, Callable[[Observed], float]] = {
    "jets above 20 GeV": lambda run: float(len(run.pt)),
    "accepted jets": lambda run: float(run.accepted.sum()),
    "accepted b jets": lambda run: float((run.accepted & (run.flavor == 5)).sum()),
    "accepted c jets": lambda run: float((run.accepted & (run.flavor == 4)).sum()),
    "accepted gluon jets": lambda run: float((run.accepted & (run.flavor == 21)).sum()),
    "events with 4 accepted jets": lambda run: float((run.count(run.accepted) >= 4).sum()),
    "events with 3 tags": lambda run: float((run.count(run.accepted & run.tagged) >= 3).sum()),
    "events with 4 tags": lambda run: float((run.count(run.accepted & run.tagged) >= 4).sum()),
    "b-tag rate of b jets": _tag_rate((5,)),
    "b-tag rate of c jets": _tag_rate((4,)),
    "b-tag rate of light jets": _tag_rate((0, 1, 2, 3, 21)),
    "mean pT of accepted jets [GeV]": lambda run: float(run.pt[run.accepted].mean()),
    "mean mass of accepted jets [GeV]": lambda run: float(run.mass[run.accepted].mean()),
    "mean MET [GeV]": lambda run: float(run.met.mean()),
    "isolated electrons": lambda run: float(run.n_electrons.sum()),
    "isolated muons": lambda run: float(run.n_muons.sum()),
}


def numbers(comparison: Comparison) -> list[ComparedNumber]:
    """Return the numbers of `NUMBERS` and the position of the H peak."""
    table = []
    for name, value in NUMBERS.items():
        ours = np.array([value(run) for run in comparison.ours])
        table.append(
            ComparedNumber(name, value(comparison.delphes), float(ours.mean()), _spread(ours))
        )
    if len(comparison.delphes_higgs_gev):
        peaks = np.array([peak_position(masses) for masses in comparison.our_higgs_gev])
        theirs = peak_position(comparison.delphes_higgs_gev)
        table.append(ComparedNumber("H peak [GeV]", theirs, float(peaks.mean()), _spread(peaks)))
    return table


def _spread(values: Floats) -> float:
    """Return what one Delphes run may differ by from the mean of our runs."""
    if len(values) < 2:
        return 0.0
    return float(values.std(ddof=1) * np.sqrt(1 + 1 / len(values)))


def distances(comparison: Comparison) -> list[Distance]:
    """Return the distances of the distributions, all our repeats against Delphes."""
    theirs, ours = comparison.delphes, comparison.ours
    multiplicity = [run.count(run.accepted) for run in (theirs, *ours)]
    table = [chi2_distance("jet multiplicity", multiplicity[0], np.concatenate(multiplicity[1:]))]
    for name, column in (
        ("jet pT", "pt"), ("jet eta", "eta"), ("jet phi", "phi"), ("jet mass", "mass")
    ):  # fmt: skip
        both = [getattr(run, column)[run.accepted] for run in (theirs, *ours)]
        table.append(_ks(name, both[0], np.concatenate(both[1:])))
    table.append(_ks("MET", theirs.met, np.concatenate([run.met for run in ours])))
    if len(comparison.delphes_higgs_gev):
        masses = np.concatenate(comparison.our_higgs_gev)
        table.append(_ks("H candidate mass", comparison.delphes_higgs_gev, masses))
    return table


def _ks(name: str, first: Floats, second: Floats) -> Distance:
    result = stats.ks_2samp(first, second)
    return Distance(name, "KS", float(result.statistic), float(result.pvalue))


def chi2_distance(name: str, first: NDArray[np.int64], second: NDArray[np.int64]) -> Distance:
    """Compare two samples of counts; bins with fewer than ten entries join their neighbour."""
    top = int(max(first.max(), second.max())) + 1
    histograms = [np.bincount(sample, minlength=top).astype(float) for sample in (first, second)]
    merged: list[list[float]] = []
    pending = [0.0, 0.0]
    for pair in zip(*histograms, strict=True):
        pending = [a + b for a, b in zip(pending, pair, strict=True)]
        if min(pending) >= 10:
            merged.append(pending)
            pending = [0.0, 0.0]
    if merged:
        merged[-1] = [a + b for a, b in zip(merged[-1], pending, strict=True)]
    table = np.array(merged).T
    if table.size == 0 or table.shape[1] < 2:
        return Distance(name, "chi2/dof", 0.0, 1.0)
    result = stats.chi2_contingency(table, correction=False)
    return Distance(name, "chi2/dof", float(result.statistic / result.dof), float(result.pvalue))


def response_bins(comparison: Comparison) -> list[ResponseBin]:
    """Return mean and width (standard deviation) of the response in bins with 500 jets or more."""
    table = []
    for pt_low, pt_high in pairwise(PT_EDGES_GEV):
        for eta_low, eta_high in pairwise(ABS_ETA_EDGES):
            pt, abs_eta = comparison.generated_pt, comparison.generated_abs_eta
            inside = (pt > pt_low) & (pt <= pt_high) & (abs_eta >= eta_low) & (abs_eta < eta_high)
            theirs = comparison.delphes_response[inside]
            theirs = theirs[np.isfinite(theirs)]
            if len(theirs) < _JETS_PER_BIN_MIN:
                continue
            runs = comparison.our_response[:, inside]
            means, widths = np.nanmean(runs, axis=1), np.nanstd(runs, axis=1)
            table.append(
                ResponseBin(
                    (pt_low, pt_high), (eta_low, eta_high), len(theirs),
                    (float(theirs.mean()), float(theirs.std())),
                    (float(means.mean()), float(widths.mean())),
                    _spread(means) / float(theirs.mean()), _spread(widths) / float(theirs.std()),
                )
            )  # fmt: skip
    return table
