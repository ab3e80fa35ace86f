"""The likelihood of category templates at points of the couplings beside kappa_lambda.

The signal in a bin is a quadratic form in the monomials of `hh4b.generation.couplings`. Along
kappa_lambda, the other couplings fixed, it is a parabola, so that each value of another coupling
makes a `LikelihoodModel` of its own, whose fits profile every nuisance.

What moves the shape of the signal is known of kappa_lambda alone: a bin of every point moves by the
factor that it moves by at the standard model.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from hh4b.core.errors import ConfigError
from hh4b.generation.couplings import HiggsPairCouplings, monomials
from hh4b.likelihood.coupling_contours import CouplingContour, CouplingTemplates, minus_2_log_l
from hh4b.likelihood.expectation import CompiledModel
from hh4b.likelihood.fits import fit_fixed, require_converged
from hh4b.likelihood.model import SIGNAL, LikelihoodModel, ShapeEffect

Floats = NDArray[np.float64]
#: The coupling along which the signal is a parabola.
ALONG = "kappa_lambda"
#: A fit below is perfect: no point lies lower.
_PERFECT = 1e-9


@dataclass(frozen=True)
class FoundContour:
    """A contour and its lowest point.

    Attributes:
        contour: -2 ln L above ``lowest``.
        minimum: both couplings where it is smallest in the range of the grid.
        lowest: -2 ln L there, zero for a perfect fit.
    """

    contour: CouplingContour
    minimum: tuple[float, float]
    lowest: float


@dataclass(frozen=True)
class CouplingLikelihood:
    """-2 ln L at every point of the couplings.

    Attributes:
        templates: events of each pair of monomials, and all backgrounds.
        model: likelihood in kappa_lambda, whose nuisances are profiled; None: nothing is.
        threads: how many share the fits.
    """

    templates: CouplingTemplates
    model: LikelihoodModel | None = None
    threads: int = 1

    def at(self, couplings: HiggsPairCouplings, data: Floats) -> float:
        """Return -2 ln L at a point, zero for a perfect fit.

        Raises:
            FitFailed: if the fit does not converge.
        """
        return float(self._line(couplings, np.array([couplings.kappa_lambda]), data)[0])

    def contour(
        self, data: Floats, kappa_lambda: Floats, other: tuple[str, Floats]
    ) -> FoundContour:
        """Scan kappa_lambda against another coupling, the others of the standard model.

        Args:
            data: counts, or expected ones, shape (B,).
            kappa_lambda: rising values, shape (X,).
            other: name of another coupling and its rising values, shape (Y,).

        Raises:
            ConfigError: if the other coupling is none.
            FitFailed: if a fit does not converge.
        """
        name, values = other
        known = [one for one in vars(HiggsPairCouplings()) if one != ALONG]
        if name not in known:
            raise ConfigError(f"contour of {ALONG} and {name!r}: expected one of {known}")

        def line(value: float, points: Floats) -> Floats:
            return self._line(HiggsPairCouplings(**{name: float(value)}), points, data)

        surface = np.stack([line(value, kappa_lambda) for value in values], axis=1)
        minimum, lowest = _lowest(line, kappa_lambda, values, surface)
        return FoundContour(
            CouplingContour(ALONG, kappa_lambda, name, values, surface - lowest), minimum, lowest
        )

    def _line(self, others: HiggsPairCouplings, kappa_lambda: Floats, data: Floats) -> Floats:
        """Return -2 ln L at values of kappa_lambda, (K,), the other couplings fixed."""
        if self.model is None:
            point = {**vars(others), ALONG: kappa_lambda}
            return minus_2_log_l(self.templates, data, monomials(**point))
        signal = parabola(self.templates.signal, others)
        compiled = CompiledModel.of(with_signal(self.model, signal))
        fits = fit_fixed(compiled, kappa_lambda, 1.0, data, threads=self.threads)
        require_converged(fits, f"fits at {others} over kappa_lambda")
        return fits.minus_2_log_l


def _lowest(
    line: Callable[[float, Floats], Floats], x: Floats, y: Floats, surface: Floats
) -> tuple[tuple[float, float], float]:
    """Return the lowest point of the range, from the lowest one of a grid, and its value."""
    row, column = map(int, np.unravel_index(int(surface.argmin()), surface.shape))
    start, value = (float(x[row]), float(y[column])), float(surface[row, column])
    if value < _PERFECT:
        return start, value
    # A valley may run aslant through the cells: the walk is bound by the grid's ends alone.
    steps = [(grid[1] - grid[0]) / 2 for grid in (x, y)]
    inwards = [
        step if place == 0 else -step for step, place in zip(steps, (row, column), strict=True)
    ]
    simplex = np.array([start, start, start])
    simplex[[1, 2], [0, 1]] += inwards
    found = minimize(
        lambda point: float(line(point[1], point[:1])[0]), start, method="Nelder-Mead",
        bounds=[(grid[0], grid[-1]) for grid in (x, y)],
        options={"initial_simplex": simplex, "xatol": 1e-4, "fatol": 1e-7, "maxfev": 400},
    )  # fmt: skip
    if not found.fun < value:
        return start, value
    return (float(found.x[0]), float(found.x[1])), float(found.fun)


def parabola(forms: Floats, others: HiggsPairCouplings) -> Floats:
    """Return a signal's components of kappa_lambda^0, ^1, ^2, shape (3, B).

    Args:
        forms: events of each pair of monomials, shape (5, 5, B).
        others: all couplings but kappa_lambda, which is not looked at.
    """
    fixed = replace(others, kappa_lambda=0.0).monomials()
    moved = replace(others, kappa_lambda=1.0).monomials() - fixed
    pairs = ((fixed, fixed, 1.0), (fixed, moved, 2.0), (moved, moved, 1.0))
    return np.stack([n * np.einsum("a,b,abi->i", g, h, forms) for g, h, n in pairs])


def with_signal(model: LikelihoodModel, signal: Floats) -> LikelihoodModel:
    """Return a model with another signal, shape (3, B); its shifts go along, see the module."""
    standard = model.signal.sum(axis=0)
    shapes = []
    for one in model.shapes:
        if one.process != SIGNAL:
            shapes.append(one)
            continue
        up, down = (
            signal * np.divide(end.sum(axis=0), standard, out=np.ones_like(standard),
                               where=standard > 0)
            for end in (one.up, one.down)
        )  # fmt: skip
        shapes.append(ShapeEffect(one.parameter, SIGNAL, up, down))
    return replace(model, signal=signal, shapes=tuple(shapes))
