"""Which engine finds the limits of a workspace: the own closed forms, or pyhf."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.binning import total_effective_events
from hh4b.statistics.error_parts import add_fold_spread
from hh4b.statistics.limit_content import (
    add_bands,
    limits_content,
    with_cross_sections,
    withheld_content,
)
from hh4b.statistics.limits import METHODS, Scan, make_scan, scan_model
from hh4b.statistics.note_model import PROFILE_THRESHOLD, Yields
from hh4b.statistics.replica_yields import ReplicatedYields, yields_of_replicas
from hh4b.statistics.replicas import drawn_yields, plain_bounds, replica_bounds, spread
from hh4b.statistics.scaling import ScaledTemplates
from hh4b.statistics.settings import IntervalChoices
from hh4b.statistics.template_replicas import TemplateReplicas
from hh4b.statistics.workspace import background_names, signal_name
from hh4b.statistics.workspace_format import WorkspaceContent

log = logging.getLogger(__name__)
#: 95 % of a chi-squared with one degree of freedom.
COMPLETE_THRESHOLD = 3.84


def own_uncertainty(workspace: WorkspaceContent) -> float | None:
    """Return the one number that the own engine needs of a model.

    Returns:
        The relative uncertainty of the background normalisation in the complete model, zero if
        there is none; None where nothing is uncertain.

    Raises:
        ContractError: naming what the own engine does not know.
    """
    uncertainty = _known_uncertainty(workspace)
    # The closed forms take their numbers from the constants, pyhf from the model itself.
    changed = workspace.changed
    if changed:
        raise ContractError(changed)
    return uncertainty


def _known_uncertainty(workspace: WorkspaceContent) -> float | None:
    sizes: set[tuple[str, float, float]] = set()
    for sample, kind in _samples(workspace):
        if kind == "unknown":
            raise ContractError(f"sample {sample['name']!r} is none of `hh4b workspace`")
        own = [m for m in sample["modifiers"] if m["type"] != "normfactor"]
        if workspace.model == "note":
            if own:
                raise _unknown(own[0], sample, "in a workspace that says model: note")
            continue
        statistics = [m for m in own if m["name"] == f"staterror_{kind}"]
        others = [m for m in own if m not in statistics]
        if len(statistics) != 1:
            raise ContractError(f"sample {sample['name']!r} lacks its staterror_{kind}")
        if others and (kind == "signal" or others[0]["type"] != "normsys" or len(others) > 1):
            raise _unknown(others[-1], sample, "the own engine knows one norm on all backgrounds")
        if kind == "background":
            sizes.add(_size(others))
    if workspace.model == "note":
        return None
    if len(sizes) > 1:
        names = sorted({name for name, _, _ in sizes if name})
        raise ContractError(
            f"systematics {names} do not act on all backgrounds alike; the own engine knows one"
            " norm on all backgrounds"
        )
    name, high, low = sizes.pop()
    if abs(high * low - 1) > 1e-9:
        raise ContractError(
            f"systematic {name!r} has factors {high:g} and {low:g}; the own engine knows down ="
            " 1 / up"
        )
    return high - 1


def _size(normsys: list[dict[str, Any]]) -> tuple[str, float, float]:
    if not normsys:
        return "", 1.0, 1.0
    data = normsys[0]["data"]
    return str(normsys[0]["name"]), float(data["hi"]), float(data["lo"])


def _samples(workspace: WorkspaceContent) -> list[tuple[dict[str, Any], str]]:
    """Return the samples of the channel, each with signal, background or unknown."""
    scaled = workspace.yields
    kinds = {signal_name(kappa): "signal" for kappa in scaled.kappa_lambda}
    for process in scaled.backgrounds:
        kinds.update(dict.fromkeys(background_names(process, scaled), "background"))
    samples = workspace.specification["channels"][0]["samples"]
    return [(sample, kinds.get(sample["name"], "unknown")) for sample in samples]


def _unknown(modifier: dict[str, Any], sample: dict[str, Any], why: str) -> ContractError:
    return ContractError(
        f"modifier {modifier['name']!r} ({modifier['type']}) of sample {sample['name']!r}: {why}"
    )


def find_limits(
    workspace: WorkspaceContent,
    settings: IntervalChoices,
    rng: np.random.Generator,
    replicas: TemplateReplicas | None = None,
    bands: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, Any]:
    """Find the intervals of a workspace and their statistical errors.

    Args:
        workspace: the workspace.
        settings: engine, threshold and errors.
        rng: random stream of the replicas drawn from the templates' own errors.
        replicas: of the templates, for ``errors: bootstrap``.
        bands: by name, factors on the cross sections of processes.

    Returns:
        The content of a limit file; it has no interval where the workspace has too few background
        events.

    Raises:
        ConfigError: if replicas are missing, or a cross section is of no process.
        ContractError: if the engine is ``"own"`` and does not know the model, the data are no
            Asimov data, or the replicas are of other templates.
        FitFailed: if a fit does not converge.
    """
    if settings.replicas and (settings.errors == "bootstrap") != (replicas is not None):
        raise ConfigError(
            "errors: bootstrap and --replicas-file go together (the file of `hh4b templates"
            " --replicas-output`); give both or neither"
        )
    threshold, scaled = _threshold(workspace, settings), workspace.yields
    withheld = _withheld(workspace, threshold)
    if withheld is not None:
        return withheld
    uncertainty, reason = _own_model(workspace, settings)
    Yields(scaled.kappa_lambda, scaled.signal, scaled.background).check()
    own = None if reason else _OwnModel(workspace, uncertainty, threshold)
    if own is None or settings.engine == "pyhf":
        # pyhf with its optimizers is slow to import.
        from hh4b.statistics.pyhf_limits import scan_with_pyhf

        curves = scan_with_pyhf(workspace, optimizer=settings.optimizer)
        scan = make_scan(scaled.kappa_lambda, *curves, threshold)
        content = limits_content(scaled, scan, workspace.model, "pyhf")
    else:
        content = limits_content(scaled, own.scan(scaled), workspace.model, "own")
    if settings.replicas:
        _add_errors(content, own, settings, rng, replicas)
        content = add_fold_spread(content)
    if bands:
        content["cross_section_bands"] = {name: dict(factors) for name, factors in bands.items()}
        add_bands(content, _scans_of_bands(scaled, own, bands))
    return content


@dataclass(frozen=True)
class _OwnModel:
    """A workspace whose model the own engine knows."""

    workspace: WorkspaceContent
    uncertainty: float | None
    threshold: float

    def scan(self, scaled: ScaledTemplates) -> Scan:
        """Scan other yields by the same model."""
        return scan_model(
            scaled, self.uncertainty, threshold=self.threshold, asimov=self.workspace.asimov
        )

    def bounds(self, replicated: ReplicatedYields) -> dict[str, NDArray[np.float64]]:
        """Return the bounds in replicas."""
        return replica_bounds(
            self.workspace.yields,
            replicated,
            self.uncertainty,
            threshold=self.threshold,
            asimov=self.workspace.asimov,
        )


def _withheld(workspace: WorkspaceContent, threshold: float) -> dict[str, Any] | None:
    """Return limits without interval, if there are too few background events for one."""
    scaled, needed = workspace.yields, workspace.statement.needed_effective_events
    found = total_effective_events(scaled.pooled_background)
    if found >= needed:
        return None
    log.warning(
        "no interval: %.3g effective background events, %g are needed; generate more background or"
        " loosen the threshold", found, needed,
    )  # fmt: skip
    return withheld_content(scaled, workspace.model, threshold, found=found, needed=needed)


def _threshold(workspace: WorkspaceContent, settings: IntervalChoices) -> float:
    default = PROFILE_THRESHOLD if workspace.model == "note" else COMPLETE_THRESHOLD
    return default if settings.profile_threshold is None else settings.profile_threshold


def _own_model(workspace: WorkspaceContent, settings: IntervalChoices) -> tuple[float | None, str]:
    """Return what the own engine needs of the model, and why it does not know it, if so."""
    uncertainty, reason = None, ""
    try:
        uncertainty = own_uncertainty(workspace)
    except ContractError as error:
        reason = str(error)
    if not reason and workspace.asimov == "other":
        reason = "the observations are no Asimov data of its own templates"
    if reason and settings.engine == "own":
        raise ContractError(f"engine own does not know this model: {reason}; take engine pyhf")
    if reason and settings.engine == "auto":
        log.info("engine pyhf: %s", reason)
    return uncertainty, reason


def _add_errors(
    content: dict[str, Any],
    own: _OwnModel | None,
    settings: IntervalChoices,
    rng: np.random.Generator,
    replicas: TemplateReplicas | None,
) -> None:
    if own is None:
        log.info("no statistical errors of the intervals: replicas need the engine own")
        for method in METHODS:
            content[method].update(interval_error=[None, None], width_error=None)
        return
    scaled, statement = own.workspace.yields, own.workspace.statement
    if replicas is None:
        replicated = drawn_yields(scaled, settings.replicas, rng)
        content["errors"] = {"kind": "templates", "replicas": settings.replicas}
    else:
        replicated = yields_of_replicas(scaled, replicas, statement.minimum_effective_events)
        content["errors"] = {"kind": "bootstrap", **replicas.description()}
    for method, bounds in own.bounds(replicated).items():
        content[method].update(spread(bounds))
        if replicas is not None:
            content[method]["replica_bounds"] = plain_bounds(bounds)
    without_fold = None if replicas is None else replicas.jackknife()
    if without_fold is None:
        return
    replicated = yields_of_replicas(scaled, without_fold, statement.minimum_effective_events)
    for method, bounds in own.bounds(replicated).items():
        content[method]["fold_bounds"] = plain_bounds(bounds)


def _scans_of_bands(
    scaled: ScaledTemplates, own: _OwnModel | None, bands: Mapping[str, Mapping[str, float]]
) -> dict[str, Scan | None]:
    if own is None:
        log.warning("no intervals under other cross sections: they need the engine own")
    scans: dict[str, Scan | None] = {}
    for name, factors in bands.items():
        changed = with_cross_sections(scaled, factors)
        scans[name] = None if own is None else own.scan(changed)
    return scans
