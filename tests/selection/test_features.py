"""High-level observables: hand-worked values, a slow loop, symmetries, files."""

import math

import h5py
import numpy as np
import pytest

from hh4b.core.contracts import DATASET, FEATURES, PAIRING, read_attributes, read_table, write_table
from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance
from hh4b.pairing.jets import KeptJets
from hh4b.selection.candidates import build_candidates
from hh4b.selection.feature_stage import iterate_jets, write_features
from hh4b.selection.features import COLUMNS, JET_COLUMNS, EventObservables, compute_features
from hh4b.selection.settings import FeatureSettings

N, J = 41, 7
FULL, BARE = FeatureSettings(), FeatureSettings(event_observables=False)


@pytest.fixture
def events():
    """Random ragged events whose padding is NaN, with random pairings."""
    rng = np.random.default_rng(11)
    n_real = rng.integers(4, J + 1, N)
    valid = np.arange(J) < n_real[:, None]

    def field(low, high):
        return np.where(valid, rng.uniform(low, high, (N, J)), np.nan).astype(np.float32)

    jets = KeptJets(
        valid, field(40, 200), field(-2.5, 2.5), field(-3.14, 3.14), field(4, 20), field(0, 1)
    )
    pairing = np.stack([rng.permutation(n)[:4].reshape(2, 2) for n in n_real]).astype(np.int8)
    event = EventObservables(
        rng.uniform(0, 90, N), rng.uniform(-3, 3, N), rng.integers(0, 3, N), rng.integers(0, 3, N)
    )
    return jets, pairing, event


def slow_row(jets, event, number, pairing):
    """Return the columns of one event by plain arithmetic, written without the library."""

    def four(jet):
        pt, eta, phi, mass = (
            float(f[number, jet]) for f in (jets.pt, jets.eta, jets.phi, jets.mass)
        )
        x, y, z = pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta)
        return np.array([math.sqrt(x * x + y * y + z * z + mass * mass), x, y, z])

    def mass_of(p):
        return math.sqrt(p[0] ** 2 - p[1] ** 2 - p[2] ** 2 - p[3] ** 2)

    candidates = []
    for pair in pairing:
        one, two = sorted((int(jet) for jet in pair), key=lambda jet: -jets.pt[number, jet])
        total = four(one) + four(two)
        pt = math.sqrt(total[1] ** 2 + total[2] ** 2)
        turn = math.atan2(
            math.sin(jets.phi[number, one] - jets.phi[number, two]),
            math.cos(jets.phi[number, one] - jets.phi[number, two]),
        )
        distance = math.sqrt((jets.eta[number, one] - jets.eta[number, two]) ** 2 + turn**2)
        eta = -math.log(math.tan(0.5 * math.atan2(pt, total[3])))
        values = [pt, eta, math.atan2(total[2], total[1]), mass_of(total)]
        tags = [float(jets.btag[number, one]), float(jets.btag[number, two])]
        candidates.append((values, distance, tags, total))
    candidates.sort(key=lambda candidate: -candidate[0][0])
    both = candidates[0][3] + candidates[1][3]
    return [
        *candidates[0][0],
        *candidates[1][0],
        candidates[0][1],
        candidates[1][1],
        *(float(field[number]) for field in event),
        *candidates[0][2],
        *candidates[1][2],
        math.sqrt(both[1] ** 2 + both[2] ** 2),
        mass_of(both),
    ]


def test_columns_are_the_twenty_of_the_contract_in_order():
    text = (
        "h1_pt h1_eta h1_phi h1_mass h2_pt h2_eta h2_phi h2_mass h1_delta_r h2_delta_r met met_phi"
        " n_electrons n_muons h1_b1_btag h1_b2_btag h2_b1_btag h2_b2_btag hh_pt hh_mass"
    )
    assert " ".join(COLUMNS) == text


def test_fast_code_agrees_with_a_slow_loop(events):
    jets, pairing, event = events
    fast = compute_features(jets, pairing, event)
    slow = [slow_row(jets, event, number, pairing[number]) for number in range(N)]
    np.testing.assert_allclose(fast, slow, rtol=2e-5, atol=2e-5)


