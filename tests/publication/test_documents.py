"""Numbers of a build in documents: extracted, filled in, compared, and the repository's own."""

import copy
import json

import pytest
import yaml
from tests.publication.conftest import classifier_metrics, efficiency_curve, limits, provenance
from tests.publication.likelihoods import fit, toys, with_errors
from tests.publication.studies import SMALL, overlay

from hh4b.core.errors import ConfigError
from hh4b.core.files import write_json
from hh4b.publication.key_numbers import Numbers, written
from hh4b.publication.numbers_stage import compare_studies, extract_numbers, fill_documents

NUMBERS = {
    "limits": {
        "spanet": {
            "profile": {
                "lower": {"value": -4.357, "error": 0.269, "note": -3.07},
                "upper": {"value": 10.025, "error": 0.417, "note": 8.8},
                "width": {"value": 14.382, "error": 0.664},
            }
        }
    },
    "pairing": {"min_dr": {"1": {"value": 0.7434, "error": 0.0145}}},
    "samples": {"hh": {"generated": 20000}},
    "tables": {"24": {"min_dr": {"kappa_lambda_1": {"value": 0.74, "error": 0.01, "note": 0.809}}}},
    "orders": {"1": "It holds."},
    "seconds": {"long": {"jobs": 2, "seconds": 990.0}, "short": {"jobs": 3, "seconds": 1.0}},
}


@pytest.fixture
def numbers(tmp_path):
    path = tmp_path / "numbers/default.json"
    path.parent.mkdir()
    path.write_text(json.dumps(NUMBERS))
    return path


def number(key, text="", decimals=""):
    return f"<!-- number: {key}{decimals} -->{text}<!-- /number -->"


def fill(tmp_path, numbers, text, *, check=False):
    document = tmp_path / "page.md"
    document.write_text(text)
    lines = fill_documents([document], [numbers], check=check)
    return document.read_text(), lines


@pytest.mark.parametrize(
    ("key", "decimals", "text"),
    [
        ("limits/spanet/profile", "", "[−4.36 ± 0.27, 10.03 ± 0.42]"),
        ("limits/spanet/profile/note", "", "[−3.07, 8.80]"),
        ("limits/spanet/profile/lower/error", "", "0.27"),
        ("limits/spanet/profile/width", " .1", "14.4 ± 0.7"),
        ("pairing/min_dr/1", "", "0.743 ± 0.015"),
        ("samples/hh/generated", "", "20,000"),
        ("seconds/all/jobs", "", "5"),
        ("seconds/all/minutes", " .1", "16.5"),
    ],
)
def test_a_marked_place_is_filled(tmp_path, numbers, key, decimals, text):
    before = f"Found: {number(f'default/{key}', 'old', decimals)} here.\n"
    after, lines = fill(tmp_path, numbers, before)
    assert after == before.replace("old", text)
    assert len(lines) == 1
    assert fill(tmp_path, numbers, after) == (after, [])


def test_a_changed_number_is_noticed(tmp_path, numbers):
    good, _ = fill(tmp_path, numbers, f"One\nline: {number('default/pairing/min_dr/1')}.\n")
    text, lines = fill(tmp_path, numbers, good.replace("0.743", "0.753"), check=True)
    assert "0.753" in text
    (line,) = lines
    assert line.startswith(f"{tmp_path}/page.md:2: default/pairing/min_dr/1 is '0.743 ± 0.015'")


def test_a_changed_table_is_noticed(tmp_path, numbers):
    text = "<!-- table: studies -->\n<!-- /table -->\n"
    good, _ = fill(tmp_path, numbers, text)
    assert "| min-ΔR is right at κλ = −5, 1, 5 | —, 0.740 ± 0.010, — |" in good
    assert not fill(tmp_path, numbers, good, check=True)[1]
    _, lines = fill(tmp_path, numbers, good.replace("0.740", "0.741"), check=True)
    assert "page.md:1: table studies differs from the numbers, e.g. | min-ΔR" in lines[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a\nb {number('default/pairing/min_dr/7')}", r"page.md:2: .*no '7' in default/pairing/"),
        (f"a {number('other/pairing')}", "page.md:1: other/pairing: no 'other' in the numbers"),
        (f"a {number('default/pairing')}", "no number, interval or text stands there"),
        (f"{number('default/pairing/min_dr/1')} a", "page.md:1: a marked number may not begin"),
        ("a <!-- number: default/pairing/min_dr/1 -->0.7", "page.md:1: a mark that is not"),
        ("a\n<!-- table: studies -->\n", "page.md:2: a mark that is not of the form"),
        ("<!-- table: nothing -->\n<!-- /table -->", "no table 'nothing'; there are: studies"),
        ("<!-- table: studies other -->\n<!-- /table -->", "no 'other' in the numbers"),
    ],
)
def test_a_wrong_mark_is_refused(tmp_path, numbers, text, message):
    with pytest.raises(ConfigError, match=message):
        fill(tmp_path, numbers, text)


