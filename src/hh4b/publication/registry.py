"""The kinds of tables and figures: how each is made, and from which files.

User code is a kind too: an entry point of the group ``hh4b.output``, or ``path.py:name``.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from hh4b.core.errors import ConfigError
from hh4b.core.plugins import find_plugin, plugin_file, require_parameters
from hh4b.core.settings import Settings
from hh4b.publication.settings import Medium

Section = Literal["selections", "classifiers", "pairings", "trainings"]
_PARAMETERS = {
    "table": ("inputs", "reference", "settings"),
    "figure": ("inputs", "settings", "style"),
}
_FUNCTION = {"table": "build", "figure": "draw"}


@dataclass(frozen=True)
class Kind:
    """A way to make a table or figure.

    Attributes:
        name: in the configuration.
        medium: ``"table"`` or ``"figure"``.
        inputs: keys and files, in words.
        section: what an output of the user must name; None if it cannot be asked for.
        count: how many names; None = any number from one on.
    """

    name: str
    medium: Medium
    inputs: str
    section: Section | None = None
    count: int | None = None

    @property
    def target(self) -> str:
        """Return the function, as `hh4b.core.digest.code_digest` takes it."""
        return f"hh4b.publication.kinds.{self.name}:{_FUNCTION[self.medium]}"

    def load(self) -> Any:
        """Import the module of the kind."""
        return importlib.import_module(self.target.partition(":")[0])

    def options(self) -> type[Settings] | None:
        """Return the class ``<Kind>Options`` of its module; None if the kind has no options."""
        name = "".join(word.capitalize() for word in self.name.split("_")) + "Options"
        found: type[Settings] | None = getattr(self.load(), name, None)
        return found


_LIMITS = "`<selection>=limits/….json`"
_CURVE = "`<pairing>=….json`, efficiency curves"
_PAIRED = (
    "`dataset=datasets/….h5` and `<pairing>=pairings/…/….h5`, a file for each signal sample as"
    " repeated keys in the same order; `<pairing>.training=….h5`, what SPANet2 was trained with"
)
_EMBEDDINGS = "`embeddings=….json` of `hh4b embeddings`"
_PARTONS = "files of `hh4b parton-histograms`"
_FITS = "`<selection>=likelihood/<selection>/fit_….json`"
_COUPLINGS = "`<selection>=likelihood/<selection>/couplings_….json`"
_SAMPLES = "`signal=…` and `background=…`, or a key per process"
KINDS = {
    kind.name: kind
    for kind in (
        Kind("pairing_by_multiplicity", "table", "`<any>=….json`, pairing metrics", "trainings"),
        Kind(
            "pairing_versions",
            "table",
            "`sm=….json`, `sm_version1=….json` …, pairing metrics of SPANet2 trainings",
        ),
        Kind("pairing_points", "table", _CURVE, "pairings"),
        Kind("leaderboard", "table", _PAIRED, "pairings"),
        Kind(
            "classification",
            "table",
            "`<classifier>=….json`, metrics; once per repeated training",
            "classifiers",
        ),
        Kind(
            "classifiers",
            "table",
            "`<classifier>=….json`, metrics, and `<classifier>.limits=limits/….json`",
            "classifiers",
        ),
        Kind("intervals", "table", _LIMITS, "selections"),
        Kind(
            "intervals_by_luminosity",
            "table",
            f"{_LIMITS}, once per energy and luminosity",
            "selections",
        ),
        Kind(
            "equivalent_luminosity",
            "table",
            "`limits=limits/….json`, once per luminosity, and `scan=….json`, the luminosity scan of"
            " another selection made with `--reach` of those limits",
            "selections",
            2,
        ),
        Kind(
            "selected_background",
            "table",
            "`<selection>=limits/….json` and `<selection>.templates=templates/….json`",
        ),
        Kind(
            "intervals_by_cross_section",
            "table",
            f"{_LIMITS}, found with `statistics.cross_section_bands`",
            "selections",
        ),
        Kind("likelihood_intervals", "table", f"{_FITS}, once per energy and luminosity"),
        Kind(
            "interval_breakdown",
            "table",
            f"{_FITS} and `<selection>.limits=limits/….json`, once per energy and luminosity",
        ),
        Kind("coupling_points", "table", _COUPLINGS),
        Kind("sizes_by_part", "table", f"datasets: {_SAMPLES}"),
        Kind(
            "sizes_of_trainings",
            "table",
            "`<training>.training=….h5` and `<training>.testing=….h5`",
            "trainings",
        ),
        Kind(
            "sample_size_points",
            "table",
            "of every point of `learning_curves`: `<point>.trained=….h5` or `training.json`, and"
            " `<point>.metrics`, `<point>.pairing`, `<point>.limits` as far as there are any",
        ),
        Kind("pass_rates", "table", "`sm_hh=datasets/….h5`, `<process>=datasets/….h5`"),
        Kind("efficiency", "figure", _CURVE, "pairings"),
        Kind("sample_size_curves", "figure", "`table=tables/table_sample_size.json`"),
        Kind("leaderboard_curves", "figure", _PAIRED, "pairings"),
        Kind(
            "masses",
            "figure",
            "`dataset=datasets/….h5` and `<pairing>=features/…/….h5`, several samples as repeated"
            " keys in the same order; or `dataset.<sample>` and `<pairing>.<sample>`",
            "pairings",
        ),
        Kind(
            "mass_planes",
            "figure",
            "`dataset.<sample>=datasets/….h5` and `<pairing>.<sample>=features/…/….h5`, or without"
            " samples; several files as repeated keys in the same order",
            "pairings",
        ),
        Kind(
            "event_display",
            "figure",
            "`dataset=datasets/….h5` of signal and `<pairing>=pairings/…/….h5`",
            "pairings",
            1,
        ),
        Kind("templates", "figure", "`<selection>=templates/….json`", "selections"),
        Kind(
            "intervals_against_luminosity",
            "figure",
            "`<selection>=….json`, a luminosity scan, or limits by repeating the key",
            "selections",
        ),
        Kind(
            "widths_against_luminosity",
            "figure",
            "`<selection>=….json`, a luminosity scan, or limits by repeating the key",
            "selections",
        ),
        Kind("limits_against_kappa", "figure", _LIMITS, "selections"),
        Kind("likelihood", "figure", f"{_LIMITS}, all at one energy and luminosity", "selections"),
        Kind(
            "likelihood_scan",
            "figure",
            f"{_FITS} and, where there are some, `<selection>.toys=likelihood/…/toys_….json`, all"
            " at one energy and luminosity",
        ),
        Kind("pulls", "figure", "`fit=likelihood/<selection>/fit_….json`"),
        Kind("kappa_mu", "figure", f"{_FITS}, all at one energy and luminosity"),
        Kind("coupling_contours", "figure", f"{_COUPLINGS}, all at one energy and luminosity"),
        Kind("coverage", "figure", "`<selection>=likelihood/<selection>/toys_….json`"),
        Kind("network", "figure", "`model=….pt`, a checkpoint", "trainings", 1),
        Kind("variance", "figure", _EMBEDDINGS, "trainings", 1),
        Kind("correlations", "figure", _EMBEDDINGS, "trainings", 1),
        Kind("embedding_map", "figure", _EMBEDDINGS, "trainings", 1),
        Kind("energies", "figure", f"`13tev=….json` and `14tev=….json`, {_PARTONS}"),
        Kind("kappa_shapes", "figure", f"`<kappa_lambda>=….json`, {_PARTONS}"),
        Kind("jets", "figure", f"datasets: {_SAMPLES}"),
        Kind(
            "cutflow",
            "figure",
            "cutflow JSON of the cut-based selection, or datasets: `signal=…`, `background=…`,"
            " or any keys",
            "classifiers",
            1,
        ),
        Kind("roc", "figure", "`<classifier>=….json`, metrics", "classifiers"),
        Kind("calibration", "figure", "`<classifier>=….json`, metrics", "classifiers"),
        Kind(
            "importance",
            "figure",
            "`<classifier>=importance/….json` of `hh4b dnn importance`, dense networks",
            "classifiers",
        ),
        Kind(
            "scores",
            "figure",
            "`<classifier>.signal=DATASET.h5:SCORES.h5` and `<classifier>.background=…`, or a key"
            " per process",
            "classifiers",
        ),
        Kind(
            "learning",
            "figure",
            "`<classifier or training>=metrics.csv` of `hh4b dnn train` or `hh4b spanet train`",
            "classifiers",
        ),
    )
}


def find_kind(name: str, medium: Medium) -> Kind | Callable[..., Any]:
    """Return a kind of the package, or the function of a user.

    Args:
        name: kind, entry point of ``hh4b.output``, or ``path.py:name``.
        medium: ``"table"`` or ``"figure"``.

    Raises:
        ConfigError: if there is none, it makes the other medium, or takes other parameters.
    """
    found: Any = find_plugin("output", name, KINDS)
    if not isinstance(found, Kind):
        require_parameters("output", name, found, _PARAMETERS[medium])
        function: Callable[..., Any] = found
        return function
    if found.medium != medium:
        kinds = ", ".join(kind.name for kind in KINDS.values() if kind.medium == medium)
        raise ConfigError(f"kind {name!r} makes a {found.medium}; a {medium} is one of: {kinds}")
    return found


def function_of(name: str, medium: Medium) -> Callable[..., Any]:
    """Return the function that builds a table or draws a figure.

    Raises:
        ConfigError: as `find_kind`.
    """
    found = find_kind(name, medium)
    if isinstance(found, Kind):
        function: Callable[..., Any] = getattr(found.load(), _FUNCTION[medium])
        return function
    return found


def code_targets(name: str, medium: Medium) -> tuple[str, ...]:
    """Return what a digest of the code of an output covers: its kind, and what writes files."""
    writer = {
        "table": "hh4b.publication.tables:write_files",
        "figure": "hh4b.publication.style:save_figure",
    }[medium]
    if name in KINDS:
        return KINDS[name].target, writer
    # The user's file is an input of the job; of the package it has what it is handed.
    return "hh4b.publication.inputs", "hh4b.publication.settings", writer


def plugin_files(name: str) -> list[str]:
    """Return the file of a user's function, so that a change of it makes the output again."""
    path = plugin_file(name)
    return [] if path is None else [path.as_posix()]
