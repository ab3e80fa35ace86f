"""A command loads numba's extensions of packages it uses, and no others."""

import subprocess
import sys

import pytest

pytest.importorskip("vector")

_COMPILED = (
    "from hh4b.core.compiled_angles import wrap_phi\nassert wrap_phi(4.0) < 0\n"
    "import sys; print('vector' in sys.modules)"
)


def printed(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_command_is_not_kept_waiting_by_what_it_does_not_use():
    assert printed(f"import hh4b.cli\n{_COMPILED}") == "False"


def test_other_programs_have_what_is_installed():
    assert printed(_COMPILED) == "True"


def test_what_is_imported_can_be_compiled_for():
    program = """
import hh4b.cli, awkward as ak
from hh4b.core.compiled import numba
print(numba.njit(lambda jets: len(jets[1]))(ak.Array([[1.0], [2.0, 3.0]])))
"""
    assert printed(program) == "2"
