"""Unweighted signal events against the amplitude's own integration, kinematics, weights, Pythia."""

from itertools import pairwise

import numpy as np
import pytest
import pythia8mc
from scipy import stats

from hh4b.core.errors import ConfigError, GeneratorFailed
from hh4b.generation import two_body
from hh4b.generation.acceptance import AcceptanceBias, acceptance_probability
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, mass_spectrum
from hh4b.generation.higgs_pair_grid import load_grid, velocity
from hh4b.generation.higgs_pair_sampling import HiggsPairSampler
from hh4b.generation.lhe import read_lhe
from hh4b.generation.resonance import ResonanceSampler
from hh4b.generation.settings import HiggsPairSettings, Physics, ResonanceSettings
from hh4b.generation.signal_events import SignalRequest, generate
from hh4b.generation.signal_stage import write_higgs_pairs, write_resonance

BIAS_FILE = (
    "{pt_gev: 40, pt_width_gev: 5, abs_eta: 2.5, abs_eta_width: 0.1, delta_r: 0.4,"
    " delta_r_width: 0.05, replacement: 0.05, exponent: 0.5, floor: 0.05}"
)
MODEL = HiggsPairModel(173.0, 125.0)
BEAMS = Collisions(13e3)
BIAS = AcceptanceBias(
    pt_gev=40.0, pt_width_gev=5.0, abs_eta=2.5, abs_eta_width=0.1, delta_r=0.4,
    delta_r_width=0.05, replacement=0.05, exponent=0.5, floor=0.05,
)  # fmt: skip
M_EDGES = np.concatenate([np.arange(250.0, 420.0, 10.0), [450, 500, 600, 800, 1200, 13e3]])
PT_EDGES = np.concatenate([np.arange(0.0, 250.0, 12.5), [275, 325, 400, 600, 6.5e3]])


def mass(momenta):
    return np.sqrt(np.maximum(momenta[..., 0] ** 2 - (momenta[..., 1:] ** 2).sum(-1), 0))


def pt(momenta):
    return np.hypot(momenta[..., 1], momenta[..., 2])


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("signal") / "plain.lhe.gz"
    write_higgs_pairs(path, HiggsPairSettings(kappa_lambda=1.0, events=7001, seed=11))
    return read_lhe(path)


@pytest.fixture(scope="module")
def biased(tmp_path_factory):
    path = tmp_path_factory.mktemp("signal") / "biased.lhe.gz"
    bias = path.with_name("bias.yaml")
    bias.write_text(BIAS_FILE)
    settings = HiggsPairSettings(kappa_lambda=1.0, events=7001, seed=12, acceptance_bias=str(bias))
    write_higgs_pairs(path, settings)
    return read_lhe(path)


def expected_shares(kappa):
    """Shares of the cross section in bins of m_HH and of pT(H), by quadrature."""
    powers = np.array([1.0, kappa, kappa**2])
    x, w = np.polynomial.legendre.leggauss(20)
    low, width = M_EDGES[:-1, None], np.diff(M_EDGES)[:, None]
    # Square-root ends, for the threshold of the pair and of the top quarks.
    position = np.sin(0.25 * np.pi * (x + 1)) ** 2
    slope = 0.25 * np.pi * np.sin(0.5 * np.pi * (x + 1))
    m = np.minimum(low + width * position, 12.99e3)
    weight = width * slope * w * (mass_spectrum(m.ravel(), BEAMS, MODEL) @ powers).reshape(m.shape)
    in_m = weight.sum(1) / weight.sum()
    cos_theta = (np.arange(400) + 0.5) / 400
    angular = load_grid(MODEL, 13e3).polynomial(m.ravel()[:, None], cos_theta) @ powers
    angular *= weight.ravel()[:, None] / angular.sum(1, keepdims=True)
    pt_h = 0.5 * (m * velocity(m, MODEL)).ravel()[:, None] * np.sqrt(1 - cos_theta**2)
    in_pt = np.histogram(pt_h, PT_EDGES, weights=angular)[0]
    return in_m, in_pt / in_pt.sum()


