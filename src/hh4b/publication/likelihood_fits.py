"""What tables, figures and the page read of the files of `hh4b likelihood fit`, and its names."""

import math
import re
from collections.abc import Mapping

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.text import spelled

#: Entries of a breakdown that are no group of parameters.
TOTAL, STATISTICS = "total", "statistics"
#: Groups of parameters, in the order in which they are shown, and what they are called.
GROUPS = {
    "background_norm": "background normalisation",
    "background_shape": "background shape",
    "monte_carlo": "simulated events",
    "detector": "detector",
    "theory": "theory",
}
_PARAMETERS = (
    (r"norm_(?P<process>.+)", "normalisation, {process}"),
    (r"transfer_category_(\d+)", "share, category {0}"),
    (r"tilt_category_(\d+)", "slope, category {0}"),
    (r"bend_category_(\d+)", "curvature, category {0}"),
    (r"shape_kernel", "shape: kernel estimate"),
    (r"shape_histogram", "shape: histogram"),
    (r"shape_mc_(\d+)", "shape: simulated events {0}"),
    (r"shape_slope", "slope, all categories"),
    (r"shape_curvature", "curvature, all categories"),
)


def levels_of(fit: RunFile) -> list[str]:
    """Return the confidence levels of a fit file, rising, as they stand there (``"0.95"``)."""
    return sorted(fit.get("intervals"), key=float)


def percent(level: str | float) -> str:
    """Return a confidence level in words.

    >>> percent("0.95"), percent(0.6827)
    ('95 %', '68 %')
    """
    return f"{100 * float(level):.0f} %"


def group_label(group: str) -> str:
    """Return what a group of parameters is called."""
    return GROUPS.get(group) or spelled(group)


def sorted_groups(groups: set[str]) -> list[str]:
    """Return groups of parameters as they are shown, unknown ones last."""
    known = list(GROUPS)
    return sorted(groups, key=lambda g: (known.index(g) if g in known else len(known), g))


def parameter_label(name: str, labels: Mapping[str, str]) -> str:
    """Return what a parameter is called.

    Args:
        name: in the model.
        labels: of processes.

    >>> parameter_label("tilt_category_2", {})
    'slope, category 2'
    >>> parameter_label("norm_four_b", {"four_b": "pp → 4b"})
    'normalisation, pp → 4b'
    """
    for pattern, text in _PARAMETERS:
        if found := re.fullmatch(pattern, name):
            process = found.groupdict().get("process")
            if process is not None:
                return text.format(process=labels.get(process) or spelled(process))
            return text.format(*found.groups())
    return spelled(name)


def end_of(fit: RunFile, index: int, *place: str) -> Measured:
    """Read an end of an interval; where it lies outside of the scan, the text says beyond what.

    Args:
        fit: a fit file.
        index: 0 = lower, 1 = upper.
        place: of an entry with ``interval``, e.g. ``("intervals", "0.95")``.

    Raises:
        ContractError: if there is no such interval.
    """
    value = _pair(fit, *place)[index]
    if value is not None:
        known = fit.has(*place, "interval_error")
        return fit.measured(value, fit.errors(*place, "interval_error")[index] if known else None)
    if not fit.get(*place, "segments"):
        return fit.measured(None, text="all excluded")
    scan = fit.numbers("curve", "kappa_lambda")
    text = f"< {scan[0]:g}" if index == 0 else f"> {scan[-1]:g}"
    return fit.measured(None, text=text.replace("-", "−"))


def width_of(fit: RunFile, *place: str) -> Measured:
    """Read the distance of the ends; no number where one lies outside of the scan."""
    lower, upper = _pair(fit, *place)
    if lower is None or upper is None:
        return fit.measured(None, text="unbounded")
    return fit.measured(upper - lower, fit.optional(*place, "width_error"))


def errors_text(fit: RunFile) -> str:
    """Say what the errors of intervals hold; nothing where a file has none."""
    replicas = max(
        (
            len(fit.get("intervals", level, "replica_bounds")["lower"])
            for level in levels_of(fit)
            if fit.has("intervals", level, "replica_bounds")
        ),
        default=0,
    )
    if not replicas:
        return ""
    events = f"the simulated events ({replicas} replicas)"
    if not fit.has("trainings", "number"):
        return f"{events}, not the trainings"
    number, reason = int(fit.number("trainings", "number")), fit.get("trainings", "reason")
    known = f"{events} and the trainings ({number} folds)"
    return f"{events}, not the trainings: {reason}" if reason else known


