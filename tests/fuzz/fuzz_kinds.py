"""Kinds of files that are read: good ones, how they are damaged, and who reads them."""

import gzip
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fuzz_changes as change
import numpy as np

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
ROWS = 60


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        suffix: of its name.
        good: bytes of a file that is whole.
        damage: writes a damaged file; returns whether no reader may take it.
        read: what reads it.
    """

    suffix: str
    good: bytes
    damage: Callable[[np.random.Generator, Path], bool]
    read: Callable[[Path], Any]


def _of_bytes(data, damage):
    """Return a damage that may leave a good file."""

    def write(rng, path):
        path.write_bytes(damage(rng, data))
        return False

    return write


# Les Houches: place of a word in an event (line, word), and what it may not be.
_LHE_BEYOND = (
    *((line, word, value) for line, word in ((0, 2), (0, 3), (0, 5), (2, 6), (3, 9), (4, 10))
      for value in ("nan", "inf", "-inf", "1e999", "x", "1_0")),
    (3, 9, "-7.0"), (3, 2, "99"), (3, 3, "-2"), (2, 1, "17"), (3, 0, "5.5"), (4, 4, "1e300"),
    (0, 0, "1"), (0, 0, "0"), (0, 0, "-4"), (0, 0, "1" + "0" * 20), (0, 0, "7"),
)  # fmt: skip


def lhe(_folder):
    """Les Houches events, plain and gzipped."""
    from hh4b.generation.lhe import read_lhe

    data = gzip.decompress((TESTS / "data/hh_toy.lhe.gz").read_bytes())

    def damage(rng, path):
        kind = int(rng.integers(6))
        if kind <= 2:
            path.write_bytes(
                (change.damage_text, change.damage_text, change.damage_zipped)[kind](rng, data)
            )
            return False
        events = data.split(b"<event>\n")
        place = 1 + int(rng.integers(len(events) - 1))
        if kind == 3:  # two events become one
            events[place] = events[place].replace(b"</event>\n", b"")
        elif kind == 4:  # a line of a particle is lost
            lines = events[place].split(b"\n")
            del lines[1 + int(rng.integers(4))]
            events[place] = b"\n".join(lines)
        else:
            line, word, value = _LHE_BEYOND[int(rng.integers(len(_LHE_BEYOND)))]
            lines = events[place].split(b"\n")
            words = lines[line].split()
            words[word] = value.encode()
            lines[line] = b" ".join(words)
            events[place] = b"\n".join(lines)
        path.write_bytes(b"<event>\n".join(events))
        return True

    return Kind(".lhe", data, damage, read_lhe)


HEPMC = (
    """HepMC::Version 3.02.05
HepMC::Asciiv3-START_EVENT_LISTING
W Weight
"""
    + "".join(
        f"""E {number} 2 6
U GEV MM
W 1.0
A 0 alphaQED 0.0075
P 1 0 2212 0 0 6500 6500 0.938 4
V -1 0 [1] @ 0.1 0.2 -0.3 0.4
P 2 -1 5 3.0 4.0 -1.0 5.1 4.7 23
P 3 4 21 1 2 3 4 0 51
P 4 2 511 1.0 0 0 5.3 5.279 2
V -2 0 [4]
P 5 -2 211 0.05 0.06 0.07 0.18 0.14 2
P 6 5 -13 1.0 0 0 1.006 0.106 1
"""
        for number in range(4)
    )
    + "HepMC::Asciiv3-END_EVENT_LISTING\n"
)


HEPMC2 = (
    """HepMC::Version 2.06.09
HepMC::IO_GenEvent-START_EVENT_LISTING
"""
    + "".join(
        f"""E {number} -1 -1 0.1 0.0075 9999 0 3 1 0 0 2 1.0 0.5
