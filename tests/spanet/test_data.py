import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch
from spanet_toys import DATA, event_of, write_events

from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.core.kinematics import delta_r
from hh4b.spanet import pair_features, prediction, symmetries
from hh4b.spanet.batches import EventStore
from hh4b.spanet.data import read_events
from hh4b.spanet.network import Network, Parts
from hh4b.spanet.options import Options
from hh4b.spanet.prediction import predict
from hh4b.spanet.preparation import set_statistics

SMALL = Options(
    hidden_dim=16, num_encoder_layers=1, num_branch_encoder_layers=1, num_jet_encoder_layers=1,
    num_branch_embedding_layers=1, initial_embedding_dim=16, position_embedding_dim=16,
)  # fmt: skip


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "d.h5"
    shutil.copyfile(DATA / "published" / "test.h5", path)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.__delitem__("INPUTS/Source/pt"), "'INPUTS/Source/pt' is missing"),
        (lambda f: f.__delitem__("INPUTS/Kappa"), "'INPUTS/Kappa/kappa' is missing"),
        (lambda f: f.__delitem__("TARGETS/h2/b1"), "'TARGETS/h2/b1' is missing"),
        (lambda f: f["INPUTS/Source/eta"].__setitem__((3, 1), np.nan), "eta' is nan in event 3"),
        (lambda f: f["INPUTS/Source/pt"].__setitem__((5, 0), -2.0), "pt' is nan in event 5"),
        (lambda f: f["INPUTS/Kappa/kappa"].__setitem__(7, np.inf), "kappa' is inf in event 7"),
        (lambda f: f["INPUTS/Source/pt"].__setitem__((5, 0), 2.0**40), "pt' is 1.* in event 5"),
        (lambda f: f["TARGETS/h1/b2"].__setitem__(4, 10), "b2' is 10 in event 4"),
        (lambda f: f["TARGETS/h1/b2"].__setitem__(4, -3), "b2' is -3 in event 4"),
        (lambda f: f["CLASSIFICATIONS/EVENT/signal"].__setitem__(2, -5), "is -5 in event 2"),
    ],
)
def test_broken_dataset_is_named(broken, change, message):
    with h5py.File(broken, "r+") as file:
        change(file)
    with pytest.raises(ContractError, match=message):
        read_events(broken, event_of("published"))


def test_target_on_padding_and_collision_are_named(broken):
    with h5py.File(broken, "r+") as file:
        real = file["INPUTS/Source/MASK"][()].sum(axis=1)
        row = int(np.argmax(real < 10))
        file["TARGETS/h1/b1"][row] = real[row]
    with pytest.raises(ContractError, match=f"in event {row}, which has no"):
        read_events(broken, event_of("published"))
    with h5py.File(broken, "r+") as file:
        file["TARGETS/h1/b1"][row] = 2
        file["TARGETS/h1/b2"][row] = 2
    with pytest.raises(ContractError, match="twice in"):
        read_events(broken, event_of("published"))


def test_no_hdf5_file(tmp_path):
    (tmp_path / "x.h5").write_text("no")
    with pytest.raises(InputFileError, match="not an HDF5"):
        read_events(tmp_path / "x.h5", event_of("published"))


def network_for(event):
    torch.manual_seed(3)
    return Network(SMALL, event, dict.fromkeys(event.classifications, 2)).eval()


def test_padding_is_never_read(broken):
    event = event_of("published")
    network = network_for(event)
    before = predict(network, read_events(broken, event), vectors=True)
    with h5py.File(broken, "r+") as file:
        padding = ~file["INPUTS/Source/MASK"][()]
        for name in ("pt", "eta", "phi", "mass"):
            values = file[f"INPUTS/Source/{name}"][()]
            values[padding] = np.nan
            file[f"INPUTS/Source/{name}"][...] = values
    after = predict(network, read_events(broken, event), vectors=True)
    np.testing.assert_array_equal(before.jets, after.jets)
    for name, values in before.vectors.items():
        np.testing.assert_array_equal(values, after.vectors[name])


