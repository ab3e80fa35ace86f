"""Which engine finds the limits of a workspace: the own closed forms, or pyhf."""

import logging
from typing import Any

import numpy as np

from hh4b.core.errors import ContractError
from hh4b.statistics.limits import METHODS, limits_content, make_scan, scan_model
from hh4b.statistics.note_model import PROFILE_THRESHOLD
from hh4b.statistics.replicas import interval_errors
from hh4b.statistics.settings import IntervalChoices
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
    workspace: WorkspaceContent, settings: IntervalChoices, rng: np.random.Generator
) -> dict[str, Any]:
    """Find the intervals of a workspace and their statistical errors.

    Args:
        workspace: the workspace.
        settings: engine, threshold and number of replicas.
        rng: random stream of the replicas.

    Returns:
        The content of a limit file.

    Raises:
        ContractError: if the engine is ``"own"`` and does not know the model, or the data are no
            Asimov data.
        FitFailed: if a fit does not converge.
    """
    uncertainty, reason = None, ""
    try:
        uncertainty = own_uncertainty(workspace)
    except ContractError as error:
        reason = str(error)
    if reason and settings.engine == "own":
        raise ContractError(f"engine own does not know this model: {reason}; take engine pyhf")
    if reason and settings.engine == "auto":
        log.info("engine pyhf: %s", reason)
    engine = "pyhf" if reason or settings.engine == "pyhf" else "own"
    default = PROFILE_THRESHOLD if workspace.model == "note" else COMPLETE_THRESHOLD
    threshold = default if settings.profile_threshold is None else settings.profile_threshold
    scaled = workspace.yields
    if engine == "pyhf":
        # pyhf with its optimizers is slow to import.
        from hh4b.statistics.pyhf_limits import scan_with_pyhf

        curves = scan_with_pyhf(workspace, optimizer=settings.optimizer)
        scan = make_scan(scaled.kappa_lambda, *curves, threshold)
    else:
        scan = scan_model(scaled, uncertainty, threshold=threshold, asimov=workspace.asimov)
    content = limits_content(scaled, scan, workspace.model, engine)
    if settings.replicas and reason:
        log.info("no statistical errors of the intervals: replicas need the engine own")
        none = {"interval_error": [None, None], "width_error": None}
        errors = {method: dict(none) for method in METHODS}
    elif settings.replicas:
        errors = interval_errors(
            scaled,
            uncertainty,
            threshold=threshold,
            asimov=workspace.asimov,
            replicas=settings.replicas,
            rng=rng,
        )
    else:
        errors = {}
    for method, values in errors.items():
        content[method].update(values)
    return content
