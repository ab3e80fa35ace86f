"""Options of a network and its training: the keys of the reference's options file, none ignored."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hh4b.core.errors import ConfigError
from hh4b.core.files import read_json
from hh4b.core.spelling import did_you_mean
from hh4b.core.strict_json import to_json
from hh4b.core.validation import wrongs

log = logging.getLogger(__name__)

#: Keys without effect here, with the reason: the last column of `docs/spanet.md`.
WITHOUT_EFFECT = {
    "transformer_dim": "deprecated: the width is transformer_dim_scale x input width",
    "linear_prelu_activation": "deprecated: linear_activation decides",
    "balance_losses": "the reference does not use it either",
    "num_dataloader_workers": "the data are tensors in memory",
    "verbose_output": "use `hh4b --verbose`",
    "testing_file": "the test file is an argument of predict and evaluate",
    "trial_output_dir": "belongs to the hyperparameter search of the reference",
}

#: Keys of older versions of the reference, which ignores them itself: read, and told.
OLDER = {
    "num_branch_classification_layers": "num_detector_layers and num_classification_layers decide",
}

#: Keys that the reference does not know.
OURS_ONLY = {
    "global_input_embedding", "event_weights", "pair_features", "random_symmetries", "precision",
    "best_checkpoint_metric", "kappa_balance",
}  # fmt: skip

_CHOICES = {
    "linear_block_type": ("basic", "resnet", "gated", "gru"),
    "transformer_type": ("standard", "normfirst", "gated"),
    "linear_activation": ("none", "relu", "prelu", "elu", "celu", "gelu"),
    "transformer_activation": ("relu", "gelu"),
    "normalization": ("none", "batchnorm", "layernorm", "maskedbatchnorm"),
    "masking": ("none", "multiplicative", "filling"),
    "combine_pair_loss": ("none", "min", "softmin", "mean"),
}


# A larger network would not fit into the memory of any machine.
Width = Annotated[int, Field(gt=0, le=65536)]
Layers = Annotated[int, Field(ge=0, le=1000)]


class Options(BaseModel):
    """Every key of the reference's options JSON (version 2.2.0) with its default, and ours.

    Names of choices are compared without case, blanks and underscores, as the reference does, and
    kept in that form.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # network
    hidden_dim: Width = Field(128, description="width of all hidden vectors")
    transformer_dim: int = Field(128, description="no effect")
    transformer_dim_scale: float = Field(2.0, gt=0, le=100, description="feed-forward/input width")
    initial_embedding_dim: Width = Field(16, description="width of the first embedding block")
    position_embedding_dim: Width = Field(32, description="width of the input type's vector")
    num_embedding_layers: Layers = Field(10, description="most doublings before hidden_dim")
    num_encoder_layers: Layers = Field(4, description="layers of the central encoder")
    num_branch_embedding_layers: Layers = Field(4, description="linear blocks of a branch")
    num_branch_encoder_layers: Layers = Field(4, description="transformer layers of a branch")
    num_jet_embedding_layers: Layers = Field(0, description="linear blocks per product")
    num_jet_encoder_layers: Layers = Field(0, description="transformer layers per product")
    num_detector_layers: Layers = Field(1, description="linear blocks before detection")
    num_regression_layers: Layers = Field(1, description="linear blocks of a regression")
    num_classification_layers: Layers = Field(1, description="linear blocks of a classifier")
    split_symmetric_attention: bool = Field(True, description="false: full tensor attention")
    num_attention_heads: Width = Field(4, description="heads of every attention layer")
    transformer_activation: str = Field("gelu", description="of Standard and NormFirst layers")
    skip_connections: bool = Field(True, description="of linear blocks")
    initial_embedding_skip_connections: bool = Field(True, description="of embedding blocks")
    linear_block_type: str = Field("gru", description="Basic, Resnet, Gated or GRU")
    transformer_type: str = Field("gated", description="Standard, NormFirst or Gated")
    linear_activation: str = Field("gelu", description="None, ReLU, PReLU, ELU, CELU or GELU")
    normalization: str = Field("layernorm", description="None, BatchNorm, LayerNorm, ...")
    masking: str = Field("filling", description="padding is not computed: all choices agree")
    linear_prelu_activation: bool = Field(True, description="no effect")

    # data
    event_info_file: str = Field("", description="event description, unless given by --event")
    training_file: str = Field("", description="training data, unless given by --train")
    validation_file: str = Field("", description="validation data; empty: split the training file")
    testing_file: str = Field("", description="no effect")
    normalize_features: bool = Field(True, description="use mean and deviation of the training set")
    limit_to_num_jets: int = Field(0, ge=0, description="only events with so many real vectors")
    balance_particles: bool = Field(False, description="weight events by which targets they have")
    balance_jets: bool = Field(False, description="weight events by the number of vectors")
    balance_classifications: bool = Field(False, description="weight classes by their frequency")
    partial_events: bool = Field(False, description="train on events that lack targets too")
    dataset_limit: float = Field(1.0, gt=0, le=1, description="use this share of the data")
    dataset_randomization: int = Field(0, ge=0, description="seed of the split; 0: file order")
    train_validation_split: float = Field(0.95, gt=0, le=1, description="share for training")
    batch_size: int = Field(4096, gt=0, description="events per step and device")
    num_dataloader_workers: int = Field(4, ge=0, description="no effect")

    # training
    mask_sequence_vectors: bool = Field(True, description="false is refused")
    combine_pair_loss: str = Field("min", description="min, softmin or mean over permutations")
    optimizer: str = Field("AdamW", description="a class of torch.optim")
    learning_rate: float = Field(0.001, gt=0, description="peak learning rate")
    focal_gamma: float = Field(0.0, ge=0, description="exponent of the focal loss")
    combinatorial_scale: float = Field(0.0, description="anything but 0 is refused")
    learning_rate_warmup_epochs: float = Field(1.0, ge=0, description="linear ramp from 0")
    learning_rate_cycles: int = Field(0, ge=0, description="cosine cycles; 0: linear decay")
    assignment_loss_scale: float = Field(1.0, ge=0, description="0 turns the part off")
    detection_loss_scale: float = Field(0.0, ge=0, description="0 turns the part off")
    kl_loss_scale: float = Field(0.0, ge=0, description="0 turns the part off")
    regression_loss_scale: float = Field(0.0, ge=0, description="0 turns the part off")
    classification_loss_scale: float = Field(0.0, ge=0, description="0 turns the part off")
    balance_losses: bool = Field(True, description="no effect")
    l2_penalty: float = Field(0.0, ge=0, description="weight decay")
    gradient_clip: float = Field(0.0, ge=0, description="largest norm of the gradient; 0: any")
    dropout: float = Field(0.0, ge=0, lt=1, description="of blocks and attention weights")
    epochs: int = Field(100, gt=0, description="passes over the training set")
    num_gpu: int = Field(1, ge=0, description="GPUs; 0: CPU")

    # bookkeeping of the reference
    verbose_output: bool = Field(True, description="no effect")
    usable_gpus: str = Field("", description="anything but empty is refused")
    trial_time: str = Field("", description="anything but empty is refused")
    trial_output_dir: str = Field("./test_output", description="no effect")

    # ours
    global_input_embedding: Literal["compatible", "linear"] = Field(
        "compatible", description="linear: no normalisation layer over a global input's features"
    )
    event_weights: Literal["dataset", "none"] = Field(
        "dataset", description="use HH4B/weight where the training file has it"
    )
    kappa_balance: bool = Field(
        False, description="signal weighs as much as background, and the same, at each kappa input"
    )
    pair_features: int = Field(
        0, ge=0, description="give each vector its mass and distance with so many leading ones"
    )
    random_symmetries: bool = Field(
        False, description="turn and mirror the training events anew in every epoch"
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="of matrix products in training"
    )
    best_checkpoint_metric: Literal[
        "auto",
        "event_efficiency",
        "average_jet_accuracy",
        "auc",
        "average_r_squared",
        "loss",
        "last",
    ] = Field(
        "auto",
        description="auto: average_jet_accuracy, without assignment loss auc, without"
        " classification loss either average_r_squared; loss: least loss of the validation events;"
        " last: last epoch",
    )

    @field_validator(*_CHOICES, mode="before")
    @classmethod
    def _canonical_choice(cls, value: Any, info: Any) -> str:
        name = str(value).lower().replace("_", "").replace(" ", "")
        if info.field_name == "transformer_type" and name == "gtrxl":
            name = "gated"
        if name not in _CHOICES[info.field_name]:
            raise ValueError(f"{value!r} is none of {', '.join(_CHOICES[info.field_name])}")
        return name

    @model_validator(mode="after")
    def _refuse(self) -> "Options":
        refused = {
            "mask_sequence_vectors": (self.mask_sequence_vectors, "padding would be assigned"),
            "combinatorial_scale": (not self.combinatorial_scale, "no version implements it"),
            "usable_gpus": (not self.usable_gpus, "set CUDA_VISIBLE_DEVICES instead"),
            "trial_time": (not self.trial_time, "hyperparameter searches have their own command"),
            "hidden_dim": (
                self.hidden_dim % self.num_attention_heads == 0,
                f"it is no multiple of num_attention_heads = {self.num_attention_heads}",
            ),
        }
        for key, (fine, reason) in refused.items():
            if not fine:
                raise ValueError(f"{key} = {getattr(self, key)!r} is refused: {reason}")
        return self

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, where: str = "options") -> "Options":
        """Check plain data, such as the content of an options JSON.

        Raises:
            ConfigError: naming the key that is unknown or wrong.
        """
        for key in sorted(OLDER.keys() & values.keys()):
            log.info("%s: option %s is of an older version, ignored: %s", where, key, OLDER[key])
        values = {key: value for key, value in values.items() if key not in OLDER}
        unknown = sorted(set(values) - set(cls.model_fields))
        if unknown:
            names = [f"{name!r}{did_you_mean(name, cls.model_fields)}" for name in unknown]
            many = "s" if len(names) > 1 else ""
            raise ConfigError(
                f"{where}: unknown option{many} {', '.join(names)}; see docs/spanet.md"
            )
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            lines = "; ".join(wrong.line for wrong in wrongs(error, cls))
            raise ConfigError(f"{where}: {lines}") from error

    @classmethod
    def read(cls, path: Path | str, changes: Mapping[str, Any] | None = None) -> "Options":
        """Read an options JSON of the reference or of ours.

        Args:
            path: the file.
            changes: values over those of the file; what is checked is the result.

        Raises:
            ConfigError: naming the key that is unknown or wrong.
            InputFileError: if the file cannot be read.
        """
        content = {**read_json(path, finite=True), **(changes or {})}
        return cls.from_mapping(content, where=f"{path} with its changes" if changes else str(path))

    def changed(self, **values: Any) -> "Options":
        """Return a checked copy with other values."""
        return Options.from_mapping({**self.model_dump(exclude_unset=True), **values})

    def without_effect(self) -> dict[str, str]:
        """Return the keys that were set but do nothing here, with the reason."""
        return {key: why for key, why in WITHOUT_EFFECT.items() if key in self.model_fields_set}

    def as_json(self) -> str:
        """Return all keys as JSON."""
        return to_json(self.model_dump(), indent=1)