def test_order_of_jets_does_not_matter(broken):
    event = event_of("published")
    network = network_for(event)
    before = predict(network, read_events(broken, event))
    order = np.random.default_rng(0).permutation(10)
    with h5py.File(broken, "r+") as file:
        for name in file["INPUTS/Source"]:
            file[f"INPUTS/Source/{name}"][...] = file[f"INPUTS/Source/{name}"][()][:, order]
    after = predict(network, read_events(broken, event, targets=False))
    np.testing.assert_allclose(
        before.classes["EVENT/signal"], after.classes["EVENT/signal"], atol=1e-5
    )
    for particle in range(2):
        was = np.sort(before.jets[particle], axis=1)
        now = np.sort(order[after.jets[particle]], axis=1)
        assert (was == now).all(axis=1).mean() > 0.98  # ties aside


def test_batch_holds_each_event_once_without_padding(tmp_path):
    event = event_of("published")
    write_events(tmp_path / "t.h5", 101, seed=1)
    events = read_events(tmp_path / "t.h5", event)
    store = EventStore(events, event)
    chosen = np.random.default_rng(0).permutation(101)[:53]
    batch = store.batch(chosen)
    assert sorted(batch.events.tolist()) == sorted(chosen.tolist())
    assert len(batch.order) == int(events.valid[0][chosen].sum()) + 53
    start = 0
    for group in batch.groups:
        for number in batch.events[start : start + group.events].tolist():
            assert events.valid[0][number].sum() == group.sequential
        start += group.events
    flat = torch.cat([f[:, :1] for f in batch.features])[batch.order][:, 0]
    first = batch.groups[0]
    mine = flat[: first.sequential + 1]
    number = int(batch.events[0])
    np.testing.assert_array_equal(mine[:-1], events.features[0][number, events.valid[0][number], 0])
    assert mine[-1] == events.features[1][number, 0, 0]


