from dataclasses import replace

import numpy as np
import pytest

from hh4b.core.errors import ConfigError
from hh4b.generation.acceptance import AcceptanceBias, acceptance_probability
from hh4b.generation.four_b.events import choose, gluon_flow, quark_flow
from hh4b.generation.four_b.generator import cross_section, generate, varied_sum
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.four_b.sampler import Adaptation, IntegralEstimate, maximum_weight
from hh4b.generation.settings import FourBProcessSettings

QUICK = Adaptation(
    n_components=4, n_bins=16, n_iterations=5, n_points=2000, n_survey=6000, n_batch=2000
)
PROCESS = FourBProcess.of(FourBProcessSettings.of(four_b_scale="ht_half"))
BIAS = AcceptanceBias(
    pt_gev=45.0, pt_width_gev=10.0, abs_eta=2.5, abs_eta_width=0.1, delta_r=0.4,
    delta_r_width=0.2, replacement=0.1, exponent=0.5, floor=0.05,
)  # fmt: skip


@pytest.fixture(scope="module")
def plain():
    return generate(PROCESS, 3000, seed=1, adaptation=QUICK)


@pytest.fixture(scope="module")
def biased():
    return generate(PROCESS, 3000, seed=2, bias=BIAS, adaptation=QUICK)


def least_pt(events):
    return np.hypot(events.momenta[:, 2:, 1], events.momenta[:, 2:, 2]).min(axis=1)


def check_flow(pid, colours):
    """Every line starts once and ends once, where incoming particles count as crossed."""
    starts, ends = [], []
    for i, (colour, anticolour) in enumerate(colours):
        crossed = i < 2
        starts += [line for line in [anticolour if crossed else colour] if line]
        ends += [line for line in [colour if crossed else anticolour] if line]
        has_colour, has_anticolour = bool(colour), bool(anticolour)
        assert (has_colour, has_anticolour) == {21: (True, True)}.get(
            pid[i], (pid[i] > 0, pid[i] < 0)
        )
        assert colour != anticolour
    assert len(set(starts)) == len(starts)
    assert sorted(starts) == sorted(ends)


@pytest.mark.parametrize("structure", range(12))
def test_gluon_flows_are_closed(structure):
    check_flow([21, 21, 5, -5, 5, -5], gluon_flow(structure).tolist())


@pytest.mark.parametrize("structure", range(6))
def test_quark_flows_are_closed(structure):
    check_flow([2, -2, 5, -5, 5, -5], quark_flow(structure).tolist())


def test_all_flows_differ():
    assert len({gluon_flow(i).tobytes() for i in range(12)}) == 12
    assert len({quark_flow(i).tobytes() for i in range(6)}) == 6


@pytest.mark.parametrize("sample", ["plain", "biased"])
def test_events_are_valid(sample, request):
    events = request.getfixturevalue(sample).events
    p = events.momenta
    np.testing.assert_allclose(
        p[:, :2].sum(axis=1), p[:, 2:].sum(axis=1), atol=1e-6 * p[:, 0, 0].max()
    )
    masses = p[..., 0] ** 2 - (p[..., 1:] ** 2).sum(axis=-1)
    np.testing.assert_allclose(masses[:, 2:], 4.7**2, atol=1e-5 * (p[..., 0] ** 2).max())
    assert (events.masses[:, 2:] == 4.7).all()
    assert (p[:, 0, 3] > 0).all()
    assert (p[:, 1, 3] < 0).all()
    assert least_pt(events).min() >= 25.0 - 1e-6
    for pid, colours in zip(events.pid, events.colours.tolist(), strict=True):
        check_flow(pid.tolist(), colours)
    # alpha_s(m_Z) = 0.130 falls with the scale
    assert (np.diff(events.alpha_s[np.argsort(events.scales)]) <= 0).all()


def test_incoming_partons(plain):
    incoming = plain.events.pid[:, :2]
    gluons = (incoming == 21).all(axis=1)
    assert gluons.mean() > 0.97
    quarks = incoming[~gluons]
    assert len(quarks) > 0
    assert (quarks.sum(axis=1) == 0).all()
    assert (abs(quarks) <= 4).all()


def test_plain_events_have_nearly_equal_weights(plain):
    weights = plain.events.weights
    assert weights.mean() == pytest.approx(plain.cross_section_pb, rel=0.01)
    assert (weights > 1.05 * np.median(weights)).mean() < 0.02
    assert plain.counts["overweight_share"] < 0.01


def test_biased_events_have_weights_over_the_bias(biased):
    events = biased.events
    b = acceptance_probability(events.momenta[:, 2:], BIAS)
    product = events.weights * b
    assert np.median(product) == pytest.approx(biased.counts["biased_cross_section_pb"], rel=0.02)
    assert (product > 1.05 * np.median(product)).mean() < 0.02
    assert biased.counts["biased_cross_section_pb"] < 0.5 * biased.cross_section_pb


