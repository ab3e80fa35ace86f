import pytest
import yaml

from hh4b.core.errors import ConfigError
from hh4b.publication.catalogue import default_settings
from hh4b.publication.hepdata_stage import HepdataFiles, write_submission
from hh4b.publication.inputs import Inputs
from hh4b.publication.outputs_stage import build_table
from hh4b.publication.reference import Reference
from hh4b.publication.tables import write_files


def test_a_submission_holds_this_runs_numbers_only(run, tmp_path, pytestconfig):
    reference = Reference.read(pytestconfig.rootpath / "config/reference/note.yaml")
    inputs = Inputs.parse("table 24", [f"min_dr={run}/curves/min_dr.json"])
    table = build_table(inputs, reference, default_settings("table", "24"))
    write_files(tmp_path / "tables/table_24", "Table 24", table)
    write_submission(HepdataFiles([tmp_path / "tables"]), tmp_path / "hepdata")
    documents = list(yaml.safe_load_all((tmp_path / "hepdata/submission.yaml").read_text()))
    assert documents[1]["data_file"] == "table_24.yaml"
    assert documents[1]["description"].startswith("Pairing efficiency by κλ. Errors:")
    text = (tmp_path / "hepdata/table_24.yaml").read_text()
    data = yaml.safe_load(text)
    points = data["dependent_variables"][0]["values"]
    assert [p["value"] for p in points] == pytest.approx([0.78, 0.73024, 0.46251], abs=1e-4)
    assert points[0]["errors"][0]["symerror"] == pytest.approx(0.00756, abs=1e-4)
    assert all(len(v["values"]) == 3 for v in data["independent_variables"])
    assert "0.644" not in text


def test_no_tables_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no table in"):
        write_submission(HepdataFiles([tmp_path]), tmp_path / "hepdata")
