"""Events reweighted to other scales and densities, against cross sections of these."""

from functools import partial

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.energy_stage import MeanFactor
from hh4b.generation.four_b.generator import cross_section as four_b_cross_section
from hh4b.generation.four_b.generator import generate
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.four_b.sampler import Adaptation
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, cross_section
from hh4b.generation.lhe import LheEvents, read_lhe
from hh4b.generation.parton_weights import parton_weights
from hh4b.generation.pdf import DEFAULT_SET, load_pdf
from hh4b.generation.settings import FourBProcessSettings, HiggsPairSettings
from hh4b.generation.signal_stage import write_higgs_pairs

OTHER = "NNPDF31_lo_as_0118"
QUICK = Adaptation(
    n_components=4, n_bins=16, n_iterations=5, n_points=2000, n_survey=6000, n_batch=2000
)


def by_hand(pids=(2, -2), x=(0.02, 0.3), scale=150.0, alpha_s=None):
    """Return one event of two incoming partons at 13 TeV; mu_R is 91.188 GeV by default."""
    energy = 6500.0 * np.array(x)
    momenta = np.zeros((1, 2, 4))
    momenta[0, :, 0], momenta[0, :, 3] = energy, energy * [1, -1]
    zeros = np.zeros((1, 2, 2), int)
    return LheEvents(
        np.array([pids]), np.array([[-1, -1]]), zeros, zeros, momenta, np.zeros((1, 2)),
        np.ones(1), np.array([scale]), np.array([0.13 if alpha_s is None else alpha_s]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    path = tmp_path_factory.mktemp("partons") / "hh_kl1.lhe.gz"
    write_higgs_pairs(path, HiggsPairSettings(kappa_lambda=1.0, events=4000, seed=5))
    return read_lhe(path, particles=2).events


@pytest.fixture(scope="module")
def four_b():
    return generate(FourBProcess.of(FourBProcessSettings()), 2000, seed=1, adaptation=QUICK)


@pytest.mark.parametrize(
    ("mu_factor", "pdf_set", "power"), [(2.0, DEFAULT_SET, 4), (0.5, OTHER, 2), (1.0, OTHER, 0)]
)
@pytest.mark.parametrize("pids", [(2, -2), (-1, 1), (21, 21)])
def test_a_weight_is_the_ratio_of_couplings_and_densities(mu_factor, pdf_set, power, pids):
    event = by_hand(pids)
    old, new = load_pdf(), load_pdf(pdf_set)
    wanted = (AlphaS.of_set(pdf_set)(mu_factor * 91.188) / 0.13) ** power
    for pid, x in zip(pids, (0.02, 0.3), strict=True):
        wanted *= new.xf(pid, x, mu_factor * 150.0) / old.xf(pid, x, 150.0)
    found = parton_weights(event, 13.0, alpha_s_power=power, mu_factor=mu_factor, pdf_set=pdf_set)
    assert found == pytest.approx(wanted, rel=1e-9)


def test_the_coupling_runs_from_the_scale_of_the_event_that_is_not_scalup():
    event = by_hand(scale=120.0, alpha_s=float(AlphaS()(40.0)))
    pdf = [load_pdf().xf_many((2, -2), [0.02, 0.3], q) for q in (240.0, 120.0)]
    flux = [one[0, 0] * one[1, 1] for one in pdf]
    wanted = (AlphaS()(80.0) / AlphaS()(40.0)) ** 4 * flux[0] / flux[1]
    found = parton_weights(event, 13.0, alpha_s_power=4, mu_factor=2.0)
    assert found == pytest.approx(wanted, rel=1e-9)
    assert parton_weights(event, 13.0, alpha_s_power=4) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("mu_factor", "pdf_set"), [(0.5, DEFAULT_SET), (2.0, DEFAULT_SET), (1.0, OTHER), (2.0, OTHER)]
)
def test_pairs_have_the_cross_section_of_the_other_scale_and_densities(pairs, mu_factor, pdf_set):
    factor = parton_weights(pairs, 13.0, alpha_s_power=2, mu_factor=mu_factor, pdf_set=pdf_set)
    mean = MeanFactor.of(factor, pairs.weights)
    there = Collisions(13000.0, mu_factor, pdf_set, AlphaS.of_set(pdf_set))
    sigma = [
        float(cross_section(one, HiggsPairModel(173.0, 125.0)).at(1.0))
        for one in (there, Collisions(13000.0))
    ]
    assert mean.error < 0.005
    assert abs(mean.value - sigma[0] / sigma[1]) < 4 * mean.error


def test_pairs_of_one_scale_are_those_generated_at_another(pairs, tmp_path):
    path = tmp_path / "hh.lhe.gz"
    write_higgs_pairs(path, HiggsPairSettings(kappa_lambda=1.0, events=4000, seed=6, mu_factor=2.0))
    there = read_lhe(path, particles=2).events
    back = parton_weights(there, 13.0, alpha_s_power=2, mu_factor=0.5)
    edges = [250, 350, 400, 450, 500, 600, 1e4]
    mass = [2 * np.sqrt(one.momenta[:, :, 0].prod(axis=1)) for one in (pairs, there)]
    counts, squares = np.histogram(mass[0], edges, weights=pairs.weights)[0], []
    for values, weights in zip(mass, (pairs.weights, there.weights * back), strict=True):
        squares.append(np.histogram(values, edges, weights=weights**2)[0])
    found = np.histogram(mass[1], edges, weights=there.weights * back)[0]
    assert ((counts - found) ** 2 / (squares[0] + squares[1])).sum() < 20


def test_four_b_has_the_cross_section_of_other_scales(four_b):
    sigma = four_b_cross_section(
        FourBProcess.of(FourBProcessSettings()), seed=2, relative_error=0.02, adaptation=QUICK
    )
    for mu_factor, wanted in ((0.5, sigma.high_pb), (2.0, sigma.low_pb)):
        events = four_b.events
        factor = parton_weights(events, 13.0, alpha_s_power=4, mu_factor=mu_factor)
        mean = MeanFactor.of(factor, events.weights)
        assert mean.error < 0.01
        # The ratio of both cross sections is of the same points.
        assert mean.value == pytest.approx(wanted / sigma.value_pb, abs=5 * mean.error)


def test_events_generated_at_one_scale_have_the_cross_section_of_another(four_b):
    there = generate(
        FourBProcess.of(FourBProcessSettings(mu_factor=2.0)), 2000, seed=3, adaptation=QUICK
    )
    factor = parton_weights(four_b.events, 13.0, alpha_s_power=4, mu_factor=2.0)
    mean = MeanFactor.of(factor, four_b.events.weights)
    found = mean.value * four_b.cross_section_pb
    errors = (mean.error * four_b.cross_section_pb, mean.value * four_b.cross_section_error_pb)
    error = np.linalg.norm([*errors, there.cross_section_error_pb])
    assert error < 0.05 * found
    assert abs(found - there.cross_section_pb) < 4 * error


@pytest.mark.parametrize(
    ("event", "changes", "kind", "message"),
    [
        (by_hand(), {"mu_factor": 0.0}, ConfigError, "mu_factor: value 0.0: expected a positive"),
        (by_hand(), {"pdf_set": "CT14qed_proton"}, ConfigError, "name does not say alpha_s"),
        (by_hand(), {"pdf_set": "NNPDF99_as_0118"}, InputFileError, "NNPDF99_as_0118_0000.dat"),
        (by_hand(alpha_s=0.0), {}, ContractError, r"event 0 has no alpha_s \(AQCDUP\)"),
        (by_hand(scale=0.0), {}, ContractError, r"event 0 has no scale \(SCALUP\)"),
        (by_hand(x=(0.1, 1.2)), {}, ContractError, "event 0 is not of 13 TeV: x is above 1"),
        (
            by_hand(scale=8.0),
            {"mu_factor": 0.1, "pdf_set": OTHER},
            ContractError,
            f"event 0 has a scale below .* the lowest of {OTHER}",
        ),
    ],
)
def test_what_cannot_be_reweighted_is_named(event, changes, kind, message):
    with pytest.raises(kind, match=message) as error:
        parton_weights(event, 13.0, **{"alpha_s_power": 2, "mu_factor": 2.0, **changes})
    assert "\n" not in str(error.value)


def test_a_coupling_has_a_scale():
    scales = np.array([20.0, 91.188, 700.0])
    of_set = partial(AlphaS.of_set, OTHER)
    np.testing.assert_allclose(of_set().scale_gev(of_set()(scales)), scales, rtol=1e-12)
    assert AlphaS.of_set(DEFAULT_SET) == AlphaS()
