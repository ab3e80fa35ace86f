from types import SimpleNamespace

import pytest

from hh4b.core.logs import last_message, last_messages


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("12:00 INFO a\nhh4b: ConfigError: b: c\n", "hh4b: ConfigError: b: c"),
        ("a\nFileError: 2 files:\n  x: no\n  y: no\n\n", "FileError: 2 files:\n  x: no\n  y: no"),
        ("  indented\n", "  indented"),
        ("", "its log is empty"),
        ("x" * 9000 + "\nκλ\n", "κλ"),
    ],
)  # fmt: skip
def test_the_last_message_of_a_log(text, last, tmp_path):
    (tmp_path / "log").write_text(text)
    assert last_message(tmp_path / "log") == last


def test_jobs_and_groups_without_a_log_are_named(tmp_path):
    job = SimpleNamespace(name="pair", log=[tmp_path / "none"])
    group = SimpleNamespace(jobs=[job])
    said = f"pair failed: it left no log ({tmp_path / 'none'})"
    assert list(last_messages([job, group])) == [said, said]
