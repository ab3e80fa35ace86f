"""Expected intervals against the kappa input that everything is scored at.

    python benchmarks/kappa_input.py config/config.yaml --selection min_dr_dnn mixing_spanet

Reads a finished study. For each value that the classifier of a selection was trained with, working
point, templates and limits are made anew with `kappa_input: fixed`, once on each half of the shower
events: a value chosen on one half is judged on the other. The pairing stays as it was made.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from hh4b.selection.working_point import find_working_point
from hh4b.statistics.limits_stage import make_limits
from hh4b.statistics.template_stage import make_templates
from hh4b.statistics.workspace_stage import make_workspaces
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study
from hh4b.study.stage_settings import StageSettings

HALVES = ("even", "odd")
PLAIN = {"errors": "templates", "replicas": 0}


def half_of(source: Path, target: Path, chosen: np.ndarray, rows: int, scale: float) -> None:
    """Copy the chosen rows of every table of a file; generated events count with their share."""
    with h5py.File(source) as old, h5py.File(target, "w") as new:

        def copy(name: str, item: h5py.Dataset | h5py.Group) -> None:
            if isinstance(item, h5py.Dataset):
                whole = item.shape and item.shape[0] == rows
                new[name] = item[:][chosen] if whole else item[:] if item.shape else item[()]

        old.visititems(copy)
        for name, value in old.attrs.items():
            scaled = name in ("sum_weights_generated", "n_generated")
            new.attrs[name] = value * scale if scaled else value


def halves(rows: list[tuple[str, ...]], folder: Path) -> Iterator[list[tuple[str, ...]]]:
    """Yield the files of a selection with even and with odd event numbers only."""
    for parity, half in enumerate(HALVES):
        copied = []
        for place, (key, *paths) in enumerate(rows):
            with h5py.File(paths[0]) as file:
                number = file["HH4B/event_number"][:]
            chosen = number % 2 == parity
            targets = [folder / f"{half}_{place}_{i}.h5" for i in range(len(paths))]
            for source, target in zip(paths, targets, strict=True):
                half_of(Path(source), target, chosen, len(number), 0.5)
            copied.append((key, *map(str, targets)))
        yield copied


class Study:
    """A finished study and one of its selections.

    Attributes:
        layout: where the study's files lie.
        selection: name of the selection.
        folder: for what is made.
    """

    def __init__(self, config: list[Path], selection: str, folder: Path) -> None:
        """Read the study."""
        self.layout = Layout(read_study(*config))
        self.stages = StageSettings(self.layout)
        self.selection, self.folder = selection, folder
        self.rows = JobInputs(self.layout).template_rows(selection)

    def width(self, part: list[tuple[str, ...]], kappa: float) -> tuple[float, float]:
        """Return threshold and expected width with one kappa input, from a half of the files."""
        told = {"fixed_kappa_input": kappa}
        by_class: dict[bool, list[str]] = {True: [], False: []}
        for (_, dataset, _, scores), row in zip(part, self.rows, strict=True):
            is_signal = Path(row[1]).stem in self.layout.signals
            by_class[is_signal].append(f"{dataset}:{scores}")
        point = self.stages.working_point(self.selection)
        point = point.model_copy(update={**told, "bootstrap_replicas": 0})
        found = find_working_point(by_class[True], by_class[False], point)
        fixed = {"kappa_input": "fixed", "background_kappa": "fixed", **told}
        settings = self.stages.templates(self.selection).model_copy(
            update={**PLAIN, **fixed, "threshold": found["threshold"]}
        )
        templates, workspace = self.folder / "t.json", self.folder / "w.json"
        make_templates([f"{key}={':'.join(paths)}" for key, *paths in part], templates, settings)
        head = self.layout.study.statistics.headline
        one = {"sqrt_s_tev": [head.sqrt_s_tev], "luminosities_ifb": [head.luminosity_ifb]}
        make_workspaces(templates, str(workspace), self.stages.workspace().model_copy(update=one))
        text = make_limits(workspace, None, self.stages.limits().model_copy(update=PLAIN))
        return found["threshold"], json.loads(text)["profile"]["width"] or float("nan")


def main() -> None:
    """Print a table for each selection."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", nargs="+", type=Path)
    parser.add_argument("--selection", nargs="+", required=True)
    arguments = parser.parse_args()
    for selection in arguments.selection:
        print(f"{selection}: p_th and width of the 95 % interval\nkappa input   even   odd")
        with tempfile.TemporaryDirectory() as name:
            study = Study(arguments.config, selection, Path(name))
            parts = list(halves(study.rows, study.folder))
            classifier = study.layout.study.selections[selection].classifier
            for kappa in study.layout.compared_kappas(classifier):
                cells = ("{:.2f} {:6.2f}".format(*study.width(part, kappa)) for part in parts)
                print(f"{kappa:11g}   " + "   ".join(cells), flush=True)


if __name__ == "__main__":
    main()
