"""min-dR pairing: hand-worked event, brute force, invariances, files."""

import importlib.util
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hh4b.core.contracts import PAIRING, read_attributes, read_table
from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.kinematics import add, delta_phi, delta_r, from_pt_eta_phi_mass, transverse_momentum
from hh4b.pairing.min_dr import _delta_phi, pair_min_dr
from hh4b.pairing.pairing_stage import pair_file
from hh4b.pairing.settings import PairSettings

MIN_DR = PairSettings(method="min_dr")
REFERENCE = Path(__file__).parents[1] / "reference" / "min_dr_brute_force.py"


def load_reference():
    spec = importlib.util.spec_from_file_location("min_dr_brute_force", REFERENCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_jets(seed, n_events=2000, n_jets=7):
    """Ragged events with some untagged jets; the padding is not a number."""
    rng = np.random.default_rng(seed)
    pt = -np.sort(-rng.exponential(60, (n_events, n_jets)) - 40, axis=1)
    eta, phi = rng.uniform(-2.5, 2.5, pt.shape), rng.uniform(-np.pi, np.pi, pt.shape)
    valid = np.arange(n_jets) < rng.integers(2, n_jets + 1, n_events)[:, None]
    btag = (rng.random(pt.shape) < 0.8).astype(np.float32)
    for array in (pt, eta, phi, btag):
        array[~valid] = np.nan
    return [a.astype(np.float32) for a in (pt, eta, phi)] + [btag, valid]


def unordered(pairs):
    return [{frozenset(pair) for pair in event} for event in pairs.tolist()]


def test_hand_worked_event():
    # Jets 0 and 2 are 0.5 apart but so are 1 and 3; only the leading pair counts. The pair (0, 2)
    # has a pT of about 155 GeV, (1, 3) of about 135: dR = 0.5; (0, 1) is 3.0 apart.
    pt = np.array([[90.0, 80.0, 70.0, 60.0]])
    eta = np.zeros((1, 4))
    phi = np.array([[0.0, 3.0, 0.5, 2.5]])
    yes = np.ones((1, 4), bool)
    assert pair_min_dr(pt, eta, phi, yes, yes).tolist() == [[[0, 2], [1, 3]]]


def test_leading_is_by_vector_sum_not_scalar_sum():
    # Scalar: (0, 1) leads with 190 GeV. As vectors 0 and 1 cancel, so (2, 3) leads there.
    pt = np.array([[100.0, 90.0, 50.0, 45.0]])
    eta = np.zeros((1, 4))
    phi = np.array([[0.0, np.pi - 0.01, 1.5, 1.4]])
    yes = np.ones((1, 4), bool)
    assert pair_min_dr(pt, eta, phi, yes, yes).tolist() == [[[2, 3], [0, 1]]]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_equals_brute_force(seed):
    jets = random_jets(seed)
    brute = load_reference()
    expected = [brute.pair(*(a[i] for a in jets)) for i in range(len(jets[0]))]
    got = pair_min_dr(*jets)
    assert got.tolist() == expected
    paired = got[:, 0, 0] >= 0
    assert 300 < paired.sum() < 1900
    assert got.dtype == np.int8


def test_agrees_with_the_kinematics_library():
    jets = random_jets(5, 500, 4)
    paired = (jets[3] * jets[4]).sum(axis=1) == 4
    pt, eta, phi = (a[paired].astype(np.float64) for a in jets[:3])
    got = pair_min_dr(*(a[paired] for a in jets)).astype(int)
    leading = []
    for pairs in (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))):
        size, distance = [], []
        for a, b in pairs:
            both = (
                from_pt_eta_phi_mass(pt[:, j], eta[:, j], phi[:, j], 0 * pt[:, j]) for j in (a, b)
            )
            size.append(transverse_momentum(add(*both)))
            distance.append(delta_r(eta[:, a], phi[:, a], eta[:, b], phi[:, b]))
        leading.append(np.where(size[0] >= size[1], distance[0], distance[1]))
    rows = np.arange(len(got))
    first, second = got[:, 0, 0], got[:, 0, 1]
    chosen = delta_r(eta[rows, first], phi[rows, first], eta[rows, second], phi[rows, second])
    assert len(rows) > 20
    np.testing.assert_allclose(chosen, np.min(leading, axis=0), rtol=1e-9)


