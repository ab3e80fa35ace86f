"""From HDF5 files to a template file, through the command line."""

import json
import sys

import h5py
import numpy as np
import pytest

from hh4b import cli
from hh4b.core.contracts import DATASET, FEATURES, SCORES, write_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.statistics import amplitude
from hh4b.statistics.template_inputs import SampleFiles, read_background, read_signal
from hh4b.statistics.template_stage import (
    TemplateOptions,
    choose_threshold,
    make_templates,
    parse_numbers,
)

COLUMNS = np.array([-1.0, 1.0, 2.4, 5.0])
SCAN = "-1,1,2.4,5"
TARGETS = ("h1/b1", "h1/b2", "h2/b1", "h2/b2")


def dataset_arrays(m_hh, kappa, rng):
    n = len(m_hh)
    jets = np.zeros((n, 4), dtype=np.float32)
    return {
        "INPUTS/Source/MASK": np.ones((n, 4), dtype=bool),
        **{f"INPUTS/Source/{name}": jets for name in ("pt", "eta", "phi", "mass", "btag")},
        "INPUTS/Kappa/kappa": np.full(n, 2.4 if np.isnan(kappa) else kappa, dtype=np.float32),
        **{f"TARGETS/{name}": np.zeros(n, dtype=np.int64) for name in TARGETS},
        "CLASSIFICATIONS/EVENT/signal": np.full(n, int(np.isfinite(kappa)), dtype=np.int64),
        "HH4B/weight": np.full(n, 0.5),
        "HH4B/kappa_lambda": np.full(n, kappa, dtype=np.float32),
        "HH4B/m_hh_truth": (m_hh if np.isfinite(kappa) else 0 * m_hh + np.nan).astype(np.float32),
        "HH4B/cos_theta_star_truth": np.full(n, 0.0 if np.isfinite(kappa) else np.nan, np.float32),
        "HH4B/split": (rng.random(n) < 0.3).astype(np.int8),
    }


class Study:
    """Files of toy samples: two signals and a background, half of the generated events kept."""

    def __init__(self, folder, toy):
        self.folder, self.toy = folder, toy
        self.rng = np.random.default_rng(11)
        self.signal = [self.sample(f"hh_{k:g}", k, toy.draw(k, 20_011, self.rng)) for k in (1, 5)]
        self.background = [self.sample("4b", np.nan, 250 + 200 * self.rng.exponential(size=9_001))]

    def sample(self, name, kappa, m_hh):
        keep = self.rng.random(len(m_hh)) < 0.5
        generated, m_hh = len(m_hh), m_hh[keep]
        provenance = Provenance(name, {})
        paths = [self.folder / f"{name}_{kind}.h5" for kind in ("dataset", "features", "scores")]
        arrays = dataset_arrays(m_hh, kappa, self.rng)
        write_table(
            paths[0], DATASET, arrays, provenance,
            n_generated=generated, sum_weights_generated=0.5 * generated,
        )  # fmt: skip
        features = np.stack([m_hh * 0, m_hh], axis=1).astype(np.float32)
        features[0, 1] = np.nan
        write_table(
            paths[1], FEATURES, {"features": features}, provenance,
            columns=["h1_pt", "hh_mass"], units=["GeV", "GeV"],
        )  # fmt: skip
        score = 1.0 * (m_hh[:, None] > 300 + 20 * COLUMNS).astype(np.float32)
        write_table(paths[2], SCORES, {"kappa_lambda": COLUMNS, "score": score}, provenance)
        return ":".join(map(str, paths))

    def options(self, **changes):
        settings = {
            "signal": tuple(self.signal),
            "background": tuple(self.background),
            "threshold": 0.5,
            "kappa_values": tuple(COLUMNS),
            "background_kappa_values": (1.0, 5.0),
        }
        return TemplateOptions(**{**settings, **changes})

    def make(self, **changes):
        output = self.folder / "templates.json"
        make_templates(self.options(**changes), output)
        return json.loads(output.read_text())


@pytest.fixture
def study(tmp_path, toy, monkeypatch):
    monkeypatch.setattr(amplitude, "polynomial", toy.polynomial)
    monkeypatch.setattr(amplitude, "own_cross_section_fb", lambda sqrt_s: toy.cross_section)
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
    background = content["background"]
    assert sum(background["sum_weights"]) == pytest.approx(0.5 * np.exp(-90 / 200), rel=0.15)
    assert content["threshold"] == 0.5


def test_background_choices(study):
    def total(**changes):
        return sum(study.make(**changes)["background"]["sum_weights"])

    # Thresholds at 320 (kappa 1), 348 (2.4) and 400 GeV (5); the file's own value is 2.4.
    low, own, high = (
        total(background_kappa_values=(1.0,)),
        total(background_kappa="drawn"),
        total(background_kappa_values=(5.0,)),
    )
    assert low > own > high
    assert total() == pytest.approx(0.5 * (low + high))
    content = study.make(background_kappa="hypothesis")
    by_kappa = content["background_by_kappa_lambda"]
    assert [row["kappa_lambda"] for row in by_kappa] == COLUMNS.tolist()
    assert sum(by_kappa[3]["sum_weights"]) == pytest.approx(high)
    assert content["background"]["sum_weights"] == by_kappa[1]["sum_weights"]


