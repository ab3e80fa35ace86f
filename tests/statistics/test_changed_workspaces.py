"""Workspaces that others edited: never read from what is left of the old one."""

import copy

import numpy as np
import pyhf
import pytest

from hh4b.core.errors import ContractError
from hh4b.statistics.engines import find_limits, own_uncertainty
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.scaling import ScaledTemplates
from hh4b.statistics.settings import LimitSettings
from hh4b.statistics.systematics import NormSystematic
from hh4b.statistics.workspace import build_workspace
from hh4b.statistics.workspace_format import read_workspace

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")
NORM = NormSystematic(effect="norm", processes=["four_b"], size=0.07)
KAPPAS = np.array([-10.0, 0.0, 1.0, 15.0])


def specification_of(model="complete", *, by_hypothesis=False):
    background = np.array([[150.0, 80.0, 30.0]])
    if by_hypothesis:
        background = background * (1 + 0.01 * KAPPAS[:, None])
    signal = np.array([[90.0, 40.0, 15.0], [5, 4, 3], [2, 3, 2], [80, 30, 9]])
    scaled = ScaledTemplates(
        KAPPAS,
        signal,
        (0.1 * signal) ** 2,
        {"four_b": BinnedRows(background, (0.05 * background) ** 2)},
        np.array([600.0, 40.0, 20.0, 500.0]),
        139.0,
        13.0,
        0.582,
        bin_edges_gev=(200.0, 400.0, 600.0, 1000.0),
    )
    systematics = {"rate": NORM} if model == "complete" else {}
    return build_workspace(scaled, model=model, systematics=systematics)


def limits_of(specification, **settings):
    content = read_workspace(specification, where="w.json")
    rng = np.random.default_rng(1)
    limits = find_limits(content, LimitSettings.checked({"replicas": 5, **settings}), rng)
    pyhf.set_backend("numpy", "scipy")
    return limits


def sample(specification, name="four_b"):
    return next(one for one in specification["channels"][0]["samples"] if one["name"] == name)


def modifier(specification, kind, name="four_b"):
    return next(one for one in sample(specification, name)["modifiers"] if one["type"] == kind)


def parameter(specification, name, point=3):
    parameters = specification["measurements"][point]["config"]["parameters"]
    return next(one for one in parameters if one["name"] == name)


def remove(entries, **wanted):
    entries[:] = [one for one in entries if any(one[key] != wanted[key] for key in wanted)]


def scale_data(specification, name="four_b", factor=2.0):
    one = sample(specification, name)
    one["data"] = [factor * value for value in one["data"]]


def add_parameter(specification, **content):
    specification["measurements"][3]["config"]["parameters"].append(content)


SIGNAL = "signal_kappa_lambda_15"
CHANGES = {
    "norm removed": lambda w: remove(sample(w)["modifiers"], type="normsys"),
    "norm renamed": lambda w: modifier(w, "normsys").update(name="other"),
    "norm rescaled": lambda w: modifier(w, "normsys").update(data={"hi": 1.2, "lo": 1 / 1.2}),
    "statistics rescaled": lambda w: modifier(w, "staterror").update(data=[30.0, 20.0, 9.0]),
    "statistics removed": lambda w: remove(sample(w)["modifiers"], type="staterror"),
    "statistics renamed": lambda w: modifier(w, "staterror").update(name="staterror_signal"),
    "statistics of the signal": lambda w: modifier(w, "staterror", SIGNAL).update(
        data=[1.0, 2.0, 3.0]
    ),
    "strength removed": lambda w: remove(sample(w, SIGNAL)["modifiers"], type="normfactor"),
    "strength of another": lambda w: modifier(w, "normfactor", SIGNAL).update(
        name="mu_kappa_lambda_1"
    ),
    "factor added": lambda w: sample(w)["modifiers"].append(
        {"name": "free", "type": "normfactor", "data": None}
    ),
    "sample added": lambda w: w["channels"][0]["samples"].append(
        {**copy.deepcopy(sample(w)), "name": "more"}
    ),
    "widths changed": lambda w: parameter(w, "staterror_background").update(sigmas=[0.3] * 3),
    "widths removed": lambda w: parameter(w, "staterror_background").pop("sigmas"),
    "variances changed": lambda w: parameter(w, "monte_carlo_variance_four_b").update(
        inits=[1.0, 1.0, 1.0]
    ),
    "nuisance fixed": lambda w: add_parameter(w, name="rate", fixed=True),
    "nuisance bounded": lambda w: add_parameter(w, name="rate", bounds=[[-1.0, 1.0]]),
    "strength of another on": lambda w: parameter(w, "mu_kappa_lambda_1").update(inits=[1.0]),
    "background rescaled": scale_data,
    "signal rescaled": lambda w: scale_data(w, SIGNAL),
    "counts changed": lambda w: w["observations"][0]["data"].__setitem__(0, 170.0),
}


def test_an_unchanged_workspace_goes_to_the_own_engine():
    for model in ("note", "complete"):
        content = read_workspace(specification_of(model), where="w.json")
        assert content.changed == ""
        assert limits_of(specification_of(model))["engine"] == "own"
    # Where a fit starts and how far the strength goes do not change the result.
    other = specification_of()
    parameter(other, "mu_kappa_lambda_15").update(inits=[1.0], bounds=[[0.0, 20.0]])
    assert read_workspace(other, where="w.json").changed == ""