def test_compiled_angle_is_the_one_of_the_kinematics_room():
    phi = np.random.default_rng(3).uniform(-10, 10, (2, 1000))
    phi[:, :3] = [[np.pi, -np.pi, 0], [-np.pi, np.pi, 0]]
    compiled = [_delta_phi(one, two) for one, two in phi.T.tolist()]
    np.testing.assert_array_equal(compiled, delta_phi(*phi))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), angle=st.floats(-10, 10))
def test_rotation_and_reflection_change_nothing(seed, angle):
    jets = [a.astype(np.float64) for a in random_jets(seed, 40)[:3]]
    btag, valid = random_jets(seed, 40)[3:]
    pt, eta, phi = jets
    expected = pair_min_dr(pt, eta, phi, btag, valid).tolist()
    rotated = np.remainder(phi + angle + np.pi, 2 * np.pi) - np.pi
    assert pair_min_dr(pt, eta, rotated, btag, valid).tolist() == expected
    assert pair_min_dr(pt, -eta, phi, btag, valid).tolist() == expected
    assert pair_min_dr(pt, eta, -phi, btag, valid).tolist() == expected


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_order_and_padding_change_nothing(seed, data):
    jets = random_jets(seed, 40)
    expected = unordered(pair_min_dr(*jets))
    order = np.array(data.draw(st.permutations(range(7))))
    shuffled = pair_min_dr(*(a[:, order] for a in jets))
    back = np.where(shuffled >= 0, order[shuffled], -1)
    assert unordered(back) == expected
    wider = [np.pad(a, ((0, 0), (0, 3))) for a in jets]
    assert pair_min_dr(*wider).tolist() == pair_min_dr(*jets).tolist()


@pytest.fixture
def published(tmp_path):
    """A file in the layout of the published datasets: no group HH4B."""
    pt, eta, phi, btag, valid = (np.where(np.isnan(a), 0, a) for a in random_jets(8, 300, 10))
    path = tmp_path / "hh4b_nonresonant_test.h5"
    with h5py.File(path, "w") as file:
        source = file.create_group("INPUTS/Source")
        columns = {"pt": pt, "eta": eta, "phi": phi, "mass": 0 * pt + 5, "btag": btag}
        for name, values in columns.items():
            source[name] = values.astype(np.float32)
        source["MASK"] = valid.astype(bool)
        file["INPUTS/Kappa/kappa"] = np.ones(300, np.float32)
        for name in ("h1/b1", "h1/b2", "h2/b1", "h2/b2"):
            file[f"TARGETS/{name}"] = np.full(300, -1)
        file["CLASSIFICATIONS/EVENT/signal"] = np.ones(300, np.int64)
    return path


def test_published_files_are_paired(published, tmp_path):
    output = tmp_path / "pairing.h5"
    paired = pair_file(published, output, MIN_DR)
    jets = read_table(output, PAIRING)["jets"]
    assert len(jets) == 300
    assert paired == (jets[:, 0, 0] >= 0).sum() > 100
    assert read_attributes(output)["method"] == "min_dr"


def test_bad_datasets_are_refused(published, tmp_path):
    output = tmp_path / "pairing.h5"
    with pytest.raises(InputFileError, match=r"no\.h5"):
        pair_file(tmp_path / "no.h5", output, MIN_DR)
    with h5py.File(published, "a") as file:
        file["INPUTS/Source/eta"][5, 0] = np.nan
    with pytest.raises(ContractError, match="INPUTS/Source/eta"):
        pair_file(published, output, MIN_DR)
    with h5py.File(published, "a") as file:
        del file["INPUTS/Source/btag"]
    with pytest.raises(ContractError, match="INPUTS/Source/btag"):
        pair_file(published, output, MIN_DR)
    assert not output.exists()
