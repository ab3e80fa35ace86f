from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.acceptance import AcceptanceBias, acceptance_probability

DEFAULT = Path(__file__).parents[2] / "config/detector/acceptance_bias.yaml"
SIMPLE = AcceptanceBias(
    pt_gev=40.0, pt_width_gev=5.0, abs_eta=2.5, abs_eta_width=0.1, delta_r=0.4,
    delta_r_width=0.1, replacement=0.05, exponent=0.5, floor=0.01,
)  # fmt: skip


def quarks(pt, eta, phi):
    pt, eta, phi = np.broadcast_arrays(*(np.asarray(v, float) for v in (pt, eta, phi)))
    pz = pt * np.sinh(eta)
    energy = np.sqrt(pt**2 + pz**2 + 4.7**2)
    return np.stack([energy, pt * np.cos(phi), pt * np.sin(phi), pz], axis=-1)


def by_hand(pt, eta, phi, bias):
    def turn_on(x):
        return 1 / (1 + np.exp(-x))

    estimate = 1.0
    r = bias.replacement
    for i in range(4):
        inside = turn_on((pt[i] - bias.pt_gev) / bias.pt_width_gev)
        inside *= turn_on((bias.abs_eta - abs(eta[i])) / bias.abs_eta_width)
        estimate *= r + (1 - r) * inside
        for j in range(i):
            d_phi = abs((phi[i] - phi[j] + np.pi) % (2 * np.pi) - np.pi)
            distance = np.hypot(eta[i] - eta[j], d_phi)
            estimate *= r + (1 - r) * turn_on((distance - bias.delta_r) / bias.delta_r_width)
    return bias.floor + (1 - bias.floor) * estimate**bias.exponent


def test_equals_the_formula_written_out():
    rng = np.random.default_rng(3)
    pt, eta, phi = (
        rng.uniform(25, 90, (11, 4)),
        rng.normal(size=(11, 4)),
        rng.uniform(-3, 3, (11, 4)),
    )
    wanted = [by_hand(*row, SIMPLE) for row in zip(pt, eta, phi, strict=True)]
    np.testing.assert_allclose(
        acceptance_probability(quarks(pt, eta, phi), SIMPLE), wanted, rtol=1e-10
    )


@given(seed=st.integers(0, 1000), angle=st.floats(-7.0, 7.0))
def test_order_of_quarks_and_azimuth_do_not_matter(seed, angle):
    rng = np.random.default_rng(seed)
    pt, eta, phi = rng.uniform(25, 90, 4), rng.normal(size=4), rng.uniform(-3, 3, 4)
    order = rng.permutation(4)
    events = np.stack([quarks(pt, eta, phi), quarks(pt[order], eta[order], phi[order] + angle)])
    one, two = acceptance_probability(events, SIMPLE)
    assert one == pytest.approx(two, rel=1e-9)
    assert SIMPLE.floor <= one <= 1.0


def test_hard_and_wide_quarks_count_more():
    phi = [0.0, 1.5, 3.0, 4.5]
    events = np.stack([
        quarks(80.0, 0.0, phi),
        quarks([80.0, 80.0, 80.0, 26.0], 0.0, phi),
        quarks(80.0, [0.0, 0.0, 0.0, 2.9], phi),
        quarks(80.0, 0.0, [0.0, 0.1, 3.0, 4.5]),
    ])  # fmt: skip
    b = acceptance_probability(events, SIMPLE)
    assert b[0] > 0.9
    assert (b[1:] < 0.7 * b[0]).all()


def test_no_event_is_cut():
    extreme = np.stack(
        [quarks([1e-3] * 4, 0.0, 0.0), quarks([25.0] * 4, 9.0, 0.0), np.zeros((4, 4))]
    )
    bias = AcceptanceBias.from_file(DEFAULT)
    b = acceptance_probability(extreme, bias)
    assert np.isfinite(b).all()
    assert (b >= bias.floor).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pt": 40}, "'pt'"),
        ({"floor": 0.0}, "'floor', value 0.0"),
        ({"replacement": 1.5}, "'replacement', value 1.5"),
        ({"pt_gev": "hard"}, "'pt_gev', value 'hard'"),
        ({"exponent": None}, "'exponent'"),
    ],
)
def test_bad_values_are_named(tmp_path, change, message):
    content = {**yaml.safe_load(DEFAULT.read_text()), **change}
    path = tmp_path / "bias.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=message):
        AcceptanceBias.from_file(path)


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        AcceptanceBias.from_file(tmp_path / "nowhere.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("pt_gev: [")
    with pytest.raises(ConfigError, match=r"broken.yaml is not YAML"):
        AcceptanceBias.from_file(broken)
    broken.write_text("- 1\n- 2\n")
    with pytest.raises(ConfigError, match="expected the keys"):
        AcceptanceBias.from_file(broken)


def test_wrong_shape_is_refused():
    with pytest.raises(ContractError, match=r"\(4, 4\)"):
        acceptance_probability(np.ones((4, 4)), SIMPLE)
