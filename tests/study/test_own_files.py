"""A study of the user's own files, and Les Houches files in a configuration."""

import gzip
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hh4b.cli import groups
from hh4b.core.errors import ConfigError
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.own_settings import OwnFiles
from hh4b.study.own_study import own_study
from hh4b.study.reading import is_standalone, read_study
from hh4b.study.stage_settings import StageSettings

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data"
MG5, POWHEG, SHERPA = (DATA / f"lhe/{n}.lhe.gz" for n in ("mg5_hh", "powheg_hh", "sherpa_4b"))
ROOT_FILE = DATA / "delphes_slice.root"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def written(tmp_path, *options):
    output = tmp_path / "own.yaml"
    done = CliRunner().invoke(groups.app, ["config", "new", "-o", str(output), *options])
    assert done.exit_code == 0, done.output or done.exception
    return output


def copies(folder, number):
    """Return paths of so many different Delphes files."""
    paths = [folder / f"events_{one}.root" for one in range(number)]
    for path in paths:
        shutil.copy(ROOT_FILE, path)
    return paths


def test_a_file_is_in_one_sample(tmp_path):
    (tmp_path / "link.root").symlink_to(ROOT_FILE)
    files = [f"{tmp_path}/*.root", str(ROOT_FILE)]
    message = "are the same file, whose events would count as two samples; leave one out"
    with pytest.raises(ConfigError, match=message):
        own_study([f"1={files[0]}"], [f"qcd=1={files[1]}"], OwnFiles())
    with pytest.raises(ConfigError, match="whose events would count as two samples"):
        own_study([f"1={files[1]}", f"2={files[1]}"], ["qcd=1=x.root"], OwnFiles())


def test_delphes_files_on_both_sides(tmp_path):
    one, two, three = copies(tmp_path, 3)
    path = written(
        tmp_path, "--from", "files", "--signal", f"1={one}", "--signal", f"2.5={two}",
        "--background", f"qcd=628.6={three}", "--sqrt-s", "14", "--luminosity-ifb", "300",
    )  # fmt: skip
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) < 30
    # Laid over the default study it takes nothing of it.
    study = read_study(ROOT / "config/config.yaml", path)
    assert study == read_study(path)
    assert set(study.samples) == {"hh_kl1", "hh_kl2_5", "qcd"}
    assert study.samples["hh_kl2_5"].kappa_lambda == 2.5
    assert set(study.selections) == {"min_dr_dnn", "spanet"}
    assert study.statistics.headline.luminosity_ifb == 300
    assert study.processes["qcd"].other_pb("qcd", 14) == 628.6
    assert study.publication.reference is None
    assert is_standalone([path])
    assert not is_standalone([ROOT / "config/config.yaml", tmp_path / "nowhere.yaml"])


def test_particles_of_others_are_counted_and_their_records_asked_for(tmp_path):
    signal, background = (DATA / f"hepmc/pythia_hh.hepmc{end}" for end in ("3.gz", "2.zst"))
    path = written(tmp_path, "--signal", f"1={signal}", "--background", f"qcd=600={background}")
    layout = Layout(read_study(path))
    found = layout.samples["hh_kl1"].definition
    assert (found.source, found.events, found.allow_negative_weights) == ("hepmc", 3, False)
    assert layout.generator_events("hh_kl1") == "results/own/particles/hh_kl1.json"
    assert JobInputs(layout).taken_files("qcd") == [str(background)]
    settings = StageSettings(layout)
    signal, background = (settings.take_particles(name) for name in ("hh_kl1", "qcd"))
    assert (signal.higgs_pairs, signal.kappa_reweighting, signal.events) == (True, True, 3)
    assert (background.higgs_pairs, background.kappa_reweighting) == (False, False)
    # What was showered elsewhere is told nothing of the shower.
    layout.study.simulation.pythia_settings.append("PartonLevel:MPI = off")
    assert settings.simulate("qcd", "0000").pythia_settings == []


def test_a_signal_that_is_not_reweighted(tmp_path):
    """Its events may be beyond leading order; what reweights it is refused."""
    files = {k: tmp_path / f"hh_{k}.lhe.gz" for k in (0, 1, 5)}
    for file in files.values():
        shutil.copy(MG5, file)
    path = written(
        tmp_path, *(word for k, file in files.items() for word in ("--signal", f"{k}={file}")),
        "--background", f"qcd=600={SHERPA}",
    )  # fmt: skip
    text = path.read_text()
    place = tmp_path / "changed.yaml"

    def changed(*pairs):
        found = text.replace("statistics: {", "statistics: {signal_method: interpolated, ")
        for old, new in (("errors: bootstrap", "errors: templates"), *pairs):
            assert old in found, old
            found = found.replace(old, new)
        place.write_text(found)
        return read_study(place)

    study = changed()
    assert not StageSettings(Layout(study)).take_partons("hh_kl1").kappa_reweighting
    assert StageSettings(Layout(read_study(path))).take_partons("hh_kl1").kappa_reweighting
    with pytest.raises(ConfigError, match="no signal sample has kappa_lambda -10 of the scan"):
        changed(("interpolated", "direct"))
    with pytest.raises(ConfigError, match="three kappa_lambda or more, there are .0.0, 1.0."):
        changed(("kappa_lambda: 5", "kappa_lambda: 0"))
    with pytest.raises(ConfigError, match="likelihood: signal_method must be reweighted"):
        changed(("publication:", "likelihood: {selections: [spanet]}\npublication:"))
    with pytest.raises(ConfigError, match="statistics: .*errors bootstrap do not go together"):
        changed(("errors: templates", "errors: bootstrap"))


