"""Replicas of the templates of loaded samples: a part of `hh4b templates`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import read_json
from hh4b.statistics.bootstrap import Bootstrap, replicate_process
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.template_replicas import TemplateReplicas

Floats = NDArray[np.float64]


def replica_thresholds(
    working_point: Path | None,
    threshold: float,
    settings: TemplateSettings,
    replicas_output: Path | None,
) -> Floats | None:
    """Return the threshold of each replica, shape (R,), or None if there are to be none.

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
    same = np.full(settings.replicas, threshold)
    if working_point is None or not settings.bootstrap_threshold:
        return same
    content = read_json(working_point)
    if content.get("criterion") == "fixed":
        return same
    found = content.get("threshold_bootstrap") or {}
    values = np.array(found.get("thresholds", []), dtype=np.float64)  # null becomes NaN
    if found.get("seed") != settings.seed or len(values) != settings.replicas:
        raise ContractError(
            f"{working_point}: has {len(values)} thresholds of replicas of seed"
            f" {found.get('seed')}, wanted {settings.replicas} of seed {settings.seed}; make the"
            " working point again with --bootstrap-replicas, or take --no-bootstrap-threshold"
        )
    return values


def replicate_templates(
    loaded: Mapping[str, Sequence[LoadedSample]],
    signal: str,
    entries: Mapping[str, Sequence[Mapping[str, Any]]],
    bootstrap: Bootstrap,
    settings: TemplateSettings,
) -> TemplateReplicas:
    """Return the templates of all processes in the replicas.

    Args:
        loaded: nominal samples by process.
        signal: name of the signal process.
        entries: nominal templates by process.
        bootstrap: the replicas.
        settings: of the templates.
    """
    names = [signal, *(name for name in loaded if name != signal)]
    kappas = np.sort(np.asarray(settings.kappa_values, dtype=np.float64))
    n_bins = len(bootstrap.cut.bin_edges_gev) - 1
    nominal = np.empty((len(names), len(kappas), n_bins))
    sums, squares = [], []
    for place, name in enumerate(names):
        nominal[place] = [row["sum_weights"] for row in entries[name]]
        cross_section = sigma_of(settings) if name == signal else None
        found = replicate_process(loaded[name], bootstrap, settings, cross_section)
        sums.append(found[0])
        squares.append(found[1])
    samples = sorted({one.shower.sample for found in loaded.values() for one in found})
    return TemplateReplicas(
        kappa_lambda=kappas,
        bin_edges_gev=bootstrap.cut.bin_edges_gev,
        processes=tuple(names),
        nominal=nominal,
        threshold=bootstrap.thresholds,
        sum_weights=np.stack(sums, axis=1),
        sum_weights_squared=np.stack(squares, axis=1),
        seed=bootstrap.seed,
        samples=tuple(samples),
        sqrt_s_tev=settings.sqrt_s_tev,
    )


def sigma_of(settings: TemplateSettings) -> Floats:
    """Return the coefficients (c0, c1, c2) of the own sigma(kappa) in fb, shape (3,)."""
    # The amplitude and its integrals are imported only where signal is reweighted.
    from hh4b.statistics import amplitude

    return amplitude.own_cross_section_fb(
        settings.sqrt_s_tev, m_higgs_gev=settings.m_higgs_gev, m_top_gev=settings.m_top_gev
    )
