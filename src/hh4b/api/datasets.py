"""Datasets in memory, and jets of arrays that come from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.api.checks import require_array
from hh4b.core.contracts import DATASET, check, read_attributes, read_table
from hh4b.core.errors import ContractError
from hh4b.core.parts import part_mask
from hh4b.core.settings import Part
from hh4b.core.shower_events import ShowerEvents
from hh4b.events.dataset import TARGETS
from hh4b.pairing.jets import JET_FIELDS, KeptJets
from hh4b.selection.features import EVENT_COLUMNS, EventObservables


@dataclass(frozen=True)
class Dataset:
    """The events of a dataset file, in its order.

    Attributes:
        path: the file.
        columns: arrays by their name in the file, e.g. ``HH4B/weight`` (docs/data.md); the first
            axis is the event.
        attributes: of the file: sample, numbers of generated events.
        shower: which shower event each row is of.
    """

    path: Path
    columns: Mapping[str, NDArray[Any]]
    attributes: Mapping[str, Any]
    shower: ShowerEvents

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.kappa_input)

    def __repr__(self) -> str:
        """Say what it is in one line."""
        kind = "signal" if self.is_signal else "background"
        return f"<Dataset {self.path.name}: {len(self)} events of {kind}>"

    @cached_property
    def jets(self) -> KeptJets:
        """Kept jets, each field of shape (event, jet); GeV and rad."""
        return KeptJets(**{field: self.columns[name] for field, name in JET_FIELDS.items()})

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """True jet indices, shape (event, Higgs = 2, product = 2); -1 = lost."""
        return np.stack([self.columns[name] for name in TARGETS], axis=1).reshape(-1, 2, 2)

    @property
    def kappa_input(self) -> NDArray[np.float32]:
        """Value of kappa_lambda that a network is told, shape (event,)."""
        return self.columns["INPUTS/Kappa/kappa"]

    @property
    def is_signal(self) -> bool:
        """Whether all events are labelled as signal.

        Raises:
            ContractError: if the file holds events of both classes.
        """
        label = self.columns["CLASSIFICATIONS/EVENT/signal"]
        if len(label) and label.min() != label.max():
            raise ContractError(f"{self.path}: holds signal and background; take them apart")
        return bool(len(label)) and bool(label[0] == 1)

    @property
    def weight(self) -> NDArray[np.float64]:
        """Event weights, shape (event,); all one where the file has none."""
        found = self.columns.get("HH4B/weight")
        return np.ones(len(self)) if found is None else found

    @property
    def event_observables(self) -> EventObservables | None:
        """Missing momentum in GeV and rad, and leptons, each (event,); None = not there."""
        names = [f"HH4B/{name}" for name in EVENT_COLUMNS]
        if any(name not in self.columns for name in names):
            return None
        return EventObservables(*(self.columns[name] for name in names))

    def rows(self, part: Part) -> NDArray[np.bool_]:
        """Return which events are of the ``training`` or ``testing`` part, or ``all``; (event,).

        Raises:
            ConfigError: for another word.
            ContractError: if the file is not divided.
        """
        return part_mask(self.path, self.columns.get("HH4B/split"), part, len(self))


def read_dataset(path: Path | str) -> Dataset:
    """Read a dataset in the SPANet layout: of `hh4b ingest`, or a published one.

    Args:
        path: HDF5 file.

    Raises:
        InputFileError: if the file cannot be read.
        ContractError: if a column is missing or broken.
    """
    path = Path(path)
    columns = read_table(path, DATASET)
    return Dataset(path, columns, read_attributes(path), ShowerEvents.read(path))


def make_jets(
    *,
    pt: ArrayLike,
    eta: ArrayLike,
    phi: ArrayLike,
    mass: ArrayLike,
    btag: ArrayLike,
    valid: ArrayLike | None = None,
) -> KeptJets:
    """Take jets from arrays of any origin, e.g. of Awkward arrays after padding.

    Args:
        pt: transverse momentum in GeV, shape (event, jet), falling along each event.
        eta: pseudorapidity, same shape.
        phi: azimuth in rad, same shape.
        mass: in GeV, same shape.
        btag: 1 = b-tagged, same shape.
        valid: True = real jet, False = padding, same shape; default: all are real.

    Returns:
        Jets as `pair` takes them.

    Raises:
        ContractError: if shapes differ, or a real jet has a value that cannot be: a negative
            momentum, an azimuth beyond a turn, a momentum that is larger than that before it.
    """
    shape = require_array("make_jets", "pt", pt, ("event", "jet"), "f").shape
    given = {"eta": eta, "phi": phi, "mass": mass, "btag": btag}
    fields = {"pt": require_array("make_jets", "pt", pt, shape, "f").astype(np.float32)}
    for name, value in given.items():
        numbers = np.asarray(value).astype(float) if name == "btag" else value
        fields[name] = require_array("make_jets", name, numbers, shape, "f").astype(np.float32)
    if valid is None:
        real = np.ones(shape, dtype=np.bool_)
    else:
        real = require_array("make_jets", "valid", valid, shape, "b")
    # Whatever stands in the padding, also what is not a number, is never read.
    fields = {name: np.where(real, array, 0) for name, array in fields.items()}
    jets = KeptJets(valid=real, **fields)
    table = [column for column in DATASET if column.name in JET_FIELDS.values()]
    arrays = {name: getattr(jets, field) for field, name in JET_FIELDS.items()}
    check(table, arrays, where="make_jets")
    _require_plausible(jets)
    return jets


def _require_plausible(jets: KeptJets) -> None:
    """Refuse what only swapped arrays or another unit can be."""
    turned = jets.valid & (np.abs(jets.phi) > 2 * np.pi)
    risen = np.zeros_like(jets.valid)
    risen[:, 1:] = jets.valid[:, 1:] & (np.diff(jets.pt, axis=1) > 0)
    for bad, name, wanted in (
        (turned, "phi", "an angle in rad between -2 pi and 2 pi"),
        (risen, "pt", "jets in falling order of pt"),
    ):
        if bad.any():
            event, jet = map(int, np.argwhere(bad)[0])
            raise ContractError(
                f"make_jets: {name} of jet {jet} in event {event} is"
                f" {getattr(jets, name)[event, jet]:g}, expected {wanted}; are arguments swapped?"
            )
