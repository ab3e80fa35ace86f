"""Learning curves against the sample: what a study has of them, and what it leaves as it is."""

import json
from pathlib import Path

import pytest
import yaml

from hh4b.core.errors import ConfigError
from hh4b.publication.catalogue import outputs, results_page
from hh4b.study.cost import estimated
from hh4b.study.labels import selection_label, training_label
from hh4b.study.layout import Layout
from hh4b.study.learning_curves import LearningCurves, point_name
from hh4b.study.reading import parse_study, read_content, read_study
from hh4b.study.stage_settings import StageSettings

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "config/config.yaml"
CURVES = {
    "learning_curves": {
        "shares": [0.5, 0.01], "selections": ["mixing_spanet", "min_dr_dnn"], "trainings": ["sm"],
    }
}  # fmt: skip


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def content():
    return read_content(DEFAULT)


@pytest.fixture(scope="module")
def study(content):
    return parse_study({**content, **CURVES})


def test_the_default_study_has_none(content):
    assert "learning_curves" not in content
    assert not any("percent" in name for name in parse_study(content).spanet_trainings)


def test_a_point_is_the_whole_with_fewer_events(study):
    whole, point = (
        study.spanet_trainings[n] for n in ("mixing_joint", "mixing_joint_at_1_percent")
    )
    assert (whole.share, point.share) == (None, 0.01)
    # Four times as often: a hundred to the power 0.3 is 3.98.
    assert point.epochs == 4 * whole.epochs
    assert point.model_copy(update={"share": None, "epochs": whole.epochs}) == whole
    chosen = study.selections["mixing_spanet_at_1_percent"]
    assert chosen.pairing == chosen.classifier == "mixing_spanet_at_1_percent"
    assert study.classifiers[chosen.classifier].training == "mixing_joint_at_1_percent"
    assert study.pairings[chosen.pairing].training == "mixing_joint_at_1_percent"
    assert study.pairings[chosen.pairing].kappa_input == 3
    dense = study.selections["min_dr_dnn_at_50_percent"]
    assert dense.pairing == "min_dr"
    network = study.classifiers[dense.classifier]
    assert (network.share, network.max_epochs, network.patience) == (0.5, 124, 13)
    assert study.spanet_trainings["sm_at_50_percent"].trained_folds == 1
    assert "sm_at_50_percent" not in study.selections


def test_points_measure_on_all_testing_events(study):
    told = StageSettings(Layout(study))
    training, testing = (
        told.datasets_merge("mixing_joint_at_1_percent", part, "fold_0_")
        for part in ("training", "testing")
    )
    assert (training.share, testing.share) == (0.01, None)
    assert testing == told.datasets_merge("mixing_joint", "testing", "fold_0_")
    # Seeds are those of the whole, so that the same numbers decide for every share.
    whole = told.datasets_merge("mixing_joint", "training", "fold_0_")
    assert training.shuffle_seed == whole.shuffle_seed


def test_labels_say_the_share(study):
    assert selection_label(study, "mixing_spanet_at_1_percent") == (
        "mixing κ SPANet2, 1 % of the events"
    )
    assert selection_label(study, "min_dr_dnn_at_50_percent") == "min-ΔR + DNN, 50 % of the events"
    assert training_label(study, "sm_at_50_percent") == "sm, 50 % of the events"


def test_what_a_run_has_written_is_read_as_the_same_study(study):
    assert parse_study(json.loads(study.model_dump_json())) == study


def test_an_entry_of_the_users_stays(content):
    own = {**content["classifiers"]["min_dr_dnn"], "share": 0.01, "hidden_dim": 7}
    classifiers = {**content["classifiers"], "min_dr_dnn_at_1_percent": own}
    study = parse_study({**content, **CURVES, "classifiers": classifiers})
    assert study.classifiers["min_dr_dnn_at_1_percent"].hidden_dim == 7


