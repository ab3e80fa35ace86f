"""What figures draw: their artists, data and labels."""

import json

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.container import ErrorbarContainer

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.publication.catalogue import default_settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.kinds.efficiency import read_curve
from hh4b.publication.kinds.importance import read_losses
from hh4b.publication.outputs_stage import write_figure
from hh4b.publication.panels import columns_of, new_panels
from hh4b.publication.registry import function_of
from hh4b.publication.style import FigureStyle

FAST = FigureStyle(dpi=60)


def draw(name, texts, **changes):
    settings = default_settings("figure", name).model_copy(update=changes)
    with mpl.rc_context(FAST.rc()):
        inputs = Inputs.parse(f"figure {name}", texts)
        figure = function_of(settings.kind, "figure")(inputs, settings, FAST)
        figure.canvas.draw()
    return figure


def words(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def legend(legend):
    return [text.get_text() for text in legend.get_texts()]


def bars(axes):
    """Return (x, y, error) of every curve with error bars."""
    found = []
    for container in axes.containers:
        if isinstance(container, ErrorbarContainer):
            line, _, (marks,) = container
            parts = [np.reshape(part, (-1, 2)) for part in marks.get_segments()]
            error = [0.5 * (p[1, 1] - p[0, 1]) if len(p) else np.nan for p in parts]
            x, y = (np.asarray(v, float) for v in (line.get_xdata(), line.get_ydata()))
            found.append((x, y, np.array(error)))
    return found


def small_labels(figure):
    """Return texts of fewer than seven points."""
    texts = [text for text in figure.findobj(mpl.text.Text) if text.get_visible()]
    return [text.get_text() for text in texts if text.get_text() and text.get_fontsize() < 7]


# Panels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, 11))
def test_panels_leave_at_most_one_place_and_use_it(number):
    columns = columns_of(number)
    panels = new_panels(FAST, number, height=0.7)
    assert len(panels.axes) == number
    assert panels.columns == columns
    left = -number % columns
    assert left in (0, 1)
    assert (panels.spare is not None) == bool(left)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_selections_stand_in_one_row_with_one_legend(run, number):
    names = ("min_dr_dnn", "mixing_spanet_dnn", "mixing_spanet")[:number]
    for figure, kind, entries in (("4", "templates", 5), ("limits", "limits", 5)):
        end = "" if kind == "templates" else "_13tev_139ifb"
        texts = [f"{name}={run}/{kind}/{name}{end}.json" for name in names]
        found = draw(figure, texts, sqrt_s_tev=13.0)
        assert len(found.axes) == number
        tops = {round(axes.get_position().y1, 3) for axes in found.axes}
        assert len(tops) == 1
        assert not any(axes.get_legend() for axes in found.axes)
        assert len(legend(found.legends[0])) == entries
        assert all(legend(found.legends[0]))
        limits = {axes.get_ylim() for axes in found.axes}
        assert len(limits) == 1
        assert "TeV" in words(found.axes[-1])[-1]
        assert small_labels(found) == []


def test_a_fifth_selection_leaves_a_place_that_holds_the_legend(run):
    texts = [f"s{n}={run}/templates/mixing_spanet.json" for n in range(5)]
    found = draw("4", texts)
    assert len(found.axes) == 6
    assert len(legend(found.axes[-1].get_legend())) == 5
    assert found.legends == []


# Against luminosity ------------------------------------------------------------------------------


def test_both_methods_stand_beside_each_other_with_their_errors(run):
    files = [f"min_dr_dnn={run}/limits/min_dr_dnn_13tev_{x}ifb.json" for x in (139, 300, 3000)]
    upper, lower = draw("5", files).axes
    for axes, end in ((upper, 1), (lower, 0)):
        profile, cls = bars(axes)
        contents = [read_json(text.partition("=")[2]) for text in files]
        for (_, value, error), method in ((profile, "profile"), (cls, "cls")):
            np.testing.assert_allclose(value, [c[method]["interval"][end] for c in contents])
            wanted = [c[method]["interval_error"][end] for c in contents]
            np.testing.assert_allclose(error, wanted, rtol=1e-6)
        # Nothing lies on something else: less than the luminosity itself, and more.
        assert (profile[0] < [139, 300, 3000]).all()
        assert (cls[0] > [139, 300, 3000]).all()
    assert legend(upper.get_legend()) == [
        "min dr dnn, profile likelihood", r"min dr dnn, CL$_\mathrm{s}$",
    ]  # fmt: skip
    faces = [container[0].get_markerfacecolor() for container in upper.containers]
    assert faces[0] != faces[1]


def test_widths_have_errors_and_the_other_method_as_a_ratio(run):
    scan = f"{run}/scans/min_dr_dnn.json"
    figure = draw("14", [f"min_dr_dnn={scan}", f"mixing_spanet={scan}"])
    upper, lower = figure.axes
    first, second = bars(upper)
    assert (first[0] < second[0]).all()
    points = [p for p in read_json(scan)["points"] if p["sqrt_s_tev"] == 14]
    widths = {m: np.array([p[m]["width"] for p in points]) for m in ("profile", "cls")}
    np.testing.assert_allclose(first[1], widths["profile"])
    np.testing.assert_allclose(first[2], 0.4, rtol=1e-6)
    curves = [line for line in lower.lines if len(line.get_xdata()) == len(points)]
    np.testing.assert_allclose(curves[0].get_ydata(), widths["cls"] / widths["profile"])


# Likelihood --------------------------------------------------------------------------------------


def test_many_likelihoods_have_small_panels(run, tmp_path):
    names = [f"s{n}" for n in range(10)]
    path = f"{run}/limits/min_dr_dnn_13tev_139ifb.json"
    texts = [f"{name}={path}" for name in names]
    figure = draw("likelihood", texts, options={"main": ["s4", "s7"]})
    large, *small = figure.axes
    assert legend(large.get_legend()) == ["s4", "s7"]
    shown = [axes for axes in small if axes.axison]
    assert [axes.get_title() for axes in shown] == [n for n in names if n not in ("s4", "s7")]
    content = read_json(path)
    for axes in shown:
        # Two grey curves, then points and spline of its own.
        own = [line for line in axes.lines if line.get_marker() not in ("None", None, "")]
        np.testing.assert_allclose(own[0].get_ydata(), content["profile"]["minus_2_delta_log_l"])
        greys = [line for line in axes.lines if line.get_color() == "0.75"]
        assert len(greys) == 2
    assert small_labels(figure) == []
    few = draw("likelihood", texts[:4])
    assert len(few.axes) == 1
    assert legend(few.axes[0].get_legend()) == names[:4]


def test_a_place_without_curve_says_what_is_grey(run):
    path = f"{run}/limits/min_dr_dnn_13tev_139ifb.json"
    figure = draw("likelihood", [f"s{n}={path}" for n in range(8)])
    spare = [axes for axes in figure.axes if not axes.axison]
    assert len(spare) == 3
    assert "large panel" in legend(spare[0].get_legend())[0]


# Cutflow -----------------------------------------------------------------------------------------


def test_errors_of_the_cutflow_have_a_panel_of_their_own(tmp_path):
    steps = [
        {"name": "four_tag", "efficiency": 0.08, "efficiency_error": 0.001},
        {"name": "signal_region", "efficiency": 1e-4, "efficiency_error": 8e-6},
    ]
    path = tmp_path / "cuts.json"
    path.write_text(json.dumps({"steps": steps}))
    upper, lower = draw("cutflow", [f"signal={path}", f"background={path}"]).axes
    first, second = bars(upper)
    np.testing.assert_allclose(first[1], [1, 0.08, 1e-4])
    assert (first[0] < second[0]).all()
    for line in lower.lines:
        np.testing.assert_allclose(line.get_ydata(), [1.25, 8.0])
    assert lower.get_ylabel() == "error [%]"
    path.write_text(json.dumps({"steps": [{**s, "efficiency_error": None} for s in steps]}))
    assert len(draw("cutflow", [f"signal={path}"]).axes) == 1


# Pairing -----------------------------------------------------------------------------------------


def test_the_tuned_pairing_is_compared_by_its_ratio(run):
    texts = [f"{p}={run}/curves/{p}.json" for p in ("mixing_spanet", "min_dr")]
    upper, lower = draw("10", texts, options={"ratio_to": "min_dr"}).axes
    one, two = (read_curve(RunFile.read(text.partition("=")[2])) for text in texts)
    (_, ratio, error), (_, unity, none) = bars(lower)
    np.testing.assert_allclose(ratio, one.value / two.value)
    wanted = ratio * np.hypot(one.error / one.value, two.error / two.value)
    np.testing.assert_allclose(error, wanted, rtol=1e-6)
    np.testing.assert_array_equal(unity, 1)
    np.testing.assert_array_equal(none, 0)
    assert len(bars(upper)) == 2
    assert len(draw("1", texts).axes) == 1
    with pytest.raises(ConfigError, match="ratio_to = 'pie' is none of the curves"):
        draw("10", texts, options={"ratio_to": "pie"})


def test_a_curve_without_points_is_refused(tmp_path):
    write_json(
        tmp_path / "c.json", {"kappa_lambda": [], "event_efficiency": [], "error": []},
        Provenance("test", {}),
    )  # fmt: skip
    with pytest.raises(ContractError, match="the curve has no point"):
        draw("1", [f"min_dr={tmp_path}/c.json"])


def test_planes_of_signal_and_background_share_a_scale_by_sample(run):
    texts = [f"dataset.{s}={run}/datasets/{s}.h5" for s in ("signal", "background")]
    texts += [
        f"{p}.{s}={run}/features/{p}/{s}.h5"
        for p in ("mixing_spanet", "min_dr")
        for s in ("signal", "background")
    ]
    figure = draw("mass_planes", texts, sqrt_s_tev=13.0)
    meshes = [
        next(c for c in axes.collections if isinstance(c, QuadMesh)) for axes in figure.axes[:4]
    ]
    assert [words(axes)[1] for axes in figure.axes[:4]] == [
        "signal, mixing spanet", "background, mixing spanet", "signal, min dr",
        "background, min dr",
    ]  # fmt: skip
    tops = [mesh.get_clim()[1] for mesh in meshes]
    assert tops[0] == tops[2] != tops[1] == tops[3]
    assert tops[0] == max(meshes[n].get_array().max() for n in (0, 2))
    # Per cent of all events, as far as they lie in the plane.
    assert 90 < meshes[0].get_array().sum() <= 100
    assert "GeV" in figure.axes[-1].get_xlabel()


# Classifiers -------------------------------------------------------------------------------------


def test_reliability_is_drawn_with_its_errors_and_distance(run):
    texts = [f"{n}={run}/classifier/{n}_0.json" for n in ("min_dr_dnn", "mixing_spanet")]
    upper, lower = draw("calibration", texts, sqrt_s_tev=13.0).axes
    x, share, error = bars(upper)[0]
    np.testing.assert_allclose(x, [0.1, 0.3, 0.5, np.nan, 0.9])
    np.testing.assert_allclose(share, [0.14, 0.32, 0.5, np.nan, 0.86])
    np.testing.assert_allclose(error[:3], [0.01, 0.02, 0.03], rtol=1e-6)
    np.testing.assert_allclose(bars(lower)[0][1], [0.04, 0.02, 0, np.nan, -0.04], atol=1e-12)
    assert legend(upper.get_legend())[0] == "min dr dnn: 0.024"
    assert any("13 TeV" in word for word in words(upper))


def test_metrics_without_reliability_are_refused(run, tmp_path):
    content = read_json(f"{run}/classifier/min_dr_dnn_0.json")
    del content["calibration"]
    write_json(tmp_path / "m.json", content, Provenance("test", {}))
    with pytest.raises(ContractError, match="entry 'calibration' is missing"):
        draw("calibration", [f"min_dr_dnn={tmp_path}/m.json"])


@pytest.fixture
def losses(tmp_path):
    content = {
        "columns": ["h1_pt", "mine", "kappa_lambda"], "auc": 0.9, "auc_loss": [0.01, 0.2, 0.05],
        "repeat_error": [0.001, 0.002, 0.003], "fold_error": [0.004, 0.005, 0.006],
        "repeats": 3, "networks": 5,
    }  # fmt: skip
    path = tmp_path / "importance.json"
    write_json(path, content, Provenance("test", {}))
    return path, content


def test_what_is_missed_most_stands_on_top(losses):
    path, _ = losses
    (axes,) = draw("importance", [f"min_dr_dnn={path}"], sqrt_s_tev=13.0).axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["mine", r"input $\kappa_\lambda$", r"$p_\mathrm{T}(H_1)$"]
    line, _, (marks,) = axes.containers[0]
    np.testing.assert_allclose(line.get_xdata(), [0.01, 0.2, 0.05])
    np.testing.assert_allclose(line.get_ydata(), [2, 0, 1])
    width = [0.5 * (part[1, 0] - part[0, 0]) for part in marks.get_segments()]
    np.testing.assert_allclose(width, [0.004, 0.005, 0.006], rtol=1e-6)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_without_folds_errors_are_those_of_the_repeats(losses):
    path, content = losses
    write_json(path, {**content, "fold_error": None}, Provenance("test", {}))
    np.testing.assert_allclose(read_losses(RunFile.read(path)).error, [0.001, 0.002, 0.003])
    write_json(path, {**content, "auc_loss": [0.1]}, Provenance("test", {}))
    with pytest.raises(ContractError, match="3 inputs with 1 losses and 3 errors"):
        read_losses(RunFile.read(path))


def test_learning_shows_losses_of_training_faint_and_of_validation_full(tmp_path):
    path = tmp_path / "spanet.csv"
    path.write_text("epoch,loss/total,validation/loss\n1,1.5,1.4\n2,1.4,1.2\n")
    figure = draw("learning", [f"mixing_joint={path}"], sqrt_s_tev=14.0)
    (axes,) = figure.axes
    lines = {tuple(line.get_ydata()): line.get_alpha() for line in axes.lines}
    assert lines[1.4, 1.2] == 1
    assert lines[1.5, 1.4] < 0.5
    assert any("14 TeV" in word for word in words(axes))
    assert legend(figure.legends[0])[-2:] == ["on validation events", "losses on training events"]


# Bytes -------------------------------------------------------------------------------------------


def test_new_figures_are_the_same_every_time(run, losses, tmp_path):
    path, _ = losses
    for name, text in (
        ("importance", f"min_dr_dnn={path}"),
        ("calibration", f"min_dr_dnn={run}/classifier/min_dr_dnn_0.json"),
    ):
        contents = []
        for attempt in ("a", "b"):
            paths = write_figure(
                tmp_path / f"{name}_{attempt}", name, Inputs.parse(f"figure {name}", [text]),
                default_settings("figure", name), FAST,
            )  # fmt: skip
            contents.append([p.read_bytes() for p in paths])
        assert contents[0] == contents[1]
