"""Quoted errors of intervals against full bootstraps, and against independent samples.

    python benchmarks/error_check.py RESULTS [--config FILE]... [--selection NAME]...
    python benchmarks/error_check.py RESULTS --pulls 20 --share 0.5

Works on the datasets, features and scores of a finished study. Without ``--pulls`` the events are
resampled the slow way: of each sample a binomial number of its generated events is selected, those
are drawn from its shower events with replacement, tables are written, and working point, templates,
joining of bins and limits are done anew from these files. The spread of the bounds is compared with
the error of the events that one run of `hh4b working-point`, `templates` and `limits` quotes.

With ``--pulls`` the events of the study are the truth: independent samples of a share of its
background (the signal as large as it is) are drawn from it, each with the error that it quotes.
The scan of the study wants more events by the same share, so that it has the same optimum. Printed
are mean and width of the pulls.

Thresholds are scanned anew in every sample, with at least ``--background`` effective background
events, and bins of fewer than ``--minimum`` are joined, whatever the configuration says. The limits
are those at 13 TeV and 139 fb^-1.
"""

import argparse
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.shower_events import ShowerEvents
from hh4b.selection.settings import WorkingPointSettings
from hh4b.selection.working_point import find_working_point
from hh4b.statistics.limits import METHODS
from hh4b.statistics.limits_stage import make_limits, read_limits
from hh4b.statistics.settings import LimitSettings, TemplateSettings, WorkspaceSettings
from hh4b.statistics.template_stage import make_templates
from hh4b.statistics.workspace_stage import make_workspaces
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study
from hh4b.study.stage_settings import StageSettings

SELECTIONS = ["min_dr_dnn", "mixing_spanet_dnn", "min_dr_gradient_boosting"]
QUANTITIES = ("lower", "upper", "width")
#: Jets and targets: large, and of no use once events are scored.
LEFT_OUT = ("INPUTS/Source", "TARGETS")
Floats = NDArray[np.float64]
Files = dict[str, Path]


class Chain:
    """One selection of a study, from files of events to limits."""

    def __init__(self, selection: str, arguments: argparse.Namespace, background: float) -> None:
        """Read the study that made the results, with the bootstrap and a scan for the threshold."""
        changes = {
            "results": str(arguments.results),
            "statistics": {
                "errors": "bootstrap",
                "replicas": arguments.replicas,
                "minimum_effective_events": arguments.minimum,
                "needed_effective_events": 0,
            },
            "selections": {
                selection: {
                    "threshold": "s_over_sqrt_b",
                    "min_background_events": background,
                },
            },
        }
        with tempfile.TemporaryDirectory() as folder:
            overlay = Path(folder) / "overlay.yaml"
            overlay.write_text(yaml.safe_dump(changes), encoding="utf-8")
            study = read_study(*arguments.config, overlay)
        layout, self.selection = Layout(study), selection
        inputs, stages = JobInputs(layout), StageSettings(layout)
        self.rows = [row for row in inputs.template_rows(selection) if "." not in row[0]]
        classifier = study.selections[selection].classifier
        self.signals = layout.datasets(layout.compared_signals(classifier))
        self.point, self.templates = stages.working_point(selection), stages.templates(selection)
        at = {"sqrt_s_tev": [13.0], "luminosities_ifb": [139.0]}
        self.workspace = stages.workspace().model_copy(update=at)
        self.limits = stages.limits()

    def run(self, folder: Path, files: dict[str, tuple[Path, ...]], *, errors: bool) -> Any:
        """Return the content of the limit file; without errors none are computed."""
        point, templates, limits = self.point, self.templates, self.limits
        if not errors:
            none = {"replicas": 0, "errors": "templates"}
            point = point.model_copy(update={"bootstrap_replicas": 0})
            templates, limits = (one.model_copy(update=none) for one in (templates, limits))
        return run_chain(folder, self._texts(files), (point, templates, self.workspace, limits))

    def _texts(self, files: dict[str, tuple[Path, ...]]) -> tuple[list[str], list[str], list[str]]:
        signal, background, all_ = [], [], []
        for process, dataset, *_ in self.rows:
            paths = files[dataset]
            kind = self.templates.processes[process].kind
            pair = f"{process}={paths[0]}:{paths[2]}"
            if kind == "background":
                background.append(pair)
            elif dataset in self.signals:
                signal.append(pair)
            if kind in ("signal", "background"):
                all_.append(f"{process}={paths[0]}:{paths[1]}:{paths[2]}")
        return signal, background, all_

    def originals(self) -> dict[str, tuple[Path, ...]]:
        """Return dataset, features and scores by dataset."""
        return {row[1]: tuple(map(Path, row[1:])) for row in self.rows}

    def draw(
        self, folder: Path, rng: np.random.Generator, share: float = 1.0
    ) -> dict[str, tuple[Path, ...]]:
        """Write resampled tables of all samples; backgrounds of a share of their events."""
        found = {}
        for number, (process, dataset, *_) in enumerate(self.rows):
            background = self.templates.processes[process].kind == "background"
            paths = self.originals()[dataset]
            places = tuple(folder / f"{number}_{name}.h5" for name in ("d", "f", "s"))
            resample(paths, places, rng, share if background else 1.0)
            found[dataset] = places
        return found


