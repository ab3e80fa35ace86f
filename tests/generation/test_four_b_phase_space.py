import numpy as np
import pytest

from hh4b.generation.four_b.mixture import (
    N_KINDS,
    N_ORDERS,
    N_RANDOM,
    ORDERS,
    Mixture,
    accumulate,
    density,
    sample,
)
from hh4b.generation.four_b.phase_space import N_COORDINATES, locate, place, set_momenta
from hh4b.generation.four_b.scales import SCALES

PT_MIN, ETA_MAX, MASS = 25.0, 2.5, 4.7


def placed(u):
    pt, eta, phi = np.empty(4), np.empty(4), np.empty(4)
    jacobian = place(u, PT_MIN, ETA_MAX, pt, eta, phi)
    return jacobian, pt, eta, phi


def test_points_balance_and_obey_the_cuts():
    rng = np.random.default_rng(1)
    n_inside = 0
    for u in rng.random((2000, N_COORDINATES)):
        jacobian, pt, eta, phi = placed(u)
        if jacobian == 0.0:
            continue
        n_inside += 1
        assert pt.min() > PT_MIN * (1 - 1e-9)
        assert abs(eta).max() <= ETA_MAX
        assert abs((pt * np.exp(1j * phi)).sum()) < 1e-9 * pt.sum()
    assert n_inside > 600


def test_locate_inverts_place():
    rng = np.random.default_rng(2)
    back = np.empty(N_COORDINATES)
    for u in rng.random((2000, N_COORDINATES)):
        jacobian, pt, eta, phi = placed(u)
        if jacobian > 0.0:
            found = locate(pt, eta, phi, np.arange(4), PT_MIN, ETA_MAX, back)
            assert found == pytest.approx(jacobian, rel=1e-9)
            np.testing.assert_allclose(back, u, atol=1e-9)


def test_jacobian_is_the_determinant():
    rng = np.random.default_rng(3)

    def point(u):
        _, pt, eta, phi = placed(u)
        third = pt[2] * np.cos(phi[2]), pt[2] * np.sin(phi[2])
        return np.array([pt[0], pt[1], phi[1], *third, *eta])

    step, n_checked = 1e-6, 0
    for u in rng.uniform(0.05, 0.95, (40, N_COORDINATES)):
        jacobian, pt, _, _ = placed(u)
        if jacobian == 0.0:
            continue
        columns = [(point(u + d) - point(u - d)) / (2 * step) for d in step * np.eye(N_COORDINATES)]
        # d mu = pT_1 dpT_1 pT_2 dpT_2 dphi_12 d²pT_3 d^4 eta (and the overall azimuth)
        determinant = abs(np.linalg.det(np.array(columns))) * pt[0] * pt[1]
        assert jacobian == pytest.approx(determinant, rel=1e-5)
        n_checked += 1
    assert n_checked > 5


def two_body(m, m_1, m_2):
    """Return the momentum of a two-body decay, zero where it is forbidden."""
    squared = (m**2 - (m_1 + m_2) ** 2) * (m**2 - (m_1 - m_2) ** 2)
    return np.sqrt(np.maximum(squared, 0.0)) / (2 * m)


def decay(parent, m, m_1, rng):
    """Decay parents [E, px, py, pz] of mass m into two of mass m_1, uniform in solid angle."""
    n = len(parent)
    k = two_body(m, m_1[0], m_1[1])
    cosine, phi = rng.uniform(-1, 1, n), rng.uniform(0, 2 * np.pi, n)
    sine = np.sqrt(1 - cosine**2)
    direction = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine], axis=1)
    daughters = []
    for sign, mass in ((1, m_1[0]), (-1, m_1[1])):
        p, e = sign * k[:, None] * direction, np.sqrt(k**2 + mass**2)
        along = (parent[:, 1:] * p).sum(axis=1)
        energy = (parent[:, 0] * e + along) / m
        boosted = p + parent[:, 1:] * ((along / (parent[:, 0] + m) + e) / m)[:, None]
        daughters.append(np.column_stack([energy, boosted]))
    return daughters


