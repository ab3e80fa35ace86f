"""Two-component spinor algebra for tree amplitudes, compiled; GeV.

Vectors are stored as the 2x2 matrix V·sigma-bar = V^0 + V·sigma, row by row, in the last axis of
an array: index 0..3 = elements 11, 12, 21, 22. Its adjugate is V·sigma. Dirac spinors are in the
chiral basis of Peskin and Schroeder, (left, right) for columns; a row (a, b) multiplies them as
a·left + b·right. Arguments i, j, k after an array choose the row of that array: many arguments
instead of slices, since a slice costs as much as the arithmetic here.
"""

from collections.abc import Callable
from math import sqrt
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import njit

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
Function = TypeVar("Function", bound=Callable[..., Any])

# Only the sign of zero is free. What lets the compiler change the order of a sum is worth a few per
# cent of speed, and gives other last digits when functions are compiled than when they come from
# numba's cache.
_FAST = {"nsz"}


def compiled(function: Function) -> Function:
    """Compile a function with numba, keeping its type for the type checker."""
    return cast(Function, njit(cache=True, nogil=True, fastmath=_FAST)(function))


@compiled
def set_momentum(out: Complex, i: int, p: Real) -> None:
    """Write the matrix of a real four-vector [E, px, py, pz]."""
    out[i, 0] = p[0] + p[3]
    out[i, 1] = complex(p[1], -p[2])
    out[i, 2] = complex(p[1], p[2])
    out[i, 3] = p[0] - p[3]


@compiled
def dot(a: Complex, i: int, b: Complex, j: int) -> complex:
    """Return the Minkowski product of two vectors."""
    value: complex = a[i, 0] * b[j, 3] + a[i, 3] * b[j, 0] - a[i, 1] * b[j, 2] - a[i, 2] * b[j, 1]
    return 0.5 * value


@compiled
def product(a: Real, b: Real) -> float:
    """Return the Minkowski product of two real four-vectors."""
    return float(a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3])


@compiled
def set_external(rows: Complex, i: int, columns: Complex, j: int, p: Real, particle: bool) -> None:
    """Write the two helicity states of an outgoing fermion.

    u-bar (particle) goes to ``rows[i], rows[i+1]``, v (antiparticle) to ``columns[j],
    columns[j+1]``; flipping all helicity indices of an amplitude conjugates it up to a phase.
    """
    size = sqrt(p[1] * p[1] + p[2] * p[2] + p[3] * p[3])
    large = sqrt(p[0] + size)
    mass_squared = max(p[0] * p[0] - size * size, 0.0)
    small = sqrt(mass_squared) / large
    if size + p[3] > 1e-12 * size:
        norm = 1.0 / sqrt(2.0 * size * (size + p[3]))
        upper = complex((size + p[3]) * norm, 0.0)
        lower = complex(p[1] * norm, p[2] * norm)
    else:
        upper, lower = 0j, 1.0 + 0j
    # xi(+) = (upper, lower), xi(-) = (-conj(lower), upper); upper is real
    if particle:
        rows[i, 0], rows[i, 1] = large * upper, large * lower.conjugate()
        rows[i, 2], rows[i, 3] = small * upper, small * lower.conjugate()
        rows[i + 1, 0], rows[i + 1, 1] = -small * lower, small * upper
        rows[i + 1, 2], rows[i + 1, 3] = -large * lower, large * upper
    else:
        columns[j, 0], columns[j, 1] = small * upper, small * lower
        columns[j, 2], columns[j, 3] = -large * upper, -large * lower
        columns[j + 1, 0], columns[j + 1, 1] = -large * lower.conjugate(), large * upper
        columns[j + 1, 2], columns[j + 1, 3] = small * lower.conjugate(), -small * upper


@compiled
def emit_row(  # noqa: PLR0913, PLR0917
    out: Complex, i: int, row: Complex, j: int, vector: Complex, k: int, q: Real, mass: float,
    factor: float, add: bool,
) -> None:  # fmt: skip
    """Write (or add) factor · row · vector-slash · (q-slash + mass) / (q² - mass²)."""
    v0, v1, v2, v3 = vector[k, 0], vector[k, 1], vector[k, 2], vector[k, 3]
    a0, a1, b0, b1 = row[j, 0], row[j, 1], row[j, 2], row[j, 3]
    c0, c1 = b0 * v0 + b1 * v2, b0 * v1 + b1 * v3
    d0, d1 = a0 * v3 - a1 * v2, a1 * v0 - a0 * v1
    scale = factor / (product(q, q) - mass * mass)
    plus, minus = q[0] + q[3], q[0] - q[3]
    up, down = complex(q[1], -q[2]), complex(q[1], q[2])
    e0 = scale * (d0 * plus + d1 * down + mass * c0)
    e1 = scale * (d0 * up + d1 * minus + mass * c1)
    f0 = scale * (c0 * minus - c1 * down + mass * d0)
    f1 = scale * (c1 * plus - c0 * up + mass * d1)
    if add:
        e0, e1, f0, f1 = e0 + out[i, 0], e1 + out[i, 1], f0 + out[i, 2], f1 + out[i, 3]
    out[i, 0], out[i, 1], out[i, 2], out[i, 3] = e0, e1, f0, f1


