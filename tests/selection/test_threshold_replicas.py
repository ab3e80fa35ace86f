"""Thresholds in replicas of the shower events, against the scan of repeated rows."""

import numpy as np

from hh4b.core.folds import Folds
from hh4b.core.replication import FoldReplicas, PoissonReplicas
from hh4b.core.shower_events import ShowerEvents
from hh4b.selection.threshold_replicas import ReplicatedScan
from hh4b.selection.threshold_scan import ThresholdScan, tail_sums, thresholds


def test_each_replica_is_a_scan_of_repeated_rows():
    rng = np.random.default_rng(4)
    cuts, replicas = thresholds(0.05), 20
    scores = rng.beta(3, 1, 300).astype(np.float32), rng.beta(1, 2, 400).astype(np.float32)
    weights = rng.random(300), rng.random(400)
    # Two rows an event in the signal, two samples in the background.
    events = (
        [ShowerEvents("hh", np.repeat(np.arange(150), 2))],
        [ShowerEvents("a", np.arange(250)), ShowerEvents("b", np.arange(150))],
    )
    scan = ReplicatedScan(cuts, PoissonReplicas(1, replicas))
    tails = [scan.tails(*one) for one in zip(scores, weights, events, strict=True)]
    found = scan.best(tails[0], tails[1], 10.0)
    for replica in range(replicas):
        repeated = []
        for score, weight, shower in zip(scores, weights, events, strict=True):
            counts = np.concatenate([one.bootstrap(1, replicas) for one in shower])[:, replica]
            repeated.append(tail_sums(np.repeat(score, counts), np.repeat(weight, counts), cuts))
        slow = ThresholdScan(cuts, *repeated, 10.0)
        best = np.nanargmax(np.where(slow.allowed, slow.significance[0], np.nan))
        assert found[replica] == cuts[best]


def test_a_replica_without_enough_background_has_no_threshold():
    scan = ReplicatedScan(thresholds(0.5), PoissonReplicas(1, 5))
    one = scan.tails(np.array([0.7], np.float32), np.ones(1), [ShowerEvents("a", np.arange(1))])
    assert np.isnan(scan.best(one, one, 100.0)).all()


def test_without_a_fold_the_scan_is_that_of_the_other_events():
    """A remaining event counts K/(K - 1) times, also as an effective event."""
    rng = np.random.default_rng(6)
    cuts, folds = thresholds(0.05), Folds(folds=4, fold_seed=2)
    scores = [rng.beta(3, 1, 300).astype(np.float32), rng.beta(1, 2, 400).astype(np.float32)]
    events = [ShowerEvents(name, np.arange(len(s))) for name, s in zip("sb", scores, strict=True)]
    scan = ReplicatedScan(cuts, FoldReplicas(folds))
    tails = [scan.tails(s, np.ones(len(s)), [e]) for s, e in zip(scores, events, strict=True)]
    found = scan.best(*tails, 40.0)
    for fold in range(4):
        others = [
            tail_sums(s[keep], np.ones(keep.sum()), cuts)
            for s, e in zip(scores, events, strict=True)
            for keep in [e.folds(folds) != fold]
        ]
        slow = ThresholdScan(cuts, *others, 40.0 * 3 / 4)
        best = np.nanargmax(np.where(slow.allowed, slow.significance[0], np.nan))
        assert found[fold] == cuts[best]
