"""`make slurm browser` installs both where it can, and never fails or hangs where it cannot."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("target", "packages"), [("slurm", "slurm-wlm munge"), ("browser", "chromium")]
)
@pytest.mark.parametrize(
    ("user", "apt", "said"),
    [
        ("0", "exit 100", "{} cannot be installed\n"),
        ("0", "echo asked; exit 0", ""),
        ("1000", "exit 100", ""),
        ("0", None, ""),
    ],
)
def test_installing_never_fails(tmp_path, target, packages, user, apt, said):
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    programs = {"id": f"echo {user}", **({"apt-get": apt} if apt else {})}
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("sh", "timeout", "env", "nproc"):
        (tmp_path / name).symlink_to(shutil.which(name))
    done = subprocess.run(
        [shutil.which("make"), target], cwd=ROOT, env={"PATH": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, said.format(packages)), done.stderr


def test_the_installation_is_limited_and_part_of_the_gate():
    makefile = (ROOT / "Makefile").read_text()
    assert "timeout -k 10 150 sh -c 'apt-get" in makefile
    gate = (ROOT / ".ci/run").read_text().splitlines()
    assert gate.index("make slurm browser") < gate.index("make test")
