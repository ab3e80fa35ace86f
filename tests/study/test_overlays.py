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


@pytest.mark.parametrize(("overlays", "four_b"), [([], "mv2c10_70"), (["one_detector"], "dl1r_77")])
def test_tags_by_sample_reach_the_simulation(overlays, four_b):
    study = read_study(DEFAULT, *(ROOT / f"config/{name}.yaml" for name in overlays))
    assert study.simulation.detector == "config/detector/note.yaml"
    assert study.results == "/".join(["results", *overlays])
    assert tags(study) == {"hh": "dl1r_77", "resonant": "dl1r_77", "four_b": four_b}


def test_without_tags_the_card_decides(tmp_path):
    overlay = tmp_path / "mine.yaml"
    none = "{b_tagging: null}"
    overlay.write_text(f"samples: {{hh: {none}, resonant: {none}, four_b: {none}}}")
    assert set(tags(read_study(DEFAULT, overlay)).values()) == {None}


def test_draws_and_tags_of_a_sample_go_over_those_of_all(tmp_path):
    settings = StageSettings(Layout(read_study(DEFAULT)))
    signal, background = (settings.simulate(name, "0000") for name in ("hh_kl1", "four_b"))
    assert (signal.tags, signal.detector_draws) == ("weight", 2)
    assert (background.tags, background.detector_draws) == ("combinations", 4)
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(
        "simulation: {tags: draw, detector_draws: 3}\n"
        "samples: {four_b: {tags: null, detector_draws: null}}"
    )
    settings = StageSettings(Layout(read_study(DEFAULT, overlay)))
    background = settings.simulate("four_b", "0000")
    assert (background.tags, background.detector_draws) == ("draw", 3)


def test_the_notes_way_is_a_mode():
    study = read_study(DEFAULT, ROOT / "config/note_way.yaml")
    assert study.event_selection.folds == 0
    assert study.spanet_trainings["mixing_joint"].repeats == 2
    assert not any(one.kappa_balance for one in study.spanet_trainings.values())
    statistics = StageSettings(Layout(study)).templates("mixing_spanet")
    assert (statistics.kappa_input, statistics.background_kappa) == ("hypothesis", "drawn")
    assert study.processes["four_b"].other_pb("four_b", 14) == 628.6


def test_tags_that_the_card_lacks_stop_before_any_job(tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("samples: {four_b: {b_tagging: dl1r_60}}")
    wanted = "samples.four_b.b_tagging: value 'dl1r_60': config/detector/note.yaml has ["
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
    """1.1408 is the ratio of two direct integrations; the configuration says which command."""
    background = read_study(DEFAULT).processes["four_b"]
    ratio = background.other_pb("four_b", 14) / background.other_pb("four_b", 13)
    assert ratio == pytest.approx(1.1408, abs=1e-4)
    assert background.other_pb("four_b", 13) == 628.6
