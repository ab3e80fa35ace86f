"""The clustered scales against a second, slow way to find them, and against hand-worked events."""

from itertools import combinations

import numpy as np
import pytest

from hh4b.generation.four_b.clustering import clustered_scales, diagrams

MASS = 4.7
CHARGE = [0, 0, 1, -1, 1, -1]
EVERYTHING = frozenset(range(6))


def lines_by_brute_force():
    """All sets of three compatible splits of the six legs that no line with |charge| 2 spoils."""
    splits = [
        frozenset(side) for n in (2, 3) for side in combinations(range(6), n) if n == 2 or 0 in side
    ]
    splits = [s for s in splits if abs(sum(CHARGE[leg] for leg in s)) < 2]

    def compatible(a, b):
        return any(not x & y for x in (a, EVERYTHING - a) for y in (b, EVERYTHING - b))

    return {
        frozenset(three)
        for three in combinations(splits, 3)
        if all(compatible(a, b) for a, b in combinations(three, 2))
    }


def boosted(p, velocity):
    """Boost by a velocity: the general Lorentz matrix."""
    v = np.asarray(velocity)
    v2 = v @ v
    gamma = 1 / np.sqrt(1 - v2)
    matrix = np.eye(4)
    matrix[0, 0] = gamma
    matrix[0, 1:] = matrix[1:, 0] = -gamma * v
    matrix[1:, 1:] += (gamma - 1) * np.outer(v, v) / v2 if v2 else 0.0
    return matrix @ p


def onto_z(axis):
    """Return the rotation that takes a vector to +z: its rows are an orthonormal frame."""
    z = axis / np.linalg.norm(axis)
    if np.hypot(z[0], z[1]) < 1e-12:
        return np.eye(3)
    x = np.cross([0.0, 0.0, 1.0], z)
    x /= np.linalg.norm(x)
    return np.array([x, np.cross(z, x), z])


def mt2(p):
    return p[0] ** 2 - p[3] ** 2


def distance(p, q):
    (pt, eta, phi), (qt, qeta, qphi) = (
        (np.hypot(k[1], k[2]), np.arcsinh(k[3] / np.hypot(k[1], k[2])), np.arctan2(k[2], k[1]))
        for k in (p, q)
    )
    return MASS**2 + 2 * min(pt, qt) ** 2 * (np.cosh(eta - qeta) - np.cos(phi - qphi))


def slow_scales(quarks):
    """Follow the definition with dictionaries of frozen sets, one event."""
    total = quarks.sum(axis=0)
    to_rest = total[1:] / total[0]
    root_s = np.sqrt(total[0] ** 2 - total[3] ** 2)
    objects = {frozenset({2 + i}): boosted(quarks[i], to_rest) for i in range(4)}
    beams = [np.array([1.0, 0, 0, s]) * root_s / 2 for s in (1, -1)]
    names = [frozenset({0}), frozenset({1})]
    alive, first, last_pair, undo = lines_by_brute_force(), {}, None, None
    while len(objects) > 1:
        choices = []
        for a in objects:
            for i in range(2):
                crossed = (beams[i][3] < 0) != (objects[a][3] < 0)
                choices.append((mt2(objects[a]) * (1 + 1e-6 * crossed), i, a, names[i] | a))
            choices.extend(
                (distance(objects[a], objects[b]), a, b, a | b) for b in objects if min(b) > min(a)
            )
        with_line = {c: {d for d in alive if c[3] in d or EVERYTHING - c[3] in d} for c in choices}
        best = min((c for c in choices if with_line[c]), key=lambda c: c[0])
        alive = with_line[best]
        value, a, b, name = best
        if isinstance(a, int):
            first.setdefault(a, value)
            beams[a] = beams[a] - objects.pop(b)
            names[a] = name
            last_pair = None
            if len(objects) > 1:
                left = beams[a] + beams[1 - a]
                velocity = left[1:] / left[0]
                rotation = np.eye(4)
                rotation[1:, 1:] = onto_z(boosted(beams[a], velocity)[1:])
                undo = velocity, rotation
                beams = [rotation @ boosted(k, velocity) for k in beams]
                objects = {k: rotation @ boosted(v, velocity) for k, v in objects.items()}
        else:
            last_pair = objects[a], objects[b]
            objects[name] = objects.pop(a) + objects.pop(b)
    (left,) = objects.values()
    if last_pair and not first:
        central = np.sqrt(mt2(last_pair[0]) * mt2(last_pair[1]))
    elif last_pair:
        central = mt2(boosted(undo[1].T @ left, -undo[0]))
    else:
        central = mt2(left)
    q = [first.get(i, central) for i in range(2)]
    return (q[0] * q[1]) ** 0.125 * central**0.25, (max(q) * central) ** 0.25


