"""The leaderboard: efficiencies, paired differences, ceilings, series, and what is refused."""

import json
import shutil

import matplotlib as mpl
import numpy as np
import pytest

from hh4b.core import contracts
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.events.content import content_hashes, require_published, together
from hh4b.pairing.metrics import Mean
from hh4b.publication.inputs import Inputs
from hh4b.publication.key_numbers import Numbers
from hh4b.publication.leaderboard import CEILINGS, mean_of
from hh4b.publication.leaderboard_numbers import (
    events_entry,
    events_table,
    leaderboard_entry,
    leaderboard_table,
)
from hh4b.publication.number_tables import table_text
from hh4b.publication.numbers_stage import extract_numbers
from hh4b.publication.reference import Reference
from hh4b.publication.registry import function_of
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle
from hh4b.publication.tables import write_files

FAST = FigureStyle(dpi=60)
N, JETS = 8, 6
RIGHT, WRONG, NONE = [[0, 1], [2, 3]], [[0, 2], [1, 3]], [[-1, -1], [-1, -1]]


def write_dataset(path, kappa, weights=None):
    """Write events of five jets; the last two count for nothing: not matched, and of training."""
    mask = np.tile(np.arange(JETS) < 5, (N, 1))
    pt = np.tile([100.0, 90.0, 80.0, 70.0, 60.0, 0.0], (N, 1))
    btag = np.ones((N, JETS))
    # Event 4: the fifth jet is harder than the fourth, which is right; event 5: it has no tag.
    pt[4, 4], btag[5, 3] = 75.0, 0.0
    targets = np.tile([0, 1, 2, 3], (N, 1))
    targets[6, 3] = -1
    split = np.ones(N, np.int8)
    split[7] = 0
    arrays = {
        "INPUTS/Source/MASK": mask, "INPUTS/Source/pt": pt, "INPUTS/Source/eta": 0 * pt,
        "INPUTS/Source/phi": 0 * pt, "INPUTS/Source/mass": 0 * pt, "INPUTS/Source/btag": btag,
        "INPUTS/Kappa/kappa": np.full(N, kappa), "CLASSIFICATIONS/EVENT/signal": np.ones(N, int),
        "HH4B/split": split, "HH4B/weight": np.ones(N) if weights is None else weights,
        **{f"TARGETS/h{h}/b{q}": targets[:, 2 * (h - 1) + q - 1] for h in (1, 2) for q in (1, 2)},
    }  # fmt: skip
    contracts.write_table(
        path, contracts.DATASET, arrays, Provenance("ingest", {}), kappa_lambda=kappa,
        sample=path.stem, sum_weights_generated=1.0, n_generated=20,
        cutflow=json.dumps({"tagged": {"events": N}}),
    )  # fmt: skip
    return path


def write_pairing(path, rows):
    jets = np.array(rows, np.int8)
    contracts.write_table(path, contracts.PAIRING, {"jets": jets}, Provenance("pair", {}))
    return path


@pytest.fixture
def texts(tmp_path):
    """Two values of kappa_lambda, not in order; `b` is right where `a` is, and once more."""
    first = write_dataset(tmp_path / "hh_kl5.h5", 5.0)
    other = write_dataset(tmp_path / "hh_kl1.h5", 1.0)
    a = write_pairing(tmp_path / "a.h5", [RIGHT, RIGHT, WRONG, WRONG, WRONG, NONE, RIGHT, RIGHT])
    b = write_pairing(tmp_path / "b.h5", [RIGHT, RIGHT, RIGHT, WRONG, WRONG, NONE, RIGHT, WRONG])
    return [
        f"dataset={first}", f"dataset={other}", f"a={a}", f"a={b}", f"b={b}", f"b={b}",
        f"b.training={first}",
    ]  # fmt: skip


def settings_of(kind, **options):
    return OutputSettings(
        kind=kind, title="Pairings", labels={"a": "first", "b": "second"}, options=options
    )


def table_of(texts, **options):
    settings = settings_of("leaderboard", **options)
    build = function_of("leaderboard", "table")
    return build(Inputs.parse("table", texts), Reference("none", {}), settings)


def values(table):
    return {
        row.key: {name: (cell.run.value, cell.run.error) for name, cell in row.cells.items()}
        for row in table.rows
    }