@compiled
def emit_column(  # noqa: PLR0913, PLR0917
    out: Complex, i: int, column: Complex, j: int, vector: Complex, k: int, q: Real, mass: float,
    factor: float, add: bool,
) -> None:  # fmt: skip
    """Write (or add) factor · (q-slash + mass) / (q² - mass²) · vector-slash · column."""
    v0, v1, v2, v3 = vector[k, 0], vector[k, 1], vector[k, 2], vector[k, 3]
    a0, a1, b0, b1 = column[j, 0], column[j, 1], column[j, 2], column[j, 3]
    c0, c1 = v3 * b0 - v1 * b1, v0 * b1 - v2 * b0
    d0, d1 = v0 * a0 + v1 * a1, v2 * a0 + v3 * a1
    scale = factor / (product(q, q) - mass * mass)
    plus, minus = q[0] + q[3], q[0] - q[3]
    up, down = complex(q[1], -q[2]), complex(q[1], q[2])
    e0 = scale * (minus * d0 - up * d1 + mass * c0)
    e1 = scale * (plus * d1 - down * d0 + mass * c1)
    f0 = scale * (plus * c0 + up * c1 + mass * d0)
    f1 = scale * (down * c0 + minus * c1 + mass * d1)
    if add:
        e0, e1, f0, f1 = e0 + out[i, 0], e1 + out[i, 1], f0 + out[i, 2], f1 + out[i, 3]
    out[i, 0], out[i, 1], out[i, 2], out[i, 3] = e0, e1, f0, f1


@compiled
def set_current(
    out: Complex, i: int, row: Complex, j: int, column: Complex, k: int, factor: float
) -> None:
    """Write factor · row gamma^mu column; by Fierz 2 (right ⊗ a + adjugate(left ⊗ b))."""
    f = 2.0 * factor
    a0, a1, b0, b1 = f * row[j, 0], f * row[j, 1], f * row[j, 2], f * row[j, 3]
    l0, l1, r0, r1 = column[k, 0], column[k, 1], column[k, 2], column[k, 3]
    out[i, 0] = r0 * a0 + l1 * b1
    out[i, 1] = r0 * a1 - l0 * b1
    out[i, 2] = r1 * a0 - l1 * b0
    out[i, 3] = r1 * a1 + l0 * b0


@compiled
def set_bracket(  # noqa: PLR0913, PLR0917
    out: Complex, i: int, x: Complex, j: int, p: Real, y: Complex, k: int, q: Real, factor: float
) -> None:
    """Write factor · [2 (q·x) y - 2 (p·y) x + (x·y)(p - q)], the three-gluon vertex.

    x and y are conserved currents with outgoing momenta p and q (Berends and Giele 1988).
    """
    qx = factor * (
        (q[0] - q[3]) * x[j, 0] + (q[0] + q[3]) * x[j, 3]
        - complex(q[1], q[2]) * x[j, 1] - complex(q[1], -q[2]) * x[j, 2]
    )  # fmt: skip
    py = factor * (
        (p[0] - p[3]) * y[k, 0] + (p[0] + p[3]) * y[k, 3]
        - complex(p[1], p[2]) * y[k, 1] - complex(p[1], -p[2]) * y[k, 2]
    )  # fmt: skip
    xy = factor * dot(x, j, y, k)
    r0, r1, r2, r3 = p[0] - q[0], p[1] - q[1], p[2] - q[2], p[3] - q[3]
    o0 = qx * y[k, 0] - py * x[j, 0] + xy * (r0 + r3)
    o1 = qx * y[k, 1] - py * x[j, 1] + xy * complex(r1, -r2)
    o2 = qx * y[k, 2] - py * x[j, 2] + xy * complex(r1, r2)
    o3 = qx * y[k, 3] - py * x[j, 3] + xy * (r0 - r3)
    out[i, 0], out[i, 1], out[i, 2], out[i, 3] = o0, o1, o2, o3
