import pytest
import yaml

from hh4b.core.errors import InputFileError
from hh4b.publication.hepdata_stage import HepdataFiles, write_submission
from hh4b.publication.made_outputs import made_outputs
from hh4b.publication.summary_stage import write_summary

HEAD = "name,key,quantity,this_run,this_run_error,note,note_error,difference,remark,source\n"


@pytest.fixture
def tables(tmp_path):
    """A folder with two tables of a study, one of an earlier study, and a file of the user."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for number, name in enumerate(("02", "10", "of_an_old_study")):
        path = folder / f"table_{name}.csv"
        path.write_text(f"{HEAD}a,a,auc,0.{number + 5},0.1,,,,,file\n")
        path.with_suffix(".md").write_text(f"**Table {name}**: text of {name}\n")
    (folder / "mine.csv").write_text("x,y\n")
    return folder


def test_tables_of_an_earlier_study_are_neither_on_the_page_nor_in_the_submission(tables, tmp_path):
    own = [tables / f"table_{name}.csv" for name in ("10", "02")]
    write_summary(tmp_path / "README.md", own, [])
    page = (tmp_path / "README.md").read_text()
    assert page.index("text of 02") < page.index("text of 10")
    assert "old_study" not in page
    write_submission(HepdataFiles(own), tmp_path / "hepdata")
    documents = list(yaml.safe_load_all((tmp_path / "hepdata/submission.yaml").read_text()))
    assert [one["data_file"] for one in documents[1:]] == ["table_02.yaml", "table_10.yaml"]


def test_a_folder_stands_for_its_outputs_and_not_for_other_files(tables):
    found = made_outputs("table", [tables], (".csv", ".md"))
    assert [path.stem for path in found] == ["table_02", "table_10", "table_of_an_old_study"]
    assert made_outputs("figure", [tables.with_name("figures")], (".png",)) == []


def test_what_is_missing_is_named(tables):
    (tables / "table_02.md").unlink()
    with pytest.raises(InputFileError, match=r"table_02\.md is missing; make the table"):
        made_outputs("table", [tables], (".csv", ".md"))
    with pytest.raises(InputFileError, match=r"figure_1\.png is missing"):
        made_outputs("figure", [tables / "figure_1.pdf"], (".png",))
