"""Reading labelled events: weights, parts, own kappa, and files that do not fit."""

import numpy as np
import pytest

from hh4b.core.contracts import DATASET, FEATURES, SCORES, read_table, write_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.core.rows_per_shower import RowDraw
from hh4b.selection.samples import read_labelled, read_scored

MADE = Provenance("test", {})


def rewrite(source, target, drop=(), attributes=None, **changes):
    """Copy a dataset with changed columns (``__`` stands for ``/``)."""
    columns = {k: v for k, v in read_table(source, DATASET).items() if k not in drop}
    columns |= {name.replace("__", "/"): array for name, array in changes.items()}
    write_table(target, DATASET, columns, MADE, **(attributes or {}))
    return target


def write_scores(path, score, kappas):
    table = {"kappa_lambda": np.array(kappas, dtype=float), "score": score.astype(np.float32)}
    write_table(path, SCORES, table, MADE)
    return path


def test_classes_and_samples_weigh_the_same(samples):
    signal = [samples[1.0].pair, samples[5.0].pair]
    events = read_labelled(signal, [samples["background"].pair], part="training")
    assert events.weight[events.label].sum() == pytest.approx(1)
    assert events.weight[~events.label].sum() == pytest.approx(1)
    for kappa in (1.0, 5.0):
        of_sample = events.label & (events.kappa == kappa)
        assert events.weight[of_sample].sum() == pytest.approx(0.5)
    assert np.isfinite(events.features).all()


def test_rows_are_the_paired_events_of_the_part(samples):
    sample = samples[1.0]
    dataset = read_table(sample.dataset, DATASET)
    features = read_table(sample.features, FEATURES)["features"]
    background = [samples["background"].pair]
    sizes = {}
    for part, value in (("training", 0), ("testing", 1)):
        events = read_labelled([sample.pair], background, part=part)
        keep = (dataset["HH4B/split"] == value) & np.isfinite(features[:, 0])
        np.testing.assert_array_equal(events.features[events.label], features[keep])
        weight = dataset["HH4B/weight"][keep]
        np.testing.assert_allclose(events.weight[events.label], weight / weight.sum())
        sizes[part] = len(events.label)
    everything = read_labelled([sample.pair], background, part="all")
    assert len(everything.label) == sum(sizes.values()) == 2 * 588


def test_dataset_without_weight_counts_every_event(samples, tmp_path):
    bare = rewrite(samples[1.0].dataset, tmp_path / "bare.h5", ["HH4B/weight"])
    signal = [f"{bare}:{samples[1.0].features}"]
    events = read_labelled(signal, [samples["background"].pair], part="all")
    assert events.label.sum() == 588
    np.testing.assert_allclose(events.weight[events.label], 1 / 588)


def test_dataset_without_split_has_no_training_part(samples, scored, tmp_path):
    bare = rewrite(samples[1.0].dataset, tmp_path / "bare.h5", ["HH4B/split"])
    signal = [f"{bare}:{samples[1.0].features}"]
    with pytest.raises(ContractError, match=r"bare.h5: column 'HH4B/split' is missing"):
        read_labelled(signal, [samples["background"].pair], part="training")
    scores = scored[1.0].split(":")[1]
    with pytest.raises(ContractError, match="the testing part is not known"):
        read_scored([f"{bare}:{scores}"], label=True, part="testing")
    assert read_labelled(signal, [samples["background"].pair], part="all").label.sum() == 588


def test_score_is_taken_at_the_own_kappa(samples, tmp_path):
    background = samples["background"]
    kappa = read_table(background.dataset, DATASET)["INPUTS/Kappa/kappa"]
    # The score says which column it is from.
    score = np.tile([0.1, 0.2, 0.3, 0.4], (600, 1))
    path = write_scores(tmp_path / "s.h5", score, [5, -5, 2.4, 1])
    found = read_scored([f"{background.dataset}:{path}"], label=False, part="all")[0]
    expected = np.select([kappa == 5, kappa == -5, kappa == 1], [0.1, 0.2, 0.4])
    np.testing.assert_allclose(found.score, expected, rtol=1e-6)
    with pytest.raises(ContractError, match="no score at kappa input 1, only at"):
        path = write_scores(tmp_path / "t.h5", score[:, :2], [5, -5])
        read_scored([f"{background.dataset}:{path}"], label=False, part="all")


@pytest.mark.parametrize(("name", "label"), [(5.0, True), ("background", False)])
def test_score_is_taken_at_one_kappa_for_all_if_asked(samples, tmp_path, name, label):
    dataset = samples[name].dataset
    path = write_scores(tmp_path / "s.h5", np.tile([0.2, 0.7], (600, 1)), [1, 3])
    settings = {"label": label, "part": "all"}
    found = read_scored([f"{dataset}:{path}"], **settings, fixed_kappa_input=3.0)[0]
    assert found.score == pytest.approx(0.7)
    # What the classifier is told is not what the event was generated with.
    own = read_table(dataset, DATASET)["INPUTS/Kappa/kappa"]
    np.testing.assert_array_equal(found.kappa, own)
    with pytest.raises(ContractError, match="no score at kappa input 7, only at"):
        read_scored([f"{dataset}:{path}"], **settings, fixed_kappa_input=7.0)


