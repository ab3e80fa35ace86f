import pytest
from tests.publication.conftest import limits, provenance, templates, withheld
from tests.publication.studies import layout

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import write_json
from hh4b.publication.catalogue import default_settings, outputs, results_page
from hh4b.publication.effective_events import selected_background
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.outputs_stage import build_table
from hh4b.publication.page.files import PageFiles
from hh4b.publication.page.limits_section import limits_section
from hh4b.publication.page.searches_section import search_sentence
from hh4b.publication.reference import Reference
from hh4b.publication.settings import PageSettings, ShownSearch
from hh4b.publication.tables import as_markdown
from hh4b.publication.withheld import withheld_intervals

REFERENCE = Reference("none", {})
LOSS = ShownSearch(objective="validation loss", lower_is_better=True, tables=["22", "23"])


def file(tmp_path, name, content):
    path = tmp_path / f"{name}.json"
    write_json(path, content, provenance(name=name))
    return path


def bins(weights, squares, kappa=None):
    return {"kappa_lambda": kappa, "sum_weights": weights, "sum_weights_squared": squares}


def test_effective_events_after_joining(tmp_path):
    """Weights of 1: 4, 9 and 1 events; the last two bins are one. A second process has none."""
    content = limits()
    content.update(
        n_background_by_process={"four_b": 28.0, "ttbar": 0.0}, bin_edges_gev=[200.0, 300.0, 500.0]
    )
    made = {
        "bin_edges_gev": [200.0, 300.0, 400.0, 500.0],
        "backgrounds": {
            "four_b": [bins([4.0, 9.0, 1.0], [4.0, 9.0, 1.0])],
            "ttbar": [bins([0.0, 0.0, 0.0], [0.0, 0.0, 0.0])],
        },
    }
    found = selected_background(
        RunFile.read(file(tmp_path, "l", content)), RunFile.read(file(tmp_path, "t", made))
    )
    assert (found.total, found.smallest) == pytest.approx((14.0, 4.0))
    for entry in (made["backgrounds"]["four_b"][0], made["backgrounds"]["ttbar"][0]):
        entry["total_variance"] = 2 * sum(entry["sum_weights"])
    found = selected_background(
        RunFile.read(file(tmp_path, "l", content)), RunFile.read(file(tmp_path, "t", made))
    )
    assert (found.total, found.smallest) == pytest.approx((7.0, 4.0))


def test_effective_events_are_those_of_the_hypothesis_with_fewest(tmp_path):
    content = limits()
    content.update(n_background_by_process={"four_b": 9.0}, bin_edges_gev=[200.0, 300.0])
    made = {
        "bin_edges_gev": [200.0, 300.0],
        "backgrounds": {"four_b": [bins([9.0], [9.0], 1.0), bins([5.0], [5.0], 2.0)]},
    }
    limit_file = RunFile.read(file(tmp_path, "l", content))
    found = selected_background(limit_file, RunFile.read(file(tmp_path, "t", made)))
    assert (found.total, found.smallest) == pytest.approx((5.0, 5.0))
    made["backgrounds"]["four_b"] = [bins([5.0], [5.0], 2.0)]
    with pytest.raises(ContractError, match="no template of 1 bins at kappa_lambda = 1"):
        selected_background(limit_file, RunFile.read(file(tmp_path, "t", made)))


def test_the_table_has_events_and_parts_of_errors(tmp_path):
    content = limits(error=0.2)
    content.update(
        n_background_by_process={"four_b": 100.0},
        bin_edges_gev=templates()["bin_edges_gev"],
        merged_bins=[{"low_gev": 900.0, "high_gev": 1000.0, "effective_events": 0.5}],
    )
    content["profile"]["width_error_parts"] = {"events": 0.3, "training": 0.26}
    shared = {key: content[key] for key in ("n_background_by_process", "bin_edges_gev")}
    files = {
        "a": file(tmp_path, "limits", content),
        "b": file(tmp_path, "none", withheld() | shared),
        "a.templates": file(tmp_path, "templates", templates()),
    }
    files["b.templates"] = files["a.templates"]
    texts = [f"{key}={path}" for key, path in files.items()]
    inputs = Inputs.parse("table background", texts)
    table = build_table(inputs, REFERENCE, default_settings("table", "background"))
    cells = table.rows[0].cells
    assert cells["effective_events"].run.value == pytest.approx(150, abs=40)
    assert cells["merged_bins"].run.value == 1
    assert cells["profile_width"].run.error == 0.4
    assert cells["profile_width_events"].run.value == 0.3
    assert cells["profile_width_training"].run.value == 0.26
    assert cells["cls_width_training"].run.value is None
    assert table.rows[1].cells["profile_width"].run.text == "withheld"
    assert "b: no interval, 3.2 effective background events, 20 needed." in table.remarks


def test_intervals_under_other_cross_sections_stand_beside_the_nominal_one(tmp_path):
    content = limits(width=6.0, error=0.2)
    content["cross_section_bands"] = {"scale_up": {"four_b": 1.62}, "gone": {"hh": 0.01}}
    for method in ("profile", "cls"):
        content[method]["bands_by_cross_section"] = {
            "scale_up": {"width": 14.0, "interval": [-4.0, 10.0], "segments": [[-4.0, 10.0]]},
            "gone": None,
        }
    inputs = Inputs.parse("table cross_sections", [f"a={file(tmp_path, 'a', content)}"])
    table = build_table(inputs, REFERENCE, default_settings("table", "cross_sections"))
    assert [row.key for row in table.rows] == ["a", "a.scale_up", "a.gone"]
    text = as_markdown("Table", table)
    assert "| a | scale up (four_b × 1.62) | this run | −4.00 | 10.00 | 14.00 |" in text
    assert "| a | gone (hh × 0.01) | this run | no interval |" in text
    assert "| a | nominal | this run | −2.50 ± 0.20 | 9.50 ± 0.30 | 12.00 ± 0.40 |" in text
    plain = Inputs.parse("table cross_sections", [f"a={file(tmp_path, 'b', limits())}"])
    with pytest.raises(ConfigError, match=r"set statistics\.cross_section_bands"):
        build_table(plain, REFERENCE, default_settings("table", "cross_sections"))


