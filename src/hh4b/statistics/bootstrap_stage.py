"""Replicas of the templates of loaded samples: a part of `hh4b templates`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import read_json
from hh4b.core.folds import Folds
from hh4b.core.replication import FoldReplicas, PoissonReplicas
from hh4b.statistics.bootstrap import Bootstrap, replicate_process
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.template_replicas import TemplateReplicas
from hh4b.statistics.templates import CutAndBins

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Replicas:
    """All replicas of a template file.

    Attributes:
        bootstrap: thresholds of the R replicas of the bootstrap.
        seed: of the bootstrap.
        folds: number and seed, where the templates come from networks of several folds.
        jackknife: thresholds without each fold, shape (folds,); None without folds.
    """

    bootstrap: Floats
    seed: int
    folds: Folds = field(default_factory=lambda: Folds.checked({}))
    jackknife: Floats | None = None


def wanted_replicas(
    working_point: Path | None,
    threshold: float,
    settings: TemplateSettings,
    replicas_output: Path | None,
) -> Replicas | None:
    """Return the replicas to make, each with its threshold, or None if there are to be none.

    Raises:
        ConfigError: if the bootstrap and its file are not asked for together.
        ContractError: if the working point was found by a scan but has no thresholds of these
            replicas.
    """
    wanted = settings.errors == "bootstrap" and settings.replicas > 0
    if wanted != (replicas_output is not None):
        raise ConfigError(
            "--replicas-output and errors: bootstrap go together; give both or neither"
        )
    if not wanted:
        return None
    folds = Folds.of(settings)
    bootstrap = np.full(settings.replicas, threshold)
    jackknife = np.full(folds.folds, threshold)
    if working_point is not None and settings.bootstrap_threshold:
        content = read_json(working_point)
        if content.get("criterion") != "fixed":
            where = str(working_point)
            bootstrap = _of_bootstrap(content.get("threshold_bootstrap") or {}, settings, where)
            jackknife = _of_folds(content.get("threshold_folds") or {}, folds, where)
    return Replicas(bootstrap, settings.seed, folds, jackknife if folds.folds else None)


def _of_bootstrap(found: Mapping[str, Any], settings: TemplateSettings, where: str) -> Floats:
    """Return the thresholds of the bootstrap, shape (R,); null becomes NaN."""
    values = np.array(found.get("thresholds", []), dtype=np.float64)
    if found.get("seed") != settings.seed or len(values) != settings.replicas:
        raise ContractError(
            f"{where}: has {len(values)} thresholds of replicas of seed"
            f" {found.get('seed')}, wanted {settings.replicas} of seed {settings.seed}; make the"
            " working point again with --bootstrap-replicas, or take --no-bootstrap-threshold"
        )
    return values


def _of_folds(found: Mapping[str, Any], folds: Folds, where: str) -> Floats:
    """Return the thresholds without each fold, shape (folds,); null becomes NaN."""
    values = np.array(found.get("thresholds", []), dtype=np.float64)
    if folds.folds and (found.get("fold_seed") != folds.fold_seed or len(values) != folds.folds):
        raise ContractError(
            f"{where}: has thresholds without each of {len(values)} folds of seed"
            f" {found.get('fold_seed')}, wanted {folds.folds} of seed {folds.fold_seed}; make the"
            " working point again with --folds and --bootstrap-replicas, or take"
            " --no-bootstrap-threshold"
        )
    return values


def replicate_templates(
    loaded: Mapping[str, Sequence[LoadedSample]],
    signal: str,
    entries: Mapping[str, Sequence[Mapping[str, Any]]],
    wanted: Replicas,
    cut: CutAndBins,
    settings: TemplateSettings,
) -> TemplateReplicas:
    """Return the templates of all processes in the replicas.

    Args:
        loaded: nominal samples by process.
        signal: name of the signal process.
        entries: nominal templates by process.
        wanted: the replicas.
        cut: bins and kappa input.
        settings: of the templates.

    Raises:
        ContractError: if a process has no event in a fold.
    """
    ordered = {signal: loaded[signal], **loaded}
    poisson = PoissonReplicas(wanted.seed, len(wanted.bootstrap))
    sums, squares = _sums(ordered, signal, Bootstrap(poisson, wanted.bootstrap, cut), settings)
    samples = sorted({one.shower.sample for found in loaded.values() for one in found})
    made = TemplateReplicas(
        kappa_lambda=np.sort(np.asarray(settings.kappa_values, dtype=np.float64)),
        bin_edges_gev=cut.bin_edges_gev,
        processes=tuple(ordered),
        nominal=_nominal(ordered, entries, sums.shape[2:]),
        threshold=wanted.bootstrap,
        sum_weights=sums,
        sum_weights_squared=squares,
        seed=wanted.seed,
        samples=tuple(samples),
        sqrt_s_tev=settings.sqrt_s_tev,
    )
    if wanted.jackknife is None:
        return made
    require_events_in_folds(ordered, wanted.folds)
    left_out = Bootstrap(FoldReplicas(wanted.folds), wanted.jackknife, cut)
    sums, squares = _sums(ordered, signal, left_out, settings)
    return replace(
        made,
        fold_threshold=wanted.jackknife,
        fold_sum_weights=sums,
        fold_sum_weights_squared=squares,
        fold_seed=wanted.folds.fold_seed,
    )


def _sums(
    loaded: Mapping[str, Sequence[LoadedSample]],
    signal: str,
    bootstrap: Bootstrap,
    settings: TemplateSettings,
) -> tuple[Floats, Floats]:
    """Return sums of weights and of squared weights, twice shape (R, P, K, B)."""
    found = [
        replicate_process(
            samples, bootstrap, settings, sigma_of(settings) if name == signal else None
        )
        for name, samples in loaded.items()
    ]
    sums, squares = (np.stack(values, axis=1) for values in zip(*found, strict=True))
    return sums, squares


def _nominal(
    names: Iterable[str],
    entries: Mapping[str, Sequence[Mapping[str, Any]]],
    shape: tuple[int, ...],
) -> Floats:
    """Return the nominal efficiencies, shape (P, K, B)."""
    return np.stack([
        np.broadcast_to(np.array([row["sum_weights"] for row in entries[name]]), shape)
        for name in names
    ])  # fmt: skip


def require_events_in_folds(loaded: Mapping[str, Sequence[LoadedSample]], folds: Folds) -> None:
    """Check that every process has events in every fold.

    Raises:
        ContractError: naming process and fold.
    """
    for name, samples in loaded.items():
        numbers = np.concatenate([one.shower[one.rows].folds(folds) for one in samples])
        counts = np.bincount(numbers, minlength=folds.folds)
        if not counts.all():
            raise ContractError(
                f"process {name!r} has no event in fold {int(counts.argmin())} of {folds.folds},"
                f" of {len(numbers)} events; take fewer folds or a larger sample"
            )


def sigma_of(settings: TemplateSettings) -> Floats:
    """Return the coefficients (c0, c1, c2) of the own sigma(kappa) in fb, shape (3,)."""
    # The amplitude and its integrals are imported only where signal is reweighted.
    from hh4b.statistics import amplitude

    return amplitude.own_cross_section_fb(
        settings.sqrt_s_tev, m_higgs_gev=settings.m_higgs_gev, m_top_gev=settings.m_top_gev
    )
