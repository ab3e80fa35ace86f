import matplotlib as mpl
import numpy as np
import pytest
from tests.publication.likelihoods import written
from tests.publication.studies import layout

from hh4b.core.errors import ConfigError, ContractError
from hh4b.publication.catalogue import default_settings, outputs
from hh4b.publication.coupling_results import contours_of, cut_text, points_of
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.outputs_stage import build_table
from hh4b.publication.reference import Reference
from hh4b.publication.registry import function_of
from hh4b.publication.style import FigureStyle
from hh4b.publication.tables import as_csv, as_latex, as_markdown
from hh4b.publication.text import latex, math_text

FAST = FigureStyle(dpi=60)
CHOSEN = {
    "statistics": {"kappa_input": "fixed", "background_kappa": "fixed", "fixed_kappa_input": 5},
    "likelihood": {"selections": ["min_dr_dnn"], "couplings": ["min_dr_dnn"]},
}
SOURCE = "arXiv:1507.02245, Table 1 (LHCHXSWG-2016-001), shapes"


def surface(x, y, steepness, lowest=0.0):
    values = steepness * (((x[:, None] - 2) / 6) ** 2 + (y[None, :] - 1) ** 2)
    cut = {level: bool(steepness < 10 and level == "0.95") for level in ("0.68", "0.95")}
    return {
        "minus_2_delta_log_l": values.tolist(), "minimum": [2.0, 1.0], "minus_2_log_l": lowest,
        "leaves_grid": cut,
    }  # fmt: skip


def contour(name, low, high):
    x, y = np.linspace(-10, 15, 9), np.linspace(low, high, 7)
    return {
        "x_name": "kappa_lambda", "x": x.tolist(), "y_name": name, "y": y.tolist(),
        "thresholds": {"0.68": 2.279, "0.95": 5.991},
        "profiled": surface(x, y, 5, 0.25), "unprofiled": surface(x, y, 20, 0.5),
    }  # fmt: skip


def point(source=SOURCE, **couplings):
    standard = {"kappa_lambda": 1.0, "kappa_t": 1.0, "c2": 0.0, "c_g": 0.0, "c_gg": -0.0}
    return {
        "couplings": {**standard, **couplings}, "source": source, "cross_section_fb": 20.26,
        "yield": 62.93, "yield_error": 0.81,
        "minus_2_log_l": {"profiled": 1.25, "unprofiled": 8.0},
    }  # fmt: skip


def couplings(*, luminosity=139.0):
    """Two planes; one benchmark in that of c2, one on its frame, two in none."""
    return {
        "status": "ok", "data": {"kind": "background", "counts": [1.0]},
        "sqrt_s_tev": 13.0, "luminosity_ifb": luminosity, "m_hh_truth_max_gev": None,
        "points": {
            "sm": point("standard model"),
            "cluster_1": point(kappa_lambda=7.5, c2=-1.0),
            "cluster_12": point(kappa_lambda=15.0, c2=1.0),
            "cluster_4": point(kappa_lambda=-3.5, kappa_t=1.5, c2=-1.0),
            "shape_3": point("arXiv:1908.08923 (JHEP03(2020)091), shapes", kappa_t=1.05, c_g=0.5),
        },
        "contours": [contour("kappa_t", 0.0, 2.0), contour("c2", -2.0, 3.0)],
        "lowest_signal_share": 0.0,
    }  # fmt: skip


def draw(texts, **changes):
    settings = default_settings("figure", "couplings").model_copy(update=changes)
    with mpl.rc_context(FAST.rc()):
        inputs = Inputs.parse("figure couplings", texts)
        figure = function_of(settings.kind, "figure")(inputs, settings, FAST)
        figure.canvas.draw()
    return figure


def table(texts):
    inputs = Inputs.parse("table couplings", texts)
    settings = default_settings("table", "couplings")
    return build_table(inputs, Reference("none", {}), settings)


def test_labels_of_couplings():
    assert math_text("κλ–κt, c₂") == r"$\kappa_\lambda$–$\kappa_t$, $c_2$"
    assert latex("c_g and c_gg") == "$c_g$ and $c_{gg}$"
    assert latex("mc_gen") == r"mc\_gen"


def test_what_is_read(tmp_path):
    file = RunFile.read(written(tmp_path, "a", couplings()))
    points = {one.name: one for one in points_of(file)}
    assert points["sm"].label == "Standard Model"
    assert points["cluster_12"].short_label == "12"
    assert points["cluster_12"].source == "arXiv:1507.02245"
    assert points["shape_3"].source == "arXiv:1908.08923"
    text = cut_text(contours_of(file))
    assert text == "κλ–κt (profiled: 95 %), κλ–c₂ (profiled: 95 %)"
    content = couplings()
    content["contours"][0]["unprofiled"]["leaves_grid"]["0.95"] = True
    content["contours"][1]["profiled"]["leaves_grid"]["0.95"] = False
    assert cut_text(contours_of(RunFile(tmp_path, content))) == "κλ–κt (95 %)"
    content["contours"][1]["profiled"]["minus_2_delta_log_l"].pop()
    with pytest.raises(ContractError, match=r"shape \(8, 7\), expected finite"):
        contours_of(RunFile(tmp_path, content))


