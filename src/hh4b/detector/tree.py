"""Write reconstructed events as a ROOT tree with the branches of Delphes."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import awkward as ak
import numpy as np
import uproot
from numpy.typing import NDArray

from hh4b.core.files import Provenance, atomic_path
from hh4b.detector.isolation import Leptons
from hh4b.detector.jets import Jets
from hh4b.detector.particles import Integers
from hh4b.detector.truth import Record

TREE = "Delphes"
_VECTOR = {"PT": "float32", "Eta": "float32", "Phi": "float32"}
_INDEX = dict.fromkeys(("M1", "M2", "D1", "D2"), "int32")
_BRANCHES: Mapping[str, Mapping[str, str]] = {
    "Event": {"Number": "int64", "Weight": "float64"},
    "Particle": {"PID": "int32", "Status": "int32", **_INDEX, **_VECTOR, "Mass": "float32"},
    "GenJet": {**_VECTOR, "Mass": "float32"},
    "Jet": {**_VECTOR, "Mass": "float32", "BTag": "uint32", "Flavor": "uint32"},
    "Electron": {**_VECTOR, "Charge": "int32"},
    "Muon": {**_VECTOR, "Charge": "int32"},
    "MissingET": {"MET": "float32", "Phi": "float32"},
}
#: Events collected before a basket is written.
_BASKET_EVENTS = 2000

Columns = Mapping[str, NDArray[Any]]


@cache
def _type_of(branch: str) -> Any:
    """Return the type of a branch; reading one takes as long as some events."""
    fields = ", ".join(f"{key}: {kind}" for key, kind in _BRANCHES[branch].items())
    return ak.types.from_datashape("var * {" + fields + "}", highlevel=False)


def jagged(offsets: Integers, columns: Columns) -> ak.Array:
    """Join flat columns into records by event."""
    contents = [ak.contents.NumpyArray(np.ascontiguousarray(c)) for c in columns.values()]
    records = ak.contents.RecordArray(contents, list(columns))
    offsets_index = ak.index.Index64(np.asarray(offsets, dtype=np.int64))
    return ak.Array(ak.contents.ListOffsetArray(offsets_index, records))


def one_per_event(columns: Columns) -> ak.Array:
    """Join columns into lists of one record an event, as Delphes writes them."""
    n_events = len(next(iter(columns.values())))
    return jagged(np.arange(n_events + 1), columns)


def jet_columns(jets: Jets) -> dict[str, NDArray[Any]]:
    """Return the branches of jets."""
    return {"PT": jets.pt, "Eta": jets.eta, "Phi": jets.phi, "Mass": jets.mass}


def lepton_branch(leptons: Leptons) -> ak.Array:
    """Return the branches of electrons or muons."""
    return jagged(
        leptons.offsets,
        {"PT": leptons.pt, "Eta": leptons.eta, "Phi": leptons.phi, "Charge": leptons.charge},
    )


def particle_branch(record: Record) -> ak.Array:
    """Return the branches of the generator record; eta of the beams is +-999.9, as in Delphes."""
    px, py, pz, _ = record.momenta
    pt = np.hypot(px, py)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.where(pt > 0, np.arcsinh(pz / pt), np.copysign(999.9, pz))
    return jagged(
        record.offsets,
        {
            "PID": record.pid,
            "Status": record.status,
            "M1": record.mothers[0],
            "M2": record.mothers[1],
            "D1": record.daughters[0],
            "D2": record.daughters[1],
            "PT": pt,
            "Eta": eta,
            "Phi": np.arctan2(py, px),
            "Mass": record.mass,
        },
    )


class TreeWriter(AbstractContextManager["TreeWriter"]):
    """Write a Delphes tree that appears only when it is complete."""

    def __init__(self, path: Path | str, *, gen_jets: bool) -> None:
        """Prepare to write; ``gen_jets`` adds the branch GenJet."""
        self._branches = {
            name: fields for name, fields in _BRANCHES.items() if gen_jets or name != "GenJet"
        }
        self._place = atomic_path(path)
        self._waiting: list[dict[str, ak.Array]] = []
        self._provenance: Provenance | None = None
        self._file: Any = None
        self._tree: Any = None
        self.n_written = 0

    def __enter__(self) -> "TreeWriter":
        """Open the temporary file."""
        self._file = uproot.recreate(self._place.__enter__())
        types = {name: _type_of(name) for name in self._branches}
        self._tree = self._file.mktree(
            TREE,
            types,
            title="Analysis tree",
            counter_name=lambda branch: f"{branch}_size",
            field_name=lambda outer, inner: f"{outer}.{inner}" if outer else inner,
        )
        return self

    def append(self, events: Mapping[str, ak.Array]) -> None:
        """Add events; one record array for each branch."""
        typed = {}
        for name, fields in self._branches.items():
            array = events[name]
            columns = {key: ak.values_astype(array[key], kind) for key, kind in fields.items()}
            typed[name] = ak.zip(columns)
        self.n_written += len(typed["Event"])
        self._waiting.append(typed)
        if sum(len(block["Event"]) for block in self._waiting) >= _BASKET_EVENTS:
            self._flush()

    def set_provenance(self, provenance: Provenance) -> None:
        """Keep what the string object `hh4b` will hold."""
        self._provenance = provenance

    def _flush(self) -> None:
        blocks = [block for block in self._waiting if len(block["Event"])]
        self._waiting = []
        if blocks:
            self._tree.extend(
                {name: ak.concatenate([b[name] for b in blocks]) for name in self._branches}
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, and put the file in place unless the block failed."""
        try:
            if kind is None:
                self._flush()
                if self._provenance is not None:
                    self._file["hh4b"] = self._provenance.as_json()
            self._file.close()
        except BaseException as failure:
            if not self._place.__exit__(type(failure), failure, failure.__traceback__):
                raise
            return
        self._place.__exit__(kind, error, trace)
