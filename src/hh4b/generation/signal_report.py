"""Cross sections and form factors of gg -> HH as rows for a terminal or a script."""

from itertools import product
from typing import Any

import numpy as np

from hh4b.core.errors import ConfigError
from hh4b.core.joined import parse_numbers
from hh4b.core.strict_json import to_json
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_amplitude import form_factors as compute_form_factors
from hh4b.generation.higgs_pair_cross_section import Collisions, cross_section
from hh4b.generation.settings import FormFactorSettings, HiggsPairCrossSectionSettings

Row = dict[str, Any]


def numbers(texts: list[str], option: str) -> list[float]:
    """Return numbers from words separated by blanks or commas; the same may come twice.

    Raises:
        ConfigError: naming the first word that is no finite number.

    >>> numbers(["-1", "0,2.4 0"], "--kappa-lambda")
    [-1.0, 0.0, 2.4, 0.0]
    """
    words = " ".join(texts).replace(",", " ").split()
    if not words:
        raise ConfigError(f"{option}: no value given")
    return [number for word in words for number in parse_numbers(word, option)]


def cross_section_rows(kappas: list[float], settings: HiggsPairCrossSectionSettings) -> list[Row]:
    """Return one row for each kappa_lambda, cross sections in fb.

    Raises:
        ConfigError: if the energy is below the threshold.
    """
    collisions = Collisions(1000.0 * settings.sqrt_s_tev, settings.mu_factor)
    sigma = cross_section(collisions, HiggsPairModel(settings.m_top_gev, settings.m_higgs_gev))
    return [
        {
            "kappa_lambda": kappa,
            "cross_section_fb": float(sigma.at(kappa)),
            "error_fb": float(sigma.error_at(kappa)),
        }
        for kappa in kappas
    ]


def form_factor_rows(
    masses_gev: list[float], cosines: list[float], settings: FormFactorSettings
) -> list[Row]:
    """Return one row for each point; complex numbers as [real part, imaginary part].

    As many masses as cosines, or only one of either, are taken side by side; otherwise every mass
    is combined with every cosine.

    Raises:
        ConfigError: if a point lies outside the phase space.
    """
    if len(masses_gev) == len(cosines):
        points = list(zip(masses_gev, cosines, strict=True))
    else:
        points = list(product(masses_gev, cosines))
    mass, cosine = (np.array(column) for column in zip(*points, strict=True))
    found = compute_form_factors(
        mass, cosine, HiggsPairModel(settings.m_top_gev, settings.m_higgs_gev)
    )
    columns = {
        "F_triangle": found.f_triangle,
        "F_box": found.f_box,
        "G_box": found.g_box,
    }
    return [
        {
            "sqrt_s_hat_gev": point[0],
            "cos_theta": point[1],
            **{name: [values[i].real, values[i].imag] for name, values in columns.items()},
        }
        for i, point in enumerate(points)
    ]


def as_json(rows: list[Row]) -> str:
    """Return rows as JSON."""
    return to_json(rows)


def as_table(rows: list[Row]) -> str:
    """Return rows as an aligned table."""
    names = list(rows[0])
    lines = [names, *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.rjust(width) for word, width in zip(line, widths, strict=True))
        for line in lines
    )


def _text(value: float | list[float]) -> str:
    if isinstance(value, list):
        return f"{value[0]:.8f}{value[1]:+.8f}i"
    return f"{value:.6g}"