@pytest.mark.parametrize("kappa", [-5.0, 1.0, 2.4, 5.0, 10.0])
def test_shapes_follow_the_amplitude(kappa):
    """m_HH and pT(H) of 40,000 unweighted points against quadrature of the amplitude."""
    sampler = HiggsPairSampler.build(kappa, BEAMS, MODEL)
    points = sampler.trials(50021, np.random.default_rng(29))
    n = len(points.m_hh_gev)
    assert n > 0.7 * 50021
    pt_h = 0.5 * points.m_hh_gev * velocity(points.m_hh_gev, MODEL)
    pt_h = pt_h * np.sqrt(1 - points.cos_theta**2)
    for values, edges, shares in zip(
        (points.m_hh_gev, pt_h), (M_EDGES, PT_EDGES), expected_shares(kappa), strict=True
    ):
        found, expected = np.histogram(values, edges)[0], n * shares
        enough = expected > 10
        chi2 = ((found - expected)[enough] ** 2 / expected[enough]).sum()
        assert stats.chi2.sf(chi2, enough.sum() - 1) > 1e-3, (found, expected)


@pytest.mark.parametrize("kappa", [-10.0, 2.0, 15.0])
def test_rapidity_and_angle(kappa):
    """Both are symmetric; the rapidity at given mass follows the flux."""
    sampler = HiggsPairSampler.build(kappa, BEAMS, MODEL)
    points = sampler.trials(30011, np.random.default_rng(31))
    n = len(points.rapidity)
    for values in (points.rapidity, points.cos_theta):
        assert abs((values > 0).sum() - n / 2) < 4 * np.sqrt(n / 4)
    y = np.linspace(0, 1, 401)
    y_max = BEAMS.rapidity_max(points.m_hh_gev)
    mean_m = np.median(points.m_hh_gev)
    near = np.abs(points.m_hh_gev - mean_m) < 5
    flux = BEAMS.gluon_flux(np.full_like(y, mean_m), y * np.log(13e3 / mean_m))
    cumulative = np.concatenate([[0], np.cumsum(0.5 * (flux[1:] + flux[:-1]))])
    expected = np.interp(np.abs(points.rapidity / y_max)[near], y, cumulative / cumulative[-1])
    assert stats.kstest(expected, "uniform").pvalue > 1e-3


def test_bound_that_fails_is_an_error():
    sampler = HiggsPairSampler.build(1.0, BEAMS, MODEL)
    low = HiggsPairSampler(
        1.0, BEAMS, sampler.grid, sampler.m_edges_gev, sampler.angle_bound / 2, sampler.flux_bound
    )
    with pytest.raises(GeneratorFailed, match="of its bound"):
        low.trials(1009, np.random.default_rng(1))


def test_momenta_masses_and_colours(plain):
    events = plain.events
    p = events.momenta
    np.testing.assert_array_equal(events.pid, np.tile([21, 21, 25, 25, 5, -5, 5, -5], (7001, 1)))
    np.testing.assert_allclose(p[:, :2].sum(1), p[:, 4:].sum(1), atol=2e-5)
    np.testing.assert_allclose(p[:, 2], p[:, 4:6].sum(1), atol=1e-5)
    np.testing.assert_allclose(p[:, 3], p[:, 6:8].sum(1), atol=1e-5)
    np.testing.assert_allclose(mass(p[:, 2:4]), 125.0, rtol=1e-5)
    np.testing.assert_allclose(mass(p[:, 4:]), 4.7, rtol=2e-2)
    assert (p[:, :2, 0] <= 6500.0).all()
    assert (pt(p[:, :2]) == 0).all()
    np.testing.assert_allclose(events.scales, mass(p[:, :2].sum(1)) / 2, rtol=1e-7)
    # Every line begins and ends once among outgoing (b) and incoming (g, crossed) partons.
    colour, anticolour = events.colours[0, :, 0], events.colours[0, :, 1]
    assert sorted(colour[:2]) == sorted(anticolour[:2]) == [501, 502]
    assert sorted(colour[colour > 502]) == sorted(anticolour[anticolour > 502]) == [503, 504]


def test_decays_are_isotropic(plain):
    p = plain.events.momenta
    for higgs, quark in ((2, 4), (3, 6)):
        parent, b = p[:, higgs], p[:, quark]
        # Energy of b in the H frame is m_H / 2; so cos of its angle to the flight direction:
        beta_gamma = np.sqrt((parent[:, 1:] ** 2).sum(1)) / 125.0
        momentum = np.sqrt(62.5**2 - 4.7**2)
        along = (b[:, 0] - parent[:, 0] / 2) / (beta_gamma * momentum)
        assert stats.kstest(along, stats.uniform(-1, 2).cdf).pvalue > 1e-3
        turned = np.cross(parent[:, 1:], [0, 0, 1.0])
        azimuth = np.sign((b[:, 1:] * turned).sum(1))
        assert abs((azimuth > 0).sum() - 3500.5) < 4 * np.sqrt(7001) / 2


