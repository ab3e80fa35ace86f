"""From templates to workspace files: what `hh4b workspace` does."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hh4b.core.files import Provenance, atomic_path, read_json, require_places
from hh4b.core.kappa import kappa_name
from hh4b.core.strict_json import to_json
from hh4b.statistics.binning import merge_bins
from hh4b.statistics.scaling import choose_normalisation, scale
from hh4b.statistics.settings import WorkspaceSettings
from hh4b.statistics.template_energies import TemplatesByEnergy
from hh4b.statistics.template_format import TemplateSet
from hh4b.statistics.workspace import build_workspace
from hh4b.statistics.workspace_by_hypothesis import needs_own_observations, workspace_of_hypothesis

log = logging.getLogger(__name__)
#: In the name of an output: one file for each hypothesis.
BY_HYPOTHESIS = "{kappa_lambda}"


def make_workspaces(
    template_paths: Sequence[Path], output: str, settings: WorkspaceSettings
) -> None:
    """Write a workspace for each energy and luminosity.

    Args:
        template_paths: template files, each of an energy of its own.
        output: file to write; ``{energy}`` and ``{luminosity}`` stand for the values, and must be
            there where there are several. With ``{kappa_lambda}`` each hypothesis gets a file of
            its own, with the observation that belongs to it.
        settings: of the workspaces.

    Raises:
        ConfigError: if two workspaces would be written to one file, a cross section or the
            templates of an energy are missing, or the systematics do not fit model or templates.
        ContractError: if the templates make no workspace.
    """
    counts = {"energy": len(settings.sqrt_s_tev), "luminosity": len(settings.luminosities_ifb)}
    require_places(output, counts)
    given = TemplatesByEnergy(template_paths)
    for energy in settings.sqrt_s_tev:
        templates, template_path = given.of(energy, settings.other_energies)
        for luminosity in settings.luminosities_ifb:
            name = output.replace("{energy}", f"{energy:g}").replace(
                "{luminosity}", f"{luminosity:g}"
            )
            _make_workspace((templates, template_path), Path(name), settings, energy, luminosity)


def _make_workspace(
    given: tuple[TemplateSet, Path],
    output: Path,
    settings: WorkspaceSettings,
    sqrt_s_tev: float,
    luminosity_ifb: float,
) -> None:
    templates, template_path = given
    normalisation = choose_normalisation(
        templates,
        settings.processes,
        settings,
        sqrt_s_tev=sqrt_s_tev,
        luminosity_ifb=luminosity_ifb,
    )
    templates = merge_bins(templates, normalisation.background_pb, settings)
    made_from = read_json(template_path).get("provenance", {}).get("configuration_hash", "unknown")
    made_of = {
        **settings.model_dump(mode="json", exclude={"luminosities_ifb", "other_energies"}),
        "sqrt_s_tev": sqrt_s_tev,
        "luminosity_ifb": luminosity_ifb,
        "signal_fb": list(normalisation.signal_fb),
        "background_pb": dict(normalisation.background_pb),
        "branching_ratio": normalisation.branching_ratio,
        "bin_edges_gev": templates.bin_edges_gev.tolist(),
        # The templates say their energy.
        "templates": made_from,
    }
    scaled = scale(templates, normalisation)
    workspace = build_workspace(
        scaled,
        model=settings.model,
        asimov=settings.asimov,
        systematics=settings.systematics,
        minimum_effective_events=settings.minimum_effective_events,
        needed_effective_events=settings.needed_effective_events,
        provenance=Provenance("workspace", made_of).as_json(),
    )
    if BY_HYPOTHESIS in output.name:
        for index, kappa in enumerate(scaled.kappa_lambda):
            own = workspace_of_hypothesis(workspace, scaled, settings.asimov, index)
            _write(output.with_name(output.name.replace(BY_HYPOTHESIS, kappa_name(kappa))), own)
        return
    if needs_own_observations(scaled):
        log.info(
            "%s: the observations are those of kappa_lambda = 1, and `pyhf cls` is right for that"
            " measurement only; %s in the name of the output writes a file for each hypothesis",
            output.name,
            BY_HYPOTHESIS,
        )
    _write(output, workspace)


def _write(path: Path, workspace: Mapping[str, Any]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(to_json(workspace, indent=1) + "\n", encoding="utf-8")