@pytest.mark.parametrize("change", CHANGES)
def test_the_own_engine_refuses_every_change_and_names_the_other(change):
    specification = specification_of()
    CHANGES[change](specification)
    with pytest.raises(ContractError, match="engine own does not know this model.*engine pyhf"):
        limits_of(specification, engine="own")


@pytest.mark.parametrize("change", ["background rescaled", "counts changed", "signal rescaled"])
def test_the_note_model_knows_its_numbers(change):
    """Yields stand once there: a changed yield is read by both engines, changed counts by one."""
    specification = specification_of("note")
    CHANGES[change](specification)
    if change == "signal rescaled":
        own, other = (limits_of(specification, engine=one) for one in ("own", "pyhf"))
        np.testing.assert_allclose(
            own["cls"]["mu_upper_expected"], other["cls"]["mu_upper_expected"], rtol=1e-4
        )
    else:
        with pytest.raises(ContractError, match=r"no Asimov data .*engine pyhf"):
            limits_of(specification, engine="own")


@pytest.mark.parametrize("change", ["widths changed", "counts changed"])
def test_the_engine_by_itself_is_pyhf_and_quotes_no_errors_of_another_model(change):
    specification = specification_of()
    before = limits_of(specification)
    CHANGES[change](specification)
    after = limits_of(specification)
    assert (before["engine"], after["engine"]) == ("own", "pyhf")
    assert before["profile"]["width_error"] is not None
    assert after["profile"]["width_error"] is None
    assert "errors" not in after
    key = ("profile", "minus_2_delta_log_l") if "counts" in change else ("cls", "mu_upper_expected")
    assert not np.allclose(after[key[0]][key[1]], before[key[0]][key[1]], rtol=1e-2)


def test_pyhf_keeps_a_signal_that_others_switched_on():
    specification = specification_of("note")
    before = limits_of(specification, engine="pyhf", replicas=0)
    parameter(specification, "mu_kappa_lambda_1").update(inits=[5.0])
    after = limits_of(specification, engine="pyhf", replicas=0)
    assert after["cls"]["mu_upper_expected"][3][2] > before["cls"]["mu_upper_expected"][3][2] * 1.01


def test_changed_counts_with_a_background_of_each_hypothesis_are_refused():
    """They were taken for those of the background alone."""
    specification = specification_of("note", by_hypothesis=True)
    CHANGES["counts changed"](specification)
    with pytest.raises(ContractError, match="fit the workspaces of single hypotheses"):
        limits_of(specification)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda w: w["measurements"][2].update(name="standard model"), "called 'standard model'"),
        (lambda w: w["measurements"][2].update(name="kappa_lambda=15.0"), "kappa_lambda=15.0"),
        (lambda w: w["measurements"][2].update(name="kappa_lambda=nan"), "kappa_lambda=nan"),
        (lambda w: w["measurements"][2].update(name="kappa_lambda=15"), "two entries"),
        (lambda w: w["measurements"].pop(1), "'signal_kappa_lambda_0' has no measurement"),
        (lambda w: w["observations"][0]["data"].pop(), "2 observations have 4 bin edges"),
        (lambda w: w["observations"][0]["data"].append(1.0), "4 observations have 4 bin edges"),
        (lambda w: w["observations"].clear(), "no valid pyhf workspace"),
        (lambda w: w["observations"][0].update(name="x"), "one observation of m_hh"),
        (lambda w: w["observations"][0]["data"].__setitem__(0, -1.0), "observations is negative"),
        (lambda w: sample(w)["data"].pop(), r"four_b has the shape \(1, 2\)"),
        (lambda w: sample(w)["data"].__setitem__(0, -3.0), "four_b is negative"),
        (lambda w: sample(w, SIGNAL)["data"].pop(), "inhomogeneous"),
        (lambda w: sample(w, SIGNAL)["data"].__setitem__(1, float("nan")), "not finite"),
        (lambda w: parameter(w, "luminosity_ifb").update(inits=[300.0]), "luminosity_ifb differs"),
        (
            lambda w: [parameter(w, "sqrt_s_tev", n).update(inits=[-13.0]) for n in range(4)],
            "sqrt_s_tev is not positive",
        ),
        (lambda w: parameter(w, "branching_ratio").pop("inits"), "'branching_ratio' is missing"),
        (
            lambda w: parameter(w, "monte_carlo_variance_hh").update(inits=[-1.0, 1.0, 1.0]),
            "variance of hh is negative",
        ),
        (lambda w: parameter(w, "monte_carlo_variance_hh").update(inits=[1.0]), "inhomogeneous"),
    ],
)
def test_broken_workspaces_are_named(damage, message):
    specification = specification_of()
    damage(specification)
    with pytest.raises(ContractError, match=message) as error:
        own_uncertainty(read_workspace(specification, where="w.json"))
    assert "\n" not in str(error.value)
    assert "w.json" in str(error.value)
