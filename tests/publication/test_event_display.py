"""Which events are displayed, and what is drawn of them."""

import json

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.patches import Circle

from hh4b.core import contracts
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.publication.catalogue import default_settings
from hh4b.publication.displayed_event import read_events, typical
from hh4b.publication.inputs import Inputs
from hh4b.publication.registry import function_of
from hh4b.publication.style import FigureStyle

FAST = FigureStyle(dpi=60)


@pytest.fixture
def files(tmp_path):
    """Six events of four jets at right angles and a fifth; masses grow with the row."""
    n, jets = 6, 6
    mask = np.arange(jets)[None, :] < np.full((n, 1), 5)
    pt = np.zeros((n, jets))
    pt[:, :5] = (50.0 + 10 * np.arange(n))[:, None] * np.array([4.0, 3.0, 2.0, 1.0, 0.9])
    eta, phi = np.zeros((n, jets)), np.zeros((n, jets))
    phi[:, :4] = np.array([0.0, 0.5, np.pi, -2.6])
    targets = np.tile([0, 1, 2, 3], (n, 1))
    # The last event is not fully matched: it is never shown.
    targets[5, 3] = -1
    arrays = {
        "INPUTS/Source/MASK": mask, "INPUTS/Source/pt": pt, "INPUTS/Source/eta": eta,
        "INPUTS/Source/phi": phi, "INPUTS/Source/mass": np.zeros((n, jets)),
        "INPUTS/Source/btag": np.ones((n, jets)), "INPUTS/Kappa/kappa": np.ones(n),
        "CLASSIFICATIONS/EVENT/signal": np.ones(n, int),
        "HH4B/met": np.full(n, 30.0), "HH4B/met_phi": np.full(n, 1.5),
        **{f"TARGETS/h{h}/b{q}": targets[:, 2 * (h - 1) + q - 1] for h in (1, 2) for q in (1, 2)},
    }  # fmt: skip
    dataset, pairing = tmp_path / "d.h5", tmp_path / "p.h5"
    attributes = {
        "sum_weights_generated": 1.0, "n_generated": 10, "cutflow": json.dumps({}),
    }  # fmt: skip
    contracts.write_table(
        dataset, contracts.DATASET, arrays, Provenance("ingest", {}), **attributes
    )
    paired = np.array([
        [[3, 2], [1, 0]],  # right, whatever the order
        [[0, 1], [2, 3]],  # right
        [[0, 1], [2, 3]],  # right
        [[0, 2], [1, 3]],  # wrong
        [[-1, -1], [-1, -1]],  # none: neither right nor wrong
        [[0, 2], [1, 3]],
    ])  # fmt: skip
    contracts.write_table(
        pairing, contracts.PAIRING, {"jets": paired.astype(np.int8)}, Provenance("pair", {})
    )
    return dataset, pairing


def draw(texts, **changes):
    settings = default_settings("figure", "event_display").model_copy(update=changes)
    with mpl.rc_context(FAST.rc()):
        inputs = Inputs.parse("figure event_display", texts)
        figure = function_of(settings.kind, "figure")(inputs, settings, FAST)
        figure.canvas.draw()
    return figure


def test_the_median_is_shown_and_not_a_chosen_one():
    values = np.array([5.0, 1.0, 9.0, 3.0, 3.0])
    assert typical(values, np.array([True] * 5)) == 4
    assert typical(values, np.array([True, True, True, False, False])) == 0
    assert typical(values, np.array([True, False, True, False, False])) == 0
    assert typical(values, np.zeros(5, bool)) is None


def test_right_and_wrong_events_by_hand(files):
    right, wrong = read_events(*files)
    assert (right.row, wrong.row) == (1, 3)
    np.testing.assert_allclose(right.pt, 60 * np.array([4, 3, 2, 1, 0.9]))
    assert right.truth.tolist() == [0, 0, 1, 1, -1]
    # The pair of larger pT is the first candidate.
    assert right.candidate.tolist() == [0, 0, 1, 1, -1]
    # Massless jets at eta = 0: m^2 = 2 pT pT' (1 - cos).
    wanted = np.sqrt(2 * 240 * 180 * (1 - np.cos(0.5)))
    assert right.masses[0] == pytest.approx(wanted, rel=1e-5)
    assert right.missing == pytest.approx((30, 1.5))
    # Jets 0 and 2 point away from each other, jets 1 and 3 nearly so.
    assert wrong.truth.tolist() == [0, 0, 1, 1, -1]
    # By pT: 320 - 160 of jets 0 and 2 against the sum of jets 1 and 3.
    sums = abs(320 - 160), abs(240 * np.exp(0.5j) + 80 * np.exp(-2.6j))
    assert sums[0] < sums[1]
    assert wrong.candidate.tolist() == [1, 0, 1, 0, -1]


def test_jets_stand_where_they_are_and_are_named(files):
    dataset, pairing = files
    figure = draw([f"dataset={dataset}", f"min_dr={pairing}"], sqrt_s_tev=13.0)
    (plane, across, plane_of_wrong, _) = figure.axes
    inside = [p for p in plane.patches if isinstance(p, Circle) and -np.pi <= p.center[1] <= np.pi]
    assert (
        sorted(round(p.center[1], 4) for p in inside)
        == pytest.approx(sorted([0.0, 0.5, -np.pi, -2.6, 0.0]), abs=1e-3)
        or len(inside) == 6
    )
    texts = [text.get_text() for text in plane.texts]
    assert [t for t in texts if "\n" in t] == ["a\n240", "a\n180", "b\n120", "b\n60"]
    assert "54" in texts
    assert "min dr: right" in texts
    assert "min dr: wrong" in [text.get_text() for text in plane_of_wrong.texts]
    tips = [a.xy for a in across.texts if getattr(a, "arrow_patch", None) is not None]
    np.testing.assert_allclose(tips[0], [240, 0], atol=1e-3)
    np.testing.assert_allclose(tips[2], [-120, 0], atol=1e-3)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[:2] == ["candidate $H_1$", "candidate $H_2$"]
    assert "miss" in names[-1]


def test_an_event_that_does_not_exist_is_said(files, tmp_path):
    dataset, _ = files
    paired = np.tile(np.array([[0, 1], [2, 3]], dtype=np.int8), (6, 1, 1))
    contracts.write_table(
        tmp_path / "all.h5", contracts.PAIRING, {"jets": paired}, Provenance("pair", {})
    )
    figure = draw([f"dataset={dataset}", f"min_dr={tmp_path}/all.h5"])
    assert "no such event" in [text.get_text() for text in figure.axes[2].texts]


def test_files_that_do_not_belong_together_are_refused(files, tmp_path):
    dataset, pairing = files
    contracts.write_table(
        tmp_path / "few.h5", contracts.PAIRING, {"jets": np.zeros((2, 2, 2), np.int8)},
        Provenance("pair", {}),
    )  # fmt: skip
    with pytest.raises(ContractError, match="has 2 events, .* has 6"):
        read_events(dataset, tmp_path / "few.h5")
    with pytest.raises(ConfigError, match="wants one pairing beside 'dataset', has 2"):
        draw([f"dataset={dataset}", f"a={pairing}", f"b={pairing}"])
