"""A row of the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hh4b.publication.catalogue.sources import Source
from hh4b.publication.settings import Medium
from hh4b.study.layout import Layout


def no_options(layout: Layout) -> Mapping[str, Any]:
    """Return that a study changes no option."""
    return {}


@dataclass(frozen=True)
class Entry:
    """A table or figure of the package.

    Attributes:
        medium: ``"table"`` or ``"figure"``.
        key: number in the note, or the name of an extra one.
        kind: how it is made, a name of `hh4b.publication.registry.KINDS`.
        title: caption, in Unicode.
        source: files that it is made from.
        remarks: further sentences of the caption: slips of the note, what differs from it.
        options: of the kind, in every study.
        study_options: of the kind, in one study.
        labels: of input keys, in every study.
        events: whether it shows simulated events, at the energy of the samples.
    """

    medium: Medium
    key: str
    kind: str
    title: str
    source: Source
    remarks: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    study_options: Callable[[Layout], Mapping[str, Any]] = field(default=no_options)
    labels: Mapping[str, str] = field(default_factory=dict)
    events: bool = False
