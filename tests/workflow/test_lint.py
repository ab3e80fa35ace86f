import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.plan]

# All rules call the one command `hh4b`, so they share the environment that is active when the
# workflow starts (.venv, or environment.yml); an environment for each rule would be the same one.
ACCEPTED = {"Specify a conda environment or container for each rule."}


def test_snakemake_lint_finds_nothing_else(workflow):
    done = workflow.run("--lint")
    lines = (done.stdout + done.stderr).splitlines()
    found = {line.strip("* :") + "." for line in lines if line.startswith("    * ")}
    found = {title.replace("..", ".") for title in found}
    assert found == ACCEPTED, done.stdout + done.stderr
