import csv
from types import SimpleNamespace

import pytest
from tests.publication.conftest import limits, provenance

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import write_json
from hh4b.publication.catalogue import default_settings
from hh4b.publication.inputs import Inputs
from hh4b.publication.orderings import claims_of, ordering_text
from hh4b.publication.outputs_stage import build_table, write_figure
from hh4b.publication.page.comparisons import CSV_HEAD, TableNumbers
from hh4b.publication.page.files import PageFiles
from hh4b.publication.reference import Reference
from hh4b.publication.settings import PageSettings, WidthClaim
from hh4b.publication.style import FigureStyle
from hh4b.publication.summary_stage import COMPARISON, write_summary
from hh4b.publication.tables import write_files

HEAD = "Pairing,Selection,key,quantity,this_run,this_run_error,note,note_error,difference_in_errors"
CAUSES = """
training_size:
  title: Training size
  text: "trained on {events} events instead of {note_events}"
  numbers:
    events: {table: samples, key: joint.training, quantity: total}
    note_events: {table: samples, key: joint.training, quantity: total, which: note}
  covers: [{quantities: [auc], side: below}]
"""


@pytest.fixture
def small(tmp_path):
    """A folder of tables by hand, and how to write a page of it."""
    tables = tmp_path / "tables"
    tables.mkdir()

    def write(name, *rows):
        path = tables / f"table_{name}.csv"
        path.write_text("\n".join([HEAD + ",remark,source", *(f"{r},,file" for r in rows)]) + "\n")
        path.with_suffix(".md").write_text(f"text of {name}\n")

    def page(causes=CAUSES, files=None):
        (tmp_path / "causes.yaml").write_text(causes)
        output, figures = tmp_path / "README.md", tmp_path / "figures"
        write_summary(output, [tables], [figures], causes=tmp_path / "causes.yaml", files=files)
        return output.read_text()

    return SimpleNamespace(folder=tmp_path, write=write, page=page)


def test_the_page_shows_tables_figures_and_says_what_differs(run, tmp_path, pytestconfig):
    reference = Reference.read(pytestconfig.rootpath / "config/reference/note.yaml")
    inputs = Inputs.parse("table 24", [f"min_dr={run}/curves/min_dr.json"])
    table = build_table(inputs, reference, default_settings("table", "24"))
    write_files(tmp_path / "tables/table_24", "Table 24", table)
    shown = default_settings("figure", "1")
    write_figure(tmp_path / "figures/figure_01", "1", inputs, shown, FigureStyle(dpi=60))
    write_summary(tmp_path / "README.md", [tmp_path / "tables"], [tmp_path / "figures"])
    page = (tmp_path / "README.md").read_text()
    assert "Table 24: min dr, kappa lambda −5: 0.78 ± 0.0076 in this run, 0.644 (± 0.0071)" in page
    assert "errors above." in page
    assert "![figure_01](figures/figure_01.png)" in page
    assert "[table_24.tex](tables/table_24.tex)" in page
    assert "Pairing efficiency against κλ by method" in page
    assert "## What the intervals" not in page
    assert "## Tuned" not in page


def test_agreement_is_said_too(small):
    small.write("26", "a,b,x,cls_lower,1.0,0.1,0.95,,0.5")
    page = small.page()
    assert "1 agree within one error" in page
    assert "| Cause |" not in page


def test_every_number_has_a_cause_or_is_not_explained(small):
    small.write("samples", "joint,training,joint.training,total,100,,1000,,")
    small.write(
        "20",
        "a,b,x,auc,0.80,0.01,0.90,,-10",
        "a,b,y,auc,0.90,0.01,0.80,,10",
        "a,b,x,accuracy,0.70,0.01,0.75,,-5",
        "a,b,y,accuracy,0.75,0.01,0.75,,0",
    )
    small.write("25", "a,b,x,auc,0.80,0.01,0.90,,-10")
    page = small.page()
    assert "* 4 of 5 numbers lie beyond two errors of the note; for 2 of them no cause" in page
    assert "The 4 are 3 different numbers" in page
    assert "| Training size | 2 | 1 | trained on 100 events instead of 1,000 |" in page
    assert "| **Not explained** | 2 | 2 | |" in page
    assert "* Tables 20, 25: a, b, auc: 0.8 ± 0.01 in this run, 0.9 in the note: 10.0 err" in page
    with (small.folder / COMPARISON).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == CSV_HEAD
    unexplained = "not explained"
    found = [row["cause"] for row in rows]
    assert found == ["training_size", unexplained, unexplained, "", "training_size"]


