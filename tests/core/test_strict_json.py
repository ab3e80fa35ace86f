"""JSON is read in one way: every key once, UTF-8, one line for what is wrong."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.settings import Positive, Settings
from hh4b.core.strict_json import parse_attribute, parse_json, parse_provenance

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": "\xfc"}', "not UTF-8"),
        (b'{"a": 1, "a": 2}', "key 'a' stands twice"),
        (b'{"b": [{"a": 1, "c": 3, "a": 1}]}', "key 'a' stands twice"),
        (b'{"a": ', "is not JSON"),
        (b"", "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"1" * 5000 + b"}", "is not JSON"),
        (b"[1]", "expected an object"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_file(tmp_path, content, said):
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=r"mine\.json") as error:
        read_json(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_byte_order_mark_is_no_content(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": "\xc3\xbc"}')
    assert read_json(tmp_path / "a.json") == {"a": "ü"}


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "[Infinity]", "1e999"])
def test_numbers_are_finite_where_asked(text):
    with pytest.raises(ValueError, match="is no number here|is too large"):
        parse_json(text, finite=True)
    assert parse_json('{"a": 1.5, "b": 3}', finite=True) == {"a": 1.5, "b": 3}


def test_attributes_name_file_and_attribute():
    attributes = {"cutflow": '{"a": 1, "a": 2}', "provenance": "[1]"}
    with pytest.raises(ContractError, match=r"d\.h5: the attribute 'cutflow' is not JSON.*twice"):
        parse_attribute(attributes, "cutflow", "d.h5")
    with pytest.raises(ContractError, match=r"'files' is missing"):
        parse_attribute(attributes, "files", "d.h5")
    assert parse_attribute(attributes, "files", "d.h5", default=[]) == []
    with pytest.raises(ContractError, match=r"'provenance' is no object"):
        parse_provenance(attributes, "d.h5")
    assert parse_provenance({}, "d.h5") == {}


class Thing(Settings):
    size: Positive = 1.0
    other: float = 2.0


@pytest.mark.parametrize(
    "text",
    ['{"size": 1, "size": 2}', '{"other": NaN}', '{"other": 1e999}', '{"other": "inf"}', "[", "{"],
)
def test_settings_of_the_command_line(text):
    with pytest.raises(ConfigError) as error:
        Thing.from_json(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "nan"])
def test_settings_are_finite_whatever_they_come_from(value):
    with pytest.raises(ConfigError, match=r"other.*finite number"):
        Thing.checked({"other": value})


def test_one_loader():
    """Nothing else reads JSON or YAML; the journal of a search is Optuna's, and its lines are."""
    known = {"strict_json.py", "strict_yaml.py", "trial_storage.py"}
    others = re.compile(
        r"json\.loads?\(|yaml\.(safe_|full_|unsafe_)?load\(|validate_json|orjson|tomllib"
    )
    for path in SOURCE.rglob("*.py"):
        if path.name not in known:
            assert not others.search(path.read_text(encoding="utf-8")), path


def test_what_is_written_is_read(tmp_path):
    text = json.dumps({"κ": [1, 2.5, None, True], "a": {"b": "c"}}, ensure_ascii=False)
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert read_json(tmp_path / "a.json") == json.loads(text)


@pytest.mark.parametrize(
    ("content", "entry"),
    [
        ({"fit": {"errors": [0.1, float("nan")]}}, "fit.errors.1 is nan"),
        ({"a": 1.0, "b": np.array([[1.0, -np.inf]])}, "b.0.1 is -inf"),
        ({"a": (np.float64("nan"),)}, "a.0 is nan"),
        ({"a": np.float32("inf")}, "a is inf"),
    ],
)
def test_files_have_finite_numbers(tmp_path, content, entry):
    path = tmp_path / "mine.json"
    path.write_text("old")
    with pytest.raises(ContractError, match=r"cannot write .*mine\.json: the entry") as error:
        write_json(path, content, Provenance("stage", {}))
    assert f"the entry {entry}, a number that JSON does not have" in str(error.value)
    assert "\n" not in str(error.value)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.json"]
    assert path.read_text() == "old"


def test_settings_of_a_file_are_finite_too(tmp_path):
    with pytest.raises(ContractError, match=r"provenance\.settings\.cut is nan"):
        write_json(tmp_path / "a.json", {}, Provenance("stage", {"cut": float("nan")}))
    with pytest.raises(ContractError, match=r"settings\.cut is nan"):
        Provenance("stage", {"cut": float("nan")}).as_json()


def test_nothing_but_the_strict_writer_writes_json():
    """Text of documents, hashes and notes of locks aside."""
    allowed = {
        "core/strict_json.py", "core/files.py", "core/settings.py", "core/lock_takeover.py",
        "study/documentation.py", "publication/numbers_stage.py", "publication/inputs.py",
        "commands/configure.py",
    }  # fmt: skip
    users = {
        path.relative_to(SOURCE / "hh4b").as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(r"\bjson\.dumps?\(", path.read_text())
    }
    assert users <= allowed
