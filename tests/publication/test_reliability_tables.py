"""Tables of damaged files and of killed builds, from the files of their benchmarks."""

import json

import pytest

from hh4b.core.errors import ConfigError
from hh4b.publication.numbers_stage import fill_documents

FUZZ = {
    "benchmark": "fuzz",
    "total": {
        "files": 1300, "refused": 900, "accepted": 399, "had_to_be_refused": 500, "faults": 1,
    },
    "kinds": {
        "lhe": {
            "files": 1300, "refused": 900, "accepted": 399, "had_to_be_refused": 500,
            "faults": [{"file": 3, "outcome": "traceback", "note": "KeyError"}],
        },
    },
}  # fmt: skip
KILLS = {
    "benchmark": "kills",
    "cores": 2,
    "local": {
        "number": 20, "met": {"simulate": 7}, "files": {"bytes": 90, "content": 30},
        "hashed": {"templates": 4, "limits": 4, "tables": 22},
        "number_named": 0, "number_failures": 0,
    },
    "slurm": {
        "number": 9, "met": {"spanet train": 2}, "files": {"bytes": 119, "partial": 1},
        "hashed": {"templates": 4, "limits": 3, "tables": 22},
        "number_named": 2, "number_failures": 1,
    },
}  # fmt: skip
STUDY = {"samples": {"hh": {"generated": 5}}, "pairing": {}}


@pytest.fixture
def numbers(tmp_path):
    folder = tmp_path / "numbers"
    folder.mkdir()
    for name, content in {"fuzz": FUZZ, "kills": KILLS, "default": STUDY}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def filled(tmp_path, numbers, table):
    page = tmp_path / "page.md"
    page.write_text(f"<!-- table: {table} -->\n<!-- /table -->\n")
    fill_documents([page], [numbers], check=False)
    return page.read_text().splitlines()[1:-1]


def test_every_kind_of_damaged_file_has_a_line(tmp_path, numbers):
    assert filled(tmp_path, numbers, "fuzz")[2:] == [
        "| `lhe` | 1,300 | 500 | 900 | 399 | 1 |",
        "| all | 1,300 | 500 | 900 | 399 | 1 |",
    ]


def test_killed_builds_stand_side_by_side(tmp_path, numbers):
    lines = filled(tmp_path, numbers, "kills")
    assert lines[0] == "|  | `--cores 2` | Slurm |"
    for line in (
        "| kills | 20 | 9 |",
        "| equal hashes in `limits` | 4 | 3 |",
        "| half-written files left | 0 | 1 |",
        "| files that differ, are missing or too many | 0 | 2 |",
        "| commands that ended badly | 0 | 1 |",
        "| kills while `hh4b spanet train` was at work | 0 | 2 |",
    ):
        assert line in lines


def test_benchmarks_are_no_studies(tmp_path, numbers):
    assert filled(tmp_path, numbers, "studies")[0] == "|  | default | the note |"


def test_a_benchmark_that_was_not_run_is_told(tmp_path, numbers):
    (numbers / "kills.json").unlink()
    with pytest.raises(ConfigError, match="no 'kills' in the numbers"):
        filled(tmp_path, numbers, "kills")
