"""Overlays beside the scales: whose detector, whose tags, which energy."""

import re
from pathlib import Path

import pytest

from hh4b.core.errors import ConfigError
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study
from hh4b.study.stage_settings import StageSettings

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "config/config.yaml"


def tags(study):
    """Return the tags that each sample is simulated with."""
    settings = StageSettings(Layout(study))
    chunk = "0000"
    names = {"hh": "hh_kl1", "resonant": "resonant", "four_b": "four_b"}
    return {group: settings.simulate(name, chunk).b_tagging for group, name in names.items()}


@pytest.mark.parametrize(
    ("overlay", "wanted"),
    [
        ("note_detector", {"hh": "dl1r_77", "resonant": "dl1r_77", "four_b": "mv2c10_70"}),
        ("one_detector", {"hh": "dl1r_77", "resonant": "dl1r_77", "four_b": "dl1r_77"}),
    ],
)
def test_tags_by_sample_reach_the_simulation(overlay, wanted):
    study = read_study(DEFAULT, ROOT / f"config/{overlay}.yaml")
    assert study.simulation.detector == "config/detector/note.yaml"
    assert study.results == f"results/{overlay}"
    assert tags(study) == wanted


def test_without_tags_the_card_decides():
    assert set(tags(read_study(DEFAULT)).values()) == {None}


def test_tags_that_the_card_lacks_stop_before_any_job(tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("samples: {four_b: {b_tagging: dl1r_60}}")
    wanted = "samples.four_b.b_tagging: value 'dl1r_60': config/detector/atlas.yaml has ["
    with pytest.raises(ConfigError, match=re.escape(wanted)) as caught:
        read_study(DEFAULT, overlay)
    assert "\n" not in str(caught.value)
    overlay.write_text(
        "simulation: {detector: config/detector/note.yaml}\n"
        "samples: {hh: {b_tagging: delphes_card}}"
    )
    with pytest.raises(ConfigError, match=r"hh\.b_tagging: value 'delphes_card': .*note\.yaml"):
        read_study(DEFAULT, overlay)


def test_tags_belong_to_own_events(tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(
        "samples: {four_b: {source: files, files: [a.root], events: null, b_tagging: dl1r_77}}"
    )
    with pytest.raises(ConfigError, match="b_tagging: unknown key"):
        read_study(DEFAULT, overlay)


def test_background_at_14_tev_grows_by_the_ratio_of_the_own_generator():
    study = read_study(DEFAULT, ROOT / "config/scaled_14tev.yaml")
    background = study.processes["four_b"]
    ratio = background.other_pb("four_b", 14) / background.other_pb("four_b", 13)
    quoted = float(re.search(r"times ([\d.]+)", background.source)[1])
    assert ratio == pytest.approx(quoted, abs=1e-4)
    assert background.other_pb("four_b", 13) == 628.6
