"""Labels of varied events: those that the same events have in the nominal dataset.

A generated event keeps its number through every detector and shower. Its part and its draw of kappa
must be the same in all of them: an event that trained a network would otherwise be a testing event
of the variation, and nominal and varied templates would be of different events. An event may have
several rows, draws of the detector or combinations of tags, which all have the same labels.
"""

from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hh4b.core.contracts import open_table, read_attributes
from hh4b.core.errors import ContractError
from hh4b.core.strict_json import parse_provenance
from hh4b.events.dataset import BLOCK_ROWS, blocks, lacking
from hh4b.events.selection import Columns, told_kappa
from hh4b.events.settings import IngestSettings

_NUMBER, _SPLIT, _DRAW = _LABELS = ("HH4B/event_number", "HH4B/split", "HH4B/kappa_draw")


class _Zone(NamedTuple):
    """Consecutive rows of the nominal dataset, and the range of their event numbers."""

    rows: slice
    lowest: int
    highest: int

    def overlaps(self, other: "_Zone") -> bool:
        return self.lowest <= other.highest and other.lowest <= self.highest


class NominalLabels:
    """Part and kappa draw of the events of a nominal dataset, by event number.

    Only the ranges of event numbers stay in memory; the rows that may hold an event are read when
    it comes. Where numbers ascend, as in our own files, each row is read about once.

    Attributes:
        configuration_hash: of the provenance of the dataset, "" if it has none.
    """

    def __init__(
        self, path: Path | str, settings: IngestSettings, *, zone_rows: int = BLOCK_ROWS
    ) -> None:
        """Survey the event numbers of a dataset.

        Args:
            path: the nominal dataset.
            settings: of the ingestion that asks, with the name of its sample.
            zone_rows: events of the dataset in memory at once.

        Raises:
            InputFileError: if the file cannot be read.
            ContractError: if it is a dataset of another sample, or lacks event numbers, parts or
                draws, or has rows of one event number with different labels.
        """
        self._path = path
        self._settings = settings
        attributes = read_attributes(path)
        provenance = parse_provenance(attributes, path)
        self.configuration_hash = str(provenance.get("configuration_hash", ""))
        _require_sample(path, attributes.get("sample"), settings)
        absent = [name for name in (_NUMBER, _SPLIT, _DRAW) if name in lacking(path)]
        if absent:
            raise ContractError(
                f"{path}: column {absent[0]!r} is missing, so that varied events cannot take over"
                " its labels; ingest the nominal events again, from files with 'Event.Number'"
            )
        self._zones = self._survey(zone_rows)

    def hand_over(self, columns: Columns) -> int:
        """Give events of the nominal dataset the labels that they have there.

        Args:
            columns: rows of a dataset with event numbers, part and draw; changed in place, with
                the kappa input that follows from the draw.

        Returns:
            The number of rows whose event the nominal dataset holds.
        """
        numbers = columns[_NUMBER].astype(np.int64)
        known = np.zeros(len(numbers), np.bool_)
        for zone in self._zones:
            inside = np.flatnonzero((numbers >= zone.lowest) & (numbers <= zone.highest))
            if not len(inside):
                continue
            nominal = self._read(zone, _LABELS)
            order = np.argsort(nominal[_NUMBER])
            place = np.searchsorted(nominal[_NUMBER], numbers[inside], sorter=order)
            rows = order[place]  # inside the range, so that a place is never behind the end
            found = nominal[_NUMBER][rows] == numbers[inside]
            for name in (_SPLIT, _DRAW):
                columns[name][inside[found]] = nominal[name][rows[found]]
            known[inside[found]] = True
        columns["INPUTS/Kappa/kappa"] = told_kappa(columns[_DRAW], self._settings)
        return int(known.sum())

    def _survey(self, zone_rows: int) -> list[_Zone]:
        zones: list[_Zone] = []
        first = 0
        for block in blocks(self._path, _LABELS, rows=zone_rows):
            self._require_one_label(block)
            numbers = block[_NUMBER]
            if len(numbers):
                rows = slice(first, first + len(numbers))
                zones.append(_Zone(rows, int(numbers.min()), int(numbers.max())))
            first += len(numbers)
        for one, other in combinations(zones, 2):
            if one.overlaps(other):
                parts = [self._read(zone, _LABELS) for zone in (one, other)]
                self._require_one_label(
                    {name: np.concatenate([part[name] for part in parts]) for name in _LABELS}
                )
        return zones

    def _require_one_label(self, columns: Columns) -> None:
        """Check that rows of one number have the same labels; unrelated events have not."""
        order = np.argsort(columns[_NUMBER], kind="stable")
        numbers, *labels = (columns[name][order] for name in _LABELS)
        differs = np.zeros(max(len(order) - 1, 0), np.bool_)
        for label in labels:
            differs |= label[1:] != label[:-1]
        torn = np.flatnonzero((numbers[1:] == numbers[:-1]) & differs)
        if len(torn):
            raise ContractError(
                f"{self._path}: column {_NUMBER!r} has {numbers[torn[0]]} more than once, with"
                " different labels, so that it does not tell events apart; 'Event.Number' must"
                " differ in all files of the sample"
            )

    def _read(self, zone: _Zone, names: tuple[str, ...]) -> Columns:
        with open_table(self._path) as file:
            return {name: file[name][zone.rows] for name in names}


def _require_sample(path: Path | str, sample: Any, settings: IngestSettings) -> None:
    if sample != settings.sample:
        held = "no sample of its own" if sample is None else f"sample {sample!r}"
        raise ContractError(
            f"{path}: holds {held}, but the events are of {settings.sample!r}; give --nominal the"
            " nominal dataset of that sample, or the events its name by --sample"
        )
