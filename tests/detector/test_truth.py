import numpy as np

from hh4b.detector.truth import Record, is_b_hadron, prune

# number: pid, status, mothers, daughters (from the event's first row)
ROWS = [
    (2212, 4, (-1, -1), (2, -1)),
    (2212, 4, (-1, -1), (3, -1)),
    (21, 21, (0, -1), (4, 5)),
    (21, 21, (1, -1), (4, 5)),
    (25, 22, (2, 3), (7, 7)),
    (25, 22, (2, 3), (8, 9)),
    (21, 51, (-1, -1), (-1, -1)),
    (25, 62, (4, 4), (10, 11)),
    (5, 23, (5, -1), (12, 13)),
    (-5, 23, (5, -1), (14, 14)),
    (5, 23, (7, -1), (15, 16)),
    (-5, 23, (7, -1), (16, 15)),  # a range that runs backwards: no neighbours
    (21, 51, (8, -1), (-1, -1)),
    (5, 51, (8, -1), (17, 19)),
    (-5, 52, (9, 9), (-1, -1)),
    (211, 1, (10, -1), (-1, -1)),
    (521, 2, (10, 11), (-1, -1)),
    (111, 2, (13, -1), (-1, -1)),
    (-511, 2, (13, -1), (-1, -1)),
    (22, 1, (13, -1), (-1, -1)),
]


def record(n_events=2):
    n = len(ROWS) * n_events
    column = [list(zip(*ROWS, strict=True))[k] * n_events for k in range(4)]
    return Record(
        offsets=np.arange(n_events + 1) * len(ROWS),
        pid=np.array(column[0], np.int32),
        status=np.array(column[1], np.int32),
        mothers=np.array(column[2], np.int32).T.copy(),
        daughters=np.array(column[3], np.int32).T.copy(),
        momenta=np.tile(np.arange(n, dtype=float), (4, 1)),
        mass=np.arange(n, dtype=float),
    )


def test_pruned_record_by_hand():
    pruned = prune(record())
    assert pruned.n_events == 2
    kept = [2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 14, 16, 18]
    assert pruned.mass.tolist() == [*kept, *(k + len(ROWS) for k in kept)]
    assert pruned.offsets.tolist() == [0, 13, 26]
    first = slice(0, 13)
    assert pruned.mothers[0, first].tolist() == [-1, -1, 0, 0, 2, 3, 3, 4, 4, 5, 6, 7, 9]
    assert pruned.mothers[1, first].tolist() == [-1, -1, 1, 1, 2, -1, -1, -1, -1, -1, 6, 8, -1]
    assert pruned.daughters[:, first].T.tolist() == [
        [2, 3], [2, 3], [4, 4], [5, 6], [7, 8], [9, 9], [10, 10], [11, 11], [11, 11], [12, 12],
        [-1, -1], [-1, -1], [-1, -1],
    ]  # fmt: skip
    assert (pruned.mothers[:, 13:] == pruned.mothers[:, :13]).all()


def test_b_hadrons():
    pid = np.array([511, -521, 5122, 5332, 553, 513, 421, 2212, 1000050100, 21])
    assert is_b_hadron(pid).tolist() == [True] * 6 + [False] * 4
