import matplotlib as mpl
import pytest
from tests.publication.conftest import limits
from tests.publication.likelihoods import fit, toys, with_errors, written
from tests.publication.studies import layout

from hh4b.core.errors import ConfigError, ContractError
from hh4b.publication.catalogue import default_settings, outputs, results_page
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.kinds.pulls import ranked
from hh4b.publication.likelihood_fits import largest_part, mu_limit
from hh4b.publication.outputs_stage import build_table
from hh4b.publication.page.files import PageFiles
from hh4b.publication.page.likelihood_section import likelihood_section
from hh4b.publication.reference import Reference
from hh4b.publication.registry import function_of
from hh4b.publication.settings import PageSettings
from hh4b.publication.style import FigureStyle
from hh4b.publication.tables import as_csv, as_latex, as_markdown

FAST = FigureStyle(dpi=60)
FIXED = {
    "statistics": {"kappa_input": "fixed", "background_kappa": "fixed", "fixed_kappa_input": 5}
}
CHOSEN = {**FIXED, "likelihood": {"selections": ["min_dr_dnn"], "toys": ["min_dr_dnn"]}}


def table(name, texts):
    inputs = Inputs.parse(f"table {name}", texts)
    return build_table(inputs, Reference("none", {}), default_settings("table", name))


def draw(name, texts, **changes):
    settings = default_settings("figure", name).model_copy(update=changes)
    with mpl.rc_context(FAST.rc()):
        inputs = Inputs.parse(f"figure {name}", texts)
        figure = function_of(settings.kind, "figure")(inputs, settings, FAST)
        figure.canvas.draw()
    return figure


def test_intervals_of_the_likelihood(tmp_path):
    later = written(tmp_path, "b", fit(3.0, sqrt_s=14.0, luminosity=3000.0))
    first = written(tmp_path, "a", fit(bounded=False))
    made = table("likelihood", [f"s={later}", f"s={first}"])
    assert [row.key for row in made.rows] == ["s_13tev_139ifb", "s_14tev_3000ifb"]
    text = as_markdown("Table likelihood", made)
    assert "| s | 13 | 139 | this run | −1.04 | 5.04 | 6.09 | < −10 | > 15 | unbounded |" in text
    assert "| −1.00 | 5.00 | 6.00 | −3.50 | 7.50 | 2.00 | — | — | 0.250 | 4.0 |" in text
    assert "Asimov data of the background." in text
    assert "CLs: where the limit on μ at 95 % is not below 1" in text
    assert "Goodness of fit" not in text
    assert "s_13tev_139ifb,0.95_lower,,,,,,,< −10," in as_csv(made)
    assert r"\kappa_\lambda" in as_latex("Table likelihood", made)


def test_errors_of_intervals_and_what_they_hold(tmp_path):
    first = written(tmp_path, "a", with_errors(fit(3.0)))
    other = written(tmp_path, "b", with_errors(fit(3.0), training=None))
    later = written(tmp_path, "c", fit(3.0, luminosity=3000.0))
    text = as_markdown("Table likelihood", table("likelihood", [f"s={first}", f"s={later}"]))
    assert "| −1.00 ± 0.40 | 5.00 ± 0.40 | 6.00 ± 0.50 | −3.50 | 7.50 |" in text
    assert "| −1.00 | 5.00 | 6.00 | −3.50 | 7.50 |" in text
    said = "Errors, at 13 TeV, 139 fb⁻¹: the simulated events (20 replicas) and the trainings (5"
    assert said in text
    text = as_markdown("Table likelihood", table("likelihood", [f"s={other}"]))
    assert "the simulated events (20 replicas), not the trainings." in text
    few = with_errors(fit(3.0))
    few["trainings"] |= {"number": 3, "reason": "3 folds, at least 5 make an error"}
    text = as_markdown("x", table("likelihood", [f"s={written(tmp_path, 'few', few)}"]))
    assert "not the trainings: 3 folds, at least 5 make an error." in text


def test_two_stretches_and_observed_data(tmp_path):
    content = fit(kind="observed")
    content["minima"].append({"kappa_lambda": 7.0, "minus_2_delta_log_l": 1.5})
    content["intervals"]["0.68"]["segments"] = [[None, 0.5], [6.5, 8.0]]
    content["mu_limits"]["kappa_interval"] = None
    made = table("likelihood", [f"s={written(tmp_path, 'a', content)}"])
    text = as_markdown("Table likelihood", made)
    assert "s, 13, 139, 68 %: allowed are [< −10, 0.50] and [6.50, 8.00]; outermost ends" in text
    assert "| — | — | 2.00 | 7.00 | 1.50 | 0.250 | 4.0 | 0.500 | 5.0 | 0.440 |" in text


