"""The files that the page reads beside tables and figures."""

from dataclasses import dataclass
from pathlib import Path

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import PageSettings

METHOD_NAMES = {"profile": "profile likelihood", "cls": "CLs"}


@dataclass(frozen=True)
class PageFiles:
    """Files by key: ``headline.S``, ``limits.S``, ``templates.S``, ``search.N``, ``background.B``.

    ``archived.S`` is the headline of the archive of another run.
    Of likelihoods at the headline's point there are ``likelihood.S`` (fits) and ``toys.S``.

    Attributes:
        inputs: the files.
        settings: what the study calls them.
    """

    inputs: Inputs
    settings: PageSettings

    def names(self, kind: str) -> list[str]:
        """Return what there are files of a kind of, e.g. selections for ``headline``."""
        prefix = f"{kind}."
        return [key.removeprefix(prefix) for key in self.inputs.files if key.startswith(prefix)]

    def one(self, kind: str, name: str) -> RunFile | None:
        """Return a JSON file; None if the page was not given it."""
        key = f"{kind}.{name}"
        return RunFile.read(self.inputs.one(key)) if key in self.inputs.files else None

    def paths(self, kind: str, name: str) -> tuple[Path, ...]:
        """Return the files of a key; none if the page was not given any."""
        return self.inputs.files.get(f"{kind}.{name}", ())


def with_error(value: float, error: float | None, digits: int = 2) -> str:
    """Write a number with its error, both with the same digits after the point."""
    text = f"{value:.{digits}f}"
    if error is not None:
        text += f" ± {error:.{digits}f}"
    return text.replace("-", "−")
