import json
import re
from pathlib import Path

import pytest
import yaml

from hh4b.core.errors import ConfigError
from hh4b.study.cost import SECONDS_PER_TRAINED_EVENT, cost_lines, relative_cost
from hh4b.study.documentation import markdown
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.model import Study
from hh4b.study.reading import parse_study, read_study
from hh4b.study.samples import expand_samples
from hh4b.study.stage_settings import StageSettings

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def expanded(study):
    return expand_samples(study.samples, study.processes)


def example_of_files():
    """Return the YAML of the pages in which files replace the background."""
    text = (ROOT / "docs/own_files.md").read_text()
    return re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)[0]


def refusal(*paths):
    """Return what is said against a study, or None."""
    try:
        read_study(*paths)
    except ConfigError as error:
        return str(error)
    return None


def with_own_files():
    """Return the default study with files as background, and their systematics as on the page."""
    content = changed(
        "samples.four_b", {"process": "four_b", "source": "files", "files": ["/data/*.root"]}
    )
    for name, change in yaml.safe_load(example_of_files())["systematics"].items():
        if change is None:
            del content["systematics"][name]
        else:
            content["systematics"][name].update(change)
    return content


def changed(path, value):
    content = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    *parents, last = path.split(".")
    node = content
    for key in parents:
        node = node.setdefault(key, {})
    node[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        ("sede", 1, "sede: unknown key, value 1"),
        ("event_selection.jet_pt_min_mev", 40000, "jet_pt_min_mev: unknown key"),
        ("event_selection.jet_pt_min_gev", "40 GeV", "'40 GeV'"),
        ("event_selection.jet_pt_min_gev", -1, "greater than 0"),
        ("event_selection.min_tags", 3, "greater than or equal to 4"),
        ("physics.sqrt_s_tev", 13000, "13 or 14"),
        ("samples.hh.kappa_lambda", [1, "five"], "'five'"),
        ("samples.hh.kappa_lambda", [1, float("nan")], "nan"),
        ("samples.hh.kappa_lambda", [1, 1], "twice"),
        ("samples.hh.source", "pythia", "gg_hh"),
        (
            "samples.mg",
            {"process": "four_b", "source": "madgraph", "generate": "4b", "events": 1}
            | {"delphes_card": "c", "kappa_lambda": 1},
            "belongs to hh",
        ),
        ("statistics.luminosities_ifb", [0], "greater than 0"),
        ("statistics.kappa_lambda_min", 2, "kappa_lambda = 1"),
        ("statistics.m_hh_min_gev", 1200, "must be above m_hh_min_gev = 1200"),
        ("classifiers.min_dr_dnn.pairing", "kappa5", "expected one of ['kappa5_spanet'"),
        ("selections.min_dr_dnn.classifier", "bdt", "'bdt'"),
        ("selections.min_dr_dnn.pairing", "mixing_spanet", "uses pairing 'min_dr'"),
        ("selections.min_dr_cuts.threshold", "s_over_sqrt_b", "write 0.5"),
        ("classifiers.mixing_spanet.training", "kappa5_version1", "has no background"),
        ("classifiers.min_dr_dnn.kappa_lambda", [1, 4], "value 4: no signal sample has it"),
        ("classifiers.min_dr_dnn.kappa_lambda", [-5, 5], "lacks 1"),
        ("classifiers.min_dr_dnn.search", "mixing_joint", "expected a search of kind dnn"),
        ("classifiers.min_dr_dnn.search", "none", "expected one of"),
        ("spanet_trainings.sm.kappa_lambda", [4], "value 4: no signal sample has it"),
        ("spanet_trainings.sm.signal", ["four_b"], "its process is of kind background"),
        ("spanet_trainings.sm.background", ["hh"], "its process is of kind signal"),
        ("samples.hh.events_at", {4: 10}, "4 is not in kappa_lambda"),
        ("searches.min_dr_dnn.classifier", "mixing_spanet", "expected a kind dnn"),
        ("searches.min_dr_dnn.classifier", "min_dr_dnn_tuned", "name one without"),
        ("searches.mixing_joint.ranges", {"dropout": [0.5, 0.1]}, "0.5 is above 0.1"),
        ("searches.mixing_joint.ranges", {"heads": [1, 2]}, "heads: unknown key"),
        ("publication.figure_style", {"fig3": {}}, "fig3"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(path, value, wanted):
    with pytest.raises(ConfigError, match=re.escape(wanted)) as caught:
        parse_study(changed(path, value))
    # What follows from it has lines of its own.
    first, *others = str(caught.value).splitlines()
    assert not others or first == f"{len(others)} things are wrong:"
    assert sum(wanted in line for line in (first, *others)) == 1


@pytest.mark.parametrize("scale", sorted((ROOT / "config/scale").glob("*.yaml")), ids=str)
def test_scales_change_numbers_only(scale):
    default, scaled = (
        read_study(ROOT / "config/config.yaml"),
        read_study(ROOT / "config/config.yaml", scale),
    )
    assert set(default.selections) <= set(scaled.selections)
    assert set(default.samples) == set(scaled.samples)
    assert default.physics == scaled.physics


def test_the_scale_of_the_note_trains_as_long_as_the_note():
    study = read_study(ROOT / "config/config.yaml", ROOT / "config/scale/note.yaml")
    assert {name: training.epochs for name, training in study.spanet_trainings.items()} == (
        dict.fromkeys(study.spanet_trainings, 50)
    )


def minimal(**samples):
    """A study of min-dR with one DNN."""
    signal = {"process": "hh", "source": "gg_hh", "kappa_lambda": [-5, 1, 2.4], "events": 10}
    background = {"process": "four_b", "source": "four_b", "events": 7}
    cross_section_pb = {13: 600.0, 14: 700.0}
    return {
        "processes": {
            "hh": {"kind": "signal"},
            "four_b": {"kind": "background", "cross_section_pb": cross_section_pb},
        },
        "samples": {"hh": signal, "four_b": background, **samples},
        "pairings": {"min_dr": {"method": "min_dr"}},
        "classifiers": {"dnn": {"kind": "dnn", "pairing": "min_dr"}},
        "selections": {"dnn": {"pairing": "min_dr", "classifier": "dnn"}},
    }


def test_kappa_lists_become_samples():
    content = minimal()
    content["samples"]["hh"]["events_at"] = {2.4: 30}
    samples = expanded(parse_study(content))
    assert list(samples) == ["hh_kl-5", "hh_kl1", "hh_kl2.4", "four_b"]
    assert samples["four_b"].background
    assert samples["hh_kl2.4"].kappa_lambda == 2.4
    assert [info.events for info in samples.values()] == [10, 10, 30, 7]


def test_a_selection_needs_the_standard_model():
    content = minimal()
    content["samples"]["hh"]["kappa_lambda"] = [-5, 5]
    with pytest.raises(ConfigError, match="no signal sample has kappa_lambda = 1"):
        parse_study(content)
    content["selections"] = {}
    assert len(expanded(parse_study(content))) == 3


def test_scales_need_no_more_than_they_say():
    smoke, default, note = (
        cost_lines(read_study(ROOT / "config/config.yaml", *overlay))
        for overlay in (
            [ROOT / "config/scale/smoke.yaml"], [], [ROOT / "config/scale/note.yaml"],
        )
    )  # fmt: skip
    assert len(smoke) == len(default) == len(note)
    hours = [float(re.search(r"together: ([\d.]+) CPU h", text[-1])[1]) for text in
             (smoke, default, note)]  # fmt: skip
    assert hours[0] < 0.5 < hours[1] < 10 < hours[2]
    assert "signal through shower and detector: 2,400 events" in smoke[1]


def test_the_night_learns_from_the_events_of_the_note_in_24_cpu_hours():
    night = read_study(ROOT / "config/config.yaml", ROOT / "config/scale/night.yaml")
    assert float(re.search(r"together: ([\d.]+) CPU h", cost_lines(night)[-1])[1]) < 24
    mixing = night.spanet_trainings["mixing_joint"]
    assert mixing.max_events_per_signal_sample == 9000
    assert mixing.max_events_per_sample is None


@pytest.mark.parametrize("scale", ["evening", "night", "note"])
def test_mixed_trainings_learn_from_9000_events_of_each_kappa(scale):
    study = read_study(ROOT / "config/config.yaml", ROOT / f"config/scale/{scale}.yaml")
    mixed = {
        name: training
        for name, training in study.spanet_trainings.items()
        if len(training.kappa_lambda or ()) == 10
    }
    assert len(mixed) >= 5
    for name, one in mixed.items():
        limits = [one.max_events_per_sample, one.max_events_per_signal_sample]
        assert min(n for n in limits if n is not None) == 9000, name
        assert one.rows_per_shower == 1, name


def test_cost_grows_with_what_is_asked_for():
    def hours(content):
        line = cost_lines(parse_study(content))[-1]
        return float(re.search(r"together: ([\d.]+) CPU h", line)[1])

    content = minimal(more={"process": "four_b", "source": "four_b", "events": 3_600_000})
    more = hours(content)
    content["classifiers"]["dnn"]["repeats"] = 50
    assert hours(content) > more > hours(minimal())


def varied(*names):
    """Over the small study: variations of the jets of some processes."""
    entry = {"effect": "detector", "processes": [*names]}
    entry |= {"up": {"jets.energy_scale": 1.02}, "down": {"jets.energy_scale": 0.98}}
    return {"jes": entry}


def test_cost_counts_variations_and_no_events_from_elsewhere():
    content = minimal(mine={"process": "ttbar", "source": "files", "files": ["a.root"]})
    content["processes"]["ttbar"] = {"kind": "background", "cross_section_pb": {13: 1, 14: 1}}
    content["statistics"] = {"model": "complete", "other_energies": "unchanged"}
    content["systematics"] = varied("hh", "four_b")
    lines = "\n".join(cost_lines(parse_study(content)))
    assert "signal through shower and detector: 30 events" in lines
    assert "background through shower and detector: 7 events" in lines
    # Up and down, of both; the showers are those of the nominal events.
    assert "variations through the detector alone: 74 events" in lines
    assert "variations through shower and detector" not in lines
    assert "not counted, as events from elsewhere: mine" in lines


def test_user_files_replace_own_events():
    content = with_own_files()
    content["statistics"]["sqrt_s_tev"] = [13]
    info = expanded(parse_study(content))["four_b"]
    assert info.background
    assert not info.generated


def test_events_without_partons_stay_at_their_energy():
    content = with_own_files()
    with pytest.raises(ConfigError) as error:
        parse_study(content)
    assert str(error.value) == (
        "statistics.other_energies: value 'reweighted': sample 'four_b' (source files) has no"
        " parton events to make templates of 14 TeV from; write other_energies: unchanged to take"
        " those of 13 TeV, or leave this energy out of sqrt_s_tev"
    )
    content["statistics"]["other_energies"] = "unchanged"
    study = parse_study(content)
    assert Layout(study).other_energies == []
    assert JobInputs(Layout(study)).all_templates("min_dr_dnn") == [
        "results/templates/min_dr_dnn.json"
    ]


def test_templates_of_every_energy_are_outputs_of_one_job():
    content = changed("statistics.sqrt_s_tev", [14, 13, 13.6])
    for process in content["processes"].values():
        if process["kind"] == "background":
            process["cross_section_pb"] = {13: 1, 13.6: 1, 14: 1}
        if process["kind"] == "signal":
            process["cross_section"] = "own"
    files = JobInputs(Layout(parse_study(content)))
    assert files.all_templates("min_dr_dnn") == [
        "results/templates/min_dr_dnn.json",
        "results/templates/min_dr_dnn_14tev.json",
        "results/templates/min_dr_dnn_13.6tev.json",
    ]
    assert files.replicas("min_dr_dnn")[1] == "results/templates/min_dr_dnn_14tev.replicas.h5"
    option = files.at_energy_option("min_dr_dnn")
    assert option.endswith(
        " --at-energy 14=results/templates/min_dr_dnn_14tev.json"
        ":results/templates/min_dr_dnn_14tev.replicas.h5 --at-energy 13.6=results/templates/"
        "min_dr_dnn_13.6tev.json:results/templates/min_dr_dnn_13.6tev.replicas.h5"
    )
    weights = files.energy_weights()
    assert len(weights) == 2 * len(files.reweighted())
    assert "results/energy_weights/13.6tev/four_b.h5" in weights
    settings = StageSettings(files.layout).energy_weights()
    assert settings.sqrt_s_tev == [14.0, 13.6]


def test_null_takes_away(tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(
        "samples:\n  four_b: {source: files, files: [a.root], events: null, b_tagging: null,"
        " tags: null, detector_draws: null}\n"
        "statistics: {other_energies: unchanged}\n"
        "systematics:\n"
        "  jet_energy_scale: &own {processes: [hh]}\n"
        "  jet_energy_resolution: *own\n"
        "  b_tag: *own\n"
        "  c_tag: *own\n"
        "  light_tag: *own\n"
        "  parton_densities: null\n"
        "  four_b_scale: null\n"
        "searches: {mixing_spanet_dnn: null}\n"
        "classifiers: {mixing_spanet_dnn_tuned: null}\n"
        "selections: {mixing_spanet_dnn_tuned: null}\n"
    )
    study = read_study(ROOT / "config/config.yaml", overlay)
    assert study.samples["four_b"].files == ["a.root"]
    assert "mixing_spanet_dnn_tuned" not in study.selections
    overlay.write_text("samples: {four_b: {source: files, files: [a.root]}}")
    with pytest.raises(ConfigError, match="unknown key, value .* .null takes"):
        read_study(ROOT / "config/config.yaml", overlay)


def test_the_example_of_files_is_a_study(tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(example_of_files())
    study = read_study(ROOT / "config/config.yaml", overlay)
    assert study.samples["four_b"].files == ["mine/qcd/*.root"]
    assert study.systematics["jet_energy_scale"].processes == ["hh"]
    assert study.systematics["jet_energy_scale"].up == {"jets.energy_scale": 1.02}


def test_systematics_of_own_files_say_what_to_write(tmp_path):
    """A line names each of them; what the lines say makes a study."""
    overlay, found = tmp_path / "mine.yaml", {}
    content = yaml.safe_load(example_of_files())
    content["systematics"] = {}
    overlay.write_text(yaml.safe_dump(content))
    first, *lines = refusal(ROOT / "config/config.yaml", overlay).splitlines()
    assert first == f"{len(lines)} things are wrong:"
    for text in lines:
        said = re.match(
            r"  systematics\.(\w+)\.processes: value 'four_b': sample 'four_b' comes from files,"
            r" .*; write (?:(\[hh\]), or )?null in place of the systematic \(config/config\.yaml,"
            r" line \d+\)$", text,
        )  # fmt: skip
        assert said, text
        found[said[1]] = {"processes": ["hh"]} if said[2] else None
    assert found == yaml.safe_load(example_of_files())["systematics"]
    content["systematics"] = found
    overlay.write_text(yaml.safe_dump(content))
    assert refusal(ROOT / "config/config.yaml", overlay) is None


def test_readme_is_up_to_date():
    assert (ROOT / "config/README.md").read_text() == markdown(), (
        "run: hh4b config readme > config/README.md"
    )


def test_schema_is_up_to_date():
    schema = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    assert schema == Study.model_json_schema(), (
        "run: hh4b config schema > workflow/schemas/config.schema.json"
    )


def test_every_key_of_the_reference_has_a_meaning():
    rows = [line for line in markdown().splitlines() if line.startswith("| `")]
    assert len(rows) > 200
    for row in rows:
        # A bar inside a cell is escaped, so that a table has four columns.
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 4, row
        assert all(cells), row
        assert "None" not in row, row


def test_sections_of_the_reference_stand_once_and_are_linked():
    text = markdown()
    titles = re.findall(r"^## (\w+)$", text, flags=re.MULTILINE)
    assert len(titles) == len(set(titles))
    assert {name.lower() for name in titles} == {"study", *re.findall(r"\(#(\w+)\)", text)}
    # In the order of a study.
    assert titles[:4] == ["Study", "Physics", "Process", "SignalSample"]


def test_broken_yaml_is_named(tmp_path):
    (tmp_path / "a.yaml").write_text("samples: [")
    with pytest.raises(ConfigError, match=r"a\.yaml is not YAML"):
        read_study(tmp_path / "a.yaml")


@pytest.mark.parametrize(("size", "rate"), [(0.5, 3_900), (2.0, 1_600), (4.0, 1_150)])
def test_wide_networks_are_trained_faster_than_their_multiplications_say(size, rate):
    """Events a CPU second of trainings of the default study and of config/scale/evening.yaml."""
    seconds = SECONDS_PER_TRAINED_EVENT * relative_cost(size)
    assert 1 / seconds == pytest.approx(rate, rel=0.25)
    assert relative_cost(1.0) == 1.0
