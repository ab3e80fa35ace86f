"""Intervals by the kappa input at which background (and signal) are scored, from a finished study.

    python benchmarks/background_inputs.py results [--configuration config/config.yaml …]
        [--selections min_dr_dnn mixing_spanet …] [--fixed 1]

``hypothesis``: both at the tested kappa_lambda; ``average``: signal at the tested one, background
with the share of trained values at which it passes, as in the note; ``fixed``: both at one value.
Templates, workspace and limits are made anew in a temporary folder, at the headline's energy and
luminosity, with the thresholds of the study and errors from its templates. Profile likelihood.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hh4b.core.files import read_json
from hh4b.publication.tables import format_number
from hh4b.statistics.limits_stage import make_limits
from hh4b.statistics.settings import LimitSettings, TemplateSettings, WorkspaceSettings
from hh4b.statistics.template_stage import make_templates
from hh4b.statistics.workspace_stage import make_workspaces
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study
from hh4b.study.stage_settings import StageSettings

SELECTIONS = ["min_dr_dnn", "min_dr_gradient_boosting", "mixing_spanet"]


def interval(layout: Layout, selection: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the profile-likelihood entry of the limits with other kappa inputs."""
    settings = StageSettings(layout)
    headline = layout.study.statistics.headline
    changes = {"errors": "templates", "fixed_kappa_input": None, **inputs}
    templates = TemplateSettings.checked(
        {**settings.templates(selection).model_dump(mode="json"), "systematics": {}, **changes}
    )
    point = {"sqrt_s_tev": [headline.sqrt_s_tev], "luminosities_ifb": [headline.luminosity_ifb]}
    plain = {"model": "note", "systematics": {}}
    workspace = WorkspaceSettings.checked(
        {**settings.workspace().model_dump(mode="json"), **point, **plain}
    )
    limits = LimitSettings.checked(
        {**settings.limits().model_dump(mode="json"), "errors": "templates"}
    )
    rows = JobInputs(layout).template_rows(selection)
    samples = [f"{key}={':'.join(paths)}" for key, *paths in rows if "." not in key]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        working_point = Path(layout.working_point(selection))
        make_templates(samples, folder / "t.json", templates, working_point=working_point)
        make_workspaces(folder / "t.json", str(folder / "w.json"), workspace)
        make_limits(folder / "w.json", folder / "l.json", limits)
        return dict(read_json(folder / "l.json")["profile"])


def text(entry: dict[str, Any]) -> str:
    """Return interval and width as they stand in a table."""
    bounds = ", ".join(format_number(bound, None, 2) for bound in entry["interval"])
    return f"[{bounds}], {format_number(entry['width'], entry['width_error'], 1)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results")
    parser.add_argument("--configuration", nargs="+", default=["config/config.yaml"])
    parser.add_argument("--selections", nargs="+", default=SELECTIONS)
    parser.add_argument("--fixed", type=float, default=1.0)
    options = parser.parse_args(arguments)
    study = read_study(*options.configuration).model_copy(update={"results": options.results})
    layout = Layout(study)
    ways = {
        "hypothesis": {"kappa_input": "hypothesis", "background_kappa": "hypothesis"},
        "average": {"kappa_input": "hypothesis", "background_kappa": "average"},
        f"fixed, {options.fixed:g}": {
            "kappa_input": "fixed",
            "background_kappa": "fixed",
            "fixed_kappa_input": options.fixed,
        },
    }
    print(f"| selection | {' | '.join(ways)} |\n|---|{'---|' * len(ways)}")
    for selection in options.selections:
        cells = [text(interval(layout, selection, inputs)) for inputs in ways.values()]
        print(f"| {selection} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
