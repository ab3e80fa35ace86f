"""All that is wrong with a configuration is said at once, each thing in a line of its own."""

import copy
from pathlib import Path

import pytest
import yaml

from hh4b.core.errors import ConfigError
from hh4b.core.problems import Problems
from hh4b.publication.catalogue import read_checked_study
from hh4b.study import names
from hh4b.study.model import Study
from hh4b.study.reading import read_content

ROOT = Path(__file__).parents[2]
SMALL = "tests/studies/small.yaml"
KEYS_AND_NAMES = """\
seeed: 3
samples:
  hh: {process: hhh}
  other: {source: fles, files: [a]}
statistics:
  bin: 3
  kappa_input: hypotesis
selections:
  mine: {pairing: min_drr, classifier: min_dr_dn}
outputs:
  mine: {medium: figure, kind: roc, classifiers: [min_dr_dn], style: {fontsize: 9}}
publication:
  style: {header: mine, dpii: 3}
  figure_style: {figure_cut_flow: {font_size: 1}}
"""
#: Each is fine by itself.
MISMATCHES = """\
event_selection: {folds: 3}
samples:
  mine: {process: hh, source: files, files: [tests/data/delphes_slice.rot], kappa_lambda: 1}
  tagged: {process: hh, source: gg_hh, kappa_lambda: [2], events: 3, b_tagging: delphes_crad}
features: {extra: [hh_ptt, hh_pttt]}
pairings:
  mine: {method: min_drr}
classifiers:
  min_dr_dnn: {repeats: 2, kappa_lambda: [4]}
  mine: {kind: baseline, pairing: min_dr, method: svmm}
spanet_trainings:
  mine: {signal: [four_b], options: config/spanet/options/smoke.json, changes: {hiden_dim: 8, epoch: 1}}
systematics:
  jes:
    {effect: detector, processes: [hh], up: {jets.energy_scal: 1.1, jets.x: 1}, down: mirror}
statistics: {model: complete, sqrt_s_tev: [13, 14]}
outputs:
  roc: {medium: figure, kind: rocc, classifiers: [mine]}
"""  # noqa: E501


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def said(tmp_path, text, base=SMALL):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_checked_study(base, tmp_path / "mine.yaml")
    first, *lines = str(caught.value).splitlines()
    assert first.startswith(f"{len(lines)} things are wrong")
    assert all(line.startswith("  ") for line in lines)
    return [line.strip().replace(f"{tmp_path}/", "") for line in lines]


def test_keys_and_names_come_in_the_order_of_the_file(tmp_path):
    lines = said(tmp_path, KEYS_AND_NAMES)
    wanted = [
        ("seeed: unknown key, value 3", "seed", 1),
        ("samples.hh.process: value 'hhh': expected one of ['four_b', 'hh']", "hh", 3),
        ("samples.other.source: value 'fles': expected one of ['gg_hh',", "files", 4),
        ("statistics.bin: unknown key, value 3", "bins", 6),
        ("statistics.kappa_input: value 'hypotesis': Input", "hypothesis", 7),
        ("selections.mine.pairing: value 'min_drr': expected", "min_dr", 9),
        ("selections.mine.classifier: value 'min_dr_dn': expected", "min_dr_dnn", 9),
        ("outputs.mine.style.fontsize: unknown key, value 9", "font_size", 11),
        ("outputs.mine.classifiers: value 'min_dr_dn': expected", "min_dr_dnn", 11),
        ("publication.style.dpii: unknown key, value 3", "dpi", 13),
        ("publication.figure_style.figure_cut_flow: expected one of", "figure_cutflow", 14),
        ("publication.figure_style.figure_cut_flow.font_size: value 1: Input should", None, 14),
    ]
    assert len(lines) == len(wanted)
    for line, (start, meant, number) in zip(lines, wanted, strict=True):
        assert line.startswith(start)
        end = f"; did you mean {meant!r}?" if meant else ""
        assert line.endswith(f"{end} (mine.yaml, line {number})")


