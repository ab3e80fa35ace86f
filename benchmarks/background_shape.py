"""Bias and spread of the interval from few background events: direct shape against a tilted one.

    python benchmarks/background_shape.py DATASET FEATURES SCORES TEMPLATES.json [options]

Events count by shower event: all rows of one come together.

Takes samples of a wanted number of effective events, with replacement, from the selected and the
loose events of a background, at one kappa input. Each gives a template and the profile-likelihood
interval with the signal of TEMPLATES.json, whose threshold is used. Prints by size and efficiency
factor (1 is the direct shape; `auto` is the way of the default study, each sample finding its own
largest factor with a fitting spread of ln m_HH): the width with all events; its shift against the
direct shape, with the paired bootstrap error; the bias of the small samples against all events and
the same method; their spread; and the variance of `direct` over that of `tilted`. With ``--output``
bias, spread and gain become a table for the documents.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.seeds import stream
from hh4b.publication.benchmark_tables import Cell, write_benchmark
from hh4b.statistics.binning import filled_bins, join_unfilled
from hh4b.statistics.note_model import Yields
from hh4b.statistics.processes import default_processes
from hh4b.statistics.replica_yields import ReplicatedYields
from hh4b.statistics.replicas import replica_bounds
from hh4b.statistics.scaling import Normalisation, ScaledTemplates, scale
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.template_format import TemplateSet, read_templates
from hh4b.statistics.template_inputs import read_background
from hh4b.statistics.templates import CutAndBins
from hh4b.statistics.tilted_rows import ScoredRows, score_choices, scored_rows
from hh4b.statistics.tilted_templates import (
    RowReplicas,
    fitting_factor,
    tilted_replicas,
    tilted_template,
)

Floats = NDArray[np.float64]
Rows = dict[str, list[Cell]]
HEAD = ("width of all events against direct [%]", "bias [%]", "spread [%]", "gain")


def scaled_templates(templates: TemplateSet, luminosity_ifb: float) -> ScaledTemplates:
    """Normalise the templates at 13 TeV with the default processes."""
    processes = default_processes()
    signal = processes[templates.signal_process]
    masses = {"m_higgs_gev": 125.0, "m_top_gev": 173.0}
    coefficients = signal.signal_fb(templates.signal_process, 13.0, **masses)
    other = {name: processes[name].other_pb(name, 13.0) for name in templates.backgrounds}
    ratio = float(signal.branching_ratio or 1.0)
    return scale(templates, Normalisation(luminosity_ifb, 13.0, coefficients, other, ratio))


class Intervals:
    """Widths of the profile-likelihood interval by background template."""

    def __init__(self, templates: TemplateSet, luminosity_ifb: float) -> None:
        """Take the signal of templates."""
        self.scaled = scaled_templates(templates, luminosity_ifb)
        process = next(iter(templates.backgrounds))
        cross_section = default_processes()[process].other_pb(process, 13.0)
        self.events = cross_section * 1e3 * luminosity_ifb

    def widths(self, sums: Floats, squares: Floats) -> Floats:
        """Return the widths, shape (R,), of templates (R, B); empty bins join downwards."""
        background = self.events * sums[:, None]
        variance = self.events**2 * squares[:, None]
        filled = filled_bins(background, variance, background, 0.0)
        usable = filled.any(axis=1)
        shape = (len(background), *self.scaled.signal.shape)
        signal = np.broadcast_to(self.scaled.signal, shape)[usable]
        yields = Yields(
            self.scaled.kappa_lambda,
            join_unfilled(signal, filled[usable]),
            join_unfilled(background[usable], filled[usable]),
        )
        made = ReplicatedYields(yields, None, usable)
        bounds = replica_bounds(self.scaled, made, None, threshold=3.92)["profile"]
        return np.asarray(bounds[:, 1] - bounds[:, 0])


def draw(rows: ScoredRows, threshold: float, share: float, toys: int, size: str) -> RowReplicas:
    """Take every shower event a Poisson number of times of mean ``share``."""
    rng = stream(1, "background_shape", size)
    events = rows.source if rows.events is None else rows.events
    numbers, event = np.unique(events, return_inverse=True)
    counts = np.zeros((int(rows.source.max()) + 1, toys), dtype=np.uint16)
    counts[rows.source] = rng.poisson(share, (len(numbers), toys)).astype(np.uint16)[event]
    return RowReplicas(counts, np.full((1, toys), 1 / share), np.full(toys, threshold))


def sample_of(rows: ScoredRows, replicas: RowReplicas, number: int) -> ScoredRows:
    """Return the rows of one replica; an event that was taken twice is two events."""
    counts = replicas.counts[rows.source, number]
    kept = np.repeat(np.arange(len(counts)), counts)
    copy = np.arange(len(kept)) - np.repeat(np.cumsum(counts) - counts, counts)
    events = (rows.source if rows.events is None else rows.events)[kept] * (1 + counts.max()) + copy
    return ScoredRows(
        rows.score[kept], rows.weight[kept] * replicas.factors[0, number], rows.log_mass[kept],
        rows.bins[kept], rows.n_bins, np.arange(len(kept)), rows.sample[kept], events,
    )  # fmt: skip


class Comparison:
    """Shapes of one background by efficiency factor; 1 is the direct one."""

    def __init__(self, rows: ScoredRows, templates: TemplateSet, options: argparse.Namespace):
        """Take rows of a background, and the signal and threshold of templates."""
        self.rows, self.threshold, self.toys = rows, templates.threshold, options.toys
        self.intervals = Intervals(templates, options.luminosity)
        pull = {"shape_spread_pull_max": options.spread_pull_max}
        self.settings = TemplateSettings.checked(pull)
        whole = tilted_template(rows, self.threshold, 1.0)
        variance = whole.total_variance or whole.sum_weights_squared.sum()
        self.effective = float(whole.sum_weights.sum() ** 2 / variance)

    def drawn(self, share: float, factor: float, name: str) -> Floats:
        """Return widths of the interval in samples of a share of the events."""
        replicas = draw(self.rows, self.threshold, share, self.toys, name)
        return self.intervals.widths(*tilted_replicas(self.rows, replicas, factor))

    def adaptive(self, share: float, name: str) -> Floats:
        """Return widths in samples of a share of the events, each with a factor of its own."""
        replicas = draw(self.rows, self.threshold, share, self.toys, name)
        made = []
        for number in range(self.toys):
            rows = sample_of(self.rows, replicas, number)
            factor = fitting_factor(rows, self.threshold, self.settings)
            made.append(tilted_template(rows, self.threshold, factor))
        sums, squares = (
            np.array([getattr(one, key) for one in made])
            for key in ("sum_weights", "sum_weights_squared")
        )
        return self.intervals.widths(sums, squares)

    def nominal(self, factor: float) -> float:
        """Return the width with all events."""
        made = tilted_template(self.rows, self.threshold, factor)
        one = self.intervals.widths(made.sum_weights[None], made.sum_weights_squared[None])
        return float(one[0])

    def print_lines(self, size: float, factors: list[float]) -> Rows:
        """Print a line for each efficiency factor; return those of a table."""
        rows: Rows = {}
        direct = self.nominal(1.0)
        of_all = self.drawn(1.0, 1.0, "all")
        variance = np.nanvar(self.drawn(size / self.effective, 1.0, f"{size:g}"))
        for factor in (1.0, *factors):
            width, shift = self.nominal(factor), self.drawn(1.0, factor, "all") / of_all
            found = self.drawn(size / self.effective, factor, f"{size:g}")
            spread = float(np.nanstd(found))
            bias, scale = np.nanmean(found) / width - 1, 100 / width
            print(
                f"{size:6g}  {factor:6g}  {width:8.2f}"
                f"  {100 * (width / direct - 1):+8.1f} ± {100 * np.nanstd(shift):3.1f}"
                f"  {100 * bias:+8.2f} ± {scale * spread / self.toys**0.5:4.2f}"
                f"  {scale * spread:10.1f}  {variance / spread**2:8.2f}"
            )
            name = "direct" if factor == 1 else f"{factor:g}"
            error = scale * spread / self.toys**0.5
            against_direct = (100 * (width / direct - 1), 100 * float(np.nanstd(shift)))
            cells: list[Cell] = [(100 * bias, error), scale * spread, variance / spread**2]
            rows[f"{size:g}, {name}"] = [against_direct, *cells]
        chosen = fitting_factor(self.rows, self.threshold, self.settings)
        width, found = self.nominal(chosen), self.adaptive(size / self.effective, f"{size:g}")
        spread = float(np.nanstd(found))
        for against, of_all in (("auto", width), ("direct", direct)):
            bias, scale = np.nanmean(found) / of_all - 1, 100 / of_all
            print(
                f"{size:6g}    auto  {width:8.2f}  {f'against {against}':>16}"
                f"  {100 * bias:+8.2f} ± {scale * spread / self.toys**0.5:4.2f}"
                f"  {scale * spread:10.1f}  {variance / spread**2:8.2f}"
            )
            if against == "auto":
                error = scale * spread / self.toys**0.5
                cells = [(100 * bias, error), scale * spread, variance / spread**2]
                rows[f"{size:g}, chosen"] = [100 * (width / direct - 1), *cells]
        return rows


def main() -> None:
    """Print a line for each number of events and efficiency factor."""
    options = read_options()
    templates = read_templates(options.templates)
    settings = TemplateSettings.checked({
        "kappa_input": "fixed", "background_kappa": "fixed",
        "fixed_kappa_input": options.kappa, "background_kappa_values": [options.kappa],
    })  # fmt: skip
    files = (options.dataset, options.features, options.scores)
    sample = read_background(files, options.part).events
    cut = CutAndBins(templates.threshold, templates.bin_edges_gev)
    rows = scored_rows([sample], cut, score_choices(settings)[0])
    comparison = Comparison(rows, templates, options)
    print(f"{comparison.effective:.0f} effective events pass above {templates.threshold:g}")
    print("events  factor     width       shift (%)         bias (%)  spread (%)      gain")
    lines: Rows = {}
    for size in options.events:
        lines |= comparison.print_lines(size, options.factors)
    if options.output is not None:
        write_benchmark(
            options.output, "background_shape", HEAD, lines, decimals=[1, 1, 1, 1],
            samples=options.toys, effective=round(comparison.effective),
        )  # fmt: skip


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("dataset", "features", "scores", "templates"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--kappa", type=float, default=3.0, help="kappa input of the background")
    parser.add_argument("--part", default="testing", help="testing, training or all")
    parser.add_argument("--events", type=float, nargs="+", default=[40.0, 100.0])
    parser.add_argument("--factors", type=float, nargs="+", default=[2.0, 4.0, 6.0, 10.0])
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    parser.add_argument("--toys", type=int, default=400)
    parser.add_argument("--spread-pull-max", type=float, default=3.0, help="of `auto`")
    parser.add_argument("--luminosity", type=float, default=139.0, help="in fb^-1")
    return parser.parse_args()


if __name__ == "__main__":
    main()
