"""Which templates serve which energy of the cross sections."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.template_format import TemplateSet, read_templates
from hh4b.statistics.template_replicas import TemplateReplicas, read_replicas

_SAME = 1e-6


def same_energy(one: float, other: float) -> bool:
    """Tell whether two energies in TeV are the same.

    >>> same_energy(13.0, 13.000001), same_energy(13.0, 13.6)
    (True, False)
    """
    return abs(one - other) <= _SAME * other


def outputs_by_energy(
    texts: Sequence[str], *, replicas: bool
) -> dict[float, tuple[Path, Path | None]]:
    """Read ``ENERGY=TEMPLATES``, or ``ENERGY=TEMPLATES:REPLICAS`` where there are replicas.

    Raises:
        ConfigError: if a text is not of this form, or an energy stands there twice.

    >>> outputs_by_energy(["14=t.json"], replicas=False)[14.0][0].name
    't.json'
    """
    form = "ENERGY=TEMPLATES" + (":REPLICAS" if replicas else "")
    found: dict[float, tuple[Path, Path | None]] = {}
    for text in texts:
        key, _, files = text.partition("=")
        paths = files.split(":")
        try:
            energy = float(key)
        except ValueError:
            energy = 0.0
        if not energy > 0 or len(paths) != 1 + replicas or not all(paths):
            raise ConfigError(f"--at-energy {text!r} is not of the form {form}, e.g. 14=FILE")
        if energy in found:
            raise ConfigError(f"--at-energy {text!r}: {energy:g} TeV stands there twice")
        found[energy] = Path(paths[0]), Path(paths[1]) if replicas else None
    return found


def check_energies(outputs: Mapping[float, Any], factors: Mapping[float, Any]) -> None:
    """Refuse energies without factors, and factors that nothing asks for.

    Raises:
        ConfigError: naming the energies.
    """
    if sorted(outputs) != sorted(factors):
        asked, given = (
            ", ".join(f"{energy:g}" for energy in sorted(energies)) or "none"
            for energies in (outputs, factors)
        )
        raise ConfigError(
            f"--at-energy asks for templates of other energies in TeV: {asked}; --energy-weights"
            f" has: {given}; give those of every sample for every energy"
        )


class TemplatesByEnergy:
    """Template files, and the replicas of each, by their energy."""

    def __init__(self, templates: Sequence[Path], replicas: Sequence[Path] = ()) -> None:
        """Read the files.

        Raises:
            InputFileError: if a file cannot be read.
            ConfigError: if two are of the same energy.
            ContractError: if a file is no template file, or no file of replicas.
        """
        self.paths = [(read_templates(path), path) for path in templates]
        self.replicas = ReplicasByEnergy(replicas)
        for place, (one, path) in enumerate(self.paths):
            for other, before in self.paths[:place]:
                if same_energy(_energy(one), _energy(other)):
                    raise ConfigError(f"{path} and {before} are both of {_energy(one):g} TeV")

    def of(self, sqrt_s_tev: float, other_energies: str) -> tuple[TemplateSet, Path]:
        """Return the templates for the cross sections of an energy, and their file.

        Args:
            sqrt_s_tev: the energy.
            other_energies: ``"reweighted"``: templates of that energy; ``"unchanged"``: where there
                are none, the only ones that there are.

        Raises:
            ConfigError: if there are none.
        """
        for templates, path in self.paths:
            if same_energy(_energy(templates), sqrt_s_tev):
                return templates, path
        if other_energies == "unchanged" and len(self.paths) == 1:
            return self.paths[0]
        known = ", ".join(f"{_energy(one):g}" for one, _ in self.paths)
        raise ConfigError(
            f"cross sections at {sqrt_s_tev:g} TeV need templates of {sqrt_s_tev:g} TeV, given are"
            f" those of {known}; make them with hh4b templates --energy-weights, or say"
            " other_energies: unchanged to take one set for all energies"
        )


class ReplicasByEnergy:
    """Replicas of templates by the energy of these."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read the files.

        Raises:
            InputFileError: if a file cannot be read.
            ContractError: if a file is none of replicas.
        """
        self.found = [read_replicas(path) for path in paths]

    def of(self, template_energy_tev: float | None) -> TemplateReplicas | None:
        """Return the replicas of templates of an energy; None where there are none at all.

        Raises:
            ContractError: if there are none of this energy.
        """
        if not self.found:
            return None
        wanted = 0.0 if template_energy_tev is None else template_energy_tev
        for one in self.found:
            if same_energy(one.sqrt_s_tev, wanted):
                return one
        known = ", ".join(f"{one.sqrt_s_tev:g}" for one in self.found)
        raise ContractError(
            f"--replicas-file: replicas of templates of {wanted:g} TeV are missing, given are those"
            f" of {known} TeV"
        )


def _energy(templates: TemplateSet) -> float:
    # Files say it; only templates made by hand in memory may not.
    return 0.0 if templates.sqrt_s_tev is None else templates.sqrt_s_tev
