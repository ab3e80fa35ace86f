import io
import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from hh4b.core import logs
from hh4b.core.logs import cpu_time, last_message, last_messages, progress, tell_cpu_time


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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12:00:00 INFO a\n12:00:01 INFO CPU time: 36.25 s\n", 36.25),
        ("INFO CPU time: 1.50 s\nINFO CPU time: 2.00 s\n", 3.5),
        ("x" * 9000 + "\n12:00:01 INFO CPU time: 0.50 s\n", 0.5),
        (
            "12:00:00 INFO CPU time before it was interrupted: 60.25 s\n"
            "12:00:01 INFO CPU time: 30.00 s\n",
            90.25,
        ),
        ("12:00:00 INFO CPU time: 3.00 s of sample a\n", None),
        ("", None),
    ],
)
def test_the_cpu_time_of_a_log(text, seconds, tmp_path):
    (tmp_path / "log").write_text(text)
    assert cpu_time(tmp_path / "log") == seconds
    assert cpu_time(tmp_path / "none") is None


def test_cpu_time_is_that_of_the_system_and_has_the_time_of_children(caplog, tmp_path):
    caplog.set_level(logging.INFO)
    before = sum(os.times()[:4])
    tell_cpu_time()
    subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
    tell_cpu_time()
    after = sum(os.times()[:4])
    (tmp_path / "log").write_text("".join(f"INFO {text}\n" for text in caplog.messages[:1]))
    first = cpu_time(tmp_path / "log")
    (tmp_path / "log").write_text("".join(f"INFO {text}\n" for text in caplog.messages[1:]))
    second = cpu_time(tmp_path / "log")
    assert before - 0.05 <= first < second - 0.05 <= after


def test_jobs_and_groups_without_a_log_are_named(tmp_path):
    job = SimpleNamespace(name="pair", log=[tmp_path / "none"])
    group = SimpleNamespace(jobs=[job])
    said = f"pair failed: it left no log ({tmp_path / 'none'})"
    assert list(last_messages([job, group])) == [said, said]


class Clock:
    """Time that goes on by a step with every look."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def monotonic(self):
        self.now += self.step
        return self.now


def told(monkeypatch, caplog, number, step, *, terminal=False):
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    monkeypatch.setattr(logs, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setattr(logs, "time", Clock(step))
    caplog.set_level(logging.INFO)
    assert list(progress(range(number), total=number, what="events")) == list(range(number))
    return stream.getvalue(), [record.getMessage() for record in caplog.records]


def test_a_log_of_hours_stays_short(monkeypatch, caplog):
    shown, lines = told(monkeypatch, caplog, 7200, 1.0)
    assert shown == ""
    assert lines[0] == "10/7200 events, 1/s, 2 h 0 min left"
    assert lines[-1] == "7200/7200 events, 1/s, 0 s left"
    assert 15 < len(lines) < 35


def test_short_work_is_not_told_of(monkeypatch, caplog):
    assert told(monkeypatch, caplog, 4, 1.0) == ("", [])


def test_a_terminal_sees_one_line(monkeypatch, caplog):
    shown, lines = told(monkeypatch, caplog, 6, 2.0, terminal=True)
    assert lines == []
    assert shown.count("\r") == 6
    assert shown.startswith("\r1/6 events, 0.5/s, 10 s left\033[K")
    assert shown.endswith("\r6/6 events, 0.5/s, 0 s left\n")
