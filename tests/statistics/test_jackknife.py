"""Replicas without a fold: against the events left, and the training's part of an error."""

from pathlib import Path

import numpy as np
import pytest

from hh4b.core.errors import ContractError
from hh4b.core.folds import Folds
from hh4b.core.replication import FoldReplicas, PoissonReplicas
from hh4b.core.shower_events import ShowerEvents
from hh4b.statistics.bootstrap import Bootstrap, replicate_process
from hh4b.statistics.bootstrap_stage import require_events_in_folds
from hh4b.statistics.comparison import compare
from hh4b.statistics.error_parts import (
    add_fold_spread,
    add_training_spread,
    jackknife_variance,
)
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.templates import CutAndBins, SampleEvents, Scores
from hh4b.training.error_parts import training_part

METHODS = ("profile", "cls")
FOLDS = Folds(folds=10, fold_seed=3)
SETTINGS = TemplateSettings.checked({"kappa_values": [1.0, 5.0], "part": "all", "threshold": 0.5})
CUT = CutAndBins(0.5, np.array([200.0, 500.0, 1000.0]))


def sample(score, m_hh, name="four_b"):
    """Events of weight 0.1 / N: an efficiency of 0.1 before the cut."""
    n = len(score)
    shower = ShowerEvents(name, np.arange(n))
    weight = np.full(n, 0.1 / n)
    events = SampleEvents(
        name, weight, m_hh, Scores(np.array([1.0]), score[:, None]), np.ones(n), 1.0, shower=shower
    )
    return LoadedSample(Path(name), np.ones(n, bool), events, weight, shower)


def test_a_replica_without_a_fold_is_the_template_of_the_others():
    rng = np.random.default_rng(1)
    score, m_hh = rng.random(2000), rng.uniform(100, 1100, 2000)
    one = sample(score, m_hh)
    thresholds = np.linspace(0.4, 0.6, 10)
    sums, squares = replicate_process(
        [one], Bootstrap(FoldReplicas(FOLDS), thresholds, CUT), SETTINGS
    )
    folds = one.shower.folds(FOLDS)
    for fold, threshold in enumerate(thresholds):
        rows = (folds != fold) & (score > threshold)
        counts, _ = np.histogram(m_hh[rows], CUT.bin_edges_gev)
        weight = 0.1 / 2000
        np.testing.assert_allclose(sums[fold, 0], counts * weight * 10 / 9)
        # K/(K - 1) events of the same weight: as many effective events as in the whole sample.
        np.testing.assert_allclose(squares[fold, 0], counts * weight**2 * 10 / 9)


def test_a_fold_without_events_of_a_process_is_named():
    few = sample(np.ones(5), np.full(5, 300.0), "few")
    with pytest.raises(ContractError, match=r"process 'ttbar' has no event in fold \d of 10, of 5"):
        require_events_in_folds({"ttbar": [few]}, FOLDS)
    require_events_in_folds({"ttbar": [sample(np.ones(500), np.full(500, 300.0))]}, FOLDS)


@pytest.mark.parametrize("size", [0.0, 0.3])
def test_the_part_of_the_training_is_what_networks_differ_by(size):
    """Networks whose efficiency varies by a known share: its error is that over sqrt(K)."""
    found, expected = [], []
    for number in range(150):
        rng = np.random.default_rng([5, number])
        n, efficiency = rng.poisson(1000), 0.2
        name = f"toy_{number}"
        folds = ShowerEvents(name, np.arange(n)).folds(FOLDS)
        network = efficiency * (1 + size * rng.standard_normal(10))
        passed = rng.random(n) < network[folds]
        one = sample(passed.astype(np.float64), np.full(n, 300.0), name)
        values = []
        for replication in (FoldReplicas(FOLDS), PoissonReplicas(1, 200)):
            same = np.full(len(replication), 0.5)
            sums, _ = replicate_process([one], Bootstrap(replication, same, CUT), SETTINGS)
            values.append(sums[:, 0, 0] * n / (0.1 * 1000 * efficiency))
        jackknife, events = jackknife_variance(values[0]), float(values[1].std(ddof=1))
        found.append(jackknife - events**2)
        expected.append(size**2 / 10)
        assert training_part(jackknife, events) == pytest.approx(max(0.0, found[-1]) ** 0.5)
    error = np.std(found, ddof=1) / len(found) ** 0.5
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=3 * error)
    assert error < 0.1 * (size**2 / 10 + 0.005)  # events: 1 / 200 squared


