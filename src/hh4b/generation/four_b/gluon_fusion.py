"""g g -> b b~ b b~ at tree level, full colour, massive b: helicity amplitudes from currents.

The amplitude for distinct quark lines A and B is the sum over where the two gluons sit: on line A,
on line B, or on the gluon exchanged between them; the identical-quark amplitude is the difference
of the two pairings. Colour-ordered Feynman rules as in Dixon, hep-ph/9601359; gluon brackets as in
Berends and Giele, Nucl. Phys. B306 (1988) 759. A common factor i g^4 is left out.
"""

from math import sqrt

import numpy as np

from hh4b.generation.four_b.spinors import (
    Complex,
    Real,
    compiled,
    dot,
    emit_column,
    emit_row,
    product,
    set_bracket,
    set_current,
    set_external,
)

_ROOT = 1.0 / sqrt(2.0)
# Structure (colour.GLUON_STRINGS) that each of the 20 pieces of `_combine` feeds through the two
# terms of the colour sum over the exchanged gluon.
_LEADING = np.array([0, 2, 4, 1, 3, 5, 4, 3, 0, 5, 2, 1, 2, 0, 5, 3, 3, 1, 4, 2])
_SUBLEADING = np.array([0, 0, 0, 1, 1, 1, 4, 4, 4, 5, 5, 5, 2, 2, 2, 2, 3, 3, 3, 3])
_SIGN = 1.0  # relative orientation of gluon brackets and quark lines


@compiled
def _quark_lines(
    p: Real, k: Real, eps: Complex, mass: float, rows: Complex, columns: Complex
) -> None:
    """Fill rows[quark, hel·5 + state] and columns[...]; states: none, 1, 2, 12, 21 absorbed."""
    fused = np.empty((1, 4), np.complex128)
    minus = -k
    total = k[0] + k[1]
    set_bracket(fused, 0, eps, 0, minus[0], eps, 1, minus[1], _SIGN * _ROOT / product(total, total))
    ends = np.empty((2, 4), np.complex128)
    for line in range(2):
        b, anti = p[2 * line], p[2 * line + 1]
        for particle in (True, False):
            if particle:
                set_external(ends, 0, ends, 0, b, True)
            else:
                set_external(ends, 0, ends, 0, anti, False)
            for h in range(2):
                o = 5 * h
                if particle:
                    out = rows[line]
                    out[o] = ends[h]
                    for g in range(2):
                        emit_row(out, o + 1 + g, out, o, eps, g, b - k[g], mass, -_ROOT, False)
                    for g in range(2):
                        q = b - total
                        f = -_ROOT if g == 0 else _ROOT
                        emit_row(out, o + 3 + g, out, o + 1 + g, eps, 1 - g, q, mass, -_ROOT, False)
                        emit_row(out, o + 3 + g, out, o, fused, 0, q, mass, f, True)
                else:
                    out = columns[line]
                    out[o] = ends[h]
                    for g in range(2):
                        emit_column(
                            out, o + 1 + g, out, o, eps, g, k[g] - anti, mass, -_ROOT, False
                        )
                    for g in range(2):
                        q = total - anti
                        f = -_ROOT if g == 0 else _ROOT
                        emit_column(out, o + 3 + g, out, o + 2 - g, eps, g, q, mass, -_ROOT, False)
                        emit_column(out, o + 3 + g, out, o, fused, 0, q, mass, f, True)


@compiled
def _line_currents(
    rows: Complex, columns: Complex, p_pair: Real, k: Real, eps: Complex, out: Complex
) -> None:
    """Fill out[hel, order]: currents of one quark line, with the off-shell gluon c in any place.

    Orders: 0 c (with propagator); 1 1c, 2 c1, 3 2c, 4 c2 (with bracket, without propagator);
    5 12c, 6 1c2, 7 c12, 8 21c, 9 2c1, 10 c21 (quark line only).
    """
    bracket = np.empty((1, 4), np.complex128)
    propagator = 1.0 / product(p_pair, p_pair)
    for hr in range(2):
        for hc in range(2):
            o = out[2 * hr + hc]
            r, c = 5 * hr, 5 * hc
            set_current(o, 0, rows, r, columns, c, _ROOT * propagator)
            for g in range(2):
                set_current(o, 1 + 2 * g, rows, r + 1 + g, columns, c, _ROOT)
                set_current(o, 2 + 2 * g, rows, r, columns, c + 1 + g, _ROOT)
                set_bracket(bracket, 0, o, 0, p_pair, eps, g, -k[g], _SIGN * _ROOT)
                for m in range(4):
                    o[1 + 2 * g, m] += bracket[0, m]
                    o[2 + 2 * g, m] -= bracket[0, m]
                set_current(o, 5 + 3 * g, rows, r + 3 + g, columns, c, _ROOT)
                set_current(o, 6 + 3 * g, rows, r + 1 + g, columns, c + 2 - g, _ROOT)
                set_current(o, 7 + 3 * g, rows, r, columns, c + 3 + g, _ROOT)


