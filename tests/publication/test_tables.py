import csv
import json
from math import hypot
from statistics import stdev

import pytest
from typer.testing import CliRunner

from hh4b.commands import publication  # noqa: F401  registers the commands
from hh4b.commands.groups import app
from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.publication import tables
from hh4b.publication.catalogue import default_settings, known_keys
from hh4b.publication.inputs import Inputs, Measured, RunFile, mean_of_repeats
from hh4b.publication.outputs_stage import build_table
from hh4b.publication.reference import Published, Reference

REFERENCE = "config/reference/note.yaml"


@pytest.fixture
def reference(pytestconfig):
    return Reference.read(pytestconfig.rootpath / REFERENCE)


def files_of(run, selections=("min_dr_dnn", "mixing_spanet"), tev=13, lumi=139):
    return [f"{s}={run}/limits/{s}_{tev}tev_{lumi}ifb.json" for s in selections]


def inputs_of(run, name):
    """Options that a table can be built from, all tables of the note."""
    pairing = [f"pairing={run}/metrics/mixing_spanet.json"]
    curves = [f"{p}={run}/curves/{p}.json" for p in ("min_dr", "mixing_spanet")]
    limits = files_of(run, ("min_dr_dnn", "mixing_spanet_dnn", "mixing_spanet"))
    classifiers = [
        f"{c}={run}/classifier/{c}_{seed}.json"
        for c in ("min_dr_dnn", "mixing_spanet")
        for seed in range(3)
    ]
    by_luminosity = [
        f"limits={run}/limits/mixing_spanet_{{tev}}tev_{lumi}ifb.json" for lumi in (139, 300)
    ]
    scan = [f"scan={run}/scans/min_dr_dnn.json"]
    datasets = [f"{s}={run}/datasets/{s}.h5" for s in ("signal", "background")]
    known = {
        **dict.fromkeys(("1", "2", "3", "4", "6", "7"), pairing),
        **dict.fromkeys(("8", "10", "13", "15", "18", "20", "22", "25"), classifiers),
        **dict.fromkeys(("9", "11", "14", "16", "19", "21", "23", "26"), limits),
        "5": [f"sm={run}/metrics/mixing_spanet.json", f"sm_version1={run}/metrics/min_dr.json"],
        "12": datasets,
        "17": [text.format(tev=13) for text in by_luminosity] + scan,
        "24": curves,
        "27": [f"mixing_spanet={t.format(tev=14).partition('=')[2]}" for t in by_luminosity],
        "luminosities": limits,
        "28": [text.format(tev=14) for text in by_luminosity] + scan,
        "classifiers": [
            f"min_dr_dnn={run}/classifier/min_dr_dnn_0.json",
            f"min_dr_dnn.limits={run}/limits/min_dr_dnn_13tev_139ifb.json",
        ],
        "pass_rates": [f"sm_hh={run}/datasets/signal.h5", f"four_b={run}/datasets/background.h5"],
        "samples": [f"sm.training={run}/datasets/signal.h5"],
    }
    return known[name]


def renamed(texts, name, reference):
    """Give the files of the selection tables the keys that the note's table has."""
    for section in ("classification", "limits"):
        keys = list(reference.content[section].get(f"table_{name}", {}))
        if keys and all(isinstance(key, str) for key in keys) and name != "27":
            given = sorted({text.partition("=")[0] for text in texts})
            names = dict(zip(given, keys, strict=False))
            pairs = [text.partition("=") for text in texts]
            return [f"{names[key]}={path}" for key, _, path in pairs if key in names]
    return texts


def build(run, name, reference, texts=None):
    texts = texts or renamed(inputs_of(run, name), name, reference)
    inputs = Inputs.parse(f"table {name}", texts)
    return build_table(inputs, reference, default_settings("table", name))


def this_run(table):
    return {
        (row.labels, name): (cell.run.value, cell.run.error)
        for row in table.rows
        for name, cell in row.cells.items()
    }


def test_every_table_of_the_note_exists():
    assert {str(n) for n in range(1, 29)} <= set(known_keys("table"))


@pytest.mark.parametrize(
    "name", [*map(str, range(1, 29)), "classifiers", "luminosities", "pass_rates", "samples"]
)
def test_tables_are_built_and_hold_no_published_value_as_measured(run, reference, name):
    table = build(run, name, reference)
    assert table.rows
    # Absurd published values: every number of this run stays what it was.
    absurd = Reference(reference.path, scaled(reference.content))
    other = build(run, name, absurd)
    assert this_run(other) == this_run(table)
    notes = [c.note for row in table.rows for c in row.cells.values() if c.note is not None]
    for row in other.rows:
        for cell in row.cells.values():
            assert cell.note is None or abs(cell.note.value) > 1e3 or cell.note.value == 0
    assert notes or name in ("6", "classifiers", "luminosities")
    for text in (
        tables.as_csv(table),
        tables.as_markdown("T", table),
        tables.as_latex("T", table),
    ):
        assert len(text.splitlines()) > len(table.rows)


