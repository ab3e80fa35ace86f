"""Pairing methods of the user: found, called with options, and checked."""

import json

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from hh4b.cli import groups
from hh4b.core.contracts import PAIRING, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.pairing.methods import METHODS, find_method, pair_jets
from hh4b.pairing.pairing_stage import pair_file
from hh4b.pairing.settings import OWN_METHODS, PairSettings

N, J = 40, 6
PLUGIN = """
import numpy as np
from hh4b.core.kinematics import add, from_pt_eta_phi_mass, invariant_mass

def smallest_d_hh(jets, ratio=125 / 120):
    four = from_pt_eta_phi_mass(*(f[:, :4].astype(float) for f in jets[1:5]))
    def mass(a, b):
        return invariant_mass(add(*(type(four)(*(c[:, j] for c in four)) for j in (a, b))))
    ways = np.array([[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0, 3], [1, 2]]])
    distance = [abs(mass(*one) - ratio * mass(*two)) for one, two in ways]
    return ways[np.argmin(distance, axis=0)]

def one_dimension(jets):
    return np.zeros(len(jets.pt), int)

def reals(jets):
    return np.zeros((len(jets.pt), 2, 2))

def same_jet(jets):
    return np.zeros((len(jets.pt), 2, 2), int)

def padding(jets):
    return np.broadcast_to([[0, 1], [2, 5]], (len(jets.pt), 2, 2))

def beyond(jets):
    return np.broadcast_to([[0, 1], [2, 6]], (len(jets.pt), 2, 2))

def half(jets):
    return np.broadcast_to([[0, 1], [-1, -1]], (len(jets.pt), 2, 2))

def negative(jets):
    return np.full((len(jets.pt), 2, 2), -2)

def raises(jets):
    raise KeyError("tau")

def other_name(events):
    return None

number = 3
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    return path


@pytest.fixture
def dataset(tmp_path):
    rng = np.random.default_rng(4)
    path = tmp_path / "d.h5"
    valid = np.arange(J) < rng.integers(4, J, N)[:, None]
    with h5py.File(path, "w") as file:
        pt = -np.sort(-rng.uniform(40, 200, (N, J)))
        columns = {"pt": pt, "eta": rng.uniform(-2, 2, (N, J)), "phi": rng.uniform(-3, 3, (N, J))}
        columns |= {"mass": np.full((N, J), 8.0), "btag": np.ones((N, J))}
        for name, values in columns.items():
            file[f"INPUTS/Source/{name}"] = values.astype(np.float32)
        file["INPUTS/Source/MASK"] = valid
        file.attrs["sample"] = "hh"
    return path


def mass(pt, eta, phi, m):
    """Return the invariant mass of jets by plain sums."""
    x, y, z = (pt * np.cos(phi)).sum(), (pt * np.sin(phi)).sum(), (pt * np.sinh(eta)).sum()
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + m**2).sum()
    return np.sqrt(energy**2 - x**2 - y**2 - z**2)


def test_a_function_in_a_file_is_a_pairing(dataset, plugin, tmp_path):
    output, method = tmp_path / "p.h5", f"{plugin}:smallest_d_hh"
    arguments = ["pair", "run", dataset, "-o", output, "--method", method]
    arguments += ["--options", '{"ratio": 1.0}']
    result = CliRunner().invoke(groups.app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    jets = read_table(output, PAIRING)["jets"]
    with h5py.File(dataset) as file:
        fields = [
            file[f"INPUTS/Source/{n}"][()].astype(float) for n in ("pt", "eta", "phi", "mass")
        ]
    for event in range(N):
        distance = {}
        for one, two in (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))):
            masses = [mass(*(f[event, list(pair)] for f in fields)) for pair in (one, two)]
            distance[one] = abs(masses[0] - masses[1])
        assert tuple(jets[event, 0]) == min(distance, key=distance.get)
    attributes = read_attributes(output)
    assert attributes["method"] == method
    settings = json.loads(attributes["provenance"])["settings"]
    assert settings == {"method": method, "options": {"ratio": 1.0}, "sample": "hh"}


def test_names_for_the_configuration_are_those_of_the_table():
    assert tuple(METHODS) == OWN_METHODS


def test_min_dr_is_registered_like_any_other(dataset, tmp_path):
    for name, arguments in (("a", ["min-dr"]), ("b", ["run", "--method", "min_dr"])):
        arguments = ["pair", *arguments, str(dataset), "-o", str(tmp_path / f"{name}.h5")]
        assert CliRunner().invoke(groups.app, arguments).exit_code == 0
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one_dimension", r"returns int64 of shape \(40,\); expected integer .* \(40, 2, 2\)"),
        ("reals", r"returns float64 of shape \(40, 2, 2\); expected integer"),
        ("same_jet", r"event 0 is \[\[0, 0\], \[0, 0\]\]: every jet must .* be used once"),
        ("padding", r"event 0 is \[\[0, 1\], \[2, 5\]\]: every jet must be a real jet"),
        ("beyond", "event 0 names jet 6 of 6"),
        ("half", r"event 0 is \[\[0, 1\], \[-1, -1\]\]; expected four jets, or four times -1"),
        ("negative", "expected four jets, or four times -1"),
        ("raises", "KeyError: 'tau'"),
    ],
)
def test_what_is_no_pairing_is_one_line(dataset, plugin, tmp_path, name, words):
    settings = PairSettings(method=f"{plugin}:{name}")
    with pytest.raises(ContractError, match=words) as caught:
        pair_file(dataset, tmp_path / "p.h5", settings)
    assert f"mine.py:{name}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "p.h5").exists()


@pytest.mark.parametrize(
    ("reference", "options", "words"),
    [
        ("min_dr", {"cone": 0.4}, "'min_dr': got an unexpected keyword argument 'cone'"),
        ("nearest", {}, "'nearest': expected one of .*'min_dr'.*, or path.py:name"),
        ("{}:other_name", {}, r"expected f\(jets\)"),
        ("{}:number", {}, "is no function"),
        ("{}:missing", {}, "the file has no 'missing'"),
        ("{}.py:pair", {}, "does not load: FileNotFoundError"),
    ],
)
def test_methods_that_cannot_be_used_are_named(plugin, reference, options, words):
    settings = PairSettings(method=reference.format(plugin), options=options)
    with pytest.raises(ConfigError, match=words) as caught:
        find_method(settings)
    assert "\n" not in str(caught.value)


def test_events_without_a_pairing_are_allowed():
    from hh4b.pairing.jets import KeptJets

    jets = KeptJets(*(np.ones((2, 5), t) for t in (bool, *[float] * 5)))
    wanted = np.array([[[-1, -1], [-1, -1]], [[4, 1], [2, 0]]])
    found = pair_jets(lambda _jets: wanted, jets, name="mine")
    assert found.tolist() == wanted.tolist()
    assert found.dtype == np.int8