def test_kappa_that_float32_rounds_is_found(samples, tmp_path):
    kappa = np.full(600, 2.4, dtype=np.float32)
    dataset = rewrite(samples[1.0].dataset, tmp_path / "d.h5", INPUTS__Kappa__kappa=kappa)
    path = write_scores(tmp_path / "s.h5", np.full((600, 1), 0.7), [2.4])
    found = read_scored([f"{dataset}:{path}"], label=True, part="all")[0]
    assert found.score == pytest.approx(0.7)


def test_weights_sum_to_the_efficiency_whatever_the_part(samples, scored):
    weight = read_table(samples[1.0].dataset, DATASET)["HH4B/weight"]
    for part in ("training", "testing", "all"):
        found = read_scored([scored[1.0]], label=True, part=part)[0]
        assert found.weight.sum() == pytest.approx(weight.sum() / 7000)
        assert found.generated


def test_efficiency_counts_as_one_where_unknown(samples, scored, tmp_path):
    dataset = rewrite(samples[1.0].dataset, tmp_path / "d.h5")
    scores = scored[1.0].split(":")[1]
    found = read_scored([f"{dataset}:{scores}"], label=True, part="all")[0]
    assert found.weight.sum() == pytest.approx(1)
    assert not found.generated


@pytest.mark.parametrize("text", ["a.h5", "a.h5:", "a:b:c", "hh=a.h5", ""])
def test_samples_need_two_paths(text):
    with pytest.raises(ConfigError, match=r"is not of the form .*DATASET.h5:OTHER.h5"):
        read_labelled([text], ["a.h5:b.h5"])


def test_what_does_not_fit_is_named(samples, tmp_path):
    signal, background = samples[1.0], samples["background"]
    with pytest.raises(ConfigError, match="no background sample"):
        read_labelled([signal.pair], [])
    with pytest.raises(ContractError, match=r"event 0 is labelled 1 .* as background"):
        read_labelled([signal.pair], [signal.pair])
    with pytest.raises(ContractError, match=r"labelled 0 .* as signal"):
        read_labelled([background.pair], [signal.pair])
    narrow = tmp_path / "narrow.h5"
    features = read_table(background.features, FEATURES)["features"]
    write_table(narrow, FEATURES, {"features": features[:, :3]}, MADE, columns=["a", "b", "c"])
    with pytest.raises(ContractError, match=r"narrow.h5: columns .* differ"):
        read_labelled([signal.pair], [f"{background.dataset}:{narrow}"])
    short = tmp_path / "short.h5"
    attributes = {"columns": [f"c{n}" for n in range(20)]}
    write_table(short, FEATURES, {"features": features[:599]}, MADE, **attributes)
    with pytest.raises(ContractError, match=r"short.h5 has 599 events, .* has 600"):
        read_labelled([f"{signal.dataset}:{short}"], [background.pair])


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_samples_without_weight_are_refused(samples, tmp_path, value):
    dataset = rewrite(samples[1.0].dataset, tmp_path / "d.h5", HH4B__weight=np.full(600, value))
    with pytest.raises(ContractError, match=r"d.h5: the chosen .* no weight"):
        read_labelled([f"{dataset}:{samples[1.0].features}"], [samples["background"].pair])


def test_negative_weights_train_nothing_and_are_measured(samples, tmp_path):
    sample, background = samples[1.0], samples["background"]
    weight = read_table(sample.dataset, DATASET)["HH4B/weight"].copy()
    weight[::5] *= -1
    signed = rewrite(sample.dataset, tmp_path / "signed.h5", HH4B__weight=weight)
    with pytest.raises(ContractError, match=r"negative weight, with which nothing is trained"):
        read_labelled([f"{signed}:{sample.features}"], [background.pair], part="all")
    scores = write_scores(tmp_path / "s.h5", np.linspace(0, 1, len(weight))[:, None], [1.0])
    (read,) = read_scored([f"{signed}:{scores}"], label=True, part="all")
    np.testing.assert_allclose(read.weight / read.weight.sum(), weight / weight.sum())
    all_negative = rewrite(signed, tmp_path / "negative.h5", HH4B__weight=-abs(weight))
    with pytest.raises(ContractError, match="negative sum of weights"):
        read_scored([f"{all_negative}:{scores}"], label=True, part="all")


def test_a_share_of_the_events(samples):
    """Smaller shares inside larger ones, both classes still of the same weight."""
    signal = [samples[1.0].pair, samples[5.0].pair]
    rows = {}
    for share in (0.1, 0.5, None):
        draw = RowDraw(seed=3, share=share)
        events = read_labelled(signal, [samples["background"].pair], part="all", draw=draw)
        rows[share] = {tuple(row) for row in events.features.tolist()}
        for label in (True, False):
            assert events.weight[events.label == label].sum() == pytest.approx(1)
            assert (events.label == label).any()
    assert rows[0.1] < rows[0.5] < rows[None]
    assert len(rows[0.5]) == pytest.approx(0.5 * len(rows[None]), rel=0.1)
