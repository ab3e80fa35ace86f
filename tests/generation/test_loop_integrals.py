"""C0 and D0 against direct integration over Feynman parameters.

The reference deforms the contour into the complex plane, x -> x - i lambda x (1 - x) dF/dx, so that
it also gives the imaginary part above the threshold; it shares nothing with the closed forms.
"""

from itertools import combinations

import numpy as np
import pytest

from hh4b.generation import loop_integrals as loops

M2 = (125 / 173) ** 2


def simplex(cube):
    """Feynman parameters (N of them) and Jacobian from N - 1 coordinates of the unit cube."""
    rest, parameters, jacobian = 1.0, [], 1.0
    dimension = len(cube)
    for i, coordinate in enumerate(cube):
        parameters.append(rest * coordinate)
        rest = rest * (1.0 - coordinate)
        jacobian = jacobian * (1.0 - coordinate) ** (dimension - 1 - i)
    return [*parameters, rest], jacobian


def direct_integral(invariants, *, points):
    """C0 (three invariants) or D0 (six) from {(i, j): p_ij^2}, all masses one."""
    n = max(j for _, j in invariants) + 1
    # Far from the singularities, yet not so far that the denominator oscillates.
    strength = min(0.6, 3.0 / max(1.0, *invariants.values()))

    def denominator(cube):
        x, _ = simplex(cube)
        return 1.0 - sum(invariants[i, j] * x[i] * x[j] for i, j in combinations(range(n), 2))

    def shifted(cube, index, by):
        return [c + by if i == index else c for i, c in enumerate(cube)]

    def deformed(cube):
        h = 1e-5
        slopes = [
            (denominator(shifted(cube, i, h)) - denominator(shifted(cube, i, -h))) / (2 * h)
            for i in range(n - 1)
        ]
        return [c - 1j * strength * c * (1 - c) * g for c, g in zip(cube, slopes, strict=True)]

    x, w = np.polynomial.legendre.leggauss(points)
    cube = np.meshgrid(*[(x + 1) / 2] * (n - 1), indexing="ij")
    weight = np.prod(np.meshgrid(*[w / 2] * (n - 1), indexing="ij"), axis=0)
    z = deformed(cube)
    h = 1e-4
    matrix = np.empty((*weight.shape, n - 1, n - 1), complex)
    for j in range(n - 1):
        up, down = deformed(shifted(cube, j, h)), deformed(shifted(cube, j, -h))
        for i in range(n - 1):
            matrix[..., i, j] = (up[i] - down[i]) / (2 * h)
    jacobian = np.linalg.det(matrix) * simplex(z)[1]
    return (-1) ** n * (weight * jacobian / denominator(z) ** (n - 2)).sum()


def triangle(a, b, c):
    return direct_integral({(0, 1): a, (1, 2): b, (0, 2): c}, points=60)


# Below, just below, just above and far above the threshold.
ENERGIES = [2.3, 3.7, 4.4, 6.0, 30.0]


@pytest.mark.parametrize("s", [-3.0, 0.01, *ENERGIES])
def test_c0_two_massless(s):
    assert loops.c0_two_massless(s) == pytest.approx(triangle(0.0, 0.0, s), rel=2e-6)


def test_c0_one_massless():
    assert loops.c0_one_massless(M2, -2.3) == pytest.approx(triangle(0.0, M2, -2.3), rel=1e-6)


@pytest.mark.parametrize("s", ENERGIES)
def test_c0_higgs_pair(s):
    assert loops.c0_higgs_pair(s, M2) == pytest.approx(triangle(M2, M2, s), rel=5e-6)


@pytest.mark.parametrize("s", ENERGIES)
@pytest.mark.parametrize("share", [0.15, 0.5, 0.8])
def test_d0_adjacent(s, share):
    """``share``: how far t lies between its physical limits."""
    beta = np.sqrt(1 - 4 * M2 / s)
    t = M2 - s / 2 * (1 - beta * (1 - 2 * share))
    legs = {(0, 1): 0.0, (1, 2): 0.0, (2, 3): M2, (0, 3): M2, (0, 2): s, (1, 3): t}
    expected = direct_integral(legs, points=44)
    assert abs(loops.d0_adjacent(s, t, M2) - expected) < 5e-6 * abs(expected)


@pytest.mark.parametrize(("t", "u"), [(-0.61, -0.55), (-0.2, -4.1), (-7.0, -3.0)])
def test_d0_opposite(t, u):
    legs = {(0, 1): 0.0, (1, 2): M2, (2, 3): 0.0, (0, 3): M2, (0, 2): t, (1, 3): u}
    expected = direct_integral(legs, points=30)
    assert loops.d0_opposite(t, u, M2) == pytest.approx(expected.real, rel=1e-6)
    assert loops.d0_opposite(u, t, M2) == pytest.approx(expected.real, rel=1e-6)


def test_light_legs_give_the_vacuum_integral():
    """For p^2 -> 0 the integrals are -1/2 and 1/6."""
    assert loops.c0_two_massless(1e-3) == pytest.approx(-1 / 2, rel=1e-3)
    assert loops.c0_higgs_pair(1e-3, 1e-4) == pytest.approx(-1 / 2, rel=1e-3)
    assert loops.d0_adjacent(1e-2, -4e-3, 1e-3) == pytest.approx(1 / 6, rel=3e-3)
    assert loops.d0_opposite(-5e-3, -3e-3, 1e-3) == pytest.approx(1 / 6, rel=3e-3)


def test_continuous_through_the_threshold_and_where_roots_meet():
    s = 4 + np.array([-1e-9, 1e-9])
    assert np.ptp(loops.d0_adjacent(s, -1.1, M2)) < 1e-3
    assert np.ptp(loops.c0_two_massless(s)) < 1e-3
    # tu = m^4: no transverse momentum, where the two roots of the box (t, u) are one.
    t = -0.7 * (1 + np.array([-1e-7, -1e-12, 0.0, 1e-12, 1e-7]))
    values = loops.d0_opposite(t, M2**2 / -0.7, M2)
    assert np.ptp(values.real) < 1e-7
    # t^2 = 4 pT^2: the same of the box (s, t).
    s = np.linspace(4.5, 9.0, 4001)
    t = np.full_like(s, -1.3)
    second = np.abs(np.diff(loops.d0_adjacent(s, t, M2), n=2))
    assert second.max() < 1e-5


def test_dilogarithm():
    np.testing.assert_allclose(
        loops.dilogarithm([1.0, -1.0, 0.5, 0.0]),
        [np.pi**2 / 6, -(np.pi**2) / 12, np.pi**2 / 12 - np.log(2) ** 2 / 2, 0.0],
        rtol=1e-13,
    )
    # Im Li2(x +- i0) = +- pi ln x above 1.
    assert loops.dilogarithm(3 + 1e-100j).imag == pytest.approx(np.pi * np.log(3))
    assert loops.dilogarithm(3 - 1e-100j).imag == pytest.approx(-np.pi * np.log(3))
