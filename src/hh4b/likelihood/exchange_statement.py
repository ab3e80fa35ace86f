"""What a file of an exchange format keeps of a model beside samples: to read it back whole."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hh4b.core.errors import ContractError
from hh4b.core.settings import Positive, Settings
from hh4b.likelihood.model import Channel, LikelihoodModel

Floats = NDArray[np.float64]
Asimov = Literal["background", "sm"]


class StatedChannel(Settings):
    """A channel of the model."""

    name: str = Field(description="its name")
    bin_edges_gev: list[float] = Field(description="edges in m_HH")
    score_range: tuple[float, float] | None = Field(None, description="scores of its events")


class LikelihoodStatement(Settings):
    """What a file says of itself."""

    channels: list[StatedChannel] = Field([], description="in the order of the bins")
    groups: dict[str, str] = Field({}, description="group of each parameter, in order")
    luminosity_ifb: Positive = Field(139.0, description="integrated luminosity")
    sqrt_s_tev: Positive = Field(13.0, description="energy of the cross sections")
    signal_process: str = Field("hh", description="name of the signal")
    asimov: Asimov | None = Field(None, description="what the observations are; null: data")

    @classmethod
    def about(cls, model: LikelihoodModel, asimov: Asimov) -> "LikelihoodStatement":
        """Say what ``model`` is, with the observations of `observed`."""
        return cls(
            channels=[
                StatedChannel(
                    name=one.name,
                    bin_edges_gev=list(one.bin_edges_gev),
                    score_range=one.score_range,
                )
                for one in model.channels
            ],
            groups={one.name: one.group for one in model.parameters},
            luminosity_ifb=model.luminosity_ifb,
            sqrt_s_tev=model.sqrt_s_tev,
            signal_process=model.signal_process,
            asimov=asimov if model.data is None else None,
        )

    def read_channels(self, sizes: dict[str, int], where: str) -> tuple[Channel, ...]:
        """Return the channels of a file, with bin numbers as edges where it says none.

        Args:
            sizes: number of bins by channel, in the order of the file.
            where: the file, for messages.

        Raises:
            ContractError: if the statement and the samples differ.
        """
        if not self.channels:
            return tuple(
                Channel(name, tuple(float(edge) for edge in range(size + 1)))
                for name, size in sizes.items()
            )
        said = {one.name: len(one.bin_edges_gev) - 1 for one in self.channels}
        if said != sizes:
            raise ContractError(
                f"{where} says that its channels have bins {said}, but has {sizes}; make it again"
            )
        return tuple(
            Channel(one.name, tuple(one.bin_edges_gev), one.score_range) for one in self.channels
        )

    def described(self) -> dict[str, Any]:
        """Return the arguments of `ReadSamples.model` that are not arrays."""
        return {
            "luminosity_ifb": self.luminosity_ifb,
            "sqrt_s_tev": self.sqrt_s_tev,
            "signal_process": self.signal_process,
        }

    def data_of(self, model: LikelihoodModel, data: Floats) -> Floats | None:
        """Return the observations, or None if they are the Asimov data that the file says."""
        if self.asimov is None or not np.allclose(observed(model, self.asimov), data, rtol=1e-9):
            return data
        return None


def observed(model: LikelihoodModel, asimov: Asimov) -> Floats:
    """Return the data of the model, or its Asimov data where it has none, shape (B,)."""
    if model.data is not None:
        return model.data
    background = sum(model.backgrounds.values(), np.zeros(model.n_bins))
    return background + model.signal.sum(axis=0) if asimov == "sm" else background
