"""From HDF5 files to a template file, through the command line."""

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from template_files import COLUMNS, FOUR_B, HH, JES, Study

from hh4b import cli
from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics import amplitude
from hh4b.statistics.template_format import read_templates
from hh4b.statistics.template_inputs import read_background, read_signal
from hh4b.statistics.template_stage import choose_threshold

SCAN = "-1,1,2.4,5"


@pytest.fixture
def study(tmp_path, toy, monkeypatch):
    monkeypatch.setattr(amplitude, "polynomial", lambda m, c, **masses: toy.polynomial(m, c))
    monkeypatch.setattr(amplitude, "own_cross_section_fb", lambda s, **masses: toy.cross_section)
    return Study(tmp_path, toy)


@pytest.mark.parametrize("part", ["testing", "training", "all"])
def test_templates_are_efficiencies_whatever_the_part(study, part):
    content = study.make(part=part)
    edges = np.array(content["bin_edges_gev"])
    assert edges.tolist() == np.linspace(200, 1000, 11).tolist()
    for row in content["signal"]:
        kappa = row["kappa_lambda"]
        exact = 0.5 * study.toy.efficiency(
            kappa, edges, lambda m, k=kappa: 1.0 * (m > 300 + 20 * k)
        )
        error = np.sqrt(row["sum_weights_squared"])
        used = error > 0
        pull = (np.array(row["sum_weights"]) - exact)[used] / error[used]
        assert (pull**2).sum() < 30
    (background,) = content["backgrounds"]["four_b"]
    assert background["kappa_lambda"] is None
    assert sum(background["sum_weights"]) == pytest.approx(0.5 * np.exp(-90 / 200), rel=0.15)
    assert content["threshold"] == 0.5


def test_background_choices(study):
    def total(**changes):
        (row,) = study.make(**changes)["backgrounds"]["four_b"]
        return sum(row["sum_weights"])

    # Thresholds at 320 (kappa 1), 348 (2.4) and 400 GeV (5); the file's own value is 2.4.
    low, own, high = (
        total(background_kappa_values=[1.0]),
        total(background_kappa="drawn"),
        total(background_kappa_values=[5.0]),
    )
    assert low > own > high
    assert total() == pytest.approx(0.5 * (low + high))
    content = study.make(background_kappa="hypothesis")
    by_kappa = content["backgrounds"]["four_b"]
    assert [row["kappa_lambda"] for row in by_kappa] == COLUMNS.tolist()
    assert sum(by_kappa[3]["sum_weights"]) == pytest.approx(high)
    assert sum(by_kappa[1]["sum_weights"]) == pytest.approx(low)


def test_the_file_says_how_a_background_got_its_shape(study, tmp_path):
    direct = study.make(background_kappa="hypothesis")
    assert all("shape" not in row for row in direct["backgrounds"]["four_b"])
    # The scores of this study are 0 or 1: there is no looser cut.
    cuts = study.make(background_kappa="hypothesis", background_shape="tilted")
    for one, other in zip(*(c["backgrounds"]["four_b"] for c in (direct, cuts)), strict=True):
        np.testing.assert_allclose(one["sum_weights"], other["sum_weights"])
        assert other["shape"]["method"] == "direct"
        assert "no value between pass and fail" in other["shape"]["reason"]
    for path in tmp_path.glob("*_scores.h5"):
        with h5py.File(path, "r+") as file:
            file["score"][...] *= study.rng.random((len(file["score"]), 1)).astype(np.float32)
    direct = study.make(background_kappa="hypothesis", threshold=0.9)
    tilted = study.make(
        background_kappa="hypothesis", threshold=0.9, background_shape="tilted",
        shape_efficiency_factor=3.0, shape_spread_pull_max=None,
    )  # fmt: skip
    assert direct["signal"] == tilted["signal"]
    for one, other in zip(*(c["backgrounds"]["four_b"] for c in (direct, tilted)), strict=True):
        shape = other["shape"]
        assert shape["method"] == "tilted"
        assert shape["reason"] is None
        assert shape["efficiency_factor"] == pytest.approx(3, rel=0.05)
        assert 0 < shape["loose_threshold"] < 0.9
        assert abs(shape["tilt"]) < 5 * shape["tilt_error"]
        assert sum(other["sum_weights"]) == pytest.approx(sum(one["sum_weights"]))
        assert sum(other["effective_events"]) > 1.3 * sum(one["effective_events"])
        assert other["n_events"] == one["n_events"]
    assert read_templates(tmp_path / "templates.json").backgrounds["four_b"].values.shape == (4, 10)


