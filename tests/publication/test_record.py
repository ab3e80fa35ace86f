"""Which configuration made this: headers of files, the record of a run, its crate."""

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.files import Provenance, input_name, made_from, read_json, write_json
from hh4b.publication.record.chain import chain_json, chain_lines, chain_of
from hh4b.publication.record.crate import METADATA, write_crate
from hh4b.publication.record.header import read_header
from hh4b.publication.record.run import code_version, write_record
from hh4b.study.reading import read_study

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("path", "output", "name"),
    [
        ("results/datasets/a.h5", "results/scores/x/a.h5", "datasets/a.h5"),
        ("results/a.json", "results/b.json", "a.json"),
        ("config/event.yaml", "results/models/x", "config/event.yaml"),
        ("./x/../a.json", "b.json", "a.json"),
        ("/elsewhere/data/a.root", "a.h5", "a.root"),
        ("config/event.yaml", "/elsewhere/results/b.json", "config/event.yaml"),
    ],
)
def test_names_of_inputs_do_not_depend_on_where_a_study_lies(
    tmp_path, monkeypatch, path, output, name
):
    for folder in (tmp_path / "one", tmp_path / "two/deep"):
        folder.mkdir(parents=True)
        monkeypatch.chdir(folder)
        assert input_name(path, output) == name


def test_a_file_says_what_it_is_made_from(tmp_path):
    made = Provenance("stage", {"a": 1})
    before = made.as_dict()
    with made_from([tmp_path / "in/a.h5", tmp_path / "in/a.h5"], tmp_path / "out/b.h5"):
        inside = made.as_dict()
    assert inside == {**before, "inputs": ["in/a.h5"]}
    assert made.as_dict() == before


def test_very_many_inputs_fit_into_an_attribute(tmp_path):
    paths = [tmp_path / f"events/{number:06d}.root" for number in range(100_000)]
    with made_from(paths, tmp_path / "all.h5"):
        text = Provenance("ingest", {}).as_json()
    assert len(text) < 1 << 15
    assert json.loads(text)["n_inputs"] == len(paths)


@pytest.fixture
def chain(tmp_path):
    """Three files, each made from the one before, the first one gone."""
    names = ["partons/a.json", "events/a.json", "limits/a.json"]
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir()
        with made_from([tmp_path / names[number - 1]] if number else [], tmp_path / name):
            write_json(tmp_path / name, {}, Provenance(f"stage {number}", {}, seed=number))
    (tmp_path / names[0]).unlink()
    return tmp_path / names[-1]


def test_chain(chain):
    links = chain_of(chain)
    assert [(link.depth, link.name, link.path is None) for link in links] == [
        (0, "a.json", False), (1, "events/a.json", False), (2, "partons/a.json", True),
    ]  # fmt: skip
    lines = list(chain_lines(chain))
    assert lines[0] == "stage 2: a.json"
    assert "seed 1" in lines[3]
    assert lines[4] == "    no longer there: partons/a.json"
    assert json.loads(chain_json(chain))["chain"][1]["provenance"]["seed"] == 1


def test_a_chain_may_be_moved(chain, tmp_path):
    moved = tmp_path.with_name(tmp_path.name + "_moved")
    tmp_path.rename(moved)
    assert [link.path is None for link in chain_of(moved / "limits/a.json")] == [False, False, True]


