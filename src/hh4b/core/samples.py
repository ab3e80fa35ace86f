"""The name of a sample, which is that of its random streams."""

from pathlib import Path
from typing import Self

from pydantic import Field

from hh4b.core.settings import Settings


class NamedSample(Settings):
    """Settings of a stage that makes a sample."""

    sample: str | None = Field(
        default=None,
        description="name of the sample, of its random streams; default: of the output",
    )

    def named_after(self, output: Path | str) -> Self:
        """Return the settings with the name of the output, unless the sample has one.

        >>> NamedSample().named_after("datasets/hh.h5").sample
        'hh'
        """
        return self if self.sample else self.model_copy(update={"sample": Path(output).stem})
