"""A workspace of one hypothesis, with the observation that belongs to it.

A workspace has one observation. Where the background depends on the hypothesis, so do the Asimov
data, and a file of all hypotheses is right for stock pyhf at kappa_lambda = 1 only.
"""

import copy
from collections.abc import Mapping
from typing import Any

from hh4b.core.kappa import kappa_name
from hh4b.statistics.scaling import ScaledTemplates
from hh4b.statistics.workspace import (
    PREFIX,
    PROVENANCE,
    STATEMENT,
    background_names,
    expected_data,
    signal_name,
)


def needs_own_observations(scaled: ScaledTemplates) -> bool:
    """Return whether the observation depends on the hypothesis."""
    return len(scaled.background) > 1


def workspace_of_hypothesis(
    workspace: Mapping[str, Any], scaled: ScaledTemplates, asimov: str, index: int
) -> dict[str, Any]:
    """Take one hypothesis out of a workspace of all.

    Args:
        workspace: of `build_workspace`.
        scaled: the expected events that it was built from.
        asimov: what the observations are.
        index: number of the hypothesis.

    Returns:
        A workspace with its samples, its measurement and its observation. It is for stock pyhf;
        `hh4b limits` reads that of all hypotheses.
    """
    kappa = scaled.kappa_lambda[index]
    kept = {signal_name(kappa)}
    for process in scaled.backgrounds:
        names = background_names(process, scaled)
        kept.add(names[min(index, len(names) - 1)])
    channel = copy.deepcopy(workspace["channels"][0])
    channel["samples"] = [sample for sample in channel["samples"] if sample["name"] in kept]
    for sample in channel["samples"]:
        sample["modifiers"] = [one for one in sample["modifiers"] if one["name"][:4] != "use_"]
    name = f"{PREFIX}{kappa_name(kappa)}"
    measurement = next(one for one in workspace["measurements"] if one["name"] == name)
    measurement = copy.deepcopy(measurement)
    parameters = measurement["config"]["parameters"]
    measurement["config"]["parameters"] = [*parameters, *_texts(workspace, measurement)]
    data = expected_data(scaled, asimov, index).tolist()
    return {
        **workspace,
        "channels": [channel],
        "observations": [{"name": channel["name"], "data": data}],
        "measurements": [measurement],
    }


def _texts(workspace: Mapping[str, Any], measurement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the texts of the first measurement, unless it is this one."""
    first = workspace["measurements"][0]
    if first["name"] == measurement["name"]:
        return []
    return [
        parameter
        for parameter in first["config"]["parameters"]
        if parameter["name"].startswith((STATEMENT, PROVENANCE))
    ]
