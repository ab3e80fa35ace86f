import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# `one_node_slurm` and `slurm_studies` are modules of helpers beside the tests.
sys.path.append(str(Path(__file__).parent))


class Workflow:
    """A copy of the workflow in a folder of its own, run through the real command."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copy(ROOT / "Snakefile", folder)
        for name in ("workflow", "config", "profiles"):
            shutil.copytree(ROOT / name, folder / name)

    def run(self, *arguments):
        bin_folder = str(Path(sys.executable).parent)
        environment = {
            **os.environ,
            "PATH": bin_folder + os.pathsep + os.environ["PATH"],
            "OMP_NUM_THREADS": "1",
        }
        return subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def planned(self, *arguments):
        """Return the jobs of a dry run as {rule: count}."""
        done = self.run("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        jobs = {}
        lines = iter((done.stdout + done.stderr).splitlines())
        for line in lines:
            if line.startswith("job ") and "count" in line:
                next(lines)
                for row in lines:
                    if not row.strip():
                        break
                    name, count = row.split()
                    jobs[name] = int(count)
                break
        jobs.pop("total", None)
        return jobs


STUDIES = ROOT / "tests/studies"


class SmallStudy(Workflow):
    """A copy of the workflow whose default study is tests/studies/small.yaml."""

    def __init__(self, folder):
        super().__init__(folder)
        shutil.copy(STUDIES / "small.yaml", folder / "config/config.yaml")

    def options(self, overlay):
        """Return the options that lay a study of tests/studies over the small one."""
        return ["--configfile", str(STUDIES / f"{overlay}.yaml")] if overlay else []

    def build(self, overlay="", targets=()):
        """Build a study to its end."""
        done = self.run(*targets, *self.options(overlay))
        assert done.returncode == 0, done.stdout + done.stderr

    def take_events(self, other, overlay):
        """Begin with the events of the small study, for a study over it that has the same ones."""
        for name in ("partons", "events", "comparison"):
            # Times of files stay as they are, so that nothing is older than what it is made from.
            shutil.copytree(other.results("small") / name, self.results(overlay) / name)

    def results(self, name):
        """Return the folder of results of a study of tests/studies."""
        return self.folder / "results" / name


@pytest.fixture(scope="session")
def small_study():
    """Return the class of studies over the small one."""
    return SmallStudy


@pytest.fixture(scope="session")
def small(small_study, tmp_path_factory):
    """The small study, built once; nothing is written into it."""
    study = small_study(tmp_path_factory.mktemp("small"))
    study.build()
    return study


@pytest.fixture
def workflow(tmp_path):
    return Workflow(tmp_path)


@pytest.fixture(scope="session")
def smoke(tmp_path_factory):
    """The smoke study, run once, from nothing."""
    study = Workflow(tmp_path_factory.mktemp("smoke"))
    done = study.run("--configfile", "config/scale/smoke.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return study
