"""Read the yields, the constants and the model's name back from a workspace."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.kappa import kappa_name
from hh4b.core.named_entries import by_name
from hh4b.core.strict_json import parse_json
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.scaling import ScaledTemplates
from hh4b.statistics.template_format import MergedBin
from hh4b.statistics.workspace import (
    CHANNEL,
    PROVENANCE,
    STATEMENT,
    ModelStatement,
    constants,
    expected_data,
    signal_name,
    text_of,
    variance_name,
)
from hh4b.statistics.workspace_checks import (
    changed_by_others,
    check_numbers,
    common_constants,
    measured_points,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WorkspaceContent:
    """A workspace as numbers.

    Attributes:
        yields: expected events and their Monte Carlo variances.
        data: observed (Asimov) counts, shape (B,).
        statement: what the workspace says of itself.
        specification: the workspace itself.
    """

    yields: ScaledTemplates
    data: Floats
    statement: ModelStatement
    specification: Mapping[str, Any]

    @property
    def model(self) -> str:
        """``"note"`` or ``"complete"``, as the workspace says."""
        return self.statement.model

    @property
    def made_from(self) -> str:
        """Configuration hash of the workspace, or ``"unknown"``."""
        text = text_of(self.specification, PROVENANCE)
        return "unknown" if text is None else str(parse_json(text)["configuration_hash"])

    @property
    def changed(self) -> str:
        """Where others changed the model, see `changed_by_others`; empty if they did not."""
        return changed_by_others(self.specification, self.yields, self.statement)

    @property
    def asimov(self) -> str:
        """What the workspace says its data are; ``"other"`` if they are not that.

        Where the background depends on the hypothesis, the data of the file are those of
        kappa_lambda = 1, and stand for the Asimov data of each hypothesis.
        """
        said = self.statement.asimov
        expected = expected_data(self.yields, said, self.yields.standard_model)
        return said if np.allclose(self.data, expected, rtol=1e-9, atol=0) else "other"


def workspace_content(
    specification: Mapping[str, Any], scaled: ScaledTemplates
) -> WorkspaceContent:
    """Return a workspace just built from ``scaled`` as numbers."""
    statement = ModelStatement.from_json(text_of(specification, STATEMENT) or "{}")
    data = np.array(specification["observations"][0]["data"], dtype=np.float64)
    return WorkspaceContent(scaled, data, statement, specification)


def read_workspace(specification: Mapping[str, Any], *, where: str) -> WorkspaceContent:
    """Take a workspace apart.

    Args:
        specification: the JSON.
        where: its file, for messages.

    Raises:
        ContractError: if it is not valid for pyhf, or not one of this project's.
    """
    validate_workspace(specification, where)
    channel = specification["channels"][0]
    samples = {sample["name"]: sample for sample in channel["samples"]}
    try:
        if len(specification["channels"]) != 1 or channel["name"] != CHANNEL:
            raise KeyError(f"one channel {CHANNEL}")
        statement = _statement(specification)
        points = measured_points(specification)
        kappa = np.array([value for value, _ in points])
        rows = [constants(measurement) for _, measurement in points]
        variances = _variances(rows, statement.signal_process)
        common = common_constants(rows)
        yields = ScaledTemplates(
            kappa,
            np.array([samples[signal_name(value)]["data"] for value in kappa], dtype=np.float64),
            variances,
            {
                name: _background(name, samples, kappa, rows, statement.total_variance.get(name))
                for name in statement.backgrounds
            },
            np.array([row["cross_section_fb"][0] for row in rows], dtype=np.float64),
            common["luminosity_ifb"],
            common["sqrt_s_tev"],
            common["branching_ratio"],
            statement.signal_process,
            bin_edges_gev=tuple(statement.bin_edges_gev),
            merged_bins=tuple(MergedBin(**dict(one)) for one in statement.merged_bins),
            template_energy_tev=statement.template_energy_tev,
            own_fb=statement.own_fb,
        )
        data = _observed(specification)
        check_numbers(yields, data)
    except (KeyError, IndexError) as error:
        raise ContractError(
            f"{where} is no workspace of `hh4b workspace`: {error} is missing or broken; make it"
            " again"
        ) from error
    except (ValueError, ConfigError) as error:
        reason = " ".join(str(error).split())
        raise ContractError(
            f"{where} is no workspace of `hh4b workspace`: {reason}; make it again"
        ) from error
    return WorkspaceContent(yields, data, statement, specification)


def _statement(specification: Mapping[str, Any]) -> ModelStatement:
    text = text_of(specification, STATEMENT)
    if text is None:
        raise KeyError(f"the parameter {STATEMENT}…")
    return ModelStatement.from_json(text)


def _observed(specification: Mapping[str, Any]) -> Floats:
    observations = specification["observations"]
    if len(observations) != 1 or observations[0]["name"] != CHANNEL:
        raise KeyError(f"one observation of {CHANNEL}")
    return np.array(observations[0]["data"], dtype=np.float64)


def _variances(rows: list[dict[str, list[float]]], process: str) -> Floats:
    return np.array([row[variance_name(process)] for row in rows], dtype=np.float64)


def _background(
    process: str,
    samples: Mapping[str, Any],
    kappa: Floats,
    rows: list[dict[str, list[float]]],
    total: list[float] | None,
) -> BinnedRows:
    names = [process]
    if process not in samples:
        names = [f"{process}_kappa_lambda_{kappa_name(value)}" for value in kappa]
        if names[0] not in samples:
            raise KeyError(f"the sample {process}")
    values = np.array([samples[name]["data"] for name in names], dtype=np.float64)
    total_variance = None if total is None else np.array(total, dtype=np.float64)
    return BinnedRows(values, _variances(rows[: len(names)], process), total_variance)


def validate_workspace(specification: Mapping[str, Any], where: str) -> None:
    """Check JSON against the schema of pyhf.

    Raises:
        ContractError: naming the file and what is wrong; also if two channels, samples of a
            channel, observations or measurements have the same name.
    """
    # pyhf takes most of a second to import: only where a workspace is read.
    import pyhf

    try:
        with quiet_pyhf():
            pyhf.schema.validate(specification, "workspace.json")
    except pyhf.exceptions.InvalidSpecification as error:
        line = " ".join(str(error).split())[:200]
        raise ContractError(f"{where} is no valid pyhf workspace: {line}") from error
    # pyhf itself would take the last of two without a word.
    for section in ("channels", "observations", "measurements"):
        by_name(specification[section], section, where)
    for channel in specification["channels"]:
        by_name(channel["samples"], f"samples of {channel['name']}", where)


@contextmanager
def quiet_pyhf() -> Iterator[None]:
    """Keep back what pyhf says about itself: a deprecated helper, and a line for each modifier."""
    logging.getLogger("pyhf").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "jsonschema.RefResolver", DeprecationWarning)
        yield
