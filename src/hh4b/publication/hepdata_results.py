"""HEPData tables of limits, likelihood fits, templates and cutflows."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from hh4b.core.errors import ContractError
from hh4b.core.files import read_json
from hh4b.likelihood.category_templates import DIRECT, CategoryTemplates, read_categories
from hh4b.publication.hepdata_tables import (
    Column,
    DataTable,
    asymmetric,
    bins,
    column,
    conditions,
    points,
    symmetric,
)
from hh4b.statistics.limits_stage import read_limits
from hh4b.statistics.note_model import BANDS
from hh4b.statistics.template_format import read_templates

log = logging.getLogger(__name__)
KAPPA = r"$\kappa_\lambda$"
MU = r"$\mu$"
CURVE = r"$-2 \Delta \ln L$"
MASS = r"$m_{HH}$"
Result = TypeVar("Result")


def limit_tables(path: Path) -> list[DataTable]:
    """Return upper limits and the likelihood ratio of a limit file; none of a withheld result.

    Raises:
        InputFileError: if it cannot be read.
        ContractError: if it is no limit file.
    """
    content = read_limits(path)
    if content.get("status", "ok") != "ok":
        log.warning("%s has no interval (%s): no table", path, content.get("reason"))
        return []
    return _checked(path, "limit file of hh4b limits", lambda: _limits(path, content))


def _limits(path: Path, content: dict[str, Any]) -> list[DataTable]:
    kappa, where = content["kappa_lambda"], conditions(content)
    cls, profile = content["cls"], content["profile"]
    level = f"{100 * cls['confidence_level']:g} % CLs"
    limits = [
        _banded(f"expected upper limit on {MU}", cls["mu_upper_expected"], BANDS, where),
        _banded(
            "expected upper limit on the cross section", cls["cross_section_upper_fb"], BANDS,
            where, units="fb",
        ),
        column("cross section", content["cross_section_fb"], units="fb", qualifiers=where),
    ]  # fmt: skip
    at = [points(KAPPA, kappa)]
    return [
        _table(path, "upper", f"Expected upper limits at {level} with bands.", at, limits, "MU"),
        _table(
            path, "curve", f"Expected likelihood ratio; threshold {profile['threshold']:g}.", at,
            [column(CURVE, profile["minus_2_delta_log_l"], qualifiers=where)],
        ),
    ]  # fmt: skip


def fit_tables(path: Path) -> list[DataTable]:
    """Return the tables of a result of `hh4b likelihood fit`.

    Raises:
        InputFileError: if it cannot be read.
        ContractError: if it is no such result, or one without ``correlation``.
    """
    content = read_json(path)
    return _checked(path, "result of hh4b likelihood fit", lambda: list(_fit(path, content)))


def _fit(path: Path, content: dict[str, Any]) -> Iterator[DataTable]:
    where, curve = conditions(content), content["curve"]
    at = [points(KAPPA, curve["kappa_lambda"])]
    thresholds = ", ".join(
        f"{one['threshold']:.3g} at {100 * float(level):g} %"
        for level, one in content["intervals"].items()
    )
    yield _table(
        path, "curve", f"Profiled likelihood ratio, mu = 1; thresholds {thresholds}.", at,
        [column(CURVE, curve["minus_2_delta_log_l"], qualifiers=where)],
    )  # fmt: skip
    limits = content["mu_limits"]
    if limits is not None:
        level = f"{100 * limits['confidence_level']:g} % CLs"
        columns = [_banded(f"expected upper limit on {MU}", limits["expected"], limits["bands"],
                           where)]  # fmt: skip
        if limits["observed"] is not None:
            columns.append(
                column(f"observed upper limit on {MU}", limits["observed"], qualifiers=where)
            )
        text = f"Upper limits at {level}, every nuisance profiled."
        yield _table(path, "upper", text, at, columns, "MU")
    contour = content["contour"]
    if contour is not None:
        pairs = [(k, m) for k in contour["kappa_lambda"] for m in contour["mu"]]
        values = [value for row in contour["minus_2_delta_log_l"] for value in row]
        yield _table(
            path, "contour", "Profiled likelihood ratio in two parameters.",
            [points(KAPPA, [k for k, _ in pairs]), points(MU, [m for _, m in pairs])],
            [column(CURVE, values, qualifiers=where)],
        )  # fmt: skip
    yield from _parameters(path, content, where)


def _parameters(
    path: Path, content: dict[str, Any], where: list[dict[str, Any]]
) -> Iterator[DataTable]:
    pulls = content["pulls"]
    if not pulls:
        return
    entries = list(pulls.values())
    named = [points("parameter", list(pulls)), points("group", [one["group"] for one in entries])]
    errors = [symmetric(one["error"], "fit") for one in entries]
    yield _table(
        path, "pulls", "Parameters at the best kappa_lambda; pulls in errors before the fit.",
        named,
        [
            column("value", [one["value"] for one in entries], errors, qualifiers=where),
            column("pull", [one["pull"] for one in entries], qualifiers=where),
            column("constraint", [one["constraint"] for one in entries], qualifiers=where),
        ],
    )  # fmt: skip
    for level, impacts in (content["impacts"] or {}).items():
        yield _table(
            path, f"impacts_{100 * float(level):g}".replace(".", "p"),
            f"Shifts of the ends of the {100 * float(level):g} % interval in kappa_lambda with a"
            " parameter one error up or down.",
            [points("parameter", list(impacts))],
            [
                column(
                    f"shift of the {end} end, {direction}",
                    [one[direction][place] for one in impacts.values()], qualifiers=where,
                )
                for place, end in enumerate(("lower", "upper"))
                for direction in ("up", "down")
            ],
        )  # fmt: skip
    correlation = content["correlation"]
    names = correlation["names"]
    pairs = [(first, second) for first in names for second in names]
    yield _table(
        path, "correlation", "Correlations of the parameters at the best kappa_lambda.",
        [points("first", [one for one, _ in pairs]), points("second", [one for _, one in pairs])],
        [column("correlation", np.ravel(correlation["matrix"]).tolist(), qualifiers=where)],
    )  # fmt: skip


def template_tables(path: Path) -> list[DataTable]:
    """Return templates of a selection, or of score categories, as efficiencies in bins of m_HH.

    Raises:
        InputFileError: if it cannot be read.
        ContractError: if it is neither.
    """
    if "energies" in read_json(path):
        return [
            table
            for templates in read_categories(path)
            for table in _category_tables(path, templates)
        ]
    found = read_templates(path)
    place = int(np.abs(found.kappa_lambda - 1.0).argmin())
    where = conditions({"sqrt_s_tev": found.sqrt_s_tev})
    columns = []
    for name, rows in found.nominal.items():
        row = place if len(rows.values) > 1 else 0
        values, variance = rows.values[row], rows.variance[row]
        columns.append(_efficiency(name, values, variance, where))
    text = f"Efficiency in bins of m_HH of scores above {found.threshold:g}; signal at kappa = 1."
    at = [bins(MASS, found.bin_edges_gev.tolist(), "GeV")]
    return [_table(path, "templates", text, at, columns, "EFF")]


def _category_tables(path: Path, templates: CategoryTemplates) -> Iterator[DataTable]:
    own = np.asarray(templates.own_fb)
    share = own / own.sum()
    signal = share @ templates.signal.components
    variance = np.einsum("a,b,abi->i", share, share, templates.signal.covariance)
    first = 0
    for channel in templates.channels:
        inside = slice(first, first + channel.n_bins)
        first += channel.n_bins
        where = conditions({"sqrt_s_tev": templates.sqrt_s_tev})
        columns = [_efficiency(templates.signal_process, signal[inside], variance[inside], where)]
        for name, one in templates.backgrounds.items():
            direct, its_variance = one.families[DIRECT][inside], one.direct_variance[inside]
            columns.append(_efficiency(f"{name}, events", direct, its_variance, where))
            columns.extend(
                column(f"{name}, {family}", values[inside].tolist(), qualifiers=where)
                for family, values in one.families.items()
                if family != DIRECT
            )
        scores = "" if channel.score_range is None else (
            f", scores {channel.score_range[0]:g} to {channel.score_range[1]:g}"
        )  # fmt: skip
        yield _table(
            path, f"{channel.name}_{templates.sqrt_s_tev:g}tev".replace(".", "p"),
            f"Efficiency in bins of m_HH{scores}; signal at kappa = 1, backgrounds as events and as"
            " smooth families of shapes.",
            [bins(MASS, list(channel.bin_edges_gev), "GeV")], columns, "EFF",
        )  # fmt: skip


def cutflow_tables(paths: Sequence[Path]) -> list[DataTable]:
    """Return a table for the cutflows of each folder, a column for each sample.

    Raises:
        InputFileError: if one cannot be read.
        ContractError: if one is no cutflow, or those of a folder have different steps.
    """
    folders: dict[Path, list[Path]] = {}
    for path in paths:
        folders.setdefault(path.parent, []).append(path)
    return [_cutflow(folder, found) for folder, found in folders.items()]


def _cutflow(folder: Path, paths: Sequence[Path]) -> DataTable:
    steps: list[str] = []
    columns: list[Column] = []
    for path in paths:
        entries = _checked(path, "cutflow of this project", partial(_steps, path))
        names = [name for name, _, _ in entries]
        steps = steps or names
        if names != steps:
            raise ContractError(f"{path}: steps {names}, those of {paths[0]} are {steps}")
        errors = [symmetric(error) for _, _, error in entries]
        sample = [{"name": "sample", "value": path.stem}]
        values = [value for _, value, _ in entries]
        columns.append(column("efficiency", values, errors, qualifiers=sample))
    selection = folder.resolve().name
    return DataTable(
        f"cutflow_{selection}", f"Cutflow of {selection}",
        "Efficiency after each step of the selection.", [points("step", steps)], columns, ["EFF"],
    )  # fmt: skip


def _steps(path: Path) -> list[tuple[str, float, float]]:
    """Return name, efficiency and its error of the steps of a cutflow."""
    return [
        (str(one["name"]), float(one["efficiency"]), float(one["efficiency_error"]))
        for one in read_json(path)["steps"]
    ]


def _banded(
    name: str,
    rows: Sequence[Sequence[float | None]],
    bands: Sequence[int],
    where: list[dict[str, Any]],
    *,
    units: str = "",
) -> Column:
    """Return a column of medians with their bands of 1 and 2 sigma as errors."""
    places = {band: place for place, band in enumerate(bands)}
    values, errors = [], []
    for row in rows:
        median, own = row[places[0]], []
        for band in (1, 2):
            low, high = row[places[-band]], row[places[band]]
            if median is not None and low is not None and high is not None:
                own += asymmetric(median - low, high - median, f"{band} sigma")
        values.append(median)
        errors.append(own)
    return column(name, values, errors, units=units, qualifiers=where)


def _efficiency(name: str, values: Any, variance: Any, where: list[dict[str, Any]]) -> Column:
    errors = [symmetric(float(np.sqrt(one))) for one in variance]
    return column(name, np.asarray(values).tolist(), errors, qualifiers=where)


def _table(
    path: Path,
    what: str,
    description: str,
    independent: Sequence[Column],
    dependent: Sequence[Column],
    *observables: str,
) -> DataTable:
    return DataTable(
        f"{path.stem}_{what}", f"{path.stem} {what.replace('_', ' ')}", description, independent,
        dependent, observables,
    )  # fmt: skip


def _checked(path: Path, kind: str, make: Callable[[], Result]) -> Result:
    """Run a function on the content of a file.

    Raises:
        ContractError: if a part is missing.
    """
    try:
        return make()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ContractError(f"{path} is no whole {kind} ({error!r}); make it again") from error
