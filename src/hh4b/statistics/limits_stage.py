"""From a workspace to a limit file: what `hh4b limits` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.seeds import stream
from hh4b.core.strict_json import to_json
from hh4b.statistics.engines import find_limits
from hh4b.statistics.error_parts import add_training_spread
from hh4b.statistics.limits import METHODS
from hh4b.statistics.settings import LimitSettings
from hh4b.statistics.template_energies import ReplicasByEnergy
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


def make_limits(
    workspace_path: Path,
    output: Path | None,
    settings: LimitSettings,
    *,
    replicas_files: Sequence[Path] = (),
    trainings: Sequence[Path] = (),
) -> str:
    """Find the intervals of a workspace, write them if asked, and return them as JSON text.

    Args:
        workspace_path: pyhf workspace of `hh4b workspace`.
        output: file to write, or None.
        settings: of the limits.
        replicas_files: template replicas, for ``errors: bootstrap``; those of the energy of the
            workspace's templates are taken.
        trainings: limit files of repeated trainings; those at the energy and luminosity of the
            workspace make the error of the training.

    Raises:
        InputFileError: if a file cannot be read.
        ConfigError: if the bootstrap and its file are not given together.
        ContractError: if it is no workspace of this project, or the engine does not know its model.
        FitFailed: if a fit does not converge.
    """
    workspace = read_workspace(read_json(workspace_path, finite=True), where=str(workspace_path))
    replicas = ReplicasByEnergy(replicas_files).of(workspace.yields.template_energy_tev)
    rng = stream(settings.seed, "limits", "replicas")
    content = find_limits(workspace, settings, rng, replicas, settings.cross_section_bands)
    repeated = [read_limits(path) for path in trainings]
    scaled = workspace.yields
    repeated = [
        one
        for one in repeated
        if np.isclose(one["sqrt_s_tev"], scaled.sqrt_s_tev)
        and np.isclose(one["luminosity_ifb"], scaled.luminosity_ifb)
    ]
    content = add_training_spread(content, repeated)
    made_of = {
        **settings.model_dump(mode="json", exclude={"seed"}),
        "threshold": content["profile"]["threshold"],
        "workspace": workspace.made_from,
        "trainings": [_hash(one) for one in repeated],
    }
    provenance = Provenance("limits", made_of, seed=settings.seed)
    if output is not None:
        write_json(output, content, provenance)
    return to_json({**content, "provenance": provenance.as_dict()}, indent=1)


def read_limits(path: Path) -> dict[str, Any]:
    """Read a limit file.

    Raises:
        InputFileError: if it cannot be read.
        ContractError: if it is none.
    """
    content = read_json(path)
    if any(not isinstance(content.get(method), dict) for method in METHODS):
        raise ContractError(f"{path} is no limit file of `hh4b limits`")
    return content


def _hash(content: dict[str, Any]) -> str:
    return str(content.get("provenance", {}).get("configuration_hash", "unknown"))
