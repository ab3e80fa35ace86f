"""Files of toy samples with graded scores, and category templates made of them."""

import sys
from pathlib import Path

import h5py
import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "statistics"))
from template_files import FOUR_B, HH, Study

from hh4b.likelihood.category_stage import make_category_templates
from hh4b.likelihood.category_templates import read_categories
from hh4b.likelihood.settings import CategoryTemplateSettings
from hh4b.statistics import amplitude


class SmallAmplitude:
    """m_hh from exp(-m/300) on [250, 1200] GeV times a parabola in kappa that is never zero."""

    def __init__(self):
        self.grid = np.linspace(250, 1200, 4001)
        table = self.polynomial(self.grid) * np.exp(-self.grid / 300)[:, None]
        self.cross_section = np.trapezoid(table, self.grid, axis=0)

    @staticmethod
    def polynomial(m_hh_gev, cos_theta_star=None):
        box = np.exp(-(((m_hh_gev - 480) / 200) ** 2)) + 0.2
        triangle = 0.9 * np.exp(-(m_hh_gev - 280) / 180)
        return np.stack(
            [box**2 + 0.05, -2 * box * triangle, triangle**2 + 0.005 + 0 * box], axis=-1
        )

    def draw(self, kappa, n, rng):
        powers = np.array([1, kappa, kappa**2])
        density = self.polynomial(self.grid) @ powers * np.exp(-self.grid / 300)
        cumulative = np.cumsum(density)
        return np.interp(rng.random(n) * cumulative[-1], cumulative, self.grid)


def patch(monkeypatch, toy):
    monkeypatch.setattr(amplitude, "polynomial", lambda m, c, **masses: toy.polynomial(m))
    monkeypatch.setattr(amplitude, "own_cross_section_fb", lambda s, **masses: toy.cross_section)


class CategoryStudy(Study):
    """A signal of high scores and a background of low ones that falls steeper where it is high."""

    def sample(self, name, kappa, m_hh):
        text = super().sample(name, kappa, m_hh)
        features, scores = text.split(":")[1:]
        with h5py.File(features) as file:
            mass = file["features"][:, 1]
        uniform = self.rng.random(len(mass))
        signal = np.isfinite(kappa)
        value = uniform ** (0.3 if signal else np.nan_to_num(mass, nan=300.0) / 300)
        with h5py.File(scores, "r+") as file:
            file["score"][...] = np.repeat(value[:, None], 4, axis=1).astype(np.float32)
        return text

    def options(self, **changes):
        cross_section = (self.toy.cross_section * [1.0, 1.005, 1.01]).tolist()
        return {
            "processes": {"hh": {**HH, "cross_section": {13: cross_section}}, "four_b": FOUR_B},
            "kappa_values": [-1.0, 1.0, 2.4, 5.0],
            "kappa_input": "fixed",
            "background_kappa": "fixed",
            "fixed_kappa_input": 2.4,
            "background_kappa_values": [1.0, 2.4],
            **changes,
        }

    def categories(self, samples=None, varied=(), parton_weights=(), **changes):
        output = self.folder / "categories.json"
        make_category_templates(
            self.samples() if samples is None else samples,
            output,
            CategoryTemplateSettings.checked(self.options(**changes)),
            varied=varied,
            parton_weights=parton_weights,
        )
        (templates,) = read_categories(output)
        return templates
