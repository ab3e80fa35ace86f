import numpy as np
import pytest

from hh4b.detector.propagation import propagate
from hh4b.detector.settings import FieldSettings

FIELD = FieldSettings(radius_m=1.15, half_length_m=3.51, strength_t=2.0)


def follow(particles, i, charge, step=2e-4):
    """Integrate the equation of motion in small steps (midpoint rule) up to the surface, in m."""
    x = np.array([particles.x[i], particles.y[i], particles.z[i]]) * 1e-3
    p = np.array([particles.px[i], particles.py[i], particles.pz[i]])
    size = np.linalg.norm(p)
    kick = 0.299792458 * charge * FIELD.strength_t * step / size

    def turned(q, part):
        return q + part * kick * np.array([q[1], -q[0], 0.0])

    while np.hypot(x[0], x[1]) < FIELD.radius_m and abs(x[2]) < FIELD.half_length_m:
        middle = turned(p, 0.5)
        x = x + step * middle / size
        p = p + kick * np.array([middle[1], -middle[0], 0.0])
    return np.arcsinh(x[2] / np.hypot(x[0], x[1])), np.arctan2(x[1], x[0])


@pytest.mark.parametrize(
    ("row", "charge"),
    [
        ((211, 1.0, 0.3, 0.5), 1),
        ((-211, 0.7, -0.8, -3.0), -1),
        ((211, 0.15, 1.1, 2.0), 1),  # loops, ends at the end cap
        ((-13, 5.0, 2.2, 1.0), 1),  # end cap without looping
        ((321, 3.0, 0.2, 1.0, (12.0, -7.0, 30.0)), 1),
        ((22, 3.0, 0.9, 1.0, (120.0, -70.0, -300.0)), 0),
        ((130, 3.0, -1.9, 1.0, (0.0, 0.0, 3000.0)), 0),
    ],
)
def test_paths_agree_with_step_by_step_integration(make_particles, row, charge):
    particles = make_particles([row])
    impacts = propagate(particles, FIELD)
    eta, phi = follow(particles, 0, charge)
    assert impacts.reached[0]
    assert impacts.charge[0] == charge
    assert impacts.eta[0] == pytest.approx(eta, abs=2e-3)
    assert np.cos(impacts.phi[0] - phi) > 1 - 1e-5


def test_sagitta_by_hand(make_particles):
    # R = pT / (0.3 B): the chord of length 1.15 m turns by asin(1.15 / 2R).
    impacts = propagate(make_particles([(211, 10.0, 0.0, 0.0)]), FIELD)
    turn = np.arcsin(1.15 / 2 / (10 / (0.299792458 * 2)))
    assert impacts.phi[0] == pytest.approx(-turn, rel=1e-9)
    assert impacts.track_phi[0] == pytest.approx(0.0, abs=1e-12)


def test_particles_outside_or_along_the_beam_are_lost(make_particles):
    particles = make_particles(
        [(211, 1.0, 0.0, 0.0, (1200.0, 0.0, 0.0)), (211, 1.0, 0.0, 0.0, (0.0, 0.0, -3600.0)),
         (22, 1e-5, 3.0, 0.0), (22, 1.0, 0.0, 0.0)]
    )  # fmt: skip
    assert propagate(particles, FIELD).reached.tolist() == [False, False, False, True]


def test_rotation_about_the_beam_rotates_the_impact(make_particles):
    rng = np.random.default_rng(5)
    rows = [(211, rng.exponential(2) + 0.1, rng.normal(0, 1.5), 0.1) for _ in range(50)]
    turned = [(pid, pt, eta, phi + 1.3) for pid, pt, eta, phi in rows]
    first, second = (propagate(make_particles(r), FIELD) for r in (rows, turned))
    assert second.eta == pytest.approx(first.eta)
    assert np.cos(second.phi - first.phi - 1.3) == pytest.approx(1.0)


def test_opposite_charges_bend_symmetrically(make_particles):
    impacts = propagate(make_particles([(211, 0.9, 0.4, 0.0), (-211, 0.9, 0.4, 0.0)]), FIELD)
    assert impacts.phi[0] == pytest.approx(-impacts.phi[1])
    assert impacts.phi[0] < -0.3
