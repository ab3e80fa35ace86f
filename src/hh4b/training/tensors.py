"""Files of tensors, written whole or not at all."""

import io
from pathlib import Path
from typing import Any

import torch

from hh4b.core.output_paths import atomic_path


def save_tensors(path: Path | str, content: Any) -> None:
    """Write what `torch.load` reads, under any name.

    The same content gives the same bytes: torch would put the name of a file into the archive,
    where a buffer has none, and fails on names that begin with a point and have no extension.

    Raises:
        ConfigError: if ``path`` is an input of the command.
        InputFileError: if the file system refuses (disk full, no permission), naming the file.
    """
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())
