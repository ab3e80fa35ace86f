"""MadGraph route with stub programs on PATH: cards, order of calls, failures."""

import gzip
import os
import stat

import pytest
import uproot
from typer.testing import CliRunner

from hh4b.cli import groups
from hh4b.core.contracts import DATASET, read_table
from hh4b.core.errors import ConfigError, GeneratorFailed, InputFileError
from hh4b.generation.madgraph import (
    delphes_card,
    mg5_script,
    pythia_card,
    scaled_trilinear,
    stage_seed,
)
from hh4b.generation.madgraph_stage import chosen_shower, run_madgraph, write_cards
from hh4b.generation.settings import MadgraphSettings, Physics

CARD = """set ExecutionPath {
  GenJetFinder
}
set RandomSeed 5
module FastJetFinder GenJetFinder {
  set JetAlgorithm 6
  set ParameterR 0.6
  set JetPTMin 20.0
}
module FastJetFinder FastJetFinder {
  set ParameterR 0.6
  set JetPTMin 20.0
}
module BTagging BTagging { set BitNumber 0 }
"""
COUPLINGS = """GC_30 = Coupling(name = 'GC_30',
                 value = '-6*complex(0,1)*lam*v',
                 order = {'QED':1})
GC_31 = Coupling(name = 'GC_31', value = '-2*complex(0,1)*lam*v', order = {'QED':1})
"""
# The stub of MG5_aMC reads its script as the program would: output folder, number of events.
MG5 = """#!/bin/sh
folder=$(sed -n 's/^output //p' "$1")
events=$(sed -n 's/^set run_card nevents //p' "$1")
test -n "$folder" && test -n "$events" || { echo "bad script"; exit 3; }
mkdir -p "$folder/Events/run_01"
echo "<LesHouchesEvents> $events" | gzip > "$folder/Events/run_01/unweighted_events.lhe.gz"
"""
DELPHES_PYTHIA = """#!/bin/sh
test ! -e "$3" || { echo "file exists"; exit 1; }
lhe=$(sed -n 's/^Beams:LHEF = //p' "$2")
grep -q LesHouchesEvents "$lhe" && grep -q ParameterR "$1" || { echo "no input"; exit 1; }
cp "$SLICE" "$3"
"""
INTERFACE = """#!/bin/sh
grep -q LesHouchesEvents "$(sed -n 's/^Beams:LHEF = //p' "$1")" || exit 1
echo HepMC > "$(sed -n 's/^HEPMCoutput:file = //p' "$1")"
"""
DELPHES_HEPMC = """#!/bin/sh
grep -q HepMC "$3" && grep -q ParameterR "$1" && cp "$SLICE" "$2"
"""


@pytest.fixture
def tools(tmp_path, monkeypatch, slice_file):
    """An installation of stubs; ``tools(name, text)`` adds or changes a program."""
    folder = tmp_path / "mg5" / "bin"
    model = tmp_path / "mg5" / "models" / "loop_sm"
    folder.mkdir(parents=True)
    model.mkdir(parents=True)
    (model / "couplings.py").write_text(COUPLINGS)
    (model / "particles.py").write_text("# particles\n")
    system = f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"
    monkeypatch.setenv("PATH", system)
    monkeypatch.setenv("SLICE", slice_file)
    (tmp_path / "card.tcl").write_text(CARD)

    def add(name, text):
        program = folder / name
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    add("mg5_aMC", MG5)
    add("DelphesPythia8", DELPHES_PYTHIA)
    return add


def settings(**changes):
    kind = changes.get("generate", "hh")
    content = {"generate": kind, "events": 50, "sample": "hh", **changes}
    if kind == "hh":
        content.setdefault("kappa_lambda", 1.0)
    return MadgraphSettings.checked(content)


def run(tmp_path, **changes):
    output, work = tmp_path / "out" / "hh.root", tmp_path / "work"
    run_madgraph(settings(**changes), tmp_path / "card.tcl", output, work)
    return output, work


def test_from_cards_to_dataset_by_commands(tools, tmp_path):
    root, dataset = tmp_path / "hh.root", tmp_path / "hh.h5"
    command = ["generate", "madgraph", "--generate", "hh", "--events", "50", "-o", str(root)]
    command += ["--delphes-card", str(tmp_path / "card.tcl"), "--work", str(tmp_path / "work")]
    done = CliRunner().invoke(groups.app, [*command, "--kappa-lambda", "5"])
    assert done.exit_code == 0, done.output
    with uproot.open(root) as file:
        assert file["Delphes"].num_entries == 58
    done = CliRunner().invoke(
        groups.app, ["ingest", str(root), "-o", str(dataset), "--kappa-lambda", "5"]
    )
    assert done.exit_code == 0, done.output
    assert len(read_table(dataset, DATASET)["HH4B/weight"]) == 30


