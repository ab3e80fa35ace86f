"""Files of factors that take parton events to another energy."""

import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest

from hh4b import cli
from hh4b.core.contracts import ENERGY_WEIGHTS, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.generation.energy_reweight import energy_weights, partonic_energy_gev
from hh4b.generation.energy_stage import MeanFactor, write_energy_weights
from hh4b.generation.lhe import read_lhe, write_lhe
from hh4b.generation.settings import EnergyWeightSettings, HiggsPairSettings
from hh4b.generation.signal_stage import write_higgs_pairs


@pytest.fixture(scope="module")
def partons(tmp_path_factory):
    path = tmp_path_factory.mktemp("partons") / "hh_kl1.lhe.gz"
    write_higgs_pairs(path, HiggsPairSettings(kappa_lambda=1.0, events=40, seed=3))
    return path


def settings(*energies):
    return EnergyWeightSettings.checked({"sqrt_s_tev": list(energies)})


def test_incoming_partons_are_read_as_they_stand_in_the_whole_event(partons):
    whole, part = read_lhe(partons), read_lhe(partons, particles=2)
    assert (part.sqrt_s_gev, part.lhapdf_ids, len(part.events)) == (13000.0, (247000, 247000), 40)
    assert part.events.pid.shape == (40, 2)
    np.testing.assert_array_equal(part.events.momenta, whole.events.momenta[:, :2])
    np.testing.assert_array_equal(part.events.scales, whole.events.scales)
    np.testing.assert_array_equal(part.events.weights, whole.events.weights)
    some = read_lhe(partons, 7, 5, particles=2).events
    np.testing.assert_array_equal(some.momenta, whole.events.momenta[7:12, :2])


def test_a_row_is_an_event_of_the_parton_file(partons, tmp_path):
    write_energy_weights([partons], str(tmp_path / "w.h5"), settings(14.0))
    table = read_table(tmp_path / "w.h5", ENERGY_WEIGHTS)
    events = read_lhe(partons).events
    np.testing.assert_array_equal(table["factor"], energy_weights(events, 13.0, 14.0))
    pair = events.momenta[:, :2].sum(axis=1)
    mass = np.sqrt(pair[:, 0] ** 2 - pair[:, 3] ** 2)
    np.testing.assert_allclose(table["sqrt_s_hat_gev"], mass, rtol=1e-9)
    np.testing.assert_array_equal(table["sqrt_s_hat_gev"], partonic_energy_gev(events))
    found = read_attributes(tmp_path / "w.h5")
    assert found["sample"] == "hh_kl1"
    assert (found["sqrt_s_tev"], found["sqrt_s_from_tev"], found["n_events"]) == (14.0, 13.0, 40)
    assert found["pdf"] == "NNPDF23_lo_as_0130_qed"
    assert found["sum_weights"] == pytest.approx(events.weights.sum())
    assert found["mean_factor"] == pytest.approx(
        np.average(table["factor"], weights=events.weights)
    )
    assert 0 < found["mean_factor_error"] < 0.05


def test_the_mean_goes_over_weighted_events():
    mean = MeanFactor.of(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 1.0]))
    # Mean 9/4; deviations -5/4, -1/4, 7/4 with weights 1, 2, 1 over 4.
    assert mean.value == 2.25
    assert mean.error == pytest.approx(np.sqrt(25 / 16 + 4 / 16 + 49 / 16) / 4)


def test_several_samples_and_energies(partons, tmp_path, monkeypatch):
    other = tmp_path / "hh_kl2.4.lhe.gz"
    other.write_bytes(partons.read_bytes())
    pattern = tmp_path / "{energy}tev" / "{sample}.h5"
    words = ["energy-weights", partons, other, "-o", pattern, "--sqrt-s-tev", "14,13.6"]
    monkeypatch.setattr(sys, "argv", ["hh4b", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 0
    for energy in (14.0, 13.6):
        for sample in ("hh_kl1", "hh_kl2.4"):
            with h5py.File(tmp_path / f"{energy:g}tev/{sample}.h5") as file:
                assert (file.attrs["sample"], file.attrs["sqrt_s_tev"]) == (sample, energy)


def test_what_cannot_be_written_is_named(partons, tmp_path):
    output = str(tmp_path / "w.h5")
    for files, wanted, message in (
        ([partons], settings(14.0, 8.0), r"2 values of energy .* put \{energy\} into its name"),
        ([partons, partons], settings(14.0), r"2 values of sample .* put \{sample\} into its name"),
        ([tmp_path / "hh.root"], settings(14.0), r"hh.root: expected a Les Houches file SAMPLE"),
    ):
        with pytest.raises(ConfigError, match=message):
            write_energy_weights(files, output, wanted)
    with pytest.raises(ConfigError, match="two files hold the sample 'hh_kl1'"):
        write_energy_weights([partons, partons], str(tmp_path / "{sample}.h5"), settings(14.0))
    with pytest.raises(ContractError, match=r"hh_kl1.lhe.gz: its events are of 13 TeV already"):
        write_energy_weights([partons], output, settings(13.0))
    with pytest.raises(ConfigError, match="an energy stands there twice"):
        settings(14.0, 14.0)
    with pytest.raises(ConfigError, match="sqrt_s_tev"):
        settings()
    assert not list(tmp_path.iterdir())


def test_events_of_other_densities_or_without_scale_are_named(partons, tmp_path):
    events, path = read_lhe(partons).events, tmp_path / "foreign.lhe.gz"
    common = {
        "sqrt_s_gev": 13000.0, "cross_section_error_pb": 0.0, "provenance": Provenance("test", {}),
    }  # fmt: skip
    write_lhe(path, events, lhapdf_id=303400, **common)
    with pytest.raises(ContractError, match=r"foreign.lhe.gz: .* number \(303400, 303400\)"):
        write_energy_weights([path], str(tmp_path / "w.h5"), settings(14.0))
    write_lhe(path, replace(events, scales=np.zeros(len(events))), **common)
    with pytest.raises(ContractError, match="foreign.lhe.gz: event 0 has no scale"):
        write_energy_weights([path], str(tmp_path / "w.h5"), settings(14.0))
