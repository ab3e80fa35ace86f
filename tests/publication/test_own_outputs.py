import csv
import re

import pytest
import yaml
from tests.publication.conftest import provenance
from tests.publication.studies import layout
from typer.testing import CliRunner

from hh4b.commands import publication  # noqa: F401  registers the commands
from hh4b.commands.groups import app
from hh4b.core.errors import ConfigError
from hh4b.core.files import read_json, write_json
from hh4b.publication.catalogue import check_outputs, outputs

REFERENCE = "config/reference/note.yaml"
MORE = {
    "classifiers": {"second": {"kind": "dnn", "pairing": "min_dr", "label": "second network"}},
    "selections": {"second": {"pairing": "min_dr", "classifier": "second"}},
    "statistics": {"sqrt_s_tev": [13, 14], "luminosities_ifb": [139, 500]},
    "processes": {"four_b": {"cross_section_pb": {14: 700.0}}},
}


def own(**output):
    return layout(MORE, {"outputs": {"mine": output}})


def invoke(output, stem, *options, files=None):
    texts = [
        part
        for key, paths in output.inputs.items()
        for path in paths
        for part in ("--input", f"{key}={files(path) if files else path}")
    ]
    arguments = [output.medium, output.key, "-o", str(stem), *texts, *options]
    result = CliRunner().invoke(app, [*arguments, "--settings", output.settings.as_json()])
    assert result.exit_code == 0, result.output


def test_a_table_of_intervals_at_another_energy_and_luminosity(run, tmp_path, pytestconfig):
    study = own(
        medium="table", kind="intervals", title="Run 3", selections=["min_dr_dnn", "second"],
        sqrt_s_tev=14, luminosity_ifb=500,
    )  # fmt: skip
    planned = outputs(study)["table_mine"]
    assert planned.stem == "results/tables/table_mine"
    assert planned.inputs["second"] == ["results/limits/second_14tev_500ifb.json"]

    def files(path):
        return run / "limits/min_dr_dnn_14tev_600ifb.json"

    reference = str(pytestconfig.rootpath / REFERENCE)
    invoke(planned, tmp_path / "t", "--reference", reference, files=files)
    page = (tmp_path / "t.md").read_text()
    assert page.startswith("**Table mine:** Run 3")
    assert "min-ΔR | second network" in page
    assert "√s = 14 TeV" in page
    with (tmp_path / "t.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {row["key"] for row in rows} == {"min_dr_dnn", "second"}
    assert {row["note"] for row in rows} == {""}


def test_a_figure_of_two_classifiers(run, tmp_path):
    study = own(
        medium="figure", kind="roc", classifiers=["min_dr_dnn", "second"], style={"dpi": 60}
    )
    planned = outputs(study)["figure_mine"]
    invoke(planned, tmp_path / "f", files=lambda path: run / "classifier/min_dr_dnn_0.json")
    assert (tmp_path / "f.png").stat().st_size > 1000


@pytest.mark.parametrize(
    "output",
    [
        {"kind": "intervals_by_luminosity", "selections": ["second"]},
        {"kind": "equivalent_luminosity", "selections": ["second", "min_dr_dnn"]},
        {"kind": "classification", "classifiers": ["second"]},
        {"kind": "classifiers", "classifiers": ["second"]},
        {"kind": "pairing_points", "pairings": ["min_dr"]},
        {"kind": "efficiency", "pairings": ["min_dr"]},
        {"kind": "leaderboard", "pairings": ["min_dr"], "options": {"reference": "min_dr"}},
        {"kind": "leaderboard_curves", "pairings": ["min_dr"]},
        {"kind": "masses", "pairings": ["min_dr"]},
        {"kind": "templates", "selections": ["second"]},
        {"kind": "intervals_against_luminosity", "selections": ["second"]},
        {"kind": "widths_against_luminosity", "selections": ["second"]},
        {"kind": "limits_against_kappa", "selections": ["second"]},
        {"kind": "likelihood", "selections": ["second"]},
        {"kind": "cutflow", "classifiers": ["min_dr_cuts"]},
        {"kind": "scores", "classifiers": ["second"]},
        {"kind": "learning", "classifiers": ["second"]},
    ],
)
def test_kinds_find_the_files_of_what_is_named(output):
    from hh4b.publication.registry import KINDS

    medium = KINDS[output["kind"]].medium
    planned = outputs(own(medium=medium, **output))[f"{medium}_mine"]
    assert planned.absent is None
    assert planned.files
    options = KINDS[output["kind"]].options()
    if options:
        options.checked(planned.settings.options)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"kind": "pie"}, r"outputs\.mine\.kind: output 'pie': expected one of"),
        ({"kind": "roc", "medium": "table"}, r"outputs\.mine\.kind: kind 'roc' makes a figure"),
        ({"kind": "roc"}, r"outputs\.mine\.classifiers: kind 'roc' needs at least one"),
        (
            {"kind": "roc", "classifiers": ["svm"]},
            r"outputs\.mine\.classifiers: value 'svm': expected",
        ),
        ({"kind": "jets"}, r"'jets' always shows the same"),
        (
            {"kind": "limits_against_kappa", "selections": ["second"], "luminosity_ifb": 300},
            r"outputs\.mine\.luminosity_ifb: value 300 is not in .*luminosities_ifb: 139, 500",
        ),
        (
            {"kind": "roc", "classifiers": ["second"], "style": {"font": 3}},
            r"outputs\.mine\.style\.font: unknown key",
        ),
        (
            {"kind": "roc", "classifiers": ["second"], "options": {"a": 1}},
            r"outputs\.mine\.options: kind 'roc' has none",
        ),
        (
            {"kind": "masses", "pairings": ["min_dr"], "options": {"a": 1}},
            r"outputs\.mine\.options\.a: unknown key",
        ),
        (
            {
                "kind": "leaderboard_curves",
                "pairings": ["min_dr"],
                "options": {"series": {"network": ["min_dr", "second"]}},
            },
            r"outputs\.mine\.options: 'second' is not among its pairings: min_dr",
        ),
        ({"kind": "nowhere.py:draw"}, r"outputs\.mine\.kind: output nowhere\.py:draw does not"),
    ],
)
def test_what_cannot_be_made_is_said_before_any_job(output, words):
    with pytest.raises(ConfigError, match=words) as caught:
        check_outputs(own(**{"medium": "figure", **output}).study)
    assert "\n" not in str(caught.value)