def test_weights_are_the_cross_section(plain):
    assert np.ptp(plain.events.weights) == 0
    assert plain.cross_section_pb == pytest.approx(0.019171, rel=1e-3)
    assert plain.provenance["settings"]["kappa_lambda"] == 1.0
    assert plain.provenance["counts"]["n_unweighted"] == 7001


def test_bias_leaves_sums_of_weights_unbiased(plain, biased):
    """Sums of weights agree in bins; the bias is the one asked for; fewer events are wasted."""
    events = biased.events
    assert len(events) == 7001
    b = acceptance_probability(events.momenta[:, 4:], BIAS)
    product = events.weights * b
    np.testing.assert_allclose(product, product[0], rtol=1e-6)
    sigma = plain.cross_section_pb
    assert abs(biased.cross_section_pb - sigma) < 4 * biased.cross_section_error_pb
    assert biased.cross_section_error_pb < 0.03 * sigma
    values = [np.sort(pt(sample.events.momenta[:, 4:]), axis=1)[:, 0] for sample in (plain, biased)]
    edges = [0, 10, 20, 30, 40, 60, 100]
    for low, high in pairwise(edges):
        sums, errors = [], []
        for sample, value in zip((plain, biased), values, strict=True):
            weights = sample.events.weights[(value >= low) & (value < high)] / 7001
            sums.append(weights.sum())
            errors.append((weights**2).sum())
        assert abs(sums[0] - sums[1]) < 4 * np.sqrt(sum(errors))
    # Above 40 GeV there are more events than in the plain sample: that is what it is for.
    assert (values[1] > 40).sum() > 1.5 * (values[0] > 40).sum()


def test_error_of_the_biased_cross_section_is_honest():
    """The scatter of small samples agrees with the error they state, and the mean with sigma."""
    sampler = HiggsPairSampler.build(1.0, BEAMS, MODEL)
    found, errors = [], []
    for seed in range(200):
        request = SignalRequest(53, seed, ("test",), 1.0, 125.0, 4.7, BIAS)
        sample = generate(lambda rng: sampler.trials(200, rng), request, BEAMS)
        found.append(sample.events.weights.mean())
        errors.append(sample.cross_section_error_pb)
    pulls = (np.array(found) - 1.0) / np.mean(errors)
    assert abs(pulls.mean()) < 3 / np.sqrt(200)
    assert 0.85 < pulls.std() < 1.15


def test_same_seed_same_file_and_longer_sample_begins_with_the_shorter(tmp_path):
    def made(name, n_events, seed):
        path = tmp_path / name
        write_higgs_pairs(path, HiggsPairSettings(kappa_lambda=-1.5, events=n_events, seed=seed))
        return path

    one, two = made("one.lhe.gz", 31, 5), made("two.lhe.gz", 31, 5)
    assert one.read_bytes() == two.read_bytes()
    longer, other = read_lhe(made("long.lhe.gz", 47, 5)), read_lhe(made("other.lhe.gz", 31, 6))
    np.testing.assert_array_equal(longer.events.momenta[:31], read_lhe(one).events.momenta)
    assert not np.isclose(other.events.momenta[:, 0, 0], longer.events.momenta[:31, 0, 0]).any()


def test_resonance(tmp_path):
    path = tmp_path / "x.lhe.gz"
    write_resonance(path, ResonanceSettings(mass_gev=450.0, events=5003, seed=3))
    file = read_lhe(path)
    p = file.events.momenta
    np.testing.assert_allclose(mass(p[:, 4:].sum(1)), 450.0, rtol=1e-6)
    assert file.cross_section_pb == pytest.approx(1.0)
    rapidity = 0.5 * np.log(p[:, 0, 0] / p[:, 1, 0])
    y = np.linspace(-np.log(13e3 / 450), np.log(13e3 / 450), 2001)
    flux = BEAMS.gluon_flux(np.full_like(y, 450.0), y)
    cumulative = np.concatenate([[0], np.cumsum(0.5 * (flux[1:] + flux[:-1]))])
    flat = np.interp(rapidity, y, cumulative / cumulative[-1])
    assert stats.kstest(flat, "uniform").pvalue > 1e-3
    # A scalar decays isotropically.
    at_rest = p[:, 2, 3] * np.cosh(rapidity) - p[:, 2, 0] * np.sinh(rapidity)
    momentum = np.sqrt(225.0**2 - 125.0**2)
    assert stats.kstest(at_rest / momentum, stats.uniform(-1, 2).cdf).pvalue > 1e-3


