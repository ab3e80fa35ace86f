"""Quality against the number of training events: the table, and the figure drawn from it."""

import json

import numpy as np
import pytest
from tests.publication.conftest import limits, provenance

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import write_json
from hh4b.publication.catalogue.sample_size import NOTE
from hh4b.publication.inputs import Inputs
from hh4b.publication.kinds import sample_size_curves, sample_size_points
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle
from hh4b.publication.tables import write_files

POINTS = {
    "min_dr_dnn_at_10_percent": {"curve": "min_dr_dnn", "share": 0.1},
    "min_dr_dnn": {"curve": "min_dr_dnn", "share": None},
    "spanet": {"curve": "spanet", "share": None},
}
SETTINGS = OutputSettings(
    kind="sample_size_points",
    title="Sizes",
    labels={"min_dr_dnn": "DNN", "spanet": "SPANet2"},
    options={"points": POINTS, "note": {"min_dr_dnn": NOTE["min_dr_dnn"]}},
)


@pytest.fixture
def inputs(tmp_path):
    files = {}

    def put(key, content):
        path = tmp_path / f"{key}.json"
        write_json(path, content, provenance())
        files[key] = (path,)

    for name, number, auc, shift in (
        ("min_dr_dnn_at_10_percent", 50, 0.8, 1.0), ("min_dr_dnn", 500, 0.9, 0.0)
    ):  # fmt: skip
        put(f"{name}.trained", {"n_signal": number, "n_background": number})
        put(f"{name}.metrics", {"auc": auc, "auc_error": 0.01})
        found = limits(error=0.2)
        for method in ("profile", "cls"):
            found[method]["width"] += shift
        put(f"{name}.limits", found)
    put("spanet.trained", {"n_signal": 600, "n_background": 600})
    put("spanet.metrics", {"classification": {"EVENT/signal": {"auc": 0.7, "auc_error": 0.02}}})
    total = {"event_efficiency": 0.5, "event_efficiency_error": 0.03}
    put("spanet.pairing", {"groups": {"total": total}})
    return Inputs("table sample_size", files)


@pytest.fixture
def table(inputs):
    return sample_size_points.build(
        inputs, Reference.of_file("config/reference/note.yaml"), SETTINGS
    )


def test_points_with_the_note_beside_all_events(table):
    rows = {row.key: row for row in table.rows}
    assert [row.labels for row in table.rows] == [("DNN", "10"), ("DNN", "100"), ("SPANet2", "100")]
    small, whole = rows["min_dr_dnn_at_10_percent"].cells, rows["min_dr_dnn"].cells
    assert [cells["events"].run.value for cells in (small, whole)] == [100, 1000]
    assert whole["events"].note.value == 160_000
    assert (whole["auc"].note.value, whole["profile_width"].note.value) == (0.882, 14.07)
    assert small["auc"].note is None
    assert rows["spanet"].cells["auc"].run.value == 0.7
    assert rows["spanet"].cells["event_efficiency"].run.error == 0.03
    assert "profile_width" not in rows["spanet"].cells


def test_widths_are_compared_with_those_of_all_events(table):
    rows = {row.key: row.cells for row in table.rows}
    gain = rows["min_dr_dnn_at_10_percent"]["profile_width_gain"].run
    assert gain.value == pytest.approx(1.0)
    assert gain.error is not None
    assert "profile_width_gain" not in rows["min_dr_dnn"]


def test_a_missing_file_is_named(inputs):
    files = {key: value for key, value in inputs.files.items() if key != "spanet.trained"}
    with pytest.raises(ConfigError, match=r"'spanet\.trained' is missing"):
        sample_size_points.build(Inputs("t", files), Reference.of_file(None), SETTINGS)


def test_the_figure_shows_all_points_and_the_note(table, tmp_path):
    write_files(tmp_path / "table_sample_size", "Table", table)
    drawn = Inputs("f", {"table": (tmp_path / "table_sample_size.json",)})
    figure = sample_size_curves.draw(drawn, SETTINGS, FigureStyle())
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == ["AUC", "Event efficiency", r"$\Delta\kappa_\lambda$ (95%, profile)"]
    auc = figure.axes[0]
    curves = {box.get_label(): box for box in auc.containers}
    assert set(curves) == {"DNN", "SPANet2"}
    np.testing.assert_allclose(curves["DNN"].lines[0].get_xydata(), [[100, 0.8], [1000, 0.9]])
    hollow = [line for line in auc.lines if line.get_label() == "DNN, the note"]
    np.testing.assert_allclose(hollow[0].get_xydata(), [[160_000, 0.882]])


def test_a_point_without_interval_leaves_a_gap(table, tmp_path):
    write_files(tmp_path / "t", "Table", table)
    content = json.loads((tmp_path / "t.json").read_text())
    for row in content["rows"]:
        for cell in row["cells"].values():
            cell["error"] = None
        if row["key"] == "min_dr_dnn_at_10_percent":
            row["cells"]["profile_width"]["value"] = None
    (tmp_path / "t.json").write_text(json.dumps(content))
    inputs = Inputs("f", {"table": (tmp_path / "t.json",)})
    figure = sample_size_curves.draw(inputs, SETTINGS, FigureStyle())
    assert len(figure.axes[-1].containers[0].lines[0].get_xydata()) == 1


def test_another_file_is_no_table(tmp_path):
    write_json(tmp_path / "a.json", {"x": 1}, provenance())
    with pytest.raises(ContractError, match="rows"):
        sample_size_curves.draw(
            Inputs("f", {"table": (tmp_path / "a.json",)}), SETTINGS, FigureStyle()
        )