def test_volume_equals_that_of_a_chain_of_two_body_decays():
    """The integral of dx1 dx2 dPhi_4 (100 GeV / m)^8 inside the cuts, by two ways of sampling.

    The power of the invariant mass m tames the growth of phase space with energy.
    """
    sqrt_s, pt_min, eta_max = 400.0, 15.0, 2.0
    rng = np.random.default_rng(4)
    n = 1_000_000
    # uniform in ln x and ln M; dPhi_4 = dM12² dM34² / (2 pi)² · product of three k / (4 pi M)
    logs = rng.uniform(2 * np.log(4 * MASS / sqrt_s), 0.0, (n, 2))
    x = np.exp(logs)
    m = sqrt_s * np.sqrt(x.prod(axis=1))
    span = np.log(sqrt_s / (2 * MASS))
    m_12, m_34 = 2 * MASS * np.exp(span * rng.random((2, n)))
    good = (m_12 + m_34 < m) & (m > 4 * MASS)
    x, m, m_12, m_34 = x[good], m[good], m_12[good], m_34[good]
    beam = np.zeros((len(m), 4))
    beam[:, 0] = 0.5 * sqrt_s * x.sum(axis=1)
    beam[:, 3] = 0.5 * sqrt_s * (x[:, 0] - x[:, 1])
    pairs = decay(beam, m, (m_12, m_34), rng)
    quarks = [
        *decay(pairs[0], m_12, (MASS, MASS), rng),
        *decay(pairs[1], m_34, (MASS, MASS), rng),
    ]
    momenta = np.stack(quarks, axis=1)
    pt = np.hypot(momenta[..., 1], momenta[..., 2])
    inside = (pt > pt_min).all(axis=1) & (abs(np.arcsinh(momenta[..., 3] / pt)) < eta_max).all(
        axis=1
    )
    bodies = (
        two_body(m, m_12, m_34) / m
        * two_body(m_12, MASS, MASS) / m_12
        * two_body(m_34, MASS, MASS) / m_34
        / (4 * np.pi) ** 3
    )  # fmt: skip
    masses = 4 * m_12**2 * m_34**2 * span**2 / (2 * np.pi) ** 2
    logarithms = (2 * np.log(4 * MASS / sqrt_s)) ** 2 * x.prod(axis=1)
    weights = inside * bodies * masses * logarithms * (100 / m) ** 8
    chain = weights.sum() / n
    chain_error = np.sqrt((weights**2).sum()) / n

    mixture = Mixture.start(4, 16, rng)
    cuts = np.array([pt_min, eta_max, MASS, sqrt_s])
    n = 60_000
    pt, eta, phi = np.zeros((n, 4)), np.zeros((n, 4)), np.zeros((n, 4))
    sample(rng.random((n, N_RANDOM)), cuts, mixture.shares, mixture.grids, pt, eta, phi)
    u, parts = np.empty((N_KINDS, N_ORDERS, N_COORDINATES)), np.empty((N_ORDERS, 4))
    p, ours = np.empty((4, 4)), np.zeros(n)
    for i in np.flatnonzero(pt[:, 0] > 0):
        beta = set_momenta(pt[i], eta[i], phi[i], MASS, p)
        plus, minus = (p[:, 0] + p[:, 3]).sum(), (p[:, 0] - p[:, 3]).sum()
        if max(plus, minus) < sqrt_s:
            g = density(pt[i], eta[i], phi[i], cuts, mixture.shares, mixture.grids, u, parts)
            volume = beta / g * 2 * np.pi * 2 / sqrt_s**2 / 16 / (2 * np.pi) ** 8
            ours[i] = volume * (100 / np.sqrt(plus * minus)) ** 8
    error = np.hypot(chain_error, ours.std() / np.sqrt(len(ours)))
    assert error < 0.04 * chain
    assert abs(ours.mean() - chain) < 4 * error


