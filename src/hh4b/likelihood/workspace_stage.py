"""From a likelihood model to files of exchange: what `hh4b likelihood workspace` does."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, atomic_path, read_json
from hh4b.core.strict_json import to_json
from hh4b.likelihood.histfactory import histfactory_workspace
from hh4b.likelihood.histfactory_reading import read_histfactory
from hh4b.likelihood.hs3 import hs3_workspace
from hh4b.likelihood.hs3_reading import read_hs3
from hh4b.likelihood.model import LikelihoodModel
from hh4b.likelihood.model_file import KIND, model_from_content, write_model
from hh4b.likelihood.settings import LikelihoodWorkspaceSettings

log = logging.getLogger(__name__)


def make_exchange_files(
    source: Path,
    settings: LikelihoodWorkspaceSettings,
    *,
    hs3: Path | None = None,
    histfactory: Path | None = None,
    model_output: Path | None = None,
) -> None:
    """Write a likelihood in the formats of others, or read it from them.

    Args:
        source: a likelihood model, HS3 or HistFactory JSON; its content says which.
        settings: of the files.
        hs3: HS3 file to write.
        histfactory: HistFactory JSON to write.
        model_output: likelihood model to write.

    Raises:
        ConfigError: if there is nothing to write.
        InputFileError: if the source cannot be read.
        ContractError: if the source is none of the three, or one format cannot say the model.
    """
    if hs3 is None and histfactory is None and model_output is None:
        raise ConfigError("nothing to write; name a file with --output, --histfactory or --model")
    content = read_json(source, finite=True)
    model = model_of(content, where=str(source))
    made_from = (content.get("provenance") or {}).get("configuration_hash", "unknown")
    made_of = {**settings.model_dump(mode="json"), "model": made_from}
    provenance = Provenance("likelihood workspace", made_of)
    if hs3 is not None:
        workspace = hs3_workspace(
            model, settings.basis_kappa, asimov=settings.asimov, provenance=provenance.as_json()
        )
        _write(hs3, workspace)
    if histfactory is not None:
        workspace = histfactory_workspace(
            model, settings.kappa_values, asimov=settings.asimov, provenance=provenance.as_json()
        )
        _write(histfactory, workspace)
    if model_output is not None:
        write_model(model_output, model, provenance)


def model_of(content: Mapping[str, Any], *, where: str) -> LikelihoodModel:
    """Return the likelihood of a file of any of the three formats.

    Args:
        content: the JSON.
        where: the file, for messages.

    Raises:
        ContractError: if the file is broken, or holds what the fast likelihood does not know.
    """
    if content.get("kind") == KIND:
        return model_from_content(content, where=where)
    if "hs3_version" in (content.get("metadata") or {}):
        return read_hs3(content, where=where)
    if "measurements" in content:
        return read_histfactory(content, where=where)
    return model_from_content(content, where=where)


def _write(path: Path, workspace: Mapping[str, Any]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(to_json(workspace, indent=1) + "\n", encoding="utf-8")
    log.info("%s", path.name)