def test_route_over_hepmc(tools, tmp_path):
    tools("MG5aMC_PY8_interface", INTERFACE)
    tools("DelphesHepMC2", DELPHES_HEPMC)
    output, work = run(tmp_path, generate="4b", shower="MG5aMC_PY8_interface")
    assert output.is_file()
    assert "25:onMode" not in (work / "pythia8.cmnd").read_text()
    assert (work / "events.hepmc").is_file()


def test_shower_is_what_is_found(tools, tmp_path):
    assert chosen_shower(settings()) == "DelphesPythia8"
    (tmp_path / "mg5" / "bin" / "DelphesPythia8").unlink()
    assert chosen_shower(settings()) == "MG5aMC_PY8_interface"


def test_launcher_stands_before_every_program(tools, tmp_path):
    tools("box", '#!/bin/sh\nshift\necho "$1" >> calls.txt\nexec "$@"\n')
    _, work = run(tmp_path, launcher="box exec")
    assert (work / "calls.txt").read_text().split() == ["mg5_aMC", "DelphesPythia8"]
    with pytest.raises(ConfigError, match="--model"):
        chosen = settings(kappa_lambda=2.0, launcher="box exec")
        write_cards(chosen, tmp_path / "card.tcl", tmp_path / "other")


def test_trilinear_coupling_is_scaled_in_a_copy(tools, tmp_path):
    _, work = run(tmp_path, kappa_lambda=-5.0)
    changed = (work / "loop_sm_kappa_lambda" / "couplings.py").read_text()
    assert "'(-5.0)*(-6*complex(0,1)*lam*v)'" in changed
    assert changed.replace("(-5.0)*(-6*complex(0,1)*lam*v)", "-6*complex(0,1)*lam*v") == COUPLINGS
    assert f"import model {work}/loop_sm_kappa_lambda" in (work / "mg5.txt").read_text()
    original = tmp_path / "mg5" / "models" / "loop_sm" / "couplings.py"
    assert original.read_text() == COUPLINGS


def test_scaled_coupling_evaluates_to_the_product():
    text = scaled_trilinear("'-6*complex(0,1)*lam*vev'", 2.4, where="m")
    assert eval(eval(text), {"lam": 0.13, "vev": 246.0, "complex": complex}) == pytest.approx(
        -6j * 0.13 * 246 * 2.4
    )
    for broken in ("nothing", COUPLINGS * 2):
        with pytest.raises(InputFileError, match="--model"):
            scaled_trilinear(broken, 2.0, where="m")


def test_script_of_the_signal():
    lines = mg5_script(settings(), model="loop_sm", folder="process", cores=2).splitlines()
    assert "generate g g > h h [noborn=QCD]" in lines
    assert "set run_card ebeam1 6500.0" in lines
    assert "set param_card mass 6 173.0" in lines
    assert lines.index("launch process") < lines.index("shower=OFF") < lines.index("done")
    assert lines.count("done") == 2
    assert not any("bb" in line for line in lines)


def test_script_of_the_background_has_the_cuts_of_the_note():
    script = mg5_script(settings(generate="4b"), model="sm", folder="p", cores=1)
    for line in ("generate p p > b b~ b b~", "set run_card ptb 25.0", "set run_card etab 2.5"):
        assert line in script
    assert "set run_card drbb 0.0" in script
    assert "set run_card mmbb 0.0" in script


def test_seeds_follow_sample_and_stage():
    one, other = settings(), settings(sample="other")
    seeds = {stage_seed(s, stage) for s in (one, other) for stage in ("partons", "shower")}
    assert len(seeds) == 4
    assert max(seeds) < 30081**2
    assert "25:onIfMatch = 5 -5" in pythia_card(one, partons="p.lhe", hepmc=None)


def test_delphes_card_keeps_all_but_radius_and_seed():
    card = delphes_card(CARD, settings(), where="card.tcl")
    assert card.count("ParameterR 0.4") == 2
    assert card.count("RandomSeed") == 1
    assert "set RandomSeed 5\n" not in card
    rest = card.replace("0.4", "0.6").splitlines()[1:]
    assert rest == [line for line in CARD.splitlines() if "RandomSeed" not in line]
    with pytest.raises(InputFileError, match=r"card\.tcl.*GenJetFinder"):
        delphes_card("module Other {}", settings(), where="card.tcl")


def test_cards_only_runs_nothing(tools, tmp_path):
    command = ["generate", "madgraph", "--generate", "4b", "--events", "5", "--cards-only"]
    command += ["-o", str(tmp_path / "x.root"), "--delphes-card", str(tmp_path / "card.tcl")]
    done = CliRunner().invoke(groups.app, [*command, "--work", str(tmp_path / "cards")])
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "cards").iterdir())
    assert names == ["delphes.tcl", "mg5.txt", "pythia8.cmnd"]


