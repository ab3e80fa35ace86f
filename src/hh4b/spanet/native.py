"""The compiled kernels of `kernels/`: built once for this processor, absent where nothing builds.

Everything works without them, by the same arithmetic in torch; they are only faster.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from hh4b.core.caches import user_cache
from hh4b.core.errors import InputFileError
from hh4b.core.output_paths import atomic_path

log = logging.getLogger(__name__)
SOURCES = Path(__file__).parent / "kernels"
FLAGS = (
    "-O3", "-march=native", "-std=c++17", "-fopenmp", "-shared", "-fPIC",
    "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast",
)  # fmt: skip
#: Set to "0" to do without the kernels.
SWITCH = "HH4B_NATIVE"
_without: ContextVar[bool] = ContextVar("without", default=False)


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """Return the kernels, or None where they are switched off or cannot be built."""
    if os.environ.get(SWITCH, "1") == "0" or not SOURCES.is_dir():
        return None
    compiler = next(filter(None, map(shutil.which, ("g++", "c++", "clang++"))), None)
    cache = user_cache()
    if cache is None:
        return None
    path = cache / "hh4b" / f"gated-{_fingerprint(compiler or '')}.so"
    try:
        if not path.exists():
            if compiler is None:
                return None
            _build(compiler, path)
        return _declare(ctypes.CDLL(str(path)))
    except (InputFileError, OSError, subprocess.SubprocessError, AttributeError) as error:
        log.debug("no compiled kernels: %s", error)
        return None


def _fingerprint(compiler: str) -> str:
    """Return a digest of sources, flags and processor: a shared home may serve many machines."""
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.read_bytes())
    digest.update(repr((FLAGS, compiler, platform.machine(), _processor())).encode())
    return digest.hexdigest()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.processor())


def _build(compiler: str, path: Path) -> None:
    with atomic_path(path) as temporary:
        command = [compiler, *FLAGS, str(SOURCES / "gated.cpp"), "-o", str(temporary)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)


def _declare(found: ctypes.CDLL) -> ctypes.CDLL:
    """Say what the functions take; pointers travel as addresses."""
    address, size = ctypes.c_void_p, ctypes.c_long
    end: list[Any] = [address, ctypes.c_double, ctypes.c_int]
    found.block_forward.argtypes = [*[address] * 5, *end]
    found.block_backward.argtypes = [*[address] * 7, size, *end[1:]]
    found.attention_forward.argtypes = [*[address] * 3, size, *[address] * 3, *end]
    found.attention_backward.argtypes = [*[address] * 3, size, *[address] * 5, size, *end]
    found.encoder_forward.argtypes = [
        *[address] * 4, size, address, size, address, size, ctypes.c_int, address, size,
        ctypes.c_int,
    ]  # fmt: skip
    found.rows_forward.argtypes = [*[address] * 4, ctypes.c_int]
    found.move_rows.argtypes = [*[address] * 5, ctypes.c_int]
    for function in (found.block_weight_count, found.attention_weight_count):
        function.argtypes, function.restype = [address], size
    for function in (
        found.block_forward, found.block_backward, found.attention_forward,
        found.attention_backward, found.encoder_forward, found.rows_forward, found.move_rows,
    ):  # fmt: skip
        function.restype = None
    # A first call on this machine's instructions, so that a foreign build fails here.
    found.vector_length.restype = found.tile_events.restype = ctypes.c_int
    found.vector_length()
    return found


@lru_cache(maxsize=1)
def keep_freed_memory() -> None:
    """Ask glibc to keep freed memory instead of giving it back to the system.

    Tensors of a few MB come and go at every layer; fresh pages for them can cost as much as the
    arithmetic that fills them. Does nothing with another C library.
    """
    trim_threshold, top_pad, mmap_threshold = -1, -2, -3
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(mmap_threshold, 32 << 20)
    mallopt(trim_threshold, (1 << 31) - 1)
    mallopt(top_pad, 64 << 20)


@contextmanager
def switched_off() -> Iterator[None]:
    """Do without the kernels for a while, as where a network is written down operation by one."""
    before = _without.set(True)
    try:
        yield
    finally:
        _without.reset(before)


def usable(*tensors: torch.Tensor) -> bool:
    """Whether the kernels can work on these: float32 on the CPU, outside autocast."""
    # Asked for every layer of every step.
    for tensor in tensors:
        if not tensor.is_cpu or tensor.dtype != torch.float32:
            return False
    return not torch.is_autocast_enabled("cpu") and not _without.get() and library() is not None
