"""Whether the numbers of a workspace belong together, and whether others changed it.

A workspace says some things twice: the variances stand among the constants and in the widths of
factors, the systematics in the statement and as modifiers. Files that others edited need not agree.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.core.kappa import kappa_name
from hh4b.statistics.scaling import ScaledTemplates
from hh4b.statistics.workspace import (
    PREFIX,
    PROVENANCE,
    STATEMENT,
    ModelStatement,
    build_workspace,
    signal_name,
)

Floats = NDArray[np.float64]
#: Numbers that agree to this are the same: files of others may print fewer digits.
AGREEMENT = 1e-9
#: Constants that are the same in all measurements.
COMMON = ("luminosity_ifb", "sqrt_s_tev", "branching_ratio")


def measured_points(specification: Mapping[str, Any]) -> list[tuple[float, Mapping[str, Any]]]:
    """Return the measurements, which have different names, with their kappa_lambda in rising order.

    Raises:
        ValueError: naming a measurement that is of no kappa_lambda, or a signal without a
            measurement: it would leave the scan.
    """
    points: list[tuple[float, Mapping[str, Any]]] = []
    for measurement in specification["measurements"]:
        name = measurement["name"]
        try:
            kappa = float(name.removeprefix(PREFIX))
        except ValueError:
            kappa = float("nan")
        if not np.isfinite(kappa) or name != f"{PREFIX}{kappa_name(kappa)}":
            raise ValueError(f"a measurement is called {name!r}, not {PREFIX}VALUE")
        points.append((kappa, measurement))
    points.sort(key=lambda point: point[0])
    measured = {signal_name(kappa) for kappa, _ in points}
    for sample in specification["channels"][0]["samples"]:
        name = sample["name"]
        if name.startswith(signal_name(0)[:-1]) and name not in measured:
            raise ValueError(f"the sample {name!r} has no measurement")
    return points


def common_constants(rows: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """Return the constants that all measurements have alike.

    Raises:
        ValueError: naming one that differs between them, or is not positive.
        KeyError: naming one that is missing.
    """
    found: dict[str, float] = {}
    for name in COMMON:
        values = np.array([row[name][0] for row in rows], dtype=np.float64)
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise ValueError(f"the constant {name} is not positive")
        if not np.allclose(values, values[0], rtol=AGREEMENT, atol=0):
            raise ValueError(f"the constant {name} differs between measurements")
        found[name] = float(values[0])
    return found


def check_numbers(scaled: ScaledTemplates, data: Floats) -> None:
    """Check shapes, and that every number can be what it is.

    Raises:
        ValueError: naming what is not.
    """
    bins = len(data)
    if bins < 1:
        raise ValueError("there are no bins")
    if len(scaled.bin_edges_gev) not in (0, bins + 1):
        raise ValueError(f"{bins} observations have {len(scaled.bin_edges_gev)} bin edges")
    if not scaled.backgrounds:
        raise ValueError("there is no background")
    rows = len(scaled.kappa_lambda)
    arrays: dict[str, tuple[Floats, set[tuple[int, ...]]]] = {
        "observations": (data, {(bins,)}),
        "signal": (scaled.signal, {(rows, bins)}),
        f"variance of {scaled.signal_process}": (scaled.signal_variance, {(rows, bins)}),
        "cross_section_fb": (scaled.cross_section_fb, {(rows,)}),
    }
    for name, background in scaled.backgrounds.items():
        arrays[name] = (background.values, {(1, bins), (rows, bins)})
        arrays[f"variance of {name}"] = (background.variance, {background.values.shape})
        if background.total_variance is not None:
            arrays[f"total_variance of {name}"] = (
                background.total_variance,
                {(len(background.values),)},
            )
    for name, (values, shapes) in arrays.items():
        if values.shape not in shapes:
            raise ValueError(f"{name} has the shape {values.shape}, expected {sorted(shapes)[-1]}")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} is not finite everywhere")
        if (values < 0).any():
            raise ValueError(f"{name} is negative somewhere")


def changed_by_others(
    specification: Mapping[str, Any], scaled: ScaledTemplates, statement: ModelStatement
) -> str:
    """Say where a workspace is not what its own yields, constants and statement make.

    Observations are not compared: see `WorkspaceContent.asimov`.

    Args:
        specification: the workspace.
        scaled: what was read from it.
        statement: what it says of itself; its systematics are norms.

    Returns:
        The first difference; empty if there is none.
    """
    try:
        expected = build_workspace(
            scaled,
            model=statement.model,
            asimov=statement.asimov,
            systematics=statement.systematics,
        )
    except (ConfigError, KeyError) as error:
        return f"its statement does not fit its samples ({error})"
    return next(_differences(specification, expected), "")


def _differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    samples, wanted = (_named(one["channels"][0]["samples"]) for one in (found, expected))
    yield from _names("sample", samples, wanted, "")
    for name in wanted:
        # A modifier is told by name and type: pyhf takes both together as one.
        modifiers, others = (
            {(one["name"], one["type"]): one["data"] for one in sample["modifiers"]}
            for sample in (samples[name], wanted[name])
        )
        yield from _names("modifier", modifiers, others, f" of sample {name!r}")
        for key in others:
            if not _same(modifiers[key], others[key]):
                yield f"modifier {key[0]!r} of sample {name!r} is not what its constants say"
    for kappa, measurement in measured_points(found):
        other = _named(expected["measurements"])[f"{PREFIX}{kappa_name(kappa)}"]
        yield from _settings(measurement, other)


def _settings(found: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """Compare two measurements, but for where the strength starts and how far it goes."""
    where = f" of measurement {found['name']!r}"
    poi = expected["config"]["poi"]
    if found["config"]["poi"] != poi:
        yield f"the parameter of interest{where} is {found['config']['poi']!r}, not {poi!r}"
    mine, others = (
        {
            name: {key: value for key, value in one.items() if name != poi or key == "fixed"}
            for name, one in _named(measurement["config"]["parameters"]).items()
            if not name.startswith((STATEMENT, PROVENANCE))
        }
        for measurement in (found, expected)
    )
    yield from _names("parameter", mine, others, where)
    for name in others:
        if not _same(mine[name], others[name]):
            yield f"parameter {name!r}{where} is not what its samples and constants say"


def _names(what: str, found: Any, expected: Any, where: str) -> Iterator[str]:
    def shown(name: Any) -> str:
        return f"{name[0]!r} ({name[1]})" if isinstance(name, tuple) else repr(name)

    for name in expected:
        if name not in found:
            yield f"{what} {shown(name)}{where} is missing"
    for name in found:
        if name not in expected:
            yield f"{what} {shown(name)}{where} was added"


def _named(entries: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {one["name"]: one for one in entries}


def _same(one: Any, other: Any) -> bool:
    """Compare plain data, numbers to `AGREEMENT`."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    plain = (int, float)
    if isinstance(one, plain) and isinstance(other, plain):
        return bool(np.isclose(one, other, rtol=AGREEMENT, atol=0))
    return bool(one == other)
