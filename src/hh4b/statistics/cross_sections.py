"""The signal cross section of the note, kept as data."""

from functools import cache
from importlib import resources

from hh4b.core.strict_yaml import parse_yaml


@cache
def note_signal_fb() -> dict[float, tuple[float, float, float]]:
    """Return the coefficients of kappa_lambda^0, ^1, ^2 in fb, by energy in TeV."""
    text = resources.files(__package__).joinpath("cross_sections.yaml").read_text("utf-8")
    content = parse_yaml(text, where="cross_sections.yaml")["signal_fb"]
    return {float(energy): (c0, c1, c2) for energy, (c0, c1, c2) in content.items()}
