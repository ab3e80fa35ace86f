"""The kernels without this processor's widest vectors pass the same tests."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from hh4b.spanet import native

#: Builds for a processor, and runs the tests of the kernels with it.
SCRIPT = """
import sys
import pytest
from hh4b.spanet import native
native.FLAGS = tuple(
    f"-march={sys.argv[1]}" if flag.startswith("-march=") else flag for flag in native.FLAGS
)
assert native.library() is not None, "does not build"
assert native.library().vector_length() == 8, "built for another processor"
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[2]]))
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="flags of x86-64")
@pytest.mark.skipif(native.library() is None, reason="no C++ compiler here")
@pytest.mark.parametrize(("processor", "feature"), [("haswell", " avx2 "), ("x86-64", " sse2 ")])
def test_kernels(processor, feature):
    if feature not in Path("/proc/cpuinfo").read_text():
        pytest.skip(f"no{feature}here")
    tests = Path(__file__).with_name("test_kernels.py")
    command = [sys.executable, "-c", SCRIPT, processor, str(tests)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
