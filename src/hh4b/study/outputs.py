"""Tables and figures that a user adds in the configuration."""

from typing import Any, Literal

from pydantic import Field

from hh4b.core.settings import Name, Positive, Settings


class OwnOutput(Settings):
    """A table or figure of the user; docs/figures.md lists the kinds and what each shows."""

    medium: Literal["table", "figure"] = Field(description="whether it is a table or a figure")
    kind: str = Field(
        description="kind of the package, entry point of `hh4b.output`, or path.py:function"
    )
    title: str = Field("", description="caption of the table or figure")
    pairings: list[Name] = Field([], description="names of the pairings that it shows")
    classifiers: list[Name] = Field([], description="names of the classifiers that it shows")
    selections: list[Name] = Field([], description="names of the selections that it shows")
    trainings: list[Name] = Field([], description="names of the SPANet2 trainings that it shows")
    sqrt_s_tev: Positive | None = Field(
        None, description="energy of the limits, one of statistics.sqrt_s_tev; null = headline"
    )
    luminosity_ifb: Positive | None = Field(
        None,
        description="luminosity of the limits, one of statistics.luminosities_ifb; null = headline",
    )
    style: dict[str, str | float | int | bool | dict[str, str]] = Field(
        {}, description="style of a figure, as under `publication.style`"
    )
    options: dict[str, Any] = Field(
        {}, description="options of the kind, listed in docs/figures.md"
    )
