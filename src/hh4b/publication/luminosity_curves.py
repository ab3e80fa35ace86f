"""Intervals on kappa_lambda and their widths against luminosity, and the axis they share."""

from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.limit_cells import bound_of, width_of

Floats = NDArray[np.float64]
METHODS = {"profile": "profile likelihood", "cls": r"CL$_\mathrm{s}$"}
LINES: dict[str, Literal["-", "--"]] = {"profile": "-", "cls": "--"}
#: What fills the markers; methods without an entry fill them with their colour.
FACES = {"cls": "white"}
#: Between points of the same luminosity, as a share of it.
STEP = 0.05


class LuminosityCurve(NamedTuple):
    """A quantity against luminosity: L in fb^-1, value and error, shape (P,) each, NaN = none."""

    luminosity: Floats
    value: Floats
    error: Floats


def points_of(inputs: Inputs, key: str, sqrt_s_tev: float) -> list[RunFile]:
    """Return results at one energy in rising luminosity.

    Args:
        inputs: under the key, luminosity scans or limit files, one or more.
        key: selection.
        sqrt_s_tev: energy of the cross sections.

    Raises:
        ContractError: if there are fewer than two luminosities at that energy.
    """
    points = []
    for path in inputs.many(key):
        file = RunFile.read(path)
        if file.has("points"):
            points += [RunFile(path, point) for point in file.get("points")]
        else:
            points.append(file)
    chosen = [point for point in points if abs(point.number("sqrt_s_tev") - sqrt_s_tev) < 1e-6]
    if len({point.number("luminosity_ifb") for point in chosen}) < 2:
        raise ContractError(
            f"{inputs.what}: {key!r} has {len(chosen)} luminosities at {sqrt_s_tev:g} TeV,"
            " want at least two; add limit files or a luminosity scan"
        )
    return sorted(chosen, key=lambda point: point.number("luminosity_ifb"))


def curve_of(points: list[RunFile], method: str, quantity: str) -> LuminosityCurve:
    """Return ``"lower"``, ``"upper"`` or ``"width"`` against luminosity."""
    values: list[Measured] = [
        width_of(point, method)
        if quantity == "width"
        else bound_of(point, method, ("lower", "upper").index(quantity))
        for point in points
    ]
    return LuminosityCurve(
        np.array([point.number("luminosity_ifb") for point in points]),
        np.array([np.nan if v.value is None else v.value for v in values]),
        np.array([np.nan if v.error is None else v.error for v in values]),
    )


def beside(luminosity: Floats, place: int, count: int) -> Floats:
    """Return where to draw one of several points of the same luminosity, so that none is hidden.

    >>> beside(np.array([100.0]), 1, 3)
    array([100.])
    """
    return np.asarray(luminosity * (1 + STEP) ** (place - 0.5 * (count - 1)))


def luminosity_axis(axes: Axes, luminosity: Floats) -> None:
    """Make the x axis logarithmic with plain numbers, and label it."""
    low, high = luminosity.min(), luminosity.max()
    ticks = [t for t in (30, 100, 300, 1000, 3000, 10000) if low <= 1.01 * t and t <= 1.01 * high]
    axes.set_xscale("log")
    axes.set(xlabel=r"Integrated luminosity [fb$^{-1}$]", xlim=(0.85 * low, 1.18 * high))
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
