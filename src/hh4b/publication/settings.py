"""Settings of the commands that make tables, figures and what they are made from."""

from typing import Any, Literal, TypeVar

from pydantic import Field

from hh4b.core.settings import Positive, Settings
from hh4b.publication.text import spelled

Options = TypeVar("Options", bound=Settings)


class OutputSettings(Settings):
    """Everything about a table or figure but its files; `Inputs` has the files by key."""

    kind: str = Field(description="kind of the catalogue, entry point `hh4b.output`, or path.py:f")
    title: str = Field(default="", description="caption of the table or figure")
    remarks: list[str] = Field(default=[], description="further sentences of the caption")
    labels: dict[str, str] = Field(default={}, description="name of a row or curve, by input key")
    parts: dict[str, tuple[str, str]] = Field(
        default={},
        description="pairing and classifier by input key, for tables with a column for each",
    )
    sqrt_s_tev: Positive | None = Field(default=None, description="energy of the events shown")
    options: dict[str, Any] = Field(
        default={}, description="options of the kind, listed in docs/figures.md"
    )
    style: dict[str, Any] = Field(default={}, description="of a figure")

    def label(self, key: str) -> str:
        """Return the name of a row or curve; a key without a label is spelled out."""
        return self.labels.get(key) or spelled(key)

    def read(self, options: type[Options]) -> Options:
        """Return the options of the kind.

        Raises:
            ConfigError: one line that names the option, if it is unknown or not valid.
        """
        return options.checked(self.options, where=f"options of {self.kind}: ")

    def pair(self, key: str) -> tuple[str, str]:
        """Return pairing and classifier; without them, the name and nothing."""
        return self.parts.get(key) or (self.label(key), "")


class NoteValues(Settings):
    """Where the note has values to compare with, and for which conditions they hold."""

    table: str | None = Field(
        default=None, description="entry of the reference file, e.g. `table_26`"
    )
    rows: dict[str, str] = Field(
        default={}, description="row of the note by row key, where they differ"
    )
    sqrt_s_tev: Positive = Field(default=13.0, description="energy of the note's limits")
    luminosity_ifb: Positive | None = Field(default=139.0, description="luminosity; null = any")

    def row(self, key: str) -> str:
        """Return the row of the note that a row is compared with."""
        return self.rows.get(key, key)


class WidthClaim(Settings):
    """That the interval of one selection is wider than that of another, as the note finds."""

    wider: str = Field(description="selection")
    narrower: str = Field(description="selection")
    table: str = Field(description="table with the note's intervals of both")


class ShownSearch(Settings):
    """A search for hyper-parameters, and where its outcome is shown."""

    objective: str = Field(description="what its trials are compared by, in words")
    lower_is_better: bool = Field(description="whether the smallest value wins")
    tables: list[str] = Field(default=[], description="tables that show what was tuned by it")


class PageSettings(Settings):
    """What the results page says of a study; `Inputs` has the files by key."""

    labels: dict[str, str] = Field(default={}, description="name by selection")
    archive: str = Field(default="", description="folder of the run whose intervals stand beside")
    claims: list[WidthClaim] = Field(default=[], description="widths to compare, first on top")
    searches: dict[str, ShownSearch] = Field(default={}, description="searches by name")
    facts: dict[str, Any] = Field(
        default={}, description="values of the configuration that causes depend on, by dotted key"
    )

    def label(self, selection: str) -> str:
        """Return the name of a selection."""
        return self.labels.get(selection) or spelled(selection)


Medium = Literal["table", "figure"]
