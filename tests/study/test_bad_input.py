"""What does not fit together is said in one line, before any job, with key, value and remedy."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import hh4b.cli  # noqa: F401 (registers the commands)
from hh4b.commands.groups import app
from hh4b.core.errors import ConfigError
from hh4b.publication.catalogue import check_outputs
from hh4b.study.reading import read_study

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests/studies/small.yaml"
OWN = "tests/studies/own"
FILES = {"process": "ttbar", "source": "files", "files": ["tests/data/delphes_slice.root"]}
TTBAR = {"kind": "background", "label": "tt̄", "cross_section_pb": {13: 831.8}}
NORM = {"effect": "norm", "processes": ["hh"], "size": 0.1}
JES = {
    "effect": "detector", "processes": ["hh"],
    "up": {"jets.energy_scale": 1.02}, "down": {"jets.energy_scale": 0.98},
}  # fmt: skip
WEIGHT = {
    "effect": "weights", "processes": ["hh"], "weight": "alpha_s",
    "up": {"mu_factor": 0.5}, "down": {"mu_factor": 2.0},
}  # fmt: skip
SHOWER = {"effect": "shower", "processes": ["ttbar"], "up": ["a = 1"], "down": ["a = 2"]}


def uncertain(**systematics):
    return {"statistics": {"model": "complete"}, "systematics": systematics}


def own_output(**keys):
    return {"outputs": {"mine": {"medium": "figure", "kind": "roc", **keys}}}


def fixed_kappa(value, **training):
    options = "config/spanet/options/smoke.json"
    return {
        "spanet_trainings": {"mine": {"signal": ["hh"], "options": options, **training}},
        "pairings": {"mine": {"method": "spanet", "training": "mine", "kappa_input": value}},
    }


def trained_folds(folds, value, **training):
    options = "config/spanet/options/smoke.json"
    mine = {"signal": ["hh"], "options": options, "trained_folds": value, **training}
    return {"event_selection": {"folds": folds}, "spanet_trainings": {"mine": mine}}


BAD = {
    "unknown process": (
        {"samples": {"hh": {"process": "di_higgs"}}},
        "samples.hh.process: value 'di_higgs': expected one of ['four_b', 'hh'] (",
    ),
    "process of another kind": (
        {"samples": {"four_b": {"process": "hh"}}},
        "samples.four_b.process: value 'hh': is of kind signal, expected a process of kind"
        " background",
    ),
    "no cross section at an energy": (
        {"statistics": {"sqrt_s_tev": [13, 14]}},
        "processes.four_b.cross_section_pb has no value at 14 TeV (has: 13); add it there",
    ),
    "no cross section of the signal": (
        {"processes": {"hh": {"cross_section": {14: [70, -50, 10]}}}},
        "processes.hh.cross_section has no value at 13 TeV (has: 14); add it there",
    ),
    "files without a cross section": (
        {"processes": {"ttbar": {"kind": "background"}}, "samples": {"ttbar": FILES}},
        "processes.ttbar.cross_section_pb has no value at 13 TeV (has: none); add it there",
    ),
    "two signal processes": (
        {
            "processes": {"hh2": {"kind": "signal", "label": "another"}},
            "samples": {"hh2": {**FILES, "process": "hh2", "kappa_lambda": 1}},
        },
        "processes: value ['hh', 'hh2']: limits on kappa_lambda are of one signal process",
    ),
    "signal without kappa_lambda": (
        {"samples": {"mine": {**FILES, "process": "hh"}}},
        "samples.mine.kappa_lambda: value None: a sample of kind signal has one",
    ),
    "label twice": (
        {"processes": {"four_b": {"label": "gg → HH"}}},
        "processes.four_b.label: value 'gg → HH': is also that of processes.hh",
    ),
    "label of a pairing twice": (
        {"pairings": {"mine": {"method": "min_dr"}}},
        "pairings.mine.label: value 'min-ΔR': is also that of pairings.min_dr",
    ),
    "systematic of nothing": (
        uncertain(lumi={**NORM, "processes": ["ttbar"]}),
        "systematics.lumi.processes: value 'ttbar': expected one of ['four_b', 'hh']",
    ),
    "systematic without a sample": (
        {**uncertain(lumi={**NORM, "processes": ["ttbar"]}), "processes": {"ttbar": TTBAR}},
        "systematics.lumi.processes: value 'ttbar': no sample is of this process",
    ),
    "systematics in the note's model": (
        {"systematics": {"lumi": NORM}},
        "systematics.lumi: nothing is uncertain in statistics.model 'note'; expected 'complete'",
    ),
    "shower of files": (
        {
            **uncertain(isr=SHOWER),
            "processes": {"ttbar": TTBAR}, "samples": {"ttbar": FILES},
        },
        "systematics.isr.processes: value 'ttbar': sample 'ttbar' comes from files, whose detector"
        " and shower cannot be changed; write null in place of the systematic",
    ),
    "detector of files": (
        {
            **uncertain(jes={**JES, "processes": ["ttbar"]}),
            "processes": {"ttbar": TTBAR}, "samples": {"ttbar": FILES},
        },
        "systematics.jes.processes: value 'ttbar': sample 'ttbar' comes from files",
    ),
    "detector of files beside own events": (
        {
            **uncertain(jes={**JES, "processes": ["hh", "ttbar"]}),
            "processes": {"ttbar": TTBAR}, "samples": {"ttbar": FILES},
        },
        "systematics.jes.processes: value 'ttbar': sample 'ttbar' comes from files, whose detector"
        " and shower cannot be changed; write [hh], or null in place of the systematic",
    ),
    "partons of files": (
        {
            **uncertain(scales={
                "effect": "partons", "processes": ["hh", "ttbar"], "up": {"mu_factor": 0.5},
                "down": {"mu_factor": 2},
            }),
            "processes": {"ttbar": TTBAR}, "samples": {"ttbar": FILES},
        },
        "systematics.scales.processes: value 'ttbar': sample 'ttbar' comes from files, which has no"
        " parton events to give other weights; write [hh], or null in place of the systematic",
    ),
    "tag efficiencies of files": (
        {
            **uncertain(b_tag={
                "effect": "weights", "weight": "b_tag", "processes": ["hh", "ttbar"],
                "up": {"scale": 1.02}, "down": {"scale": 0.98},
            }),
            "processes": {"ttbar": TTBAR}, "samples": {"ttbar": FILES},
        },
        "systematics.b_tag.processes: value 'ttbar': sample 'ttbar' comes from files, whose tag"
        " efficiencies are unknown; write [hh], or null in place of the systematic",
    ),
    "unknown key of the card": (
        uncertain(jes={**JES, "up": {"jets.energy_scal": 1.02}}),
        "systematics.jes.up: detector key 'jets.energy_scal': 'energy_scal' is none of",
    ),
    "impossible value of the card": (
        uncertain(jes={**JES, "down": {"jets.energy_scale": -1}}),
        "systematics.jes.down: changes of the detector: jets.energy_scale = -1",
    ),
    "name that the workspace needs": (
        uncertain(mu_lumi=NORM), "systematics.mu_lumi: the name is taken",
    ),
    "process of a name that the workspace needs": (
        {"processes": {"kappa_lambda_5": TTBAR}}, "processes: process 'kappa_lambda_5': names",
    ),
    "scale that MG5_aMC does not know": (
        {
            "physics": {"four_b_scale": "mean_mt"},
            "samples": {"mg": {"process": "four_b", "source": "madgraph", "generate": "4b",
                               "events": 5, "delphes_card": "README.md"}},
        },
        "samples.mg: four_b_scale mean_mt: MG5_aMC knows kt_clustered, ht, ht_half only",
    ),
    "headline energy": (
        {"statistics": {"headline": {"sqrt_s_tev": 14}}},
        "statistics.headline: 14 is not in sqrt_s_tev [13.0]",
    ),
    "headline luminosity": (
        {"statistics": {"headline": {"luminosity_ifb": 140}}},
        "140 is not in luminosities_ifb [139.0]",
    ),
    "kappa input that a training never sees": (
        fixed_kappa(1, kappa_lambda=[-5, 5]),
        "pairings.mine.kappa_input: value 1: training 'mine' never sees it, only [-5.0, 5.0]",
    ),
    "kappa input that no signal sample has": (
        fixed_kappa(3),
        "pairings.mine.kappa_input: value 3: training 'mine' never sees it, only [-5.0, 1.0, 5.0]",
    ),
    "pairing that is not there": (
        {"pairings": {"mine": {"method": "chi_square"}}},
        "pairings.mine.method: pairing 'chi_square': expected one of"
        " ['d_hh', 'min_dr', 'nearest_to_leading'], or path.py:name",
    ),
    "pairing whose file is not there": (
        {"pairings": {"mine": {"method": "nowhere.py:pair"}}},
        "pairings.mine.method: pairing nowhere.py:pair does not load: FileNotFoundError: no file",
    ),
    "pairing without that function": (
        {"pairings": {"mine": {"method": f"{OWN}/own_pairing.py:pair"}}},
        f"pairings.mine.method: pairing {OWN}/own_pairing.py:pair: the file has no 'pair'",
    ),
    "pairing with another option": (
        {"pairings": {"mine": {
            "method": f"{OWN}/own_pairing.py:closest_mass", "options": {"pover": 2}}}},
        "unexpected keyword argument 'pover'; expected f(jets, pover)",
    ),
    "pairing of the wrong signature": (
        {"pairings": {"mine": {"method": f"{OWN}/own_feature.py:delta_phi_hh"}}},
        "missing a required argument: 'inputs'; expected f(jets)",
    ),
    "classifier that cannot be made": (
        {"classifiers": {"mine": {
            "kind": "baseline", "pairing": "min_dr",
            "method": f"{OWN}/own_classifier.py:NearestMean", "options": {"depth": 3}}}},
        "classifiers.mine.method: ",
    ),
    "classifier that is no classifier": (
        {"classifiers": {"mine": {
            "kind": "baseline", "pairing": "min_dr", "method": f"{OWN}/own_pairing.py:WAYS"}}},
        "classifiers.mine.method: ",
    ),
    "feature of a name that is taken": (
        {"features": {"extra": ["hh_pt"]}}, "features.extra: feature 'hh_pt': there is a column",
    ),
    "weight that says no columns": (
        uncertain(scale={**WEIGHT, "weight": f"{OWN}/own_feature.py:delta_phi_hh"}),
        "systematics.scale.weight: weight",
    ),
    "weight with another argument": (
        uncertain(scale={**WEIGHT, "up": {"scale": 2.0}}),
        "systematics.scale.weight: weight 'alpha_s'",
    ),
    "output of an unknown kind": (
        own_output(kind="pie_chart", classifiers=["min_dr_dnn"]),
        "outputs.mine.kind: output 'pie_chart': expected one of",
    ),
    "output of an unknown selection": (
        own_output(kind="likelihood", selections=["dnn"]),
        "outputs.mine.selections: value 'dnn': expected one of ['min_dr_cuts', 'min_dr_dnn'] (",
    ),
    "output that shows nothing": (own_output(), "outputs.mine.classifiers: kind 'roc' needs"),
    "output of a figure that draws nothing": (
        own_output(kind=f"{OWN}/own_pairing.py:closest_mass", classifiers=["min_dr_dnn"]),
        "outputs.mine.kind: output",
    ),
    "output with an unknown style": (
        own_output(classifiers=["min_dr_dnn"], style={"font": 12}),
        "outputs.mine.style.font: unknown key, value 12; did you mean 'font_size'?",
    ),
    "style of an unknown figure": (
        {"publication": {"figure_style": {"figure_99": {"font_size": 9}}}},
        "publication.figure_style.figure_99: expected one of",
    ),
    "unknown option of a network": (
        {"spanet_trainings": {"mine": {
            "signal": ["hh"], "options": "config/spanet/options/small.json",
            "changes": {"depth": 3}}}},
        "unknown option 'depth'",
    ),
    "one fold": (
        {"event_selection": {"folds": 1}},
        "event_selection.folds: value 1: with one fold there is nothing to train with; expected 0,"
        " or 2 and more",
    ),
    "less than no fold": (
        {"event_selection": {"folds": -3}}, "event_selection.folds: value -3"
    ),
    "repeats of folds": (
        {"event_selection": {"folds": 3}, "classifiers": {"min_dr_dnn": {"repeats": 2}}},
        "classifiers.min_dr_dnn.repeats: value 2: event_selection.folds 3 repeats each training"
        " already, once without each fold; expected 1",
    ),
    "trained folds without folds": (
        trained_folds(0, 1),
        "spanet_trainings.mine.trained_folds: value 1: event_selection.folds is 0; expected null",
    ),
    "more trained folds than folds": (
        trained_folds(3, 4),
        "spanet_trainings.mine.trained_folds: value 4: event_selection.folds is 3; expected at most"
        " 3",
    ),
    "a pairing of some folds": (
        {**trained_folds(3, 2), "pairings": {"mine": {"method": "spanet", "training": "mine"}}},
        "pairings.mine.training: value 'mine': events of every fold need a network, and"
        " spanet_trainings.mine.trained_folds is 2 of 3; expected null",
    ),
    "a classifier of some folds": (
        {
            **trained_folds(3, 1, background=["four_b"]),
            "classifiers": {"mine": {"kind": "spanet", "training": "mine"}},
        },
        "classifiers.mine.training: value 'mine': events of every fold need a network, and"
        " spanet_trainings.mine.trained_folds is 1 of 3; expected null",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def check(*files):
    """Return what ``hh4b config check`` answers: nothing wrong, or one line."""
    done = CliRunner().invoke(app, ["config", "check", *map(str, files)])
    return done.exception


@pytest.mark.parametrize("name", BAD)
def test_it_is_said_in_one_line(name, tmp_path):
    overlay, wanted = BAD[name]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(overlay, allow_unicode=True))
    error = check(SMALL, tmp_path / "mine.yaml")
    assert isinstance(error, ConfigError)
    assert wanted in str(error)
    assert "\n" not in str(error)


def test_small_study_is_fine():
    assert check(SMALL) is None
    check_outputs(read_study(SMALL))


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("processes:\n  hh: {kind: signal}\n  hh: {kind: background}\n", 3, "'hh'"),
        ("seed: 1\nresults: a\nseed: 2\n", 3, "'seed'"),
        ("statistics: {bins: 10, bins: 8}\n", 1, "'bins'"),
        # The same energy in two spellings.
        ("processes:\n  b:\n    cross_section_pb:\n      13: 1.0\n      13.0: 2.0\n", 5, "13.0"),
    ],
)
def test_a_key_that_stands_twice_is_refused(text, line, key, tmp_path):
    """YAML itself keeps the last one."""
    (tmp_path / "mine.yaml").write_text(text)
    error = check(SMALL, tmp_path / "mine.yaml")
    assert isinstance(error, ConfigError)
    assert f"mine.yaml: line {line}: key {key} is there already in line" in str(error)


def test_merged_keys_stand_once(tmp_path):
    """A key over that of ``<<`` is no second one."""
    (tmp_path / "mine.yaml").write_text(
        "classifiers:\n  min_dr_dnn: &a {max_epochs: 3, hidden_dim: 16}\n"
        "  other: {<<: *a, kind: dnn, pairing: min_dr, hidden_dim: 8, label: other}\n"
        "  third: {<<: *a, kind: dnn, pairing: min_dr, max_epochs: 8, label: third}\n"
    )
    study = read_study(SMALL, tmp_path / "mine.yaml")
    assert (study.classifiers["other"].hidden_dim, study.classifiers["other"].max_epochs) == (8, 3)
    assert study.classifiers["third"].max_epochs == 8