def test_marks_in_code_are_shown_as_they_are(tmp_path, numbers):
    text = f"```\n{number('no/such/key')}\n```\n"
    assert fill(tmp_path, numbers, text) == (text, [])


def test_small_stages_stand_in_one_line(tmp_path, numbers):
    text, _ = fill(tmp_path, numbers, "<!-- table: seconds default -->\n<!-- /table -->\n")
    assert "| long | 2 | 990 |\n| everything else | 3 | 1 |\n| all | 5 | 991 |\n" in text


def test_studies_stand_side_by_side(tmp_path, numbers):
    other = copy.deepcopy(NUMBERS)
    other["tables"]["24"]["min_dr"]["kappa_lambda_1"] = {"value": 0.79, "error": 0.02}
    (numbers.parent / "a_detector.json").write_text(json.dumps(other))
    compare_studies([numbers.parent], tmp_path / "t.md")
    head, _, line = (tmp_path / "t.md").read_text().splitlines()[:3]
    assert head == "|  | default | a_detector | the note |"
    assert "—, 0.740 ± 0.010, — | —, 0.790 ± 0.020, — |" in line
    compare_studies([numbers.parent], tmp_path / "t.csv")
    key = "tables/24/min_dr/kappa_lambda_1"
    assert f",{key},a_detector,0.79,0.02,,\n" in (tmp_path / "t.csv").read_text()
    with pytest.raises(ConfigError, match="written as .md or .csv"):
        compare_studies([numbers.parent], tmp_path / "t.tex")


def test_nothing_is_written_for_what_is_no_number():
    assert written(None, 2) == "—"
    assert written({"value": None}, 2) == "—"
    assert written(True, 2) == "yes"
    assert written({"other": 1}, 2) is None


@pytest.fixture
def finished(tmp_path):
    """A study's configuration and the files of its results that numbers are taken from."""
    study = copy.deepcopy(SMALL)
    spanet = {"pairing": "min_dr", "classifier": "min_dr_cuts", "threshold": 0.5}
    overlay(study, {"selections": {"mixing_spanet": spanet}})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    results = tmp_path / "results"
    for name, shift in (("min_dr_dnn", 0.5), ("mixing_spanet", 0.0)):
        content = limits(shift, width=6.0 + shift, error=0.2)
        write_json(results / f"limits/{name}_13tev_139ifb.json", content, provenance(name=name))
    write_json(results / "metrics/pairing/min_dr.json", efficiency_curve(), provenance())
    path = results / "metrics/classification/min_dr_dnn.json"
    write_json(path, classifier_metrics(0.9), provenance())
    (results / "tables").mkdir()
    (results / "tables/table_26.csv").write_text(
        "Pairing,key,quantity,this_run,this_run_error,note,note_error,difference_in_errors,source\n"
        "a,min_dr_dnn,profile_lower,-4.0,0.5,-3.2,,-1.6,a.json\n"
        "a,min_dr_dnn,profile_upper,10.0,0.5,10.31,,-0.62,a.json\n"
        "a,min_dr_dnn,own,10.0,0.5,,,,a.json\n"
    )
    (results / "benchmarks/limits").mkdir(parents=True)
    (results / "benchmarks/limits/a.tsv").write_text("s\tmax_rss\tcpu_time\n9.0\t100\t0.59\n")
    return results


def test_numbers_of_a_finished_study(finished, tmp_path):
    output = tmp_path / "default.json"
    extract_numbers(finished, output, [tmp_path / "study.yaml"])
    numbers = Numbers.read([output])
    assert numbers.text("default/limits/min_dr_dnn/13/139/profile/width") == "13.00 ± 0.40"
    assert numbers.text("default/limits/mixing_spanet/13/139/profile").startswith("[−2.50 ± 0.20")
    assert numbers.text("default/pairing/min_dr/1").startswith("0.")
    assert numbers.text("default/classification/min_dr_dnn/auc") == "0.900 ± 0.003"
    difference = "default/differences/mixing_spanet_minus_min_dr_dnn/13/139/profile/width"
    # Errors of 0.4 each, in squares: 0.57.
    assert numbers.text(difference) == "−1.00 ± 0.57"
    assert numbers.text(f"{difference}/errors", 1) == "1.8"
    assert numbers.text("default/tables/26/min_dr_dnn/profile/note") == "[−3.20, 10.31]"
    assert numbers.find("default/comparisons") == {
        "all": 2, "within_one": 1, "one_to_two": 1, "beyond_two": 0
    }  # fmt: skip
    assert numbers.find("default/seconds") == {"limits": {"jobs": 1, "seconds": 0.6}}
    assert numbers.find("default/sources/limits/files") == 2
    assert numbers.find("default/study/headline") == "13/139"


