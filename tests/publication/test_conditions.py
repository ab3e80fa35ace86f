"""Energy, luminosity and labels of what is shown."""

import csv
import json

import h5py
import matplotlib as mpl
import numpy as np
import pytest
from tests.publication.conftest import provenance, templates
from tests.publication.studies import TTBAR, layout

from hh4b.core import contracts
from hh4b.core.files import Provenance, write_json
from hh4b.publication.catalogue import default_settings, outputs
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.kinds.templates import read_backgrounds
from hh4b.publication.outputs_stage import build_table
from hh4b.publication.pass_rates import pass_rate
from hh4b.publication.reference import Reference
from hh4b.publication.registry import function_of
from hh4b.publication.style import FigureStyle, looks_of_samples
from hh4b.publication.tables import as_csv, as_latex
from hh4b.publication.text import latex, math_text

FAST = FigureStyle(dpi=60)
SPANET = {
    "spanet_trainings": {
        "mixing_joint": {
            "signal": ["hh"], "background": ["four_b"],
            "options": "config/spanet/options/smoke.json",
        }
    },
    "pairings": {"mixing_spanet": {"method": "spanet", "training": "mixing_joint"}},
    "classifiers": {"mixing_spanet": {"kind": "spanet", "training": "mixing_joint"}},
    "selections": {"mixing_spanet": {"pairing": "mixing_spanet", "classifier": "mixing_spanet"}},
}  # fmt: skip
AT_14 = {
    "physics": {"sqrt_s_tev": 14},
    "statistics": {
        "sqrt_s_tev": [14],
        "luminosities_ifb": [300],
        "headline": {"sqrt_s_tev": 14, "luminosity_ifb": 300},
    },
    "processes": {"four_b": {"cross_section_pb": {14: 700.0}}},
}
EVENTS = (
    "1", "2", "3", "4", "7", "8", "9", "10", "calibration", "cutflow", "embedding",
    "event_display", "importance", "jets", "learning", "mass_planes", "roc", "scores",
)  # fmt: skip


def draw(planned, texts):
    with mpl.rc_context(FAST.rc()):
        inputs = Inputs.parse(planned.name, texts)
        figure = function_of(planned.settings.kind, "figure")(inputs, planned.settings, FAST)
        figure.canvas.draw()
    return figure


