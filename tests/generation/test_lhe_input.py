"""Les Houches files of other programs, and damaged ones: read as they are meant, or told."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from hh4b.core.errors import ContractError, InputFileError
from hh4b.generation.lhe import read_lhe

TOY = Path(__file__).parents[1] / "data/hh_toy.lhe.gz"
BAD = (ContractError, InputFileError)


@pytest.fixture(scope="module")
def text():
    return gzip.decompress(TOY.read_bytes()).decode()


def write(folder, text):
    path = folder / "events.lhe"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def with_word(text, line, word, value, event=2):
    """Change a word of a line of an event; line 0 is its head."""
    parts = text.split("<event>\n")
    lines = parts[event + 1].split("\n")
    words = lines[line].split()
    words[word] = value
    lines[line] = " ".join(words)
    parts[event + 1] = "\n".join(lines)
    return "<event>\n".join(parts)


DIALECTS = {
    "indented tags": lambda t: re.sub(r"(?m)^<(/?(init|event))>", r"  <\1>", t),
    "attributes": lambda t: t.replace("<event>", "<event npLO='1' npNLO='2'>"),
    "space in a tag": lambda t: t.replace("<init>", "<init >").replace("<event>", "<event >"),
    "other ends of lines": lambda t: t.replace("\n", "\r\n"),
    "byte order mark": lambda t: "\ufeff" + t,
    "declaration first": lambda t: '<?xml version="1.0"?>\n<!-- by a program -->\n' + t,
    "empty line first": lambda t: "\n" + t,
    "comments in events": lambda t: t.replace("<event>\n", "<event>\n# first\n\n"),
    "weights": lambda t: t.replace(
        "</event>", "# a <b\n<rwgt>\n<wgt id='1'> 3 </wgt>\n</rwgt>\n</event>"
    ),
    "numbers behind the process": lambda t: t.replace("</init>", "# 1\n<generator/>\n</init>"),
}


@pytest.mark.parametrize("change", DIALECTS.values(), ids=DIALECTS)
def test_what_programs_write_is_read(tmp_path, text, change):
    expected = read_lhe(TOY)
    changed = change(text)
    assert changed != text
    found = read_lhe(write(tmp_path, changed))
    for name in ("pid", "mothers", "momenta", "weights", "alpha_s"):
        np.testing.assert_array_equal(
            getattr(found.events, name), getattr(expected.events, name), err_msg=name
        )
    assert found.cross_section_pb == expected.cross_section_pb
    assert found.provenance == expected.provenance


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1_0", "1e400", "x"])
@pytest.mark.parametrize(("line", "word"), [(0, 2), (0, 3), (0, 5), (1, 6), (3, 9), (4, 10)])
def test_no_number(tmp_path, text, value, line, word):
    with pytest.raises(BAD, match=r"events\.lhe.*") as error:
        read_lhe(write(tmp_path, with_word(text, line, word, value)))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("line", "word", "value", "message"),
    [
        (3, 9, "-5.0", "event 2 has -5 as energy"),
        (3, 2, "99", "event 2 has 99 as first mother"),
        (3, 3, "-1", "event 2 has -1 as last mother"),
        (3, 2, "3", "event 2 has 3 as first mother"),
        (3, 1, "7", "event 2 has 7 as status"),
        (3, 0, "25.5", "event 2 has 25.5 as PDG number"),
        (3, 4, "1e300", r"event 2 has 1e\+300 as colour"),
        (0, 2, "nan", "event 2 has nan as weight"),
        (0, 5, "inf", "event 2 has inf as alpha_s"),
        (0, 0, "1", "event 2 says it has 1 particles, but"),
        (0, 0, "0", "event 2 says it has 0 particles"),
        (0, 0, "-3", "event 2 says it has -3 particles"),
        (0, 0, "100000000000000000000", "says it has 100000000000000000000 particles"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path, text, line, word, value, message):
    path = write(tmp_path, with_word(text, line, word, value))
    with pytest.raises(BAD, match=message):
        read_lhe(path)
    if line:
        assert len(read_lhe(path, first=3).events) == len(read_lhe(TOY).events) - 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("</event>\n", "", 1), "event 0: it has no end"),
        (lambda t: t.replace("<event>\n", "", 1), "event 0: an event ends here"),
        (lambda t: t[::-1].replace("\n>tneve/<", "", 1)[::-1], "it has no end"),
        (lambda t: t.replace("<event>", "<eventgroup>\n<event>", 1), "groups of events"),
        (lambda t: t.replace("</init>\n", ""), "no whole <init>"),
        (lambda t: re.sub(r"(?s)<init>\n.*</init>", "<init>\n</init>", t), "no whole <init>"),
        (lambda t: re.sub(r"(<init>\n\S+ \S+) \S+", r"\1 nan", t), "beams of nan GeV"),
        (lambda t: re.sub(r"(<init>\n.*\n)\S+", r"\1 inf", t), "cross section of inf"),
        (lambda t: re.sub(r"(?s)<hh4b>.*</hh4b>", "<hh4b>[1]</hh4b>", t), "no JSON object"),
        (
            lambda t: re.sub(r"(?s)<hh4b>.*</hh4b>", "<hh4b>" + "[" * 99999 + "</hh4b>", t),
            "valid|JSON",
        ),
        (lambda t: t.encode("utf-16"), "is not an LHE file: it starts with"),
        (lambda t: b"\0" * (1 << 25), "more than 16777216 bytes|starts with"),
        (lambda t: gzip.compress(b"\0" * (1 << 25)), "more than 16777216 bytes"),
    ],
)
def test_damaged_text_is_told(tmp_path, text, change, message):
    path = write(tmp_path, change(text))
    with pytest.raises(BAD, match=message) as error:
        read_lhe(path)
    assert "events.lhe" in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_the_first_particles_alone_are_checked_against_all(tmp_path, text):
    """Two of the particles are asked for; mothers may be any of the others."""
    few = read_lhe(TOY, particles=2).events
    np.testing.assert_array_equal(few.momenta, read_lhe(TOY).events.momenta[:, :2])
    with pytest.raises(BAD, match="says it has 1 particles"):
        read_lhe(write(tmp_path, with_word(text, 0, 0, "1")), particles=2)