def test_what_the_interval_is_made_of(tmp_path):
    content = limits()
    content["profile"]["width_error_parts"] = {"events": 0.3, "training": 0.2}
    texts = [
        f"s={written(tmp_path, 'a', fit())}",
        f"s.limits={written(tmp_path, 'l', content)}",
        f"t={written(tmp_path, 'b', fit(bounded=False, impacts=False))}",
    ]
    made = table("interval_breakdown", texts)
    text = as_markdown("Table", made)
    # 12 with everything; without the groups 9.6, 7.2 and 12.
    assert (
        "| s | 13 | 139 | 95 % | this run | 12.00 | 6.00 | 7.20 | 9.60 | 0.00 | 12.00 | 0.30 | 0.20"
        in text
    )
    assert (
        "| s | 13 | 139 | 68 % | this run | 6.09 | 3.04 | 3.65 | 4.87 | 0.00 | — | — | — |" in text
    )
    assert "| t | 13 | 139 | 95 % | this run | unbounded | — | — |" in text
    head = next(line for line in text.splitlines() if "Δκλ" in line and "|" in line)
    assert "| statistics | background normalisation | background shape | detector |" in head
    assert "error by training" in head


def test_the_largest_part_is_at_a_level_with_an_interval(tmp_path):
    one = RunFile.read(written(tmp_path, "a", fit()))
    assert largest_part(one) == ("0.95", "background_shape")
    half = RunFile.read(written(tmp_path, "b", fit(bounded=False)))
    assert largest_part(half) == ("0.68", "background_shape")
    assert largest_part(RunFile.read(written(tmp_path, "c", fit(impacts=False)))) is None
    assert mu_limit(one, 1.0) == 4.0
    assert mu_limit(one, 1.2) is None
    assert mu_limit(one, 1.0, "observed") is None


def test_scan_with_and_without_critical_values(tmp_path):
    a, b = written(tmp_path, "a", fit()), written(tmp_path, "b", fit(5.0))
    plain = draw("likelihood_scan", [f"s={a}", f"t={b}"])
    assert len(plain.axes[0].lines) == 6
    names = [text.get_text() for text in plain.legends[0].get_texts()]
    assert names == ["s", "t", "everything profiled", "statistics only"]
    belt = written(tmp_path, "toys", toys())
    both = draw("likelihood_scan", [f"s={a}", f"t={b}", f"s.toys={belt}"])
    assert len(both.axes[0].lines) == 8
    other = written(tmp_path, "other", toys(luminosity=300.0))
    with pytest.raises(ConfigError, match="different energies or luminosities"):
        draw("likelihood_scan", [f"s={a}", f"s.toys={other}"])


def test_pulls_are_ranked_by_the_upper_end(tmp_path):
    path = written(tmp_path, "a", fit())
    figure = draw("pulls", [f"fit={path}"], options={"number": 3}, labels={"four_b": "pp → 4b"})
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == ["b tag", "slope, all categories", "share, category 1"]
    everything = draw("pulls", [f"fit={path}"], labels={"four_b": "pp → 4b"})
    assert everything.axes[0].get_yticklabels()[3].get_text() == r"normalisation, pp $\to$ 4b"
    assert "95%" in everything.axes[2].get_xlabel()


def test_pulls_fall_back_to_the_level_that_has_ends(tmp_path):
    level, found = ranked(RunFile.read(written(tmp_path, "a", fit(bounded=False))))
    assert level == "68%"
    assert found[0].name == "b_tag"
    with pytest.raises(ContractError, match=r"likelihood\.impacts"):
        draw("pulls", [f"fit={written(tmp_path, 'b', fit(impacts=False))}"])


def test_an_end_beyond_the_scan_is_said(tmp_path):
    content = fit()
    content["impacts"]["0.95"]["b_tag"]["up"] = [None, 0.6]
    figure = draw("pulls", [f"fit={written(tmp_path, 'a', content)}"])
    assert [text.get_text() for text in figure.axes[1].texts] == ["beyond the scan"]


def test_contours(tmp_path):
    a, b = written(tmp_path, "a", fit()), written(tmp_path, "b", fit(5.0))
    names = draw("kappa_mu", [f"s={a}", f"t={b}"]).legends[0].get_texts()
    assert [text.get_text() for text in names] == [
        "s", "t", " ", "68% CL", "95% CL", "Standard Model",
    ]  # fmt: skip
    none = written(tmp_path, "c", {**fit(), "contour": None})
    with pytest.raises(ContractError, match="contour_mu_max"):
        draw("kappa_mu", [f"s={none}"])


def test_coverage(tmp_path):
    path, none = (
        written(tmp_path, name, toys(coverage=coverage))
        for name, coverage in (("a", True), ("b", False))
    )
    figure = draw("coverage", [f"s={path}", f"t={none}"])
    assert len(figure.axes) == 4
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["68% of toys", "95% of toys", r"$\chi^2$: 1.00", r"$\chi^2$: 3.84"]
    assert (
        "not measured" in figure.axes[3].texts[-3].get_text() + figure.axes[3].texts[2].get_text()
    )


def test_coverage_of_redrawn_templates(tmp_path):
    content = toys()
    content |= {"replicas": 20, "coverage_redrawn": content["coverage"]}
    path = written(tmp_path, "a", content)
    figure = draw("coverage", [f"s={path}"])
    names = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert names[-1] == "redrawn templates"