@compiled
def _combine(  # noqa: PLR0913, PLR0917
    a: Complex, b: Complex, p_a: Real, p_b: Real, k: Real, eps: Complex, fused: Complex,
    swapped: bool, amplitude: Complex,
) -> None:  # fmt: skip
    """Add the amplitude of one pairing (lines A and B) to ``amplitude[hel, structure]``."""
    sign = -1.0 if swapped else 1.0
    lead, sub = (0, 6) if swapped else (6, 0)
    q = np.empty(2)
    for g in range(2):
        middle = p_a - k[g]
        q[g] = sign / product(middle, middle)
    bracket = np.empty((1, 4), np.complex128)
    eps_ab = np.empty((2, 2, 4), np.complex128)
    for g in range(2):
        for h in range(4):
            eps_ab[0, g, h] = dot(eps, g, a[h], 0)
            eps_ab[1, g, h] = dot(eps, g, b[h], 0)
    eps_12 = dot(eps, 0, eps, 1)
    total = k[0] + k[1]
    x = np.empty(20, np.complex128)
    for ha in range(4):
        set_bracket(bracket, 0, a[ha], 0, p_a, fused, 0, -total, _SIGN * _ROOT)
        for hb in range(4):
            u, v = a[ha], b[hb]
            for o in range(6):
                x[o] = sign * dot(u, 5 + o, v, 0)
                x[6 + o] = sign * dot(v, 5 + o, u, 0)
            triple = sign * dot(bracket, 0, v, 0)
            s = sign * dot(u, 0, v, 0) * eps_12
            t = sign * eps_ab[0, 0, ha] * eps_ab[1, 1, hb]
            w = sign * eps_ab[0, 1, ha] * eps_ab[1, 0, hb]
            four_12 = w - 0.5 * (s + t)
            four_1c2 = s - 0.5 * (t + w)
            four_21 = t - 0.5 * (s + w)
            x[0] += four_12 + triple
            x[1] += four_1c2
            x[2] += four_21 - triple
            x[3] += four_21 - triple
            x[4] += four_1c2
            x[5] += four_12 + triple
            for g in range(2):
                for i in range(2):
                    for j in range(2):
                        x[12 + 4 * g + 2 * i + j] = q[g] * dot(u, 1 + 2 * g + i, v, 3 - 2 * g + j)
            # line A ends at the second antiquark if swapped
            first = ha - ha % 2 + hb % 2 if swapped else ha
            second = hb - hb % 2 + ha % 2 if swapped else hb
            out = amplitude[4 * first + second]
            for o in range(20):
                out[lead + _LEADING[o]] += x[o]
                out[sub + _SUBLEADING[o]] -= x[o] / 3.0


@compiled
def gluon_amplitudes(p: Real, k: Real, eps: Complex, mass: float, amplitude: Complex) -> None:
    """Fill ``amplitude[16 helicities, 12 structures]`` for given gluon polarisations.

    Args:
        p: outgoing momenta of b, b~, b, b~ as rows [E, px, py, pz].
        k: incoming gluons' momenta, shape (2, 4).
        eps: their polarisations as matrices (see `spinors`), shape (2, 4).
        mass: b mass.
        amplitude: output; helicity index 8 h_b + 4 h_b~ + 2 h_b' + h_b~'.
    """
    rows = np.empty((2, 10, 4), np.complex128)
    columns = np.empty((2, 10, 4), np.complex128)
    _quark_lines(p, k, eps, mass, rows, columns)
    fused = np.empty((1, 4), np.complex128)
    total = k[0] + k[1]
    set_bracket(fused, 0, eps, 0, -k[0], eps, 1, -k[1], _SIGN * _ROOT / product(total, total))
    currents = np.empty((2, 4, 11, 4), np.complex128)
    amplitude[:] = 0.0
    for swapped in (False, True):
        other = 1 if swapped else 0
        p_a = p[0] + p[1 + 2 * other]
        p_b = p[2] + p[3 - 2 * other]
        _line_currents(rows[0], columns[other], p_a, k, eps, currents[0])
        _line_currents(rows[1], columns[1 - other], p_b, k, eps, currents[1])
        _combine(currents[0], currents[1], p_a, p_b, k, eps, fused, swapped, amplitude)
