"""Templates of another energy: files of events and factors to templates, replicas and limits."""

import copy
import json

import h5py
import numpy as np
import pytest
from template_files import COLUMNS, FOUR_B, HH, JES, Study

from hh4b.core.contracts import ENERGY_WEIGHTS, write_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.core.shower_events import ShowerEvents
from hh4b.statistics import amplitude
from hh4b.statistics.energy_factors import EnergyFactors
from hh4b.statistics.limits_stage import make_limits
from hh4b.statistics.luminosity_stage import make_luminosity_scan
from hh4b.statistics.settings import (
    LimitSettings,
    LuminosityScanSettings,
    TemplateSettings,
    WorkspaceSettings,
)
from hh4b.statistics.template_energies import outputs_by_energy
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.template_stage import make_templates
from hh4b.statistics.templates import SampleEvents, Scores
from hh4b.statistics.workspace_stage import make_workspaces


def growth(m_hh):
    """A rise with the energy that everybody notices."""
    return 0.5 + (m_hh / 400) ** 2


class TwoEnergies(Study):
    """Samples with event numbers, and factors of all their events."""

    def __init__(self, folder, toy):
        self.factors = []
        super().__init__(folder, toy)

    def sample(self, name, kappa, m_hh):
        kept = np.flatnonzero(copy.deepcopy(self.rng).random(len(m_hh)) < 0.5)
        text = super().sample(name, kappa, m_hh)
        with h5py.File(self.folder / f"{name}_dataset.h5", "a") as file:
            file["HH4B/event_number"] = kept
            file.attrs["sample"] = name
        self.write_factors(name, m_hh)
        return text

    def write_factors(self, name, m_hh, **changes):
        path, factor = self.folder / f"{name}_14tev.h5", growth(m_hh)
        attributes = {
            "sample": name, "sqrt_s_tev": 14.0, "sqrt_s_from_tev": 13.0, "n_events": len(m_hh),
            "mean_factor": factor.mean(), "sum_weights": 0.5 * len(m_hh),
        }  # fmt: skip
        write_table(
            path, ENERGY_WEIGHTS, {"factor": factor, "sqrt_s_hat_gev": m_hh * 1.0},
            Provenance("energy-weights", {"sample": name}), **{**attributes, **changes},
        )  # fmt: skip
        self.factors = [*(one for one in self.factors if one != path), path]

    def both(self, *, factors=None, at=None, samples=None, **changes):
        """Make templates of both energies, and return them."""
        replicas = changes.pop("replicas_output", None)
        settings = {
            "processes": {"hh": HH, "four_b": FOUR_B}, "threshold": 0.5,
            "kappa_values": COLUMNS.tolist(), "background_kappa": "average",
            "background_kappa_values": [1.0, 5.0],
        }  # fmt: skip
        varied = changes.pop("varied", ())
        place = f"14={self.folder / 't_14tev.json'}"
        make_templates(
            self.samples() if samples is None else samples,
            self.folder / "t.json",
            TemplateSettings.checked({**settings, **changes}),
            varied=varied,
            energy_weights=self.factors if factors is None else factors,
            at_energy=[place if replicas is None else f"{place}:{self.folder / 'r_14.h5'}"]
            if at is None
            else at,
            replicas_output=replicas,
        )
        return [json.loads((self.folder / f"{one}.json").read_text()) for one in ("t", "t_14tev")]


@pytest.fixture
def study(tmp_path, toy, monkeypatch):
    table = toy.polynomial(toy.grid) * (toy.flux * growth(toy.grid))[:, None]
    at_14 = np.trapezoid(table, toy.grid, axis=0)
    monkeypatch.setattr(amplitude, "polynomial", lambda m, c, **masses: toy.polynomial(m, c))
    monkeypatch.setattr(
        amplitude, "own_cross_section_fb",
        lambda s, **masses: toy.cross_section if s == 13.0 else at_14,
    )  # fmt: skip
    return TwoEnergies(tmp_path, toy)