def interval_text(fit: RunFile, *place: str) -> str:
    """Return every allowed stretch, e.g. ``[−1.20, 0.30] and [2.10, 6.00]``."""
    segments = fit.get(*place, "segments")
    if not segments:
        return "none"
    scan = fit.numbers("curve", "kappa_lambda")
    beyond = f"< {scan[0]:g}", f"> {scan[-1]:g}"
    texts = [
        ", ".join(
            outside if end is None else f"{end:.2f}"
            for end, outside in zip(segment, beyond, strict=True)
        )
        for segment in segments
    ]
    return " and ".join(f"[{text}]" for text in texts).replace("-", "−")


def part_of(fit: RunFile, level: str, group: str) -> Measured:
    """Return what a group of parameters adds to the width of an interval.

    That is the root of width² − width² with the group kept at its best values; of `STATISTICS` the
    width with all parameters kept. No number where a width is missing, and the breakdown is.
    """
    if not fit.has("breakdown", level, group):
        return fit.measured(None)
    left = width_of(fit, "breakdown", level, group).value
    total = width_of(fit, "breakdown", level, TOTAL).value
    if group in (TOTAL, STATISTICS) or left is None or total is None:
        return fit.measured(left if group in (TOTAL, STATISTICS) else None)
    return fit.measured(math.sqrt(max(total**2 - left**2, 0.0)))


def groups_of(fit: RunFile) -> set[str]:
    """Return the groups of parameters of a breakdown; none if the file has no breakdown."""
    if not fit.has("breakdown") or fit.get("breakdown") is None:
        return set()
    names = {name for one in fit.get("breakdown").values() for name in one}
    return names - {TOTAL, STATISTICS}


def largest_part(fit: RunFile) -> tuple[str, str] | None:
    """Return level and group of parameters that adds most, at the highest level possible."""
    for level in reversed(levels_of(fit)):
        parts = {group: part_of(fit, level, group).value for group in groups_of(fit)}
        known = {group: value for group, value in parts.items() if value is not None}
        if known and len(known) == len(parts):
            return level, max(known, key=lambda name: known[name])
    return None


def mu_limit(fit: RunFile, kappa: float, row: str = "expected") -> float | None:
    """Return the upper limit on mu at a kappa_lambda of the scan, the median if expected.

    None if the file has no limits, or not at that value.
    """
    if not fit.has("mu_limits", row) or fit.get("mu_limits", row) is None:
        return None
    scan = fit.numbers("curve", "kappa_lambda")
    places = [n for n, value in enumerate(scan) if math.isclose(value, kappa, abs_tol=1e-9)]
    if not places:
        return None
    found = fit.get("mu_limits", row)[places[0]]
    if row == "expected":
        found = found[fit.get("mu_limits", "bands").index(0)]
    return None if found is None else float(found)


def observed(fit: RunFile) -> bool:
    """Return whether a fit is of observed data."""
    return bool(fit.get("data", "kind") == "observed")


def data_text(fit: RunFile) -> str:
    """Say what data were fitted."""
    kind = str(fit.get("data", "kind"))
    texts = {
        "background": "Asimov data of the background",
        "sm": "Asimov data of background and the Standard Model's signal",
        "user": "Asimov data of a chosen signal",
        "observed": "observed data",
    }
    return texts.get(kind, kind)


def point_of(file: RunFile) -> tuple[float, float]:
    """Return energy in TeV and luminosity in fb⁻¹."""
    return file.number("sqrt_s_tev"), file.number("luminosity_ifb")


def by_point(inputs: Inputs, key: str) -> list[RunFile]:
    """Return the files of a key in rising energy and luminosity."""
    return sorted((RunFile.read(path) for path in inputs.many(key)), key=point_of)


def point_key(key: str, file: RunFile) -> str:
    """Return the key of a row: ``mixing_spanet_13tev_139ifb``."""
    energy, luminosity = point_of(file)
    return f"{key}_{energy:g}tev_{luminosity:g}ifb"


def _pair(fit: RunFile, *place: str) -> tuple[float | None, float | None]:
    entry = fit.get(*place, "interval")
    if not isinstance(entry, list) or len(entry) != 2:
        raise ContractError(f"{fit.path}: entry {'/'.join(place)!r} has no pair of ends")
    lower, upper = (None if value is None else float(value) for value in entry)
    return lower, upper
