"""Toy amplitudes with known answers, and template files made of them."""

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hh4b.statistics.templates import Scores, SignalEvents

# `template_files` is a module of helpers beside the tests.
sys.path.append(str(Path(__file__).parent))
KAPPAS = np.arange(-10.0, 16.0)
NOTE_13_TEV = np.array([41.99, -27.24, 5.506])


def toy_polynomial(m_hh_gev, cos_theta_star=None):
    """|box - kappa triangle|^2 plus a second, positive piece; quadratic in kappa, never zero."""
    box = np.exp(-(((m_hh_gev - 480) / 200) ** 2)) + 0.2
    triangle = 0.9 * np.exp(-(m_hh_gev - 280) / 180)
    rest = 0.05 + 0 * m_hh_gev
    return np.stack([box**2 + rest, -2 * box * triangle, triangle**2 + 0.1 * rest], axis=-1)


class ToyAmplitude:
    """m_hh from a known density: exp(-m/300) on [250, 1200] GeV times the toy polynomial."""

    def __init__(self):
        self.grid = np.linspace(250, 1200, 20_001)
        self.flux = np.exp(-self.grid / 300)
        table = toy_polynomial(self.grid) * self.flux[:, None]
        self.cross_section = np.trapezoid(table, self.grid, axis=0)

    polynomial = staticmethod(toy_polynomial)

    def density(self, kappa):
        powers = np.array([1, kappa, kappa**2])
        values = toy_polynomial(self.grid) @ powers * self.flux
        return values / np.trapezoid(values, self.grid)

    def efficiency(self, kappa, edges, accept=lambda m: np.ones_like(m)):
        """The exact template: integral of density times acceptance in each bin."""
        density = self.density(kappa) * accept(self.grid)
        cumulative = np.concatenate(
            [[0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(self.grid))]
        )
        return np.diff(np.interp(edges, self.grid, cumulative))

    def draw(self, kappa, n, rng):
        density = self.density(kappa)
        cumulative = np.concatenate(
            [[0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(self.grid))]
        )
        return np.interp(rng.random(n) * cumulative[-1], cumulative, self.grid)


@pytest.fixture(scope="session")
def toy():
    return ToyAmplitude()


@pytest.fixture
def make_samples(toy) -> Callable[..., list[SignalEvents]]:
    def make(kappas, counts, *, seed=5, score=lambda m, kappa: np.ones_like(m), biased=False):
        rng = np.random.default_rng(seed)
        samples = []
        for kappa, n in zip(kappas, counts, strict=True):
            m = toy.draw(kappa, n, rng)
            weight = np.full(n, 1.0 / n)
            if biased:  # keep with probability b(m), weight by 1/b: the acceptance bias
                b = np.clip(m / 700, 0.2, 1.0)
                kept = rng.random(n) < b
                m, weight = m[kept], weight[kept] / b[kept]
            columns = np.stack([score(m, k) for k in KAPPAS], axis=1)
            samples.append(
                SignalEvents(
                    name=f"toy {kappa:g}",
                    efficiency_weight=weight,
                    m_hh_gev=m,
                    scores=Scores(KAPPAS, columns),
                    input_kappa_lambda=np.full(len(m), float(kappa)),
                    n_generated=float(n),
                    kappa_lambda=float(kappa),
                    polynomial=toy_polynomial(m),
                )
            )
        return samples

    return make


def template_dictionary(toy, *, background_events=100, effective=100.0):
    """Templates with yields of the note's size: 100 simulated background events, 61 fb left."""
    edges = np.linspace(200, 1000, 11)
    centres = 0.5 * (edges[1:] + edges[:-1])
    background = np.exp(-centres / 150)
    background *= 61 / 6.286e5 / background.sum()
    rows = []
    for kappa in KAPPAS:
        efficiency = 0.02 * toy.efficiency(kappa, edges)
        rows.append(
            {
                "kappa_lambda": float(kappa),
                "sum_weights": efficiency.tolist(),
                "sum_weights_squared": (efficiency**2 / 1000).tolist(),
            }
        )
    return {
        "sqrt_s_tev": 13.0,
        "amplitude_cross_section_fb": None,
        "bin_edges_gev": edges.tolist(),
        "threshold": 0.9,
        "signal_process": "hh",
        "signal": rows,
        "backgrounds": {
            "four_b": [
                {
                    "kappa_lambda": None,
                    "sum_weights": background.tolist(),
                    "sum_weights_squared": (background**2 / effective).tolist(),
                    "n_events": [background_events // 10] * 10,
                }
            ]
        },
        "variations": {},
    }


@pytest.fixture(scope="session")
def pristine_content(toy):
    return template_dictionary(toy)


@pytest.fixture
def template_content(pristine_content):
    return copy.deepcopy(pristine_content)


@pytest.fixture
def template_path(template_content, tmp_path) -> Path:
    path = tmp_path / "templates.json"
    path.write_text(json.dumps(template_content))
    return path
