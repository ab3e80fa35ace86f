"""From templates to intervals by luminosity: what `hh4b luminosity-scan` does."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.seeds import stream
from hh4b.statistics.binning import merge_empty_bins
from hh4b.statistics.limits import METHODS
from hh4b.statistics.luminosity import equivalent_luminosities, scan_point
from hh4b.statistics.note_model import PROFILE_THRESHOLD
from hh4b.statistics.template_format import read_templates
from hh4b.statistics.workspace_stage import WorkspaceOptions, choose_normalisation


def make_luminosity_scan(
    template_path: Path,
    output: Path,
    options: WorkspaceOptions,
    *,
    luminosities_ifb: Sequence[float],
    energies_tev: Sequence[float],
    reach: Sequence[Path] = (),
    replicas: int = 200,
    seed: int = 1,
) -> None:
    """Scan the note's model over luminosities and energies, and write the intervals.

    Args:
        template_path: template file.
        output: file to write.
        options: normalisation and treatment of bins; luminosity and energy in it do not matter.
        luminosities_ifb: in fb^-1.
        energies_tev: energies of the cross sections.
        reach: limit files of other selections whose bounds and widths are looked for in this scan.
        replicas: number of replicas of the templates, 0 for no errors.
        seed: of the replicas.

    Raises:
        ConfigError: if a luminosity is not positive.
        ContractError: if a limit file to reach is none.
    """
    if min(luminosities_ifb) <= 0:
        raise ConfigError(f"--luminosities-ifb must be positive, got {min(luminosities_ifb):g}")
    if replicas < 0:
        raise ConfigError(f"--replicas must not be negative, got {replicas}")
    templates = merge_empty_bins(
        read_templates(template_path),
        policy=options.empty_background_bins,
        minimum_effective_events=options.minimum_effective_events,
    )
    normalisations = [
        replace(
            choose_normalisation(replace(options, sqrt_s_tev=energy)), luminosity_ifb=luminosity
        )
        for energy in energies_tev
        for luminosity in luminosities_ifb
    ]
    points = [
        scan_point(
            templates,
            normalisation,
            threshold=PROFILE_THRESHOLD,
            replicas=replicas,
            # One stream for all points: the same fluctuation of the templates at every luminosity,
            # as there is one set of templates.
            rng=stream(seed, "limits", "replicas"),
        )
        for normalisation in normalisations
    ]
    settings: dict[str, Any] = {
        **asdict(options),
        "luminosities_ifb": list(luminosities_ifb),
        "energies_tev": list(energies_tev),
        "templates": _hash(read_json(template_path)),
        "replicas": replicas,
    }
    content = {"points": points, "equivalent": [_reach(points, path) for path in reach]}
    write_json(output, content, Provenance("luminosity-scan", settings, seed=seed))


def _reach(points: Sequence[dict[str, Any]], path: Path) -> dict[str, Any]:
    target = read_json(path)
    if any(method not in target for method in METHODS):
        raise ContractError(f"{path} is no limit file of `hh4b limits`; give one to --reach")
    energy = float(target["sqrt_s_tev"])
    same = [point for point in points if np.isclose(point["sqrt_s_tev"], energy)]
    if not same:
        raise ConfigError(f"{path} is at {energy:g} TeV, which this scan does not have")
    return {
        "limits": _hash(target),
        "luminosity_ifb": target["luminosity_ifb"],
        "sqrt_s_tev": energy,
        **equivalent_luminosities(same, target),
    }


def _hash(content: dict[str, Any]) -> str:
    return str(content.get("provenance", {}).get("configuration_hash", "unknown"))
