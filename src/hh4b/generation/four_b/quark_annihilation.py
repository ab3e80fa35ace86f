"""q q~ -> b b~ b b~ at tree level, full colour, massless q, massive b.

Three quark lines joined by gluons: on one line both others attach (two orders), or all three meet
in a three-gluon vertex; the identical-quark amplitude is the difference of the two pairings of the
b quarks. Conventions as in `gluon_fusion`; a common factor i g^4 is left out.
"""

from math import sqrt

import numpy as np

from hh4b.generation.four_b.spinors import (
    Complex,
    Real,
    compiled,
    dot,
    emit_row,
    product,
    set_bracket,
    set_current,
    set_external,
)

_ROOT = 1.0 / sqrt(2.0)
# Index in colour.QUARK_PERMUTATIONS of the exchanges of line ends, by pairing: none, lines 1 and 2,
# 0 and 1, 0 and 2, the cycle 0 -> 1 -> 2 -> 0 and its inverse.
_STRUCTURES = np.array([[0, 1, 2, 5, 3, 4], [1, 0, 4, 3, 5, 2]])


@compiled
def _fill_lines(p: Real, k: Real, mass: float, swapped: int, ends: Complex, tails: Complex) -> Real:
    """Write the external spinors of the three lines; return the lines' ends' momenta (2, 3, 4)."""
    flow = np.empty((2, 3, 4))
    set_external(ends[0], 0, ends[0], 0, k[1], True)
    set_external(tails[0], 0, tails[0], 0, k[0], False)
    flow[0, 0], flow[1, 0] = -k[1], -k[0]
    for line in range(2):
        anti = 1 - line if swapped else line
        set_external(ends[1 + line], 0, ends[0], 0, p[2 * line], True)
        set_external(tails[0], 0, tails[1 + line], 0, p[2 * anti + 1], False)
        flow[0, 1 + line], flow[1, 1 + line] = p[2 * line], p[2 * anti + 1]
    return flow


@compiled
def _add_colours(both: Complex, triple: complex, structures: Real, out: Complex) -> None:
    """Sum over the colours of both gluons: U(3) exchange minus one third of a singlet, each."""
    line = (both[0, 0] + both[0, 1], both[1, 0] + both[1, 1], both[2, 0] + both[2, 1])
    out[structures[4]] += both[0, 0] + both[1, 0] + both[2, 0] + triple
    out[structures[5]] += both[0, 1] + both[1, 1] + both[2, 1] - triple
    out[structures[1]] -= (line[1] + line[2]) / 3.0
    out[structures[2]] -= (line[0] + line[1]) / 3.0
    out[structures[3]] -= (line[0] + line[2]) / 3.0
    out[structures[0]] += (line[0] + line[1] + line[2]) / 9.0


@compiled
def _add_pairing(p: Real, k: Real, mass: float, swapped: int, amplitude: Complex) -> None:
    sign = -1.0 if swapped else 1.0
    ends = np.empty((3, 2, 4), np.complex128)
    tails = np.empty((3, 2, 4), np.complex128)
    flow = _fill_lines(p, k, mass, swapped, ends, tails)
    total = flow[0] + flow[1]
    currents = np.empty((3, 4, 4), np.complex128)
    for line in range(3):
        factor = _ROOT / product(total[line], total[line])
        for h in range(4):
            set_current(currents[line], h, ends[line], h // 2, tails[line], h % 2, factor)
    work = np.empty((2, 4), np.complex128)
    bracket = np.empty((1, 4), np.complex128)
    both = np.empty((3, 2), np.complex128)
    hel = np.zeros(3, np.int64)
    for hel[1] in range(4):
        set_bracket(bracket, 0, currents[0], 0, total[0], currents[1], hel[1], total[1], _ROOT)
        for hel[2] in range(4):
            for line in range(3):
                row, column = ends[line], tails[line]
                for order in range(2):
                    x = (line + 1 + order) % 3
                    y = 3 - line - x
                    emit_row(
                        work, 0, row, hel[line] // 2, currents[x], hel[x],
                        flow[0, line] + total[x], mass if line else 0.0, -_ROOT, False,
                    )  # fmt: skip
                    set_current(work, 1, work, 0, column, hel[line] % 2, sign * _ROOT)
                    both[line, order] = dot(work, 1, currents[y], hel[y])
            triple = sign * dot(bracket, 0, currents[2], hel[2])
            first, second = hel[1], hel[2]
            if swapped:
                first = hel[1] - hel[1] % 2 + hel[2] % 2
                second = hel[2] - hel[2] % 2 + hel[1] % 2
            _add_colours(both, triple, _STRUCTURES[swapped], amplitude[4 * first + second])


@compiled
def quark_amplitudes(p: Real, k: Real, mass: float, amplitude: Complex) -> None:
    """Fill ``amplitude[16 helicities, 6 structures]`` for one of the two helicities of q.

    Args:
        p: outgoing momenta of b, b~, b, b~ as rows [E, px, py, pz].
        k: incoming momenta of q and q~, shape (2, 4).
        mass: b mass.
        amplitude: output; helicity index 8 h_b + 4 h_b~ + 2 h_b' + h_b~'.
    """
    amplitude[:] = 0.0
    _add_pairing(p, k, mass, 0, amplitude)
    _add_pairing(p, k, mass, 1, amplitude)