def test_numbers_by_hand(texts):
    table = table_of(texts, reference="a")
    assert [column.name for column in table.columns] == [
        "kappa_lambda_1", "kappa_lambda_5", "mean", "difference",
    ]  # fmt: skip
    found = values(table)
    # Six testing events are matched; a is right in 3 of them at 1, in 2 at 5.
    for kappa, share in ((1, 3 / 6), (5, 2 / 6)):
        error = np.sqrt(share * (1 - share) / 6)
        assert found["a"][f"kappa_lambda_{kappa}"] == pytest.approx((share, error))
    errors = [found["a"][f"kappa_lambda_{kappa}"][1] for kappa in (1, 5)]
    assert found["a"]["mean"] == pytest.approx((5 / 12, np.hypot(*errors) / 2))
    # b differs from a in one event of six at 5, and in none at 1.
    paired = np.sqrt((1 / 6) * (5 / 6) / 6)
    assert found["b"]["difference"] == pytest.approx((1 / 12, paired / 2))
    assert "difference" not in found["a"]
    assert paired < np.hypot(found["a"]["mean"][1], found["b"]["mean"][1])
    # Six of the seven testing events are matched.
    assert found["events"]["mean"][0] == pytest.approx(6 / 7)


def test_the_best_stands_first_and_then_what_is_possible(texts):
    table = table_of(texts)
    assert [row.key for row in table.rows] == ["b", "a", *CEILINGS, "events"]
    found = values(table)
    assert found["best_of_four_leading"]["kappa_lambda_1"][0] == pytest.approx(4 / 6)
    assert found["best_of_tagged"]["kappa_lambda_1"][0] == pytest.approx(5 / 6)
    assert found["best_of_all"]["kappa_lambda_1"] == (1.0, 0.0)


def test_no_pairing_of_the_four_leading_jets_passes_their_ceiling(texts):
    found = values(table_of(texts))
    assert found["b"]["mean"][0] <= found["best_of_four_leading"]["mean"][0]


def test_weights_count(tmp_path, texts):
    weights = np.array([5.0, 1, 1, 1, 1, 1, 1, 1])
    dataset = write_dataset(tmp_path / "weighted.h5", 1.0, weights)
    single = [f"dataset={dataset}", *(text for text in texts if text.startswith("b="))][:2]
    assert values(table_of(single))["b"]["kappa_lambda_1"][0] == pytest.approx(7 / 10)


def test_series_and_training_events(texts):
    series = {"network": ["a", "b"]}
    table = table_of(texts, series=series, training_events={"a": 1500})
    labels = {row.key: row.labels for row in table.rows}
    assert labels["a"] == ("network", "1,500")
    assert labels["b"] == ("network", f"{N}")
    assert labels["best_of_all"][1] == ""


def draw(texts, **options):
    with mpl.rc_context(FAST.rc()):
        inputs = Inputs.parse("figure", texts)
        settings = settings_of("leaderboard_curves", **options)
        figure = function_of("leaderboard_curves", "figure")(inputs, settings, FAST)
        figure.canvas.draw()
    return figure


def test_the_figure_has_a_curve_for_each_series(texts):
    figure = draw(texts, series={"network": ["b", "a"]}, training_events={"a": 1500})
    left, right = figure.axes
    # The larger training is shown, at both values of kappa_lambda; beside it the ceiling.
    (curve,) = left.containers
    assert curve.lines[0].get_ydata() == pytest.approx([3 / 6, 2 / 6])
    (growth,) = right.containers
    assert list(growth.lines[0].get_xdata()) == [N, 1500]
    assert growth.lines[0].get_ydata() == pytest.approx([3 / 6, 5 / 12])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(names) == ["best possible, four leading tagged jets", "network"]


def test_what_is_not_trained_is_a_line_across(texts):
    figure = draw([text for text in texts if not text.startswith("b.training")])
    assert {text.get_text() for text in figure.legends[0].get_texts()} >= {"first", "second"}
    _, right = figure.axes
    levels = [line.get_ydata()[0] for line in right.lines]
    assert 5 / 12 in [pytest.approx(level) for level in levels]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reference": "c"}, "the options name 'c', which is none of the pairings: a, b"),
        ({"series": {"network": ["a", "d"]}}, "the options name 'd'"),
        ({"training_events": {"e": 3}}, "the options name 'e'"),
        ({"series": {"x": ["a"], "y": ["a"]}}, "'a' stands there twice"),
        ({"sizes": {}}, "sizes"),
    ],
)
def test_wrong_options_are_one_line(texts, options, words):
    with pytest.raises(ConfigError, match=words):
        table_of(texts, **options)


