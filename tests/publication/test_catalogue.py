import re
import subprocess
import sys

import pytest
from tests.publication.studies import TTBAR, layout

from hh4b.core.digest import code_digest
from hh4b.core.errors import ConfigError
from hh4b.publication.catalogue import check_outputs, default_settings, known_keys, outputs
from hh4b.publication.registry import KINDS
from hh4b.publication.style import FigureStyle
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study

NOTE = {f"table_{n}" for n in range(1, 29)} | {f"figure_{n}" for n in range(1, 15)}

LIKELIHOOD = {
    "table_likelihood", "table_interval_breakdown", "figure_likelihood_scan", "figure_pulls",
    "figure_kappa_mu", "figure_coverage", "table_couplings", "figure_couplings",
}  # fmt: skip


@pytest.fixture(scope="module")
def default(pytestconfig):
    return outputs(Layout(read_study(pytestconfig.rootpath / "config/config.yaml")))


def test_the_default_study_shows_everything(default):
    assert set(default) >= NOTE
    absent = {name for name, output in default.items() if output.absent}
    # Shown by studies that set statistics.cross_section_bands.
    assert absent <= {"table_cross_sections", "table_sample_size", "figure_sample_size"}
    assert set(default) >= LIKELIHOOD
    assert default["table_7"].stem == "results/tables/table_07"
    assert default["figure_jets"].stem == "results/figures/figure_jets"


def test_final_tables_show_the_tuned_selections_under_their_names(default):
    table = default["table_26"]
    tuned = ["min_dr_dnn_tuned", "mixing_spanet_dnn_tuned", "mixing_spanet_tuned"]
    assert list(table.inputs) == tuned
    assert table.settings.parts["min_dr_dnn_tuned"] == ("min-ΔR", "DNN, tuned")
    assert table.settings.labels["mixing_spanet_dnn_tuned"] == "mixing κ SPANet2 + DNN, tuned"
    rows = table.settings.options["note"]["rows"]
    assert rows["min_dr_dnn_tuned"] == "min_dr_dnn"
    assert list(default["figure_14"].inputs) == tuned


def test_files_are_those_of_the_layout(default):
    assert default["table_26"].inputs["min_dr_dnn_tuned"] == [
        "results/limits/min_dr_dnn_tuned_13tev_139ifb.json"
    ]
    assert default["table_17"].inputs == {
        "limits": [f"results/limits/mixing_spanet_13tev_{x}ifb.json" for x in (139, 300)],
        "scan": ["results/scans/min_dr_dnn_reaching_mixing_spanet.json"],
    }
    scores = default["figure_scores"]
    pair = "results/datasets/hh_kl1.h5:results/scores/min_dr_dnn/hh_kl1.h5"
    assert scores.inputs["min_dr_dnn.signal"] == [pair]
    assert scores.files[:2] == pair.split(":")
    assert f"--input min_dr_dnn.signal={pair}" in scores.input_options


def test_every_luminosity_and_energy_stands_in_a_table(default):
    shown = [file for files in default["table_luminosities"].inputs.values() for file in files]
    assert len(shown) == 15 * 2 * 3
    assert "results/limits/min_dr_svm_14tev_3000ifb.json" in shown


def test_by_hand_the_titles_are_the_same(default):
    for output in default.values():
        by_hand = default_settings(output.medium, output.key)
        assert by_hand.title == output.settings.title
        assert by_hand.kind == output.settings.kind


def test_options_are_those_of_the_kind(default):
    for output in default.values():
        options = KINDS[output.settings.kind].options()
        if options is None:
            # Folds are said by the catalogue, to tables that count networks; users give none.
            assert set(output.settings.options) <= {"folds", "fold_seed", "fold", "fewer_networks"}
        else:
            options.checked(output.settings.options)


def test_what_a_study_lacks_is_said(tmp_path):
    planned = outputs(layout())
    made = {name for name, output in planned.items() if not output.absent}
    assert {"table_10", "table_14", "figure_4", "figure_5", "figure_cutflow"} <= made
    assert planned["table_1"].absent == "table_1 needs sm under spanet_trainings"
    assert "14 TeV with 300 or 3000 fb^-1" in planned["table_27"].absent
    assert "mixing_spanet_tuned" in planned["table_26"].absent


def test_without_the_standard_model_events_are_not_compared():
    small = layout(
        {
            "samples": {"hh": {"kappa_lambda": [2, 5]}},
            "classifiers": {"min_dr_dnn": None},
            "selections": {"min_dr_dnn": None},
        }
    )
    planned = outputs(small)
    for name in ("figure_2", "figure_jets", "figure_cutflow"):
        assert "a signal sample at kappa_lambda = 1" in planned[name].absent
    assert list(planned["table_pass_rates"].inputs) == ["four_b"]
    assert not planned["figure_3"].absent
    assert list(planned["figure_kappa"].inputs) == ["2", "5"]


