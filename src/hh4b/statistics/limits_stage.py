"""From a workspace to a limit file: what `hh4b limits` does."""

import json
from collections.abc import Sequence
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.seeds import stream
from hh4b.statistics.limits import METHODS, limits_content, make_scan, scan_model
from hh4b.statistics.note_model import PROFILE_THRESHOLD
from hh4b.statistics.replicas import interval_errors
from hh4b.statistics.workspace_format import read_workspace

#: 95 % of a chi-squared with one degree of freedom.
COMPLETE_THRESHOLD = 3.84


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
    *,
    threshold: float | None = None,
    replicas: int = 200,
    seed: int = 1,
    engine: str = "own",
    optimizer: str = "minuit",
) -> str:
    """Find the intervals of a workspace, write them if asked, and return them as JSON text.

    Args:
        workspace_path: pyhf workspace of `hh4b workspace`.
        output: file to write, or None.
        threshold: bound on -2 Delta ln L; None for that of the statistical model.
        replicas: number of replicas of the templates, 0 for no errors.
        seed: of the replicas.
        engine: ``"own"``, or ``"pyhf"`` for workspaces with further modifiers.
        optimizer: of pyhf, ``"scipy"`` or ``"minuit"``.

    Raises:
        InputFileError: if the workspace cannot be read.
        ContractError: if it is no workspace of this project.
        ConfigError: if an option cannot be meant.
        FitFailed: if a fit does not converge.
    """
    _check_options(threshold, replicas, engine, optimizer)
    workspace = read_workspace(read_json(workspace_path), where=str(workspace_path))
    yields = workspace.yields
    default = PROFILE_THRESHOLD if workspace.model == "note" else COMPLETE_THRESHOLD
    bound = default if threshold is None else threshold
    uncertainty = None if workspace.model == "note" else workspace.background_uncertainty
    if engine == "pyhf":
        # pyhf with its optimizers is slow to import.
        from hh4b.statistics.pyhf_limits import scan_with_pyhf

        curves = scan_with_pyhf(workspace, optimizer=optimizer)
        scan = make_scan(yields.kappa_lambda, *curves, bound)
    else:
        workspace.require_known_modifiers()
        scan = scan_model(yields, uncertainty, threshold=bound, asimov=workspace.asimov)
    content = limits_content(yields, scan, workspace.model)
    if replicas:
        errors = interval_errors(
            yields,
            uncertainty,
            threshold=bound,
            asimov=workspace.asimov,
            replicas=replicas,
            rng=stream(seed, "limits", "replicas"),
        )
        for method in METHODS:
            content[method].update(errors[method])
    settings = {
        "threshold": bound,
        "replicas": replicas,
        "workspace": workspace.made_from,
        "engine": engine,
    }
    provenance = Provenance("limits", settings, seed=seed)
    if output is not None:
        write_json(output, content, provenance)
    return json.dumps({**content, "provenance": provenance.as_dict()}, indent=1)


def _check_options(threshold: float | None, replicas: int, engine: str, optimizer: str) -> None:
    if threshold is not None and not threshold > 0:
        raise ConfigError(f"--threshold must be positive, got {threshold:g}")
    if replicas < 0:
        raise ConfigError(f"--replicas must not be negative, got {replicas}")
    if engine not in ("own", "pyhf"):
        raise ConfigError(f"--engine {engine!r}: one of ['own', 'pyhf']")
    if optimizer not in ("scipy", "minuit"):
        raise ConfigError(f"--optimizer {optimizer!r}: one of ['scipy', 'minuit']")
