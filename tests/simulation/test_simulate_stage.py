import gzip
import json
from dataclasses import replace

import awkward as ak
import numpy as np
import pytest
import uproot

from hh4b import cli
from hh4b.core.errors import ConfigError, GeneratorFailed
from hh4b.detector.truth import is_b_hadron
from hh4b.simulation import shower as shower_module
from hh4b.simulation.settings import SimulateSettings, Simulation
from hh4b.simulation.simulate_stage import simulate


def arrays_of(path):
    with uproot.open(path) as file:
        return file["Delphes"].arrays(), json.loads(str(file["hh4b"]))


@pytest.fixture(scope="module")
def run(lhe_path, atlas_path, tmp_path_factory):
    """Simulate a chunk and return (arrays, provenance)."""
    folder = tmp_path_factory.mktemp("chunks")
    made = {}

    def make(first, events, **settings):
        chosen = SimulateSettings(
            **{"sample": "toy", "first": first, "events": events, "tags": "draw", **settings}
        )
        key = chosen.as_json()
        if key not in made:
            path = folder / f"{len(made)}.root"
            simulate(lhe_path, atlas_path, path, chosen)
            made[key] = arrays_of(path)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shower_module, "BLOCK_EVENTS", 4)
        yield make


def test_a_chunk_follows_the_contract(run):
    arrays, provenance = run(0, 12, gen_jets=True)
    assert provenance["counts"] == {
        "n_generated": 12, "n_failed": 0, "n_written": 12,
        "sum_weights_generated": pytest.approx(0.24), "sum_weights_written": pytest.approx(0.24),
    }  # fmt: skip
    assert provenance["settings"]["detector"]["jets"]["radius"] == 0.4
    assert ak.flatten(arrays["Event.Number"]).tolist() == list(range(12))
    pt = arrays["Jet.PT"]
    assert ak.all(pt[:, :-1] >= pt[:, 1:])
    assert ak.all(pt > 20)
    assert set(np.unique(ak.flatten(arrays["Jet.BTag"]))) <= {0, 1}
    assert ak.mean(ak.num(arrays["GenJet.PT"])) > 4
    # Each H has two b quarks that can be followed to the end of the shower.
    for event in arrays:
        pid, first, last = (event[f"Particle.{k}"].tolist() for k in ("PID", "D1", "D2"))
        higgs = [i for i, s in enumerate(event["Particle.Status"]) if pid[i] == 25 and s == 22]
        assert len(higgs) == 2
        for i in higgs:
            while pid[first[i]] == 25:
                assert first[i] == last[i]
                i = first[i]
            assert sorted(pid[first[i] : last[i] + 1]) == [-5, 5]
            for quark in range(first[i], last[i] + 1):
                while first[quark] >= 0 and pid[first[quark]] == pid[quark]:
                    quark = first[quark]
                # The last quark gives b hadrons, if one of its string's is kept, or nothing.
                hadrons = pid[first[quark] : last[quark] + 1] if first[quark] >= 0 else []
                assert is_b_hadron(np.array(hadrons, dtype=np.int32)).all()


def test_chunks_and_runs_do_not_matter(run, lhe_path, atlas_path, tmp_path):
    whole, _ = run(0, 12, gen_jets=True)
    first, _ = run(0, 8)
    second, _ = run(8, 4)
    parts = ak.concatenate([first, second])
    for name in parts.fields:
        assert parts[name].tolist() == whole[name].tolist(), name
    settings = SimulateSettings(sample="toy", first=8, events=4, tags="draw")
    simulate(lhe_path, atlas_path, tmp_path / "again.root", settings)
    again, _ = arrays_of(tmp_path / "again.root")
    assert again["Jet.PT"].tolist() == second["Jet.PT"].tolist()
    other, _ = run(8, 4, seed=2)
    assert other["Jet.PT"].tolist() != second["Jet.PT"].tolist()


def test_weighted_events_pass_and_count_their_chance(run):
    drawn, _ = run(0, 24)
    weighted, provenance = run(0, 24, tags="weight")
    counts = provenance["counts"]
    assert counts["n_generated"] == 24
    assert counts["n_written"] == len(weighted) < 24
    good = (
        (weighted["Jet.PT"] > 40) & (abs(weighted["Jet.Eta"]) < 2.5) & (weighted["Jet.BTag"] == 1)
    )
    assert ak.min(ak.sum(good, axis=1)) >= 4
    weights = ak.flatten(weighted["Event.Weight"])
    assert counts["sum_weights_written"] == pytest.approx(ak.sum(weights))
    assert ak.all((weights >= 0.25 * 0.02 - 1e-12) & (weights <= 0.02))
    # The detector's answer does not depend on how tags are made.
    same = drawn[ak.flatten(weighted["Event.Number"])]
    assert same["Jet.PT"].tolist() == weighted["Jet.PT"].tolist()


