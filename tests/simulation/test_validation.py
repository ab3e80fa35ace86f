import json
from dataclasses import replace

import numpy as np
import pytest

from hh4b import cli
from hh4b.core.errors import ContractError, InputFileError
from hh4b.simulation.generator_input import GeneratorEvents, read_generator_events
from hh4b.simulation.observables import (
    Observed,
    higgs_masses,
    higgs_quarks,
    nearest,
    peak_position,
    read_observed,
)
from hh4b.simulation.settings import SimulateSettings
from hh4b.simulation.simulate_stage import simulate
from hh4b.simulation.validation import (
    Comparison,
    chi2_distance,
    distances,
    numbers,
    response_bins,
)


def observed(offsets, pt, **columns):
    n_jets, n_events = len(pt), len(offsets) - 1
    fill = {
        "eta": np.zeros(n_jets), "phi": np.zeros(n_jets), "mass": np.full(n_jets, 10.0),
        "flavor": np.full(n_jets, 5), "tagged": np.ones(n_jets, bool), "met": np.zeros(n_events),
        "n_electrons": np.zeros(n_events, int), "n_muons": np.zeros(n_events, int),
    }  # fmt: skip
    return Observed(np.array(offsets), np.array(pt, float), **{**fill, **columns})


def test_nearest_jet_by_hand():
    targets = (np.array([0, 1, 3]), np.array([0.0, 1.0, 1.0]), np.array([0.0, 3.1, 0.0]))
    jets = (np.array([0, 1, 3]), np.array([0.1, 1.0, 1.05]), np.array([0.1, -3.1, 0.5]))
    assert nearest(targets, jets, 0.4).tolist() == [0, 1, -1]


def test_higgs_candidates_by_hand():
    # Two H at rest, each into b b~ back to back along x and along y; a fifth quark spoils event 1.
    half = 62.5
    directions = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]]) * half
    momenta = np.concatenate([directions.T, [[half] * 4]])
    pid, status = np.array([5, 5, -5, -5]), np.full(4, 23)
    events = GeneratorEvents(
        np.array([0, 4, 9]),
        np.concatenate([pid, pid, [5]]).astype(np.int32),
        np.concatenate([status, status, [23]]).astype(np.int32),
        np.concatenate([momenta, momenta, momenta[:, :1]], axis=1),
        np.zeros((3, 9)),
    )
    offsets, eta, phi = higgs_quarks(events)
    assert offsets.tolist() == [0, 4, 4]
    assert np.abs(np.cos(phi[0] - phi[1])) == pytest.approx(1)
    assert np.abs(np.cos(phi[2] - phi[3])) == pytest.approx(1)
    jets = observed(
        [0, 4, 4], [60.0, 50, 60, 39], phi=np.array([0.0, np.pi / 2, np.pi, -np.pi / 2]),
        mass=np.zeros(4),
    )  # fmt: skip
    # The second H has a jet below 40 GeV.
    assert higgs_masses((offsets, eta, phi), jets) == pytest.approx([120.0])


def test_peak_ignores_a_far_tail():
    rng = np.random.default_rng(1)
    masses = np.concatenate([rng.normal(115, 8, 5000), rng.uniform(20, 60, 2500)])
    assert peak_position(masses) == pytest.approx(115, abs=0.5)


def test_chi2_of_equal_and_different_counts():
    rng = np.random.default_rng(2)
    first, second = rng.poisson(3, 2000), rng.poisson(3, 20_000)
    assert chi2_distance("n", first, second).probability > 1e-3
    assert chi2_distance("n", first, rng.poisson(3.4, 20_000)).probability < 1e-6
    assert chi2_distance("n", first[:5], second[:5]).probability == 1.0


def comparison(scale):
    """Delphes-like runs with 10 % resolution, ours scaled."""
    rng = np.random.default_rng(3)
    n = 3000
    pt, abs_eta = rng.uniform(60, 90, n), rng.uniform(0, 0.8, n)
    runs = [observed(np.arange(n + 1), pt * rng.normal(1, 0.1, n)) for _ in range(9)]
    ours = tuple(replace(run, pt=run.pt * scale) for run in runs[1:])
    masses = [rng.normal(115, 10, 800) * s for s in (1, *[scale] * 8)]
    return Comparison(
        runs[0], ours, pt, abs_eta, runs[0].pt / pt, np.stack([run.pt / pt for run in ours]),
        masses[0], tuple(masses[1:]),
    )  # fmt: skip


def test_equal_detectors_agree_and_a_scale_is_seen():
    same, scaled = comparison(1.0), comparison(1.03)
    (same_bin,), (scaled_bin,) = response_bins(same), response_bins(scaled)
    assert same_bin.n_jets == 3000
    assert abs(same_bin.mean_difference) < 4 * same_bin.mean_error < 0.02
    assert scaled_bin.mean_difference == pytest.approx(0.03, abs=0.008)
    pull = {n.name: n.pull for n in numbers(scaled)}
    assert pull["mean pT of accepted jets [GeV]"] < -5
    assert max(abs(n.pull) for n in numbers(same)) < 4
    assert {d.name: d.probability for d in distances(scaled)}["jet pT"] < 1e-4
    assert {d.name: d.probability for d in distances(same)}["jet pT"] > 1e-4


@pytest.fixture(scope="module")
def own_tree(lhe_path, atlas_path, tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.root"
    settings = SimulateSettings(sample="toy", events=3, tags="draw")
    simulate(lhe_path, atlas_path, path, settings)
    return path


def test_reading_a_tree(own_tree, tmp_path):
    run = read_observed(own_tree)
    assert len(run.met) == 3
    assert run.offsets[-1] == len(run.pt) > 9
    with pytest.raises(InputFileError, match="absent"):
        read_observed(tmp_path / "absent.root")
    cut = tmp_path / "cut.root"
    cut.write_bytes(own_tree.read_bytes()[:5000])
    with pytest.raises(InputFileError, match=r"cut\.root"):
        read_observed(cut)


def test_files_of_different_events(slice_path, own_tree, atlas, tmp_path):
    import h5py

    from hh4b.simulation.validation import compare

    shorter = tmp_path / "two.h5"
    with h5py.File(slice_path) as source, h5py.File(shorter, "w") as file:
        file["offsets"] = source["offsets"][:3]
        for name, column in source["particles"].items():
            file[f"particles/{name}"] = column[: source["offsets"][2]]
    assert read_generator_events(shorter).n_events == 2
    with pytest.raises(ContractError, match="2 events, .* has 3"):
        compare(shorter, own_tree, atlas)


def test_command_writes_tables_and_figures(
    slice_path, own_tree, atlas_path, tmp_path, capsys, monkeypatch
):
    page = tmp_path / "page.md"
    words = ["hh4b", "validate-detector", slice_path, own_tree, "--detector", atlas_path]
    words += ["--repeats", 2, "-o", page, "--figures", tmp_path / "figures", "--json"]
    monkeypatch.setattr("sys.argv", [str(word) for word in words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    result = json.loads(capsys.readouterr().out)
    assert {"numbers", "distances", "response"} == set(result)
    assert "| jet multiplicity | chi2/dof |" in page.read_text()
    assert len(list((tmp_path / "figures").glob("*.png"))) == 3
