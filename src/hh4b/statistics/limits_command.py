"""From a workspace to a limit file: what `hh4b limits` does."""

import json
from pathlib import Path

from hh4b.errors import ConfigError
from hh4b.files import Provenance, read_json, write_json
from hh4b.seeds import stream
from hh4b.statistics.limits import METHODS, limits_content, scan_note_model
from hh4b.statistics.note_model import PROFILE_THRESHOLD
from hh4b.statistics.replicas import interval_errors
from hh4b.statistics.workspace_files import read_workspace

#: 95 % of a chi-squared with one degree of freedom.
COMPLETE_THRESHOLD = 3.84


def make_limits(
    workspace_path: Path,
    output: Path | None,
    *,
    threshold: float | None = None,
    replicas: int = 200,
    seed: int = 1,
) -> str:
    """Find the intervals of a workspace, write them if asked, and return them as JSON text.

    Raises:
        InputFileError: if the workspace cannot be read.
        ContractError: if it is no workspace of this project.
        ConfigError: if an option cannot be meant.
    """
    if threshold is not None and not threshold > 0:
        raise ConfigError(f"--threshold must be positive, got {threshold:g}")
    if replicas < 0:
        raise ConfigError(f"--replicas must not be negative, got {replicas}")
    workspace = read_workspace(read_json(workspace_path), where=str(workspace_path))
    default = COMPLETE_THRESHOLD if workspace.model == "complete" else PROFILE_THRESHOLD
    bound = default if threshold is None else threshold
    scan = scan_note_model(workspace.yields, threshold=bound, asimov=workspace.asimov)
    content = limits_content(workspace.yields, scan, workspace.model)
    if replicas:
        rng = stream(seed, "limits", "replicas")
        errors = interval_errors(
            workspace.yields, threshold=bound, asimov=workspace.asimov, replicas=replicas, rng=rng
        )
        for method in METHODS:
            content[method].update(errors[method])
    settings = {"threshold": bound, "replicas": replicas, "workspace": workspace.made_from}
    provenance = Provenance("limits", settings, seed=seed)
    if output is not None:
        write_json(output, content, provenance)
    return json.dumps({**content, "provenance": provenance.as_dict()}, indent=1)
