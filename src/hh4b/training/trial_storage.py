"""Files of a search, read without importing Optuna."""

import json
from collections.abc import Sequence
from pathlib import Path

from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.core.files import Provenance, read_json, write_json


def require_own_storage(path: Path | str, name: str) -> None:
    """Check that a journal file, if there is one, holds only studies of a search.

    Args:
        path: journal file.
        name: of the search; its studies are called ``"<name> <identity>"``.

    Raises:
        ConfigError: if it holds a study of another search.
        InputFileError: if it is no journal.
    """
    path = Path(path)
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8") as lines:
            entries = [json.loads(line) for line in lines if line.endswith("\n")]
        studies = [entry["study_name"] for entry in entries if "study_name" in entry]
    except OSError as error:
        raise InputFileError(f"cannot use {path}: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        raise InputFileError(
            f"{path} is no journal of a study; remove it or choose another storage"
        ) from error
    for study in studies:
        if study.rpartition(" ")[0] != name:
            raise ConfigError(
                f"{path} holds the study {study!r}, not one of {name!r}; remove it or choose"
                " another storage"
            )


def write_outcome(workers: Sequence[Path], output: Path) -> None:
    """Write the outcome that the last worker of a study saw: it has the trials of all.

    Args:
        workers: outcomes as each worker wrote it when it ended.
        output: JSON to write.

    Raises:
        ContractError: if a file is no outcome of a search.
    """
    outcomes = [read_json(path) for path in workers]
    for path, outcome in zip(workers, outcomes, strict=True):
        if "n_trials" not in outcome or "options" not in outcome:
            raise ContractError(f"{path} is no outcome of a search; run the search again")
    last = max(outcomes, key=lambda outcome: outcome["n_trials"])
    made_from = [outcome.get("provenance", {}).get("configuration_hash") for outcome in outcomes]
    counts = {"n_trials": last["n_trials"]}
    write_json(output, last, Provenance("search-outcome", {"workers": made_from}, counts=counts))