def run_chain(
    folder: Path,
    texts: tuple[list[str], list[str], list[str]],
    settings: tuple[WorkingPointSettings, TemplateSettings, WorkspaceSettings, LimitSettings],
) -> Any:
    """Go from samples to the limit file and return its content."""
    point, templates, workspace, limits = settings
    names = ("point.json", "templates.json", "workspace.json", "limits.json", "replicas.h5")
    places = [folder / name for name in names]
    found = find_working_point(texts[0], texts[1], point)
    write_json(places[0], found, Provenance("working-point", {}))
    replicas = places[4] if templates.errors == "bootstrap" else None
    make_templates(
        texts[2], places[1], templates, working_point=places[0], replicas_output=replicas
    )
    make_workspaces([places[1]], str(places[2]), workspace)
    make_limits(places[2], places[3], limits, replicas_files=[replicas] if replicas else [])
    return {**read_limits(places[3]), "p_th": read_json(places[0])["threshold"]}


def resample(
    paths: tuple[Path, ...], places: tuple[Path, ...], rng: np.random.Generator, share: float
) -> None:
    """Write tables of events drawn with replacement; a copy of an event is an event of its own."""
    shower = ShowerEvents.read(paths[0])
    number = int(shower.index.max()) + 1
    with h5py.File(paths[0]) as file:
        generated = int(file.attrs["n_generated"])
    fewer = round(share * generated)
    drawn = rng.integers(number, size=rng.binomial(fewer, number / generated))
    order = np.argsort(shower.index, kind="stable")
    starts = np.searchsorted(shower.index[order], np.arange(number + 1))
    lengths = (starts[1:] - starts[:-1])[drawn]
    rows = order[np.concatenate([np.arange(starts[one], starts[one + 1]) for one in drawn])]
    numbers = np.repeat(np.arange(len(drawn)), lengths)
    for path, place in zip(paths, places, strict=True):
        with h5py.File(path) as source, h5py.File(place, "w") as target:
            for name, table in _tables(source):
                values = table[()]
                target[name] = values[rows] if len(values) == len(order) else values
            for name, value in source.attrs.items():
                target.attrs[name] = value
            if path == paths[0]:
                if "HH4B/event_number" in target:
                    del target["HH4B/event_number"]
                target["HH4B/event_number"] = numbers
                target.attrs["n_generated"] = fewer
                target.attrs["sum_weights_generated"] *= fewer / generated


