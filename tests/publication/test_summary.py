import pytest

from hh4b.core.errors import ConfigError
from hh4b.publication.catalogue import default_settings
from hh4b.publication.inputs import Inputs
from hh4b.publication.orderings import claims_of
from hh4b.publication.outputs_stage import build_table, write_figure
from hh4b.publication.reference import Reference
from hh4b.publication.style import FigureStyle
from hh4b.publication.summary_stage import Compared, comparison_text, write_summary
from hh4b.publication.tables import write_files


def test_the_page_shows_tables_figures_and_says_what_differs(run, tmp_path, pytestconfig):
    reference = Reference.read(pytestconfig.rootpath / "config/reference/note.yaml")
    inputs = Inputs.parse("table 24", [f"min_dr={run}/curves/min_dr.json"])
    table = build_table(inputs, reference, default_settings("table", "24"))
    write_files(tmp_path / "tables/table_24", "Table 24", table)
    shown = default_settings("figure", "1")
    write_figure(tmp_path / "figures/figure_01", "1", inputs, shown, FigureStyle(dpi=60))
    write_summary(tmp_path / "README.md", tmp_path / "tables", tmp_path / "figures")
    page = (tmp_path / "README.md").read_text()
    assert "Table 24, min dr, kappa lambda -5: 0.78 ± 0.0076 in this run, 0.644 in the note" in page
    assert "errors above." in page
    assert "![figure_01](figures/figure_01.png)" in page
    assert "[table_24.tex](tables/table_24.tex)" in page
    assert "Pairing efficiency against κλ by method" in page


def test_agreement_is_said_too():
    near = Compared("Table 26", "min-ΔR, DNN, cls lower", 1.0, 0.1, 0.95, 0.5)
    text = " ".join(comparison_text([near]))
    assert "1 agree within one error" in text
    assert "disagrees" not in text


def test_nothing_to_summarise_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no table in"):
        write_summary(tmp_path / "README.md", tmp_path, tmp_path)


def test_the_order_of_methods_is_judged_by_its_errors(tmp_path):
    head = "Pairing method,key,quantity,this_run,this_run_error,note\n"
    (tmp_path / "table_24.csv").write_text(
        head
        + "first label,min_dr,kappa_lambda_1,0.80,0.01,\n"
        + "other label,mixing_spanet_tuned,kappa_lambda_1,0.90,0.01,\n"
        + "first label,min_dr,kappa_lambda_5,0.50,0.01,\n"
        + "other label,mixing_spanet_tuned,kappa_lambda_5,0.40,0.01,\n"
        + "first label,min_dr,kappa_lambda_-5,0.50,0.1,\n"
        + "other label,mixing_spanet_tuned,kappa_lambda_-5,0.60,0.1,\n"
    )
    by_kappa = {claim.text[-2:].strip(): claim.sentence() for claim in claims_of(tmp_path)}
    assert "holds (0.9 and 0.8, 7.1 errors apart)" in by_kappa["1"]
    assert "does not hold" in by_kappa["5"]
    assert "not decided" in by_kappa["-5"]


def test_widths_are_compared_with_the_errors_of_both_bounds(tmp_path):
    head = "Pairing,Selection,key,quantity,this_run,this_run_error,note\n"
    rows = [
        f"any,label,{key},{method}_{side},{value},0.3,\n"
        for key, low, high in (
            ("min_dr_dnn_tuned", -4, 11),
            ("mixing_spanet_tuned", -3, 9),
        )
        for method in ("profile", "cls")
        for side, value in (("lower", low), ("upper", high))
    ]
    (tmp_path / "table_26.csv").write_text(head + "".join(rows))
    claims = claims_of(tmp_path)
    assert len(claims) == 2
    assert claims[0].larger == (15.0, pytest.approx(0.3 * 2**0.5))
    assert "holds (15 and 12, 5.0 errors apart)" in claims[0].sentence()
