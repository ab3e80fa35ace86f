"""What tables and figures read of the files of `hh4b likelihood couplings`, and its names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import RunFile
from hh4b.publication.likelihood_fits import percent
from hh4b.publication.text import spelled

Floats = NDArray[np.float64]
#: Couplings as the files have them, and what they are called.
COUPLINGS = {
    "kappa_lambda": "κλ", "kappa_t": "κt", "c2": "c₂", "c_g": "c_g", "c_gg": "c_gg",
}  # fmt: skip
PROFILED, UNPROFILED = "profiled", "unprofiled"
#: Both likelihoods, and what they are called.
LIKELIHOODS = {PROFILED: "profiled", UNPROFILED: "statistics only"}
STANDARD_MODEL = "sm"


@dataclass(frozen=True)
class ShownContour:
    """A plane of two couplings; the others are those of the standard model.

    Attributes:
        names: of the couplings along x and y.
        x: values, shape (X,).
        y: values, shape (Y,).
        thresholds: of -2 Delta ln L by confidence level, as it stands in the file (``"0.95"``).
        surfaces: -2 Delta ln L by likelihood, shape (X, Y).
        lowest: -2 ln L where the surface is zero, by likelihood.
        cut: confidence levels whose contour leaves the grid, by likelihood.
    """

    names: tuple[str, str]
    x: Floats
    y: Floats
    thresholds: Mapping[str, float]
    surfaces: Mapping[str, Floats]
    lowest: Mapping[str, float]
    cut: Mapping[str, tuple[str, ...]]

    @property
    def label(self) -> str:
        """Return the name of the plane, e.g. ``κλ–κt``."""
        return "–".join(map(coupling_label, self.names))


@dataclass(frozen=True)
class Point:
    """A named point of the couplings.

    Attributes:
        name: ``"sm"`` or that of a benchmark.
        couplings: by name.
        source: who published it, without table and page.
    """

    name: str
    couplings: Mapping[str, float]
    source: str

    @property
    def label(self) -> str:
        """Return what the point is called."""
        return "Standard Model" if self.name == STANDARD_MODEL else spelled(self.name)

    @property
    def short_label(self) -> str:
        """Return its number, e.g. ``8a`` of ``cluster_8a``; without one, its name."""
        stem, _, number = self.name.rpartition("_")
        return number if stem and number[:1].isdecimal() else self.label


def coupling_label(name: str) -> str:
    """Return what a coupling is called.

    >>> coupling_label("kappa_t"), coupling_label("c2")
    ('κt', 'c₂')
    """
    return COUPLINGS.get(name) or spelled(name)


def points_of(file: RunFile) -> list[Point]:
    """Return the named points of a file."""
    found = []
    for name in file.get("points"):
        couplings = {one: file.number("points", name, "couplings", one) for one in COUPLINGS}
        source = str(file.get("points", name, "source"))
        found.append(Point(name, couplings, source.split(",")[0].split(" (")[0]))
    return found


def contours_of(file: RunFile) -> list[ShownContour]:
    """Return the contours of a file.

    Raises:
        ContractError: if an entry is missing, or surface and grid do not fit together.
    """
    found = []
    for entry in file.get("contours"):
        one = RunFile(file.path, entry)
        x, y = np.array(one.numbers("x")), np.array(one.numbers("y"))
        surfaces, cut = {}, {}
        for name in LIKELIHOODS:
            surface = np.array(one.get(name, "minus_2_delta_log_l"), dtype=np.float64)
            if surface.shape != (len(x), len(y)) or not np.isfinite(surface).all():
                raise ContractError(
                    f"{file.path}: contours/{name}/minus_2_delta_log_l has the shape"
                    f" {surface.shape}, expected finite numbers of the shape ({len(x)}, {len(y)})"
                )
            surfaces[name] = surface
            leaves = one.get(name, "leaves_grid")
            cut[name] = tuple(level for level in sorted(leaves, key=float) if leaves[level])
        found.append(
            ShownContour(
                names=(str(one.get("x_name")), str(one.get("y_name"))),
                x=x,
                y=y,
                thresholds={
                    level: one.number("thresholds", level)
                    for level in sorted(one.get("thresholds"), key=float)
                },
                surfaces=surfaces,
                lowest={name: one.number(name, "minus_2_log_l") for name in LIKELIHOODS},
                cut=cut,
            )
        )
    return found


def cut_text(contours: Sequence[ShownContour]) -> str:
    """Say which contours end where the scan ends; nothing if none does.

    Returns:
        E.g. ``"κλ–κt (profiled: 95 %; statistics only: 68, 95 %)"``.
    """
    texts = []
    for contour in contours:
        parts = [
            f"{LIKELIHOODS[name]}: {_levels(levels)}"
            for name, levels in contour.cut.items()
            if levels
        ]
        if len(set(contour.cut.values())) == 1 and parts:
            texts.append(f"{contour.label} ({_levels(contour.cut[PROFILED])})")
        elif parts:
            texts.append(f"{contour.label} ({'; '.join(parts)})")
    return ", ".join(texts)


def _levels(levels: Sequence[str]) -> str:
    return ", ".join(percent(level).removesuffix(" %") for level in levels) + " %"
