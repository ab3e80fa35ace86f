"""Small samples with the kinematics of HH -> 4b and of four QCD jets."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from hh4b.core import kinematics
from hh4b.core.contracts import DATASET, PAIRING, write_table
from hh4b.core.files import Provenance

KAPPAS = (-5.0, 1.0, 5.0)
N_JETS = 6


class Sample(NamedTuple):
    dataset: Path
    pairing: Path
    features: Path

    @property
    def pair(self) -> str:
        return f"{self.dataset}:{self.features}"


def boost(vector, parent):
    """Take a four-vector from the rest frame of ``parent`` into the laboratory."""
    mass = kinematics.invariant_mass(parent)
    momentum = vector.px * parent.px + vector.py * parent.py + vector.pz * parent.pz
    factor = (momentum / (parent.energy + mass) + vector.energy) / mass
    return kinematics.FourVector(
        vector.px + factor * parent.px,
        vector.py + factor * parent.py,
        vector.pz + factor * parent.pz,
        (vector.energy * parent.energy + momentum) / mass,
    )


def higgs_jets(rng, n, mean_pt):
    """Return (pt, eta, phi) of shape (n, 4) from two H with isotropic decays to light jets."""
    legs = []
    for _ in range(2):
        parent = kinematics.from_pt_eta_phi_mass(
            rng.gamma(2.0, mean_pt / 2, n),
            rng.normal(0, 0.8, n),
            rng.uniform(-np.pi, np.pi, n),
            rng.normal(118.0, 12.0, n),
        )
        cosine, phi = rng.uniform(-1, 1, n), rng.uniform(-np.pi, np.pi, n)
        sine, energy = np.sqrt(1 - cosine**2), kinematics.invariant_mass(parent) / 2
        x, y, z = energy * sine * np.cos(phi), energy * sine * np.sin(phi), energy * cosine
        for sign in (1, -1):
            rest = kinematics.FourVector(sign * x, sign * y, sign * z, energy)
            legs.append(boost(rest, parent))
    fields = [kinematics.transverse_momentum, kinematics.pseudorapidity, kinematics.azimuth]
    return [np.stack([field(leg) for leg in legs], axis=1) for field in fields]


def qcd_jets(rng, n):
    return [
        40 + rng.exponential(35.0, (n, 4)),
        rng.uniform(-2.5, 2.5, (n, 4)),
        rng.uniform(-np.pi, np.pi, (n, 4)),
    ]


def make_arrays(rng, n, *, signal, kappa, jets=None):
    """Return dataset arrays and the true pairing (for background: the first in the list)."""
    pt, eta, phi = jets or (
        higgs_jets(rng, n, 120 + 40 / (1 + kappa**2)) if signal else qcd_jets(rng, n)
    )
    order = np.argsort(-pt, axis=1)
    rank = np.argsort(order, axis=1)
    extra = rng.integers(0, N_JETS - 3, n)
    valid = np.arange(N_JETS) < 4 + extra[:, None]

    def column(four, spare):
        full = np.zeros((n, N_JETS), dtype=np.float32)
        full[:, :4] = np.take_along_axis(four, order, axis=1)
        full[:, 4:] = spare
        return np.where(valid, full, 0).astype(np.float32)

    softest = pt.min(axis=1)[:, None]
    spare = (n, N_JETS - 4)
    arrays = {
        "INPUTS/Source/MASK": valid,
        "INPUTS/Source/pt": column(pt, softest * [[0.9, 0.8]]),
        "INPUTS/Source/eta": column(eta, rng.uniform(-2.5, 2.5, spare)),
        "INPUTS/Source/phi": column(phi, rng.uniform(-np.pi, np.pi, spare)),
        "INPUTS/Source/mass": column(0.1 * pt, 6.0),
        "INPUTS/Source/btag": column(np.ones((n, 4)), 0.0),
        "CLASSIFICATIONS/EVENT/signal": np.full(n, int(signal)),
        "INPUTS/Kappa/kappa": np.full(n, kappa) if signal else rng.choice(KAPPAS, n),
        "HH4B/weight": rng.uniform(0.5, 1.5, n),
        "HH4B/met": rng.exponential(20, n),
        "HH4B/met_phi": rng.uniform(-np.pi, np.pi, n),
        "HH4B/n_electrons": rng.poisson(0.05, n).astype(np.int8),
        "HH4B/n_muons": rng.poisson(0.1, n).astype(np.int8),
        "HH4B/split": (rng.random(n) < 0.5).astype(np.int8),
    }
    for number, (higgs, product) in enumerate(
        (("h1", "b1"), ("h1", "b2"), ("h2", "b1"), ("h2", "b2"))
    ):
        arrays[f"TARGETS/{higgs}/{product}"] = rank[:, number] if signal else np.full(n, -1)
    for name in ("met", "met_phi", "weight"):
        arrays[f"HH4B/{name}"] = arrays[f"HH4B/{name}"].astype(float)
    return arrays, rank.reshape(n, 2, 2).astype(np.int8)


def write_sample(
    directory, name, arrays, pairing, *, sum_weights_generated=None, features=True, drop=()
):
    """Write dataset, pairing and features; every 50th event has no pairing."""
    from hh4b.selection.feature_stage import write_features
    from hh4b.selection.settings import FeatureSettings

    sample = Sample(*(directory / f"{name}_{kind}.h5" for kind in Sample._fields))
    kept = {key: value for key, value in arrays.items() if key not in drop}
    attributes = {}
    if sum_weights_generated is not None:
        attributes = {"sum_weights_generated": sum_weights_generated, "n_generated": 10}
    made = Provenance("test", {})
    write_table(sample.dataset, DATASET, kept, made, **attributes)
    pairing = pairing.copy()
    pairing[49::50] = -1
    write_table(sample.pairing, PAIRING, {"jets": pairing}, made)
    if features:
        write_features(sample.dataset, sample.pairing, sample.features, FeatureSettings())
    return sample


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """Three signal samples by kappa and one background sample, 600 events each."""
    directory = tmp_path_factory.mktemp("samples")
    rng = np.random.default_rng(5)
    made = {
        kappa: write_sample(
            directory,
            f"signal{kappa:g}",
            *make_arrays(rng, 600, signal=True, kappa=kappa),
            sum_weights_generated=7000.0,
        )
        for kappa in KAPPAS
    }
    made["background"] = write_sample(
        directory,
        "background",
        *make_arrays(rng, 600, signal=False, kappa=0.0),
        sum_weights_generated=60000.0,
    )
    return made


@pytest.fixture(scope="session")
def trained(samples, tmp_path_factory):
    """A small network trained on the samples: its directory."""
    from hh4b.selection.dnn_stage import train_to_directory
    from hh4b.selection.settings import DnnTrainSettings

    directory = tmp_path_factory.mktemp("dnn")
    settings = DnnTrainSettings(
        hidden_dim=32, batch_size=128, max_epochs=8, validation_fraction=0.2, seed=3
    )
    signal = [samples[kappa].pair for kappa in KAPPAS]
    train_to_directory(signal, [samples["background"].pair], directory, settings)
    return directory


@pytest.fixture(scope="session")
def scored(samples, trained, tmp_path_factory):
    """Pairs DATASET:SCORES of every sample, by its key."""
    from hh4b.selection.dnn_stage import predict_to_file
    from hh4b.selection.scoring import parse_job
    from hh4b.selection.settings import ScoreSettings

    directory = tmp_path_factory.mktemp("scores")
    pairs = {}
    for key, sample in samples.items():
        path = directory / f"{key}.h5"
        job = parse_job(f"{sample.pair}:{path}")
        predict_to_file([trained], job, ScoreSettings(kappa_values=list(KAPPAS)))
        pairs[key] = f"{sample.dataset}:{path}"
    return pairs
