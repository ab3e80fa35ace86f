"""Settings of a study of the user's own files."""

from pydantic import Field

from hh4b.core.settings import Fraction, Name, Positive, Settings


class OwnFiles(Settings):
    """What the files do not say."""

    results: str = Field("results/own", description="folder of everything that is built")
    signal_cross_section: str = Field(
        "note",
        description="of the signal: note, own, or c0,c1,c2 of kappa_lambda^0, ^1, ^2 in fb",
    )
    branching_ratio: Fraction | None = Field(
        None, description="of H -> b bbar, enters squared; null = 0.582"
    )
    sqrt_s_tev: Positive = Field(
        13.0,
        description="energy of the events in TeV, 13 or 14",
        json_schema_extra={"flags": ["--sqrt-s"]},
    )
    luminosity_ifb: Positive = Field(139.0, description="integrated luminosity in fb^-1")
    name: Name = Field("hh", description="name of the signal")
