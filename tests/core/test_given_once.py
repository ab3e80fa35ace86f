import pytest
from typer.testing import CliRunner

import hh4b.cli  # noqa: F401 (registers the commands)
from hh4b.commands.groups import app
from hh4b.core.errors import ConfigError
from hh4b.core.given_once import require_once


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.h5").touch()
    (tmp_path / "link.h5").symlink_to("a.h5")
    return tmp_path


def test_different_files_are_fine(folder):
    require_once(["a.h5", "b.h5", "./c.h5"])


@pytest.mark.parametrize(
    ("again", "wanted"),
    [
        ("a.h5", "a.h5 is given twice, whose events"),
        ("./a.h5", "a.h5 and ./a.h5 are the same file"),
        ("link.h5", "a.h5 and link.h5 are the same file"),
    ],
)
def test_the_same_file_is_refused_by_every_spelling(folder, again, wanted):
    with pytest.raises(ConfigError) as caught:
        require_once(["b.h5", "a.h5", again], "whose events would count twice")
    assert wanted in str(caught.value)


@pytest.mark.parametrize(
    ("words", "harm"),
    [
        (("datasets", "merge", "a.h5", "link.h5"), "which would count twice"),
        (
            ("datasets", "import", "a.h5", "--testing-file", "link.h5"),
            "whose events would train and test",
        ),
    ],
)
def test_commands_refuse_it(folder, words, harm):
    error = CliRunner().invoke(app, [*words, "-o", "out.h5"]).exception
    assert isinstance(error, ConfigError)
    assert f"a.h5 and link.h5 are the same file, {harm}" in str(error)
    assert not (folder / "out.h5").exists()
