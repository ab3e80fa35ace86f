"""The text on energy and luminosity that limit files of one figure must share."""

from hh4b.core.errors import ConfigError
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.style import energy_text


def common_conditions(inputs: Inputs, files: list[RunFile]) -> str:
    """Return energy and luminosity of limit files.

    Raises:
        ConfigError: if the files differ in them.
    """
    found = {(file.number("sqrt_s_tev"), file.number("luminosity_ifb")) for file in files}
    if len(found) > 1:
        raise ConfigError(
            f"{inputs.what}: limits at different energies or luminosities: {sorted(found)}"
        )
    return energy_text(*found.pop())