def test_tables_and_pages_of_the_study_leave_points_out(content, study):
    before, after = (Layout(parse_study(content)), Layout(study))
    points = {"sample_size"}
    for name, one in outputs(after).items():
        if one.key not in points and not one.absent:
            assert one.inputs == outputs(before)[name].inputs, name
            assert one.settings == outputs(before)[name].settings, name
    assert results_page(after).inputs == results_page(before).inputs
    assert outputs(before)["table_sample_size"].absent == (
        "table_sample_size needs learning_curves with shares, and selections or trainings"
    )


def test_the_table_has_every_point_from_the_smallest_on(study):
    table = outputs(Layout(study))["table_sample_size"]
    assert [*table.settings.options["points"]] == [
        f"{name}{share}"
        for name in ("mixing_spanet", "min_dr_dnn", "sm")
        for share in ("_at_1_percent", "_at_50_percent", "")
    ]
    # The same events measure all points: those that no network saw.
    for name in ("mixing_spanet", "mixing_spanet_at_1_percent"):
        assert {f"{name}.{part}" for part in ("metrics", "pairing", "limits", "trained")} <= set(
            table.inputs
        )
    assert "sm.metrics" not in table.inputs  # no classes are learned
    figure = outputs(Layout(study))["figure_sample_size"]
    assert figure.files == [f"{table.stem}.json"]


def test_the_estimate_counts_points(content, study):
    def hours(one):
        return {cost.rules: cost.cpu_hours for cost in estimated(Layout(one))}

    before, after = hours(parse_study(content)), hours(study)
    for rules in (
        ("spanet_train",),
        ("spanet_score",),
        ("dnn_train", "dnn_search_worker", "dnn_search"),
    ):
        assert after[rules] > before[rules], rules
    more = after["spanet_train",] - before["spanet_train",]
    only = {**CURVES["learning_curves"], "longer": 0}
    shorter = hours(parse_study({**content, "learning_curves": only}))["spanet_train",]
    assert 0 < shorter - before["spanet_train",] < more


def test_the_night_stays_in_its_hours():
    night = read_study(DEFAULT, ROOT / "config/scale/night.yaml")
    assert night.learning_curves.shares == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    assert sum(cost.cpu_hours for cost in estimated(Layout(night))) < 24


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"shares": [0.1, 0.1], "selections": ["min_dr_dnn"]}, "a share is given twice"),
        ({"shares": [1], "selections": ["min_dr_dnn"]}, "learning_curves.shares"),
        ({"shares": [0.1]}, "shares need selections or trainings"),
        ({"selections": ["min_dr_dnn"]}, "shares need selections or trainings"),
        ({"shares": [0.1], "selections": ["min_dr_dn"]}, "did you mean 'min_dr_dnn'"),
        ({"shares": [0.1], "selections": ["min_dr_svm"]}, "is of kind baseline; expected dnn or"),
        ({"shares": [0.1], "trainings": ["smm"]}, "learning_curves.trainings"),
    ],
)
def test_curves_that_cannot_be_made(content, changes, wanted):
    with pytest.raises(ConfigError, match=wanted.replace("(", r"\(")):
        parse_study({**content, "learning_curves": changes})


def test_epochs_that_nobody_said_cannot_grow(content):
    trainings = yaml.safe_load(yaml.safe_dump(content["spanet_trainings"]))
    trainings["sm"]["epochs"] = None
    curves = {"shares": [0.1], "trainings": ["sm"]}
    with pytest.raises(ConfigError, match=r"spanet_trainings\.sm\.epochs.*longer: 0"):
        parse_study({**content, "spanet_trainings": trainings, "learning_curves": curves})
    fixed = parse_study(
        {**content, "spanet_trainings": trainings, "learning_curves": {**curves, "longer": 0}}
    )
    assert fixed.spanet_trainings["sm_at_10_percent"].epochs is None


def test_names_and_epochs():
    assert point_name("a", 0.005) == "a_at_0_5_percent"
    same_steps = LearningCurves(shares=[0.1], trainings=["a"], longer=1)
    assert same_steps.epochs(8, 0.1) == 80
    assert LearningCurves(shares=[0.1], trainings=["a"], longer=0).epochs(8, 0.1) == 8
