"""Differential cross section of pp -> b b~ b b~ on arrays of phase-space points."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.generation.acceptance import AcceptanceBias, acceptance_probability
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.four_b.matrix_element import gluon_squared, quark_squared
from hh4b.generation.four_b.mixture import N_KINDS, N_ORDERS, Mixture, density, sample
from hh4b.generation.four_b.phase_space import N_COORDINATES, set_momenta
from hh4b.generation.four_b.scales import SCALES, Scales
from hh4b.generation.four_b.spinors import Real, compiled
from hh4b.generation.pdf import GLUON, PdfGrid
from hh4b.generation.settings import FourBProcessSettings

Channel = Literal["gg", "qq~"]

CHANNELS: tuple[Channel, ...] = ("gg", "qq~")
#: Light quarks in the proton: four flavours, since the massive b is no parton (MG5: p = g u c d s).
LIGHT_QUARKS = (1, 2, 3, 4)
_PB_GEV2 = 0.3893793721e9


@dataclass(frozen=True)
class FourBProcess:
    """What is generated.

    Attributes:
        sqrt_s_gev: energy of the two beams together.
        pt_min_gev: least pT of each b quark.
        abs_eta_max: largest |eta| of each b quark.
        b_mass_gev: mass of the b quark.
        scale: name of the central renormalisation and factorisation scales (`scales.SCALES`).
        mu_factor: factor on both.
    """

    sqrt_s_gev: float
    pt_min_gev: float
    abs_eta_max: float
    b_mass_gev: float
    scale: str
    mu_factor: float

    @classmethod
    def of(cls, settings: FourBProcessSettings) -> Self:
        """Return the process of the settings.

        Raises:
            ConfigError: if there is no phase space for it.
        """
        return cls(
            sqrt_s_gev=1000.0 * settings.sqrt_s_tev,
            pt_min_gev=settings.b_pt_min_gev,
            abs_eta_max=settings.b_abs_eta_max,
            b_mass_gev=settings.b_mass_gev,
            scale=settings.four_b_scale,
            mu_factor=settings.mu_factor,
        )

    def __post_init__(self) -> None:
        """Refuse what has no phase space or no meaning."""
        checks = {
            "sqrt_s_gev": (100.0, 200000.0),
            "pt_min_gev": (1.0, self.sqrt_s_gev / 10),
            "abs_eta_max": (0.1, 8.0),
            "b_mass_gev": (0.5, 50.0),
            "mu_factor": (0.05, 20.0),
        }
        for name, (low, high) in checks.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"4b: {name} = {value}, expected between {low:g} and {high:g}")
        if self.scale not in SCALES:
            raise ConfigError(f"4b: scale {self.scale!r}, expected one of {', '.join(SCALES)}")


@dataclass(frozen=True)
class Points:
    """Phase-space points with their weights, one row each.

    Attributes:
        pt: of the quarks, GeV, shape (N, 4).
        eta: their pseudorapidities, shape (N, 4).
        phi: their azimuths, shape (N, 4).
        momenta: [E, px, py, pz] of b, b~, b, b~ in GeV, shape (N, 4, 4).
        x: beam fractions, shape (N, 2).
        mu_r_gev: renormalisation scale, shape (N,).
        mu_f_gev: factorisation scale, shape (N,).
        alpha_s: coupling at the renormalisation scale, shape (N,).
        luminosity: x1 f1 x2 f2 by quark flavour (one column for gluons), shape (N, F).
        squared: averaged squared matrix element at alpha_s = 1, GeV^-4, shape (N,).
        flows: weights of the colour structures, shape (N, 12 or 6).
        bias: acceptance bias, shape (N,).
        weights: sigma·bias / g in pb, shape (N,).
    """

    pt: Real
    eta: Real
    phi: Real
    momenta: Real
    x: Real
    mu_r_gev: Real
    mu_f_gev: Real
    alpha_s: Real
    luminosity: Real
    squared: Real
    flows: Real
    bias: Real
    weights: Real

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Points":
        """Return some of the points."""
        return Points(**{name: value[rows] for name, value in vars(self).items()})

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.weights)


@compiled
def _kinematics(  # noqa: PLR0913, PLR0917
    pt: Real, eta: Real, phi: Real, cuts: Real, shares: Real, grids: Real, momenta: Real,
    x: Real, inverse: Real,
) -> None:  # fmt: skip
    """Fill momenta, x, and product of |p|/E over g; 0 where the point is not allowed."""
    u = np.empty((N_KINDS, N_ORDERS, N_COORDINATES))
    parts = np.empty((N_ORDERS, shares.shape[0]))
    mass, sqrt_s = cuts[2], cuts[3]
    for n in range(pt.shape[0]):
        inverse[n] = 0.0
        if pt[n, 0] <= 0.0:
            continue
        beta = set_momenta(pt[n], eta[n], phi[n], mass, momenta[n])
        plus = minus = 0.0
        for i in range(4):
            plus += momenta[n, i, 0] + momenta[n, i, 3]
            minus += momenta[n, i, 0] - momenta[n, i, 3]
        x[n, 0], x[n, 1] = plus / sqrt_s, minus / sqrt_s
        if x[n, 0] < 1.0 and x[n, 1] < 1.0:
            g = density(pt[n], eta[n], phi[n], cuts, shares, grids, u, parts)
            inverse[n] = beta / g if g > 0.0 else 0.0


@compiled
def _squares(
    gluons: bool, p: Real, x: Real, sqrt_s: float, mass: float, out: Real, flows: Real
) -> None:
    k = np.zeros((2, 4))
    for n in range(p.shape[0]):
        k[0, 0] = k[0, 3] = 0.5 * sqrt_s * x[n, 0]
        k[1, 0] = 0.5 * sqrt_s * x[n, 1]
        k[1, 3] = -k[1, 0]
        if gluons:
            out[n] = gluon_squared(p[n], k, mass, flows[n])
        else:
            out[n] = quark_squared(p[n], k, mass, flows[n])


@dataclass(frozen=True)
class Integrand:
    """Cross section of one partonic channel, times an optional acceptance bias."""

    process: FourBProcess
    channel: Channel
    pdf: PdfGrid
    alpha_s: AlphaS
    bias: AcceptanceBias | None = None

    @property
    def cuts(self) -> Real:
        """Return pT cut, eta cut, b mass and beam energy for compiled code."""
        p = self.process
        return np.array([p.pt_min_gev, p.abs_eta_max, p.b_mass_gev, p.sqrt_s_gev])

    def luminosities(self, x: Real, mu: Real) -> Real:
        """Return x1 f1 x2 f2, shape (N, F): gluons, or quark flavour from beam 1."""
        if self.channel == "gg":
            # interpolated densities may be a little below zero where they vanish
            gluons = np.maximum(self.pdf.xf_many((GLUON,), x, mu[:, None])[0], 0.0)
            return np.asarray(gluons[:, 0] * gluons[:, 1])[:, None]
        quarks = np.maximum(self.pdf.xf_many(LIGHT_QUARKS, x[:, 0], mu), 0.0)
        antiquarks = np.maximum(self.pdf.xf_many([-q for q in LIGHT_QUARKS], x[:, 1], mu), 0.0)
        # pp is symmetric: the quark comes from beam 1 here, half of the events are turned later
        return np.ascontiguousarray(2.0 * (quarks * antiquarks).T)

    def points(self, random: Real, mixture: Mixture) -> Points:
        """Return the points with a weight for uniform numbers of shape (N, 12): at most N."""
        n = len(random)
        pt, eta, phi = np.empty((n, 4)), np.empty((n, 4)), np.empty((n, 4))
        sample(random, self.cuts, mixture.shares, mixture.grids, pt, eta, phi)
        momenta, x, inverse = np.zeros((n, 4, 4)), np.ones((n, 2)), np.empty(n)
        _kinematics(pt, eta, phi, self.cuts, mixture.shares, mixture.grids, momenta, x, inverse)
        good = np.flatnonzero(inverse > 0.0)
        pt, eta, phi = pt[good], eta[good], phi[good]
        momenta, x, inverse = momenta[good], x[good], inverse[good]
        points = self._weigh(pt, eta, phi, momenta, x, inverse)
        return points.select(points.weights > 0.0)

    def _weigh(
        self, pt: Real, eta: Real, phi: Real, momenta: Real, x: Real, inverse: Real
    ) -> Points:
        process = self.process
        s = process.sqrt_s_gev**2
        central = SCALES[process.scale](momenta, process.b_mass_gev)
        mu = Scales(*(process.mu_factor * scale for scale in central))
        coupling = self.alpha_s(mu.renormalisation)
        luminosity = self.luminosities(x, mu.factorisation)
        squared = np.empty(len(x))
        flows = np.empty((len(x), 12 if self.channel == "gg" else 6))
        _squares(
            self.channel == "gg", momenta, x, process.sqrt_s_gev, process.b_mass_gev, squared, flows
        )
        bias = np.ones(len(x))
        if self.bias is not None:
            bias = acceptance_probability(momenta, self.bias)
        # (2 pi)^-8 (1/16) (2/s) · f1 f2 / (2 s-hat), with f1 f2 = luminosity / (x1 x2), and the
        # 2 pi of the overall azimuth, which the density does not contain
        flux = x[:, 0] * x[:, 1] * s
        factor = _PB_GEV2 * (2.0 * np.pi) ** -7 / 16.0 * (2.0 / s) / (2.0 * flux)
        weights = (
            factor * inverse * luminosity.sum(axis=1) / (x[:, 0] * x[:, 1])
            * squared * coupling**4 * bias
        )  # fmt: skip
        return Points(
            pt, eta, phi, momenta, x, *mu, coupling, luminosity, squared, flows, bias, weights
        )
