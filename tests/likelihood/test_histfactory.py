import copy
import dataclasses

import numpy as np
import pyhf
import pytest
from exchange_example import example_model, expected, minus_2_log_l, random_points

from hh4b.core.errors import ConfigError, ContractError
from hh4b.likelihood.histfactory import histfactory_workspace
from hh4b.likelihood.histfactory_reading import read_histfactory
from hh4b.statistics.workspace_format import quiet_pyhf

KAPPAS = [-5.0, 0.0, 1.0, 1 / 3, 10.0]


def pyhf_model(workspace, name):
    with quiet_pyhf():
        workspace = pyhf.Workspace(workspace)
        model = workspace.model(measurement_name=name)
    return model, workspace.data(model)


def vector(model, mu, values):
    names = model.config.par_names
    start = dict(zip(names, model.config.suggested_init(), strict=True))
    return [{**start, **values, model.config.poi_name: mu}[name] for name in names]


@pytest.mark.parametrize("kappa", [-5.0, 1.0, 10.0])
def test_every_measurement_is_the_likelihood_of_its_kappa(kappa):
    ours = example_model()
    workspace = histfactory_workspace(ours, KAPPAS)
    model, data = pyhf_model(workspace, f"kappa_lambda={kappa:g}")
    counts = np.array(data[: ours.n_bins])
    differences = []
    for _, mu, values in random_points(ours, 20):
        parameters = vector(model, mu, values)
        rows = expected(ours, kappa, mu, values)
        own = np.concatenate([rows[ours.bins_of(name)] for name in model.config.channels])
        np.testing.assert_allclose(
            model.expected_data(parameters, include_auxdata=False), own, rtol=1e-12
        )
        theirs = -2 * model.logpdf(parameters, data)[0]
        differences.append(theirs - minus_2_log_l(ours, kappa, mu, values, counts))
    assert np.ptp(differences) < 1e-8


def test_auxiliary_data_are_nominal_and_observations_the_same_in_all():
    workspace = histfactory_workspace(example_model(), KAPPAS, asimov="sm")
    sets = [pyhf_model(workspace, one["name"])[1] for one in workspace["measurements"]]
    assert all(one == sets[0] for one in sets)
    background = sum(example_model().backgrounds.values())
    total = background + example_model().signal.sum(axis=0)
    np.testing.assert_allclose(sets[0][:7], total, rtol=1e-12)
    assert sets[0][7:] == [0.0] * 5


def test_reads_back_what_it_wrote():
    for data in (None, np.arange(7) * 10.0):
        ours = example_model(data)
        back = read_histfactory(histfactory_workspace(ours, KAPPAS), where="w.json")
        assert back.channels == ours.channels
        assert back.parameters == ours.parameters
        assert (back.luminosity_ifb, back.sqrt_s_tev) == (300.0, 14.0)
        assert data is None if back.data is None else (back.data == data).all()
        for kappa, mu, values in random_points(ours, 5):
            np.testing.assert_allclose(
                expected(back, kappa, mu, values), expected(ours, kappa, mu, values), rtol=1e-10
            )


def broken(change):
    workspace = copy.deepcopy(histfactory_workspace(example_model(), KAPPAS))
    change(workspace)
    return workspace


def add(kind, data):
    def change(workspace):
        name = "lumi" if kind == "lumi" else "other"
        one = {"name": name, "type": kind, "data": data}
        workspace["channels"][1]["samples"][0]["modifiers"].append(one)

    return change


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("shapesys", [1.0, 1.0, 1.0]),
        ("staterror", [1.0, 1.0, 1.0]),
        ("shapefactor", None),
        ("lumi", None),
    ],
)
def test_unknown_modifiers_are_refused_by_name(kind, data):
    workspace = broken(add(kind, data))
    with pytest.raises(ContractError, match=f"w.json: modifier {kind} '.*'tight'.*pyhf"):
        read_histfactory(workspace, where="w.json")


def other_signal(workspace):
    workspace["channels"][0]["samples"][-1]["data"][0] *= 1.01


def other_scale(workspace):
    last = workspace["channels"][0]["samples"][-1]["modifiers"]
    next(one for one in last if one["name"] == "luminosity")["data"]["hi"] = 1.5


def nameless(workspace):
    for one in workspace["measurements"]:
        one["config"]["parameters"] = []
    workspace["measurements"][0]["name"] = "fit"


