"""Read the yields and constants back from a workspace of `hh4b.statistics.workspace`."""

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.statistics.workspace import CHANNEL, ScaledTemplates, constants, signal_name

Floats = NDArray[np.float64]
UNCERTAINTIES = ("background_normalisation", "staterror_background", "staterror_signal")
PREFIX = "kappa_lambda="
PROVENANCE = "provenance "


@dataclass(frozen=True)
class WorkspaceContent:
    """A workspace as numbers.

    Attributes:
        yields: expected events and their Monte Carlo variances.
        data: observed (Asimov) counts, shape (B,).
        model: ``"note"`` or ``"complete"``.
        specification: the workspace itself.
    """

    yields: ScaledTemplates
    data: Floats
    model: str
    specification: Mapping[str, Any]

    @property
    def made_from(self) -> str:
        """Configuration hash of the workspace, or ``"unknown"``."""
        for parameter in self.specification["measurements"][0]["config"]["parameters"]:
            if parameter["name"].startswith(PROVENANCE):
                text = parameter["name"].removeprefix(PROVENANCE)
                return str(json.loads(text)["configuration_hash"])
        return "unknown"

    @property
    def asimov(self) -> str:
        """What the data are: ``"background"``, ``"sm"`` or ``"other"``.

        Where the background depends on the hypothesis, the data of the file are those of
        kappa_lambda = 1, and stand for the Asimov data of each hypothesis.
        """
        sm = int(np.abs(self.yields.kappa_lambda - 1.0).argmin())
        background = self.yields.background[min(sm, len(self.yields.background) - 1)]
        for name, expected in (
            ("background", background),
            ("sm", background + self.yields.signal[sm]),
        ):
            if np.allclose(self.data, expected, rtol=1e-9, atol=0):
                return name
        return "other"

    @property
    def background_uncertainty(self) -> float:
        """Relative uncertainty of the background normalisation; zero if there is none."""
        for sample in self.specification["channels"][0]["samples"]:
            for modifier in sample["modifiers"]:
                if modifier["name"] == "background_normalisation":
                    return float(modifier["data"]["hi"]) - 1
        return 0.0

    def require_known_modifiers(self) -> None:
        """Refuse modifiers that the own models do not know.

        Raises:
            ContractError: naming the modifier.
        """
        for sample in self.specification["channels"][0]["samples"]:
            for modifier in sample["modifiers"]:
                if modifier["type"] != "normfactor" and modifier["name"] not in UNCERTAINTIES:
                    raise ContractError(
                        f"modifier {modifier['name']!r} of sample {sample['name']!r} is none of"
                        " `hh4b workspace`; use --engine pyhf"
                    )


def read_workspace(specification: Mapping[str, Any], *, where: str) -> WorkspaceContent:
    """Take a workspace apart.

    Args:
        specification: the JSON.
        where: its file, for messages.

    Raises:
        ContractError: if it is not valid for pyhf, or not one of this project's.
    """
    _validate(specification, where)
    channel = specification["channels"][0]
    samples = {sample["name"]: sample for sample in channel["samples"]}
    try:
        if len(specification["channels"]) != 1 or channel["name"] != CHANNEL:
            raise KeyError(f"one channel {CHANNEL}")
        points = _points(specification)
        kappa = np.array([value for value, _ in points])
        names = _background_names(samples, kappa)
        rows = [constants(measurement) for _, measurement in points]
        first = rows[0]
        yields = ScaledTemplates(
            kappa,
            np.array([samples[signal_name(value)]["data"] for value in kappa], dtype=np.float64),
            np.array([row["monte_carlo_variance_signal"] for row in rows], dtype=np.float64),
            np.array([samples[name]["data"] for name in names], dtype=np.float64),
            np.array(
                [row["monte_carlo_variance_background"] for row in rows[: len(names)]],
                dtype=np.float64,
            ),
            np.array([row["cross_section_fb"][0] for row in rows], dtype=np.float64),
            first["luminosity_ifb"][0],
            first["sqrt_s_tev"][0],
            first["branching_ratio"][0],
        )
        data = np.array(specification["observations"][0]["data"], dtype=np.float64)
    except (KeyError, IndexError, ValueError) as error:
        raise ContractError(
            f"{where} is no workspace of `hh4b workspace`: {error} is missing or broken; make it"
            " again"
        ) from error
    uncertain = any(
        modifier["type"] != "normfactor" for sample in channel["samples"]
        for modifier in sample["modifiers"]
    )  # fmt: skip
    return WorkspaceContent(yields, data, "complete" if uncertain else "note", specification)


def _validate(specification: Mapping[str, Any], where: str) -> None:
    # pyhf takes most of a second to import: only where a workspace is read.
    import pyhf

    try:
        with quiet_pyhf():
            pyhf.schema.validate(specification, "workspace.json")
    except pyhf.exceptions.InvalidSpecification as error:
        line = " ".join(str(error).split())[:200]
        raise ContractError(f"{where} is no valid pyhf workspace: {line}") from error


@contextmanager
def quiet_pyhf() -> Iterator[None]:
    """Keep back what pyhf says about itself: a deprecated helper, and a line for each modifier."""
    logging.getLogger("pyhf").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "jsonschema.RefResolver", DeprecationWarning)
        yield


def _points(specification: Mapping[str, Any]) -> list[tuple[float, Mapping[str, Any]]]:
    points = [
        (float(measurement["name"].removeprefix(PREFIX)), measurement)
        for measurement in specification["measurements"]
        if measurement["name"].startswith(PREFIX)
    ]
    if not points:
        raise KeyError(f"a measurement {PREFIX}…")
    return sorted(points, key=lambda point: point[0])


def _background_names(samples: Mapping[str, Any], kappa: Floats) -> list[str]:
    if "background" in samples:
        return ["background"]
    names = [f"background_kappa_lambda_{value:g}" for value in kappa]
    if names[0] not in samples:
        raise KeyError("the sample background")
    return names