def test_a_study_shows_its_likelihoods():
    conditions = {"statistics": {"luminosities_ifb": [139, 300]}}
    planned = outputs(layout(CHOSEN, conditions))
    folder = "results/likelihood/min_dr_dnn"
    wanted = [f"{folder}/fit_13tev_{x}ifb.json" for x in (139, 300)]
    assert planned["table_likelihood"].inputs == {"min_dr_dnn": wanted}
    parts = planned["table_interval_breakdown"]
    assert parts.inputs["min_dr_dnn.limits"] == [
        f"results/limits/min_dr_dnn_13tev_{x}ifb.json" for x in (139, 300)
    ]
    assert planned["figure_likelihood_scan"].inputs == {
        "min_dr_dnn": wanted[:1], "min_dr_dnn.toys": [f"{folder}/toys_13tev_139ifb.json"],
    }  # fmt: skip
    shown = planned["figure_pulls"]
    assert shown.inputs == {"fit": wanted[:1]}
    assert shown.settings.label("fit") == "min-ΔR + DNN"
    assert shown.settings.label("four_b") == "pp → 4b"
    assert planned["figure_kappa_mu"].inputs == {"min_dr_dnn": wanted[:1]}
    assert planned["figure_coverage"].inputs == {"min_dr_dnn": [f"{folder}/toys_13tev_139ifb.json"]}


def test_a_study_without_likelihoods_says_what_is_missing():
    planned = outputs(layout())
    for name in ("table_likelihood", "table_interval_breakdown", "figure_likelihood_scan",
                 "figure_pulls", "figure_kappa_mu"):  # fmt: skip
        assert planned[name].absent == f"{name} needs a selection under likelihood.selections"
    assert planned["figure_coverage"].absent.endswith("needs a selection under likelihood.toys")
    without = outputs(layout(FIXED, {"likelihood": {"selections": ["min_dr_dnn"]}}))
    assert without["figure_coverage"].absent
    assert list(without["figure_likelihood_scan"].inputs) == ["min_dr_dnn"]


def test_the_page_says_what_the_likelihood_finds(tmp_path):
    texts = [
        f"likelihood.s={written(tmp_path, 'a', fit())}",
        f"headline.s={written(tmp_path, 'l', limits(error=0.2))}",
        f"likelihood.t={written(tmp_path, 'b', fit(bounded=False))}",
        f"toys.s={written(tmp_path, 'toys', toys())}",
    ]
    files = PageFiles(Inputs.parse("summary", texts), PageSettings(labels={"s": "S", "t": "T"}))
    lines = likelihood_section(files)
    assert lines[0] == "## The likelihood"
    assert lines[2:7] == [
        "* **S: κλ in [−4.00, 8.00]** with everything uncertain, width 12.00, 6.00 by statistics"
        " only (13 TeV, 139 fb⁻¹, 95 %). The model `note`, one cut and nothing uncertain:"
        " [−2.50 ± 0.20, 9.50 ± 0.30], width 12.00 ± 0.40.",
        "  Most of it comes from the background shape: kept at its best values, the width at 95 %"
        " falls from 12.00 to 7.20.",
        "* **T: κλ in [< −10, > 15]** with everything uncertain, unbounded, 6.00 by statistics only"
        " (13 TeV, 139 fb⁻¹, 95 %).",
        "  Most of it comes from the background shape: kept at its best values, the width at 68 %"
        " falls from 6.09 to 3.65.",
        "* S: intervals of 500 pseudo-experiments at each of 2 κλ hold the true one so often:"
        " Feldman–Cousins 95.5 % at 95 % and 68.8 % at 68 %; χ² thresholds 98.0 % at 95 % and"
        " 71.3 % at 68 %.",
    ]
    assert lines[7] == (
        "* S, injected κλ = −3: median bias +0.19 ± 0.06 sigma; second minimum at κλ = 7.63, 0.09"
        " higher in −2 ln L, is the lower one in 43 % of the experiments."
    )
    assert likelihood_section(PageFiles(Inputs("summary", {}), PageSettings())) == []
    text = f"likelihood.s={written(tmp_path, 'e', with_errors(fit()))}"
    lines = likelihood_section(PageFiles(Inputs.parse("summary", [text]), PageSettings()))
    assert "with everything uncertain, width 12.00 ± 0.50, 6.00 by statistics only" in lines[2]
    assert lines[3] == (
        "  Errors of the ends: 0.40 and 0.40, of the simulated events (20 replicas) and the"
        " trainings (5 folds)."
    )


def test_the_page_of_a_study_reads_its_likelihoods(pytestconfig, monkeypatch):
    monkeypatch.chdir(pytestconfig.rootpath)
    page = results_page(layout(CHOSEN))
    folder = "results/likelihood/min_dr_dnn"
    assert page.inputs["likelihood.min_dr_dnn"] == [f"{folder}/fit_13tev_139ifb.json"]
    assert page.inputs["toys.min_dr_dnn"] == [f"{folder}/toys_13tev_139ifb.json"]
