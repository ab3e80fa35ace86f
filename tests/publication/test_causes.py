import pytest

from hh4b.core.errors import ConfigError
from hh4b.publication.page.causes import Causes, by_cause, measure
from hh4b.publication.page.comparisons import Compared, TableNumbers
from hh4b.study.reading import read_study

ONE = """
size:
  title: Size
  text: "{ratio} times {events}, and {documented}"
  numbers:
    events: {table: samples, key: a, quantity: total}
    ratio: {table: samples, key: a, quantity: total, which: ratio}
    documented: {value: 0.03, error: 0.009, where: docs/physics.md}
  covers: [{tables: ["2?"], keys: [min_dr*], quantities: ["*_lower"], side: below}]
"""


def tables(run="50", error="", note="200"):
    row = {
        "key": "a", "quantity": "total", "this_run": run, "this_run_error": error, "note": note,
        "note_error": "",
    }  # fmt: skip
    return TableNumbers({"samples": [row]})


def read(tmp_path, text):
    (tmp_path / "causes.yaml").write_text(text)
    return Causes.read(tmp_path / "causes.yaml")


def number(table="26", key="min_dr_dnn", quantity="cls_lower", difference=-3.0):
    return Compared(table, ("a",), key, quantity, 1.0, 0.1, 1.3, None, None, difference, "file")


def test_the_measurement_comes_from_the_run(tmp_path):
    causes = measure(read(tmp_path, ONE), tables(), {})
    assert causes["size"].text == "0.25 times 50, and 0.03 ± 0.009"
    causes = measure(read(tmp_path, ONE), tables("60", "6", "200"), {})
    assert causes["size"].text == "0.3 ± 0.03 times 60 ± 6, and 0.03 ± 0.009"


@pytest.mark.parametrize(
    "other",
    [{"table": "16"}, {"key": "mixing"}, {"quantity": "cls_upper"}, {"difference": 3.0}],
)
def test_a_cause_covers_what_its_patterns_name_on_its_side(tmp_path, other):
    causes = measure(read(tmp_path, ONE), tables(), {})
    assert [len(group) for group in by_cause([number()], causes).values()] == [1, 0]
    assert [len(group) for group in by_cause([number(**other)], causes).values()] == [0, 1]
    assert [len(group) for group in by_cause([number(difference=-1.9)], causes).values()] == [0, 0]


def test_the_first_cause_that_covers_a_number_has_it(tmp_path):
    causes = measure(read(tmp_path, ONE + ONE.replace("size:", "other:")), tables(), {})
    assert [len(group) for group in by_cause([number()], causes).values()] == [1, 0, 0]


def test_a_cause_exists_for_some_configurations_only(tmp_path):
    text = ONE + "  when: {simulation.detector: [atlas.yaml]}\n"
    causes = read(tmp_path, text)
    assert causes.facts() == ["simulation.detector"]
    assert list(measure(causes, tables(), {"simulation.detector": "atlas.yaml"})) == ["size"]
    assert measure(causes, tables(), {"simulation.detector": "note.yaml"}) == {}
    assert measure(causes, tables(), {}) == {}


def test_a_cause_does_not_exist_in_a_range_of_its_number(tmp_path):
    causes = read(tmp_path, ONE + "  unless: {ratio: [0.5, 2]}\n")
    assert list(measure(causes, tables(), {})) == ["size"]
    assert measure(causes, tables("150"), {}) == {}


def test_what_is_not_measured_explains_nothing(tmp_path):
    causes = measure(read(tmp_path, ONE.replace("value: 0.03", "value: null")), tables(), {})
    assert causes["size"].missing == "docs/physics.md"
    assert [len(group) for group in by_cause([number()], causes).values()] == [0, 1]
    assert measure(read(tmp_path, ONE), TableNumbers({}), {})["size"].missing.startswith("table s")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{events}", "{other}", "no number for 'other'"),
        ("{table: samples, key: a, quantity: total}", "{}", "give `table`, `key`"),
        ("key: a, quantity: total}", "key: a}", "needs `key` and `quantity`"),
        ("side: below", "side: left", "side"),
        ("title: Size", "titel: Size", "title: is missing"),
        ("covers:", "unless: {other: [0, 1]}\n  covers:", "no number 'other'"),
    ],
)
def test_a_wrong_cause_is_named(tmp_path, old, new, said):
    with pytest.raises(ConfigError, match="causes.yaml: .*size") as error:
        read(tmp_path, ONE.replace(old, new, 1))
    assert said in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot read .*missing.yaml"):
        Causes.read(tmp_path / "missing.yaml")
    with pytest.raises(ConfigError, match="holds no mapping"):
        read(tmp_path, "- a\n")
    with pytest.raises(ConfigError, match="not YAML"):
        read(tmp_path, "a: [\n")
    with pytest.raises(ConfigError, match="key 'a' is there already in line 1"):
        read(tmp_path, "a: {}\na: {}\n")


def test_the_projects_causes_are_valid_and_name_keys_that_exist(pytestconfig, monkeypatch):
    monkeypatch.chdir(pytestconfig.rootpath)
    causes = Causes.read("config/reference/causes.yaml")
    study = read_study("config/config.yaml").model_dump(mode="json")
    for dotted in causes.facts():
        node = study
        for key in dotted.split("."):
            assert key in node, dotted
            node = node[key]