def test_masses_of_a_symmetric_event():
    # Two pairs of massless jets with |p| = 60 GeV at right angles around the beam: each pair has
    # m = sqrt(2) 60 GeV, and the four of them m = 240 GeV at rest.
    ones = np.ones((1, 4))
    phi = np.array([[0.0, 0.5, 1.0, 1.5]]) * np.pi - 1.0
    jets = KeptJets(ones > 0, 60 * ones, 0 * ones, phi, 0 * ones, ones)
    row = compute_features(jets, np.array([[[0, 1], [2, 3]]]), None)[0]
    named = dict(zip(JET_COLUMNS, row.tolist(), strict=True))
    assert named["h1_mass"] == pytest.approx(math.sqrt(2) * 60, rel=1e-6)
    assert named["h1_pt"] == pytest.approx(math.sqrt(2) * 60, rel=1e-6)
    assert named["h2_delta_r"] == pytest.approx(math.pi / 2, rel=1e-6)
    assert named["hh_mass"] == pytest.approx(240.0, rel=1e-6)
    assert named["hh_pt"] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize(
    "swap", [lambda p: p[:, ::-1], lambda p: p[:, :, ::-1], lambda p: p[:, ::-1, ::-1]]
)
def test_order_of_higgs_and_products_does_not_matter(events, swap):
    jets, pairing, event = events
    expected = compute_features(jets, pairing, event)
    np.testing.assert_array_equal(compute_features(jets, swap(pairing), event), expected)
    assert (expected[:, 0] >= expected[:, 4]).all()


def test_rotation_about_the_beam_changes_only_azimuths(events):
    jets, pairing, event = events
    before = compute_features(jets, pairing, event)
    turned = jets._replace(phi=(jets.phi + 2.0 + np.pi) % (2 * np.pi) - np.pi)
    after = compute_features(turned, pairing, event)
    for number, name in enumerate(COLUMNS):
        change = after[:, number] - before[:, number]
        if name in ("h1_phi", "h2_phi"):
            np.testing.assert_allclose(np.cos(change - 2.0), 1.0, atol=1e-6)
        else:
            np.testing.assert_allclose(change, 0.0, atol=2e-3)


def test_events_without_pairing_are_rows_of_nan(events):
    jets, pairing, event = events
    expected = compute_features(jets, pairing, event)
    pairing = pairing.copy()
    pairing[3], pairing[5, 1, 0] = -1, -1
    features = compute_features(jets, pairing, event)
    assert np.isnan(features[[3, 5]]).all()
    others = np.delete(np.arange(N), [3, 5])
    np.testing.assert_array_equal(features[others], expected[others])
    assert compute_features(jets, np.full_like(pairing, -1), event).shape == (N, 20)


def test_candidates_of_no_event(events):
    jets, pairing, event = events
    empty = KeptJets(*(field[:0] for field in jets))
    assert build_candidates(empty, pairing[:0]).pt.shape == (2, 0)
    none = EventObservables(*(field[:0] for field in event))
    assert compute_features(empty, pairing[:0], none).shape == (0, 20)


@pytest.mark.parametrize(
    ("indices", "words"),
    [
        ([[0, 1], [2, J]], f"event 102 names jet {J} of {J}"),
        ([[0, 1], [2, 2]], "event 102 .* used once"),
        ([[0, 1], [1, 2]], "event 102 .* used once"),
        ([[0, 1], [2, J - 1]], "event 102 .* real jet"),
    ],
)
def test_impossible_pairings_are_named(events, indices, words):
    jets, pairing, event = events
    jets.valid[2, J - 1] = False
    pairing[2] = indices
    with pytest.raises(ContractError, match=words):
        compute_features(jets, pairing, event, first_row=100)


def test_file_has_names_units_and_counts(samples):
    sample = samples[1.0]
    attributes = read_attributes(sample.features)
    assert tuple(attributes["columns"]) == COLUMNS
    assert attributes["units"][COLUMNS.index("hh_mass")] == "GeV"
    features = read_table(sample.features, FEATURES)["features"]
    assert features.shape == (600, 20)
    assert '"n_paired": 588' in attributes["provenance"]
    assert np.isnan(features[49]).all()
    mass = np.nanmedian(features[:, COLUMNS.index("h1_mass")])
    assert 100 < mass < 140