def numbers_of(arrays):
    return ak.flatten(arrays["Event.Number"]).to_numpy()


def test_all_combinations_of_tags_are_rows_of_their_shower(run):
    drawn, _ = run(0, 24)
    rows, provenance = run(0, 24, tags="combinations", combination_probability_min=0.001)
    counts, numbers = provenance["counts"], numbers_of(rows)
    assert counts["n_generated"] == 24
    assert counts["sum_weights_generated"] == pytest.approx(0.48)
    assert counts["n_written"] == len(rows) > len(np.unique(numbers))
    assert (np.diff(numbers) >= 0).all()
    # Jets, leptons, missing momentum and truth are those of the shower, whatever its tags.
    same = drawn[numbers]
    for name in set(drawn.fields) - {"Event.Weight", "Jet.BTag"}:
        assert rows[name].tolist() == same[name].tolist(), name
    accepted = (rows["Jet.PT"] > 40) & (abs(rows["Jet.Eta"]) < 2.5)
    tags = rows["Jet.BTag"][accepted] == 1
    assert ak.min(ak.sum(tags, axis=1)) >= 4
    different = {(n, *t) for n, t in zip(numbers.tolist(), tags.tolist(), strict=True)}
    assert len(different) == len(rows)
    weights = ak.flatten(rows["Event.Weight"]).to_numpy() / 0.02
    assert ((weights >= 0.001 - 1e-12) & (weights <= 1)).all()
    assert (np.bincount(numbers, weights) <= 1 + 0.002).all()
    # With P above the roulette the sum of an event is its weight by --tags weight.
    weighted, _ = run(0, 24, tags="weight")
    total = np.bincount(numbers, weights, minlength=24)[numbers_of(weighted)]
    single = ak.flatten(weighted["Event.Weight"]).to_numpy() / 0.02
    likely = single > 0.25 + 1e-9
    assert likely.sum() > 3
    np.testing.assert_allclose(total[likely], single[likely], atol=0.004)


@pytest.mark.parametrize("tags", ["draw", "weight", "combinations"])
def test_draws_of_the_detector_share_a_shower(run, tags):
    once, _ = run(0, 12, tags=tags, gen_jets=True)
    twice, provenance = run(0, 12, tags=tags, gen_jets=True, detector_draws=2)
    counts, numbers = provenance["counts"], numbers_of(twice)
    assert counts["n_generated"] == 12
    assert counts["sum_weights_generated"] == pytest.approx(0.24)
    assert counts["n_written"] == len(twice)
    assert (np.diff(numbers) >= 0).all()
    assert set(numbers_of(once)) <= set(numbers)
    if tags == "draw":
        assert numbers.tolist() == np.repeat(np.arange(12), 2).tolist()
    # The first draw is the one that there is without others, at half the weight.
    first = ak.concatenate(
        [twice[numbers == n][: int((numbers_of(once) == n).sum())] for n in range(12)]
    )
    for name in once.fields:
        if name == "Event.Weight":
            np.testing.assert_allclose(ak.flatten(first[name]) * 2, ak.flatten(once[name]))
        else:
            assert first[name].tolist() == once[name].tolist(), name
    # Truth is that of the shower, the response is not.
    again = twice[np.concatenate([[False], numbers[1:] == numbers[:-1]])]
    before = twice[np.concatenate([numbers[1:] == numbers[:-1], [False]])]
    assert again["Particle.PT"].tolist() == before["Particle.PT"].tolist()
    assert again["GenJet.PT"].tolist() == before["GenJet.PT"].tolist()
    assert again["Jet.PT"].tolist() != before["Jet.PT"].tolist()


def test_chunks_do_not_matter_to_draws_and_combinations(run):
    settings = {"tags": "combinations", "detector_draws": 2}
    whole, _ = run(0, 12, **settings)
    parts = ak.concatenate([run(0, 8, **settings)[0], run(8, 4, **settings)[0]])
    for name in parts.fields:
        assert parts[name].tolist() == whole[name].tolist(), name


def test_jet_energy_scale_is_a_paired_comparison(run):
    """Same shower, same response, same tags: only the jets' four-momenta differ, by the factor."""
    changes = {"jets.energy_scale": 1.02}
    nominal, _ = run(0, 12, gen_jets=True)
    varied, provenance = run(0, 12, gen_jets=True, detector_changes=changes)
    assert provenance["settings"]["detector"]["jets"]["energy_scale"] == 1.02
    for name in nominal.fields:
        before, after = (ak.to_numpy(ak.flatten(a[name], axis=None)) for a in (nominal, varied))
        if name in ("Jet.PT", "Jet.Mass"):
            np.testing.assert_allclose(after, 1.02 * before, rtol=1e-6, atol=1e-4)
        elif name in ("Jet.Eta", "Jet.Phi"):
            np.testing.assert_allclose(after, before, atol=1e-6)
        else:  # MET, leptons and generator jets too: the scale is one of jets alone
            np.testing.assert_array_equal(after, before, err_msg=name)
    assert ak.count(nominal["Jet.PT"]) > 40


