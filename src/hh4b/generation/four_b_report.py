"""The cross section of pp -> 4b as a row for a terminal or a script."""

from typing import Any

from hh4b.generation.four_b import generator
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.settings import FourBCrossSectionSettings


def cross_section_row(settings: FourBCrossSectionSettings) -> dict[str, Any]:
    """Integrate, and return cross section, error, scale band and channels with the settings.

    Raises:
        ConfigError: if there is no phase space for the settings.
        GeneratorFailed: if the error is not reached.
    """
    result = generator.cross_section(
        FourBProcess.of(settings), seed=settings.seed, relative_error=settings.relative_error
    )
    return {
        "sqrt_s_tev": settings.sqrt_s_tev,
        "cross_section_fb": 1000.0 * result.value_pb,
        "error_fb": 1000.0 * result.error_pb,
        "cross_section_pb": result.value_pb,
        "error_pb": result.error_pb,
        "scale_band_pb": [result.low_pb, result.high_pb],
        "channels_pb": result.channels_pb,
        "cuts": {"pt_min_gev": settings.b_pt_min_gev, "abs_eta_max": settings.b_abs_eta_max},
        "settings": settings.model_dump(mode="json"),
    }


def as_line(row: dict[str, Any]) -> str:
    """Return a row as one line of text."""
    low, high = row["scale_band_pb"]
    return (
        f"sigma(pp -> 4b, {row['sqrt_s_tev']:g} TeV) = {row['cross_section_pb']:.2f}"
        f" +- {row['error_pb']:.2f} pb, scale x (2, 1/2): {low:.1f} to {high:.1f} pb"
    )