def test_own_names_are_shown_beside_the_notes():
    own = {
        "pairings": {"closest": {"method": "min_dr", "label": "closest"}},
        "classifiers": {
            "closest_trees": {"kind": "baseline", "pairing": "closest", "method": "random_forest"},
            "closest_dnn": {"kind": "dnn", "pairing": "closest"},
        },
        "selections": {
            "trees": {"pairing": "closest", "classifier": "closest_trees"},
            "loose": {"pairing": "closest", "classifier": "closest_dnn", "threshold": 0.3},
            "tight": {
                "pairing": "closest", "classifier": "closest_dnn", "threshold": 0.9,
                "label": "tight network",
            },
        },
    }  # fmt: skip
    planned = outputs(layout(own, {"selections": {"loose": {"label": "loose network"}}}))
    assert list(planned["table_26"].inputs) == ["trees", "loose", "tight"]
    assert planned["table_26"].settings.parts["tight"] == ("closest", "tight network")
    assert planned["table_26"].settings.parts["trees"] == ("closest", "random forest")
    # The name of a classifier says nothing about its pairing.
    assert planned["table_25"].settings.parts["closest_trees"] == ("closest", "random forest")
    assert list(planned["figure_roc"].inputs) == ["min_dr_dnn", "closest_trees", "closest_dnn"]
    rows = planned["table_classifiers"].inputs
    assert rows["closest_trees.limits"] == ["results/limits/trees_13tev_139ifb.json"]
    assert rows["closest_dnn.limits"] == ["results/limits/loose_13tev_139ifb.json"]


def test_several_backgrounds_have_entries_of_their_own():
    planned = outputs(layout(TTBAR))
    jets = planned["figure_jets"]
    assert jets.inputs == {
        "signal": ["results/datasets/hh_kl1.h5"],
        "four_b": ["results/datasets/four_b.h5"],
        "ttbar": ["results/datasets/ttbar.h5"],
    }
    assert jets.settings.label("four_b") == "pp → 4b"
    masses = planned["figure_3"].inputs
    assert list(masses) == ["dataset.four_b", "dataset.ttbar", "min_dr.four_b", "min_dr.ttbar"]
    assert list(planned["table_pass_rates"].inputs) == ["sm_hh", "four_b", "ttbar"]
    assert planned["table_pass_rates"].settings.label("sm_hh") == "SM gg → HH"
    assert list(planned["table_12"].inputs) == ["signal", "four_b", "ttbar"]
    assert planned["table_12"].settings.options["total"]
    assert list(planned["figure_scores"].inputs) == [
        "min_dr_dnn.signal", "min_dr_dnn.four_b", "min_dr_dnn.ttbar",
    ]  # fmt: skip
    assert planned["figure_4"].settings.label("ttbar") == "pp → tt̄"


def test_two_samples_of_one_process_are_one_entry():
    more = {"samples": {"more": {"source": "four_b", "process": "four_b", "events": 10}}}
    planned = outputs(layout(more))
    files = ["results/datasets/four_b.h5", "results/datasets/more.h5"]
    assert planned["figure_jets"].inputs["background"] == files
    assert planned["table_pass_rates"].inputs["four_b"] == files
    assert list(planned["figure_cutflow"].inputs) == ["signal", "four_b", "more"]


def test_the_headline_is_named_and_not_the_first_entry():
    statistics = {
        "luminosities_ifb": [500, 139],
        "sqrt_s_tev": [14, 13],
        "headline": {"sqrt_s_tev": 14, "luminosity_ifb": 139},
    }
    background = {"four_b": {"cross_section_pb": {14: 700.0}}}
    planned = outputs(layout({"statistics": statistics, "processes": background}))
    assert planned["table_14"].inputs["min_dr_dnn"] == [
        "results/limits/min_dr_dnn_14tev_139ifb.json"
    ]
    assert len(planned["table_luminosities"].inputs["min_dr_dnn"]) == 4


def test_settings_survive_the_command_line(default):
    for output in default.values():
        assert type(output.settings).from_json(output.settings.as_json()) == output.settings


def test_code_of_an_output_is_its_kind_and_not_the_catalogue(default):
    digests = {name: code_digest(*output.code) for name, output in default.items()}
    assert digests["table_9"] == digests["table_26"] != digests["table_25"]
    script = (
        "import sys\n"
        "from hh4b.core import digest\n"
        "seen = []\n"
        "old = digest._source\n"
        "digest._source = lambda name: (seen.append(name), old(name))[1]\n"
        f"digest.code_digest(*{default['table_26'].code!r})\n"
        "print(*seen)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "hh4b.publication.limit_cells" in done.stdout
    assert not re.search(r"catalogue|registry|hh4b\.study|figures", done.stdout)


def test_styles_of_unknown_figures_are_refused():
    small = layout({"publication": {"figure_style": {"figure_99": {"font_size": 9}}}})
    with pytest.raises(ConfigError, match=r"publication\.figure_style\.figure_99: expected one"):
        check_outputs(small.study)


def test_style_of_a_figure_goes_over_that_of_all():
    publication = {"style": {"dpi": 90}, "figure_style": {"figure_4": {"font_size": 12}}}
    planned = outputs(layout({"publication": publication}))
    assert planned["figure_4"].settings.style == {"dpi": 90, "font_size": 12}
    assert planned["figure_5"].settings.style == {"dpi": 90}
    assert FigureStyle.parse('{"dpi": 60}', planned["figure_4"].settings.style).dpi == 60


def test_kinds_and_outputs_are_documented(pytestconfig):
    text = (pytestconfig.rootpath / "docs/figures.md").read_text()
    for medium in ("table", "figure"):
        for key in known_keys(medium):
            title = default_settings(medium, key).title
            assert f"| {key} | {title} | `{default_settings(medium, key).kind}` |" in text
    for kind in KINDS.values():
        assert f"| `{kind.name}` | {kind.section or '—'} | {kind.inputs} |" in text