def test_numbers_of_likelihoods(finished, tmp_path):
    """At the headline with ends outside of the scan, later with two minima."""
    study = yaml.safe_load((tmp_path / "study.yaml").read_text())
    fixed = {"kappa_input": "fixed", "background_kappa": "fixed", "fixed_kappa_input": 5}
    likelihood = {"selections": ["min_dr_dnn"], "toys": ["min_dr_dnn"]}
    overlay(study, {"statistics": {**fixed, "luminosities_ifb": [139, 300, 3000]}})
    overlay(study, {"likelihood": likelihood})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    folder = finished / "likelihood/min_dr_dnn"
    write_json(folder / "fit_13tev_139ifb.json", fit(bounded=False), provenance())
    later = with_errors(fit(3.0, luminosity=3000.0))
    later["minima"].append({"kappa_lambda": 7.0, "minus_2_delta_log_l": 1.5})
    write_json(folder / "fit_13tev_3000ifb.json", later, provenance())
    write_json(folder / "toys_13tev_139ifb.json", toys(), provenance())
    output = tmp_path / "default.json"
    extract_numbers(finished, output, [tmp_path / "study.yaml"])
    numbers = Numbers.read([output])
    place = "default/likelihood/min_dr_dnn"
    assert numbers.text(f"{place}/points/13/3000/95") == "[−1.00 ± 0.40, 5.00 ± 0.40]"
    assert numbers.text(f"{place}/points/13/3000/95/width") == "6.00 ± 0.50"
    assert numbers.text(f"{place}/points/13/3000/95/parts/background_shape") == "4.80"
    assert numbers.text(f"{place}/points/13/3000/second/height") == "1.50"
    assert numbers.text(f"{place}/points/13/3000/significance", 3) == "0.250"
    assert numbers.text(f"{place}/points/13/3000/mu_limit", 1) == "4.0"
    assert numbers.text(f"{place}/points/13/139/95/text") == "[< −10, > 15]"
    assert numbers.text(f"{place}/points/13/139/95/width") == "—"
    share = f"{place}/toys/coverage/95/feldman_cousins/1"
    assert numbers.text(share, 3) == "0.955 ± 0.010"
    assert numbers.text(f"{place}/toys/feldman_cousins/68") == "[−3.00, 7.00]"
    assert numbers.text(f"{place}/toys/injections/-3").startswith("median bias")
    assert numbers.find("default/sources/likelihood/files") == 3
    text = fill(tmp_path, output, "<!-- table: likelihood default -->\n<!-- /table -->\n")[0]
    assert text.splitlines()[3:5] == [
        "| min-ΔR + DNN, 13 TeV, 139 fb⁻¹ | [< −10, > 15] | — | 6.00 | — | — | — | 2.00 | 0.250 |",
        "| min-ΔR + DNN, 13 TeV, 3000 fb⁻¹ | [−1.00 ± 0.40, 5.00 ± 0.40] | 6.00 ± 0.50 | 3.00"
        " | 3.60 | 4.80 | 0.00 | 2.00 | 0.250 |",
    ]


def test_the_table_of_likelihoods_needs_one(tmp_path, numbers):
    with pytest.raises(ConfigError, match="no 'likelihood' in default"):
        fill(tmp_path, numbers, "<!-- table: likelihood default -->\n<!-- /table -->\n")


def test_a_folder_without_results_is_refused(tmp_path):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(SMALL))
    with pytest.raises(ConfigError, match="limits: none of the files that the configuration"):
        extract_numbers(tmp_path, tmp_path / "default.json", [tmp_path / "study.yaml"])


def test_the_documents_of_the_repository_show_the_numbers(pytestconfig):
    root = pytestconfig.rootpath
    documents = [*sorted((root / "docs").glob("*.md")), root / "README.md"]
    assert fill_documents(documents, [root / "docs/numbers"], check=True) == []
    assert all(path.stat().st_size < 70_000 for path in (root / "docs/numbers").glob("*.json"))
