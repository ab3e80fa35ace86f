"""Read the branches we need of a Delphes tree, in blocks of bounded size."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import uproot
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, Hh4bError, InputFileError
from hh4b.core.strict_json import parse_json
from hh4b.detector.settings import TagEfficiency, TaggingSettings
from hh4b.events.block import JET_LEAVES, Block, Collection

TREE = "Delphes"
#: Tells which event it is: the same in the trees of all detectors and showers of its sample.
NUMBER = "Event.Number"
_PARTICLE = ("PID", "Status", "M1", "M2", "PT", "Eta", "Phi", "Mass")


@dataclass(frozen=True)
class Branches:
    """Names of the branches to read: those a tree must have, and those that it may lack."""

    jet_collection: str
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @classmethod
    def choose(cls, jet_collection: str, *, truth: bool, own_tags: bool) -> "Branches":
        """List the branches of an ingestion.

        Args:
            jet_collection: branch of the jets.
            truth: whether generator particles are needed.
            own_tags: whether tags come from the flavour instead of ``BTag``.
        """
        jet = [f"{jet_collection}.{leaf}" for leaf in JET_LEAVES]
        flavor, tag = f"{jet_collection}.Flavor", f"{jet_collection}.BTag"
        jet.append(flavor if own_tags else tag)
        particle = [f"Particle.{leaf}" for leaf in _PARTICLE] if truth else []
        optional = ["Event.Weight", NUMBER, "MissingET.MET", "MissingET.Phi"]
        optional += ["Electron.PT", "Muon.PT"]
        if not own_tags:
            optional.append(flavor)
        return cls(jet_collection, (*jet, *particle), tuple(optional))


class DelphesFile:
    """A Delphes ROOT file opened for reading; use `open_delphes`."""

    def __init__(
        self,
        path: str,
        tree: Any,
        generated: tuple[int, float] | None,
        tagging: TagEfficiency | None = None,
    ) -> None:
        """Hold the tree, and what the file states beside it.

        Args:
            path: of the file.
            tree: the Delphes tree.
            generated: number and weight before any filter.
            tagging: efficiencies behind the b-tags.
        """
        self.path = path
        self.generated = generated
        self.tagging = tagging
        self.entries = int(tree.num_entries)
        self._branches = {branch.name: branch for branch in tree.itervalues(recursive=True)}

    def present(self, branches: Branches) -> frozenset[str]:
        """Return the branches to read of those asked for.

        Raises:
            ContractError: if a required branch is missing.
        """
        for name in branches.required:
            if name not in self._branches:
                raise ContractError(
                    f"{self.path}: branch {name!r} is missing in tree {TREE!r};"
                    " it is needed, see docs/data.md"
                )
        return frozenset(branches.required) | (frozenset(branches.optional) & self._branches.keys())

    def blocks(
        self, branches: Branches, present: frozenset[str], *, step_bytes: int
    ) -> Iterator[Block]:
        """Yield the events in order, about ``step_bytes`` of uncompressed branches at a time.

        Raises:
            InputFileError: if the file is damaged.
            ContractError: if a branch has not the shape that Delphes gives it.
        """
        # Sums of weights are rounded block by block: a name of events must not move the cuts.
        measured = present - {NUMBER}
        with reading(self.path):
            size = sum(int(self._branches[name].uncompressed_bytes) for name in measured)
        step = max(1, self.entries * step_bytes // max(size, 1))
        for first in range(0, max(self.entries, 1), step):
            last = min(first + step, self.entries)
            leaves = {name: self._leaf(name, first, last) for name in present}
            yield _block(leaves, branches, first, last - first)

    def _leaf(self, name: str, first: int, last: int) -> "_Leaf":
        """Read entries of a branch as one list of numbers with its cuts between events."""
        # Only the reading may be blamed on the file, not what is done with the numbers.
        with reading(self.path):
            layout = (
                self._branches[name]
                .array(entry_start=first, entry_stop=last, library="ak", array_cache=None)
                .layout
            )
        if len(layout) != last - first:
            raise InputFileError(
                f"{self.path}: branch {name!r} has {len(layout)} of the {last - first} events"
                f" from entry {first}; the file is damaged"
            )
        if layout.is_numpy and layout.purelist_depth == 1:
            offsets, content = np.arange(len(layout) + 1), layout
        elif layout.is_list and layout.content.is_numpy and layout.purelist_depth == 2:
            layout = layout.to_ListOffsetArray64(True)
            offsets, content = np.asarray(layout.offsets.data, np.int64), layout.content
        else:
            raise ContractError(
                f"{self.path}: branch {name!r} holds {layout.form.type}, expected numbers;"
                " the file is of another kind"
            )
        return _Leaf(name, self.path, offsets, np.asarray(content.data)[: offsets[-1]])


@dataclass(frozen=True)
class _Leaf:
    """Numbers of a branch: event i has ``values[offsets[i]:offsets[i + 1]]``."""

    name: str
    path: str
    offsets: NDArray[np.int64]
    values: NDArray[Any]

    def scalar(self) -> NDArray[Any]:
        """Return the one number of each event, be it stored as such or as a list of one."""
        if len(self.values) != len(self.offsets) - 1 or not (np.diff(self.offsets) == 1).all():
            raise ContractError(
                f"{self.path}: branch {self.name!r} has not exactly one value in every event"
            )
        return self.values

    def whole(self) -> NDArray[np.integer]:
        """Return the one whole number of each event."""
        if self.values.dtype.kind not in "iu":
            raise ContractError(
                f"{self.path}: branch {self.name!r} holds {self.values.dtype}, expected whole"
                " numbers; the file is of another kind"
            )
        return self.scalar()


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn the errors of a damaged or missing file into one that names it."""
    try:
        yield
    except Hh4bError:
        raise
    except FileNotFoundError as error:
        name, _, tree = path.rpartition(":")
        advice = f"leave ':{tree}' out, the tree is always {TREE!r}"
        found = bool(name) and "://" not in path and Path(name).is_file()
        raise InputFileError(
            f"cannot read {path}: no such file; {advice if found else 'check the name'}"
        ) from error
    except ImportError as error:
        raise InputFileError(f"cannot read {path}: {_line(error)}") from error
    except Exception as error:
        # Codecs, plug-ins of addresses and uproot each have errors of their own, and what uproot
        # makes of damaged bytes may raise any: only what reads stands in this context.
        away = "unreachable, " if "://" in path else ""
        raise InputFileError(
            f"cannot read {path}: {away}truncated, or not a ROOT file ({_line(error)})"
        ) from error