def words(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


@pytest.fixture(scope="module")
def files(run, tmp_path_factory):
    """A file of the test run for every file that a planned output names."""
    folder = tmp_path_factory.mktemp("planned")
    rng = np.random.default_rng(6)
    for sample, n in (("signal", 4000), ("background", 3000)):
        contracts.write_table(
            folder / f"{sample}.h5",
            contracts.SCORES,
            {"kappa_lambda": np.array([1.0]), "score": rng.random((n, 1))},
            Provenance("test", {}),
        )
    embedded = {
        "variance_ratio": [0.6, 0.4],
        "features": ["h1_pt"],
        "correlation": {
            group: {"value": [[0.1], [0.2], [0.3]], "error": [[0.1], [0.1], [0.1]]}
            for group in ("all", "signal", "background")
        },
        "map": {
            "x": [0.0, 1.0], "y": [0.0, 1.0], "signal": [0, 1], "silhouette": {"2": 0.1},
            "silhouette_by_class": 0.2,
        },
    }  # fmt: skip
    write_json(folder / "embeddings.json", embedded, provenance("embeddings"))
    missed = {"columns": ["h1_pt"], "auc_loss": [0.1], "repeat_error": [0.01], "fold_error": None}
    write_json(folder / "importance.json", missed, provenance("dnn importance"))
    contracts.write_table(
        folder / "pairing.h5",
        contracts.PAIRING,
        {"jets": np.tile(np.array([[0, 1], [2, 3]], dtype=np.int8), (4000, 1, 1))},
        provenance("pair"),
    )
    (folder / "metrics.csv").write_text("epoch,train_loss\n0,0.7\n1,0.6\n")
    write_json(
        folder / "templates.json",
        templates(processes=("four_b", "ttbar")),
        provenance("templates", two=True),
    )

    def stand_in(path):
        kind = "signal" if "hh_kl" in path else "background"
        table = {
            "datasets/": run / f"datasets/{kind}.h5",
            "features/": run / f"features/min_dr/{kind}.h5",
            "scores/": folder / f"{kind}.h5",
            "cutflows/": run / f"datasets/{kind}.h5",
            "templates/": folder / "templates.json",
            "embeddings/": folder / "embeddings.json",
            "metrics/pairing/": run / "curves/min_dr.json",
            "metrics/classification/": run / "classifier/min_dr_dnn_0.json",
            "limits/": run / "limits/min_dr_dnn_14tev_300ifb.json",
            "scans/": run / "scans/min_dr_dnn.json",
            "importance/": folder / "importance.json",
            "pairings/": folder / "pairing.h5",
            "models/": folder / "metrics.csv",
            "partons/": run / "partons/hh_14tev.json",
        }
        return next(str(file) for part, file in table.items() if part in path)

    def texts(planned):
        return [
            f"{key}={':'.join(map(stand_in, file.split(':')))}"
            for key, paths in planned.inputs.items()
            for file in paths
        ]

    return texts


@pytest.mark.parametrize("key", [*EVENTS, "5", "likelihood", "kappa"])
def test_every_figure_of_a_study_at_14_tev_says_so(files, key):
    planned = outputs(layout(SPANET, AT_14))[f"figure_{key}"]
    figure = draw(planned, files(planned))
    shown = words(figure)
    small = [
        text.get_text() for text in figure.findobj(mpl.text.Text)
        if text.get_visible() and text.get_text() and text.get_fontsize() < 7
    ]  # fmt: skip
    assert small == []
    assert any("= 14 TeV" in text for text in shown)
    assert not any("13 TeV" in text for text in shown)


@pytest.mark.parametrize("key", ["3", "4", "cutflow", "jets", "mass_planes", "scores"])
def test_every_background_process_has_its_label(files, key):
    planned = outputs(layout(SPANET, TTBAR))[f"figure_{key}"]
    shown = " ".join(words(draw(planned, files(planned))))
    assert r"pp $\to$ 4b" in shown
    assert r"pp $\to$ t$\bar{\mathrm{t}}$" in shown
    assert "background" not in shown


def test_backgrounds_and_signal_look_different():
    looks = looks_of_samples(["signal", "four_b", "ttbar", "zz"], FAST)
    assert len({look.color for look in looks.values()}) == 4


def test_of_backgrounds_by_kappa_that_at_one_is_drawn(tmp_path):
    content = templates(processes=("four_b",))
    entry = content["backgrounds"]["four_b"][0]
    twice = [2 * value for value in entry["sum_weights"]]
    content["backgrounds"]["four_b"] = [
        {**entry, "kappa_lambda": -5.0, "sum_weights": twice},
        {**entry, "kappa_lambda": 1.0},
    ]
    path = tmp_path / "templates.json"
    path.write_text(json.dumps(content))
    found = read_backgrounds(RunFile.read(path))["four_b"]
    np.testing.assert_allclose(found.sum_weights, entry["sum_weights"])


def test_samples_of_one_process_are_pooled(tmp_path):
    """Two samples of 4 and 2 selected of 100 and 50 generated events: 6 / 150."""
    paths = []
    for name, selected, generated in (("a", 4, 100), ("b", 2, 50)):
        path = tmp_path / f"{name}.h5"
        with h5py.File(path, "w") as file:
            file["HH4B/weight"] = np.ones(selected)
            file.attrs["sum_weights_generated"] = float(generated)
            file.attrs["n_generated"] = generated
        paths.append(path)
    rate = pass_rate(paths)
    assert rate.value == pytest.approx(0.04)
    assert rate.error == pytest.approx(np.sqrt(4 - 0.16 + 2 - 0.08) / 150)
    assert rate.source.endswith("and 1 more")


@pytest.fixture
def reference(pytestconfig):
    return Reference.read(pytestconfig.rootpath / "config/reference/note.yaml")


@pytest.mark.parametrize(("tev", "lumi"), [(13, 300), (14, 139)])
def test_the_note_is_compared_at_its_own_energy_and_luminosity_only(run, reference, tev, lumi):
    path = f"{run}/limits/min_dr_dnn_{tev}tev_{lumi}ifb.json"
    inputs = Inputs.parse("table 26", [f"min_dr_dnn={path}"])
    table = build_table(inputs, reference, default_settings("table", "26"))
    assert all(cell.note is None for cell in table.rows[0].cells.values())
    assert "The note's values hold at √s = 13 TeV and 139 fb⁻¹;" in " ".join(table.remarks)


def test_tuned_rows_say_so_and_keep_the_values_of_the_note(run, reference, pytestconfig):
    from hh4b.study.layout import Layout
    from hh4b.study.reading import read_study

    study = read_study(pytestconfig.rootpath / "config/config.yaml")
    planned = outputs(Layout(study))["table_26"]
    path = f"{run}/limits/min_dr_dnn_13tev_139ifb.json"
    inputs = Inputs.parse("table 26", [f"min_dr_dnn_tuned={path}"])
    table = build_table(inputs, reference, planned.settings)
    row = next(csv.DictReader(as_csv(table).splitlines()))
    assert (row["Pairing"], row["Selection"], row["key"]) == (
        "min-ΔR", "DNN, tuned", "min_dr_dnn_tuned",
    )  # fmt: skip
    assert row["note"] == "-3.2"
    assert r"min-$\Delta R$ & DNN, tuned" in as_latex("Table 26", table)


@pytest.mark.parametrize(
    ("label", "in_latex", "in_matplotlib"),
    [
        ("min-ΔR", r"min-$\Delta R$", r"min-$\Delta R$"),
        ("κ5 SPANet", r"$\kappa 5$ SPANet", r"$\kappa 5$ SPANet"),
        ("mixing κ", r"mixing $\kappa$", r"mixing $\kappa$"),
        ("Δκλ = −5", r"$\Delta\kappa_\lambda$ = $-$5", r"$\Delta\kappa_\lambda$ = $-$5"),
        ("gg → HH", r"gg $\to$ HH", r"gg $\to$ HH"),
        ("H₁", "H$_{1}$", "H$_{1}$"),
        ("300 fb⁻¹", "300 fb$^{-1}$", "300 fb$^{-1}$"),
        ("√s", r"$\sqrt{s}$", r"$\sqrt{s}$"),
        ("95 %", r"95\,\%", "95 %"),
        ("my_cut & more", r"my\_cut \& more", "my_cut & more"),
        ("$5", r"\$5", r"\$5"),
        ("$κ", r"\$$\kappa$", r"\$$\kappa$"),
        ("bb̄", r"b$\bar{\mathrm{b}}$", r"b$\bar{\mathrm{b}}$"),
        ("σ₁", r"$\sigma_{1}$", r"$\sigma_{1}$"),
    ],
)
def test_labels_are_translated(label, in_latex, in_matplotlib):
    assert latex(label) == in_latex
    assert math_text(label) == in_matplotlib
