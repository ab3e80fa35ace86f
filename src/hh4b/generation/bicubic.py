"""Bicubic interpolation on a rectangular grid, prepared as one polynomial a cell."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The powers 0..3 of a cubic on [0, 1] from (f(0), f(1), f'(0), f'(1)): Hermite's basis.
_HERMITE = np.array(
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [-3.0, 3.0, -2.0, -1.0], [2.0, -2.0, 1.0, 1.0]]
)


def cell_coefficients(
    steps: tuple[NDArray[Any], NDArray[Any]],
    values: NDArray[Any],
    slopes: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
) -> NDArray[Any]:
    """Return c_ij of sum c_ij u^i v^j on the cells, u and v in [0, 1], shape (cells, 16).

    Args:
        steps: sizes of the cells along x, shape (X - 1,), and along y, shape (Y - 1,).
        values: at the nodes, shape (X, Y), real or complex.
        slopes: derivatives d/dx, d/dy and d2/dxdy at the nodes.
    """
    step_x, step_y = steps[0][:, None], steps[1][None, :]
    n_x, n_y = len(steps[0]), len(steps[1])
    corners = np.empty((n_x, n_y, 4, 4), dtype=values.dtype)
    for i in range(2):
        for j in range(2):
            part = np.s_[i : i + n_x, j : j + n_y]
            corners[:, :, i, j] = values[part]
            corners[:, :, 2 + i, j] = slopes[0][part] * step_x
            corners[:, :, i, 2 + j] = slopes[1][part] * step_y
            corners[:, :, 2 + i, 2 + j] = slopes[2][part] * step_x * step_y
    cells: NDArray[Any] = np.einsum("ai,xyij,bj->xyab", _HERMITE, corners, _HERMITE)
    return cells.reshape(-1, 16)


def evaluate(
    table: NDArray[Any], cell: NDArray[np.intp], u: NDArray[Any], v: NDArray[Any]
) -> NDArray[Any]:
    """Return the polynomials of the cells at (u, v).

    Args:
        table: what `cell_coefficients` returned.
        cell: index of the cell, x index times number of cells along y plus y index.
        u: position in the cell along x, of the shape of ``cell``.
        v: position in the cell along y.
    """
    c = np.moveaxis(table[cell], -1, 0)
    rows = [((c[i + 3] * v + c[i + 2]) * v + c[i + 1]) * v + c[i] for i in (0, 4, 8, 12)]
    return np.asarray(((rows[3] * u + rows[2]) * u + rows[1]) * u + rows[0])
