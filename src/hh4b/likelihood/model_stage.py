"""From category templates to likelihoods: what `hh4b likelihood model` does."""

from collections.abc import Sequence
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, read_json, require_places
from hh4b.likelihood.build import build_model
from hh4b.likelihood.category_templates import CategoryTemplates, read_categories
from hh4b.likelihood.model_file import write_model
from hh4b.likelihood.settings import LikelihoodModelSettings
from hh4b.statistics.template_energies import same_energy


def make_models(path: Path, output: str, settings: LikelihoodModelSettings) -> None:
    """Write a likelihood for each energy and luminosity.

    Args:
        path: category templates.
        output: file to write; ``{energy}`` and ``{luminosity}`` stand for the values, and must be
            there where there are several.
        settings: of the likelihoods.

    Raises:
        ConfigError: if two would be written to one file, or cross sections, templates of an energy
            or variations of a systematic are missing.
        ContractError: if the templates make no likelihood.
    """
    counts = {"energy": len(settings.sqrt_s_tev), "luminosity": len(settings.luminosities_ifb)}
    require_places(output, counts)
    known = read_categories(path)
    made_from = read_json(path).get("provenance", {}).get("configuration_hash", "unknown")
    for energy in settings.sqrt_s_tev:
        templates = templates_of(known, energy, settings.other_energies)
        for luminosity in settings.luminosities_ifb:
            model = build_model(
                templates, settings.processes, settings,
                sqrt_s_tev=energy, luminosity_ifb=luminosity,
            )  # fmt: skip
            made_of = {
                **settings.model_dump(mode="json", exclude={"luminosities_ifb", "other_energies"}),
                "sqrt_s_tev": energy,
                "luminosity_ifb": luminosity,
                "template_energy_tev": templates.sqrt_s_tev,
                "templates": made_from,
            }
            place = output.replace("{energy}", f"{energy:g}")
            place = place.replace("{luminosity}", f"{luminosity:g}")
            write_model(Path(place), model, Provenance("likelihood model", made_of))


def templates_of(
    known: Sequence[CategoryTemplates], sqrt_s_tev: float, other_energies: str
) -> CategoryTemplates:
    """Return the templates for the cross sections of an energy.

    Args:
        known: of an energy each.
        sqrt_s_tev: the energy.
        other_energies: ``"reweighted"``: those of that energy; ``"unchanged"``: where there are
            none, the only ones that there are.

    Raises:
        ConfigError: if there are none.
    """
    for one in known:
        if same_energy(one.sqrt_s_tev, sqrt_s_tev):
            return one
    if other_energies == "unchanged" and len(known) == 1:
        return known[0]
    energies = ", ".join(f"{one.sqrt_s_tev:g}" for one in known)
    raise ConfigError(
        f"cross sections at {sqrt_s_tev:g} TeV need category templates of {sqrt_s_tev:g} TeV, given"
        f" are those of {energies}; make them with --energy-weights, or say other_energies:"
        " unchanged"
    )
