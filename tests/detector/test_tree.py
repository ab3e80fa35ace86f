import json

import awkward as ak
import numpy as np
import pytest
import uproot

from hh4b.core.files import Provenance
from hh4b.detector.isolation import Leptons
from hh4b.detector.jets import Jets
from hh4b.detector.tree import (
    TreeWriter,
    jagged,
    jet_columns,
    lepton_branch,
    one_per_event,
    particle_branch,
)
from hh4b.detector.truth import Record


def events(n, first=0):
    rng = np.random.default_rng(first)
    jets = np.arange(n) % 3
    offsets = np.concatenate([[0], np.cumsum(jets)])
    px, py, pz = rng.normal(0, 50, (3, offsets[-1]))
    energy = np.sqrt(px**2 + py**2 + pz**2 + 10.0**2)
    clustered = Jets(offsets, px, py, pz, energy, np.zeros(0, np.int64))
    tags = {"BTag": rng.random(offsets[-1]) < 0.5, "Flavor": np.full(offsets[-1], 5)}
    none = Leptons(np.zeros(n + 1, np.int64), *[np.zeros(0)] * 3, *[np.zeros(0, np.int64)] * 2)
    links = np.zeros((2, n), np.int32) - 1
    record = Record(
        np.arange(n + 1), np.full(n, 21, np.int32), np.full(n, 21, np.int32), links, links,
        np.tile([[0.0], [0.0], [-5.0], [5.0]], n), np.zeros(n),
    )  # fmt: skip
    return {
        "Event": one_per_event({"Number": first + np.arange(n), "Weight": rng.random(n)}),
        "Particle": particle_branch(record),
        "Jet": jagged(offsets, {**jet_columns(clustered), **tags}),
        "GenJet": jagged(offsets, jet_columns(clustered)),
        "Electron": lepton_branch(none),
        "Muon": lepton_branch(none),
        "MissingET": one_per_event({"MET": rng.random(n), "Phi": rng.random(n)}),
    }


@pytest.mark.parametrize("gen_jets", [True, False])
def test_what_is_written_is_read(tmp_path, gen_jets):
    path = tmp_path / "out.root"
    blocks = [events(1500), events(0), events(700, first=1500), events(5, first=2200)]
    with TreeWriter(path, gen_jets=gen_jets) as writer:
        for block in blocks:
            writer.append(block)
        writer.set_provenance(Provenance("simulate", {}, 1, {"n_generated": 9}))
    assert writer.n_written == 2205
    with uproot.open(path) as file:
        arrays = file["Delphes"].arrays()
        assert json.loads(str(file["hh4b"]))["counts"] == {"n_generated": 9}
    assert ("GenJet.PT" in arrays.fields) == gen_jets
    for name in ("PT", "Eta", "Phi", "Mass", "BTag", "Flavor"):
        written = ak.concatenate([block["Jet"][name] for block in blocks])
        assert ak.num(arrays[f"Jet.{name}"]).tolist() == ak.num(written).tolist()
        flat = ak.flatten(arrays[f"Jet.{name}"]).to_numpy()
        assert flat == pytest.approx(ak.flatten(written).to_numpy().astype(float), rel=1e-6)
    assert arrays["Jet_size"].tolist() == ak.num(arrays["Jet.PT"]).tolist()
    assert arrays["Event.Number"].tolist() == [[i] for i in range(2205)]
    assert ak.flatten(arrays["Event.Weight"]).to_numpy().dtype == np.float64
    assert arrays["Particle.Eta"][0, 0] == pytest.approx(-999.9)
    assert arrays["Particle.M1"][0, 0] == -1


def test_a_tree_without_events_is_a_tree(tmp_path):
    path = tmp_path / "empty.root"
    with TreeWriter(path, gen_jets=False) as writer:
        writer.append(events(0))
        writer.set_provenance(Provenance("simulate", {}))
    with uproot.open(path) as file:
        assert file["Delphes"].num_entries == 0
        assert "Jet.PT" in file["Delphes"].keys()  # noqa: SIM118 - uproot trees are no dicts


def test_a_failure_leaves_nothing_behind(tmp_path):
    path = tmp_path / "out.root"
    path.write_text("the last good run")
    with pytest.raises(RuntimeError, match="in the middle"), TreeWriter(path, gen_jets=False) as w:
        w.append(events(2100))
        raise RuntimeError("in the middle")
    assert path.read_text() == "the last good run"
    assert [p.name for p in tmp_path.iterdir()] == ["out.root"]


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    from hh4b.core.errors import InputFileError

    path = tmp_path / "out.root"
    writer = TreeWriter(path, gen_jets=False)
    with pytest.raises(InputFileError, match=r"out\.root.*No space left"), writer as opened:

        def full(*args, **kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(opened._tree, "extend", full)
        opened.append(events(30))
    assert list(tmp_path.iterdir()) == []
