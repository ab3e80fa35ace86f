"""Parton densities of the proton from a grid file in LHAPDF6's format.

The grid of NNPDF2.3 LO QED, alpha_s(m_Z) = 0.130 (arXiv:1308.0598) comes with the wheel of
Pythia 8, so nothing has to be downloaded and hard process and shower use the same densities.
Between the nodes the densities are bicubic in (ln x, ln Q).
"""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import InputFileError
from hh4b.generation import bicubic

Floats = NDArray[np.float64]

#: The set of the note's samples, and its number in the LHAPDF index (for Les Houches headers).
DEFAULT_SET = "NNPDF23_lo_as_0130_qed"
DEFAULT_LHAPDF_ID = 247000

GLUON = 21


class DensitiesMissing(InputFileError):
    """The package that brings the parton densities is not installed."""


@dataclass(frozen=True)
class PdfGrid:
    """Densities of one PDF member on a grid.

    Attributes:
        name: name of the set.
        x: nodes in the momentum fraction, increasing, shape (X,).
        q_gev: nodes in the scale, increasing, shape (Q,).
        values: x f(x, Q) at the nodes by PDG number of the parton (21 = gluon), shape (X, Q).
    """

    name: str
    x: Floats
    q_gev: Floats
    values: dict[int, Floats]
    _cells: dict[int, Floats] = field(default_factory=dict, repr=False, compare=False)

    def xf(self, pid: int, x: ArrayLike, q_gev: ArrayLike) -> Floats:
        """Return x f(x, Q) of one parton.

        Outside the grid the density at the nearest edge is taken; it is zero from x = 1 on.

        Args:
            pid: PDG number; 21 (or 0) is the gluon.
            x: momentum fractions, positive.
            q_gev: factorisation scales in GeV, of a shape that broadcasts with ``x``.

        Raises:
            InputFileError: if the set has no such parton.
        """
        result: Floats = self.xf_many((pid,), x, q_gev)[0]
        return result

    def xf_many(self, pids: Sequence[int], x: ArrayLike, q_gev: ArrayLike) -> Floats:
        """Return x f(x, Q) of several partons, shape (partons, ...), as `xf` does for one."""
        x, q_gev = np.broadcast_arrays(np.asarray(x, float), np.asarray(q_gev, float))
        row, u = _locate(np.log(self.x), np.log(x))
        column, v = _locate(np.log(self.q_gev), np.log(q_gev))
        cell = row * (len(self.q_gev) - 1) + column
        result = np.empty((len(pids), *x.shape))
        for i, pid in enumerate(pids):
            result[i] = np.where(x < 1.0, bicubic.evaluate(self._cell_table(pid), cell, u, v), 0.0)
        return result

    def _cell_table(self, pid: int) -> Floats:
        """Return the 16 coefficients of every cell, shape (cells, 16); kept after the first use."""
        pid = GLUON if pid == 0 else pid
        if pid not in self._cells:
            if pid not in self.values:
                raise InputFileError(
                    f"PDF set {self.name} has no parton {pid}; it has {sorted(self.values)}"
                )
            self._cells[pid] = _cell_table(np.log(self.x), np.log(self.q_gev), self.values[pid])
        return self._cells[pid]


def find_grid_file(name: str = DEFAULT_SET) -> Path:
    """Return the grid file of a set that comes with the package ``pythia8mc``.

    Raises:
        DensitiesMissing: if the package is not installed.
        InputFileError: if the file is missing.
    """
    try:
        files = importlib.metadata.files("pythia8mc") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise DensitiesMissing(
            "the package pythia8mc is not installed; it brings the PDF grids: pip install pythia8mc"
        ) from error
    for file in files:
        if file.name == f"{name}_0000.dat":
            path = Path(str(file.locate()))
            if path.exists():
                return path
    raise InputFileError(
        f"PDF grid {name}_0000.dat is not among the files of pythia8mc; reinstall pythia8mc,"
        " or choose a set that it has (share/Pythia8/pdfdata)"
    )


@cache
def load_pdf(name: str = DEFAULT_SET) -> PdfGrid:
    """Return a PDF set by name; read once a process.

    Raises:
        InputFileError: if the file is missing or broken.
    """
    return read_grid(find_grid_file(name))


def read_grid(path: Path | str) -> PdfGrid:
    """Read a grid file (format lhagrid1: blocks "x nodes, Q nodes, partons, values").

    A set divided in Q at flavour thresholds has several blocks; the scales of this project lie
    above the b threshold, so the block with the highest scales is taken.

    Raises:
        InputFileError: if the file is missing or not such a grid.
    """
    path = Path(path)
    try:
        blocks = path.read_text(encoding="ascii").split("---")
        header, block = blocks[0], [text for text in blocks[1:] if text.strip()][-1]
        if "lhagrid1" not in header:
            raise ValueError("the header does not say lhagrid1")
        x_line, q_line, pid_line, body = block.strip().split("\n", 3)
        x, q_gev = (np.array(line.split(), float) for line in (x_line, q_line))
        pids = [int(word) for word in pid_line.split()]
        table = np.array(body.split(), float).reshape(len(x), len(q_gev), len(pids))
    except OSError as error:
        raise InputFileError(f"cannot read PDF grid {path}: {error.strerror or error}") from error
    except (ValueError, IndexError) as error:
        raise InputFileError(
            f"{path} is not a whole PDF grid ({error}); reinstall pythia8mc"
        ) from error
    values = {pid: np.ascontiguousarray(table[:, :, i]) for i, pid in enumerate(pids)}
    return PdfGrid(path.stem.removesuffix("_0000"), x, q_gev, values)


def _locate(nodes: Floats, points: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the index of the interval and the position in it, in [0, 1], of every point."""
    index = np.clip(np.searchsorted(nodes, points, side="right") - 1, 0, len(nodes) - 2)
    position = (points - nodes[index]) / (nodes[index + 1] - nodes[index])
    return index, np.clip(position, 0.0, 1.0)


def _cell_table(log_x: Floats, log_q: Floats, values: Floats) -> Floats:
    """Return the cells' polynomials from values and three-point slopes at the nodes."""
    slope_x = np.gradient(values, log_x, axis=0, edge_order=2)
    slope_q = np.gradient(values, log_q, axis=1, edge_order=2)
    slope_xq = np.gradient(slope_x, log_q, axis=1, edge_order=2)
    return bicubic.cell_coefficients(
        (np.diff(log_x), np.diff(log_q)), values, (slope_x, slope_q, slope_xq)
    )