def test_withheld_intervals_are_found_once_a_selection(tmp_path):
    few, fewer = file(tmp_path, "few", withheld(5.0)), file(tmp_path, "fewer", withheld(3.0))
    good = file(tmp_path, "good", limits())
    missing = tmp_path / "missing.json"
    found = withheld_intervals({"a": [few, fewer], "b": [good, missing], "c": [good, few]})
    assert [one.name for one in found] == ["a", "c"]
    assert found[0].sentence() == (
        "a: no interval, 3 effective background events, 20 needed; generate more background or"
        " loosen the threshold"
    )
    assert "c: no interval in 1 of 2 cases, 5 effective" in found[1].sentence()


def test_the_page_says_what_intervals_do_not_hold(tmp_path):
    joined = limits()
    joined["merged_bins"] = [{"low_gev": 600.0, "high_gev": 680.0, "effective_events": 0.0}]
    paths = {"a": file(tmp_path, "a", withheld()), "b": file(tmp_path, "b", joined)}
    texts = [f"{kind}.{n}={path}" for n, path in paths.items() for kind in ("headline", "limits")]
    files = PageFiles(Inputs.parse("summary", texts), PageSettings(labels={"a": "A", "b": "B"}))
    text = "\n".join(limits_section(files, {}))
    assert "* A: no interval, 3.2 effective background events, 20 needed;" in text
    assert "* B: 600–680 (0)" in text
    assert "`statistics.cross_section_bands` would show" in text
    table = tmp_path / "table_cross_sections.md"
    table.write_text("the bands")
    assert "the bands" in "\n".join(limits_section(files, {"cross_sections": table}))
    assert limits_section(PageFiles(Inputs("summary", {}), PageSettings()), {}) == []


@pytest.mark.parametrize(
    ("improved", "start", "said"),
    [
        (
            False,
            0.5,
            "returned its start after 4 trials, of which 1 pruned (validation loss 0.4000",
        ),
        (True, 0.5, "the search won 0.1000 over its start"),
        (True, None, "best of 4 trials, of which 1 pruned; the start failed"),
        (None, None, "the start was not among the trials"),
    ],
)
def test_a_search_says_what_it_won(tmp_path, improved, start, said):
    outcome = {
        "improved": improved, "value": 0.4, "start_value": start, "n_trials": 4,
        "n_by_state": {"complete": 3, "pruned": 1},
    }  # fmt: skip
    text = search_sentence("mine", RunFile.read(file(tmp_path, "outcome", outcome)), LOSS)
    assert said in text
    assert ("tuned is untuned here" in text) == (improved is False)
    assert text.endswith("Shown in Tables 22, 23.")


SEARCHED = {
    "classifiers": {"tuned": {"kind": "dnn", "pairing": "min_dr", "search": "mine"}},
    "searches": {
        "mine": {"kind": "dnn", "classifier": "min_dr_dnn"},
        "unused": {"kind": "dnn", "classifier": "min_dr_dnn"},
    },
    "selections": {"tuned": {"pairing": "min_dr", "classifier": "tuned"}},
}


def test_the_page_of_a_study_reads_what_it_shows(pytestconfig, monkeypatch):
    monkeypatch.chdir(pytestconfig.rootpath)
    page = results_page(layout(SEARCHED))
    assert page.inputs["headline.tuned"] == ["results/limits/tuned_13tev_139ifb.json"]
    assert page.inputs["background.four_b"] == ["results/datasets/four_b.h5"]
    assert page.inputs["search.mine"] == ["results/searches/mine/outcome.json"]
    assert "search.unused" not in page.inputs
    assert page.files[0] == "config/reference/causes.yaml"
    assert page.options.startswith("--causes config/reference/causes.yaml --input headline.")
    assert page.settings.facts["simulation.detector"] == "config/detector/atlas.yaml"
    assert page.settings.facts["samples.four_b.b_tagging"] is None
    shown = page.settings.searches["mine"].tables
    assert {"background", "luminosities", "classifiers"} <= set(shown)
    assert "10" not in shown


def test_the_page_reads_the_limits_that_an_archive_has(tmp_path):
    kept = tmp_path / "limits/min_dr_dnn_13tev_139ifb.json"
    kept.parent.mkdir()
    kept.write_text("{}")
    page = results_page(layout(SEARCHED, {"publication": {"archive": str(tmp_path)}}))
    assert page.inputs["archived.min_dr_dnn"] == [str(kept)]
    assert "archived.tuned" not in page.inputs
    assert page.settings.archive == str(tmp_path)


def test_a_study_without_selections_has_a_page():
    small = layout({"selections": {"min_dr_dnn": None}, "publication": {"causes": None}})
    page = results_page(small)
    assert page.causes is None
    assert page.inputs == {}
    assert page.options == ""
    planned = outputs(small)
    assert "an entry under selections" in planned["table_background"].absent
    assert "statistics.cross_section_bands" in planned["table_cross_sections"].absent