def test_density_of_the_mixture_is_normalised():
    """Points of one mixture, weighed with another's density, integrate it to its part inside."""
    rng = np.random.default_rng(5)
    cuts = np.array([PT_MIN, ETA_MAX, MASS, 13000.0])
    one, two = (Mixture.start(4, 16, rng) for _ in range(2))
    n = 20_000
    fractions = []
    ratio = np.zeros(n)
    for mixture in (one, two):
        pt, eta, phi = np.zeros((n, 4)), np.zeros((n, 4)), np.zeros((n, 4))
        sample(rng.random((n, N_RANDOM)), cuts, mixture.shares, mixture.grids, pt, eta, phi)
        fractions.append((pt[:, 0] > 0).mean())
    u, parts = np.empty((N_KINDS, N_ORDERS, N_COORDINATES)), np.empty((N_ORDERS, 4))
    for i in np.flatnonzero(pt[:, 0] > 0):
        own = density(pt[i], eta[i], phi[i], cuts, two.shares, two.grids, u, parts)
        other = density(pt[i], eta[i], phi[i], cuts, one.shares, one.grids, u, parts)
        assert parts.sum() == pytest.approx(other)
        ratio[i] = other / own
    error = ratio.std() / np.sqrt(n)
    assert error < 0.03
    assert abs(ratio.mean() - fractions[0]) < 4 * np.hypot(error, 0.5 / np.sqrt(n))


def test_fit_moves_the_density_towards_the_target():
    rng = np.random.default_rng(6)
    cuts = np.array([PT_MIN, ETA_MAX, MASS, 13000.0])
    mixture = Mixture.start(2, 16, rng)

    def spread(mixture):
        n = 4000
        pt, eta, phi = np.zeros((n, 4)), np.zeros((n, 4)), np.zeros((n, 4))
        sample(rng.random((n, N_RANDOM)), cuts, mixture.shares, mixture.grids, pt, eta, phi)
        u, parts = np.empty((N_KINDS, N_ORDERS, N_COORDINATES)), np.empty((N_ORDERS, 2))
        weights = np.zeros(n)
        for i in np.flatnonzero(pt[:, 0] > 0):
            g = density(pt[i], eta[i], phi[i], cuts, mixture.shares, mixture.grids, u, parts)
            weights[i] = np.prod(pt[i] ** -3.0) / g  # a steeply falling target
        histograms = np.zeros_like(mixture.grids)
        accumulate(pt, eta, phi, weights, cuts, mixture.shares, mixture.grids, histograms)
        return mixture.updated(histograms), weights.std() / weights.mean()

    spreads = []
    for _ in range(6):
        mixture, value = spread(mixture)
        spreads.append(value)
    assert min(spreads[-2:]) < 0.6 * spreads[0]
    assert mixture.shares.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(mixture.grids.mean(axis=2), 1.0)


def test_orders_pair_as_they_say():
    charge = np.array([1, -1, 1, -1])
    for kind, wanted in ((0, 0), (1, 2)):
        for order in ORDERS[kind]:
            assert sorted(order.tolist()) == [0, 1, 2, 3]
            assert abs(charge[order[:2]].sum()) == wanted
        assert len({tuple(order) for order in ORDERS[kind].tolist()}) == N_ORDERS


def test_scales_of_a_symmetric_event():
    pt = 30.0
    p = np.array([
        [0, pt, 0, 0], [0, 0, pt, 0], [0, -pt, 0, 0], [0, 0, -pt, 0]
    ], float)  # fmt: skip
    mt = np.hypot(pt, MASS)
    p[:, 0] = mt
    names = set(SCALES) - {"kt_clustered"}
    values = {name: SCALES[name](p[None], MASS).factorisation[0] for name in names}
    assert values == {name: SCALES[name](p[None], MASS).renormalisation[0] for name in names}
    assert values["ht"] == pytest.approx(4 * mt)
    assert values["ht_half"] == pytest.approx(2 * mt)
    assert values["m4b_half"] == pytest.approx(2 * mt)
    assert values["mean_mt"] == pytest.approx(mt)