def test_contours_with_the_points_of_their_plane(tmp_path):
    a, b = written(tmp_path, "a", couplings()), written(tmp_path, "b", couplings())
    figure = draw([f"s={a}"])
    assert [axes.get_ylabel() for axes in figure.axes] == [r"$\kappa_t$", "$c_2$"]
    assert [len(axes.lines) for axes in figure.axes] == [1, 3]
    assert [axes.get_xlim() for axes in figure.axes] == [(-10, 15)] * 2
    shown = [text.get_text() for text in figure.axes[1].texts]
    assert {"1", "12"} <= set(shown)
    assert any("139 fb" in text for text in shown)
    legend = figure.legends[0]
    names = [text.get_text() for text in legend.get_texts()]
    assert names == [
        "s", "Standard Model", "benchmark, arXiv:1507.02245", " ",
        "68% CL, profiled", "95% CL, profiled", "68% CL, statistics only",
        "95% CL, statistics only",
    ]  # fmt: skip
    assert "Cut by the range" in legend.get_title().get_text()
    both = draw([f"s={a}", f"t={b}"], labels={"t": "other"})
    assert "other: " in both.legends[0].get_title().get_text()


def test_one_plane_with_nothing_cut(tmp_path):
    content = couplings()
    content["contours"] = content["contours"][:1]
    content["contours"][0]["profiled"]["leaves_grid"]["0.95"] = False
    figure = draw([f"s={written(tmp_path, 'a', content)}"])
    assert len(figure.axes) == 1
    assert figure.legends[0].get_title().get_text() == ""


def test_contours_that_cannot_be_drawn(tmp_path):
    none = written(tmp_path, "a", {**couplings(), "contours": []})
    with pytest.raises(ContractError, match=r"likelihood\.coupling_ranges"):
        draw([f"s={none}"])
    a, b = (written(tmp_path, f"l{x}", couplings(luminosity=x)) for x in (139.0, 300.0))
    with pytest.raises(ConfigError, match="different energies or luminosities"):
        draw([f"s={a}", f"t={b}"])


def test_points(tmp_path):
    made = table([f"s={written(tmp_path, 'a', couplings())}"])
    assert [row.key for row in made.rows][:2] == ["s_sm", "s_cluster_1"]
    text = as_markdown("Table couplings", made)
    assert (
        "| s | Standard Model | this run | 1.00 | 1.00 | 0.00 | 0.00 | 0.00 | 20.3 | 62.9 ± 0.8 |"
        " 1.00 | 7.50 |" in text
    )
    assert "√s = 13 TeV, 139 fb⁻¹, Asimov data of the background." in text
    assert "excluded above 2.28 at 68 %, above 5.99 at 95 % (two parameters)." in text
    assert "cluster 1 to cluster 4: arXiv:1507.02245; shape 3: arXiv:1908.08923." in text
    assert "s: contours cut by the range of the scan: κλ–κt (profiled: 95 %)" in text
    assert "s_cluster_1,yield,62.93,0.81," in as_csv(made)
    assert "$c_{gg}$" in as_latex("Table couplings", made)


def test_what_a_reader_of_the_points_must_know(tmp_path):
    content = {**couplings(), "m_hh_truth_max_gev": 800.0, "lowest_signal_share": -0.012}
    content["contours"] = []
    text = as_markdown("T", table([f"s={written(tmp_path, 'a', content)}"]))
    assert "s: cross section and events with true m(HH) below 800 GeV." in text
    assert "the signal is negative, down to −0.012 of the background." in text
    assert "above the smallest value of contours and points." in text
    # Without contours the lowest point is the reference.
    assert "| 62.9 ± 0.8 | 0.00 | 0.00 |" in text


def test_a_study_shows_its_couplings():
    planned = outputs(layout(CHOSEN))
    file = "results/likelihood/min_dr_dnn/couplings_13tev_139ifb.json"
    for name in ("table_couplings", "figure_couplings"):
        assert planned[name].inputs == {"min_dr_dnn": [file]}
        assert planned[name].settings.label("min_dr_dnn") == "min-ΔR + DNN"
    without = outputs(layout(CHOSEN, {"likelihood": {"coupling_ranges": {}}}))
    assert without["table_couplings"].inputs
    assert "likelihood.coupling_ranges" in without["figure_couplings"].absent


def test_a_study_without_couplings_says_what_is_missing():
    planned = outputs(layout())
    needs = "needs a selection under likelihood.couplings"
    assert planned["table_couplings"].absent == f"table_couplings {needs}"
    assert planned["figure_couplings"].absent.startswith(f"figure_couplings {needs}")
