"""What a dataset holds, as a hash: of its columns, not of the file that they stand in."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hh4b.core.contracts import open_table, read_attributes
from hh4b.core.errors import ContractError
from hh4b.core.files import read_json

#: Attributes that say what the events are.
_ATTRIBUTES = ("sample", "kappa_lambda", "n_generated", "sum_weights_generated")


def content_hash(dataset: Path | str) -> str:
    """Return the SHA-256 of the content of a dataset, 64 hexadecimal digits.

    It is of names, types, shapes and bytes of all columns in the order of their names, and of the
    attributes that say what the events are. Compression, chunks, versions and the time of writing
    do not enter.

    Args:
        dataset: file in the SPANet layout.

    Raises:
        InputFileError: if it cannot be read.
    """
    attributes = read_attributes(dataset)
    found = hashlib.sha256()
    for name in _ATTRIBUTES:
        found.update(f"{name}={attributes.get(name)!s}\n".encode())
    with open_table(dataset) as file:
        for name in file.columns():
            values = np.ascontiguousarray(file[name][()])
            # The same bytes on machines of either byte order.
            values = values.astype(values.dtype.newbyteorder("<"), copy=False)
            found.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
            found.update(values.tobytes())
    return found.hexdigest()


def content_hashes(datasets: Sequence[Path]) -> dict[str, str]:
    """Return the hashes of datasets by the names of their samples.

    Raises:
        ContractError: if two are of one sample.
    """
    found: dict[str, str] = {}
    for dataset in datasets:
        sample = str(read_attributes(dataset).get("sample", dataset.stem))
        if sample in found:
            raise ContractError(f"{dataset}: there is another dataset of sample {sample!r}")
        found[sample] = content_hash(dataset)
    return found


def together(hashes: Mapping[str, str]) -> str:
    """Return one hash of all samples, in the order of their names."""
    lines = "".join(f"{sample} {digest}\n" for sample, digest in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def require_published(hashes: Mapping[str, str], published: Path | str) -> None:
    """Check datasets against hashes that were published.

    Args:
        hashes: by name of the sample.
        published: file of `hh4b numbers extract`.

    Raises:
        ContractError: naming the samples that differ, that were not published, or are not there.
    """
    samples = read_json(published).get("samples", {})
    wanted = {name: entry["content"] for name, entry in samples.items() if "content" in entry}
    if not wanted:
        raise ContractError(f"{published}: has no hashes of datasets")
    differ = sorted(name for name in {*wanted, *hashes} if wanted.get(name) != hashes.get(name))
    if differ:
        raise ContractError(
            f"{published}: the content of {', '.join(differ)} is another than was published; see"
            " docs/leaderboard.md for what that can mean"
        )
