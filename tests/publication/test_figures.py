import json

import matplotlib as mpl
import numpy as np
import pytest
from typer.testing import CliRunner

from hh4b.commands import publication  # noqa: F401  registers the commands
from hh4b.commands.groups import app
from hh4b.core.errors import ConfigError, ContractError
from hh4b.publication.catalogue import default_settings, known_keys
from hh4b.publication.histograms import WeightedHistogram, fraction_ratio
from hh4b.publication.inputs import Inputs
from hh4b.publication.outputs_stage import write_figure
from hh4b.publication.registry import function_of
from hh4b.publication.style import FigureStyle, look_of, looks_of

FAST = FigureStyle(dpi=60)


def inputs_of(run, name):
    def limits(tev, selections=("min_dr_dnn", "mixing_spanet")):
        return [
            f"{s}={run}/limits/{s}_{tev}tev_{lumi}ifb.json"
            for s in selections
            for lumi in (139, 300, 3000)
        ]

    def partons(process):
        return [f"{tev}tev={run}/partons/{process}_{tev}tev.json" for tev in (13, 14)]

    def masses(sample):
        return [
            f"dataset={run}/datasets/{sample}.h5",
            *(f"{p}={run}/features/{p}/{sample}.h5" for p in ("min_dr", "mixing_spanet")),
        ]

    curves = [f"{p}={run}/curves/{p}.json" for p in ("min_dr", "mixing_spanet")]
    known = {
        "1": curves,
        "2": masses("signal"),
        "3": masses("background"),
        "4": [f"{s}={run}/templates/{s}.json" for s in ("min_dr_dnn", "mixing_spanet")],
        "10": curves,
        "11": partons("hh"),
        "12": partons("4b"),
        "13": partons("4b"),
        "jets": [f"{s}={run}/datasets/{s}.h5" for s in ("signal", "background")],
    }
    return known[name]


def draw(name, texts, **changes):
    settings = default_settings("figure", name).model_copy(update=changes)
    with mpl.rc_context(FAST.rc()):
        drawn = function_of(settings.kind, "figure")(
            Inputs.parse(f"figure {name}", texts), settings, FAST
        )
        drawn.canvas.draw()
    return drawn


NAMES = ["1", "2", "3", "4", "10", "11", "12", "13", "jets"]


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_drawn_with_labels(run, name):
    drawn = draw(name, inputs_of(run, name))
    panels = [axes for axes in drawn.axes if axes.get_label() != "<colorbar>"]
    assert panels
    labelled = [axes.get_xlabel() for axes in panels]
    # The upper panel of a ratio shares the axis, and the label, of the lower one.
    shared = [axes for axes in panels if axes.get_shared_x_axes().get_siblings(axes) != [axes]]
    assert all(labelled) or shared
    assert all(axes.get_ylabel() for axes in panels)


def test_files_are_the_same_every_time(run, tmp_path):
    inputs = Inputs.parse("figure 3", inputs_of(run, "3")[:2])
    settings = default_settings("figure", "3")
    contents = []
    for attempt in ("a", "b"):
        paths = write_figure(tmp_path / attempt, "3", inputs, settings, FAST)
        assert [path.suffix for path in paths] == [".pdf", ".png", ".svg"]
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    assert contents[0][0].startswith(b"%PDF")
    assert contents[0][1].startswith(b"\x89PNG")


def test_the_command_takes_a_style(run, tmp_path):
    stem = tmp_path / "figure_01"
    options = [part for text in inputs_of(run, "1") for part in ("--input", text)]
    sizes = []
    for dpi in (50, 75):
        style = json.dumps({"dpi": dpi, "colors": {"min_dr": "black"}})
        result = CliRunner().invoke(
            app, ["figure", "1", "-o", str(stem), *options, "--style", style]
        )
        assert result.exit_code == 0, result.output
        sizes.append((tmp_path / "figure_01.png").stat().st_size)
    assert sizes[1] > sizes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"font_sise": 12}', "font_sise"),
        ('{"font_size": 1}', "font_size"),
        ("{", "not JSON"),
        ('{"colors": {"min_dr": "blurple"}}', r"colors: .*min_dr: 'blurple' is no colour"),
    ],
)
def test_a_wrong_style_is_named(text, words):
    with pytest.raises(ConfigError, match=words):
        FigureStyle.parse(text)