def limits(folds, *, events=0.3, bootstrap=None, seed=1):
    """A limit file whose lower bound is without error, and whose upper one has values by fold."""
    replicas = np.random.default_rng(2).standard_normal(200) if bootstrap is None else bootstrap
    upper = 10 + events * (replicas - replicas.mean()) / replicas.std(ddof=1)
    spread = float(np.std(upper, ddof=1))
    entry = {
        "interval": [-4.0, 10.0], "width": 14.0, "interval_error": [0.0, spread],
        "width_error": spread,
        "replica_bounds": {"lower": [-4.0] * 200, "upper": upper.tolist()},
        "fold_bounds": {"lower": [-4.0] * len(folds), "upper": list(folds)},
    }  # fmt: skip
    stated = {
        "kind": "bootstrap", "replicas": 200, "seed": 1, "samples": ["four_b"],
        "folds": len(folds), "fold_seed": seed,
    }  # fmt: skip
    content = {"errors": stated, **{method: dict(entry) for method in METHODS}}
    return add_fold_spread(content)


def test_both_parts_from_folds():
    content = limits([9.9, 10.1, 10.4, 9.6, 10.0])
    jackknife = 0.8 * (0.01 + 0.01 + 0.16 + 0.16)
    entry = content["profile"]
    assert content["trainings"] == {"number": 5, "reason": None, "method": "folds"}
    assert entry["width_error_parts"]["events"] == pytest.approx(0.3)
    assert entry["width_error_parts"]["training"] == pytest.approx((jackknife - 0.09) ** 0.5)
    assert entry["width_error"] == pytest.approx(jackknife**0.5)
    assert entry["interval_error_parts"]["training"][0] == 0.0
    assert "error_reasons" not in entry
    small = limits([10.0, 10.0, 10.0, 10.0, 10.1])["cls"]
    assert small["width_error_parts"]["training"] == 0.0
    assert small["width_error"] == pytest.approx(0.3)


def test_too_few_folds_make_no_error_of_the_training():
    content = limits([9.0, 10.0, 11.0])
    assert content["profile"]["width_error_parts"]["training"] is None
    assert content["profile"]["width_error"] == pytest.approx(0.3)
    assert content["trainings"]["reason"] == "3 folds, at least 5 make an error of the training"


def test_a_fold_without_a_bound_leaves_no_error():
    content = limits([9.9, None, 10.4, 9.6, 10.0])
    entry = content["profile"]
    assert entry["interval_error"] == [0.0, None]
    assert entry["width_error"] is None
    assert entry["width_error_parts"]["events"] == pytest.approx(0.3)
    assert entry["error_reasons"] == {
        "upper": "no upper bound without fold 1 of 5", "width": "no interval without fold 1 of 5",
    }  # fmt: skip
    found = compare(content, limits([9.9, 10.1, 10.4, 9.6, 10.0]))["profile"]["width"]
    assert (found["error"], found["decided"], found["needed_events"]) == (None, None, None)
    assert found["reason"] == "no width without fold 1 of 5 in one of the two"


def test_enough_repeated_trainings_go_before_the_folds():
    content = limits([9.9, 10.1, 10.4, 9.6, 10.0])
    assert add_training_spread(content, [content] * 4) == content
    repeats = [limits([10.0] * 5) for _ in range(5)]
    found = add_training_spread(content, repeats)
    assert found["trainings"]["method"] == "repeats"
    assert found["cls"]["width_error_parts"] == {"events": pytest.approx(0.3), "training": 0.0}


def test_differences_leave_out_the_same_fold():
    """What both folds do alike drops out; a difference by fold of its own stays."""
    common = np.array([9.0, 11.0, 10.4, 9.6, 10.0])
    own = np.array([0.1, -0.1, 0.2, -0.2, 0.0])
    noise = np.random.default_rng(2).standard_normal(200)
    first, second = limits(common + own, bootstrap=noise), limits(common, bootstrap=noise)
    found = compare(first, second)["profile"]["width"]
    assert found["paired"]
    assert found["error_parts"]["events"] == pytest.approx(0.0, abs=1e-9)
    assert found["error_parts"]["training"] == pytest.approx((0.8 * 0.1) ** 0.5)
    assert found["error"] == pytest.approx((0.8 * 0.1) ** 0.5)
    # Other folds: the parts of both in squares.
    apart = compare(first, limits(common, bootstrap=noise, seed=2))["profile"]["width"]
    assert apart["error_parts"]["training"] == pytest.approx(
        np.hypot(*(one["cls"]["width_error_parts"]["training"] for one in (first, second)))
    )
    few = [limits(values[:3], bootstrap=noise) for values in (common + own, common)]
    assert compare(*few)["profile"]["width"]["error_parts"]["training"] is None