def exact(study, kappa, edges):
    """Return the efficiency at 14 TeV: score above 300 + 20 kappa GeV, half of the events kept."""
    grid = study.toy.grid
    density = study.toy.density(kappa) * growth(grid)
    density /= np.trapezoid(density, grid)
    density *= 0.5 * (grid > 300 + 20 * kappa)
    steps = 0.5 * (density[1:] + density[:-1]) * np.diff(grid)
    return np.diff(np.interp(edges, grid, np.concatenate([[0], np.cumsum(steps)])))


@pytest.mark.parametrize("part", ["testing", "all"])
def test_templates_of_another_energy_are_efficiencies_there(study, part):
    alone = study.make(part=part)
    before, after = study.both(part=part)
    assert (before["sqrt_s_tev"], after["sqrt_s_tev"]) == (13.0, 14.0)
    assert before["signal"] == alone["signal"]
    assert before["backgrounds"] == alone["backgrounds"]
    edges = np.array(after["bin_edges_gev"])
    for row, old in zip(after["signal"], before["signal"], strict=True):
        wanted = exact(study, row["kappa_lambda"], edges)
        error = np.sqrt(row["sum_weights_squared"])
        used = error > 0
        assert (((np.array(row["sum_weights"]) - wanted)[used] / error[used]) ** 2).sum() < 30
        assert (((np.array(old["sum_weights"]) - wanted)[used] / error[used]) ** 2).sum() > 100
    made_of = after["provenance"]["settings"]
    assert (made_of["sqrt_s_tev"], made_of["sqrt_s_from_tev"]) == (14.0, 13.0)
    assert sorted(made_of["energy_weights"]) == ["4b", "hh_1", "hh_5"]


def loaded(path, weights, rows):
    weights, rows = np.array(weights), np.array(rows)
    share = weights[rows].sum() / weights.sum()
    events = SampleEvents(
        "toy", weights[rows] / (10.0 * share), np.full(rows.sum(), 300.0),
        Scores(np.array([1.0]), np.ones((rows.sum(), 1))), np.ones(rows.sum()), 4.0,
    )  # fmt: skip
    shower = ShowerEvents("toy", np.arange(len(weights)))
    return LoadedSample(path, rows, events, weights, shower)


def test_three_rows_by_hand(tmp_path):
    """Of four events of weights 1, 2, 3, 4 three pass: 3, 1 and, in two rows, 0."""
    path = tmp_path / "toy.h5"
    with h5py.File(path, "w") as file:
        file["HH4B/event_number"] = np.array([3, 1, 0, 0])
        file["HH4B/m_hh_truth"] = np.full(4, np.nan, np.float32)
        file.attrs.update(n_generated=4, sum_weights_generated=10.0)
    # Mean factor: (1 * 1 + 2 * 2 + 3 * 1 + 4 * 0.5) / 10 = 1.
    factor = np.array([1.0, 2.0, 1.0, 0.5])
    one = EnergyFactors(path, "toy", factor, np.full(4, 300.0), 10.0, "x", 14.0, 13.0)
    weights = [4.0, 2.0, 0.6, 0.4]
    after = one.apply(loaded(path, weights, [True] * 4))
    np.testing.assert_allclose(after.weight, [2.0, 4.0, 0.6, 0.4])
    np.testing.assert_allclose(after.events.efficiency_weight, [0.2, 0.4, 0.06, 0.04])
    # A part: its share of the weight is 6/7 at 13 TeV and also 6/7 at 14 TeV by its own weights.
    part = one.apply(loaded(path, weights, [True, True, False, False]))
    np.testing.assert_allclose(part.events.efficiency_weight, np.array([0.2, 0.4]) * 7 / 6)
    other = one.apply(loaded(path, weights, [True, False, False, False]))
    # Alone in its part, a row has all of the efficiency of the preselection at 14 TeV.
    np.testing.assert_allclose(other.events.efficiency_weight, [0.7])


