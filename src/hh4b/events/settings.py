"""What an ingestion is told: selection, matching, tags, and how the sample is labelled."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hh4b.core.errors import ConfigError

MATCHINGS = ("one_to_one", "drop_ambiguous")
TAG_SOURCES = ("file", "dl1r_77")
#: Distance within which a kept jet is taken for the image of a b quark (docs/data.md).
MATCHING_RADIUS = 0.4
#: What a background event may be given as the network's input, if the study names nothing else.
DEFAULT_KAPPA_VALUES = (-5.0, -3.0, -1.0, 0.0, 1.0, 2.0, 2.4, 3.0, 5.0, 7.0, 9.0, 10.0)


@dataclass(frozen=True)
class IngestSettings:
    """Everything that decides the content of a dataset besides the files.

    Attributes:
        sample: name of the sample; names its random streams.
        is_background: no truth is looked for, targets are -1.
        kappa_lambda: coupling the signal was generated with; None = does not apply (a resonance).
        pt_min_gev: jets above this transverse momentum are kept.
        abs_eta_max: jets below this absolute pseudorapidity are kept.
        max_jets: so many jets, leading in pT, are kept.
        min_tags: events with at least so many b-tagged kept jets are selected.
        b_tag_bit: the bit of ``Jet.BTag`` that is the tag (0 to 31).
        jet_collection: branch of the jets.
        kappa_values: background events take their kappa input from here, at random.
        training_fraction: share of events labelled as training.
        seed: seed of the study.
        matching: ``one_to_one``, or ``drop_ambiguous`` to drop also the events in which a quark has
            two kept jets within `MATCHING_RADIUS`.
        tag_efficiency: ``file`` takes the tags of the file, ``dl1r_77`` draws own ones by flavour.
        allow_negative_weights: accept events of negative weight.
    """

    sample: str
    is_background: bool = False
    kappa_lambda: float | None = None
    pt_min_gev: float = 40.0
    abs_eta_max: float = 2.5
    max_jets: int = 10
    min_tags: int = 4
    b_tag_bit: int = 0
    jet_collection: str = "Jet"
    kappa_values: tuple[float, ...] = DEFAULT_KAPPA_VALUES
    training_fraction: float = 0.9
    seed: int = 1
    matching: str = "one_to_one"
    tag_efficiency: str = "file"
    allow_negative_weights: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: naming the setting, its value and what it may be.
        """
        finite = float("inf")
        limits = {
            "pt_min_gev": (0.0, finite),
            "abs_eta_max": (0.0, finite),
            "max_jets": (4, 100),
            "min_tags": (0, self.max_jets),
            "b_tag_bit": (0, 31),
            "training_fraction": (0.0, 1.0),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"{name} = {value}: must lie between {low} and {high}")
        for name, choices in (("matching", MATCHINGS), ("tag_efficiency", TAG_SOURCES)):
            if getattr(self, name) not in choices:
                raise ConfigError(
                    f"{name} = {getattr(self, name)!r}: must be one of {', '.join(choices)}"
                )
        kappas = [*self.kappa_values, *([] if self.kappa_lambda is None else [self.kappa_lambda])]
        if not all(abs(kappa) < finite for kappa in kappas):
            raise ConfigError(f"kappa_lambda: {kappas} must be finite numbers")
        if self.is_background and not self.kappa_values:
            raise ConfigError("kappa_values is empty: a background event needs a kappa input")
        if self.is_background and self.kappa_lambda is not None:
            raise ConfigError(
                f"kappa_lambda = {self.kappa_lambda} for a background: a background has none;"
                " leave out --kappa-lambda or --background"
            )

    def as_dict(self) -> Mapping[str, Any]:
        """Return plain data for the provenance (the seed stands there on its own)."""
        return {name: value for name, value in asdict(self).items() if name != "seed"}
