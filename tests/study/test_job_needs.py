"""What jobs ask a cluster for, and the steps in which small ones share a job."""

from pathlib import Path

import pytest
import yaml
from workflow_jobs import RULES, rule_texts

from hh4b.study.job_needs import LEAST_MEGABYTES, LEAST_MINUTES, NEEDS, STEPS, JobNeeds
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def default():
    return JobNeeds(Layout(read_study(ROOT / "config/config.yaml")))


@pytest.fixture(scope="module")
def note():
    files = [ROOT / "config/config.yaml", ROOT / "config/scale/note.yaml"]
    return JobNeeds(Layout(read_study(*files)))


def test_every_rule_with_a_command_has_a_step_or_is_local():
    for name, text in rule_texts().items():
        if "shell:" in text and name in NEEDS:
            wanted = f'step("{name}")' if NEEDS[name].step else "localrule: True"
            assert wanted in text, name
    texts = "".join(path.read_text() for path in RULES)
    for name, need in NEEDS.items():
        if need.step is not None:
            assert f'group:\n        step("{name}")' in texts.replace("    " * 3, "    " * 2) or (
                f'step("{name}")' in texts
            ), name
    assert "workflow.cores" not in texts


@pytest.mark.parametrize("profile", ["slurm", "htcondor"])
def test_profiles_batch_steps_that_there_are(profile):
    content = yaml.safe_load((ROOT / f"workflow/profiles/{profile}/config.yaml").read_text())
    named = {entry.partition("=")[0] for entry in content["group-components"]}
    assert named <= set(STEPS)
    assert "spanet_search" not in named


def test_needs_grow_with_the_study_and_the_attempt(default, note):
    chunk = {"sample": "four_b", "chunk": "0000"}
    assert default.minutes("simulate", chunk) > LEAST_MINUTES
    assert default.minutes("simulate", chunk, 2) == 2 * default.minutes("simulate", chunk)
    training = {"training": "mixing_joint", "repeat": "0"}
    for rule in ("spanet_train", "spanet_score"):
        first = default.megabytes(rule, training)
        assert LEAST_MEGABYTES < first < note.megabytes(rule, training)
        assert default.megabytes(rule, training, 3) == 3 * first
        assert default.minutes(rule, training) < note.minutes(rule, training)


def test_observables_belong_to_the_step_of_their_pairing(default):
    assert default.step("features", {"pairing": "min_dr"}) == "datasets"
    assert default.step("features", {"pairing": "mixing_spanet"}) == "spanet_pairing"
    assert STEPS.index("datasets") < STEPS.index("spanet_training")
    assert STEPS.index("spanet_training") < STEPS.index("spanet_pairing")
