"""The commands of the signal, some through the console script as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hh4b.cli import main
from hh4b.commands.many_values import _repeat_names
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel, form_factors
from hh4b.generation.lhe import read_lhe
from hh4b.generation.reweight import cross_section_coefficients_fb
from hh4b.generation.signal_report import as_table, numbers

HH4B = Path(sys.executable).parent / "hh4b"
MASSES = {"m_higgs_gev": 125.0, "m_top_gev": 173.0}


def console(*words):
    result = subprocess.run([HH4B, *words], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def run(monkeypatch, capsys):
    """The same without starting Python again: returns what is printed."""

    def call(*words, fails=False):
        monkeypatch.setattr(sys, "argv", ["hh4b", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        assert (stop.value.code != 0) == fails, captured.err
        return captured.err if fails else captured.out

    return call


@pytest.mark.parametrize(
    "words",
    [
        ["--kappa-lambda", "-1", "0", "2.4", "-2.5"],
        ["--kappa-lambda", "-1", "--kappa-lambda", "0", "--kappa-lambda=2.4", "-2.5"],
        ["--kappa-lambda", "-1,0", "2.4 -2.5"],
    ],
)
def test_cross_section_of_several_couplings(words):
    rows = json.loads(console("cross-section", "hh", *words, "--sqrt-s", "13", "--json"))
    kappa = np.array([-1.0, 0.0, 2.4, -2.5])
    assert [row["kappa_lambda"] for row in rows] == kappa.tolist()
    expected = np.stack([kappa**0, kappa, kappa**2], -1) @ cross_section_coefficients_fb(
        13.0, **MASSES
    )
    np.testing.assert_allclose([row["cross_section_fb"] for row in rows], expected)
    assert all(0 < row["error_fb"] < 1e-3 * row["cross_section_fb"] for row in rows)


def test_cross_section_table_and_scale(run):
    table = run("cross-section", "hh", "--kappa-lambda", "1", "--mu-factor", "2").split("\n")
    assert table[0].split() == ["kappa_lambda", "cross_section_fb", "error_fb"]
    expected = cross_section_coefficients_fb(13.0, mu_factor=2.0, **MASSES).sum()
    assert float(table[1].split()[1]) == pytest.approx(expected, rel=1e-5)


def test_form_factors(run):
    words = ["form-factors", "--sqrt-s-hat", "300", "400", "--cos-theta", "-0.2", "0.3", "--json"]
    rows = json.loads(run(*words))
    expected = form_factors([300.0, 400.0], [-0.2, 0.3], HiggsPairModel(173.0, 125.0))
    for i, row in enumerate(rows):
        assert complex(*row["F_triangle"]) == expected.f_triangle[i]
        assert complex(*row["F_box"]) == expected.f_box[i]
        assert complex(*row["G_box"]) == expected.g_box[i]
    heavy = [
        "form-factors",
        "--sqrt-s-hat",
        "400",
        "--cos-theta",
        "0.1",
        "--m-top",
        "1e5",
        "--json",
    ]
    row = json.loads(run(*heavy))[0]
    assert row["F_triangle"][0] == pytest.approx(2 / 3, abs=1e-3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cross-section", "hh", "--kappa-lambda", "1", "x"], "--kappa-lambda: 'x' is no number"),
        (["generate", "hh", "--kappa-lambda", "nan"], "kappa_lambda: value nan"),
        (["generate", "hh"], "kappa_lambda: is missing"),
        (["generate", "hh", "--kappa-lambda", "1", "--settings", '{"m_top": 1}'], "m_top: unknown"),
        (["generate", "hh", "--kappa-lambda", "1", "--acceptance-bias", "no.yaml"], "no.yaml"),
        (["generate", "resonance", "--mass", "200"], "m_X = 200 GeV cannot decay"),
        (["form-factors", "--sqrt-s-hat", "200", "--cos-theta", "0"], "200 GeV is below"),
    ],
)
def test_bad_input_is_one_clear_line(run, tmp_path, words, message):
    output = tmp_path / "events.lhe.gz"
    if words[0] == "generate":
        words = [*words, "--events", "10", "-o", str(output)]
    lines = run(*words, fails=True).strip().split("\n")
    assert len(lines) == 1
    assert message in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_generate_with_a_bias(run, tmp_path):
    bias, output = tmp_path / "bias.yaml", tmp_path / "events.lhe.gz"
    bias.write_text(
        "{pt_gev: 40, pt_width_gev: 5, abs_eta: 2.5, abs_eta_width: 0.1, delta_r: 0.4,"
        " delta_r_width: 0.05, replacement: 0.05, exponent: 0.5, floor: 0.05}"
    )
    run(
        "generate", "hh", "--kappa-lambda=-5", "--sqrt-s", "14", "--events", "101",
        "--m-higgs", "120", "--m-top", "170", "--b-mass-gev", "4.2", "--mu-factor", "2",
        "--acceptance-bias", str(bias), "--seed", "7", "-o", str(output),
    )  # fmt: skip
    file = read_lhe(output)
    settings = file.provenance["settings"]
    assert (settings["m_higgs_gev"], settings["m_top_gev"], settings["mu_factor"]) == (120, 170, 2)
    assert settings["acceptance_bias"]["pt_gev"] == 40
    assert file.provenance["counts"]["n_unweighted"] > 101
    assert len(file.events) == 101


def test_values_after_an_option():
    assert _repeat_names(["--k", "-1", "2e-1", "--b", "3", "-v", "4"], {"--k"}) == [
        "--k", "-1", "--k", "2e-1", "--b", "3", "-v", "4",
    ]  # fmt: skip
    assert _repeat_names(["--k=1", "2"], {"--k"}) == ["--k=1", "--k", "2"]


def test_numbers_and_tables():
    assert numbers(["-1", "0,2.4", " 3 4 "], "k") == [-1, 0, 2.4, 3, 4]
    assert numbers(["300", "300"], "k") == [300, 300]
    assert as_table([{"a": 1.0, "z": [0.5, -0.25]}]) == (
        "a                       z\n1  0.50000000-0.25000000i"
    )
