"""Cross sections as data: quadratics in kappa_lambda and the background, with their source."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, InputFileError


@dataclass(frozen=True)
class CrossSections:
    """Content of a cross-section file.

    Attributes:
        source: where the numbers are from.
        signal_fb: coefficients of kappa^0, kappa^1, kappa^2 in fb, by sqrt(s) in TeV.
        background_pb: in pb, by sqrt(s) in TeV.
        branching_ratio: of H -> b bbar.
        where: the file, for messages.
    """

    source: str
    signal_fb: dict[float, tuple[float, float, float]]
    background_pb: dict[float, float]
    branching_ratio: float
    where: str

    def signal(self, sqrt_s_tev: float) -> NDArray[np.float64]:
        """Return the signal coefficients in fb, shape (3,).

        Raises:
            ConfigError: if the file has none at that energy.
        """
        return np.array(self._at(self.signal_fb, "signal_fb", sqrt_s_tev))

    def background(self, sqrt_s_tev: float) -> float:
        """Return the background cross section in pb.

        Raises:
            ConfigError: if the file has none at that energy.
        """
        value = self._at(self.background_pb, "background_pb", sqrt_s_tev)
        return float(value)

    def _at(self, values: dict[float, Any], key: str, sqrt_s_tev: float) -> Any:
        if sqrt_s_tev not in values:
            option = (
                "--signal-cross-section" if key == "signal_fb" else "--background-cross-section-pb"
            )
            raise ConfigError(
                f"{self.where}: {key} has no value at {sqrt_s_tev:g} TeV (only {sorted(values)});"
                f" add it or give {option}"
            )
        return values[sqrt_s_tev]


def read_cross_sections(path: Path | str | None = None) -> CrossSections:
    """Read a cross-section file; without a path, the one of the package (the note's numbers).

    Raises:
        InputFileError: if it cannot be read as YAML.
        ConfigError: if a key is missing or a value is no cross section.
    """
    if path is None:
        where = "cross_sections.yaml of the package"
        text = resources.files(__package__).joinpath("cross_sections.yaml").read_text("utf-8")
    else:
        where = str(path)
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputFileError(f"{where} is not YAML: {' '.join(str(error).split())}") from error
    return _parse(content, where)


def _parse(content: Any, where: str) -> CrossSections:
    try:
        parsed = CrossSections(
            str(content["source"]),
            {float(s): _coefficients(c) for s, c in content["signal_fb"].items()},
            {float(s): float(value) for s, value in content["background_pb"].items()},
            float(content["branching_ratio_h_bb"]),
            where,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{where}: {error!r}; expected source, signal_fb (sqrt(s) in TeV: three coefficients),"
            " background_pb (sqrt(s): value) and branching_ratio_h_bb"
        ) from error
    for sqrt_s, (c0, c1, c2) in parsed.signal_fb.items():
        if c2 <= 0 or c0 - c1 * c1 / (4 * c2) <= 0:
            raise ConfigError(f"{where}: signal_fb at {sqrt_s:g} TeV is not positive everywhere")
    if min(parsed.background_pb.values(), default=1.0) <= 0 or not 0 < parsed.branching_ratio <= 1:
        raise ConfigError(
            f"{where}: cross sections must be positive, the branching ratio in (0, 1]"
        )
    return parsed


def _coefficients(values: Any) -> tuple[float, float, float]:
    c0, c1, c2 = (float(value) for value in values)
    return c0, c1, c2