def test_wrong_inputs_are_one_line(tmp_path, texts):
    with pytest.raises(ConfigError, match="1 files of 'a' for 2 datasets"):
        table_of([texts[0], texts[1], texts[2]])
    with pytest.raises(ConfigError, match="no pairing among the inputs"):
        table_of(texts[:2])
    with pytest.raises(ContractError, match=r"are both of kappa_lambda = 5"):
        table_of([texts[0], texts[0], *texts[2:4]])
    with pytest.raises(ContractError, match="pair this dataset again"):
        short = write_pairing(tmp_path / "short.h5", [RIGHT])
        table_of([texts[0], f"a={short}"])


def test_numbers_and_tables_of_documents(tmp_path, texts):
    stem = tmp_path / "table"
    write_files(stem, "Leaderboard", table_of(texts, reference="a"))
    entry = leaderboard_entry(tmp_path / "table.json")
    events = events_entry(
        {"hh_kl1": {"generated": 20, "selected": N}}, {"hh_kl1": tmp_path / "hh_kl1.h5"}
    )
    numbers = Numbers({"leaderboard": {"leaderboard": entry, **events}})
    lines = leaderboard_table(numbers, []).splitlines()
    head = ["pairing", "training events", "κλ = 1", "κλ = 5", "mean", "mean − that of first"]
    assert lines[0].strip("| ").split(" | ") == head
    assert lines[2].startswith(f"| second | {N} | 0.500 ± 0.204 | 0.500 ± 0.204 |")
    assert numbers.text("leaderboard/leaderboard/rows/a/mean") == "0.417 ± 0.140"
    rows = events_table(numbers, []).splitlines()
    assert rows[2].startswith(f"| hh_kl1 | 20 | {N} | `")
    assert rows[3].startswith("| all |  |  | `")
    with pytest.raises(ConfigError, match="of one file of numbers"):
        leaderboard_table(numbers, ["leaderboard", "default"])


STUDY = """
standalone: true
processes: {hh: {kind: signal, label: HH, cross_section: note}}
samples: {hh: {process: hh, source: gg_hh, kappa_lambda: [1, 5], events: 500}}
pairings: {a: {method: min_dr}}
classifiers: {}
selections: {}
outputs: {best: {medium: table, kind: leaderboard, pairings: [a]}}
publication: {reference: null, causes: null}
"""


def test_numbers_of_a_study_of_pairings(tmp_path, texts):
    study, results, output = tmp_path / "s.yaml", tmp_path / "results", tmp_path / "n.json"
    study.write_text(STUDY)
    with pytest.raises(ConfigError, match="neither selections nor a table of kind leaderboard"):
        extract_numbers(results, output, [study])
    assert not output.exists()
    (results / "datasets").mkdir(parents=True)
    for name in ("hh_kl1.h5", "hh_kl5.h5"):
        shutil.move(tmp_path / name, results / "datasets" / name)
    texts = [text.replace(f"{tmp_path}/hh", f"{results}/datasets/hh") for text in texts]
    write_files(results / "tables/table_best", "Leaderboard", table_of(texts))
    extract_numbers(results, output, [study])
    numbers = Numbers.read([output])
    assert numbers.text("n/leaderboard/rows/a/kappa_lambda_1") == "0.500 ± 0.204"
    datasets = [results / f"datasets/hh_kl{kappa}.h5" for kappa in (1, 5)]
    hashes = content_hashes(datasets)
    require_published(hashes, output)
    assert numbers.find("n/content") == together(hashes)
    # It is none of the studies that stand side by side.
    assert "n" not in table_text("studies", numbers, []).splitlines()[0].split(" | ")


def test_a_mean_has_an_error_only_where_every_value_has_one():
    one, two = Mean(0.5, 0.03), Mean(0.7, 0.04)
    found = mean_of([one, two])
    assert (found.value, found.error) == (pytest.approx(0.6), pytest.approx(0.025))
    assert mean_of([one, Mean(0.7, None)]) == Mean(pytest.approx(0.6), None)
    assert mean_of([one, Mean(None, None)]) == Mean(None, None)