def test_file_does_not_depend_on_chunks(samples, monkeypatch, tmp_path):
    sample = samples[5.0]

    def small_chunks(*paths):
        return iterate_jets(*paths, chunk_rows=97)

    monkeypatch.setattr("hh4b.selection.feature_stage.iterate_jets", small_chunks)
    write_features(sample.dataset, sample.pairing, tmp_path / "f.h5", FULL)
    one = read_table(sample.features, FEATURES)["features"]
    np.testing.assert_array_equal(read_table(tmp_path / "f.h5", FEATURES)["features"], one)


def copy_dataset(source, target, drop=(), rows=None):
    columns = read_table(source, DATASET)
    kept = {name: array[:rows] for name, array in columns.items() if name not in drop}
    write_table(target, DATASET, kept, Provenance("test", {}))
    return target


def test_dataset_without_met_is_refused_by_name_unless_allowed(samples, tmp_path):
    sample = samples[1.0]
    bare = copy_dataset(sample.dataset, tmp_path / "bare.h5", drop=("HH4B/met", "HH4B/n_muons"))
    output = tmp_path / "f.h5"
    with pytest.raises(ContractError, match=r"bare.h5: column 'HH4B/met' .*--no-event-obs"):
        write_features(bare, sample.pairing, output, FULL)
    assert not output.exists()
    write_features(bare, sample.pairing, output, BARE)
    assert tuple(read_attributes(output)["columns"]) == JET_COLUMNS
    full = read_table(sample.features, FEATURES)["features"]
    chosen = [COLUMNS.index(name) for name in JET_COLUMNS]
    np.testing.assert_array_equal(read_table(output, FEATURES)["features"], full[:, chosen])


def test_dataset_without_events_gives_a_file_without_rows(samples, tmp_path):
    sample = samples[1.0]
    empty = copy_dataset(sample.dataset, tmp_path / "d.h5", rows=0)
    pairing = {"jets": np.zeros((0, 2, 2), np.int8)}
    write_table(tmp_path / "p.h5", PAIRING, pairing, Provenance("test", {}))
    write_features(empty, tmp_path / "p.h5", tmp_path / "f.h5", FULL)
    assert read_table(tmp_path / "f.h5", FEATURES)["features"].shape == (0, 20)


def test_bad_files_end_in_one_clear_line(samples, tmp_path):
    sample, output = samples[1.0], tmp_path / "f.h5"
    short = copy_dataset(sample.dataset, tmp_path / "short.h5", rows=599)
    with pytest.raises(ContractError, match=r"pairs 600 events, .*short.h5 has 599"):
        write_features(short, sample.pairing, output, FULL)
    with pytest.raises(InputFileError, match="no such file"):
        write_features(sample.dataset, tmp_path / "none.h5", output, FULL)
    with pytest.raises(ContractError, match="'jets' is missing"):
        write_features(sample.dataset, sample.features, output, FULL)
    with pytest.raises(ContractError, match=r"'INPUTS/Source/MASK' is missing"):
        write_features(sample.features, sample.pairing, output, BARE)
    cut = tmp_path / "cut.h5"
    cut.write_bytes(sample.dataset.read_bytes()[:3000])
    with pytest.raises(InputFileError, match="truncated"):
        write_features(cut, sample.pairing, output, FULL)
    assert not output.exists()


def test_nan_in_a_chosen_jet_names_file_and_event(samples, tmp_path):
    sample = samples[1.0]
    broken = copy_dataset(sample.dataset, tmp_path / "broken.h5")
    with h5py.File(broken, "r+") as file:
        pt = file["INPUTS/Source/pt"]
        pt[7] = np.nan
    with pytest.raises(ContractError, match=r"broken.h5.*event 7"):
        write_features(broken, sample.pairing, tmp_path / "f.h5", FULL)
