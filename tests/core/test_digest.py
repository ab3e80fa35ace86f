import pytest

from hh4b.core import digest
from hh4b.core.errors import ConfigError


@pytest.fixture
def package(tmp_path, monkeypatch):
    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        digest._source.cache_clear()

    monkeypatch.setattr(digest, "ROOT", tmp_path)
    write(
        low="X = 1\n",
        middle="from hh4b import low\ndef f():\n    return low.X\n",
        other="Y = 1\n",
        commands="from hh4b.core.errors import ConfigError\n"
        "def one():\n    from hh4b.middle import f\n    return helper(f)\n"
        "def helper(f):\n    return f()\n"
        "def two():\n    import hh4b.other\n",
    )
    yield write
    digest._source.cache_clear()


def test_change_below_changes_what_imports_it(package):
    one, two = digest.code_digest("hh4b.commands:one"), digest.code_digest("hh4b.commands:two")
    package(low="X = 2\n")
    assert digest.code_digest("hh4b.commands:one") != one
    assert digest.code_digest("hh4b.commands:two") == two


def test_helper_of_the_same_module_counts(package):
    one = digest.code_digest("hh4b.commands:one")
    text = (digest.ROOT / "commands.py").read_text()
    package(commands=text.replace("return f()", "return 2 * f()"))
    assert digest.code_digest("hh4b.commands:one") != one


def test_comments_and_docstrings_do_not_count(package):
    before = digest.code_digest("hh4b.middle")
    package(low='"""A docstring."""\n# a remark\nX = 1\n')
    assert digest.code_digest("hh4b.middle") == before


@pytest.mark.parametrize(
    "block",
    [
        "if 0:\n  pass\nelse:\n  {}",
        "try:\n  pass\nexcept OSError:\n  {}\nfinally:\n  pass",
        "try:\n  pass\nfinally:\n  {}",
        "match 0:\n  case _:\n    {}",
        "class A:\n  def f():\n    with open():\n      {}",
    ],
)
def test_an_import_counts_in_every_block(package, block):
    package(middle=block.format("from hh4b import low") + "\n")
    before = digest.code_digest("hh4b.middle")
    package(low="X = 2\n")
    assert digest.code_digest("hh4b.middle") != before


@pytest.mark.parametrize("target", ["hh4b.nothing", "hh4b.commands:nothing"])
def test_unknown_target_is_named(package, target):
    with pytest.raises(ConfigError, match="nothing"):
        digest.code_digest(target)
