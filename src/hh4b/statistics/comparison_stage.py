"""Differences of limit files: what `hh4b compare-limits` does."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, write_json
from hh4b.core.strict_json import to_json
from hh4b.statistics.comparison import compare
from hh4b.statistics.limits_stage import read_limits


def compare_files(paths: Sequence[Path], output: Path | None) -> str:
    """Compare every pair of limit files, write the result if asked, and return it as JSON text.

    Args:
        paths: limit files, at least two.
        output: file to write, or None.

    Raises:
        ConfigError: if fewer than two files are given, or their energies or luminosities differ.
        InputFileError: if a file cannot be read.
        ContractError: if one is no limit file.
    """
    if len(paths) < 2:
        raise ConfigError("give at least two limit files to compare")
    limits = [read_limits(path) for path in paths]
    for path, one in zip(paths, limits, strict=True):
        for key in ("sqrt_s_tev", "luminosity_ifb", "model"):
            if one.get(key) != limits[0].get(key):
                raise ConfigError(
                    f"{path}: {key} is {one.get(key)}, but {limits[0].get(key)} in {paths[0]};"
                    " compare limits under the same conditions"
                )
    pairs = [
        {"first": paths[i].stem, "second": paths[j].stem, **compare(limits[i], limits[j])}
        for i, j in combinations(range(len(paths)), 2)
    ]
    conditions = {key: limits[0].get(key) for key in ("sqrt_s_tev", "luminosity_ifb", "model")}
    content = {**conditions, "pairs": pairs}
    hashes = [one.get("provenance", {}).get("configuration_hash", "unknown") for one in limits]
    provenance = Provenance("compare-limits", {"limits": hashes})
    if output is not None:
        write_json(output, content, provenance)
    return to_json({**content, "provenance": provenance.as_dict()}, indent=1)