def test_jet_energy_scale_of_weighted_events(run):
    """The chance of four tags, and so who survives, may differ; the jets of common events do not.

    More jets are above the cut on pT, so that the weights can only grow.
    """
    nominal, _ = run(0, 24, tags="weight")
    varied, _ = run(0, 24, tags="weight", detector_changes={"jets.energy_scale": 1.02})
    numbers = [ak.flatten(a["Event.Number"]).to_numpy() for a in (nominal, varied)]
    common = np.intersect1d(*numbers)
    assert set(numbers[0].tolist()) == set(common.tolist())
    before, after = (
        a[np.isin(number, common)] for a, number in zip((nominal, varied), numbers, strict=True)
    )
    np.testing.assert_allclose(
        ak.flatten(after["Jet.PT"]), 1.02 * ak.flatten(before["Jet.PT"]), rtol=1e-6
    )
    weights = [ak.flatten(a["Event.Weight"]).to_numpy() for a in (before, after)]
    assert (weights[1] >= weights[0] * (1 - 1e-12)).all()


def test_tags_have_one_default():
    assert SimulateSettings(sample="x").tags == Simulation.of().tags == "weight"


def test_tags_and_draws_of_the_configuration_reach_the_stage():
    study = Simulation(tags="combinations", combination_probability_min=0.1, detector_draws=3)
    chosen = SimulateSettings.of(study, sample="x")
    assert (chosen.tags, chosen.combination_probability_min, chosen.detector_draws) == (
        "combinations", 0.1, 3,
    )  # fmt: skip


def test_events_of_another_place_in_the_file_are_noticed(
    lhe_path, atlas_path, tmp_path, monkeypatch
):
    def shifted(path, *, first, **kwargs):
        for block in shower_module.shower(path, first=first + 1, **kwargs):
            yield replace(block, index=block.index - 1)

    monkeypatch.setattr("hh4b.simulation.event_source.shower", shifted)
    with pytest.raises(GeneratorFailed, match="event 0 is not that of .*hh_toy"):
        settings = SimulateSettings(sample="toy", events=3)
        simulate(lhe_path, atlas_path, tmp_path / "out.root", settings)
    assert list(tmp_path.iterdir()) == []


