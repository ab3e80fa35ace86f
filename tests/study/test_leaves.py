"""Every key of the configuration changes the jobs that physics says it should, and no other.

What a change of a key rebuilds is this and what lies downstream of it.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import get_args

import pytest
import yaml
from leaf_table import (
    ALONE,
    IN_A_LIKELIHOOD,
    LEAVES,
    LIKELIHOOD_STUDY,
    NOT_HERE,
    SUBSET,
    SUBSET_STUDY,
)
from pydantic import BaseModel
from workflow_jobs import changed_rules, jobs_of, rule_texts, settings_calls

from hh4b.statistics.systematics import Systematic
from hh4b.study.methods import Classifier, Pairing, Search
from hh4b.study.reading import parse_study, read_study
from hh4b.study.samples import AnySample
from hh4b.study.stage_settings import StageSettings

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "config/config.yaml"
#: One split, where a change of one network is a change of one job.
ONE_SPLIT = ROOT / "config/note_way.yaml"
EVERY_KIND = ROOT / "tests/studies/every_kind.yaml"


def leaves(node, where=""):
    """Yield every leaf; entries of a named section are called by their class."""
    for name in type(node).model_fields:
        value, key = getattr(node, name), f"{where}{name}"
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{key}.")
        elif isinstance(value, dict) and any(isinstance(v, BaseModel) for v in value.values()):
            for entry in {type(v): v for v in value.values()}.values():
                yield from leaves(entry, f"{key}.{type(entry).__name__}.")
        else:
            yield key


def laid_over(base, changes):
    """Return a copy of plain data with other values at dotted keys; None takes an entry away."""
    content = deepcopy(base)
    for path, value in changes.items():
        *parents, last = path.split("/")
        node = content
        for key in parents:
            node = node.setdefault(key, {})
        node[last] = value
    return content


@pytest.fixture(scope="module")
def contents():
    """Plain data of the default study in one split, and of that with an entry of every kind."""
    dumped = {}
    alone = [DEFAULT, ONE_SPLIT]
    for name, files in (("default", alone), ("every kind", [*alone, EVERY_KIND])):
        study = read_study(*files)
        dumped[name] = study.model_dump(mode="json", exclude_unset=True)
    dumped["likelihood"] = laid_over(dumped["every kind"], LIKELIHOOD_STUDY)
    dumped["subset"] = laid_over(dumped["every kind"], SUBSET_STUDY)
    return dumped


@pytest.fixture(scope="module")
def before(contents):
    return {name: jobs_of(parse_study(content)) for name, content in contents.items()}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_the_table_has_every_leaf():
    study = read_study(DEFAULT, ONE_SPLIT, EVERY_KIND)
    for section, union in (
        ("samples", AnySample),
        ("pairings", Pairing),
        ("searches", Search),
        ("classifiers", Classifier),
        ("systematics", Systematic),
    ):
        kinds = {type(entry).__name__ for entry in getattr(study, section).values()}
        assert kinds == set(_classes(union).split()), section
    assert set(LEAVES) | NOT_HERE == set(leaves(study))


def _classes(union):
    """Return the names of the classes of an annotated union."""
    found = get_args(union)
    if not found:
        return union.__name__
    return " ".join(_classes(part) for part in found if isinstance(part, type) or get_args(part))


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_changes_its_jobs_and_no_other(leaf, contents, before):
    changes, expected = LEAVES[leaf]
    base = "default" if leaf in ALONE else "every kind"
    if leaf.startswith("likelihood."):
        base = "likelihood"
    elif leaf in SUBSET:
        base = "subset"
    after = jobs_of(parse_study(laid_over(contents[base], changes)))
    assert changed_rules(before[base], after) == expected


@pytest.mark.parametrize("leaf", IN_A_LIKELIHOOD)
def test_a_leaf_changes_likelihoods(leaf, contents, before):
    after = jobs_of(parse_study(laid_over(contents["likelihood"], LEAVES[leaf][0])))
    changed = changed_rules(before["likelihood"], after)
    ours = {rule for rule in changed if rule.startswith(("category_", "likelihood_"))}
    assert ours == IN_A_LIKELIHOOD[leaf]


def test_the_order_of_luminosities_has_no_effect_on_the_headline(contents, before):
    changes = {"statistics/luminosities_ifb": [3000.0, 300.0, 139.0]}
    after = jobs_of(parse_study(laid_over(contents["default"], changes)))
    changed = changed_rules(before["default"], after)
    assert not any(name.startswith(("table_", "figure_")) for name in changed), changed


def test_rules_ask_for_their_own_settings():
    """One rule, one method; some rules run the stage of another on other files."""
    shared = {
        "embedding_features": "features", "equivalent_luminosity": "luminosity_scan",
        "simulate_variations": "simulate", "simulate_shower": "simulate",
        "dnn_predict_varied": "dnn_predict",
    }  # fmt: skip
    calls = settings_calls()
    for rule, (name, wildcards) in calls.items():
        assert name == shared.get(rule, rule)
        assert hasattr(StageSettings, name)
        written = rule_texts()[rule]
        for wildcard in wildcards:
            assert f"{{{wildcard}}}" in written or "scores_pattern()" in written, (rule, wildcard)
    public = {name for name in dir(StageSettings) if not name.startswith("_")}
    assert public - {name for name, _ in calls.values()} == {"text", "background_weights"}


def test_no_flag_of_a_rule_carries_configuration():
    """Beside ``--settings`` rules spell flags of files, and of what the run of a job is."""
    files = {
        "--detector", "--delphes-card", "--work", "--cores", "--restart", "--settings", "--options",
        "--event", "--train", "--pairing-output", "--scores-output", "--storage", "--worker",
        "--evaluation", "--cutflow", "--model", "--metrics", "--working-point", "--tables",
        "--figures", "--reference", "--histfactory", "--configuration",
    }  # fmt: skip
    spelled = Counter()
    for text in rule_texts().values():
        shell = text.partition("shell:")[2]
        spelled.update(re.findall(r"(?<!\w)--[a-z][a-z-]*", shell))
        told = set(re.findall(r"\{params\.(\w+)", shell))
        assert told <= {
            "settings", "files", "folder", "search", "candidates", "scores", "storage", "pairs",
            "testing", "nominal", "work", "reach", "tables", "figures", "key", "stem", "inputs",
            "folds", "replicas", "energies", "varied", "weights", "redrawn", "reference",
        }, told  # fmt: skip
    assert set(spelled) <= files, set(spelled) - files
    with_settings = {rule for rule, text in rule_texts().items() if "--settings" in text}
    assert set(settings_calls()) <= with_settings


def test_another_folder_of_results_changes_everything(contents, before):
    after = jobs_of(parse_study(laid_over(contents["default"], {"results": "elsewhere"})))
    unchanged = {rule for rule, _ in before["default"]} - changed_rules(before["default"], after)
    assert unchanged == set()


def planned_by_snakemake(folder, content):
    """Return (rule, command) of every job of a dry run."""
    shutil.copy(ROOT / "Snakefile", folder)
    for name in ("workflow", "config", "profiles"):
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    (folder / "config/config.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--dry-run", "--printshellcmds"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = set()
    for command in re.findall(
        r"^Shell command: (hh4b .*|mkdir .*)$", done.stdout + done.stderr, re.MULTILINE
    ):
        # Every rule logs under its name.
        rule = re.search(r"logs/(?:(?:table|figure)/)?(\w+)[/.]\S* 2>&1$", command)[1]
        # They are told the whole configuration, so that any key changes them.
        if rule in ("provenance", "page"):
            continue
        jobs.add((f"{rule}_worker" if rule.endswith("_search") else rule, command))
    return jobs


@pytest.mark.workflow
def test_snakemake_says_the_same(tmp_path, contents, before):
    """What the helper lists, and what it says a key changes, is what snakemake plans."""
    base = planned_by_snakemake(tmp_path, contents["default"])
    assert Counter(rule for rule, _ in base) == Counter(rule for rule, _ in before["default"])
    for changes in (
        {"physics/m_higgs_gev": 126.0},
        {"statistics/replicas": 50},
        {"processes/four_b/label": "QCD"},
        LEAVES["event_selection.folds"][0],
    ):
        content = laid_over(contents["default"], changes)
        other = planned_by_snakemake(tmp_path, content)
        rules = {rule for rule, _ in base ^ other}
        assert rules == changed_rules(before["default"], jobs_of(parse_study(content)))