def random_events(n, spread):
    """Quarks with balanced pT, in groups of a given angular spread."""
    rng = np.random.default_rng(7)
    phi = rng.uniform(-np.pi, np.pi, (n, 1)) + np.array([0, 0, np.pi, np.pi])
    phi = phi + spread * rng.normal(size=(n, 4))
    eta = rng.normal(size=(n, 1)) + spread * rng.normal(size=(n, 4))
    px, py = 40 * rng.exponential(1, (n, 4)) * np.array([np.cos(phi), np.sin(phi)])
    px[:, 3], py[:, 3] = -px[:, :3].sum(1), -py[:, :3].sum(1)
    pz = np.hypot(px, py) * np.sinh(eta)
    p = np.stack([np.sqrt(px**2 + py**2 + pz**2 + MASS**2), px, py, pz], axis=-1)
    return np.take_along_axis(p, rng.permuted(np.tile(np.arange(4), (n, 1)), axis=1)[..., None], 1)


def test_diagrams_are_those_of_brute_force():
    found = {
        frozenset(
            min(side, EVERYTHING - side, key=lambda s: (len(s), 0 not in s))
            for side in (frozenset(i for i in range(6) if line >> i & 1) for line in lines)
        )
        for lines in diagrams()
    }
    assert len(found) == 70  # two pairings of 35; the four-gluon vertex has no propagator more
    assert found == lines_by_brute_force()


@pytest.mark.parametrize("spread", [0.2, 0.7, 1.5])
def test_scales_equal_the_slow_definition(spread):
    events = random_events(60, spread)
    mu_r, mu_f = clustered_scales(events, MASS)
    wanted = np.array([slow_scales(p) for p in events])
    np.testing.assert_allclose(mu_r, wanted[:, 0], rtol=1e-9)
    np.testing.assert_allclose(mu_f, wanted[:, 1], rtol=1e-9)


def test_two_narrow_pairs_give_the_transverse_mass_of_the_heavier():
    # both pairs are joined first; then the lighter one is taken off a beam
    phi, pt = np.array([0.0, 0.2, np.pi, np.pi + 0.3]), np.array([50.0, 50.0, 0.0, 0.0])
    pt[2:] = 50.0 * np.cos(0.1) / np.cos(0.15)
    phi[2:] -= 0.05
    p = np.stack([np.hypot(pt, MASS), pt * np.cos(phi), pt * np.sin(phi), 0 * phi], 1)
    light, heavy = (np.sqrt(mt2(p[i] + p[i + 1])) for i in (0, 2))
    mu_r, mu_f = clustered_scales(p[None], MASS)
    assert heavy > 1.001 * light
    assert mu_f[0] == pytest.approx(heavy, rel=1e-5)
    assert mu_r[0] == pytest.approx(light**0.25 * heavy**0.75, rel=1e-5)


def test_scales_do_not_see_boosts_along_the_beams_nor_rotations():
    events = random_events(50, 0.7)
    angle, rapidity = 0.9, 1.3
    moved = events.copy()
    moved[..., 1] = np.cos(angle) * events[..., 1] - np.sin(angle) * events[..., 2]
    moved[..., 2] = np.sin(angle) * events[..., 1] + np.cos(angle) * events[..., 2]
    moved[..., 0] = np.cosh(rapidity) * events[..., 0] + np.sinh(rapidity) * events[..., 3]
    moved[..., 3] = np.sinh(rapidity) * events[..., 0] + np.cosh(rapidity) * events[..., 3]
    for here, there in zip(
        clustered_scales(events, MASS), clustered_scales(moved, MASS), strict=True
    ):
        np.testing.assert_allclose(there, here, rtol=1e-9)
