"""YAML files that people write."""

import pytest

from hh4b.core.errors import ConfigError, Hh4bError
from hh4b.core.strict_yaml import read_strictly
from hh4b.detector.settings import read_detector_settings
from hh4b.generation.acceptance import AcceptanceBias
from hh4b.generation.k_factors import k_factor_table
from hh4b.publication.page.causes import Causes
from hh4b.publication.reference import Reference
from hh4b.spanet.event import EventDescription
from hh4b.study.reading import read_study

#: A billion values in ten lines.
LAUGHS = b"a0: &a0 [x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n + 1, n + 1, b", ".join([b"*a%d" % n] * 10)) for n in range(9)
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: \xfc", "is not UTF-8 text; save it as UTF-8"),
        (b"a: 1\na: 2", "line 2: key 'a' is there already in line 1"),
        (b"a: [", "is not YAML"),
        (b"- a", "holds no mapping"),
        (b"a: 1\nb:\n  c: .inf", "line 3: .inf is no finite number"),
        (b"a: [.NaN]", "line 1: .NaN is no finite number"),
        (b"a: 1.0e+999", "is no finite number"),
        (b"a: !!int x", "is not YAML"),
        (b"a: !!bool x", "is not YAML"),
        (b"a: !!timestamp x", "is not YAML"),
        (b"a: 2020-13-45", "is not YAML"),
        (b"a: !!python/object/apply:os.system [ls]", "is not YAML"),
        (b"a: " + b"[" * 5000, "nested too deeply"),
        (b"a: &a [*a]", "stand for more than"),
        (LAUGHS, "stand for more than"),
        (b"a: \x00", "is not YAML"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_file(tmp_path, content, said):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="mine.yaml") as error:
        read_strictly(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_references_and_marks_are_read(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: &a {b: 1, c: 1.5e-3}\nd: {<<: *a, b: 2}\r\n")
    assert read_strictly(path) == {"a": {"b": 1, "c": 0.0015}, "d": {"b": 2, "c": 0.0015}}


@pytest.mark.parametrize(
    "read",
    [
        EventDescription.read,
        AcceptanceBias.from_file,
        read_detector_settings,
        k_factor_table,
        Reference.read,
        Causes.read,
        read_study,
    ],
)
@pytest.mark.parametrize(
    ("content", "said"),
    [(b"# M\xfcller\n", "UTF-8"), (b"a: {b: 1}\nc: 2\na: 3", "line 3: key 'a' is there already")],
)
def test_every_reader_of_yaml_is_this_one(tmp_path, read, content, said):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(Hh4bError, match=r"mine\.yaml") as error:
        read(str(path))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