def test_what_does_not_fit_together_comes_at_once(tmp_path):
    lines = said(tmp_path, MISMATCHES)
    wanted = [
        ("processes.four_b.cross_section_pb has no value at 14 TeV", SMALL),
        ("samples.mine.files: ", "line 3"),
        ("samples.tagged.b_tagging: value 'delphes_crad': ", "'delphes_card'? (mine.yaml, line 4"),
        ("features.extra: feature 'hh_ptt': expected", "line 5"),
        ("features.extra: feature 'hh_pttt': expected", "line 5"),
        ("pairings.mine.method: pairing 'min_drr': ", "did you mean 'min_dr'? (mine.yaml, line 7"),
        ("classifiers.min_dr_dnn.repeats: value 2: event_selection.folds 3", "line 9"),
        ("classifiers.min_dr_dnn.kappa_lambda: value 4: no signal sample has it", "line 9"),
        ("classifiers.mine.method: classifier 'svmm': ", "did you mean 'svm'? (mine.yaml, line 10"),
        ("spanet_trainings.mine.signal: value 'four_b': its process is of kind", "line 12"),
        ("spanet_trainings.mine.options: ", "unknown options 'epoch'; did you mean 'epochs'?"),
        ("systematics.jes.up: detector key 'jets.energy_scal': ", "did you mean 'energy_scale'?"),
        ("systematics.jes.up: detector key 'jets.x': ", "line 15"),
        ("systematics.jes.processes: value 'hh': sample 'mine' comes from files", "line 15"),
        (
            "selections.min_dr_dnn.classifier: value 'min_dr_dnn': its kappa_lambda [4.0] lacks",
            SMALL,
        ),
        ("statistics.other_energies: value 'reweighted': sample 'mine'", "line 16"),
        ("outputs.roc: the package has a figure of that name", "line 18"),
        ("outputs.roc.kind: output 'rocc': expected", "did you mean 'roc'? (mine.yaml, line 18"),
    ]
    missing = [start for start, _ in wanted if not any(line.startswith(start) for line in lines)]
    assert not missing, lines
    assert len(lines) == len(wanted), lines
    for start, words in wanted:
        assert any(line.startswith(start) and words in line for line in lines), (start, words)
    numbers = [int(line.rpartition("line ")[2].rstrip(")")) for line in lines[2:]]
    assert numbers == sorted(numbers)


def test_files_that_are_no_yaml_come_at_once(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [")
    (tmp_path / "b.yaml").write_text("seed: 1\nseed: 2\n")
    with pytest.raises(ConfigError) as caught:
        read_checked_study(SMALL, tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml")
    first, *lines = str(caught.value).splitlines()
    assert first == "3 files are wrong:"
    assert [next(n for n in "abc" if f"{n}.yaml" in line) for line in lines] == list("abc")


def test_every_name_of_another_section_is_looked_up():
    """Fields of the name type are in the table of names, or are no references."""
    content = read_content("config/config.yaml")
    for path, section in names._USES:
        problems = Problems()
        broken = copy.deepcopy(content)
        entry = {"method": "spanet"} if path.startswith("pairings") else {}
        name = next(iter(content.get(section) or ["none"]))
        parts = path.replace("*", "mine").split(".")
        node = broken
        for part in parts[:-1]:
            node = node.setdefault(part, entry if part == "mine" else {})
        node[parts[-1]] = [f"{name}x"]
        names.find_unknown_names(broken, problems)
        (wrong,) = problems._found
        assert wrong.key == ".".join(parts)
        assert f"did you mean '{name}'?" in wrong.text


def test_the_table_of_names_has_every_field_of_the_model():
    """A field that is described as a name under a section is one of the table."""
    schema = yaml.safe_dump(Study.model_json_schema())
    fields = {path.rpartition(".")[2] for path, _ in names._USES}
    for word in ("process", "training", "pairing", "classifier", "search"):
        assert word in fields
        assert f"{word}:" in schema


def test_the_default_study_is_fine():
    assert read_checked_study("config/config.yaml").seed == 2401