@contextmanager
def open_delphes(path: str) -> Iterator[DelphesFile]:
    """Open the Delphes tree of a local or remote file.

    Raises:
        InputFileError: if it cannot be read, or has no events and does not say from how many
            generated ones that came.
        ContractError: if it holds no Delphes tree.
    """
    with reading(path):
        _require_regular(path)
        # As a key, so that a colon of the name does not begin the name of a tree.
        file = uproot.open({path: None})
    with file:
        with reading(path):
            opened = _opened(file, path)
        yield opened


def _require_regular(path: str) -> None:
    """Refuse pipes and devices, which would never end."""
    if "://" not in path and not Path(path).is_file():
        if Path(path).exists():
            raise InputFileError(f"cannot read {path}: not a regular file; give a ROOT file")
        raise FileNotFoundError(path)


def _opened(file: Any, path: str) -> DelphesFile:
    """Check that the file holds a Delphes tree with events."""
    names = set(file.keys(cycle=False))
    if TREE not in names:
        raise ContractError(
            f"{path}: no tree {TREE!r}, only {sorted(names) or 'nothing'};"
            " not a Delphes file, or one whose writing was cut off"
        )
    tree = file[TREE]
    if not hasattr(tree, "num_entries"):
        raise ContractError(f"{path}: {TREE!r} is a {type(tree).__name__}, not a tree")
    generated = _generated(file, path) if "hh4b" in names else None
    if tree.num_entries == 0 and generated is None:
        raise InputFileError(f"{path}: tree {TREE!r} has zero events; leave the file out")
    return DelphesFile(path, tree, generated, _tagging(file) if "hh4b" in names else None)


def _generated(file: Any, path: str) -> tuple[int, float]:
    """Return number and summed weight of the generated events that a file of ours states."""
    try:
        counts = parse_json(str(file["hh4b"]))["counts"]
        return int(counts["n_generated"]), float(counts["sum_weights_generated"])
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError(
            f"{path}: object 'hh4b' does not state counts.n_generated and"
            f" counts.sum_weights_generated ({_line(error)}); simulate the chunk again"
        ) from error


def _tagging(file: Any) -> TagEfficiency | None:
    """Return the efficiencies behind the tags of a file of ours; None if it is of an older kind."""
    try:
        detector = parse_json(str(file["hh4b"]))["settings"]["detector"]
        return TaggingSettings.model_validate(detector["b_tagging"]).active
    except (ValueError, KeyError, TypeError):
        return None


def _line(error: BaseException) -> str:
    """Return the first telling line of an exception, shortened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    # Errors inside a structure begin by listing it and say at the end what went wrong.
    return lines[-1 if lines[0] == "while reading" else 0][:160]


def _collection(leaves: Mapping[str, _Leaf], prefix: str) -> Collection:
    """Gather the leaves of a collection, which share their cuts between events."""
    members = {
        n[len(prefix) + 1 :]: leaf for n, leaf in leaves.items() if n.startswith(prefix + ".")
    }
    first = next(iter(members.values()))
    for leaf in members.values():
        if not np.array_equal(leaf.offsets, first.offsets):
            raise ContractError(
                f"{leaf.path}: branches {first.name!r} and {leaf.name!r} have different lengths;"
                " the file is damaged"
            )
    return Collection(first.offsets, {name: leaf.values for name, leaf in members.items()})


def _block(leaves: Mapping[str, _Leaf], branches: Branches, first: int, n_events: int) -> Block:
    def scalar(name: str) -> NDArray[Any] | None:
        return leaves[name].scalar() if name in leaves else None

    def number(name: str) -> NDArray[np.integer] | None:
        return np.diff(leaves[name].offsets) if name in leaves else None

    weight = scalar("Event.Weight")
    return Block(
        first_entry=first,
        weight=np.ones(n_events) if weight is None else weight.astype(np.float64),
        number=leaves[NUMBER].whole() if NUMBER in leaves else None,
        jets=_collection(leaves, branches.jet_collection),
        particles=_collection(leaves, "Particle") if "Particle.PID" in leaves else None,
        met=scalar("MissingET.MET"),
        met_phi=scalar("MissingET.Phi"),
        n_electrons=number("Electron.PT"),
        n_muons=number("Muon.PT"),
    )
