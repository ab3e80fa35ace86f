"""Files of factors for other scales and densities."""

import json
import sys

import numpy as np
import pytest

from hh4b import cli
from hh4b.core.contracts import PARTON_WEIGHTS, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.generation.four_b.generator import generate
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.four_b.sampler import Adaptation
from hh4b.generation.lhe import read_lhe, write_lhe
from hh4b.generation.parton_stage import write_parton_weights
from hh4b.generation.parton_weights import parton_weights
from hh4b.generation.settings import FourBProcessSettings, HiggsPairSettings, PartonWeightSettings
from hh4b.generation.signal_stage import write_higgs_pairs

OTHER = "NNPDF31_lo_as_0130"
SCALE = {
    "effect": "partons", "processes": ["hh"], "up": {"mu_factor": 0.5}, "down": {"mu_factor": 2},
}  # fmt: skip
PDF = {"processes": ["hh", "four_b"], "up": {"pdf_set": OTHER}, "down": "mirror"}
QUICK = Adaptation(
    n_components=4, n_bins=16, n_iterations=3, n_points=2000, n_survey=4000, n_batch=2000
)
SAMPLES = {"hh_kl1": "hh", "four_b": "four_b"}


@pytest.fixture(scope="module")
def partons(tmp_path_factory):
    folder = tmp_path_factory.mktemp("partons")
    write_higgs_pairs(
        folder / "hh_kl1.lhe.gz", HiggsPairSettings(kappa_lambda=1.0, events=40, seed=3)
    )
    made = generate(FourBProcess.of(FourBProcessSettings()), 20, seed=3, adaptation=QUICK)
    write_lhe(
        folder / "four_b.lhe.gz", made.events, sqrt_s_gev=13000.0, cross_section_error_pb=0.0,
        provenance=Provenance("generate 4b", {}),
    )  # fmt: skip
    return [folder / "hh_kl1.lhe.gz", folder / "four_b.lhe.gz"]


def settings(systematics, samples=SAMPLES):
    return PartonWeightSettings.checked({"samples": samples, "systematics": systematics})


def test_one_job_makes_the_factors_of_all_samples(partons, tmp_path, monkeypatch):
    content = {"samples": SAMPLES, "systematics": {"scale": SCALE, "pdf": PDF}}
    pattern = tmp_path / "{systematic}_{side}" / "{sample}.h5"
    words = ["parton-weights", *partons, "-o", pattern, "--settings", json.dumps(content)]
    monkeypatch.setattr(sys, "argv", ["hh4b", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code in (0, None)
    made = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.h5"))
    assert made == [
        "pdf_up/four_b.h5", "pdf_up/hh_kl1.h5", "scale_down/hh_kl1.h5", "scale_up/hh_kl1.h5",
    ]  # fmt: skip
    for name, path, power, changes in (
        ("pdf_up/four_b.h5", partons[1], 4, {"pdf_set": OTHER}),
        ("pdf_up/hh_kl1.h5", partons[0], 2, {"pdf_set": OTHER}),
        ("scale_down/hh_kl1.h5", partons[0], 2, {"mu_factor": 2.0}),
    ):
        events = read_lhe(path).events
        wanted = parton_weights(events, 13.0, alpha_s_power=power, **changes)
        factor = read_table(tmp_path / name, PARTON_WEIGHTS)["factor"]
        np.testing.assert_array_equal(factor, wanted)
        found = read_attributes(tmp_path / name)
        assert found["mean_factor"] == pytest.approx(np.average(wanted, weights=events.weights))
        assert found["mean_factor_error"] > 0
        assert found["sum_weights"] == pytest.approx(events.weights.sum())
        assert found["alpha_s_power"] == power
        assert f"{found['systematic']}_{found['side']}/{found['sample']}.h5" == name
        assert found["process"] == SAMPLES[found["sample"]]
    assert read_attributes(tmp_path / "scale_down/hh_kl1.h5")["mu_factor"] == 2.0
    assert read_attributes(tmp_path / "pdf_up/hh_kl1.h5")["pdf_set"] == OTHER


@pytest.mark.parametrize(
    ("systematics", "samples", "output", "message"),
    [
        ({"scale": SCALE}, SAMPLES, "w.h5", r"sample 'four_b': no systematic moves 'four_b'"),
        ({"pdf": PDF}, SAMPLES, "w.h5", r"2 values of sample .* put \{sample\} into its name"),
        (
            {"scale": {**SCALE, "processes": ["hh", "four_b"]}},
            SAMPLES,
            "{sample}.h5",
            r"2 values of side .* put \{side\} into its name",
        ),
        ({"pdf": PDF}, {"hh_kl1": "hh"}, "w.h5", "the process of 'four_b' is missing"),
        (
            {"pdf": PDF},
            {**SAMPLES, "four_b": "hh"},
            "w.h5",
            r"pdf.processes: no parton file is of 'four_b', only of \['hh'\]",
        ),
        (
            {"pdf": {**PDF, "alpha_s_power": 2}},
            SAMPLES,
            "{sample}.h5",
            r"four_b.lhe.gz: pdf.up: alpha_s_power 2: .* \(generate 4b\) goes with .* power 4",
        ),
        (
            {"pdf": {**PDF, "up": {"pdf_set": "CT14qed_proton"}}},
            SAMPLES,
            "{sample}.h5",
            "hh_kl1.lhe.gz: pdf.up: pdf_set 'CT14qed_proton': its name does not say",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(
    partons, tmp_path, systematics, samples, output, message
):
    with pytest.raises(ConfigError, match=message) as error:
        write_parton_weights(partons, str(tmp_path / output), settings(systematics, samples))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "w.h5").exists()


def test_two_files_of_one_sample(partons, tmp_path):
    with pytest.raises(ConfigError, match="two files hold the sample 'hh_kl1'"):
        write_parton_weights([partons[0]] * 2, str(tmp_path / "w.h5"), settings({"scale": SCALE}))


def test_events_of_other_generators_need_the_power(partons, tmp_path):
    events, path = read_lhe(partons[0]).events, tmp_path / "hh_kl1.lhe.gz"
    common = {
        "sqrt_s_gev": 13000.0, "cross_section_error_pb": 0.0, "provenance": Provenance("test", {}),
    }  # fmt: skip
    write_lhe(path, events, **common)
    pattern = str(tmp_path / "{side}.h5")
    with pytest.raises(ConfigError, match="alpha_s_power is missing: the events are by test, know"):
        write_parton_weights([path], pattern, settings({"scale": SCALE}))
    write_parton_weights([path], pattern, settings({"scale": {**SCALE, "alpha_s_power": 3}}))
    assert read_attributes(tmp_path / "up.h5")["alpha_s_power"] == 3
    write_lhe(path, events, lhapdf_id=303400, **common)
    with pytest.raises(ContractError, match=r"number \(303400, 303400\) of LHAPDF"):
        write_parton_weights([path], pattern, settings({"scale": SCALE}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"up": {}}, "up: changes nothing; give mu_factor or pdf_set"),
        ({"down": {}}, "down: changes nothing"),
        ({"up": {"mu_factor": -1}}, "up.mu_factor: value -1"),
        ({"up": "mirror"}, "up: value 'mirror'"),
        ({"down": "other"}, "down: value 'other'"),
        ({"processes": []}, "processes: value"),
        ({"down": {"scale": 2}}, "scale.down.scale: unknown key"),
    ],
)
def test_bad_variations_are_named(changes, message):
    with pytest.raises(ConfigError, match=message) as error:
        settings({"scale": {**SCALE, **changes}})
    assert "\n" not in str(error.value)
