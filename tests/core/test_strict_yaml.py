"""YAML files that people write."""

import pytest

from hh4b.core.errors import ConfigError
from hh4b.core.strict_yaml import read_strictly


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: \xfc", "is not UTF-8 text; save it as UTF-8"),
        (b"a: 1\na: 2", "line 2: key 'a' is there already in line 1"),
        (b"a: [", "is not YAML"),
        (b"- a", "holds no mapping"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_file(tmp_path, content, said):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="mine.yaml") as error:
        read_strictly(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
