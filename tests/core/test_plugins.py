"""Code of the user, by entry point and by path."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from hh4b.core import plugins
from hh4b.core.errors import ConfigError
from hh4b.core.plugins import find_plugin, plugin_file, require_parameters

OWN = {"own": len}


@pytest.fixture
def installed(monkeypatch):
    """Entry points as a package of somebody else brings them."""
    group = "hh4b.pairing"
    points = EntryPoints(
        [
            EntryPoint("theirs", "math:hypot", group),
            EntryPoint("broken", "no_such_module:pair", group),
        ]
    )
    monkeypatch.setattr(plugins, "entry_points", lambda group: points.select(group=group))


def test_own_names_come_first_then_entry_points(installed):
    assert find_plugin("pairing", "own", OWN) is len
    assert find_plugin("pairing", "theirs", OWN)(3, 4) == 5


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("mine", r"pairing 'mine': expected one of \['broken', 'own', 'theirs'\], or path.py:name"),
        ("broken", "pairing 'broken' does not load: ModuleNotFoundError"),
    ],
)
def test_what_does_not_load_is_said_in_one_line(installed, reference, message):
    with pytest.raises(ConfigError, match=message) as caught:
        find_plugin("pairing", reference, OWN)
    assert "\n" not in str(caught.value)


def test_files(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def pair(jets, power=1):\n    return jets * power\n")
    reference = f"{path}:pair"
    assert plugin_file(reference) == path
    found = find_plugin("pairing", reference, OWN)
    assert found(3, power=2) == 6
    require_parameters("pairing", reference, found, ["jets", "power"])
    with pytest.raises(ConfigError, match=r"unexpected keyword argument 'depth'; expected f\("):
        require_parameters("pairing", reference, found, ["jets", "depth"])
    for wrong, message in (
        (f"{path}:pairs", "the file has no 'pairs'"),
        (f"{tmp_path}/none.py:pair", "does not load: FileNotFoundError"),
    ):
        with pytest.raises(ConfigError, match=message):
            find_plugin("pairing", wrong, OWN)