def test_boost_and_decay_conserve():
    rng = np.random.default_rng(2)
    three = rng.normal(size=(101, 3)) * 10 ** rng.uniform(-2, 4, (101, 1))
    parents = np.concatenate([np.sqrt(125.0**2 + (three**2).sum(1))[:, None], three], axis=1)
    daughters = two_body.decay(parents, 125.0, 4.7, rng)
    np.testing.assert_allclose(daughters.sum(1), parents, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": 0}, "events: value 0"),
        ({"b_mass_gev": 70.0}, "b_mass_gev: value 70"),
        ({"kappa_lambda": float("nan")}, "kappa_lambda: value nan"),
        ({"m_higgs_gev": 300.0}, "m_higgs = 300"),
        ({"m_higgs_gev": 8.0, "b_mass_gev": 4.7}, "m_b = 4.7 GeV: must be from 0 to half"),
        ({"sqrt_s_tev": 13000.0}, "sqrt_s = 13000 TeV"),
        ({"sqrt_s_tev": 0.2}, "no room above the threshold"),
        ({"acceptance_bias": "absent.yaml"}, r"absent\.yaml"),
    ],
)
def test_impossible_requests(tmp_path, change, message):
    content = {"kappa_lambda": 1.0, "events": 10, **change}
    with pytest.raises(ConfigError, match=message):
        write_higgs_pairs(tmp_path / "no.lhe.gz", HiggsPairSettings.checked(content))
    assert list(tmp_path.iterdir()) == []


def test_impossible_resonances():
    for mass_gev, message in ((240.0, "m_X = 240 GeV cannot decay"), (14e3, "out of reach")):
        with pytest.raises(ConfigError, match=message):
            ResonanceSampler.build(mass_gev, BEAMS, 125.0)
    with pytest.raises(ConfigError, match="cross_section_pb: value -1"):
        ResonanceSettings.checked({"events": 1, "cross_section_pb": -1.0})


def test_masses_of_the_configuration_reach_every_stage(tmp_path):
    """The Higgs mass of the section `physics` is that of the generated bosons, in any process."""
    physics = Physics.of(m_higgs_gev=120.0, m_top_gev=170.0)
    pairs, resonance = tmp_path / "hh.lhe.gz", tmp_path / "x.lhe.gz"
    write_higgs_pairs(pairs, HiggsPairSettings.of(physics, kappa_lambda=1.0, events=20))
    settings = ResonanceSettings.of(physics, mass_gev=245.0, events=20)
    write_resonance(resonance, settings)
    for path in (pairs, resonance):
        file = read_lhe(path)
        np.testing.assert_allclose(mass(file.events.momenta[:, 2:4]), 120.0, rtol=1e-5)
        assert file.provenance["settings"]["m_higgs_gev"] == 120.0
    assert read_lhe(pairs).provenance["settings"]["m_top_gev"] == 170.0
    with pytest.raises(ConfigError, match="cannot decay"):
        write_resonance(resonance, ResonanceSettings(mass_gev=245.0, events=20))


def test_pythia_showers_the_events(tmp_path):
    path = tmp_path / "events.lhe.gz"
    write_higgs_pairs(path, HiggsPairSettings(kappa_lambda=1.0, events=20, seed=1))
    ours = read_lhe(path).events
    pythia = pythia8mc.Pythia("", False)
    for line in ("Print:quiet = on", "Beams:frameType = 4", f"Beams:LHEF = {path}"):
        assert pythia.readString(line)
    assert pythia.init()
    for event in range(20):
        assert pythia.next()
        process = pythia.process
        assert [process[i].id() for i in range(3, 11)] == ours.pid[event].tolist()
        # Decays as given: the hard process keeps our b momenta.
        for i in range(4, 8):
            given = process[3 + i]
            np.testing.assert_allclose(
                [given.e(), given.px(), given.py(), given.pz()], ours.momenta[event, i], rtol=1e-6
            )
        record = pythia.event
        decayed = [
            sorted(record[d].id() for d in (record[i].daughter1(), record[i].daughter2()))
            for i in range(record.size())
            if record[i].id() == 25 and record[i].daughter1() != record[i].daughter2()
        ]
        assert decayed == [[-5, 5], [-5, 5]]
    assert pythia.infoPython().sigmaGen() == pytest.approx(0.019171e-9, rel=0.01)
