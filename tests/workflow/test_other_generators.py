"""Events of other generators, from partons or from particles, all the way to limits."""

import gzip
import importlib.util
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

pytestmark = pytest.mark.workflow
REFERENCE = Path(__file__).parents[1] / "reference"
POINT = "13tev_139ifb"


def reference(name):
    """Return a module of tests/reference."""
    spec = importlib.util.spec_from_file_location(name, REFERENCE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def study(samples, **statistics):
    """Return a study of min-dR and cuts that let nearly everything pass."""
    return {
        "standalone": True,
        "results": "results/others",
        "processes": {
            "hh": {"kind": "signal", "cross_section": {13: [62.5, -44.3, 9.63]}},
            "qcd": {"kind": "background", "cross_section_pb": {13: 2}},
        },
        "samples": samples,
        "event_selection": {"folds": 2},
        "simulation": {"chunk_events": 250},
        "pairings": {"min_dr": {"method": "min_dr"}},
        "classifiers": {
            "cuts": {
                "kind": "cuts", "pairing": "min_dr",
                "delta_eta_max": 50, "x_wt_min": 0, "x_hh_max": 1000,
            }
        },
        "selections": {
            "cuts": {
                "pairing": "min_dr", "classifier": "cuts", "threshold": 0.5,
                "min_background_events": 1,
            }
        },
        "statistics": {
            "sqrt_s_tev": [13], "luminosities_ifb": [139],
            "headline": {"sqrt_s_tev": 13, "luminosity_ifb": 139},
            "kappa_input": "fixed", "background_kappa": "fixed", "fixed_kappa_input": 1,
            "kappa_lambda_min": -5, "kappa_lambda_max": 10, "bins": 3, "overflow": "include",
            **statistics,
        },
        "publication": {"reference": None, "causes": None},
    }  # fmt: skip


def written(workflow, content):
    (workflow.folder / "others.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return ["--configfile", "others.yaml"]


def limits(workflow, content):
    """Run a study to its limits and return templates and limits."""
    names = [f"results/others/{name}.json" for name in ("templates/cuts", f"limits/cuts_{POINT}")]
    done = workflow.run(*written(workflow, content), "--", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads((workflow.folder / name).read_text()) for name in names]


def assert_interval(found):
    assert found["status"] == "ok"
    assert min(found["n_signal"]) > 0
    assert found["n_background"] > 0
    low, high = found["cls"]["interval"]
    assert -5 < low < 2.4 < high < 10  # the smallest cross section is in between


def partons(folder, name, make, seed, count):
    """Write Les Houches events of `make_foreign_lhe`."""
    path = folder / f"{name}.lhe"
    path.write_text(make(np.random.default_rng(seed), count))
    return path


def particles(folder, path, count, *, version, packed):
    """Shower events here and write them as another program does."""
    from hh4b.generation.lhe import read_lhe
    from hh4b.simulation.shower import shower

    writer = reference("write_hepmc")
    blocks = shower(path, first=0, count=count, seed=5, labels=("others",))
    weights = read_lhe(path).events.weights[:, None]
    text = writer.hepmc_text(
        blocks, weights, version=version, cross_section_pb=float(weights.mean())
    )
    output = path.with_suffix(f".hepmc{packed}")
    output.write_bytes({"": str.encode, ".gz": _gzipped, ".zst": _zipped}[packed](text))
    return output


def _gzipped(text):
    return gzip.compress(text.encode(), 1)


def _zipped(text):
    import zstandard

    return zstandard.compress(text.encode())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_particles_and_partons_of_others_give_limits(workflow):
    """Leading-order signal from HepMC3 and a background of a list of HepMC2, reweighted."""
    make, folder = reference("make_foreign_lhe"), workflow.folder
    signal = partons(folder, "hh", make.mg5, 1, 120)
    signal = particles(folder, signal, 120, version=3, packed=".zst")
    names = []
    for seed in (2, 3):
        one = partons(folder, f"qcd_{seed}", make.sherpa, seed, 60)
        names.append(particles(folder, one, 60, version=2, packed=("", ".gz")[seed % 2]).name)
    (folder / "list").write_text("\n".join(names))
    samples = {
        "hh": {"process": "hh", "source": "hepmc", "files": [signal.name], "events": 120,
               "kappa_lambda": 1},
        "qcd": {"process": "qcd", "source": "hepmc", "files": ["@list"], "events": 110},
    }  # fmt: skip
    templates, found = limits(workflow, study(samples))
    index = json.loads((folder / "results/others/particles/qcd.json").read_text())
    assert [file["events"] for file in index["files"]] == [60, 50]
    assert index["leading_order"] is False
    assert json.loads((folder / "results/others/particles/hh.json").read_text())["leading_order"]
    assert sum(templates["backgrounds"]["qcd"][0]["sum_weights"]) > 0
    assert_interval(found)
    # What a list says, and what is behind it, is followed; what is gone stops the plan.
    target = "results/others/datasets/qcd.h5"
    arguments = [*written(workflow, study(samples)), "--", target]
    assert workflow.planned(*arguments) == {}
    # The same content at a later time would be no change.
    (folder / "list").write_text("\n".join(["# once more", *names]))
    later = time.time() + 10
    os.utime(folder / "list", (later, later))
    assert workflow.planned(*arguments) == {"take_particles": 1, "simulate": 1, "ingest": 1}
    (folder / names[1]).unlink()
    done = workflow.run("--dry-run", *arguments)
    assert done.returncode != 0
    wanted = f"samples.qcd.files: {names[1]}: there is no such file; check the name"
    assert wanted in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_next_to_leading_order_gives_limits_without_reweighting(workflow):
    """POWHEG events with a further parton, undecayed H and negative weights at three couplings."""
    make, folder = reference("make_foreign_lhe"), workflow.folder
    samples = {}
    for seed, kappa in enumerate((0, 1, 5)):
        path = partons(folder, f"hh_{kappa}", make.powheg, seed, 120)
        samples[f"hh_{kappa}"] = {
            "process": "hh", "source": "lhe", "files": [path.name], "events": 120,
            "kappa_lambda": kappa, "allow_negative_weights": True,
        }  # fmt: skip
    path = partons(folder, "qcd", make.sherpa, 7, 120)
    samples["qcd"] = {"process": "qcd", "source": "lhe", "files": [path.name], "events": 120}
    done = workflow.run(
        *written(workflow, study(samples)), "--", "results/others/partons/hh_1.lhe.gz"
    )
    assert done.returncode != 0
    text = done.stdout + done.stderr
    assert "hh_1.lhe: 90 of 120 events have a further parton or incoming quarks" in text
    assert "statistics.signal_method: interpolated" in text
    content = study(samples, signal_method="interpolated")
    templates, found = limits(workflow, content)
    assert_interval(found)
    kappas = [row["kappa_lambda"] for row in templates["signal"]]
    assert kappas == list(range(-5, 11))
    for row in templates["signal"]:
        assert min(row["sum_weights"]) >= 0
    # Three samples of the same kinematics: the efficiency hardly depends on the coupling.
    sums = {row["kappa_lambda"]: sum(row["sum_weights"]) for row in templates["signal"]}
    assert sums[1] == pytest.approx(sums[0], rel=0.5)
