"""Likelihoods of redrawn templates: what `hh4b likelihood redraw` does.

In each replica every shower event counts a Poisson number of times, the same in all samples and
variations that it is part of (`ShowerEvents.bootstrap`). Bins and orders of polynomials stay those
of the nominal templates, so that the likelihood has the same parameters. Data thrown from replicas
and fitted with the nominal model show what the Monte Carlo errors cost that the nuisances do not
cover. Centres of nuisances that stand for the simulated events do not scatter beside them
(`redrawn_noise`).

With folds there is a replica without each fold, too, for the error of the training
(`hh4b.core.replication.FoldReplicas`). Its other events have a larger weight, so that it quotes the
Monte Carlo errors of a sample that is smaller by a fold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.folds import Folds
from hh4b.core.logs import progress
from hh4b.core.replication import FoldReplicas, Multiplicities, PoissonReplicas, Replication
from hh4b.likelihood.build import build_model
from hh4b.likelihood.category_stage import CategoryInputs
from hh4b.likelihood.category_templates import CategoryTemplates, read_categories
from hh4b.likelihood.model import LikelihoodModel
from hh4b.likelihood.model_file import model_content, model_from_content
from hh4b.likelihood.model_stage import templates_of
from hh4b.likelihood.redrawn_noise import noise_beside_redrawing
from hh4b.likelihood.settings import LikelihoodRedrawSettings
from hh4b.statistics.bootstrap_stage import require_events_in_folds
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.template_stage import Samples

#: What a file of replicas says of itself.
KIND = "likelihoods of redrawn templates"
Floats = NDArray[np.float64]


def make_redrawn(
    templates: Path,
    samples: Sequence[str],
    output: Path,
    settings: LikelihoodRedrawSettings,
    *,
    varied: Sequence[str] = (),
    energy_weights: Sequence[Path] = (),
    parton_weights: Sequence[Path] = (),
) -> None:
    """Redraw category templates, make a likelihood of each and write them to one file.

    Args:
        templates: nominal category templates of the same samples (`hh4b likelihood templates`).
        samples: ``PROCESS=DATASET:FEATURES:SCORES``, as they were given there.
        output: file to write.
        settings: of the templates, the likelihood and the replicas.
        varied: as there.
        energy_weights: as there.
        parton_weights: as there.

    Raises:
        ConfigError: if files and settings do not fit together.
        ContractError: if the templates are of other samples, or a replica makes no likelihood.
        FitFailed: if the shape of a background is not found.
    """
    if not settings.redrawn_templates:
        raise ConfigError("redrawn_templates: at least 1 replica is needed, got 0")
    inputs = CategoryInputs.read(
        samples, settings.templates, varied=varied, energy_weights=energy_weights,
        parton_weights=parton_weights,
    )  # fmt: skip
    content = read_json(templates, finite=True)
    made_of = content.get("provenance", {}).get("settings", {})
    if {name: made_of.get(name) for name in inputs.hashes} != inputs.hashes:
        raise ContractError(f"{templates} is made of other samples; make it again from these")
    nominal = templates_of(
        read_categories(templates), settings.sqrt_s_tev, settings.likelihood.other_energies
    )
    poisson = PoissonReplicas(settings.seed, settings.redrawn_templates)
    models = _models(inputs, poisson, nominal, settings, "replicas of the templates")
    without_fold: list[LikelihoodModel] = []
    if settings.folds:
        folds = Folds.of(settings)
        require_events_in_folds(inputs.loaded, folds)
        without_fold = _models(
            inputs, FoldReplicas(folds), nominal, settings, "templates without a fold"
        )
    found = {
        "kind": KIND,
        "models": [model_content(model) for model in models],
        "fold_models": [model_content(model) for model in without_fold],
        "noise": noise_beside_redrawing(models[0], nominal, settings.likelihood).tolist(),
    }
    origin = {
        **settings.decided(mode="json", exclude={"seed"}),
        "category_templates": hash_in(content),
    }
    write_json(output, found, Provenance("likelihood redraw", origin, seed=settings.seed))


@dataclass(frozen=True)
class Redrawn:
    """Likelihoods of redrawn templates.

    Attributes:
        models: of the replicas, with the parameters of the nominal one.
        noise: of auxiliary data beside the redrawing, (P, P); see `redrawn_noise`.
        fold_models: without each fold; none without folds.
        configuration_hash: of the file.
    """

    models: tuple[LikelihoodModel, ...]
    noise: Floats
    fold_models: tuple[LikelihoodModel, ...] = ()
    configuration_hash: str = "unknown"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file of `make_redrawn`.

        Raises:
            InputFileError: if the file cannot be read.
            ContractError: if it is another file, or means nothing.
        """
        content = read_json(path, finite=True)
        if content.get("kind") != KIND:
            raise ContractError(f"{path} is no file of `hh4b likelihood redraw`")
        try:
            listed, folds = list(content["models"]), list(content["fold_models"])
            noise = np.array(content["noise"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(f"{path} is not whole ({error}); make it again") from error
        models, without_fold = (
            tuple(
                model_from_content(one, where=f"{path}: {what} {number}")
                for number, one in enumerate(all_)
            )
            for what, all_ in (("replica", listed), ("without fold", folds))
        )
        size = len(models[0].parameters) if models else 0
        if not models or noise.shape != (size, size) or not np.isfinite(noise).all():
            raise ContractError(
                f"{path}: expected replicas and finite noise of shape ({size}, {size}), got"
                f" {len(models)} and {noise.shape}; make it again"
            )
        return cls(models, noise, without_fold, hash_in(content))


def hash_in(content: Mapping[str, Any]) -> str:
    """Return the configuration hash that a file's content has."""
    return str(content.get("provenance", {}).get("configuration_hash", "unknown"))


def _models(
    inputs: CategoryInputs,
    replication: Replication,
    nominal: CategoryTemplates,
    settings: LikelihoodRedrawSettings,
    what: str,
) -> list[LikelihoodModel]:
    """Return the likelihood of every replica."""
    counts = [_counts(one, replication) for one in (inputs.loaded, inputs.changed)]
    models = []
    for number in progress(range(len(replication)), total=len(replication), what=what):
        loaded, changed = (
            _replica(all_, one, number)
            for all_, one in zip((inputs.loaded, inputs.changed), counts, strict=True)
        )
        redrawn = replace(inputs, loaded=loaded, changed=changed)
        models.append(_model(redrawn, nominal, settings))
    return models


def _counts(samples: Samples, replication: Replication) -> dict[str, list[Multiplicities]]:
    """Return how often each replica takes each row, (N, R) for each sample."""
    return {
        name: [replication.multiplicities(one.shower[one.rows]) for one in all_]
        for name, all_ in samples.items()
    }


def _replica(samples: Samples, counts: dict[str, list[Multiplicities]], number: int) -> Samples:
    """Return the samples of a replica: copies of events where it takes whole ones, else weights."""

    def redrawn(sample: LoadedSample, taken: Multiplicities) -> LoadedSample:
        if np.issubdtype(taken.dtype, np.integer):
            return replace(sample, copies=taken[:, number].astype(np.int64))
        weight = sample.events.efficiency_weight * np.asarray(taken[:, number], dtype=np.float64)
        return replace(sample, events=replace(sample.events, efficiency_weight=weight))

    return {
        name: [redrawn(*pair) for pair in zip(all_, counts[name], strict=True)]
        for name, all_ in samples.items()
    }


def _model(
    inputs: CategoryInputs, nominal: CategoryTemplates, settings: LikelihoodRedrawSettings
) -> LikelihoodModel:
    at = settings.templates.model_copy(update={"sqrt_s_tev": nominal.sqrt_s_tev})
    return build_model(
        inputs.fill(at, like=nominal), settings.likelihood.processes, settings.likelihood,
        sqrt_s_tev=settings.sqrt_s_tev, luminosity_ifb=settings.luminosity_ifb,
    )  # fmt: skip