def test_replicas_and_limits_of_both_energies(study, tmp_path):
    replicas = tmp_path / "r.h5"
    study.both(errors="bootstrap", replicas=20, replicas_output=replicas)
    with h5py.File(tmp_path / "r_14.h5") as file, h5py.File(replicas) as before:
        assert (file.attrs["sqrt_s_tev"], before.attrs["sqrt_s_tev"]) == (14.0, 13.0)
        mean, nominal = file["sum_weights"][()].mean(axis=0), file["nominal"][()]
    np.testing.assert_allclose(mean.sum(axis=2), nominal.sum(axis=2), rtol=0.1)
    templates = [tmp_path / "t.json", tmp_path / "t_14tev.json"]
    common = {"processes": {"hh": HH, "four_b": FOUR_B}}
    settings = WorkspaceSettings.checked({**common, "luminosities_ifb": [139.0]})
    pattern = str(tmp_path / "w_{energy}.json")
    make_workspaces(templates, pattern, settings)
    bootstrap = {"errors": "bootstrap", "replicas": 20}
    found = {}
    for energy in (13, 14):
        place = tmp_path / f"w_{energy}.json"
        given = LimitSettings.checked(bootstrap)
        text = make_limits(place, None, given, replicas_files=[replicas, tmp_path / "r_14.h5"])
        found[energy] = json.loads(text)
        assert found[energy]["template_energy_tev"] == energy
        assert found[energy]["errors"]["replicas"] == 20
    with pytest.raises(ContractError, match=r"templates of 14 TeV are missing, given .* of 13 TeV"):
        make_limits(tmp_path / "w_14.json", None, given, replicas_files=[replicas])
    scan = tmp_path / "scan.json"
    wanted = {**common, **bootstrap, "scan_luminosities_ifb": [139.0, 300.0]}
    make_luminosity_scan(
        templates, scan, LuminosityScanSettings.checked(wanted),
        replicas_files=[replicas, tmp_path / "r_14.h5"],
    )  # fmt: skip
    points = json.loads(scan.read_text())["points"]
    assert [point["template_energy_tev"] for point in points] == [13.0, 13.0, 14.0, 14.0]
    for point, energy in ((points[0], 13), (points[2], 14)):
        assert point["n_background"] == pytest.approx(found[energy]["n_background"])
    # Unchanged: the templates of 13 TeV, which the limits say.
    make_workspaces(
        templates[:1], pattern, settings.model_copy(update={"other_energies": "unchanged"})
    )
    text = make_limits(tmp_path / "w_14.json", None, LimitSettings.checked({"replicas": 0}))
    assert json.loads(text)["template_energy_tev"] == 13.0
    assert json.loads(text)["n_signal"] != pytest.approx(found[14]["n_signal"])


def test_cross_sections_of_another_energy_ask_for_their_templates(study, tmp_path):
    study.both()
    settings = WorkspaceSettings.checked({
        "processes": {"hh": HH, "four_b": FOUR_B}, "luminosities_ifb": [139.0],
    })  # fmt: skip
    one, pattern = tmp_path / "t.json", str(tmp_path / "w_{energy}.json")
    with pytest.raises(ConfigError, match=r"14 TeV need templates of 14 TeV, given .* of 13; make"):
        make_workspaces([one], pattern, settings)
    with pytest.raises(ConfigError, match=r"t.json and .*t.json are both of 13 TeV"):
        make_workspaces([one, one], pattern, settings)
    content = json.loads(one.read_text())
    del content["sqrt_s_tev"]
    one.write_text(json.dumps(content))
    with pytest.raises(ContractError, match=r"no template file \(KeyError\('sqrt_s_tev'\)\)"):
        make_workspaces([one], pattern, settings)


def test_varied_samples_have_the_factors_of_their_events(study):
    varied = []
    for way in ("up", "down"):
        text = study.falling(way, 2_001)
        # Other rows of the same generated events, which is what a variation has.
        with h5py.File(study.folder / f"{way}_dataset.h5", "a") as file:
            del file.attrs["sample"]
            file.attrs["sample"] = f"four_b_{way}"
        study.factors.pop()
        varied.append(f"jes.{way}.four_b={text}")
    with pytest.raises(ConfigError, match=r"up_dataset.h5 is of sample 'four_b_up', given are th"):
        study.both(varied=varied, systematics={"jes": JES})
    rate = {
        "effect": "weights", "processes": ["hh"], "weight": "alpha_s",
        "up": {"mu_factor": 2.0}, "down": {"mu_factor": 0.5},
    }  # fmt: skip
    before, after = study.both(systematics={"rate": rate})
    ratios = [
        np.sum(one["variations"]["rate"]["up"]["hh"][1]["sum_weights"])
        / np.sum(one["signal"][1]["sum_weights"])
        for one in (before, after)
    ]
    # alpha_s depends on m_HH a little.
    assert ratios[1] == pytest.approx(ratios[0], rel=0.01)
    assert ratios[1] != pytest.approx(ratios[0], rel=1e-9)


