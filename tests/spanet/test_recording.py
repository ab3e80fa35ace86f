"""Files of a training's metrics, where they cannot be written."""

import errno
import os

import pytest

from hh4b.core.errors import InputFileError
from hh4b.spanet.recording import CSV, Recorder


def names(folder):
    return sorted(path.name.split(".")[0] for path in folder.iterdir())


def fill_disk(monkeypatch, recorder, method):
    """Let a method of the board work, so that its thread has no more to write, and then fail."""
    work = getattr(recorder.board, method)

    def failing():
        work()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(recorder.board, method, failing)


def test_a_full_disk_leaves_no_events_without_a_row(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path, finished_epochs=0)
    fill_disk(monkeypatch, recorder, "flush")
    with pytest.raises(InputFileError, match="No space left"):
        recorder.record(1, 10, {"loss": 0.5})
    fill_disk(monkeypatch, recorder, "close")
    with pytest.raises(InputFileError, match="No space left"):
        recorder.close()
    assert names(tmp_path) == [CSV.split(".")[0]]


def test_rows_stay_where_the_disk_becomes_full(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path, finished_epochs=0)
    recorder.record(1, 10, {"loss": 0.5})
    fill_disk(monkeypatch, recorder, "flush")
    with pytest.raises(InputFileError, match="No space left"):
        recorder.record(2, 20, {"loss": 0.4})
    recorder.close()
    assert names(tmp_path) == ["events", "metrics"]


def test_a_finished_training_adds_no_events(tmp_path):
    for first in (True, False):
        recorder = Recorder(tmp_path, finished_epochs=0 if first else 1)
        if first:
            recorder.record(1, 10, {"loss": 0.5})
        recorder.close()
    assert names(tmp_path) == ["events", "metrics"]
