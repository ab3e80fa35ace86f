"""Metrics of a training as CSV and TensorBoard, one row an epoch."""

import csv
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hh4b.core.errors import InputFileError
from hh4b.core.output_paths import atomic_path

log = logging.getLogger(__name__)
CSV = "metrics.csv"
_EVENTS = "events.out.tfevents.*"


class Recorder:
    """Write rows as they come."""

    def __init__(self, folder: Path, *, finished_epochs: int) -> None:
        """Open the files of ``folder``."""
        # Quiet a C++ library that tensorboard may load, before it is loaded.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from torch.utils.tensorboard import SummaryWriter

        self.path = folder / CSV
        self.rows: list[dict[str, str]] = []
        self.recorded = False
        self.folder = folder
        self.before = set(folder.glob(_EVENTS))
        try:
            with self._reported():
                folder.mkdir(parents=True, exist_ok=True)
                self.board = SummaryWriter(str(folder), purge_step=finished_epochs + 1)
        except InputFileError:
            self._remove_empty()
            raise

    def record(self, epoch: int, step: int, values: Mapping[str, float]) -> None:
        """Add a row to both, and log it."""
        row = {"epoch": str(epoch), "step": str(step), **{k: f"{v:.8g}" for k, v in values.items()}}
        self.rows.append(row)
        self._write()
        with self._reported():
            for name, value in values.items():
                self.board.add_scalar(name, value, epoch)
            self.board.flush()
        self.recorded = True
        text = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        log.info("epoch %d: %s", epoch, text)

    def restore(self, rows: list[dict[str, str]]) -> None:
        """Take the rows of the epochs before, whether or not their file is still there."""
        self.rows = [dict(row) for row in rows]
        if self.rows:
            self._write()

    def _write(self) -> None:
        with atomic_path(self.path) as temporary, temporary.open("w", newline="") as file:
            names = list(dict.fromkeys(name for r in self.rows for name in r))
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)

    def close(self) -> None:
        """Close the TensorBoard file, which does not stay if it has no row."""
        try:
            with self._reported():
                self.board.close()
        finally:
            self._remove_empty()

    def _remove_empty(self) -> None:
        """Remove a file of this run without a row: its disk is full, or nothing was left to do."""
        if not self.recorded:
            for path in set(self.folder.glob(_EVENTS)) - self.before:
                path.unlink(missing_ok=True)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputFileError(
                f"cannot write TensorBoard events to {self.folder}: {error.strerror or error};"
                " free space or choose another place"
            ) from error
