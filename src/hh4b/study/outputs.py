"""Tables and figures that a user adds in the configuration."""

from typing import Any, Literal

from pydantic import Field

from hh4b.core.settings import Name, Positive, Settings


class OwnOutput(Settings):
    """A table or figure of the user; docs/figures.md lists the kinds and what each shows."""

    medium: Literal["table", "figure"] = Field(description="what it is")
    kind: str = Field(
        description="kind of the package, entry point of `hh4b.output`, or path.py:function"
    )
    title: str = Field("", description="caption")
    pairings: list[Name] = Field([], description="pairings it shows")
    classifiers: list[Name] = Field([], description="classifiers it shows")
    selections: list[Name] = Field([], description="selections it shows")
    trainings: list[Name] = Field([], description="SPANet2 trainings it shows")
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
    options: dict[str, Any] = Field({}, description="of the kind")