def scaled(node):
    """Multiply every number of the reference; keys stay."""
    if isinstance(node, dict):
        return {key: scaled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [scaled(value) for value in node]
    return node * 1e7 if isinstance(node, int | float) else node


def test_published_and_measured_are_types_apart():
    assert not issubclass(Published, Measured)
    assert not issubclass(Measured, Published)
    # A measured number cannot be made without the file it came from.
    with pytest.raises(TypeError):
        Measured(1.0, 0.1)


def test_a_changed_upstream_file_changes_the_table(run, tmp_path, pytestconfig):
    source = run / "limits/min_dr_dnn_13tev_139ifb.json"
    copy = tmp_path / "limits.json"
    content = json.loads(source.read_text())
    copy.write_text(json.dumps(content))
    rows = []
    for shift in (0.0, 0.25):
        content["profile"]["interval"][0] += shift
        copy.write_text(json.dumps(content))
        options = ["--reference", str(pytestconfig.rootpath / REFERENCE)]
        result = CliRunner().invoke(
            app,
            ["table", "26", "-o", str(tmp_path / "t"), "--input", f"min_dr_dnn={copy}", *options],
        )
        assert result.exit_code == 0, result.output
        with (tmp_path / "t.csv").open() as stream:
            rows.append(next(csv.DictReader(stream)))
    assert float(rows[1]["this_run"]) == pytest.approx(float(rows[0]["this_run"]) + 0.25)
    assert rows[0]["note"] == rows[1]["note"] == "-3.2"
    for suffix in ("csv", "md", "tex"):
        assert (tmp_path / f"t.{suffix}").stat().st_size > 100


def test_rows_without_input_are_left_out(run, reference):
    table = build(run, "26", reference, files_of(run, ("min_dr_dnn",)))
    assert [row.key for row in table.rows] == ["min_dr_dnn"]


def test_difference_is_in_units_of_this_runs_error(run, reference):
    cell = build(run, "26", reference).rows[0].cells["profile_lower"]
    assert cell.note == Published(-3.2)
    assert cell.difference == pytest.approx((cell.run.value + 3.2) / 0.2)
    assert "+0.5" in tables.as_markdown("Table 26", build(run, "26", reference))


def test_missing_bounds_and_gaps_are_said(run, reference, tmp_path):
    content = json.loads((run / "limits/min_dr_dnn_13tev_139ifb.json").read_text())
    content["profile"]["interval"][1] = None
    content["cls"]["segments"] = [[-3.0, 1.0], [2.0, 9.0]]
    path = tmp_path / "limits.json"
    path.write_text(json.dumps(content))
    table = build(run, "26", reference, [f"min_dr_dnn={path}"])
    assert table.rows[0].cells["profile_upper"].run.text == "> 15"
    assert any("[-3.00, 1.00] and [2.00, 9.00]" in remark for remark in table.remarks)


def test_repeated_trainings_give_the_mean_with_the_error_of_the_events(run):
    files = [RunFile.read(run / f"classifier/min_dr_dnn_{seed}.json") for seed in range(3)]
    values = [file.measured(file.number("auc"), 0.003) for file in files]
    value = mean_of_repeats(values)
    assert value.value == pytest.approx(0.874)
    assert value.error == pytest.approx(0.003)
    assert value.source.endswith("and 2 repeats")
    # From five on the spread of a training is in it.
    more = [*values, *values[:2]]
    spread = stdev(one.value for one in more)
    assert mean_of_repeats(more).error == pytest.approx(hypot(0.003, spread))


def test_equivalent_luminosity_needs_a_scan_of_these_limits(run, reference):
    texts = inputs_of(run, "17")
    other = texts[0].replace("13tev_139", "13tev_600")
    with pytest.raises(ContractError, match="--reach"):
        build(run, "17", reference, [other, texts[-1]])


@pytest.mark.parametrize(
    ("texts", "error", "words"),
    [
        ([], ConfigError, "no input given"),
        (["min_dr_dnn"], ConfigError, "key=path"),
        (["min_dr_dnn=nowhere.json"], InputFileError, "nowhere.json"),
        (["min_dr_dnn={run}/metrics/min_dr.json"], ContractError, "'sqrt_s_tev' is missing"),
    ],
)
def test_bad_input_is_one_clear_line(run, reference, texts, error, words):
    texts = [text.format(run=run) for text in texts]
    with pytest.raises(error, match=words) as caught:
        build(None, "26", reference, texts) if texts else Inputs.parse("table 26", texts)
    assert "\n" not in str(caught.value)


def test_unknown_table_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"no table '99'.*1, 2, .*28, background, cl"):
        default_settings("table", "99")


def test_numbers_are_written_with_the_digits_their_error_needs():
    assert tables.format_number(0.8049, 0.0132, 3) == "0.805 ± 0.013"
    assert tables.format_number(0.80491, 0.0002, 3) == "0.8049 ± 0.0002"
    assert tables.format_number(None, None, 2, "> 15") == "> 15"
    assert tables.format_number(-3.2, None, 2) == "−3.20"


def test_reference_reads_pairs_as_value_and_error(reference):
    found = reference.find("classification", "table_25", "min_dr_dnn", 1)
    assert (found.value, found.error) == (0.881, 0.012)
    assert reference.find("classification", "table_25", "unknown", 1) is None
    assert reference.width("limits", "table_28", 300, "profile") == Published(9.19)


def test_broken_reference_is_one_clear_line(tmp_path):
    path = tmp_path / "note.yaml"
    path.write_text("a: [1, 2\n")
    with pytest.raises(ConfigError, match=r"note\.yaml is not YAML"):
        Reference.read(path)
    path.write_text("a: {}\na: {}\n")
    with pytest.raises(ConfigError, match="key 'a' is there already in line 1"):
        Reference.read(path)
