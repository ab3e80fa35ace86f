"""From templates to intervals by luminosity: what `hh4b luminosity-scan` does."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.logs import progress
from hh4b.core.seeds import stream
from hh4b.statistics.binning import merge_bins
from hh4b.statistics.limits import METHODS
from hh4b.statistics.luminosity import equivalent_luminosities, scan_point
from hh4b.statistics.scaling import ScaledTemplates, choose_normalisation, scale
from hh4b.statistics.settings import LuminosityScanSettings
from hh4b.statistics.template_energies import TemplatesByEnergy
from hh4b.statistics.template_format import TemplateSet


def make_luminosity_scan(
    template_paths: Sequence[Path],
    output: Path,
    settings: LuminosityScanSettings,
    *,
    reach: Sequence[Path] = (),
    replicas_files: Sequence[Path] = (),
) -> None:
    """Find both intervals at all luminosities and energies, and write them.

    Args:
        template_paths: template files, each of an energy of its own.
        output: file to write.
        settings: statistical model, luminosities and energies.
        reach: limit files of other selections whose bounds and widths are looked for in this scan.
        replicas_files: replicas of each, for ``errors: bootstrap``.

    Raises:
        ConfigError: if a cross section or the templates of an energy are missing, or systematics do
            not fit model or templates.
        ContractError: if a limit file to reach is none.
        FitFailed: if a fit does not converge.
    """
    given = TemplatesByEnergy(template_paths, replicas_files)
    chosen = [given.of(energy, settings.other_energies) for energy in settings.sqrt_s_tev]
    total = len(settings.sqrt_s_tev) * len(settings.scan_luminosities_ifb)
    scaled = (
        one
        for energy, (templates, _) in zip(settings.sqrt_s_tev, chosen, strict=True)
        for one in _scaled(templates, settings, energy)
    )
    points = [
        # One stream for all points: the same fluctuation of the templates at every luminosity,
        # as there is one set of templates.
        scan_point(
            one,
            settings,
            rng=stream(settings.seed, "limits", "replicas"),
            replicas=given.replicas.of(one.template_energy_tev),
        )
        for one in progress(scaled, total=total, what="points of the scan")
    ]
    made_of: dict[str, Any] = {
        **settings.model_dump(mode="json", exclude={"seed", "other_energies"}),
        # They say their energies.
        "templates": [_hash(read_json(path)) for _, path in chosen],
    }
    content = {"points": points, "equivalent": [_reach(points, path) for path in reach]}
    write_json(output, content, Provenance("luminosity-scan", made_of, seed=settings.seed))


def _scaled(
    templates: TemplateSet, settings: LuminosityScanSettings, sqrt_s_tev: float
) -> list[ScaledTemplates]:
    luminosities = settings.scan_luminosities_ifb
    normalisation = choose_normalisation(
        templates,
        settings.processes,
        settings,
        sqrt_s_tev=sqrt_s_tev,
        luminosity_ifb=luminosities[0],
    )
    merged = merge_bins(templates, normalisation.background_pb, settings)
    return [scale(merged, replace(normalisation, luminosity_ifb=one)) for one in luminosities]


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