def test_direct_templates_need_their_sample(study):
    direct = study.make(signal_method="direct", kappa_values=[1.0, 5.0])
    assert [row["kappa_lambda"] for row in direct["signal"]] == [1, 5]
    with pytest.raises(ConfigError, match=r"no signal sample at kappa_lambda = -1"):
        study.make(signal_method="direct")


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["hh4b", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code, capsys.readouterr()


def test_the_commands_from_samples_to_limits(study, tmp_path, monkeypatch, capsys):
    working_point = tmp_path / "wp.json"
    working_point.write_text('{"threshold": 0.5}')
    templates, workspace, scan = (tmp_path / f"{name}.json" for name in ("t", "w", "s"))
    processes = json.dumps({"hh": HH, "four_b": FOUR_B})
    samples = [text for sample in study.samples() for text in ("--sample", sample)]
    code, _ = run(
        monkeypatch, capsys, "templates", *samples, "--processes", processes,
        "--working-point", working_point, f"--kappa-values={SCAN}",
        "--background-kappa", "average", "--background-kappa-values=1,5", "-o", templates,
    )  # fmt: skip
    assert code == 0
    code, _ = run(
        monkeypatch, capsys, "workspace", templates, "-o", workspace, "--sqrt-s-tev", "13",
        "--luminosity-ifb", "139", "--processes", processes,
    )  # fmt: skip
    assert code == 0
    code, printed = run(monkeypatch, capsys, "limits", workspace, "--json", "--replicas", "10")
    assert code == 0
    assert json.loads(printed.out)["kappa_lambda"] == COLUMNS.tolist()
    code, _ = run(
        monkeypatch, capsys, "luminosity-scan", templates, "-o", scan, "--luminosities-ifb",
        "100,300", "--sqrt-s-tev", "13,14", "--processes", processes, "--replicas", "0",
        "--other-energies", "unchanged",
    )  # fmt: skip
    assert code == 0
    assert len(json.loads(scan.read_text())["points"]) == 4
    several = ("--sqrt-s-tev", "13,14", "--luminosity-ifb", "139,300.5")
    given = (*several, "--processes", processes, "--other-energies", "unchanged")
    pattern = tmp_path / "all" / "w_{energy}tev_{luminosity}ifb.json"
    code, _ = run(monkeypatch, capsys, "workspace", templates, "-o", pattern, *given)
    made = sorted(pattern.parent.iterdir())
    assert (code, [path.name for path in made]) == (0, [
        "w_13tev_139ifb.json", "w_13tev_300.5ifb.json", "w_14tev_139ifb.json",
        "w_14tev_300.5ifb.json",
    ])  # fmt: skip
    assert made[0].read_text() == workspace.read_text()
    limits = tmp_path / "limits"
    limits.mkdir()
    code, _ = run(monkeypatch, capsys, "limits", *made, "-o", limits, "--replicas", "10")
    assert code == 0
    for path in made:
        found = json.loads((limits / path.name).read_text())
        assert found["template_energy_tev"] == 13.0
        assert f"{found['luminosity_ifb']:g}ifb" in path.name
    code, printed = run(monkeypatch, capsys, "workspace", templates, "-o", workspace, *given)
    assert "put {energy} into its name" in printed.err
    assert code == 1
    code, printed = run(monkeypatch, capsys, "limits", workspace, workspace, "-o", limits)
    assert "w.json is given twice, which would count twice; leave one out" in printed.err
    assert code == 1
    (tmp_path / "other").mkdir()
    other = tmp_path / "other/w.json"
    other.write_bytes(workspace.read_bytes())
    code, printed = run(monkeypatch, capsys, "limits", workspace, other, "-o", limits)
    assert "two workspaces are called w.json" in printed.err
    assert code == 1
    code, printed = run(
        monkeypatch, capsys, "workspace", templates, "-o", workspace, "--luminosity-ifb", "0"
    )
    assert code == 1
    assert printed.err.strip().endswith(
        "hh4b: ConfigError: luminosities_ifb.0: value 0.0: Input should be greater than 0"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"overflow": "keep"}, "overflow: value 'keep'"),
        ({"kappa_input": "none"}, "kappa_input: value 'none'"),
        ({"background_kappa": "all"}, "background_kappa: value 'all'"),
        ({"signal_method": "best"}, "signal_method: value 'best'"),
        ({"part": "validation"}, "part: value 'validation'"),
        ({"bins": 0}, "bins: value 0"),
        ({"m_hh_min_gev": 1000.0}, "m_hh_max_gev: value 1000.0: must be above m_hh_min_gev = 1000"),
        ({"threshold": float("nan")}, "threshold: value nan"),
        ({"threshold": None}, "either --working-point or --threshold"),
        ({"kappa_values": [-1.0, 5.0]}, r"kappa_values: .* lacks kappa_lambda = 1, which normal"),
        ({"kappa_values": [1.0, 5.0, 1.0]}, r"kappa_values: .* stands there twice"),
        ({"kappa_values": [1.0, 3.0]}, r"scores hold no column at kappa_lambda = 3"),
        ({"background_kappa_values": []}, "needs a list of kappa_lambda"),
        ({"samples": ["hh=a:b"]}, "'hh=a:b' is not of the form KEY=DATASET:FEATURES:SCORES"),
        ({"samples": ["a:b:c"]}, "'a:b:c' is not of the form KEY=DATASET:FEATURES:SCORES"),
        ({"samples": ["x=a:b:c"]}, r"--sample x=…: expected one of the processes \['four_b', 'hh'"),
        ({"samples": ["four_b=a:b:c"]}, r"exactly one signal process makes templates, got \[\]"),
        ({"samples": ["hh=a:b:c"]}, "no background process is among the samples"),
        (
            {
                "processes": {"hh": HH, "vbf": HH, "x": {"kind": "resonance"}},
                "samples": ["hh=a:b:c", "vbf=a:b:c"],
            },
            r"exactly one signal process makes templates, got \['hh', 'vbf'\]",
        ),
        (
            {"processes": {"x": {"kind": "resonance"}}, "samples": ["x=a:b:c"]},
            "--sample x=…: a resonance is not part of templates",
        ),
    ],
)
def test_options_that_cannot_be_meant_are_named(study, changes, message):
    with pytest.raises(ConfigError, match=message):
        study.make(**changes)
    assert not (study.folder / "templates.json").exists()


