"""Tables of benchmarks and of pseudo-experiments in documents."""

import json

import numpy as np
import pytest

from hh4b.core.errors import ConfigError
from hh4b.publication.benchmark_tables import write_benchmark
from hh4b.publication.key_numbers import Numbers
from hh4b.publication.number_tables import table_text

ROWS = {"a": [(1.2345, 0.05), "text"], "b": [float("nan"), None]}
SHARE = {"value": 0.66, "error": 0.029}
TOYS = {
    "coverage": {
        "68": {
            "toys": 250,
            "feldman_cousins": {"-3": SHARE, "10": SHARE},
            "feldman_cousins_redrawn": {"10": {"value": 0.9, "error": 0.01}},
        }
    },
    "injections": {"-3": "median bias +0.40 +- 0.05 sigma, other at kappa_lambda = -7.2"},
}


def _write(folder, name, content):
    (folder / name).write_text(json.dumps(content))
    return Numbers.read([folder])


def test_a_benchmark_becomes_a_table(tmp_path):
    path = tmp_path / "speed.json"
    write_benchmark(path, "speed", ["x", "y"], ROWS, decimals=[2, 0], replicas=20)
    numbers = Numbers.read([tmp_path])
    assert table_text("benchmark", numbers, ["speed"]) == (
        "|  | x | y |\n| --- | --: | --: |\n| a | 1.23 ± 0.05 | text |\n| b | — | — |\n"
    )
    assert numbers.text("speed/size/replicas") == "20"


def test_a_number_is_rounded_once(tmp_path):
    # To five digits it is -2.695, which is below -2.695 as a float, and would be shown as -2.69.
    write_benchmark(tmp_path / "speed.json", "speed", ["x"], {"a": [-2.69503]}, decimals=[2])
    assert "| −2.70 |" in table_text("benchmark", Numbers.read([tmp_path]), ["speed"])


def test_numbers_of_a_benchmark_are_rounded_to_plain_ones(tmp_path):
    path = tmp_path / "speed.json"
    rows = {"a": [(np.float64(1.23456789), np.float64(0.056789)), np.float64(3)]}
    write_benchmark(path, "speed", ["x", "y"], rows, decimals=[2, 0])
    assert json.loads(path.read_text())["rows"] == {
        "a": [{"value": 1.234568, "error": 0.0568}, {"value": 3}]
    }


def test_a_line_with_another_number_of_cells_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="line 'a' has 2 cells, 1 columns"):
        write_benchmark(tmp_path / "a.json", "speed", ["x"], ROWS, decimals=[2])
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize("names", [[], ["other", "speed"]])
def test_a_table_of_a_benchmark_needs_one_file(tmp_path, names):
    write_benchmark(tmp_path / "speed.json", "speed", ["x", "y"], ROWS, decimals=[2, 0])
    numbers = _write(tmp_path, "other.json", {"likelihood": {}})
    with pytest.raises(ConfigError, match="needs the name of its file"):
        table_text("benchmark", numbers, names)
    with pytest.raises(ConfigError, match="other: no table of a benchmark"):
        table_text("benchmark", numbers, ["other"])


def test_coverage_stands_by_kappa(tmp_path):
    content = {"likelihood": {"s": {"label": "S", "toys": TOYS}, "t": {"label": "T"}}}
    numbers = _write(tmp_path, "default.json", content)
    assert table_text("coverage", numbers, ["default"]).splitlines()[0::2] == [
        "| κλ | −3 | 10 |",
        "| S, 68 %, Feldman–Cousins | 66.0 ± 2.9 | 66.0 ± 2.9 |",
    ]
    assert "redrawn templates | — | 90.0 ± 1.0 |" in table_text("coverage", numbers, [])


def test_injections_stand_in_words(tmp_path):
    content = {"likelihood": {"s": {"label": "S", "toys": TOYS}}}
    numbers = _write(tmp_path, "default.json", content)
    last = table_text("injections", numbers, ["default"]).splitlines()[-1]
    assert last == "| S | −3 | median bias +0.40 ± 0.05 sigma, other at κλ = −7.2 |"


@pytest.mark.parametrize("table", ["coverage", "injections"])
def test_tables_of_experiments_need_experiments(tmp_path, table):
    numbers = _write(tmp_path, "default.json", {"likelihood": {"s": {"label": "S"}}})
    with pytest.raises(ConfigError, match="default/likelihood has no pseudo-experiments"):
        table_text(table, numbers, ["default"])
