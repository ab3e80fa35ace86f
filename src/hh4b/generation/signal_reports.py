"""Cross sections and form factors of gg -> HH as rows for a terminal or a script."""

import json
import math
from itertools import product
from typing import Any

import numpy as np

from hh4b.core.errors import ConfigError
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_amplitude import form_factors as compute_form_factors
from hh4b.generation.higgs_pair_cross_section import Collisions, cross_section

Row = dict[str, Any]


def model(m_top_gev: float, m_higgs_gev: float) -> HiggsPairModel:
    """Return the model with these masses."""
    return HiggsPairModel(m_top_gev, m_higgs_gev)


def collisions(sqrt_s_tev: float, mu_factor: float) -> Collisions:
    """Return proton collisions of this energy."""
    return Collisions(1000.0 * sqrt_s_tev, mu_factor)


def parse_numbers(texts: list[str], what: str) -> list[float]:
    """Return numbers from words separated by blanks or commas.

    Raises:
        ConfigError: naming the first word that is no finite number.

    >>> parse_numbers(["-1", "0,2.4"], "kappa_lambda")
    [-1.0, 0.0, 2.4]
    """
    numbers = []
    for word in " ".join(texts).replace(",", " ").split():
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ConfigError(f"{what}: {word!r} is not a number")
        numbers.append(number)
    if not numbers:
        raise ConfigError(f"{what}: no value given")
    return numbers


def parse_one_number(text: str, what: str) -> float:
    """Return one number.

    Raises:
        ConfigError: if the text is not exactly one finite number.
    """
    numbers = parse_numbers([text], what)
    if len(numbers) != 1:
        raise ConfigError(f"{what}: {text!r} holds {len(numbers)} numbers, expected one")
    return numbers[0]


def cross_section_rows(kappas: list[float], beams: Collisions, masses: HiggsPairModel) -> list[Row]:
    """Return one row for each kappa_lambda, cross sections in fb.

    Raises:
        ConfigError: if the energy is below the threshold.
    """
    sigma = cross_section(beams, masses)
    return [
        {
            "kappa_lambda": kappa,
            "cross_section_fb": float(sigma.at(kappa)),
            "error_fb": float(sigma.error_at(kappa)),
        }
        for kappa in kappas
    ]


def form_factor_rows(
    masses_gev: list[float], cosines: list[float], masses: HiggsPairModel
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
    found = compute_form_factors(mass, cosine, masses)
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
    return json.dumps(rows)


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