def test_thresholds(tmp_path):
    with pytest.raises(ConfigError, match="either --working-point or --threshold"):
        choose_threshold(None, None)
    empty = tmp_path / "wp.json"
    empty.write_text("{}")
    with pytest.raises(ContractError, match="no threshold"):
        choose_threshold(empty, None)
    assert choose_threshold(None, 0.25) == 0.25


def paths(text):
    return tuple(Path(path) for path in text.split(":"))


def damage(text, index, change):
    with h5py.File(text.split(":")[index], "r+") as file:
        change(file)


def put(dataset, values):
    dataset[...] = values


@pytest.mark.parametrize(
    ("index", "change", "message"),
    [
        (0, lambda f: f["HH4B"].pop("weight"), r"'HH4B/weight'.* is missing"),
        (0, lambda f: f["HH4B"].pop("split"), r"'HH4B/split' is missing"),
        (0, lambda f: f["HH4B"].pop("m_hh_truth"), r"'HH4B/m_hh_truth'.* is missing"),
        (0, lambda f: f.attrs.__delitem__("n_generated"), "attribute n_generated is missing"),
        (0, lambda f: f.attrs.update(sum_weights_generated=0.0), "sum_weights_generated is"),
        (0, lambda f: put(f["HH4B/kappa_lambda"], f["HH4B/m_hh_truth"]), "events of one kappa"),
        (0, lambda f: put(f["HH4B/m_hh_truth"], np.nan), "true m_hh or cos theta"),
        (0, lambda f: put(f["HH4B/split"], 0), "no weight in the part"),
        (1, lambda f: f.attrs.update(columns=["h1_pt", "h2_pt"]), "no column hh_mass"),
        (1, lambda f: f["features"].resize(10, axis=0), "has 10 events but"),
        (2, lambda f: f["score"].resize(10, axis=0), "has 10 events but"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit_are_named(study, toy, index, change, message):
    text = study.signal[0]
    damage(text, index, change)
    with pytest.raises(ContractError, match=message):
        read_signal(paths(text), "testing", amplitude.polynomial)


def test_float32_kappa_is_the_decimal_number(study):
    files = study.sample("hh_2.4", 2.4, study.toy.draw(2.4, 100, study.rng))
    sample = read_signal(paths(files), "all", amplitude.polynomial)
    assert sample.events.kappa_lambda == 2.4
    assert read_background(paths(study.background[0]), "all").events.n_generated == 9_001


def test_a_second_background_leaves_the_first_as_it_is(study):
    """One template a process; a process alone and beside another is the same."""
    alone = study.make()
    ttbar = f"ttbar={study.falling('ttbar', 3_001, slope=80)}"
    processes = {"hh": HH, "four_b": FOUR_B, "ttbar": {"kind": "background"}}
    both = study.make([*study.samples(), ttbar], processes=processes)
    assert both["backgrounds"]["four_b"] == alone["backgrounds"]["four_b"]
    assert both["signal"] == alone["signal"]
    assert list(both["backgrounds"]) == ["four_b", "ttbar"]
    second = study.make([*study.samples()[:2], ttbar], processes=processes)
    assert second["backgrounds"] == {"ttbar": both["backgrounds"]["ttbar"]}


def test_samples_of_one_process_pool(study):
    """Two samples of a process count by their generated events, as one larger sample would."""
    other = study.falling("4b_more", 6_003)
    apart = [
        study.make([*study.samples()[:2], f"four_b={one}"])["backgrounds"]["four_b"][0]
        for one in (study.background[0], other)
    ]
    pooled = study.make([*study.samples(), f"four_b={other}"])["backgrounds"]["four_b"][0]
    expected = (
        9_001 * np.array(apart[0]["sum_weights"]) + 6_003 * np.array(apart[1]["sum_weights"])
    ) / 15_004
    np.testing.assert_allclose(pooled["sum_weights"], expected, rtol=1e-12)


def test_weight_systematics_multiply_each_events_weight(study, tmp_path):
    plugin = tmp_path / "twice.py"
    plugin.write_text(
        "from hh4b.statistics.weights import needs\n"
        "@needs('HH4B/weight')\n"
        "def factor(events, by):\n"
        "    return by * events['HH4B/weight'] / 0.5\n"
    )
    one = {"effect": "weights", "weight": f"{plugin}:factor", "up": {"by": 2}, "down": {"by": 0.5}}
    content = study.make(
        systematics={
            "rate": {**one, "processes": ["hh", "four_b"]},
            "luminosity": {"effect": "norm", "processes": ["hh"], "size": 0.1},
        }
    )
    assert list(content["variations"]) == ["rate"]
    for direction, factor in (("up", 2), ("down", 0.5)):
        varied = content["variations"]["rate"][direction]
        for process, nominal in (
            ("hh", content["signal"]),
            ("four_b", content["backgrounds"]["four_b"]),
        ):
            assert len(varied[process]) == len(nominal)
            for row, reference in zip(varied[process], nominal, strict=True):
                assert row["kappa_lambda"] == reference["kappa_lambda"]
                np.testing.assert_allclose(
                    row["sum_weights"], factor * np.array(reference["sum_weights"]), rtol=1e-12
                )


def test_the_registered_scale_weight_reaches_the_signal(study):
    scale = {"effect": "weights", "processes": ["hh"], "weight": "alpha_s"}
    content = study.make(
        systematics={"scale": {**scale, "up": {"mu_factor": 2.0}, "down": {"mu_factor": 0.5}}}
    )
    total = {
        direction: np.sum(content["variations"]["scale"][direction]["hh"][1]["sum_weights"])
        for direction in ("up", "down")
    }
    nominal = np.sum(content["signal"][1]["sum_weights"])
    # alpha_s(2 mu) < alpha_s(mu): a higher scale means fewer events, by 15 to 20 %.
    assert 0.8 < total["up"] / nominal < 0.87
    assert 1.15 < total["down"] / nominal < 1.3


def test_varied_samples_make_varied_templates(study):
    varied = [f"jes.{way}.four_b={study.falling(way, 2_001)}" for way in ("up", "down")]
    content = study.make(varied=varied, systematics={"jes": JES})
    for way in ("up", "down"):
        alone = study.make([*study.samples()[:2], varied[way == "down"].replace(f"jes.{way}.", "")])
        assert content["variations"]["jes"][way]["four_b"] == alone["backgrounds"]["four_b"]


@pytest.mark.parametrize(
    ("varied", "changes", "message"),
    [
        (["jes.up.four_b"], {}, r"--varied jes.down.four_b=… is missing; .* both up and down"),
        ([], {}, r"--varied jes.up.four_b=… is missing"),
        (["jes.up.hh"], {}, r"--varied jes.up.hh=…: expected .* one of \['jes.up.four_b'"),
        (["jer.up.four_b"], {}, r"--varied jer.up.four_b=…: expected"),
        (
            [],
            {"systematics": {"jes": {**JES, "processes": ["ttbar"]}}},
            r"systematics: .*jes.processes: 'ttbar' is no process, expected one of \['four",
        ),
        (
            [],
            {
                "processes": {"hh": HH, "four_b": FOUR_B, "ttbar": FOUR_B},
                "systematics": {"jes": {**JES, "processes": ["ttbar"]}},
            },
            r"systematics.jes.processes: no --sample of process 'ttbar' is given",
        ),
        (
            [],
            {
                "systematics": {
                    "w": {**JES, "effect": "weights", "weight": "nlo", "up": {}, "down": {}}
                }
            },
            r"weight 'nlo': expected one of \['alpha_s', .*\], or path.py:name",
        ),
    ],
)
def test_variations_that_do_not_fit_are_named(study, varied, changes, message):
    files = [f"{key}={study.background[0]}" for key in varied]
    with pytest.raises(ConfigError, match=message) as error:
        study.make(varied=files, **{"systematics": {"jes": JES}, **changes})
    assert "\n" not in str(error.value)
    assert not (study.folder / "templates.json").exists()


def test_the_masses_of_the_study_reach_the_amplitude(study, monkeypatch, toy):
    seen = []

    def polynomial(m, c, **masses):
        seen.append(masses)
        return toy.polynomial(m, c)

    def cross_section(sqrt_s, **masses):
        seen.append(masses)
        return toy.cross_section

    monkeypatch.setattr(amplitude, "polynomial", polynomial)
    monkeypatch.setattr(amplitude, "own_cross_section_fb", cross_section)
    study.make(m_higgs_gev=120.0, m_top_gev=170.0)
    assert seen == [{"m_higgs_gev": 120.0, "m_top_gev": 170.0}] * 3


def test_the_weight_between_hypotheses_follows_the_higgs_mass():
    def ratio(m_higgs_gev):
        """Density at kappa_lambda = 5 over that at 1, at m_HH = 300 GeV, cos theta* = 0.3."""
        masses = {"m_higgs_gev": m_higgs_gev, "m_top_gev": 173.0}
        p = amplitude.polynomial(np.array([300.0]), np.array([0.3]), **masses)[0]
        sigma = amplitude.own_cross_section_fb(13.0, **masses)
        return (p @ [1, 5, 25]) / (sigma @ [1, 5, 25]) * sigma.sum() / p.sum()

    assert ratio(125.0) == pytest.approx(9.58, abs=0.01)
    assert ratio(120.0) == pytest.approx(6.56, abs=0.01)


@pytest.mark.parametrize("part", ["testing", "all"])
def test_replicas_go_from_samples_to_limits(study, tmp_path, monkeypatch, capsys, part):
    """The bootstrap through the command line; a threshold of its own in each replica."""
    working_point = tmp_path / "wp.json"
    found = {"seed": 1, "thresholds": [0.5, 0.6, None, *[0.5] * 27]}
    working_point.write_text(json.dumps({"threshold": 0.5, "threshold_bootstrap": found}))
    templates, workspace, limits, replicas = (
        tmp_path / name for name in ("t.json", "w.json", "l.json", "t.replicas.h5")
    )
    processes = json.dumps({"hh": HH, "four_b": FOUR_B})
    samples = [text for sample in study.samples() for text in ("--sample", sample)]
    make = (
        "templates", *samples, "--processes", processes, "--working-point", working_point,
        f"--kappa-values={SCAN}", "--background-kappa-values=1,5", "--errors", "bootstrap",
        "--part", part, "-o", templates,
    )  # fmt: skip
    code, printed = run(monkeypatch, capsys, *make, "--replicas", "30")
    assert (code, "--replicas-output and errors: bootstrap go" in printed.err) == (1, True)
    code, printed = run(
        monkeypatch, capsys, *make, "--replicas", "31", "--replicas-output", replicas
    )
    assert (code, "has 30 thresholds of replicas of seed 1, wanted 31" in printed.err) == (1, True)
    code, _ = run(monkeypatch, capsys, *make, "--replicas", "30", "--replicas-output", replicas)
    assert code == 0
    with h5py.File(replicas) as file:
        sums, nominal = file["sum_weights"][()], file["nominal"][()]
        assert sums.shape == (30, 2, 4, 10)
        assert not sums[2].any()
    good = np.delete(sums.sum(axis=3), 2, axis=0)
    spread = good.std(axis=0) / nominal.sum(axis=2)
    np.testing.assert_allclose(good.mean(axis=0), nominal.sum(axis=2), rtol=0.1)
    assert (spread > 0.002).all()
    assert (spread < 0.1).all()
    given = ("--sqrt-s-tev", "13", "--luminosity-ifb", "139", "--processes", processes)
    code, _ = run(monkeypatch, capsys, "workspace", templates, "-o", workspace, *given)
    assert code == 0
    code, _ = run(
        monkeypatch, capsys, "limits", workspace, "-o", limits, "--errors", "bootstrap",
        "--replicas-file", replicas,
    )  # fmt: skip
    assert code == 0
    content = json.loads(limits.read_text())
    assert content["errors"] == {
        "kind": "bootstrap", "replicas": 30, "seed": 1,
        "samples": ["4b_dataset", "hh_1_dataset", "hh_5_dataset"],
    }  # fmt: skip
    assert len(content["cls"]["replica_bounds"]["upper"]) == 30
    assert content["cls"]["replica_bounds"]["upper"][2] is None


def test_replicas_without_folds_reach_the_limits(study, tmp_path, monkeypatch, capsys):
    """Folds through the command line: a threshold without each, bounds and both parts."""
    working_point = tmp_path / "wp.json"
    content = {
        "threshold": 0.5, "threshold_bootstrap": {"seed": 1, "thresholds": [0.5] * 20},
        "threshold_folds": {"folds": 5, "fold_seed": 7, "thresholds": [0.5, 0.6, 0.5, 0.5, 0.5]},
    }  # fmt: skip
    working_point.write_text(json.dumps(content))
    templates, workspace, limits, scan, replicas = (
        tmp_path / name for name in ("t.json", "w.json", "l.json", "s.json", "t.replicas.h5")
    )
    processes = json.dumps({"hh": HH, "four_b": FOUR_B})
    samples = [text for sample in study.samples() for text in ("--sample", sample)]
    make = (
        "templates", *samples, "--processes", processes, "--working-point", working_point,
        f"--kappa-values={SCAN}", "--background-kappa-values=1,5", "--errors", "bootstrap",
        "--part", "all", "-o", templates, "--replicas", "20", "--replicas-output", replicas,
    )  # fmt: skip
    code, printed = run(monkeypatch, capsys, *make, "--folds", "4", "--fold-seed", "7")
    assert (code, "has thresholds without each of 5 folds of seed 7" in printed.err) == (1, True)
    code, _ = run(monkeypatch, capsys, *make, "--folds", "5", "--fold-seed", "7")
    assert code == 0
    with h5py.File(replicas) as file:
        assert file["fold_sum_weights"].shape == (5, 2, 4, 10)
        assert file["fold_threshold"][()].tolist() == [0.5, 0.6, 0.5, 0.5, 0.5]
        # K/(K - 1) of what is left, on average what there is.
        mean = file["fold_sum_weights"][()].mean(axis=0)
        np.testing.assert_allclose(mean, file["nominal"][()], rtol=1e-5)
    given = ("--sqrt-s-tev", "13", "--processes", processes)
    run(monkeypatch, capsys, "workspace", templates, "-o", workspace, "--luminosity-ifb", "139",
        *given)  # fmt: skip
    errors = ("--errors", "bootstrap", "--replicas-file", replicas)
    code, _ = run(monkeypatch, capsys, "limits", workspace, "-o", limits, *errors)
    assert code == 0
    content = json.loads(limits.read_text())
    assert content["trainings"] == {"number": 5, "reason": None, "method": "folds"}
    assert (content["errors"]["folds"], content["errors"]["fold_seed"]) == (5, 7)
    assert len(content["cls"]["fold_bounds"]["upper"]) == 5
    code, _ = run(monkeypatch, capsys, "luminosity-scan", templates, "-o", scan, *given, *errors,
                  "--luminosities-ifb", "139,300")  # fmt: skip
    assert code == 0
    point = json.loads(scan.read_text())["points"][0]
    for method in ("profile", "cls"):
        assert point[method]["width_error"] == pytest.approx(content[method]["width_error"])
        assert point[method]["width_error_parts"] == pytest.approx(
            content[method]["width_error_parts"]
        )


def test_folds_that_the_scores_were_not_made_with_are_refused(study):
    with h5py.File(study.background[0].split(":")[2], "r+") as file:
        file.attrs["folds"], file.attrs["fold_seed"] = 5, 7
    assert study.make(part="all", folds=5, fold_seed=7)
    with pytest.raises(ContractError, match="networks of 5 folds of seed 7, wanted 3 of seed 7"):
        study.make(part="all", folds=3, fold_seed=7)
