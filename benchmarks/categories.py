"""How much narrower four score categories make the interval than the best single cut.

    python benchmarks/categories.py RESULTS [--config FILE ...] [--selection NAME ...]
        [-o docs/numbers/categories.json]

Works on the datasets, features and scores of a finished study. Fills category templates of the
events as they are and in replicas that take every shower event a Poisson number of times, for the
categories and for the best of single cuts, builds the likelihood of each and scans it with
background-only Asimov data at 13 TeV, 139 fb^-1. Printed is the width of the 95 % interval of both
and the ratio with its error, the spread of the ratio over the same replicas. The best cut is that
of the events as they are, among cuts that leave ``--effective`` effective background events; its
advantage of being the best is left to it. With ``--uncertainties all`` everything is uncertain that
the model knows, and normalisations of the study's systematics; a single cut then has no category
that constrains its background. ``--uncertainties both`` does one after the other.
"""

import argparse
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.errors import ContractError
from hh4b.core.joined import split_files
from hh4b.likelihood.build import build_model
from hh4b.likelihood.category_stage import fill_categories
from hh4b.likelihood.fits import CompiledModel
from hh4b.likelihood.scans import scan_kappa
from hh4b.likelihood.settings import (
    ALL_UNCERTAINTIES,
    LikelihoodModelSettings,
)
from hh4b.publication.benchmark_tables import write_benchmark
from hh4b.publication.catalogue.naming import selection_label
from hh4b.statistics.template_checks import signal_process
from hh4b.statistics.template_inputs import FILES, LoadedSample
from hh4b.statistics.template_stage import load_samples
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study
from hh4b.study.stage_settings import StageSettings

Loaded = Mapping[str, list[LoadedSample]]
KAPPAS = np.linspace(-30.0, 35.0, 261)
CUTS = (0.8, 0.85, 0.9, 0.93, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99)
NONE = float("nan")
#: What stands in the table of the documents.
WAYS = {"none": "nothing uncertain", "all": "uncertain, without variations of events and weights"}
HEAD = ("one cut (best of many)", "threshold", "categories", "ratio of widths")


class Widths:
    """Width of the interval by score edges."""

    def __init__(self, selection: str, arguments: argparse.Namespace, *, uncertain: bool) -> None:
        """Read the samples of a selection."""
        study = read_study(*arguments.config)
        layout = Layout(study)
        self.label = selection_label(layout, selection)
        root = arguments.results
        rows = JobInputs(layout).template_rows(selection)
        texts = [
            f"{process}="
            + ":".join(str(root / Path(one).relative_to(study.results)) for one in paths)
            for process, *paths in rows
            if "." not in process
        ]
        # Variations of events and weights would be read again for each replica.
        norms = {n: one for n, one in study.systematics.items() if one.effect == "norm"}
        self.settings = (
            StageSettings(layout)
            .category_templates(selection)
            .model_copy(update={"systematics": {}})
        )
        files = [split_files(text, FILES, keyed=True) for text in texts]
        self.signal = signal_process([one.key for one in files], self.settings)
        self.loaded: Loaded = load_samples(files, self.signal, self.settings)
        self.model = LikelihoodModelSettings.of(
            study.statistics, study.likelihood, processes=study.processes, systematics=norms,
            uncertainties=ALL_UNCERTAINTIES if uncertain else [],
            background_normalisation="tied" if uncertain else "fixed",
        )  # fmt: skip

    def __call__(self, loaded: Loaded, edges: tuple[float, ...]) -> float:
        """Return the width, not a number where a bound lies outside of the scan."""
        settings = self.settings.model_copy(update={"category_edges": list(edges)})
        templates = fill_categories(loaded, {}, self.signal, settings)
        model = build_model(
            templates, self.model.processes, self.model, sqrt_s_tev=13.0, luminosity_ifb=139.0
        )
        compiled = CompiledModel.of(model)
        scan = scan_kappa(compiled, KAPPAS, compiled.asimov())
        width = scan.intervals[0.95].width
        return NONE if width is None else width

    def single(self, cut: float, effective: float) -> float:
        """Return the width of a cut; not a number if it leaves too few background events."""
        settings = self.settings.model_copy(update={"category_edges": [cut]})
        try:
            templates = fill_categories(self.loaded, {}, self.signal, settings)
        except ContractError:
            return NONE
        found = min(1 / one.total_error[0] ** 2 for one in templates.backgrounds.values())
        return self(self.loaded, (cut,)) if found >= effective else NONE

    def replica(self, seed: int, number: int) -> Loaded:
        """Return the samples with every shower event taken a Poisson number of times."""
        return {name: [_replica(one, seed, number) for one in all_] for name, all_ in
                self.loaded.items()}  # fmt: skip


def _replica(sample: LoadedSample, seed: int, number: int) -> LoadedSample:
    counts = sample.shower[sample.rows].bootstrap(seed, number + 1)[:, number]
    weight = sample.events.efficiency_weight * counts
    return replace(sample, events=replace(sample.events, efficiency_weight=weight))


def main() -> None:
    """Print a line for each selection."""
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--config", type=Path, nargs="+", default=[Path("config/config.yaml")])
    parser.add_argument("--selection", nargs="+", default=["mixing_spanet", "min_dr_dnn"])
    parser.add_argument("--uncertainties", choices=(*WAYS, "both"), default="none")
    parser.add_argument("--edges", type=float, nargs="+", default=[0.5, 0.8, 0.9, 0.95])
    parser.add_argument("--effective", type=float, default=50, help="events behind a single cut")
    parser.add_argument("--replicas", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    ways = list(WAYS) if arguments.uncertainties == "both" else [arguments.uncertainties]
    rows = {}
    for way in ways:
        for selection in arguments.selection:
            label, cells = compare(selection, arguments, uncertain=way == "all")
            rows[f"{label}, {WAYS[way]}"] = cells
    if arguments.output is not None:
        edges = ", ".join(f"{edge:g}" for edge in arguments.edges)
        write_benchmark(
            arguments.output, "categories", HEAD, rows, decimals=[2, 3, 2, 3],
            replicas=arguments.replicas, edges=edges,
        )  # fmt: skip


def compare(
    selection: str, arguments: argparse.Namespace, *, uncertain: bool
) -> tuple[str, list[Any]]:
    """Print a line for a selection; return its label and the cells of the table."""
    widths = Widths(selection, arguments, uncertain=uncertain)
    single = {cut: widths.single(cut, arguments.effective) for cut in CUTS}
    best = min(single, key=lambda cut: single[cut] if np.isfinite(single[cut]) else np.inf)
    edges = tuple(arguments.edges)
    both = widths(widths.loaded, edges)
    ratios = []
    for number in range(arguments.replicas):
        loaded = widths.replica(arguments.seed, number)
        ratios.append(widths(loaded, edges) / widths(loaded, (best,)))
    ratio, error = both / single[best], float(np.nanstd(ratios, ddof=1))
    print(
        f"{selection}: single cut at {best:g} {single[best]:.2f}, categories from {edges}"
        f" {both:.2f}, ratio {ratio:.3f} +- {error:.3f}"
        f" ({np.isfinite(ratios).sum()} replicas, mean {np.nanmean(ratios):.3f})",
        flush=True,
    )
    return widths.label, [single[best], best, both, (ratio, error)]


if __name__ == "__main__":
    main()
