"""From a workspace to a limit file: what `hh4b limits` does."""

import json
from collections.abc import Sequence
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.seeds import stream
from hh4b.statistics.engines import find_limits
from hh4b.statistics.settings import LimitSettings
from hh4b.statistics.workspace_format import read_workspace


def places(workspaces: Sequence[Path], output: Path | None) -> list[tuple[Path, Path | None]]:
    """Pair each workspace with the limit file to write for it.

    Args:
        workspaces: workspace files.
        output: the limit file of a single workspace, the folder for several, or None.

    Raises:
        ConfigError: if several workspaces would write the same file.
    """
    if output is None or (len(workspaces) == 1 and not output.is_dir()):
        return [(path, output) for path in workspaces]
    found = [(path, output / path.name) for path in workspaces]
    names = [path.name for path in workspaces]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two workspaces are called {name}; their limits need two folders")
    return list(found)


def make_limits(workspace_path: Path, output: Path | None, settings: LimitSettings) -> str:
    """Find the intervals of a workspace, write them if asked, and return them as JSON text.

    Args:
        workspace_path: pyhf workspace of `hh4b workspace`.
        output: file to write, or None.
        settings: of the limits.

    Raises:
        InputFileError: if the workspace cannot be read.
        ContractError: if it is no workspace of this project, or the engine does not know its model.
        FitFailed: if a fit does not converge.
    """
    workspace = read_workspace(read_json(workspace_path), where=str(workspace_path))
    content = find_limits(workspace, settings, stream(settings.seed, "limits", "replicas"))
    made_of = {
        **settings.model_dump(mode="json", exclude={"seed"}),
        "threshold": content["profile"]["threshold"],
        "workspace": workspace.made_from,
    }
    provenance = Provenance("limits", made_of, seed=settings.seed)
    if output is not None:
        write_json(output, content, provenance)
    return json.dumps({**content, "provenance": provenance.as_dict()}, indent=1)
