"""From templates to a workspace file: what `hh4b workspace` does."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, atomic_path, read_json
from hh4b.statistics.binning import merge_empty_bins
from hh4b.statistics.cross_sections import read_cross_sections
from hh4b.statistics.template_format import read_templates
from hh4b.statistics.workspace import Normalisation, build_workspace, scale


@dataclass(frozen=True)
class WorkspaceOptions:
    """Settings of `make_workspace`, as the options of the command are named."""

    sqrt_s_tev: float = 13.0
    luminosity_ifb: float = 139.0
    signal_cross_section: str = "note"
    background_cross_section_pb: float | None = None
    branching_ratio: float | None = None
    model: str = "note"
    asimov: str = "background"
    background_uncertainty: float = 0.05
    empty_background_bins: str = "merge"
    minimum_effective_events: float = 0.0


def choose_normalisation(options: WorkspaceOptions) -> Normalisation:
    """Put options and cross-section file together.

    Raises:
        ConfigError: if a number is missing or cannot be meant.
    """
    source = options.signal_cross_section
    file = read_cross_sections(None if source in ("note", "own") else source)
    signal = file.signal(options.sqrt_s_tev) if source != "own" else None
    if signal is None:
        # The own amplitude is imported only where its integral is asked for.
        from hh4b.statistics.amplitude import own_cross_section_fb

        signal = own_cross_section_fb(options.sqrt_s_tev)
    background = options.background_cross_section_pb
    ratio = options.branching_ratio
    return Normalisation(
        options.luminosity_ifb,
        options.sqrt_s_tev,
        signal,
        file.background(options.sqrt_s_tev) if background is None else background,
        file.branching_ratio if ratio is None else ratio,
    )


def make_workspaces(
    template_path: Path,
    output: str,
    options: WorkspaceOptions,
    *,
    energies_tev: Sequence[float],
    luminosities_ifb: Sequence[float],
) -> None:
    """Write a workspace for each energy and luminosity.

    Args:
        template_path: template file.
        output: file to write; ``{energy}`` and ``{luminosity}`` stand for the values, and must be
            there where there are several.
        options: everything else.
        energies_tev: energies of the cross sections.
        luminosities_ifb: in fb^-1.

    Raises:
        ConfigError: if two workspaces would be written to one file, or an option cannot be meant.
        ContractError: if the templates make no workspace.
    """
    for name, values in (("energy", energies_tev), ("luminosity", luminosities_ifb)):
        if len(values) > 1 and f"{{{name}}}" not in output:
            raise ConfigError(
                f"--output {output}: {len(values)} values of {name} would write one file; put"
                f" {{{name}}} into its name"
            )
    for energy in energies_tev:
        for luminosity in luminosities_ifb:
            name = output.replace("{energy}", f"{energy:g}").replace(
                "{luminosity}", f"{luminosity:g}"
            )
            one = replace(options, sqrt_s_tev=energy, luminosity_ifb=luminosity)
            make_workspace(template_path, Path(name), one)


def make_workspace(template_path: Path, output: Path, options: WorkspaceOptions) -> None:
    """Read templates, normalise them and write the workspace.

    Raises:
        ConfigError: if an option cannot be meant.
        ContractError: if the templates make no workspace.
    """
    if not options.luminosity_ifb > 0:
        raise ConfigError(f"--luminosity-ifb must be positive, got {options.luminosity_ifb:g}")
    normalisation = choose_normalisation(options)
    templates = merge_empty_bins(
        read_templates(template_path),
        policy=options.empty_background_bins,
        minimum_effective_events=options.minimum_effective_events,
    )
    made_from = read_json(template_path).get("provenance", {}).get("configuration_hash", "unknown")
    settings = {
        **asdict(options),
        "signal_fb": normalisation.signal_fb.tolist(),
        "background_cross_section_pb": normalisation.background_pb,
        "branching_ratio": normalisation.branching_ratio,
        "bin_edges_gev": templates.bin_edges_gev.tolist(),
        "templates": made_from,
    }
    workspace = build_workspace(
        scale(templates, normalisation),
        model=options.model,
        asimov=options.asimov,
        background_uncertainty=options.background_uncertainty,
        provenance=Provenance("workspace", settings).as_json(),
    )
    with atomic_path(output) as temporary:
        temporary.write_text(json.dumps(workspace, indent=1) + "\n", encoding="utf-8")