def test_names_of_the_package_are_taken():
    study = layout({"outputs": {"roc": {"medium": "figure", "kind": "roc"}}}).study
    with pytest.raises(ConfigError, match=r"outputs\.roc: the package has a figure of that name"):
        check_outputs(study)


def test_the_example_of_the_documentation_draws(run, tmp_path, pytestconfig, monkeypatch):
    text = (pytestconfig.rootpath / "docs/figures.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/yields.py").write_text(code)
    example = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[1])
    example["outputs"]["yields"]["selections"] = ["min_dr_dnn", "second"]
    planned = outputs(layout(MORE, example))["figure_yields"]
    assert planned.code_files == ("mine/yields.py",)
    assert "mine/yields.py" in planned.files
    assert list(planned.inputs) == [
        "limits.min_dr_dnn", "templates.min_dr_dnn", "metrics.min_dr_dnn",
        "limits.second", "templates.second", "metrics.second",
    ]  # fmt: skip
    content = read_json(run / "limits/min_dr_dnn_13tev_139ifb.json")
    content.pop("provenance")
    write_json(tmp_path / "limits.json", {**content, "n_signal": [1.0] * 26}, provenance("limits"))
    invoke(planned, tmp_path / "f", files=lambda path: tmp_path / "limits.json")
    assert (tmp_path / "f.pdf").stat().st_size > 1000


def test_code_of_the_user_must_return_what_it_promised(run, tmp_path, monkeypatch, pytestconfig):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.py").write_text(
        "def build(inputs, reference, settings):\n    return 3\n"
        "def other(inputs):\n    return None\n"
    )
    study = own(medium="table", kind="wrong.py:other", selections=["second"]).study
    with pytest.raises(ConfigError, match=r"expected f\(inputs, reference, settings\)"):
        check_outputs(study)
    planned = outputs(own(medium="table", kind="wrong.py:build", selections=["second"]))
    texts = ["--input", f"limits.second={run}/limits/min_dr_dnn_13tev_139ifb.json"]
    reference = ["--reference", str(pytestconfig.rootpath / REFERENCE)]
    settings = ["--settings", planned["table_mine"].settings.as_json()]
    result = CliRunner().invoke(app, ["table", "mine", "-o", "t", *texts, *reference, *settings])
    assert isinstance(result.exception, ConfigError)
    assert "returned int, not a Table" in str(result.exception)
