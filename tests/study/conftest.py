import sys
from pathlib import Path

# `workflow_jobs` is a module of helpers beside the tests.
sys.path.append(str(Path(__file__).parent))