def command(*words):
    """Run `hh4b` and return its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["hh4b", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
    return stop.value.code


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("missing", "absent.lhe.gz"),
        ("truncated", "is cut in the middle"),
        ("no events", "no event"),
        ("too many", "has 24 events"),
        ("not LHE", "is not an LHE file"),
        ("bad detector", "jets.radius"),
        ("unknown tagging", "'deepcsv'"),
        ("unknown key", "'jets.scale'"),
        ("no JSON", "--detector-changes is not JSON"),
    ],
)
def test_bad_input_ends_in_one_line(case, message, lhe_path, atlas_path, tmp_path, capfd):
    text = gzip.decompress(lhe_path.read_bytes()).decode()
    partons, detector, more = tmp_path / "partons.lhe", atlas_path, []
    if case == "missing":
        partons = tmp_path / "absent.lhe.gz"
    elif case == "truncated":
        partons.write_text(text[: len(text) // 2])
    elif case == "no events":
        partons.write_text(text[: text.index("<event>")] + "</LesHouchesEvents>\n")
    elif case == "not LHE":
        partons.write_text("hello")
    else:
        partons.write_text(text)
        more = {
            "too many": ["--events", 25],
            "unknown tagging": ["--b-tagging", "deepcsv"],
            "unknown key": ["--detector-changes", '{"jets.scale": 1.02}'],
            "no JSON": ["--detector-changes", "jets.energy_scale=1.02"],
        }.get(case, [])
    if case == "bad detector":
        detector = tmp_path / "detector.yaml"
        detector.write_text(atlas_path.read_text().replace("radius: 0.4", "radius: 0"))
    output = tmp_path / "out.root"
    code = command(
        "simulate", partons, "-o", output, "--sample", "toy", "--detector", detector, *more
    )
    errors = capfd.readouterr().err.strip().splitlines()
    assert code == 1
    assert len(errors) == 1
    assert message in errors[0]
    assert not output.exists()
    assert not list(tmp_path.glob(".partial*"))


VARIATIONS = {
    "jes_up": {"jets.energy_scale": 1.02},
    "jer_up": {"jets.extra_smearing": 0.1},
    "tags": {"b_tagging.parametrisations.dl1r_77.b": 0.6},
    "isolated": {"muon.isolation.pt_ratio_max": 0.1},
    "calorimeter": {"hcal.default_energy_fraction": 0.9},
}


@pytest.mark.parametrize(("tags", "draws"), [("combinations", 1), ("weight", 2)])
def test_variations_are_those_of_jobs_of_their_own(
    lhe_path, atlas_path, tmp_path, monkeypatch, tags, draws
):
    """Whatever they share with the nominal detector: the same content, bit by bit."""
    monkeypatch.setattr(shower_module, "BLOCK_EVENTS", 4)
    common = {"sample": "toy", "events": 8, "tags": tags, "gen_jets": True}
    together = SimulateSettings(
        **common, detector_draws=2, variation_draws=draws, variations=VARIATIONS
    )
    files = {name: tmp_path / name / "0000.root" for name in VARIATIONS}
    simulate(lhe_path, atlas_path, tmp_path / "with.root", together, varied=files)
    alone = SimulateSettings(**common, detector_draws=2)
    simulate(lhe_path, atlas_path, tmp_path / "alone.root", alone)
    require_equal(tmp_path / "with.root", tmp_path / "alone.root")
    for name, changes in VARIATIONS.items():
        own = SimulateSettings(**common, detector_draws=draws, detector_changes=changes)
        simulate(lhe_path, atlas_path, tmp_path / "own.root", own)
        require_equal(files[name], tmp_path / "own.root")
        nominal, varied = (arrays_of(path)[0] for path in (tmp_path / "with.root", files[name]))
        moved = {"tags": "Event.Weight", "isolated": None}.get(name, "Jet.PT")
        assert moved is None or nominal[moved].tolist() != varied[moved].tolist(), name


def require_equal(path, other):
    """Compare trees and provenance, not a bit may differ."""
    (ours, told), (theirs, told_them) = arrays_of(path), arrays_of(other)
    assert told == told_them
    assert ours.fields == theirs.fields
    assert len(ours)
    for name in ours.fields:
        columns = [(ours[name], theirs[name])]
        if ours[name].ndim > 1:  # counts by event, then the content
            columns = [tuple(map(ak.num, columns[0])), tuple(map(ak.flatten, columns[0]))]
        for pair in columns:
            one, two = map(ak.to_numpy, pair)
            assert one.dtype == two.dtype, name
            assert one.tobytes() == two.tobytes(), name


def test_extra_smearing_takes_no_random_number_of_the_rest(run):
    """Each jet has its own factor; truth, leptons, missing momentum and tags stay."""
    nominal, _ = run(0, 12)
    varied, provenance = run(0, 12, detector_changes={"jets.extra_smearing": 0.05})
    off, _ = run(0, 12, detector_changes={"jets.extra_smearing": 0})
    assert provenance["settings"]["detector"]["jets"]["extra_smearing"] == 0.05
    assert off["Jet.PT"].tolist() == nominal["Jet.PT"].tolist()
    for name in nominal.fields:
        before, after = (ak.to_numpy(ak.flatten(a[name], axis=None)) for a in (nominal, varied))
        if not name.startswith("Jet."):
            np.testing.assert_array_equal(after, before, err_msg=name)
    assert ak.num(varied["Jet.PT"]).tolist() == ak.num(nominal["Jet.PT"]).tolist()
    # Jets keep their direction, by which they are found again.
    ratios = []
    for before, after in zip(nominal, varied, strict=True):
        rows = [int(np.argmin(abs(before["Jet.Eta"] - eta))) for eta in after["Jet.Eta"]]
        assert sorted(rows) == list(range(len(rows)))
        ratios += (after["Jet.PT"] / before["Jet.PT"][rows]).tolist()
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)
    assert np.std(ratios) == pytest.approx(0.05, rel=0.3)


def test_variations_and_files_must_match(lhe_path, atlas_path, tmp_path):
    settings = SimulateSettings(sample="toy", events=2, variations={"a": {"jets.radius": 0.5}})
    with pytest.raises(ConfigError, match="variation 'a' has no file"):
        simulate(lhe_path, atlas_path, tmp_path / "out.root", settings)
    files = {name: tmp_path / name for name in "ab"}
    with pytest.raises(ConfigError, match="--varied b: the settings have no such variation"):
        simulate(lhe_path, atlas_path, tmp_path / "out.root", settings, varied=files)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["up", "=x.root", "up="])
def test_varied_files_are_named(capsys, lhe_path, atlas_path, tmp_path, text):
    output = ("-o", tmp_path / "out.root", "--detector", atlas_path, "--sample", "toy")
    assert command("simulate", lhe_path, *output, "--varied", text) == 1
    assert "expected NAME=FILE" in capsys.readouterr().err