def refuse(tmp_path, word, kind=GeneratorFailed):
    with pytest.raises(kind, match=word):
        run(tmp_path)
    assert not (tmp_path / "out" / "hh.root").exists()


def test_missing_program(tools, tmp_path):
    (tmp_path / "mg5" / "bin" / "mg5_aMC").unlink()
    refuse(tmp_path, "mg5_aMC is not on PATH")


def test_failing_programs_show_the_end_of_their_log(tools, tmp_path):
    tools("mg5_aMC", "#!/bin/sh\necho 'no gfortran here'\nexit 7\n")
    refuse(tmp_path, "status 7.*no gfortran here")


def test_programs_that_write_nothing(tools, tmp_path):
    tools("mg5_aMC", "#!/bin/sh\nexit 0\n")
    refuse(tmp_path, "wrote no events")
    tools("mg5_aMC", MG5)
    tools("DelphesPythia8", "#!/bin/sh\nexit 0\n")
    refuse(tmp_path, r"wrote no .*delphes\.root")


def test_damaged_events(tools, tmp_path):
    lhe = gzip.compress(os.urandom(5000))[:2000]
    (tmp_path / "cut.gz").write_bytes(lhe)
    tools("mg5_aMC", MG5.rsplit("echo", 1)[0] + f'cp "{tmp_path}/cut.gz" "$folder/Events/run_01/'
          'unweighted_events.lhe.gz"\n')  # fmt: skip
    refuse(tmp_path, "damaged")


def test_used_folder_and_missing_card(tools, tmp_path):
    (tmp_path / "work" / "process").mkdir(parents=True)
    refuse(tmp_path, "holds a run already")
    (tmp_path / "work" / "process").rmdir()
    (tmp_path / "card.tcl").unlink()
    refuse(tmp_path, r"card\.tcl", InputFileError)


def test_failed_run_can_be_started_again(tools, tmp_path):
    """As a workflow does: the same command in the same folder."""
    tools("DelphesPythia8", "#!/bin/sh\necho part > $3\nexit 1\n")
    refuse(tmp_path, "status 1")
    (tmp_path / "work" / "note.txt").write_text("the user's own")
    tools("DelphesPythia8", DELPHES_PYTHIA)
    refuse(tmp_path, "--restart")
    command = ["generate", "madgraph", "--generate", "hh", "--events", "50", "--restart"]
    command += ["--kappa-lambda", "1"]
    command += ["--delphes-card", str(tmp_path / "card.tcl"), "--work", str(tmp_path / "work")]
    for _ in range(2):
        done = CliRunner().invoke(groups.app, [*command, "-o", str(tmp_path / "hh.root")])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "hh.root").is_file()
    assert (tmp_path / "work" / "note.txt").is_file()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"generate": "zz"}, "generate: value 'zz'"),
        ({"events": 0}, "events"),
        ({"kappa_lambda": float("nan")}, "kappa_lambda"),
        ({"kappa_lambda": None}, "kappa_lambda belongs to hh, and only to it"),
        ({"generate": "4b", "kappa_lambda": 2.0}, "kappa_lambda belongs to hh, and only to it"),
        ({"generate": "4b", "four_b_scale": "m4b_half"}, "MG5_aMC knows kt_clustered, ht, ht_half"),
        ({"sqrt_s_tev": 0.0}, "sqrt_s_tev"),
        ({"shower": "herwig"}, "herwig"),
    ],
)
def test_settings_that_cannot_be_meant(change, word):
    with pytest.raises(ConfigError, match=word):
        settings(**change)


def test_physics_of_the_configuration_reaches_the_cards():
    physics = Physics.of(
        sqrt_s_tev=14, m_higgs_gev=120.0, m_top_gev=170.0, b_mass_gev=4.2, mu_factor=2.0,
        four_b_scale="ht", b_pt_min_gev=20.0, b_abs_eta_max=3.0,
    )  # fmt: skip
    chosen = MadgraphSettings.of(physics, generate="4b", events=5, sample="x")
    lines = mg5_script(chosen, model="sm", folder="p", cores=1).splitlines()
    for line in (
        "run_card ebeam1 7000.0", "run_card scalefact 2.0", "run_card dynamical_scale_choice 2",
        "run_card ptb 20.0", "run_card etab 3.0", "param_card mass 5 4.2",
        "param_card yukawa 5 4.2", "param_card mass 6 170.0", "param_card mass 25 120.0",
    ):  # fmt: skip
        assert f"set {line}" in lines
    default = mg5_script(settings(generate="4b"), model="sm", folder="p", cores=1)
    assert "set run_card dynamical_scale_choice -1" in default
