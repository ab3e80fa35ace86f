"""Packages that the project depends on: their licences, and the table of them."""

import re

import pytest
from dependency_table import (
    BEHIND,
    END,
    PAGE,
    START,
    canonical,
    direct,
    installed,
    kind,
    licence,
    locked,
    row,
)

#: What goes with MIT in a package that is imported.
ALLOWED = {
    "0BSD", "Apache-2.0", "LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "LGPL-2.1-or-later", "MIT", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
#: Others, and where docs/platforms.md says what follows from it.
NAMED = {"pythia8mc": "GPL-2.0-or-later", "hepdata-validator": "GPL-2.0-only"}


class Made:
    """A package with some metadata and files."""

    def __init__(self, *, text="", wheel="", **metadata):
        self.metadata = Metadata({"Name": "made", **metadata})
        self.files = []
        if text:
            self.files.append(File(text))
        self._wheel = wheel

    def read_text(self, name):
        return {"WHEEL": self._wheel}[name]


class Metadata(dict):
    def get_all(self, name):
        return self.get(name)


class File:
    name = "LICENSE.txt"

    def __init__(self, text):
        self._text = text

    def __str__(self):
        return f"made-1.0.dist-info/{self.name}"

    def locate(self):
        return self

    def read_text(self, encoding):
        return self._text


@pytest.mark.parametrize("package", direct(), ids=lambda package: package.name)
def test_every_licence_goes_with_mit(package):
    found = installed(package.name)
    if found is None:
        pytest.skip("not installed as requirements.lock has it")
    words = set(re.findall(r"[\w.-]+", licence(found))) - {"AND", "OR", "WITH"}
    assert words <= ALLOWED | {NAMED.get(package.name)}, licence(found)


def test_the_table_is_what_is_installed():
    table = PAGE.read_text().partition(START)[2].partition(END)[0]
    lines = table.splitlines(keepends=True)[2:]
    rows = [row(package) for package in direct()]
    assert len(lines) == len(rows)
    for line, wanted in zip(lines, rows, strict=True):
        assert wanted in (None, line), "run: python docs/extensions/dependency_table.py"
    text = PAGE.read_text()
    assert all(re.search(name.partition("8mc")[0], text, re.IGNORECASE) for name in NAMED)


def test_what_comes_behind_is_in_the_lock():
    assert set(BEHIND) <= set(locked())


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (Made(**{"License-Expression": "MIT AND Zlib"}), "MIT AND Zlib"),
        (Made(Classifier=["License :: OSI Approved :: BSD License"]), "BSD-3-Clause"),
        (Made(License="GPLv2"), "GPL-2.0-only"),
        (Made(text="MIT License\n\nCopyright …"), "MIT"),
    ],
)
def test_a_licence_is_read_from_where_it_is_told(made, found):
    assert licence(made) == found


def test_an_unknown_licence_is_told():
    with pytest.raises(LookupError, match="made: says no licence that is known"):
        licence(Made(License="Ask us", text="All rights reserved"))


def test_wheels_of_one_machine_are_known():
    assert kind(Made(wheel="Root-Is-Purelib: true\nTag: py3-none-any\n")) == "any machine"
    assert kind(Made(wheel="Tag: cp311-cp311-manylinux_2_28_x86_64\n")) == "by machine"


def test_names_have_one_spelling():
    assert canonical("Types_PyYAML.x") == "types-pyyaml-x"