N 2 "nominal" "scale up"
U MEV CM
C 12.5 0.1
V -1 0 0.1 0.2 -0.3 0.4 1 2 0
P 1 2212 0 0 6500e3 6500e3 938 4 0 0 -1 0
P 2 5 3000 4000 -1000 5100 4700 23 0 0 0 1 1 501
P 3 511 100 0 0 5300 5279 2 0 0 -2 0
V -2 0 0 0 0 0 0 1 0
P 4 211 50 60 70 180 140 2 0 0 -3 0
V -3 0 0 0 0 0 0 1 0
P 5 -13 1000 0 0 1006 106 1 0 0 0 0
"""
        for number in range(4)
    )
    + "HepMC::IO_GenEvent-END_EVENT_LISTING\n"
)


def hepmc(_folder):
    """Text of HepMC3, plain and packed, particles and weights."""
    return _hepmc(HEPMC, 4)


def hepmc2(_folder):
    """Text of HepMC2, plain and packed, particles and weights."""
    return _hepmc(HEPMC2, 3)


def _hepmc(text, momentum):
    """Return a kind of HepMC; the momentum begins at this word of a particle."""
    import zstandard

    from hh4b.simulation.generator_input import read_generator_events
    from hh4b.simulation.hepmc_weights import survey

    data = text.encode()

    def damage(rng, path):
        kind = int(rng.integers(5))
        if kind <= 1:
            path.write_bytes((change.damage_text, change.damage_zipped)[kind](rng, data))
            return False
        if kind == 2:
            path.write_bytes(change.damage_bytes(rng, zstandard.compress(data)))
            return False
        lines = data.split(b"\n")
        particles = [i for i, line in enumerate(lines) if line.startswith(b"P ")]
        place = particles[int(rng.integers(len(particles)))]
        if kind == 3:
            del lines[place]
        else:
            words = lines[place].split()
            wrong = (b"nan", b"inf", b"1e999", b"x", b"1_0")
            words[int(rng.integers(momentum, momentum + 4))] = wrong[int(rng.integers(len(wrong)))]
            lines[place] = b" ".join(words)
        path.write_bytes(b"\n".join(lines))
        return True

    def read(path):
        survey(path, None, None)
        read_generator_events(path)

    return Kind(".hepmc", data, damage, read)


def delphes(folder):
    """Delphes trees: bytes, and branches that are missing, misshapen or beyond meaning."""
    import awkward as ak
    import uproot

    from hh4b.events.ingest_stage import ingest
    from hh4b.events.settings import IngestSettings

    source = TESTS / "data/delphes_slice.root"
    data = source.read_bytes()
    branches: dict[str, dict[str, Any]] = {}
    with uproot.open(source) as file:
        tree = file["Delphes"]
        for name in (n for n in tree.keys(full_paths=False) if "." in n):
            branch, leaf = name.split(".")
            branches.setdefault(branch, {})[leaf] = tree[name].array()[:20]
    settings = IngestSettings(sample="hh", kappa_lambda=1.0, min_tags=0)

    def rebuilt(rng, path):
        chosen = {branch: dict(leaves) for branch, leaves in branches.items()}
        needed = [("Jet", leaf) for leaf in ("PT", "Eta", "Phi", "Mass", "BTag")]
        needed += [("Particle", leaf) for leaf in ("PID", "Status", "M1", "M2", "PT")]
        branch, leaf = needed[int(rng.integers(len(needed)))]
        kind = int(rng.integers(4))
        if kind == 0:
            del chosen[branch][leaf]
        elif kind == 1:
            leaf = ("PT", "Eta", "Phi", "Mass")[int(rng.integers(4))]
            counts = ak.num(chosen["Jet"][leaf])
            flat = ak.to_numpy(ak.flatten(chosen["Jet"][leaf])).copy()
            flat[int(rng.integers(len(flat)))] = (np.nan, np.inf, 2.0**40)[int(rng.integers(3))]
            chosen["Jet"][leaf] = ak.unflatten(flat, counts)
        elif kind == 2:
            value = np.array([np.nan, np.inf, -1.0])[int(rng.integers(3))]
            chosen["Event"]["Weight"] = ak.full_like(chosen["Event"]["Weight"], value)
        else:
            chosen[branch][leaf] = chosen[branch][leaf] * 0 + 1e30
            if leaf in ("BTag", "PID", "Status", "M1", "M2"):
                del chosen[branch][leaf]
            elif branch == "Particle":
                del chosen["Particle"]["M1"]
        zipped = {name: ak.zip(leaves) for name, leaves in chosen.items()}
        with uproot.recreate(path) as file:
            file.mktree(
                "Delphes",
                {name: array.type.content for name, array in zipped.items()},
                field_name=lambda outer, inner: f"{outer}.{inner}" if outer else inner,
                counter_name=lambda counted: f"{counted}_size",
            )
            file["Delphes"].extend(zipped)

    def damage(rng, path):
        if rng.random() < 0.12:  # writing trees takes long
            rebuilt(rng, path)
            return True
        path.write_bytes(change.damage_bytes(rng, data))
        return False

    return Kind(
        ".root", data, damage, lambda path: ingest([str(path)], folder / "out.h5", settings)
    )


def _hdf5(folder, name, table, arrays, read, beyond, **attributes):
    """Return a kind of an HDF5 contract."""
    from hh4b.core.contracts import write_table
    from hh4b.core.files import Provenance

    whole = folder / f"whole_{name}.h5"
    write_table(whole, table, arrays, Provenance("fuzz", {}), **attributes)
    data = whole.read_bytes()
    required = [one.name for one in table if not one.optional and one.name in arrays]

    def damage(rng, path):
        if rng.random() < 0.5:
            path.write_bytes(change.damage_bytes(rng, data))
            return False
        shutil.copy(whole, path)
        if beyond and rng.random() < 0.5:
            change.break_numbers(rng, path, beyond)
        else:
            change.break_hdf5(rng, path, required)
        return True

    return Kind(".h5", data, damage, read)


def _dataset_arrays():
    rng = np.random.default_rng(5)
    mask = np.arange(6) < rng.integers(4, 7, ROWS)[:, None]
    arrays = {"INPUTS/Source/MASK": mask, "INPUTS/Kappa/kappa": np.ones(ROWS, "f4")}
    arrays["INPUTS/Source/pt"] = np.sort(rng.uniform(30, 300, (ROWS, 6)), axis=1)[:, ::-1]
    arrays["INPUTS/Source/eta"] = rng.normal(size=(ROWS, 6))
    arrays["INPUTS/Source/phi"] = rng.uniform(-3, 3, (ROWS, 6))
    arrays["INPUTS/Source/mass"] = rng.uniform(3, 20, (ROWS, 6))
    arrays["INPUTS/Source/btag"] = np.ones((ROWS, 6))
    for index, name in enumerate(("h1/b1", "h1/b2", "h2/b1", "h2/b2")):
        arrays[f"TARGETS/{name}"] = np.full(ROWS, index)
    arrays["CLASSIFICATIONS/EVENT/signal"] = np.ones(ROWS, int)
    arrays["HH4B/weight"] = rng.uniform(size=ROWS)
    arrays["HH4B/met"] = rng.uniform(size=ROWS)
    arrays["HH4B/event_number"] = np.arange(ROWS)
    return {
        name: values.astype("f4") if values.dtype == float and "HH4B" not in name else values
        for name, values in arrays.items()
    }


def dataset(folder):
    """Datasets, read by all that begin with one."""
    from hh4b.core.contracts import DATASET, read_table
    from hh4b.core.shower_events import ShowerEvents
    from hh4b.events.describe_stage import describe
    from hh4b.pairing.pairing_stage import pair_file
    from hh4b.pairing.settings import PairSettings

    def read(path):
        describe(path)
        read_table(path, DATASET)
        ShowerEvents.read(path)
        pair_file(path, folder / "out.h5", PairSettings())

    pt, target = "INPUTS/Source/pt", "TARGETS/h1/b1"
    beyond = [
        (pt, np.nan), ("INPUTS/Source/eta", np.inf), (target, -5), (target, 6), (target, 127),
        ("HH4B/weight", np.nan), ("HH4B/weight", -np.inf), ("CLASSIFICATIONS/EVENT/signal", 3),
        ("HH4B/met", -1.0), ("INPUTS/Kappa/kappa", np.nan),
    ]  # fmt: skip
    attributes = {"sample": "fuzz", "n_generated": 100, "sum_weights_generated": 1.0}
    return _hdf5(folder, "dataset", DATASET, _dataset_arrays(), read, beyond, **attributes)


def spanet_events(folder):
    """Datasets, as the network reads them."""
    from hh4b.core.contracts import DATASET
    from hh4b.spanet.data import count_events, read_events
    from hh4b.spanet.event import EventDescription

    event = EventDescription.read(ROOT / "config/spanet/event.yaml")

    def read(path):
        count_events(path, event)
        read_events(path, event)

    target = "TARGETS/h2/b2"
    arrays = _dataset_arrays()
    beyond = [(target, -5), (target, 6), ("HH4B/weight", np.nan), ("INPUTS/Kappa/kappa", np.inf)]
    return _hdf5(folder, "spanet_events", DATASET, arrays, read, beyond)


def pairing(folder):
    """Pairings, with a good dataset."""
    from hh4b.core.contracts import DATASET, PAIRING, write_table
    from hh4b.core.files import Provenance
    from hh4b.selection.feature_stage import write_features
    from hh4b.selection.settings import FeatureSettings

    good = folder / "good_dataset.h5"
    write_table(good, DATASET, _dataset_arrays(), Provenance("fuzz", {}))
    settings = FeatureSettings(event_observables=False)
    jets = np.tile(np.array([[0, 1], [2, 3]], "i1"), (ROWS, 1, 1))
    beyond = [("jets", -5), ("jets", 6), ("jets", 127)]

    def read(path):
        write_features(good, path, folder / "out.h5", settings)

    return _hdf5(folder, "pairing", PAIRING, {"jets": jets}, read, beyond)


def features(folder):
    """Features."""
    from hh4b.core.contracts import FEATURES, read_table
    from hh4b.selection.samples import read_columns

    def read(path):
        read_columns(path)
        read_table(path, FEATURES)

    arrays = {"features": np.random.default_rng(1).normal(size=(ROWS, 3)).astype("f4")}
    names = {"columns": ["a", "b", "c"], "units": ["GeV", "GeV", "1"]}
    return _hdf5(folder, "features", FEATURES, arrays, read, [("features", np.inf)], **names)


def scores(folder):
    """Scores of a classifier."""
    from hh4b.core.contracts import SCORES
    from hh4b.selection.samples import read_score_file

    score = np.random.default_rng(2).random((ROWS, 2)).astype("f4")
    beyond = [("score", 1.5), ("score", -0.1), ("score", np.nan), ("kappa_lambda", np.inf)]
    arrays = {"kappa_lambda": np.array([1.0, 5.0]), "score": score}
    return _hdf5(folder, "scores", SCORES, arrays, read_score_file, beyond)


def factors(folder):
    """Factors on parton events."""
    from hh4b.core.contracts import ENERGY_WEIGHTS, read_attributes, read_table

    def read(path):
        read_table(path, ENERGY_WEIGHTS)
        read_attributes(path)

    arrays = {"factor": np.ones(ROWS), "sqrt_s_hat_gev": np.full(ROWS, 400.0)}
    beyond = [("factor", np.nan), ("factor", -1.0), ("sqrt_s_hat_gev", 1e12)]
    return _hdf5(folder, "factors", ENERGY_WEIGHTS, arrays, read, beyond)


def _torch(folder, name, save, read, weights):
    """Return a kind of a checkpoint, whose zip is also taken apart."""
    import torch

    whole = folder / f"whole_{name}.pt"
    save(whole)
    data = whole.read_bytes()

    def damage(rng, path):
        kind = int(rng.integers(4))
        if kind <= 1:
            path.write_bytes(change.damage_bytes(rng, data))
            return False
        content = torch.load(whole, weights_only=True)
        state = content[weights]
        names = [key for key, value in state.items() if value.is_floating_point()]
        one = names[int(rng.integers(len(names)))]
        if kind == 2:
            key = (weights, "format", one)[int(rng.integers(3))]
            (state if key == one else content).pop(key)
        elif rng.random() < 0.5:
            state[one] = torch.zeros((*state[one].shape, 2))
        else:
            state[one] = torch.full_like(state[one], (np.nan, np.inf)[int(rng.integers(2))])
        torch.save(content, path)
        return True

    return Kind(".pt", data, damage, read)


def spanet_checkpoint(folder):
    """Checkpoints of the pairing network."""
    from hh4b.core.files import Provenance
    from hh4b.spanet import checkpoints
    from hh4b.spanet.event import EventDescription
    from hh4b.spanet.network import Network
    from hh4b.spanet.options import Options

    event = EventDescription.read(ROOT / "config/spanet/event.yaml")
    options = Options.read(ROOT / "config/spanet/options/smoke.json")
    network = Network(options, event, {"EVENT/signal": 2})
    made = Provenance("fuzz", {})
    return _torch(
        folder, "spanet",
        lambda path: checkpoints.save(path, checkpoints.Checkpoint(network), made),
        checkpoints.load, "weights",
    )  # fmt: skip


def dense_checkpoint(folder):
    """Checkpoints of the dense network."""
    from hh4b.core.files import Provenance
    from hh4b.selection.checkpoint import load_network, save_network
    from hh4b.selection.dnn import DenseNetwork, NetworkConfig

    network = DenseNetwork(NetworkConfig(columns=("a", "b", "c"), hidden_dim=4, n_layers=1))
    made = Provenance("fuzz", {})
    return _torch(
        folder, "dense", lambda path: save_network(path, network, {}, made), load_network, "state"
    )


def _likelihood():
    sys.path.append(str(TESTS / "likelihood"))
    from exchange_example import example_model

    return example_model()


def hs3(_folder):
    """HS3 files."""
    from hh4b.core.files import read_json
    from hh4b.likelihood.hs3 import hs3_workspace
    from hh4b.likelihood.hs3_reading import read_hs3

    data = json.dumps(hs3_workspace(_likelihood(), [0.0, 1.0, 10.0])).encode()
    return Kind(
        ".json", data, _of_bytes(data, change.damage_json),
        lambda path: read_hs3(read_json(path), where=str(path)),
    )  # fmt: skip


def histfactory(_folder):
    """HistFactory workspaces of the likelihood in kappa_lambda."""
    from hh4b.core.files import read_json
    from hh4b.likelihood.histfactory import histfactory_workspace
    from hh4b.likelihood.histfactory_reading import read_histfactory

    data = json.dumps(histfactory_workspace(_likelihood(), [0.0, 1.0, 10.0])).encode()
    return Kind(
        ".json", data, _of_bytes(data, change.damage_json),
        lambda path: read_histfactory(read_json(path), where=str(path)),
    )  # fmt: skip


def likelihood_model(folder):
    """Files of likelihood models."""
    from hh4b.core.files import Provenance
    from hh4b.likelihood.model_file import read_model, write_model

    whole = folder / "whole_model.json"
    write_model(whole, _likelihood(), Provenance("fuzz", {}))
    return Kind(
        ".json", whole.read_bytes(), _of_bytes(whole.read_bytes(), change.damage_json), read_model
    )


def options(_folder):
    """Options of the pairing network."""
    from hh4b.spanet.options import Options

    data = (ROOT / "config/spanet/options/smoke.json").read_bytes()
    return Kind(".json", data, _of_bytes(data, change.damage_json), Options.read)


def event(_folder):
    """Descriptions of events."""
    from hh4b.spanet.event import EventDescription

    data = (ROOT / "config/spanet/event.yaml").read_bytes()
    return Kind(".yaml", data, _of_bytes(data, change.damage_yaml), EventDescription.read)


def study(_folder):
    """Configurations of studies."""
    from hh4b.study.reading import read_study

    data = (TESTS / "studies/small.yaml").read_bytes()
    return Kind(".yaml", data, _of_bytes(data, change.damage_yaml), read_study)


KINDS: dict[str, Callable[[Path], Kind]] = {
    one.__name__: one
    for one in (
        lhe, hepmc, hepmc2, delphes, dataset, spanet_events, pairing, features, scores, factors,
        spanet_checkpoint, dense_checkpoint, hs3, histfactory, likelihood_model, options, event,
        study,
    )
}  # fmt: skip