def test_a_damaged_file_upstream_does_not_end_the_chain(chain, tmp_path):
    (tmp_path / "events/a.json").write_text("{")
    assert [link.header is None for link in chain_of(chain)] == [False, True]


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", "{}"), ("b.csv", "a,b\n"), ("c.h5", ""), ("d.lhe", "<x>")]
)
def test_files_without_provenance(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputFileError, match="has no provenance"):
        chain_of(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.root", b"root\0\0"),
        ("a.h5", b"\x89HDF\r\n\x1a\n\0"),
        ("a.pt", b"PK\3\4 cut off"),
        ("a.json", b"{"),
        ("a.lhe.gz", b"\x1f\x8b cut"),
        ("a.json", b'{"provenance": "{"}'),
    ],
)
def test_damaged_files(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        chain_of(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_headers_in_remarks_of_others_formats(tmp_path):
    path = tmp_path / "workspace.json"
    text = "provenance " + Provenance("workspace", {}).as_json()
    path.write_text(json.dumps({"measurements": [{"config": {"remarks": ["x", text]}}]}))
    assert read_header(path)["stage"] == "workspace"


@pytest.fixture(scope="module")
def study():
    return read_study(ROOT / "config/config.yaml")


@pytest.fixture
def run(tmp_path, study, monkeypatch):
    """A finished run as far as its record says: every file that it shows, and one upstream."""
    for name in ("Snakefile", "LICENSE", "config", "workflow"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results"
    write_record(study, results / "provenance.json", results / "config.yaml")
    record = read_json(results / "provenance.json")
    for name in record["outputs"]:
        (results / name).parent.mkdir(exist_ok=True)
        (results / name).write_text(name)
    (results / "limits").mkdir()
    for name in record["outputs"]["README.md"]["inputs"]:
        if name.startswith("limits/"):
            write_json(results / name, {}, Provenance("limits", {}))
    return results


def test_record(run, study):
    assert read_study(run / "config.yaml") == study
    record = read_json(run / "provenance.json")
    assert record["seeds"] == {"seed": study.seed}
    reference = (ROOT / "config/reference/note.yaml").read_bytes()
    assert record["inputs"]["config/reference/note.yaml"] == {
        "bytes": len(reference), "sha256": hashlib.sha256(reference).hexdigest(),
    }  # fmt: skip
    assert {"numpy", "torch", "snakemake"} <= set(record["packages"])
    assert record["outputs"]["tables/table_07.csv"]["stage"] == "table 7"


def test_equal_runs_have_equal_records(run, study, tmp_path):
    write_record(study, tmp_path / "other/provenance.json", tmp_path / "other/config.yaml")
    for name in ("provenance.json", "config.yaml"):
        assert (run / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_a_table_is_known_by_the_record_of_its_run(run):
    lines = list(chain_lines(run / "figures/figure_limits.png"))
    assert lines[0].startswith("configuration config.yaml, digest ")
    assert "figure limits: figure_limits.png" in lines
    assert any("limits: limits/" in line for line in lines)
    (run / "tables/of_another_study.csv").write_text("x")
    with pytest.raises(InputFileError, match="has no provenance"):
        chain_of(run / "tables/of_another_study.csv")


def test_commit():
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert code_version()["commit"] == (done.stdout.strip() or None)


def crate_of(run, output, **options):
    write_crate(run, output, run.parent, **options)
    return {entity["@id"]: entity for entity in read_json(output / METADATA)["@graph"]}


def test_crate(run, tmp_path):
    (run / "tables/of_another_study.csv").write_text("x")
    crate = tmp_path / "crate"
    entities = crate_of(run, crate)
    parts = {part["@id"] for part in entities["./"]["hasPart"]}
    files = {p.relative_to(crate).as_posix() for p in crate.rglob("*") if p.is_file()}
    assert files - {METADATA} == parts
    assert "results/tables/of_another_study.csv" not in parts
    assert {"Snakefile", "results/config.yaml", "results/README.md"} <= parts
    for name in parts:
        content = (crate / name).read_bytes()
        assert entities[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert entities[name]["contentSize"] == str(len(content))
    run_of_it = entities["#run"]
    assert run_of_it["instrument"] == entities["./"]["mainEntity"] == {"@id": "Snakefile"}
    assert {"@id": "results/config.yaml"} in run_of_it["object"]
    for entity in entities.values():
        for value in entity.values():
            for one in value if isinstance(value, list) else [value]:
                address = one.get("@id", "") if isinstance(one, dict) else "./"
                assert "://" in address or address in entities


def test_crate_is_read_by_the_public_library(run, tmp_path):
    read = pytest.importorskip("rocrate.rocrate").ROCrate
    write_crate(run, tmp_path / "crate.zip", run.parent)
    crate = read(tmp_path / "crate.zip")
    assert crate.mainEntity.id == "Snakefile"
    assert "ComputationalWorkflow" in crate.mainEntity.type
    assert crate.get("#run")["instrument"].id == "Snakefile"
    assert len(crate.data_entities) == len(crate.root_dataset["hasPart"])


def test_equal_runs_have_equal_crates(run, tmp_path):
    for name in ("one.zip", "two.zip"):
        write_crate(run, tmp_path / name, run.parent)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert yaml.safe_load(archive.read("results/config.yaml"))["seed"]


def test_crates_that_are_refused(run, tmp_path):
    with pytest.raises(ConfigError, match="is not empty"):
        write_crate(run, run, run.parent)
    with pytest.raises(ConfigError, match="no Snakefile"):
        write_crate(run, tmp_path / "crate.zip", run)
    (run / "tables/table_07.csv").unlink()
    with pytest.raises(InputFileError, match=r"table_07\.csv: no such file"):
        write_crate(run, tmp_path / "crate", run.parent)
    assert not (tmp_path / "crate").exists()
    (run / "provenance.json").unlink()
    with pytest.raises(ConfigError, match=r"no provenance\.json"):
        write_crate(run, tmp_path / "crate.zip", run.parent)