def width(workspace):
    for one in workspace["measurements"][0]["config"]["parameters"]:
        if one["name"] == "jes":
            one["sigmas"] = [0.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_signal, "no quadratic"),
        (other_scale, "luminosity scales the samples of the signal in loose differently"),
        (nameless, "measurement 'fit' does not say its kappa_lambda"),
        (width, "parameter jes is fixed, or has auxiliary data or a width"),
        (lambda one: one.pop("channels"), "no valid pyhf workspace"),
    ],
)
def test_what_the_model_cannot_hold_is_refused(change, message):
    with pytest.raises(ContractError, match=message):
        read_histfactory(broken(change), where="w.json")


def test_a_file_of_others_needs_three_kappa_lambda_and_their_names():
    two = histfactory_workspace(example_model(), KAPPAS[:2])
    with pytest.raises(ContractError, match="three different"):
        read_histfactory(two, where="w.json")
    theirs = broken(lambda one: None)
    for number, one in enumerate(theirs["measurements"]):
        one["name"] = f"fit_{number}"
        kept = [p for p in one["config"]["parameters"] if p["name"].startswith("mu_")]
        one["config"]["parameters"] = kept
    named = {f"fit_{number}": kappa for number, kappa in enumerate(KAPPAS)}
    back = read_histfactory(theirs, where="w.json", kappas=named)
    assert {one.group for one in back.parameters} == {"other"}
    for kappa, mu, values in random_points(example_model(), 3):
        wanted = expected(example_model(), kappa, mu, values)
        np.testing.assert_allclose(expected(back, kappa, mu, values), wanted, rtol=1e-10)


def test_a_fixed_factor_is_a_constant():
    def change(workspace):
        add("normfactor", None)(workspace)
        for one in workspace["measurements"]:
            setting = {"name": "other", "inits": [1.5], "fixed": True}
            one["config"]["parameters"].append(setting)

    back = read_histfactory(broken(change), where="w.json")
    np.testing.assert_allclose(
        back.backgrounds["four_b"] / example_model().backgrounds["four_b"], [1] * 4 + [1.5] * 3
    )


def test_negative_signal_and_bad_lists_are_refused():
    ours = example_model()
    signal = ours.signal.copy()
    signal[:, 5] = [5.0, -7.0, 2.0]
    negative = dataclasses.replace(ours, signal=signal, shapes=ours.shapes[:3])
    with pytest.raises(ContractError, match=r"kappa_lambda = 1.5 is -1 in bin 1 of channel tight"):
        histfactory_workspace(negative, [0.0, 1.5])
    with pytest.raises(ConfigError, match="kappa_lambda 1 stands twice"):
        histfactory_workspace(ours, [1.0, 1.0])
    double = dataclasses.replace(ours, shapes=(*ours.shapes, ours.shapes[0]))
    with pytest.raises(ContractError, match="shape_kernel has two shifts on four_b"):
        histfactory_workspace(double, KAPPAS)


def twice(section):
    return lambda content: content[section].append(copy.deepcopy(content[section][0]))


def first_sample(workspace):
    return workspace["channels"][0]["samples"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w["observations"][0]["data"].pop(), "observations, its samples have"),
        (lambda w: w["observations"].pop(), "has 0 observations"),
        (twice("channels"), "channels has two entries 'loose'"),
        (twice("observations"), "observations has two entries 'loose'"),
        (twice("measurements"), "measurements has two entries 'kappa_lambda="),
        (lambda w: twice("samples")(w["channels"][1]), "samples of tight has two entries"),
        (lambda w: w["observations"][0]["data"].__setitem__(0, -1.0), "are negative"),
        (lambda w: first_sample(w)["data"].pop(), "observations, its samples have"),
        (
            lambda w: [
                first_sample(w)["modifiers"].append(
                    {"name": "scale", "type": "normfactor", "data": None}
                ),
                w["measurements"][2]["config"]["parameters"].append(
                    {"name": "scale", "fixed": True, "inits": [2.0]}
                ),
            ],
            "sets parameter scale to another value than the first one",
        ),
    ],
)
def test_files_that_others_changed_are_refused_in_one_line(change, message):
    workspace = histfactory_workspace(example_model(), KAPPAS)
    change(workspace)
    with pytest.raises(ContractError, match=message) as error:
        read_histfactory(workspace, where="w.json")
    assert "\n" not in str(error.value)