def test_direct_templates_need_their_sample(study):
    direct = study.make(signal_method="direct", kappa_values=(1.0, 5.0))
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
    signal = [text for sample in study.signal for text in ("--signal", sample)]
    code, _ = run(
        monkeypatch, capsys, "templates", *signal, "--background", study.background[0],
        "--working-point", working_point, f"--kappa-values={SCAN}",
        "--background-kappa-values=1,5", "-o", templates,
    )  # fmt: skip
    assert code == 0
    code, _ = run(
        monkeypatch, capsys, "workspace", templates, "-o", workspace, "--sqrt-s-tev", "13",
        "--luminosity-ifb", "139", "--background-cross-section-pb", "0.5",
    )  # fmt: skip
    assert code == 0
    code, printed = run(monkeypatch, capsys, "limits", workspace, "--json", "--replicas", "10")
    assert code == 0
    assert json.loads(printed.out)["kappa_lambda"] == COLUMNS.tolist()
    code, _ = run(
        monkeypatch, capsys, "luminosity-scan", templates, "-o", scan, "--luminosities-ifb",
        "100,300", "--sqrt-s-tev", "13,14", "--background-cross-section-pb", "0.5",
        "--replicas", "0",
    )  # fmt: skip
    assert code == 0
    assert len(json.loads(scan.read_text())["points"]) == 4
    several = ("--sqrt-s-tev", "13,14", "--luminosity-ifb", "139,300.5")
    given = (*several, "--background-cross-section-pb", "0.5")
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
        assert f"{found['luminosity_ifb']:g}ifb" in path.name
    code, printed = run(monkeypatch, capsys, "workspace", templates, "-o", workspace, *given)
    assert "put {energy} into its name" in printed.err
    assert code == 1
    code, printed = run(monkeypatch, capsys, "limits", workspace, workspace, "-o", limits)
    assert "two workspaces are called w.json" in printed.err
    assert code == 1
    code, printed = run(
        monkeypatch, capsys, "workspace", templates, "-o", workspace, "--luminosity-ifb", "0"
    )
    assert code == 1
    assert printed.err.strip().endswith(
        "hh4b: ConfigError: --luminosity-ifb must be positive, got 0"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"overflow": "keep"}, "--overflow 'keep'"),
        ({"kappa_input": "none"}, "--kappa-input 'none'"),
        ({"background_kappa": "all"}, "--background-kappa 'all'"),
        ({"signal_method": "best"}, "--signal-method 'best'"),
        ({"part": "validation"}, "--part 'validation'"),
        ({"bins": 0}, "0 bins from 200 to 1000 GeV"),
        ({"m_hh_min_gev": 1000.0}, "bins from 1000 to 1000 GeV"),
        ({"threshold": float("nan")}, "threshold nan is no number"),
        ({"kappa_values": (-1.0, 5.0)}, r"lacks kappa_lambda = 1, which normalises"),
        ({"kappa_values": (1.0, 3.0)}, r"scores hold no column at kappa_lambda = 3"),
        ({"background_kappa_values": ()}, "needs a list of kappa_lambda"),
        ({"signal": ("a:b",)}, "'a:b' is not of the form DATASET:FEATURES:SCORES"),
    ],
)
def test_options_that_cannot_be_meant_are_named(study, changes, message):
    with pytest.raises(ConfigError, match=message):
        study.make(**changes)
    assert not (study.folder / "templates.json").exists()


def test_numbers_and_thresholds(tmp_path):
    assert parse_numbers("3,-1,2.5,3", "--x") == (-1.0, 2.5, 3.0)
    for text, message in (("1,two", "--x: 'two' is no number"), ("1,inf", "'inf' is not finite")):
        with pytest.raises(ConfigError, match=message):
            parse_numbers(text, "--x")
    with pytest.raises(ConfigError, match="either --working-point or --threshold"):
        choose_threshold(None, None)
    empty = tmp_path / "wp.json"
    empty.write_text("{}")
    with pytest.raises(ContractError, match="no threshold"):
        choose_threshold(empty, None)
    assert choose_threshold(None, 0.25) == 0.25


def damage(text, index, change):
    with h5py.File(text.split(":")[index], "r+") as file:
        change(file)


def put(dataset, values):
    dataset[...] = values


@pytest.mark.parametrize(
    ("index", "change", "message"),
    [
        (0, lambda f: f["HH4B"].pop("weight"), r"'HH4B/weight'.* is missing"),
        (0, lambda f: f["HH4B"].pop("split"), r"'HH4B/split'.* is missing"),
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
        read_signal(SampleFiles.parse(text), "testing", amplitude.polynomial)


def test_float32_kappa_is_the_decimal_number(study):
    files = study.sample("hh_2.4", 2.4, study.toy.draw(2.4, 100, study.rng))
    sample = read_signal(SampleFiles.parse(files), "all", amplitude.polynomial)
    assert sample.kappa_lambda == 2.4
    assert read_background(SampleFiles.parse(study.background[0]), "all").n_generated == 9_001
