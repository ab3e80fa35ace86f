"""Files that a study names are looked for before any job, and each counts once."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import hh4b.cli  # noqa: F401 (registers the commands)
from hh4b.commands.groups import app
from hh4b.core.errors import ConfigError
from hh4b.study.file_checks import absent_archive, check_files
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests/studies/small.yaml"


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Return a function that reads the small study with samples of files over it."""
    for name in ("a.root", "b.root", "data.h5"):
        (tmp_path / name).touch()
    (tmp_path / "link.root").symlink_to("a.root")
    (tmp_path / "list").write_text("# mine\na.root\n\nb.root\n")
    (tmp_path / "gone").write_text("a.root\nc.root\n")
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)

    def read(results=None, archive=None, **samples):
        overlay = {"samples": samples} | ({} if results is None else {"results": results})
        overlay |= {"publication": {"archive": archive}}
        Path("mine.yaml").write_text(yaml.safe_dump(overlay))
        return read_study(SMALL, "mine.yaml")

    return read


def files(*names, process="four_b"):
    return {"process": process, "source": "files", "files": list(names)}


def published(**keys):
    return {"process": "four_b", "source": "spanet_dataset", "events": "background", **keys}


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        (files("c.root"), "samples.mine.files: c.root: there is no such file"),
        (files("a.root", "x/*.root", "y/*.root"), "x/*.root, y/*.root: matches no file"),
        (files("@no_list"), "cannot read the list of files no_list"),
        (files("@gone"), "samples.mine.files: c.root: there is no such file"),
        (published(file="no.h5"), "samples.mine.file: value 'no.h5': there is no such file"),
        (published(file="data.h5", testing_file="no.h5"), "samples.mine.testing_file: value 'no"),
        (
            published(file="data.h5", testing_file="../{folder}/data.h5"),
            "is the same file as `file`, whose events would train and test",
        ),
    ],
)
def test_what_is_missing_is_named(study, tmp_path, sample, wanted):
    sample = yaml.safe_load(yaml.safe_dump(sample).replace("{folder}", tmp_path.name))
    with pytest.raises(ConfigError) as caught:
        check_files(study(mine=sample))
    assert wanted in str(caught.value)
    # `hh4b config check` asks the same.
    done = CliRunner().invoke(app, ["config", "check", str(SMALL), "mine.yaml"])
    assert str(done.exception).rpartition(" (mine.yaml, line ")[0] == str(caught.value)


def test_a_file_of_a_similar_name_is_named(study):
    with pytest.raises(ConfigError, match=r"check the name; did you mean 'data\.h5'\?"):
        check_files(study(mine=published(file="dat.h5")))


def test_all_that_is_missing_is_named_at_once(study):
    with pytest.raises(ConfigError) as caught:
        check_files(study(mine=files("c.root"), other=files("d/*.root")))
    assert [line.strip().partition(":")[0] for line in str(caught.value).splitlines()] == [
        "2 things are wrong",
        "samples.mine.files",
        "samples.other.files",
    ]


@pytest.mark.parametrize("name", ["a.root", "./a.root", "link.root", "*.root", "@list"])
def test_a_file_of_two_samples_would_count_twice(study, name):
    with pytest.raises(ConfigError, match="is in sample 'mine' of process 'four_b' too"):
        check_files(study(mine=files("a.root"), other=files(name)))


def test_what_is_there_is_fine_and_addresses_are_left_to_the_jobs(study):
    check_files(study(mine=files("@list"), other=files("root://host/x*.root", "https://host/a")))


@pytest.mark.parametrize("results", [".", "x/.."])
def test_results_do_not_replace_the_checkout(study, results):
    Path("x").mkdir()
    with pytest.raises(ConfigError, match="results: value .* is where the workflow lies"):
        check_files(study(results=results))


def test_an_archive_may_be_absent_but_not_something_else(study):
    assert absent_archive(study()) is None
    assert absent_archive(study(archive="nowhere")).startswith(
        "publication.archive: there is no folder nowhere, so the page"
    )
    check_files(study(archive="nowhere"))
    Path("mine").mkdir()
    with pytest.raises(ConfigError, match=r"publication.archive: value 'mine': is no folder that"):
        check_files(study(archive="mine"))
    Path("mine/README.md").touch()
    check_files(study(archive="mine"))
    assert absent_archive(study(archive="mine")) is None


@pytest.mark.parametrize("results", ["a:b", "{x}", "a\nb", "-x", " a", "a ", "", "a\tb"])
def test_names_that_no_quote_helps_are_refused(study, results):
    with pytest.raises(ConfigError, match="results: value"):
        study(results=results)


@pytest.mark.parametrize(
    "results", ["my results", "a;b", "$(c)", "it's", 'a"b', "κλ", "a*[b]?", "&"]
)
def test_names_that_quotes_help_are_taken(study, results):
    assert study(results=results).results == results


def test_a_job_waits_for_lists_and_the_files_in_them(study):
    """Else a changed list or a changed file of it would change nothing."""
    inputs = JobInputs(Layout(study(mine=files("@list"), other=files("link.root", "a*.root"))))
    assert inputs.event_files("mine") == ["list", "a.root", "b.root"]
    assert inputs.event_arguments("mine") == "@list"
    assert inputs.event_files("other") == ["link.root", "a.root"]


def test_a_job_is_told_its_chunks_and_no_folder(study):
    layout = Layout(study())
    told = JobInputs(layout).event_arguments("four_b")
    assert told == "'results/small/events/four_b/{chunk}.root' --chunks 2"
    assert layout.chunks("four_b") == ["0000", "0001"]
