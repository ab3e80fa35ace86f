"""Likelihoods of redrawn templates: what `hh4b likelihood redraw` does.

In each replica every shower event counts a Poisson number of times, the same in all samples and
variations that it is part of (`ShowerEvents.bootstrap`). Bins and orders of polynomials stay those
of the nominal templates, so that the likelihood has the same parameters. Data thrown from replicas
and fitted with the nominal model show what the Monte Carlo errors cost that the nuisances do not
cover. Centres of nuisances that stand for the simulated events do not scatter beside them
(`redrawn_noise`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.logs import progress
from hh4b.likelihood.build import build_model
from hh4b.likelihood.category_stage import CategoryInputs
from hh4b.likelihood.category_templates import CategoryTemplates, read_categories
from hh4b.likelihood.model import LikelihoodModel
from hh4b.likelihood.model_file import model_content, model_from_content
from hh4b.likelihood.model_stage import templates_of
from hh4b.likelihood.redrawn_noise import noise_beside_redrawing
from hh4b.likelihood.settings import LikelihoodRedrawSettings
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.template_stage import Samples

#: What a file of replicas says of itself.
KIND = "likelihoods of redrawn templates"
Counts = NDArray[np.uint8]
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
    counts = [_counts(one, settings) for one in (inputs.loaded, inputs.changed)]
    models = []
    wanted = settings.redrawn_templates
    for number in progress(range(wanted), total=wanted, what="replicas of the templates"):
        loaded, changed = (
            _replica(all_, one, number)
            for all_, one in zip((inputs.loaded, inputs.changed), counts, strict=True)
        )
        redrawn = replace(inputs, loaded=loaded, changed=changed)
        models.append(_model(redrawn, nominal, settings))
    found = {
        "kind": KIND,
        "models": [model_content(model) for model in models],
        "noise": noise_beside_redrawing(models[0], nominal, settings.likelihood).tolist(),
    }
    origin = {
        **settings.model_dump(mode="json", exclude={"seed"}),
        "category_templates": hash_in(content),
    }
    write_json(output, found, Provenance("likelihood redraw", origin, seed=settings.seed))


@dataclass(frozen=True)
class Redrawn:
    """Likelihoods of redrawn templates.

    Attributes:
        models: of the replicas, with the parameters of the nominal one.
        noise: of auxiliary data beside the redrawing, (P, P); see `redrawn_noise`.
    """

    models: tuple[LikelihoodModel, ...]
    noise: Floats

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
            listed, noise = list(content["models"]), np.array(content["noise"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(f"{path} is not whole ({error}); make it again") from error
        models = tuple(
            model_from_content(one, where=f"{path}: replica {number}")
            for number, one in enumerate(listed)
        )
        size = len(models[0].parameters) if models else 0
        if not models or noise.shape != (size, size) or not np.isfinite(noise).all():
            raise ContractError(
                f"{path}: expected replicas and finite noise of shape ({size}, {size}), got"
                f" {len(models)} and {noise.shape}; make it again"
            )
        return cls(models, noise)


def hash_in(content: Mapping[str, Any]) -> str:
    """Return the configuration hash that a file's content has."""
    return str(content.get("provenance", {}).get("configuration_hash", "unknown"))


def _counts(samples: Samples, settings: LikelihoodRedrawSettings) -> dict[str, list[Counts]]:
    """Return how often each replica takes each row, (N, R) for each sample."""
    return {
        name: [
            one.shower[one.rows].bootstrap(settings.seed, settings.redrawn_templates)
            for one in all_
        ]
        for name, all_ in samples.items()
    }


def _replica(samples: Samples, counts: dict[str, list[Counts]], number: int) -> Samples:
    def redrawn(sample: LoadedSample, taken: Counts) -> LoadedSample:
        weight = sample.events.efficiency_weight * taken[:, number]
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