def _tables(file: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    found: list[str] = []
    file.visititems(lambda name, one: found.append(name) if hasattr(one, "shape") else None)
    for name in found:
        if not name.startswith(LEFT_OUT):
            yield name, file[name]


def bounds_of(limits: Any, method: str) -> list[float]:
    """Return lower bound, upper bound and width; not a number where there is none."""
    lower, upper = (np.nan if one is None else one for one in limits[method]["interval"])
    return [lower, upper, upper - lower]


def errors_of(limits: Any, method: str) -> list[float]:
    """Return the quoted errors of the events."""
    entry = limits[method]
    bounds = entry.get("interval_error_parts", {"events": entry["interval_error"]})["events"]
    width = entry.get("width_error_parts", {"events": entry["width_error"]})["events"]
    return [np.nan if one is None else one for one in (*bounds, width)]


def many(chain: Chain, number: int, share: float, *, errors: bool) -> tuple[list[Any], int]:
    """Return the limits of independent samples, and how many had no threshold or no bin."""
    found, failed = [], 0
    for one in range(number):
        rng = np.random.default_rng([1, one])
        with tempfile.TemporaryDirectory() as text:
            try:
                found.append(chain.run(Path(text), chain.draw(Path(text), rng, share),
                                       errors=errors))  # fmt: skip
            except ContractError:
                failed += 1
    return found, failed


def compare(chain: Chain, quoted: Any, samples: list[Any]) -> None:
    """Print quoted errors, spread of samples and their ratio."""
    for method in METHODS:
        values = np.array([bounds_of(one, method) for one in samples])
        spread, errors = np.nanstd(values, axis=0, ddof=1), errors_of(quoted, method)
        for name, one, other in zip(QUANTITIES, errors, spread, strict=True):
            print(f"{chain.selection:26} {method:8} {name:6} quoted {one:.3f}  spread {other:.3f}"
                  f"  ratio {one / other:.3f}")  # fmt: skip


def pulls(chain: Chain, truth: Any, samples: list[Any]) -> None:
    """Print mean and width of (sample - truth) / quoted error."""
    for method in METHODS:
        true = np.array(bounds_of(truth, method))
        values = np.array([bounds_of(one, method) for one in samples])
        errors = np.array([errors_of(one, method) for one in samples])
        found = (values - true) / errors
        number = np.isfinite(found).sum(axis=0)
        mean, width = np.nanmean(found, axis=0), np.nanstd(found, axis=0, ddof=1)
        for place, name in enumerate(QUANTITIES):
            print(
                f"{chain.selection:26} {method:8} {name:6} truth {true[place]:.3f}"
                f"  mean pull {mean[place]:+.2f} +- {width[place] / number[place] ** 0.5:.2f}"
                f"  width {width[place]:.2f} +- {width[place] / (2 * number[place]) ** 0.5:.2f}"
                f"  ({number[place]} samples, mean error {np.nanmean(errors[:, place]):.2f})"
            )


def main() -> None:
    """Print the comparison for each selection."""
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--config", type=Path, nargs="+", default=[Path("config/config.yaml")])
    parser.add_argument("--selection", nargs="+", default=SELECTIONS)
    parser.add_argument("--minimum", type=float, default=10, help="effective events of a bin")
    parser.add_argument(
        "--background", type=float, default=100, help="effective background events of the scan"
    )
    parser.add_argument("--samples", type=int, default=200, help="full bootstraps")
    parser.add_argument("--replicas", type=int, default=200, help="behind the quoted error")
    parser.add_argument("--pulls", type=int, default=0, help="independent samples with errors")
    parser.add_argument("--share", type=float, default=0.5, help="of the background, for pulls")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    share = arguments.share if arguments.pulls else 1.0
    for selection in arguments.selection:
        chain = Chain(selection, arguments, arguments.background)
        whole = Chain(selection, arguments, arguments.background / share)
        with tempfile.TemporaryDirectory() as folder:
            nominal = whole.run(Path(folder), whole.originals(), errors=True)
        number = arguments.pulls or arguments.samples
        samples, failed = many(chain, number, share, errors=bool(arguments.pulls))
        thresholds = [one["p_th"] for one in samples]
        print(
            f"{selection}: threshold {nominal['p_th']:.2f}, of the samples"
            f" {np.mean(thresholds):.3f} +- {np.std(thresholds):.3f}; {failed} without"
        )
        (pulls if arguments.pulls else compare)(chain, nominal, samples)


if __name__ == "__main__":
    main()