def test_a_cause_without_its_measurement_explains_nothing(small):
    small.write("20", "a,b,x,auc,0.80,0.01,0.90,,-10")
    page = small.page()
    assert "for 1 of them no cause is measured" in page
    missing = "not measured, so it explains nothing: table samples, joint.training, total"
    assert missing in page


def test_no_more_than_five_numbers_of_a_cause_are_named(small):
    small.write("20", *(f"a,b,x{i},accuracy,0.{i},0.01,0.9,,-{i + 3}" for i in range(1, 9)))
    page = small.page()
    assert "**Not explained**, the largest 5 of 8:" in page
    assert page.count("* Table 20:") == 5


def test_nothing_to_summarise_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no table in"):
        write_summary(tmp_path / "README.md", [tmp_path], [tmp_path])


def test_the_order_of_methods_is_judged_by_its_errors(small):
    small.write(
        "24",
        "first label,,min_dr,kappa_lambda_1,0.80,0.01,,,",
        "other label,,mixing_spanet_tuned,kappa_lambda_1,0.90,0.01,,,",
        "first label,,min_dr,kappa_lambda_5,0.50,0.01,,,",
        "other label,,mixing_spanet_tuned,kappa_lambda_5,0.40,0.01,,,",
        "first label,,min_dr,kappa_lambda_-5,0.50,0.1,,,",
        "other label,,mixing_spanet_tuned,kappa_lambda_-5,0.60,0.1,,,",
    )
    claims = claims_of(TableNumbers.read({"24": small.folder / "tables/table_24.csv"}))
    by_kappa = {claim.text[-2:].strip(): claim.sentence() for claim in claims}
    assert "holds (0.9 and 0.8, 7.1 errors apart)" in by_kappa["1"]
    assert "does not hold" in by_kappa["5"]
    assert "not decided" in by_kappa["-5"]
    assert "no paired error" in ordering_text(claims)[-2]


def test_the_intervals_and_the_notes_stand_first(small):
    folder = small.folder
    for name, shift, width in (("dnn", 0.0, 7.0), ("spanet", 0.5, 6.0)):
        content = limits(shift, width=width, error=0.2)
        write_json(folder / f"{name}.json", content, provenance("limits", name=name))
    small.write(
        "16",
        "a,b,spanet,profile_lower,-2.0,0.2,-3.2,,6",
        "a,b,spanet,profile_upper,10.0,0.3,8.8,,4",
    )
    inputs = Inputs.parse("summary", [f"headline.{n}={folder}/{n}.json" for n in ("dnn", "spanet")])
    settings = PageSettings(
        labels={"dnn": "min-ΔR + DNN", "spanet": "SPANet2"},
        claims=[WidthClaim(wider="dnn", narrower="spanet", table="16")],
    )
    lines = small.page(files=PageFiles(inputs, settings)).splitlines()
    assert lines[2].startswith("* **SPANet2: κλ in [−2.00 ± 0.20, 10.00 ± 0.30]**, width 12.00")
    assert "the note has [−3.20, 8.80], width 12.00." in lines[2]
    assert lines[3].startswith("* **min-ΔR + DNN: κλ in [−3.50 ± 0.20, 10.50 ± 0.30]**")
    assert "; the note" not in lines[3]
    assert lines[4].startswith("* SPANet2 against min-ΔR + DNN: decided: SPANet2 is narrower")
    assert lines[5].startswith("* 2 of 2 numbers lie beyond two errors")
    write_json(folder / "kept.json", limits(1.0, error=0.1), provenance("limits", name="kept"))
    inputs = Inputs.parse("summary", [
        *(f"headline.{n}={folder}/{n}.json" for n in ("dnn", "spanet")),
        f"archived.dnn={folder}/kept.json",
    ])  # fmt: skip
    beside = settings.model_copy(update={"archive": "docs/night"})
    lines = small.page(files=PageFiles(inputs, beside)).splitlines()
    assert "docs/night" not in lines[2]
    assert lines[3].endswith("; docs/night has [−1.50 ± 0.10, 10.50 ± 0.15].")


def test_a_csv_file_that_is_no_table_is_named(tmp_path):
    (tmp_path / "mine.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ContractError, match=r"mine\.csv is no table of this version, column 'key'"):
        TableNumbers.read({"mine": tmp_path / "mine.csv"})


def test_a_page_of_own_files_does_not_speak_of_the_note(small):
    small.write("26", "min-dR,DNN,joint,auc,0.9,0.01,,,")
    (small.folder / "figures").mkdir()
    page = small.folder / "README.md"
    write_summary(page, [small.folder / "tables"], [small.folder / "figures"])
    assert "note" not in page.read_text().replace(COMPARISON, "")
    # Causes that wait for numbers are of a study that is compared.
    assert "## This run and the note" in small.page()
    assert Reference.of_file(None).find("table_26", "joint") is None
