import copy
import dataclasses

import numpy as np
import pytest
from exchange_example import example_model, expected, random_points

from hh4b.core.errors import ConfigError, ContractError
from hh4b.likelihood.hs3 import hs3_workspace
from hh4b.likelihood.hs3_reading import read_hs3

BASIS = [0.0, 1.0, 10.0]


def assert_same(back, ours):
    for kappa, mu, values in random_points(ours, 5):
        np.testing.assert_allclose(
            expected(back, kappa, mu, values), expected(ours, kappa, mu, values), rtol=1e-10
        )


@pytest.mark.parametrize("basis", [BASIS, [-5.0, 2.4, 7.0]])
def test_reads_back_what_it_wrote(basis):
    for data in (None, np.arange(7) * 10.0):
        ours = example_model(data)
        back = read_hs3(hs3_workspace(ours, basis, provenance='{"seed": 1}'), where="w.json")
        assert back.channels == ours.channels
        assert back.parameters == ours.parameters
        assert (back.luminosity_ifb, back.sqrt_s_tev) == (300.0, 14.0)
        assert data is None if back.data is None else (back.data == data).all()
        assert_same(back, ours)


def test_reads_functions_as_others_write_them():
    content = hs3_workspace(example_model(), BASIS)
    del content["misc"]
    # 1 - 1.1 k + 0.1 k^2 and so on: in a product with mu, with powers of ROOT, as a sum.
    content["functions"] = [
        {"name": "s0", "type": "generic_function", "expression": "(kappa_lambda - 1)"},
        {"name": "s1", "type": "generic_function", "expression": "(kappa_lambda - 10) / 10"},
        {"name": "signal_0_share", "type": "product", "factors": ["s0", "s1"]},
        {
            "name": "signal_1_share",
            "type": "generic_function",
            "expression": "-(kappa_lambda^2 - 10*kappa_lambda)/9",
        },
        {"name": "a", "type": "generic_function", "expression": "pow(kappa_lambda, 2) / 90"},
        {"name": "b", "type": "product", "factors": ["kappa_lambda", "minus"]},
        {"name": "signal_2_share", "type": "sum", "summands": ["a", "b"]},
    ]
    content["parameter_points"][0]["parameters"].append(
        {"name": "minus", "value": -1 / 90, "const": True}
    )
    back = read_hs3(content, where="w.json")
    assert {one.group for one in back.parameters} == {"other"}
    assert_same(back, example_model())


def first(content, kind, channel=1):
    for sample in content["distributions"][channel]["samples"]:
        for one in sample["modifiers"]:
            if one["type"] == kind:
                return one
    raise AssertionError(kind)


def unknown(content):
    one = {"name": "other", "type": "staterror", "parameters": []}
    content["distributions"][1]["samples"][0]["modifiers"].append(one)


def share(expression):
    def change(content):
        content["functions"][0]["expression"] = expression

    return change


def twice(section):
    return lambda content: content[section].append(copy.deepcopy(content[section][0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (unknown, "modifier staterror 'other' of sample 'four_b' in channel 'tight'"),
        (lambda one: first(one, "normsys").update(constraint="Poisson"), "constraint 'Poisson'"),
        (lambda one: first(one, "histosys")["data"].update(interpolation="code0"), "'code0'"),
        (share("kappa_lambda*kappa_lambda*kappa_lambda"), "times a quadratic"),
        (share("mu * kappa_lambda"), "times a quadratic"),
        (share("kappa_lambda * kappa_t"), "depends on 'kappa_t'"),
        (share("exp(kappa_lambda)"), "more than arithmetic"),
        (share("signal_0_share * kappa_lambda"), "needs itself"),
        (share("kappa_lambda +"), "more than arithmetic"),
        (lambda one: one["functions"][0].update(type="interpolation"), "type interpolation"),
        (lambda one: one["distributions"][0].update(type="gaussian_dist"), "gaussian_dist"),
        (lambda one: one["likelihoods"][0].update(aux_distributions=["x"]), "constraints of its"),
        (lambda one: one.update(likelihoods=[]), "likelihoods is empty"),
        (twice("functions"), "functions has two entries 'signal_0_share'"),
        (twice("distributions"), "distributions has two entries"),
        (twice("data"), "data has two entries"),
        (twice("likelihoods"), "likelihoods has two entries"),
        (lambda one: twice("samples")(one["distributions"][0]), "samples of loose has two entries"),
        (lambda one: one.pop("data"), "no whole HS3 file"),
        (lambda one: one["data"][0].update(contents=[[1.0], 2.0]), "no whole HS3 file"),
        (lambda one: one["data"][0].update(contents=["x"]), "no whole HS3 file"),
        (lambda one: one["data"][0]["contents"].pop(), "data must be 7 counts"),
    ],
)
def test_what_the_model_cannot_hold_is_refused(change, message):
    content = copy.deepcopy(hs3_workspace(example_model(), BASIS))
    change(content)
    with pytest.raises(ContractError, match=message):
        read_hs3(content, where="w.json")


def test_bad_bases_and_negative_signals_are_refused():
    ours = example_model()
    with pytest.raises(ConfigError, match="basis_kappa: 2 values"):
        hs3_workspace(ours, [0.0, 1.0])
    signal = ours.signal.copy()
    signal[:, 5] = [5.0, -7.0, 2.0]
    negative = dataclasses.replace(ours, signal=signal, shapes=ours.shapes[:3])
    with pytest.raises(ContractError, match=r"kappa_lambda = 1.5 is -1 in bin 1 of channel tight"):
        hs3_workspace(negative, [0.0, 1.5, 10.0])
    # Beside the hole the same signal can be said.
    assert_same(read_hs3(hs3_workspace(negative, BASIS), where="w.json"), negative)
