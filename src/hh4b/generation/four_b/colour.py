"""Colour structures of the 4b amplitudes, their interference, and the flows for event files.

Generators are normalised to tr(T^a T^b) = delta^ab. Every structure is a product of strings of
generators from a quark to an antiquark index; its leading colour flow is read off the strings.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

N_COLOURS = 3

#: gg -> b b~ b b~: gluons on the string of the first b, gluons on the string of the second b.
GLUON_STRINGS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((0, 1), ()), ((1, 0), ()), ((0,), (1,)), ((1,), (0,)), ((), (0, 1)), ((), (1, 0)),
)  # fmt: skip

#: Antiquarks at the end of the strings from q~ (incoming q), first b, second b; -1 = incoming q~.
QUARK_PERMUTATIONS: tuple[tuple[int, int, int], ...] = (
    (-1, 0, 1), (-1, 1, 0), (0, -1, 1), (0, 1, -1), (1, -1, 0), (1, 0, -1),
)  # fmt: skip


@cache
def generators() -> NDArray[np.complex128]:
    """Return the eight generators (Gell-Mann matrices over the square root of 2), (8, 3, 3)."""
    t = np.zeros((8, 3, 3), complex)
    for a, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        t[2 * a, i, j] = t[2 * a, j, i] = 1.0
        t[2 * a + 1, i, j], t[2 * a + 1, j, i] = -1j, 1j
    t[6] = np.diag([1.0, -1.0, 0.0])
    t[7] = np.diag([1.0, 1.0, -2.0]) / np.sqrt(3.0)
    return np.asarray(t / np.sqrt(2.0))


@cache
def gluon_gram() -> NDArray[np.float64]:
    """Return the colour sums of products of the 12 structures of gg -> b b~ b b~, shape (12, 12).

    Structure 6 s + g has the strings ``GLUON_STRINGS[g]``, ending at (first, second) antiquark for
    s = 0 and at (second, first) for s = 1.
    """
    t = generators()
    one = np.eye(3, dtype=complex)
    basis = []
    for swapped in (False, True):
        for first, second in GLUON_STRINGS:
            tensor = _strings(t, one, first, second)
            # axes: gluon 1, gluon 2, quark 1, end of string 1, quark 2, end of string 2
            basis.append(np.swapaxes(tensor, 3, 5) if swapped else tensor)
    flat = np.array(basis).reshape(12, -1)
    gram: NDArray[np.float64] = np.ascontiguousarray((flat.conj() @ flat.T).real)
    return gram


def _strings(
    t: NDArray[np.complex128],
    one: NDArray[np.complex128],
    first: Sequence[int],
    second: Sequence[int],
) -> NDArray[np.complex128]:
    pair = np.einsum("axz,bzy->abxy", t, t)
    if len(first) == 1:
        tensor = np.einsum("axy,bzw->abxyzw", t, t)
    elif first:
        tensor = np.einsum("abxy,zw->abxyzw", pair, one)
    else:
        tensor = np.einsum("abzw,xy->abxyzw", pair, one)
    reverse = (first or second)[0] == 1
    return np.swapaxes(tensor, 0, 1) if reverse else tensor


@cache
def quark_gram() -> NDArray[np.float64]:
    """Return the colour sums of products of the 6 structures of q q~ -> b b~ b b~, shape (6, 6).

    A structure is a permutation of line ends; the sum of a product is 3 to the number of cycles.
    """
    gram = np.empty((6, 6))
    for i, left in enumerate(QUARK_PERMUTATIONS):
        for j, right in enumerate(QUARK_PERMUTATIONS):
            relative = [left.index(end) for end in right]
            gram[i, j] = float(N_COLOURS ** _cycles(relative))
    return gram


def _cycles(permutation: Sequence[int]) -> int:
    seen: set[int] = set()
    count = 0
    for start in range(len(permutation)):
        if start in seen:
            continue
        count += 1
        while start not in seen:
            seen.add(start)
            start = permutation[start]
    return count
