"""Every command at work on a full disk: an exit code, one line, and nothing left of its outputs."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = "results/smoke"
pytestmark = [
    pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(3000),
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here"),
]  # fmt: skip
#: Commands that are not run, with the reason.
LEFT_OUT = {
    "generate madgraph": "needs MG5_aMC, Pythia 8 and Delphes",
    "validate-detector": "needs the same events from Delphes",
    "numbers fill": "changes documents that are there, by the writer of all text files",
    "recount": "changes an archive that is there, by the writer of all text files",
}

#: Files that workers of a search share: each goes on with what stands there, and takes over locks.
SHARED = re.compile(r"trials\.journal(\.lock-\w+)?$")


def command_table():
    """Return all commands by name, see tests/commands/conftest.py."""
    path = ROOT / "tests/commands/conftest.py"
    specification = importlib.util.spec_from_file_location("command_table", path)
    module = importlib.util.module_from_spec(specification)
    sys.modules["command_table"] = module
    specification.loader.exec_module(module)
    return module.COMMANDS, module.JOINED


COMMANDS, JOINED = command_table()


def planned(text):
    """Return the words of the first job of each command in what `snakemake -n -p` prints."""
    found = {}
    for line in re.findall(r"^Shell command: (.*)$", text, re.MULTILINE):
        for part in re.split(r" > \S+ 2>&1| && ", line):
            words = shlex.split(part)
            if words[:1] == ["hh4b"]:
                name = next(
                    " ".join(words[1:n]) for n in (3, 2) if " ".join(words[1:n]) in COMMANDS
                )
                found.setdefault(name, words[1:])
    return found


def of_the_plan(found):
    """Return words of commands that the workflow does not run, with files of those that it does."""
    score = found["dnn predict"][found["dnn predict"].index("--score") + 1]
    dataset, features, _ = score.split(":")
    network = next(word for word in found["dnn predict"] if word.endswith(".pt"))
    folds = found["spanet evaluate-folds"]
    fold, metrics = folds[2].split(":")[0], folds[folds.index("-o") + 1]
    pairing = found["features"][2]
    tree = f"{RESULTS}/events/%s/0000.root"
    data = ROOT / "tests/data"
    limits = sorted(Path(RESULTS, "limits").glob("*_13tev_139ifb.json"))
    # Beside the dataset and the features of any sample, which may be those of a variation.
    signal, background = (
        ":".join(str(Path(file).with_name(f"{name}.h5")) for file in (dataset, features))
        for name in ("hh_kl1", "four_b")
    )
    return {
        "config new": [
            "--signal", f"1={tree % 'hh_kl1'}", "--background", f"b=1={tree % 'four_b'}", "-o",
            "new.yaml",
        ],
        "config check": [ROOT / "tests/studies/small.yaml"],
        "config readme": [], "config schema": [],
        "cross-section hh": ["--kappa-lambda", "1"], "cross-section 4b": [],
        "form-factors": ["--sqrt-s-hat", "400", "--cos-theta", "0.3"],
        "datasets describe": [dataset], "provenance": [dataset],
        "datasets digest": [dataset],
        "datasets import": [dataset, "-o", "new.h5", "--settings", '{"sample": "mine"}'],
        "take-partons": [f"{RESULTS}/partons/hh_kl1.lhe.gz", "-o", "new.lhe.gz"],
        "take-particles": [data / "hepmc/pythia_hh.hepmc3.gz", "-o", "new.json"],
        "spanet export-onnx": [fold, "-o", "new.onnx"],
        "dnn export-onnx": [Path(network).parent, "-o", "new.onnx"],
        "generate resonance": ["--events", "3", "-o", "new.lhe.gz"],
        "pair min-dr": [dataset, "-o", "new.h5"],
        "pair evaluate": [
            "--dataset", found["features"][1], "--pairing", pairing, "-o", "new.json",
        ],
        "dnn sensitivity": [
            Path(network).parent, "--signal", signal, "--background", background,
            "-o", "new.json",
        ],
        "spanet evaluate": [fold, dataset, "-o", "new.json"],
        "spanet import-checkpoint": [
            data / "spanet/ttbar/reference.ckpt", "--options", data / "spanet/ttbar/options.json",
            "--event", data / "spanet/ttbar/event.yaml", "-o", "new.pt",
        ],
        "choose-repeat": [f"{fold}:{metrics}", "--model", "new.pt", "--metrics", "new.json"],
        "compare-limits": [*limits[:2], "-o", "new.json"],
        "numbers extract": [
            RESULTS, "-o", "new.json", "--configuration", "config/config.yaml", "--configuration",
            "config/scale/smoke.yaml",
        ],
        "numbers compare": [ROOT / "docs/numbers/default.json", "-o", "new.md"],
        "crate": [RESULTS, "-o", "new.zip"], "archive": [RESULTS, "-o", "new"],
        "hepdata": ["--limits", limits[0], "-o", "new"],
        "dnn evaluate": found["evaluate-classifier"][1:],
        # The workflow's own partons of this step are not kept.
        "parton-histograms": [f"{RESULTS}/partons/hh_kl1.lhe.gz", "-o", "new.json"],
    }  # fmt: skip


def elsewhere(name, words):
    """Let a command write into a new folder, where everything that is left is seen."""
    command = COMMANDS[name]
    changed = list(words)
    for parameter in command.writing:
        option = command.options[parameter]
        first = command.part(parameter)
        for number, word in enumerate(words):
            named = number > 0 and words[number - 1] in option.opts
            if first is None and named:
                changed[number] = f"full/{word}"
            elif first is not None and (named or option.param_type_name == "argument"):
                key, equals, rest = word.rpartition("=")
                parts = rest.split(":")
                if len(parts) > first and "{" not in word:
                    parts[first:] = [f"full/{part}" for part in parts[first:]]
                    changed[number] = key + equals + ":".join(parts)
    return changed


@pytest.fixture(scope="module")
def outcomes(smoke, tmp_path_factory):
    """What became of each command on a full disk, in a copy of the study."""
    folder = tmp_path_factory.mktemp("full_disk")
    listed = smoke.run("--configfile", "config/scale/smoke.yaml", "-n", "-p", "--forceall", "all")
    found = planned(listed.stdout + listed.stderr)
    study = folder / "study"
    shutil.copytree(smoke.folder, study, ignore=shutil.ignore_patterns(".snakemake"))
    return run_all(found, study, folder)


def run_all(found, study, folder):
    """Run every command in one process beside this one."""
    before = Path.cwd()
    os.chdir(study)
    try:
        others = of_the_plan(found)
    finally:
        os.chdir(before)
    found = {name: words for name, words in found.items() if name not in LEFT_OUT}
    for name, words in others.items():
        found[name] = [*name.split(), *map(str, words)]
    commands = {name: elsewhere(name, words) for name, words in found.items()}
    (folder / "commands.json").write_text(json.dumps(commands))
    script = Path(__file__).with_name("full_disk_runs.py")
    places = [str(folder / name) for name in ("commands.json", "outcomes.json")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, str(script), *places], cwd=study, check=True, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return json.loads((folder / "outcomes.json").read_text())


def fault(outcome):
    """Return what is wrong with how a command ended; None if nothing is."""
    lines = outcome["text"].strip().splitlines()
    said = [line for line in lines if line.startswith("hh4b: ")]
    if outcome["code"] <= 0:
        return f"exit code {outcome['code']}"
    if "Traceback" in outcome["text"] or "unforeseen" in outcome["text"]:
        return "no foreseen error"
    if len(said) != 1 or said[0] != lines[-1]:
        return "not one line"
    if not re.search("File too large|No space left|cannot write|can be written", said[0]):
        return "another error"
    left = [path for path in outcome["changed"] if not SHARED.search(path)]
    return f"left {left}" if left else None


def test_every_command_is_run(outcomes):
    assert set(COMMANDS) - set(outcomes) - set(LEFT_OUT) == set()


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in LEFT_OUT])
def test_a_full_disk_is_one_line(outcomes, name):
    assert fault(outcomes[name]) is None, outcomes[name]
