"""Les Houches files of other generators as samples: weights, decays, what the record allows."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hh4b.cli import groups
from hh4b.core.errors import ContractError, InputFileError
from hh4b.generation.foreign_lhe import normalisation
from hh4b.generation.foreign_stage import take_partons
from hh4b.generation.lhe import read_lhe
from hh4b.generation.settings import TakePartonsSettings

DATA = Path(__file__).parents[1] / "data/lhe"
MG5, POWHEG, SHERPA = (str(DATA / f"{n}.lhe.gz") for n in ("mg5_hh", "powheg_hh", "sherpa_4b"))


def text_of(path):
    return gzip.decompress(Path(path).read_bytes()).decode()


def taken(tmp_path, *files, **settings):
    output = tmp_path / "taken.lhe.gz"
    take_partons(files, output, TakePartonsSettings.checked(settings))
    return read_lhe(output)


@pytest.fixture
def changed(tmp_path):
    """Return a function that writes a file with another text."""

    def change(path, old, new, count=1):
        text = text_of(path)
        assert re.search(old, text)
        place = tmp_path / f"changed_{len(list(tmp_path.iterdir()))}.lhe"
        place.write_text(re.sub(old, new, text, count=count))
        return str(place)

    return change


def test_leading_order_events_keep_their_particles_and_named_weights(tmp_path):
    file, before = taken(tmp_path, MG5, kappa_reweighting=True), read_lhe(MG5)
    assert file.cross_section_pb == pytest.approx(0.0167)
    assert (file.sqrt_s_gev, file.lhapdf_ids) == (13000, (303000, 303000))
    for name in ("pid", "status", "mothers", "colours", "momenta", "masses", "scales", "alpha_s"):
        np.testing.assert_array_equal(getattr(file.events, name), getattr(before.events, name))
    settings, counts = file.provenance["settings"], file.provenance["counts"]
    assert settings["weight_names"] == ["1", "2", "3"]
    assert settings["pythia_settings"] == []
    assert (counts["n_undecayed"], counts["n_beyond_leading_order"]) == (0, 0)
    text = text_of(tmp_path / "taken.lhe.gz")
    assert "<weightgroup name='Central scale variation' combine='envelope'>" in text
    assert "MUR=0.5" in text
    assert "mgrwt" not in text
    old, new = (
        [float(x) for x in re.findall(r"<wgt id='2'>\s*(\S+)\s*</wgt>", t)]
        for t in (text_of(MG5), text)
    )
    np.testing.assert_allclose(new, old, rtol=1e-6)


def test_next_to_leading_order_keeps_signs_and_asks_for_decays(tmp_path):
    file = taken(tmp_path, POWHEG, allow_negative_weights=True)
    signs = np.sign(read_lhe(POWHEG).events.weights)
    # Plus and minus one become pb: the mean of signed weights is the cross section.
    np.testing.assert_array_equal(np.sign(file.events.weights), signs)
    assert file.events.weights.mean() == pytest.approx(0.0275)
    counts = file.provenance["counts"]
    assert counts["n_negative"] == (signs < 0).sum() == 4
    assert counts["n_effective"] == pytest.approx(signs.sum() ** 2 / 24)
    assert counts["n_undecayed"] == 24
    assert counts["n_beyond_leading_order"] == 18
    told = file.provenance["settings"]["pythia_settings"]
    assert told[:2] == ["25:onMode = off", "25:onIfMatch = 5 -5"]
    text = text_of(tmp_path / "taken.lhe.gz")
    first = float(re.search(r"<wgt id='11'>\s*(\S+)", text)[1])
    assert first == pytest.approx(0.83 * file.events.weights[0])


def test_indented_tags_with_attributes_as_of_madgraph_at_next_to_leading_order(tmp_path):
    """Counter-events of aMC@NLO: tags are indented, say a multiplicity, and weights have signs."""
    text = re.sub(r"^(</?(?:event|init|rwgt|wgt|weight|header)\b)", r"  \1", text_of(POWHEG),
                  flags=re.MULTILINE)  # fmt: skip
    text = text.replace("<event>", "<event npLO=' -1 ' npNLO=' 1 '>")
    assert text.count("\n  <event npLO") == 24
    changed = tmp_path / "amcatnlo.lhe"
    changed.write_text(text)
    settings = TakePartonsSettings(allow_negative_weights=True)
    made = [tmp_path / name for name in ("plain.lhe.gz", "indented.lhe.gz")]
    for source, output in zip((POWHEG, str(changed)), made, strict=True):
        take_partons([source], output, settings)
    bodies = [text_of(path).partition("</hh4b>")[2] for path in made]
    assert re.sub(r"\s+", " ", bodies[0]) == re.sub(r"\s+", " ", bodies[1])
    assert bodies[1].count("<wgt id='11'>") == 24


def test_negative_weights_are_let_in_only_if_meant(tmp_path):
    with pytest.raises(ContractError, match=r"4 of 24 events have negative weights.*event 5; if"):
        taken(tmp_path, POWHEG)
    assert not list(tmp_path.iterdir())


def test_events_beyond_leading_order_are_no_signal_in_kappa_lambda(tmp_path, changed):
    with pytest.raises(ContractError, match=r"18 of 24 events have a further parton"):
        taken(tmp_path, POWHEG, allow_negative_weights=True, kappa_reweighting=True)
    # Incoming quarks are no leading order either.
    quarks = changed(MG5, r"\n +21   -1    0    0  501  502", "\n 2 -1 0 0 501 0", count=1)
    with pytest.raises(ContractError, match="1 of 24 events have a further parton or incoming"):
        taken(tmp_path, quarks, kappa_reweighting=True)


def test_weighted_events_of_several_processes_and_weights_without_names(tmp_path):
    file = taken(tmp_path, SHERPA, higgs_pairs=False)
    assert file.cross_section_pb == pytest.approx(300)
    old = read_lhe(SHERPA).events.weights
    np.testing.assert_allclose(file.events.weights, old * 300 / old.mean(), rtol=1e-9)
    assert (file.events.weights == 0).sum() == 1
    text = text_of(tmp_path / "taken.lhe.gz")
    named = [float(x) for x in re.findall(r"<wgt id='MUR0.5_MUF1'>\s*(\S+)", text)]
    np.testing.assert_allclose(named, 1.3 * file.events.weights, rtol=1e-5)


def test_the_first_events_of_several_files(tmp_path):
    second = tmp_path / "second.lhe.gz"
    second.write_bytes(Path(MG5).read_bytes())
    file = taken(tmp_path, MG5, str(second), events=30)
    assert file.n_events_file == 30
    np.testing.assert_array_equal(file.events.momenta[24:], file.events.momenta[:6])
    with pytest.raises(InputFileError, match="24 events together, but 30 were asked for"):
        taken(tmp_path, MG5, events=30)


@pytest.mark.parametrize(
    ("old", "new", "settings", "message"),
    [
        ("6.500000e", "7.000000e", {}, "its beams have 14 TeV together, the sample is of 13"),
        ("2212 2212", "2212 11", {}, r"beams are \(2212, 11\), expected protons"),
        (r"\n +5    1 ", "\n 15 1 ", {}, "decayed to something else than b b~"),
        ("  25    2 ", "  24    2 ", {}, "event 0 does not have two H"),
        ("<wgt id='2'>", "<wgt id='7'>", {}, "event 0: weight '2' is in the header or in an event"),
        ("<wgt id='2'> [^<]*", "<wgt id='2'> nan ", {}, "a weight is not a finite number"),
        ("<init>", "<initial>", {}, "no <init>"),
        ("-4 1\n", "-4 3\n", {}, "<init> is not whole"),
        (r"\+1.6700000e-02 2.5", "-9.0 2.5", {"allow_negative_weights": True}, "positive sum"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, changed, old, new, settings, message):
    path = changed(MG5, old, new, count=0 if old[0] == "6" else 1)
    with pytest.raises((ContractError, InputFileError), match=message):
        taken(tmp_path, path, **settings)
    assert not (tmp_path / "taken.lhe.gz").exists()


def test_files_of_two_processes_are_no_sample(tmp_path, changed):
    other = changed(MG5, r"\n1.670000e-02 2", "\n2.670000e-02 2")
    with pytest.raises(ContractError, match=r"cross section is 0.0267 pb.*make a sample of each"):
        taken(tmp_path, MG5, other)


def test_half_of_the_events_decayed(tmp_path):
    both = [re.sub(r"<(initrwgt|rwgt)>.*?</\1>", "", text_of(path), flags=re.DOTALL)
            for path in (MG5, POWHEG)]  # fmt: skip
    undecayed = re.findall("<event>.*?</event>\n", both[1], flags=re.DOTALL)[0]
    mixed = tmp_path / "mixed.lhe"
    mixed.write_text(both[0].replace("</Les", f"{undecayed}</Les"))
    with pytest.raises(ContractError, match="H have decayed in some events and in others not"):
        taken(tmp_path, str(mixed))


def test_weights_without_a_cross_section():
    np.testing.assert_allclose(normalisation(np.array([1.0, 3.0]), 0.0, "f"), 1.0)
    with pytest.raises(ContractError, match="does not say what it is normalised to"):
        normalisation(np.array([1.0, 1.0, 1.0, -1.0]), 0.0, "f")
    # Sums and means of weights, and signs, are one convention afterwards.
    for weights in ([0.25] * 4, [1.0] * 4, [2.0, -1.0, 2.0, 1.0]):
        assert np.mean(normalisation(np.array(weights), 5.0, "f") * np.array(weights)) == 5


def test_equal_files_give_equal_bytes_and_the_command_says_the_same(tmp_path):
    taken(tmp_path, MG5, kappa_reweighting=True)
    made = [tmp_path / "taken.lhe.gz", tmp_path / "other.lhe.gz", tmp_path / "again.lhe.gz"]
    for other in made[1:]:
        done = CliRunner().invoke(
            groups.app, ["take-partons", MG5, "-o", str(other), "--kappa-reweighting"]
        )
        assert done.exit_code == 0, done.output
    assert made[1].read_bytes() == made[2].read_bytes()
    notes = [
        json.loads(text_of(path).partition("<hh4b>")[2].partition("</hh4b>")[0]) for path in made
    ]
    # A command says what it reads, the library cannot.
    assert notes[1].pop("inputs")
    notes[0].pop("inputs", None)
    assert notes[1] == notes[0]
    bodies = [text_of(path).partition("</hh4b>")[2] for path in made]
    assert bodies[0] == bodies[1]