def test_event_with_too_few_jets_gets_no_second_pair(tmp_path):
    event = event_of("published")
    write_events(tmp_path / "t.h5", 40, seed=2, jets=(0, 1, 2, 3, 4))
    events = read_events(tmp_path / "t.h5", event, targets=False)
    result = predict(network_for(event), events)
    real = events.valid[0].sum(axis=1)
    pairs = np.stack(result.jets, axis=1)
    found = (pairs >= 0).all(axis=2).sum(axis=1)
    np.testing.assert_array_equal(found, real // 2)
    assert ((pairs >= 0).any(axis=2) == (pairs >= 0).all(axis=2)).all()
    np.testing.assert_array_equal(result.assignment_probability.T > 0, (pairs >= 0).all(axis=2))


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_prediction_does_not_depend_on_threads_and_batches(tmp_path, threads):
    event = event_of("published")
    write_events(tmp_path / "t.h5", 300, seed=2, jets=(0, 2, 4, 5, 8, 10))
    events = read_events(tmp_path / "t.h5", event, targets=False)
    network = network_for(event)
    results = []
    for number in (1, 3):
        threads(number)
        results.append(predict(network, events, vectors=True, batch_size=20))
        assert torch.get_num_threads() == number
    one, three = results
    for here, there in zip(one.jets, three.jets, strict=True):
        np.testing.assert_array_equal(here, there)
    np.testing.assert_array_equal(one.assignment_probability, three.assignment_probability)
    np.testing.assert_array_equal(one.detection_probability, three.detection_probability)
    for mine, yours in ((one.classes, three.classes), (one.vectors, three.vectors)):
        assert mine.keys() == yours.keys()
        for name in mine:
            np.testing.assert_array_equal(mine[name], yours[name])
    whole = predict(network, events)
    np.testing.assert_allclose(whole.assignment_probability, one.assignment_probability, atol=1e-5)


def test_every_event_is_in_one_batch_of_about_equal_size():
    lengths = np.random.default_rng(1).integers(0, 11, 1000)
    shares = prediction._shares(lengths, 128)
    np.testing.assert_array_equal(np.sort(np.concatenate(shares)), np.arange(1000))
    vectors = [(lengths[share] + 1).sum() for share in shares]
    assert len(shares) == 8
    assert max(vectors) - min(vectors) <= 22
    assert prediction._shares(lengths[:0], 128) == []


def test_failure_on_a_thread_is_raised(tmp_path, threads):
    event = event_of("published")
    write_events(tmp_path / "t.h5", 100, seed=2)
    network = network_for(event)
    store = EventStore(read_events(tmp_path / "t.h5", event, targets=False), event)

    def fail(*_):
        raise InputFileError("no room")

    threads(2)
    with pytest.raises(InputFileError, match="no room"):
        prediction.on_batches(network, store, Parts(), fail, batch_size=10)
    assert torch.get_num_threads() == 2


def test_global_feature_is_set_and_needed(tmp_path):
    event = event_of("published")
    write_events(tmp_path / "t.h5", 8, seed=2)
    events = read_events(tmp_path / "t.h5", event)
    assert (events.with_feature(event, "Kappa/kappa", 2.5).features[1] == 2.5).all()
    with pytest.raises(ContractError, match="Met/met"):
        events.with_feature(event, "Met/met", 1.0)


def test_turned_events_keep_what_does_not_depend_on_directions(tmp_path):
    event = event_of("published")
    write_events(tmp_path / "t.h5", 300, seed=2)
    events = read_events(tmp_path / "t.h5", event)
    store = EventStore(events, event)

    def jets(store):
        batch = store.batch(np.arange(300))
        return [f.numpy().astype(np.float64) for f in batch.features], batch.groups

    def invariants(features, groups):
        """Log pt, log m, b-tag of every jet, and the distance of all pairs of an event."""
        start, distances = 0, []
        for group in groups:
            n = group.events * group.sequential
            eta, phi = features[start : start + n, 2:4].T.reshape(2, group.events, -1)
            start += n
            distances.append(
                delta_r(eta[:, :, None], phi[:, :, None], eta[:, None], phi[:, None]).ravel()
            )
        return features[:, [0, 1, 4]], np.concatenate(distances)

    (plain, kappa), groups = jets(store)
    store.turn(np.random.default_rng(3))
    (turned, same_kappa), same_groups = jets(store)
    assert groups == same_groups
    np.testing.assert_array_equal(kappa, same_kappa)
    for before, after in zip(invariants(plain, groups), invariants(turned, groups), strict=True):
        np.testing.assert_allclose(before, after, atol=2e-5)
    assert (np.abs(turned[:, 3]) <= np.pi + 1e-6).all()
    assert 0.4 < (turned[:, 2] == plain[:, 2]).mean() < 0.6  # half of the events are mirrored
    np.testing.assert_allclose(np.histogram(turned[:, 3], 4, (-np.pi, np.pi))[0].std(), 0, atol=60)
    store.turn(np.random.default_rng(3))  # from the events as given, not from the turned ones
    np.testing.assert_array_equal(jets(store)[0][0], turned)
    store.turn(np.random.default_rng(4))
    assert not np.allclose(jets(store)[0][0], turned)


def test_feature_that_cannot_be_turned_is_named(tmp_path):
    features = np.zeros((3, 2))
    one = np.ones(3)
    with pytest.raises(ConfigError, match="'sin_phi' cannot be turned"):
        symmetries.apply(features, ["pt", "sin_phi"], symmetries.Symmetry(one, one, one))


def test_pair_features_are_masses_and_distances(tmp_path):
    event = event_of("published")
    write_events(tmp_path / "t.h5", 60, seed=2, jets=(2, 3, 4, 7))
    events = read_events(tmp_path / "t.h5", event)
    names = [f.name for f in event.inputs[0].features]
    with h5py.File(tmp_path / "t.h5") as file:
        source = {n: file[f"INPUTS/Source/{n}"][()].astype(np.float64) for n in names}
    seen = pair_features.add(events, event, 4)
    described = [f.name for f in pair_features.describe(event, 4).inputs[0].features]
    assert described[:5] == names
    assert seen.features[0].shape == (60, 10, len(described)) == (60, 10, 13)
    np.testing.assert_array_equal(seen.features[1], events.features[1])
    np.testing.assert_array_equal(seen.features[0][..., :5], events.features[0])
    for row in range(60):
        real = np.flatnonzero(events.valid[0][row])
        leading = sorted(real, key=lambda jet: -source["pt"][row, jet])[:4]
        for jet in range(10):
            for number in range(4):
                got = [seen.features[0][row, jet, described.index(f"pair_{kind}_{number + 1}")]
                       for kind in ("mass", "delta_r")]  # fmt: skip
                if jet not in real or number >= len(leading):
                    assert got == [0, 0]
                    continue
                pt, eta, phi, mass = (source[n][row, [jet, leading[number]]]
                                      for n in ("pt", "eta", "phi", "mass"))  # fmt: skip
                energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2).sum()
                squared = energy**2 - np.abs((pt * np.exp(1j * phi)).sum()) ** 2
                squared -= (pt * np.sinh(eta)).sum() ** 2
                assert got[0] == pytest.approx(np.log1p(np.sqrt(squared)), rel=1e-4)
                wrapped = np.angle(np.exp(1j * (phi[0] - phi[1])))
                assert got[1] == pytest.approx(np.hypot(eta[0] - eta[1], wrapped), abs=1e-5)


