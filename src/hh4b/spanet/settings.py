"""Settings of the SPANet2 commands; `hh4b.spanet.options` describes a network and its training."""

from typing import Annotated

from pydantic import Field

from hh4b.core.folds import Folds
from hh4b.core.settings import Count, Kappa, Seed, Settings
from hh4b.training.search_ranges import Halving, HeldOut, SpanetRanges

#: Number of GPUs, or of threads, where 0 has a meaning of its own.
CountOrZero = Annotated[int, Field(ge=0)]


class SpanetChanges(Settings):
    """What differs from an options file."""

    changes: dict[str, bool | int | float | str] = Field(
        {}, description="options to change, by their name in the options file"
    )


class SpanetThreads(Settings):
    """Threads of the CPU; sums of a training, and so its last digits, depend on them."""

    threads: CountOrZero = Field(0, description="threads; 0: as many as there are cores")


class SpanetDevices(SpanetThreads):
    """Where a network computes."""

    num_gpu: CountOrZero = Field(0, description="GPUs; 0: CPU")


class SpanetTrainingLength(Settings):
    """How long a network learns, where it is not what the options file says."""

    epochs: Count | None = Field(
        None, description="passes over the training events; null: those of the options"
    )


class SpanetKappaBalance(Settings):
    """What a network may learn of its samples' sizes."""

    kappa_balance: bool = Field(
        False,
        description="weight the training events so that at each kappa input signal weighs as much"
        " as background, and every kappa input the same; false: each sample by its events",
    )


class SpanetTrainSettings(SpanetChanges, SpanetTrainingLength, SpanetKappaBalance, SpanetThreads):
    """Settings of `hh4b spanet train`."""

    batch_size: Count | None = Field(
        None, description="events per step and device; null: those of the options"
    )
    num_gpu: CountOrZero | None = Field(
        None, description="GPUs; 0: CPU; null: those of the options"
    )
    seed: Seed = Field(0, description="fixes weights, order of events and dropout")


class SpanetSearchSize(Settings):
    """What a search varies, and how long."""

    trials: Count = Field(100, description="number of trials, of all workers together")
    epochs: Count = Field(10, description="number of epochs of a trial")
    ranges: SpanetRanges = Field(SpanetRanges(), description="what is varied, and how far")
    halving: Halving = False
    held_out: HeldOut = None


class SpanetSearchSettings(SpanetChanges, SpanetSearchSize, SpanetKappaBalance, SpanetDevices):
    """Settings of `hh4b spanet search`."""

    seed: Seed = Field(1, description="of trainings and sampler")


class SpanetPredictSettings(SpanetDevices, Folds):
    """Settings of `hh4b spanet predict`."""

    kappa_values: list[Kappa] = Field(
        [], description='values of the kappa input for the scores, e.g. "-10,-9,…,15"'
    )
    pairing_kappa: Kappa | None = Field(
        None,
        description="kappa input at which all events are paired, one that was trained; null: each"
        " event at its own",
    )
    output_vectors: bool = Field(
        False, description="write the embedding vectors to the prediction as well"
    )


class SpanetEvaluateSettings(SpanetDevices):
    """Settings of `hh4b spanet evaluate`."""


class EmbeddingSettings(Settings):
    """How much of the embedding vectors is analysed."""

    components: Count = Field(10, description="principal components whose variance is given")
    correlated: Count = Field(3, description="first components, correlated with the observables")
    points: Count = Field(600, description="events in the map and the silhouette scores")
    clusters: list[Annotated[int, Field(gt=1)]] = Field(
        [2, 3, 4, 5, 6], description="numbers of clusters that k-means tries"
    )
    seed: Seed = Field(1, description="of the map, the clusters and the choice of points")
