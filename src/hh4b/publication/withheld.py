"""Selections whose interval is withheld for want of background events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hh4b.publication.inputs import RunFile
from hh4b.publication.limit_cells import withheld
from hh4b.study.layout import Layout


@dataclass(frozen=True)
class WithheldInterval:
    """A selection without interval.

    Attributes:
        name: of the selection.
        found: effective background events, the fewest over energies and luminosities.
        needed: how many an interval needs.
        conditions: how many limit files of the selection give no interval.
        of: how many there are.
    """

    name: str
    found: float
    needed: float
    conditions: int
    of: int

    def sentence(self) -> str:
        """Say what is missing and what to do."""
        where = "" if self.conditions == self.of else f" in {self.conditions} of {self.of} cases"
        return (
            f"{self.name}: no interval{where}, {self.found:.3g} effective background events,"
            f" {self.needed:g} needed; generate more background or loosen the threshold"
        )


def withheld_intervals(limits: Mapping[str, Iterable[Path | str]]) -> list[WithheldInterval]:
    """Find the selections whose interval is withheld; files that are not there are passed over.

    Args:
        limits: limit files at all energies and luminosities, by name of the selection.

    Raises:
        ContractError: if a file without interval does not say how many events it found and needs.
    """
    found = []
    for name, paths in limits.items():
        files = [RunFile.read(path) for path in map(Path, paths) if path.is_file()]
        without = [file for file in files if withheld(file)]
        if without:
            fewest = min(without, key=lambda file: file.number("effective_background_events"))
            found.append(
                WithheldInterval(
                    name,
                    fewest.number("effective_background_events"),
                    fewest.number("needed_effective_events"),
                    len(without),
                    len(files),
                )
            )
    return found


def withheld_sentences(layout: Layout) -> list[str]:
    """Say of a finished study, for the terminal, which selections have no interval and why."""
    shown = layout.shown(layout.study.selections)
    limits = {name: layout.of_every_energy("limits", name) for name in shown}
    return [selection.sentence() for selection in withheld_intervals(limits)]
