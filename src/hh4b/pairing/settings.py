"""Settings of pairing: the method with its options, and the events of an evaluation."""

from typing import Any

from pydantic import Field

from hh4b.core.settings import Part, Settings

#: Names in the table of `hh4b.pairing.methods`, for those who must not import it.
OWN_METHODS = ("min_dr", "d_hh", "nearest_to_leading")


class PairSettings(Settings):
    """How jets are paired into two Higgs candidates."""

    method: str = Field(
        "min_dr", description="registered name, entry point of `hh4b.pairing`, or path.py:name"
    )
    options: dict[str, Any] = Field({}, description="keyword options of the method")


class PairingEvaluationSettings(Settings):
    """Which events measure a pairing."""

    part: Part = Field("all", description="events to use: training, testing or all")
