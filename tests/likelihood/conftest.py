"""Modules of helpers beside the tests."""

import sys
from pathlib import Path

# `small_models` is a module of helpers beside the tests.
sys.path.append(str(Path(__file__).parent))
