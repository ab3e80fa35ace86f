"""Files of torch: the one place that reads them, and nothing in them is run.

A pickle can call any function. Own files are read by torch's list of what is plain data; those of
others by ours, which puts a stand-in in the place of everything that is not on it.
"""

import pickle
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor, nn

from hh4b.core.errors import Hh4bError, InputFileError

#: What a pickle of another program may name; the types of storages torch itself looks up.
ALLOWED = (
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch", "Size"),
)


def read_saved(path: Path | str, *, what: str, advice: str = "make it again") -> Any:
    """Read a file that this project saved: tensors and plain data.

    Args:
        path: zip archive of ``torch.save``; the older formats of torch are refused.
        what: it should be, for messages.
        advice: what to do otherwise, for messages.

    Raises:
        InputFileError: if it cannot be read, or is or holds anything else.
    """
    return _read(path, what, advice, ("zip archive",), weights_only=True)


def read_saved_by_others(path: Path | str, *, what: str) -> Any:
    """Read a file that another program saved: its tensors and plain data.

    Any other object becomes a stand-in that does nothing. No code of the file is run.

    Args:
        path: zip archive of ``torch.save``, or the bare pickle of torch before 1.6. Archives of
            TorchScript are programs, and tar archives of torch before 0.2 are unpacked to be read:
            both are refused.
        what: it should be, for messages.

    Raises:
        InputFileError: if it cannot be read, or is of another kind.
    """
    return _read(
        path,
        what,
        "give the .ckpt file of a training",
        ("zip archive", "pickle"),
        weights_only=False,
        pickle_module=_Pickles,
    )


def _read(path: Path | str, what: str, advice: str, kinds: tuple[str, ...], **keywords: Any) -> Any:
    """Read a file if its container is of a kind that torch reads without running anything."""
    try:
        with Path(path).open("rb") as file:
            kind = _kind(file)
            file.seek(0)
            if kind in kinds:
                return torch.load(file, map_location="cpu", **keywords)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # torch and pickle raise many kinds for what is damaged
        raise InputFileError(
            f"{path} is damaged or not a {what} ({type(error).__name__}); {advice}"
        ) from error
    raise InputFileError(
        f"{path} is damaged or not a {what}: it is a {kind}, which is not read here; {advice}"
    )


def _kind(file: IO[bytes]) -> str:
    # As torch decides, by the first bytes: a zip archive may stand behind anything.
    if file.read(4) != b"PK\x03\x04":
        file.seek(0)
        return "tar archive" if tarfile.is_tarfile(file) else "pickle"
    file.seek(0)
    # The reader that `torch.load` asks, so that both see the same entries.
    records = torch._C.PyTorchFileReader(file).get_all_records()
    return "TorchScript program" if "constants.pkl" in records else "zip archive"


class _StandIn:
    """Stands for every object in a file that is not a tensor or plain data."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Take what a list would."""

    def extend(self, values: Any) -> None:
        """Take what a list would."""

    def add(self, value: Any) -> None:
        """Take what a set would."""


class _Unpickler(pickle.Unpickler):
    """Loads tensors and plain data; nothing else of a pickle is looked up."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return super().find_class(module, name)
        return _StandIn


class _Pickles:
    """What `torch.load` wants of a pickle module."""

    __name__ = "hh4b.training.saved_tensors"
    Unpickler = _Unpickler

    @staticmethod
    def load(file: IO[bytes], **keywords: Any) -> Any:
        """Read one object; the older formats of torch read by this, not by the class."""
        return _Unpickler(file, **keywords).load()


@contextmanager
def taken_from(path: Path | str, *, what: str) -> Iterator[None]:
    """Turn what goes wrong while the content of a file is taken apart into one line.

    Raises:
        InputFileError: naming the file and what is missing or wrong.
    """
    try:
        yield
    except (Hh4bError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise _damaged(path, what, reason) from error
    except RuntimeError as error:
        # Torch says in the last line what is wrong.
        raise _damaged(path, what, str(error).strip().splitlines()[-1]) from error


def _damaged(path: Path | str, what: str, reason: str) -> InputFileError:
    return InputFileError(
        f"{path} is damaged or not a {what} ({' '.join(reason.split())[:200]}); make it again"
    )


def fill(network: nn.Module, weights: Any) -> None:
    """Give a network its weights.

    Args:
        network: any.
        weights: tensors by name, those of the network and no others.

    Raises:
        ValueError: naming a weight that is no tensor, missing, left over, of another shape, or not
            finite.
    """
    mine = network.state_dict()
    if not isinstance(weights, Mapping):
        raise ValueError("its weights are no mapping")
    for name in sorted(mine.keys() ^ weights.keys(), key=str):
        raise ValueError(f"weight {name!r} is {'missing' if name in mine else 'left over'}")
    for name, place in mine.items():
        value = weights[name]
        if not isinstance(value, Tensor):
            raise ValueError(f"weight {name!r} is no tensor")
        if value.shape != place.shape:
            raise ValueError(
                f"weight {name!r} has shape {tuple(value.shape)}, expected {tuple(place.shape)}"
            )
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"weight {name!r} is not finite")
    network.load_state_dict(dict(weights))