def test_pair_features_are_seen_and_saved(tmp_path):
    event = event_of("published")
    write_events(tmp_path / "t.h5", 50, seed=2)
    events = read_events(tmp_path / "t.h5", event)
    network = Network(SMALL.changed(pair_features=2), event, {"EVENT/signal": 2})
    again = Network.from_configuration(network.configuration())
    again.load_state_dict(network.state_dict())
    for one, other in zip(predict(network, events).jets, predict(again, events).jets, strict=True):
        np.testing.assert_array_equal(one, other)
    set_statistics(network, pair_features.add(events, event, 2))
    assert network.embeddings[0].mean.shape == (9,)
    assert (network.embeddings[0].mean[5:] > 0.5).all()
    assert network.event == event  # files keep the layout of the event file
    with pytest.raises(ConfigError, match="pair_features = 2 needs"):
        pair_features.describe(replace(event, inputs=event.inputs[1:]), 2)


def test_linear_embedding_lets_kappa_through(tmp_path):
    """The layer norm over one feature gives a constant: kappa enters by the residual alone."""
    event = event_of("published")
    write_events(tmp_path / "t.h5", 8, seed=2)
    events = read_events(tmp_path / "t.h5", event)

    def change(embedding):
        torch.manual_seed(0)
        options = SMALL.changed(global_input_embedding=embedding, linear_block_type="basic",
                                normalization="layernorm")  # fmt: skip
        network = Network(options, event, {"EVENT/signal": 2}).eval()
        block = network.embeddings[1].blocks[0]
        return sum(isinstance(m, torch.nn.Identity) for m in block.children())

    gru = SMALL.changed(global_input_embedding="linear")
    names = [type(Network(o, event, {"EVENT/signal": 2}).embeddings[1].blocks[0].normalization)
             for o in (SMALL, gru)]  # fmt: skip
    assert names[0] is not names[1]
    assert change("compatible") == change("linear")  # Basic blocks normalise their output
    parts = Parts(vectors=True)
    with torch.no_grad():
        assert (
            "EVENT"
            in Network(gru, event, {})
            .eval()(EventStore(events, event).batch(np.arange(8)), parts)
            .vectors
        )


@pytest.mark.parametrize("mark", [-9, -99, -999, -9999, np.nan])
def test_other_marks_of_a_missing_target(broken, mark):
    """Files of others mark what is missing in their own way; the result is that of -1."""
    before = read_events(broken, event_of("published"))
    with h5py.File(broken, "r+") as file:
        for name in ("h1/b1", "h1/b2", "h2/b1", "h2/b2"):
            values = file[f"TARGETS/{name}"][()].astype(np.float64)
            del file[f"TARGETS/{name}"]
            values[values == -1] = mark
            kind = np.float32 if np.isnan(mark) else np.int32
            file[f"TARGETS/{name}"] = values.astype(kind)
    after = read_events(broken, event_of("published"))
    for one, other in zip(before.targets, after.targets, strict=True):
        np.testing.assert_array_equal(one, other)
        assert (one == -1).any()