def test_les_houches_files_are_counted_and_signs_seen(tmp_path):
    signed = tmp_path / "signed.lhe"
    signed.write_text(gzip.decompress(POWHEG.read_bytes()).decode())
    study = read_study(
        written(tmp_path, "--signal", f"1={MG5}", "--background", f"other=0.5={signed}",
                "--signal-cross-section", "70,-50,10")
    )  # fmt: skip
    assert (study.samples["hh_kl1"].source, study.samples["hh_kl1"].events) == ("lhe", 24)
    assert study.samples["other"].allow_negative_weights
    # Nothing but SPANet2 is trained with weights of both signs.
    assert set(study.selections) == {"min_dr_cuts", "spanet"}
    assert study.processes["hh"].cross_section == {13.0: (70.0, -50.0, 10.0)}
    layout = Layout(study)
    assert JobInputs(layout).taken_files("other") == [str(signed)]
    settings = StageSettings(layout)
    signal, background = (settings.take_partons(name) for name in ("hh_kl1", "other"))
    assert (signal.higgs_pairs, signal.kappa_reweighting, signal.events) == (True, True, 24)
    assert (background.higgs_pairs, background.kappa_reweighting) == (False, False)
    assert settings.ingest("other").allow_negative_weights
    assert not settings.ingest("hh_kl1").allow_negative_weights


@pytest.mark.parametrize(
    ("signals", "backgrounds", "message"),
    [
        (["5=@"], ["qcd=1=@"], "no files of kappa_lambda = 1"),
        (["one=@"], ["qcd=1=@"], "expected KAPPA=FILES"),
        (["1=@", "1.0=@"], ["qcd=1=@"], "kappa_lambda 1 stands there twice"),
        (["1=@"], ["qcd=@"], "expected NAME=PB=FILES"),
        (["1=@"], ["QCD=1=@"], "a name of small letters"),
        (["1=@"], ["qcd=-1=@"], "greater than 0"),
        (["1=@"], ["qcd=1=@", "qcd=1=@"], "a sample of that name already"),
        (["1=@"], [], "no background"),
        (["1=card.tcl"], ["qcd=1=@"], "expected Delphes files"),
    ],
)
def test_what_is_wrong_on_the_command_line(signals, backgrounds, message, tmp_path):
    texts = [
        [text.replace("@", str(file)) for text in side]
        for side, file in zip((signals, backgrounds), copies(tmp_path, 2), strict=True)
    ]
    with pytest.raises(ConfigError, match=message):
        own_study(*texts, OwnFiles())


LHE = "{process: PROCESS, source: lhe, files: [a.lhe], events: 5"


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (f"samples: {{four_b: null, mine: {LHE}, kappa_lambda: 1}}}}", "kind background has none"),
        (f"samples: {{mine: {LHE.replace('PROCESS', 'hh')}}}}}", "kind signal has one"),
        (
            f"samples: {{mine: {LHE}}}}}\nstatistics: {{sqrt_s_tev: [13, 14]}}\n"
            "processes: {four_b: {cross_section_pb: {14: 700}}}",
            "'mine' .source lhe. has no own parton events",
        ),
        (
            f"samples: {{mine: {LHE}}}}}\nstatistics: {{model: complete}}\n"
            "systematics: {scale: {effect: partons, processes: [four_b], up: {mu_factor: 2},"
            " down: {mu_factor: 0.5}}}",
            "'mine' comes from lhe, which has no own parton events to give other weights",
        ),
    ],
)
def test_what_les_houches_files_cannot_be(tmp_path, overlay, message):
    path = tmp_path / "mine.yaml"
    path.write_text(overlay.replace("PROCESS", "four_b"))
    with pytest.raises(ConfigError, match=message):
        read_study(ROOT / "tests/studies/small.yaml", path)


def test_a_variation_of_the_detector_is_one_of_their_showers_too(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"samples: {{mine: {LHE.replace('PROCESS', 'four_b')},"
        " pythia_settings: ['PartonLevel:MPI = off']}}\nstatistics: {model: complete}\n"
        "simulation: {pythia_settings: ['HadronLevel:all = on']}\n"
        "systematics: {jes: {effect: detector, processes: [four_b], up: {jets.energy_scale: 1.1},"
        " down: mirror}}"
    )
    layout = Layout(read_study(ROOT / "tests/studies/small.yaml", path))
    assert "mine" in layout.detector_varied
    told = StageSettings(layout).simulate("mine", "0000")
    assert told.pythia_settings == ["HadronLevel:all = on", "PartonLevel:MPI = off"]
    assert list(told.variations) == ["jes_up"]


def test_a_sample_goes_where_its_files_are(tmp_path):
    folder = tmp_path / "with a space"
    folder.mkdir()
    shutil.copy(SHERPA, folder)
    path = written(tmp_path, "--signal", f"1={MG5}", "--background", f"qcd=1={folder}/*.lhe.gz")
    arguments = JobInputs(Layout(read_study(path))).taken_arguments("qcd")
    assert arguments == f"'{folder}/*.lhe.gz'"
