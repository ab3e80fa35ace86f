"""What is wrong is collected, and said at once in the order of the files."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from hh4b.core.errors import ConfigError
from hh4b.core.problems import Problems
from hh4b.core.settings import Name, Settings
from hh4b.core.spelling import did_you_mean
from hh4b.core.strict_yaml import key_lines
from hh4b.core.validation import wrongs


class Small(Settings):
    kind: Literal["small"]
    size: Annotated[int, Field(gt=0)] = 1


class Large(Settings):
    kind: Literal["large"]
    sizes: tuple[float, ...] = ()
    limit: Literal["best"] | Annotated[float, Field(gt=0)] = "best"


class House(Settings):
    rooms: dict[Name, Annotated[Small | Large, Field(discriminator="kind")]] = Field({})
    paint: dict[str, dict[str, int]] | None = None
    door: Small | None = None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"room": 1}, ["room: unknown key, value 1; did you mean 'rooms'?"]),
        ({"zzz": 1}, ["zzz: unknown key, value 1"]),
        (
            {"rooms": {"a": {"kind": "smal"}}},
            [
                "rooms.a.kind: value 'smal': expected one of ['small', 'large']; did you"
                " mean 'small'?"
            ],
        ),
        ({"rooms": {"a": {}}}, ["rooms.a.kind: is missing; expected one of ['small', 'large']"]),
        ({"rooms": {"a": 3}}, ["rooms.a: value 3: expected keys and values"]),
        (
            {"rooms": {"a": {"kind": "small", "siez": 3}}},
            ["rooms.a.siez: unknown key, value 3; did you mean 'size'?"],
        ),
        (
            {"rooms": {"a": {"kind": "small", "size": 0}, "b": {"kind": "large", "size": 1}}},
            [
                "rooms.a.size: value 0: Input should be greater than 0",
                "rooms.b.size: unknown key, value 1; did you mean 'sizes'?",
            ],
        ),
        (
            {"rooms": {"a": {"kind": "large", "sizes": [1, "x"], "limit": "bets"}}},
            [
                "rooms.a.sizes.1: value 'x': Input should be a valid number, unable to parse string"
                " as a number",
                "rooms.a.limit: value 'bets': Input should be 'best'; did you mean 'best'? or Input"
                " should be a valid number, unable to parse string as a number",
            ],
        ),
        (
            {"rooms": {"A room": {"kind": "small"}}},
            [
                "rooms.A room: value 'A room': expected a name of small letters, digits and _ that"
                " begins with a letter"
            ],
        ),
        (
            {"paint": {"a": {"b": "c"}}},
            [
                "paint.a.b: value 'c': Input should be a valid integer, unable to parse string as"
                " an integer"
            ],
        ),
        (
            {"door": {"kind": "small", "siz": 1}},
            ["door.siz: unknown key, value 1; did you mean 'size'?"],
        ),
        ({"door": {}}, ["door.kind: is missing; add it"]),
    ],
)
def test_keys_are_those_of_the_file(content, said):
    with pytest.raises(ValidationError) as caught:
        House.model_validate(content)
    assert [wrong.line for wrong in wrongs(caught.value, House)] == said


def test_values_are_shown_in_short():
    with pytest.raises(ConfigError) as caught:
        House.checked({"door": "x" * 10_000})
    assert len(str(caught.value)) < 250


def test_what_was_meant():
    assert did_you_mean("Min_DR", ["min_dr", "spanet"]) == "; did you mean 'min_dr'?"
    assert did_you_mean("min_dr", []) == ""
    assert did_you_mean(3, [31, 500]) == "; did you mean '31'?"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base, mine = tmp_path / "base.yaml", tmp_path / "mine.yaml"
    base.write_text("a: 1\nb:\n  c: 2\n  d: {e: 3, 13: 4}\n")
    mine.write_text("# mine\nb: {c: 5}\nnew:\n- f: 1\n")
    return [base, mine]


def test_lines_of_keys(files, tmp_path):
    assert key_lines(files[0]) == {"a": 1, "b": 2, "b.c": 3, "b.d": 4, "b.d.e": 4, "b.d.13": 4}
    assert key_lines(tmp_path / "none.yaml") == {}


def say(problems, files):
    with pytest.raises(ConfigError) as caught:
        problems.require_none(files, advice="read on")
    return str(caught.value).splitlines()


def test_lines_come_in_the_order_of_the_files(files):
    problems = Problems()
    for key in ("none", "new.0.f", "b.c", "b.d.13.0", "a", "b.d.e"):
        problems.add(key, "wrong")
    assert say(problems, files) == [
        "6 things are wrong; read on:",
        "  a: wrong (base.yaml, line 1)",
        "  b.d.13.0: wrong (base.yaml, line 4)",
        "  b.d.e: wrong (base.yaml, line 4)",
        "  b.c: wrong (mine.yaml, line 2)",
        "  new.0.f: wrong (mine.yaml, line 3)",
        "  none: wrong",
    ]


def test_one_thing_is_one_line(files):
    problems = Problems()
    problems.add("a", "wrong")
    assert say(problems, files) == ["a: wrong (base.yaml, line 1); read on"]


def test_nothing_is_nothing(files):
    Problems().require_none(files)


def test_errors_are_taken_up_with_their_key(files):
    problems = Problems()
    with problems.at("b.c"):
        raise ConfigError("no")
    with problems.at("likelihood"):
        raise ConfigError("b.c: no")  # said already
    for text in ("b.d has no e", "b.d: no", "something else"):
        with problems.named("b.d"):
            raise ConfigError(text)
    with problems.named("b.d"):
        raise ConfigError("b.d has no e")
    with pytest.raises(ZeroDivisionError), problems.at("a"):
        raise ZeroDivisionError
    assert say(problems, files) == [
        "4 things are wrong; read on:",
        "  b.d has no e (base.yaml, line 4)",
        "  b.d: no (base.yaml, line 4)",
        "  b.d: something else (base.yaml, line 4)",
        "  b.c: no (mine.yaml, line 2)",
    ]


def test_values_of_a_section(files):
    problems = Problems()
    content: dict[str, Any] = {"kind": "small", "siz": 1, "siez": 2}
    assert problems.check(Small, content, "b") is None
    assert problems.check(Small, {"kind": "small"}, "b") == Small(kind="small")
    assert say(problems, files)[1:] == [
        "  b.siz: unknown key, value 1; did you mean 'size'? (mine.yaml, line 2)",
        "  b.siez: unknown key, value 2; did you mean 'size'? (mine.yaml, line 2)",
    ]