def edit(study, name, change):
    with h5py.File(study.folder / f"{name}.h5", "a") as file:
        change(file)


def no_numbers(file):
    del file["HH4B/event_number"]


def shifted(file):
    file["HH4B/event_number"][...] = np.maximum(file["HH4B/event_number"][()] - 1, 0)


def no_factor(file):
    file["factor"][...] = 0.0


def beyond(file):
    file["HH4B/event_number"][5] = 9_001


FAULTS = {
    "no event numbers": (lambda s: edit(s, "4b_dataset", no_numbers), "4b_dataset.h5 with .* has no"
                         r" event numbers \(HH4B/event_number\)"),
    "other rows": (lambda s: edit(s, "hh_5_dataset", shifted), "has another m_HH than parton eve"),
    "beyond the file": (lambda s: edit(s, "4b_dataset", beyond), "number 9001 is none of 9001"),
    "other number": (lambda s: s.write_factors("4b", np.full(9_500, 300.0)), "is of 9001 events gen"
                     "erated, the factors are of 9500"),
    "fewer": (lambda s: s.write_factors("4b", np.full(9_000, 300.0)), "the factors are of 9000"),
    "other weights": (lambda s: s.write_factors("4b", np.full(9_001, 300.0), sum_weights=1.0),
                      "the weights generated sum up to 4500.5 in the dataset and to 1 with"),
    "other energy": (lambda s: s.write_factors("4b", np.full(9_001, 300.0), sqrt_s_from_tev=8.0),
                     "its events are of 8 TeV, those of the templates of 13 TeV"),
    "no mean": (lambda s: s.write_factors("4b", np.full(9_001, 300.0), mean_factor=0.0),
                r"attributes \['mean_factor'\] are missing or not positive; make it again"),
    "no factors": (lambda s: s.factors.append(s.folder / "4b_scores.h5"), "column 'factor'"),
    "impossible": (lambda s: edit(s, "4b_14tev", no_factor),
                   "4b_dataset.h5: none of its events is possible at 14 TeV"),
    "sample without": (lambda s: s.factors.pop(), r"sample '4b', given are those of \['hh_1'"),
    "twice": (lambda s: s.factors.append(s.factors[0]), "sample 'hh_1' at 14 TeV is there already"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_events_and_factors_that_do_not_belong_together(study, fault):
    break_it, message = FAULTS[fault]
    break_it(study)
    with pytest.raises((ConfigError, ContractError), match=message) as error:
        study.both()
    assert "\n" not in str(error.value)


def test_events_that_a_shower_gave_up_are_no_fault(study):
    with h5py.File(study.folder / "4b_dataset.h5", "a") as file:
        file.attrs["n_generated"] = 8_950
        file.attrs["sum_weights_generated"] = 0.5 * 8_950
    study.both()


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ([], r"asks for templates of other energies in TeV: none; --energy-weights has: 14"),
        (["14=a.json", "100=b.json"], r"in TeV: 14, 100; --energy-weights has: 14; give"),
        (["14=a.json", "14.0=b.json"], r"'14.0=b.json': 14 TeV stands there twice"),
        (["a.json"], r"--at-energy 'a.json' is not of the form ENERGY=TEMPLATES, e.g. 14=FILE"),
        (["14=a.json:r.h5"], r"is not of the form ENERGY=TEMPLATES,"),
    ],
)
def test_outputs_at_other_energies_that_make_no_sense(study, at, message):
    with pytest.raises(ConfigError, match=message):
        study.both(at=at)


def test_replicas_have_their_place():
    found = outputs_by_energy(["14=a.json:r.h5"], replicas=True)
    assert [path.name for path in found[14.0]] == ["a.json", "r.h5"]
    with pytest.raises(ConfigError, match="ENERGY=TEMPLATES:REPLICAS"):
        outputs_by_energy(["14=a.json"], replicas=True)