@pytest.mark.parametrize("observable", ["least_pt", "mass", "abs_eta"])
def test_bias_closes(plain, biased, observable):
    def values(events):
        quarks = events.momenta[:, 2:]
        if observable == "least_pt":
            return least_pt(events)
        if observable == "abs_eta":
            pt = np.hypot(quarks[..., 1], quarks[..., 2])
            return abs(np.arcsinh(quarks[..., 3] / pt)).max(axis=1)
        total = quarks.sum(axis=1)
        return np.sqrt(total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(axis=1))

    edges = np.quantile(values(plain.events), np.linspace(0, 1, 9))
    edges[0], edges[-1] = 0.0, np.inf
    sums, squares = [], []
    for events in (plain.events, biased.events):
        index = np.digitize(values(events), edges) - 1
        w = events.weights / len(events)
        sums.append(np.bincount(index, w, minlength=8))
        squares.append(np.bincount(index, w**2, minlength=8))
    chi2 = ((sums[0] - sums[1]) ** 2 / (squares[0] + squares[1])).sum()
    # 8 degrees of freedom: above 26 in one of a thousand
    assert chi2 < 26.1


def test_any_part_of_the_file_is_a_fair_sample(plain):
    # events of a batch come channel by channel and are mixed afterwards
    quarks = np.flatnonzero(plain.events.pid[:, 0] != 21)
    assert quarks.min() < len(plain.events) / 2 < quarks.max()


def test_same_seed_same_events():
    one, two, three = (
        generate(PROCESS, 50, seed=seed, bias=BIAS, adaptation=QUICK) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one.events.momenta, two.events.momenta)
    np.testing.assert_array_equal(one.events.weights, two.events.weights)
    assert not np.array_equal(one.events.momenta, three.events.momenta)


def test_cross_section_does_not_depend_on_the_density():
    other = Adaptation(
        n_components=2, n_bins=8, n_iterations=4, n_points=2000, n_survey=4000, n_batch=2000
    )
    one = cross_section(PROCESS, seed=1, relative_error=0.02, adaptation=QUICK)
    two = cross_section(PROCESS, seed=2, relative_error=0.02, adaptation=other)
    assert abs(one.value_pb - two.value_pb) < 4 * np.hypot(one.error_pb, two.error_pb)
    assert one.low_pb < one.value_pb < one.high_pb
    assert sum(one.channels_pb.values()) == pytest.approx(one.value_pb)
    # gluons dominate; leading order, HT/2: the band (1/2, 2) holds the note's 628.6 pb
    assert one.low_pb < 628.6 < one.high_pb


def test_scale_factor_one_changes_nothing():
    from hh4b.core.seeds import stream
    from hh4b.generation.four_b.generator import samplers

    sampler = samplers(PROCESS, seed=1, adaptation=QUICK)[0]
    points = sampler.throw(500, stream(1, "test"))
    total = points.weights.sum()
    assert varied_sum(sampler.integrand, points, 1.0) == pytest.approx(total, rel=1e-12)
    low, high = (varied_sum(sampler.integrand, points, f) for f in (2.0, 0.5))
    assert low < total < high


def test_flows_are_chosen_by_weight():
    rng = np.random.default_rng(1)
    picks = choose(np.tile([1.0, 0.0, 3.0], (4000, 1)), rng)
    counts = np.bincount(picks, minlength=3)
    assert counts[1] == 0
    assert counts[0] == pytest.approx(1000, abs=5 * np.sqrt(750))


def test_maximum_weight_leaves_the_asked_share_above():
    rng = np.random.default_rng(1)
    weights = rng.pareto(3.0, 50_000)
    for share in (1e-3, 1e-2, 0.1):
        maximum = maximum_weight(weights, share)
        excess = np.maximum(weights - maximum, 0.0).sum() / weights.sum()
        assert excess == pytest.approx(share, rel=1e-9)
    # of equal weights each gives its part
    assert maximum_weight(np.ones(5), 0.01) == pytest.approx(0.99)


def test_estimate_of_a_known_sum():
    estimate = IntegralEstimate().plus(np.array([1.0, 3.0]), 4).plus(np.array([2.0]), 2)
    values = np.array([1.0, 3.0, 0.0, 0.0, 2.0, 0.0])
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.error == pytest.approx(values.std() / np.sqrt(6))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("pt_min_gev", 0.0), ("pt_min_gev", 5000.0), ("abs_eta_max", -1.0), ("b_mass_gev", 0.0),
        ("sqrt_s_gev", float("nan")), ("mu_factor", 0.0), ("scale", "random"),
    ],
)  # fmt: skip
def test_impossible_settings_are_named(setting, value):
    with pytest.raises(ConfigError, match=str(value)):
        replace(PROCESS, **{setting: value})
