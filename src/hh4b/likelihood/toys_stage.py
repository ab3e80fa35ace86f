"""Belt, coverage and injections of a likelihood model: what `hh4b likelihood toys` does.

The result is JSON:

* ``status``: ``"ok"``; ``luminosity_ifb``, ``sqrt_s_tev``, ``signal_process``;
* ``belt``: a list by level, ``level``, ``asymptotic`` (the quantile of chi squared),
  ``kappa_lambda``, ``critical``, ``critical_error``, ``smooth``, ``smooth_error``;
* ``interval``: ``data`` and by level (``"0.6827"``) ``feldman_cousins`` and ``asymptotic``, each
  with ``interval``, ``segments`` (every stretch), ``reasons``;
* ``curve``: ``kappa_lambda`` and ``t`` of these data;
* ``coverage``: a list by kappa_lambda and level, ``toys``, and for ``asymptotic`` and
  ``feldman_cousins`` ``share``, ``error`` (`share_error`), ``pull``, ``threshold``,
  ``threshold_error``;
* ``coverage_redrawn``: the same for data thrown from models with redrawn templates
  (`hh4b.likelihood.redrawn`), or null; ``replicas``: how many of them there are;
* ``injections``: a list, see `Injection`; ``statement`` says it in words.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.logs import progress
from hh4b.core.strict_json import to_json
from hh4b.likelihood.belt import (
    CriticalValues,
    asymptotic_threshold,
    make_belt,
    measure_coverage,
)
from hh4b.likelihood.injection import inject
from hh4b.likelihood.model import LikelihoodModel
from hh4b.likelihood.model_file import model_from_content
from hh4b.likelihood.redrawn import Redrawn, hash_in
from hh4b.likelihood.settings import LikelihoodToySettings
from hh4b.likelihood.toys import PseudoExperiments
from hh4b.statistics.intervals import find_interval

Floats = NDArray[np.float64]


def make_toys(
    model_path: Path,
    output: Path | None,
    settings: LikelihoodToySettings,
    *,
    redrawn: Path | None = None,
) -> str:
    """Throw and fit pseudo-experiments of a model file, write the result, return it as JSON.

    Args:
        model_path: model of `hh4b likelihood model`.
        output: file to write, or None.
        settings: of the pseudo-experiments.
        redrawn: likelihoods of redrawn templates (`hh4b likelihood redraw`), for
            ``coverage_redrawn``.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if one is no likelihood model, or a replica does not fit the model.
        ConfigError: if there are too few experiments or values of kappa_lambda.
        FitFailed: if a fit does not converge.
    """
    original = read_json(model_path, finite=True)
    model = model_from_content(original, where=str(model_path))
    replicas = None if redrawn is None else Redrawn.read(redrawn)
    content = toys_content(model, settings, replicas)
    made_of = {
        **settings.model_dump(mode="json", exclude={"threads", "seed"}),
        "model": hash_in(original),
        "redrawn": None if replicas is None else replicas.configuration_hash,
    }
    provenance = Provenance("likelihood toys", made_of, seed=settings.seed)
    if output is not None:
        write_json(output, content, provenance)
    return to_json({**content, "provenance": provenance.as_dict()}, indent=1)


def toys_content(
    model: LikelihoodModel,
    settings: LikelihoodToySettings,
    redrawn: Redrawn | None = None,
) -> dict[str, Any]:
    """Return the result as plain data (see the module)."""
    lab = _laboratory(model, settings)
    other = None if redrawn is None else _laboratory(model, settings, redrawn)
    data = _data(lab, settings)
    alphas = None
    if settings.belt_parameters == "profiled":
        alphas = {one: lab.profiled_parameters(one, data) for one in settings.belt_kappas}
    belt = make_belt(lab, settings.belt_kappas, settings.belt_toys, settings.toy_levels, alphas)
    return {
        "status": "ok",
        "luminosity_ifb": model.luminosity_ifb,
        "sqrt_s_tev": model.sqrt_s_tev,
        "signal_process": model.signal_process,
        "belt": [critical.as_dict() for critical in belt.values()],
        **_interval(lab, data, belt, settings),
        "coverage": _coverage(lab, belt, settings, "coverage"),
        "replicas": 0 if redrawn is None else len(redrawn.models),
        "coverage_redrawn": None if other is None else _coverage(other, belt, settings, "redrawn"),
        "injections": [
            inject(lab, kappa, settings.injection_toys).as_dict()
            for kappa in settings.injection_kappas
        ],
    }


def _laboratory(
    model: LikelihoodModel,
    settings: LikelihoodToySettings,
    redrawn: Redrawn | None = None,
) -> PseudoExperiments:
    return PseudoExperiments.of(
        model,
        (settings.kappa_bound_min, settings.kappa_bound_max),
        seed=settings.seed,
        threads=settings.threads,
        truths=() if redrawn is None else redrawn.models,
        noise=None if redrawn is None else redrawn.noise,
    )


def _data(lab: PseudoExperiments, settings: LikelihoodToySettings) -> Floats:
    if settings.toy_asimov == "observed":
        if lab.model.data is None:
            raise ContractError("the model has no observed data; take toy_asimov: background or sm")
        return lab.model.data
    return lab.compiled.asimov(1.0 if settings.toy_asimov == "sm" else None)


def _interval(
    lab: PseudoExperiments,
    data: Floats,
    belt: dict[float, CriticalValues],
    settings: LikelihoodToySettings,
) -> dict[str, Any]:
    first, last = settings.belt_kappas[0], settings.belt_kappas[-1]
    points = max(4, int(np.ceil((last - first) / settings.interval_step)) + 1)
    kappa = np.linspace(first, last, points)
    t = lab.curve(kappa, data)
    by_level = {
        f"{level:g}": {
            "feldman_cousins": critical.interval(kappa, t).as_dict(),
            "asymptotic": find_interval(kappa, t, asymptotic_threshold(level)).as_dict(),
        }
        for level, critical in belt.items()
    }
    return {
        "interval": {"data": settings.toy_asimov, **by_level},
        "curve": {"kappa_lambda": kappa.tolist(), "t": t.tolist()},
    }


def _coverage(
    lab: PseudoExperiments,
    belt: dict[float, CriticalValues],
    settings: LikelihoodToySettings,
    purpose: str,
) -> list[dict[str, Any]]:
    rows = []
    kappas = settings.coverage_kappas
    for kappa in progress(kappas, total=len(kappas), what="values of kappa_lambda with coverage"):
        t = lab.run(kappa, settings.coverage_toys, purpose).t
        for level, (asymptotic, own) in measure_coverage(
            t, kappa, belt, truths=len(lab.truths)
        ).items():
            rows.append(
                {
                    "kappa_lambda": kappa,
                    "level": level,
                    "toys": len(t),
                    "asymptotic": asymptotic.as_dict(),
                    "feldman_cousins": own.as_dict(),
                }
            )
    return rows
