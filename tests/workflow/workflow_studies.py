"""Studies of tests/studies in a folder of their own."""

import shutil
from pathlib import Path

from conftest import Workflow

STUDIES = Path(__file__).parents[1] / "studies"


class Study(Workflow):
    """A copy of the workflow whose default study is small.yaml."""

    def __init__(self, folder):
        super().__init__(folder)
        shutil.copy(STUDIES / "small.yaml", folder / "config/config.yaml")
