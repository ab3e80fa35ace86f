"""A wrong value in a message is cut where it is longer than a line."""

import pytest

from hh4b.core.errors import ConfigError
from hh4b.core.settings import Settings
from hh4b.core.validation import one_line, shown
from hh4b.generation.acceptance import AcceptanceBias


class Small(Settings):
    number: int


@pytest.mark.parametrize("values", [{"number": [{"a": 1}] * 500}, {"number": 1, "x": "b" * 5000}])
def test_a_block_in_place_of_a_value_is_cut(values):
    with pytest.raises(ValueError, match="number|x") as caught:
        Small(**values)
    line = one_line(caught.value, Small)
    assert line.startswith(("number: value [{'a': 1}, ", "x: unknown key, value 'bbb"))
    assert len(line) < 300


def test_short_values_are_whole():
    assert shown({"a": [1.5, "b"]}) == "{'a': [1.5, 'b']}"
    assert shown("a" * 98) == repr("a" * 98)
    assert shown("a" * 99) == "'" + "a" * 99 + "…"


def test_the_file_of_acceptances_does_the_same(tmp_path):
    path = tmp_path / "acceptance.yaml"
    path.write_text("strength: [" + "1, " * 900 + "1]\n")
    with pytest.raises(ConfigError) as caught:
        AcceptanceBias.from_file(path)
    assert len(str(caught.value)) < 600
