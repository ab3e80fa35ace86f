"""Bad input of `hh4b ingest`: one clear line, exit code 1, nothing half-written."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import awkward as ak
import fsspec
import numpy as np
import pytest
from fsspec import AbstractFileSystem

from hh4b.core.contracts import DATASET, read_attributes, read_table
from hh4b.core.errors import ContractError, InputFileError
from hh4b.events.ingest_stage import ingest
from hh4b.events.settings import IngestSettings
from hh4b.events.sources import expand


def refuse(files, folder, *words, kind=(ContractError, InputFileError), **settings):
    """Check that an ingestion fails with all words in its message and leaves nothing behind."""
    output = folder / "out" / "dataset.h5"
    options = {"sample": "hh", "kappa_lambda": 1.0, **settings}
    with pytest.raises(kind) as caught:
        ingest([files] if isinstance(files, str) else files, output, IngestSettings(**options))
    message = str(caught.value)
    for word in words:
        assert word in message
    assert not list(output.parent.iterdir())
    return message


def test_missing_file(tmp_path):
    message = refuse(str(tmp_path / "no.root"), tmp_path, "no.root", "no such file")
    assert "\n" not in message


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_truncated_file(slice_file, tmp_path, share):
    whole = Path(slice_file).read_bytes()
    cut = tmp_path / "cut.root"
    cut.write_bytes(whole[: int(share * len(whole))])
    assert "\n" not in refuse(str(cut), tmp_path, "cut.root", min_tags=0)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_bytes_never_give_a_dataset_silently(delphes, tmp_path, seed):
    path = Path(delphes.edit("hit.root"))
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    start = int(rng.integers(300, len(data) - 4000))
    data[start : start + 3000] = rng.bytes(3000)
    path.write_bytes(data)
    output = tmp_path / "dataset.h5"
    settings = IngestSettings(sample="hh", kappa_lambda=1.0)
    with contextlib.suppress(ContractError, InputFileError):
        ingest([str(path)], output, settings)
    if output.exists():  # the hit fell on a branch that is not read
        assert len(read_table(output, DATASET)["HH4B/weight"]) == 30
    else:
        with pytest.raises((ContractError, InputFileError), match="hit.root"):
            ingest([str(path)], output, settings)


def test_no_root_file(tmp_path):
    (tmp_path / "text.root").write_text("not a ROOT file" * 50)
    refuse(str(tmp_path / "text.root"), tmp_path, "text.root", "not a ROOT file")


def test_no_delphes_tree(delphes, tmp_path):
    refuse(delphes.edit("e.root", tree="Events"), tmp_path, "e.root", "Delphes", "Events")


@pytest.mark.parametrize("branch", ["Jet.PT", "Jet.BTag", "Particle.M1", "Particle.PID"])
def test_missing_branch(delphes, tmp_path, branch):
    outer, leaf = branch.split(".")
    path = delphes.edit("m.root", lambda branches: branches[outer].pop(leaf))
    refuse(path, tmp_path, "m.root", f"'{branch}'", "missing")


def test_own_tags_need_the_flavour(delphes, tmp_path):
    path = delphes.edit("f.root", lambda branches: branches["Jet"].pop("Flavor"))
    refuse(path, tmp_path, "f.root", "'Jet.Flavor'", tags="dl1r_77")


def test_zero_events(delphes, tmp_path):
    refuse(delphes.edit("z.root", events=slice(0, 0)), tmp_path, "z.root", "zero events")


@pytest.mark.parametrize("leaf", ["PT", "Eta", "Phi", "Mass"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_number_in_a_jet(delphes, tmp_path, leaf, value):
    def spoil(branches):
        delphes.set_first(branches["Jet"], leaf, 17, value)

    refuse(delphes.edit("n.root", spoil), tmp_path, "n.root", f"'Jet.{leaf}'", "entry 17")


@pytest.mark.parametrize(("leaf", "value"), [("PT", 2.0**40), ("PT", -3.0), ("Eta", 1e6)])
def test_a_jet_that_cannot_be_meant(delphes, tmp_path, leaf, value):
    def spoil(branches):
        delphes.set_first(branches["Jet"], leaf, 17, value)

    refuse(delphes.edit("n.root", spoil), tmp_path, "n.root", f"'Jet.{leaf}'", "entry 17", "meant")


def test_the_name_of_a_tree_behind_that_of_the_file(slice_file, tmp_path):
    message = refuse(f"{slice_file}:Delphes", tmp_path, "leave ':Delphes' out")
    assert "\n" not in message


def test_what_is_no_file(tmp_path):
    refuse(str(tmp_path), tmp_path, "not a regular file")
    refuse("/dev/zero", tmp_path, "/dev/zero", "not a regular file")


def test_a_colon_in_a_name_and_a_mark_before_a_list(slice_file, tmp_path):
    path = tmp_path / "a:b.root"
    path.write_bytes(Path(slice_file).read_bytes())
    (tmp_path / "list").write_text(f"\ufeff{path}\r\n", encoding="utf-8")
    files = expand([f"@{tmp_path / 'list'}"])
    assert files == [str(path)]
    ingest(files, tmp_path / "d.h5", IngestSettings(sample="hh", kappa_lambda=1.0))


def test_no_number_as_weight(delphes, tmp_path):
    def spoil(branches):
        delphes.set_first(branches["Event"], "Weight", 3, np.nan)

    refuse(delphes.edit("n.root", spoil), tmp_path, "'Event.Weight'", "entry 3")


def test_no_number_in_a_higgs(delphes, tmp_path):
    def spoil(branches):
        eta = branches["Particle"]["Eta"]
        branches["Particle"]["Eta"] = ak.where(branches["Particle"]["PID"] == 25, np.nan, eta)

    refuse(delphes.edit("h.root", spoil), tmp_path, "h.root", "Higgs")


def test_signal_without_higgs(delphes, tmp_path):
    def rename(branches):
        pid = branches["Particle"]["PID"]
        branches["Particle"]["PID"] = ak.where(pid == 25, 23, pid)

    path = delphes.edit("zz.root", rename)
    refuse(path, tmp_path, "zz.root", "0 Higgs bosons in entry 0", "--background")


def test_tag_bit_that_is_never_set(slice_file, tmp_path):
    refuse(slice_file, tmp_path, "delphes_slice.root", "bit 5", "set: 0", b_tag_bit=5)


def test_negative_weight(delphes, tmp_path):
    def flip(branches):
        delphes.set_first(branches["Event"], "Weight", 9, -1.0)

    path = delphes.edit("neg.root", flip)
    refuse(path, tmp_path, "neg.root", "entry 9", "--allow-negative-weights")
    settings = IngestSettings(sample="hh", kappa_lambda=1.0, allow_negative_weights=True)
    ingest([path], tmp_path / "allowed.h5", settings)
    assert read_attributes(tmp_path / "allowed.h5")["sum_weights_generated"] == 56


def test_weights_that_sum_to_nothing(delphes, tmp_path):
    def clear(branches):
        branches["Event"]["Weight"] = branches["Event"]["Weight"] * 0

    refuse(delphes.edit("0.root", clear), tmp_path, "0.root", "summed weight", "positive")


def test_files_of_different_schema(delphes, slice_file, tmp_path):
    less = delphes.edit("less.root", lambda branches: branches.pop("MissingET"))
    refuse([slice_file, less], tmp_path, "less.root", "'MissingET.MET'", "lacks")
    refuse([less, slice_file], tmp_path, "delphes_slice.root", "'MissingET.MET'", "has")


def test_own_file_with_broken_counts(delphes, tmp_path):
    path = delphes.edit("c.root", counts={"n_generated": 3})
    refuse(path, tmp_path, "c.root", "sum_weights_generated")


def test_two_weights_an_event(delphes, tmp_path):
    def double(branches):
        for leaf, array in branches["Event"].items():
            branches["Event"][leaf] = ak.concatenate([array, array], axis=1)

    refuse(delphes.edit("d.root", double), tmp_path, "d.root", "'Event.Weight'", "exactly one")


def bad_files(delphes, slice_file, tmp_path):
    # The first bad file fails late, after rows of it were written.
    def spoil(branches):
        delphes.set_first(branches["Jet"], "PT", 57, np.nan)

    return [
        delphes.edit("late.root", spoil),
        slice_file,
        str(tmp_path / "gone.root"),
        delphes.edit("good.root"),
    ]


def test_all_bad_files_are_reported_together(delphes, slice_file, tmp_path):
    files = bad_files(delphes, slice_file, tmp_path)
    message = refuse(files, tmp_path, "late.root", "gone.root", "2 of 4 files (50 %)")
    assert "good.root" not in message


def test_bad_files_can_be_skipped(delphes, slice_file, tmp_path, caplog):
    files = bad_files(delphes, slice_file, tmp_path)
    output = tmp_path / "dataset.h5"
    settings = IngestSettings(sample="hh", kappa_lambda=1.0, skip_bad_files=True)
    result = ingest(files, output, settings, step_bytes=20_000)
    assert "2 of 4 files (50 %) left out" in caplog.text
    assert len(result.skipped) == 2
    columns, attributes = read_table(output, DATASET), read_attributes(output)
    assert set(columns["HH4B/source_file"].tolist()) == {1, 3}
    assert len(columns["HH4B/weight"]) == 60
    assert attributes["n_generated"] == 116
    assert json.loads(attributes["cutflow"])["tagged"]["events"] == 60
    assert "late.root" in json.loads(attributes["skipped_files"])[0]


def test_skipping_everything_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="gone"):
        ingest(
            [str(tmp_path / "gone.root")],
            tmp_path / "dataset.h5",
            IngestSettings(sample="hh", skip_bad_files=True),
        )
    assert not (tmp_path / "dataset.h5").exists()


def test_globs(delphes, tmp_path):
    names = [delphes.edit(f"{k}.root", events=slice(0, 1)) for k in (2, 1)]
    assert expand([str(tmp_path / "*.root")]) == sorted(names)
    assert expand([names[0], str(tmp_path / "*.root")]) == names
    assert expand([f"file://{tmp_path}/*.root"]) == [f"file://{name}" for name in sorted(names)]
    with pytest.raises(InputFileError, match="matches no file"):
        expand([str(tmp_path / "*.txt")])
    with pytest.raises(InputFileError, match="matches no file"):
        expand([f"file://{tmp_path}/*.txt"])
    with pytest.raises(InputFileError, match="nothing://"):
        expand(["nothing://host/*.root"])


def test_all_globs_without_a_match_are_named(tmp_path):
    with pytest.raises(InputFileError, match=r"a_\*\.root, .*b_\*\.root: matches no file"):
        expand([str(tmp_path / "a_*.root"), "present.root", str(tmp_path / "b_*.root")])


def test_lists_of_files(delphes, tmp_path):
    names = [delphes.edit(f"{k}.root", events=slice(0, 1)) for k in (2, 1)]
    listing = tmp_path / "files.txt"
    listing.write_text(f"# two of them\n{names[0]}\n\n  {tmp_path}/1*.root \n")
    assert expand([f"@{listing}"]) == names
    for content, word in ((b"", "no input file"), (b"\xff\xfe\x00", "no text")):
        listing.write_bytes(content)
        with pytest.raises(InputFileError, match=word):
            expand([f"@{listing}"])
    with pytest.raises(InputFileError, match=r"list of files .*gone\.txt"):
        expand([f"@{tmp_path}/gone.txt"])


def test_addresses_are_read(slice_file, tmp_path):
    ingest(
        [f"file://{slice_file}"], tmp_path / "d.h5", IngestSettings(sample="hh", kappa_lambda=1.0)
    )
    assert len(read_table(tmp_path / "d.h5", DATASET)["HH4B/weight"]) == 30


@pytest.mark.parametrize("kind", [ConnectionError, type("PayloadError", (Exception,), {})])
def test_addresses_that_fail_are_bad_files(slice_file, tmp_path, kind):
    """Plugins raise errors of their own, e.g. when a server hangs up."""

    class Away(AbstractFileSystem):
        protocol = "away"

        def _open(self, path, *arguments, **options):
            raise kind("hung up")

        def info(self, path, **options):
            return {"name": path, "size": 1000, "type": "file"}

    fsspec.register_implementation("away", Away, clobber=True)
    refuse("away://host/far.root", tmp_path, "away://host/far.root", "unreachable", "hung up")
    message = refuse([slice_file, "away://host/far.root"], tmp_path, "1 of 2 files", "far.root")
    assert "delphes_slice" not in message


def test_command_ends_in_one_line(tmp_path):
    output = tmp_path / "d.h5"
    command = [str(Path(sys.executable).with_name("hh4b")), "ingest", str(tmp_path / "x_*.root")]
    done = subprocess.run(
        [*command, "-o", str(output)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "x_*.root: matches no file" in done.stderr
    assert not output.exists()


def test_a_name_that_exists_is_that_file(tmp_path):
    """A shell that expands a glob itself hands over names that may look like one."""
    folder = tmp_path / "[v1]"
    folder.mkdir()
    for name in ("a.root", "b[1].root"):
        (folder / name).touch()
        assert expand([str(folder / name)]) == [str(folder / name)]
    with pytest.raises(InputFileError, match="matches no file"):
        expand([str(folder / "c.root")])
