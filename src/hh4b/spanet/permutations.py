"""Finite permutation groups as tuples: small enough to list, so no algebra package is needed."""

from collections.abc import Iterable, Sequence
from itertools import combinations

Permutation = tuple[int, ...]


def from_cycles(degree: int, cycles: Iterable[Sequence[int]]) -> Permutation:
    """Return the permutation that moves each element of a cycle to the next one.

    >>> from_cycles(4, [(0, 2)])
    (2, 1, 0, 3)
    """
    image = list(range(degree))
    for cycle in cycles:
        for element, successor in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
            image[element] = successor
    return tuple(image)


def compose(first: Permutation, second: Permutation) -> Permutation:
    """Return ``second`` after ``first``."""
    return tuple(second[i] for i in first)


def generate(degree: int, generators: Iterable[Permutation]) -> tuple[Permutation, ...]:
    """Return all elements of the group, sorted, the identity first.

    >>> generate(3, [(1, 0, 2)])
    ((0, 1, 2), (1, 0, 2))
    """
    generators = tuple(generators)
    known = {tuple(range(degree))}
    frontier = list(known)
    while frontier:
        fresh = {compose(old, new) for old in frontier for new in generators} - known
        known |= fresh
        frontier = list(fresh)
    return tuple(sorted(known))


def orbits(degree: int, group: Iterable[Permutation]) -> tuple[tuple[int, ...], ...]:
    """Return the sets of elements that the group maps into each other, each sorted.

    >>> orbits(3, generate(3, [(1, 0, 2)]))
    ((0, 1), (2,))
    """
    group = tuple(group)
    found = {tuple(sorted({element[i] for element in group})) for i in range(degree)}
    return tuple(sorted(found))


def transpositions(group: Iterable[Permutation]) -> tuple[tuple[int, int], ...]:
    """Return the pairs (i < j) that occur in the cycles of the group's elements.

    A cycle (a b c ...) is written as transpositions (a b)(a c)..., a its least element.
    """
    pairs: set[tuple[int, int]] = set()
    for element in group:
        seen: set[int] = set()
        for start in range(len(element)):
            cycle = [start]
            while element[cycle[-1]] != start:
                cycle.append(element[cycle[-1]])
            if start not in seen:
                pairs.update((start, other) for other in cycle[1:])
            seen.update(cycle)
    return tuple(sorted(pairs))


def subsets_up_to_symmetry(
    degree: int, group: Iterable[Permutation]
) -> tuple[frozenset[frozenset[int]], ...]:
    """Return the classes of subsets of {0..degree-1} that the group maps into each other."""
    group = tuple(group)
    subsets = [
        frozenset(s) for size in range(degree + 1) for s in combinations(range(degree), size)
    ]
    classes = {frozenset(frozenset(g[i] for i in subset) for g in group) for subset in subsets}
    return tuple(sorted(classes, key=lambda c: sorted(map(sorted, c))))