def test_methods_keep_their_colour_and_differ():
    style = FigureStyle()
    tuned, first = look_of("min_dr_dnn_tuned", style, 3), look_of("min_dr_dnn", style, 0)
    assert (tuned.color, tuned.marker) == (first.color, first.marker)
    assert tuned.line != first.line
    colors = {
        look_of(key, style).color
        for key in ("min_dr_dnn", "kappa5_spanet_dnn", "mixing_spanet_dnn", "mixing_spanet")
    }
    assert len(colors) == 4


def test_a_method_of_the_user_gets_a_colour_that_no_other_has():
    keys = ["mixing_spanet", "kappa5_spanet", "min_dr", "mine", "yours"]
    looks = looks_of(keys, FigureStyle())
    assert list(looks) == keys
    assert len({look.color for look in looks.values()}) == len(keys)
    assert looks["min_dr"] == look_of("min_dr", FigureStyle())
    # More methods than colours: some are shared, none is missing.
    many = looks_of([*keys, *(f"more_{n}" for n in range(9))], FigureStyle())
    assert len(many) == 14


def test_fractions_have_binomial_errors_for_equal_weights():
    values = np.repeat([0.5, 1.5, 9.0], [30, 50, 20])
    histogram = WeightedHistogram.fill(values, [0, 1, 2])
    fraction, error = histogram.fractions()
    np.testing.assert_allclose(fraction, [0.3, 0.5])
    np.testing.assert_allclose(error, np.sqrt([0.3 * 0.7 / 100, 0.5 * 0.5 / 100]))


def test_scaling_all_weights_changes_neither_fraction_nor_error():
    rng = np.random.default_rng(5)
    values, weights = rng.normal(size=300), rng.uniform(0.5, 2, 300)
    one = WeightedHistogram.fill(values, np.linspace(-2, 2, 9), weights).fractions()
    two = WeightedHistogram.fill(values, np.linspace(-2, 2, 9), 7.3 * weights).fractions()
    np.testing.assert_allclose(one, two)


def test_ratio_is_undefined_where_a_bin_is_empty():
    a = WeightedHistogram.fill([0.5, 0.5, 1.5], [0, 1, 2, 3])
    b = WeightedHistogram.fill([0.5, 1.5, 2.5], [0, 1, 2, 3])
    ratio, error = fraction_ratio(a, b)
    np.testing.assert_allclose(ratio[:2], [2.0, 1.0])
    assert np.isnan(ratio[2])
    assert np.isnan(error[2])


def test_errors_of_a_ratio_cover():
    rng = np.random.default_rng(8)
    edges = np.linspace(-1, 1, 5)
    pulls = []
    for _ in range(200):
        pair = [WeightedHistogram.fill(rng.uniform(-1.5, 1.5, 400), edges) for _ in range(2)]
        ratio, error = fraction_ratio(*pair)
        pulls.append((ratio - 1) / error)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.1)


def test_features_and_datasets_must_belong_together(run):
    texts = [
        f"dataset={run}/datasets/signal.h5",
        f"min_dr={run}/features/min_dr/background.h5",
    ]
    with pytest.raises(ContractError, match="has 3000 events"):
        draw("3", texts)


def test_a_figure_without_its_input_says_so(run):
    texts = [f"13tev={run}/partons/hh_13tev.json"]
    with pytest.raises(ConfigError, match="figure 11: input '14tev' is missing"):
        draw("11", texts)


def test_unknown_figures_are_refused():
    with pytest.raises(ConfigError, match="there is no figure 'pie'"):
        default_settings("figure", "pie")
    assert set(NAMES) <= set(known_keys("figure"))
