"""Results as a HEPData submission: ``submission.yaml``, one data file a table, likelihoods.

Format: https://hepdata-submission.readthedocs.io (version 1.1 of its schemas).
"""

import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path, read_json
from hh4b.publication.hepdata_results import (
    cutflow_tables,
    fit_tables,
    limit_tables,
    template_tables,
)
from hh4b.publication.hepdata_tables import DataTable, symmetric
from hh4b.publication.made_outputs import made_outputs
from hh4b.publication.summary_stage import output_name
from hh4b.publication.tables import CSV_FIELDS

Rows = list[dict[str, str]]


def data_table(rows: Rows) -> dict[str, Any]:
    """Turn the CSV rows of a table into independent and dependent variables.

    Every row of the CSV becomes a point; its labels and the quantity are the independent variables,
    this run's value with its error the dependent one. Values of the note are not exported: they are
    not results of this analysis.
    """
    labels = [name for name in rows[0] if name not in CSV_FIELDS]
    shown = [row for row in rows if row["this_run"]]
    independent = [
        {"header": {"name": name}, "values": [{"value": row[name]} for row in shown]}
        for name in (*labels, "quantity")
    ]
    values = [{"value": float(row["this_run"]), **_errors(row["this_run_error"])} for row in shown]
    return {
        "independent_variables": independent,
        "dependent_variables": [{"header": {"name": "value"}, "values": values}],
    }


def _errors(text: str) -> dict[str, Any]:
    found = symmetric(float(text)) if text else []
    return {"errors": found} if found else {}


@dataclass(frozen=True)
class HepdataFiles:
    """What a submission is made of; nothing else gets into it.

    Attributes:
        tables: the tables' CSV files, or folders of them.
        limits: limit files.
        fits: results of `hh4b likelihood fit`.
        templates: templates of selections or of score categories.
        cutflows: cutflows; those of one folder share a table.
        workspaces: likelihoods as HS3 or HistFactory JSON, additional resources.

    Files of one name, as those of two selections, get that of their folder before it.
    """

    tables: Sequence[Path] = ()
    limits: Sequence[Path] = ()
    fits: Sequence[Path] = ()
    templates: Sequence[Path] = ()
    cutflows: Sequence[Path] = ()
    workspaces: Sequence[Path] = ()

    def data_tables(self) -> list[DataTable]:
        """Return all tables.

        Raises:
            InputFileError: if a file cannot be read.
            ContractError: if one is not what it should be.
            ConfigError: if there is no table, or two have one name.
        """
        found = _csv_tables(self.tables) if self.tables else []
        for paths, make in (
            (self.limits, limit_tables), (self.fits, fit_tables), (self.templates, template_tables)
        ):  # fmt: skip
            found += [
                table if label == path.stem else table.renamed(path.stem, label)
                for path, label in zip(paths, _labels(paths), strict=True)
                for table in make(path)
            ]
        found += cutflow_tables(self.cutflows)
        if not found:
            raise ConfigError("no table for the submission; give --tables or files of results")
        _require_unique([table.stem for table in found], "two tables would be")
        return found


def write_submission(files: HepdataFiles, folder: Path) -> list[Path]:
    """Write tables and likelihoods as a HEPData submission.

    Data files of an earlier submission in the folder that are not part of this one are removed.

    Args:
        files: what goes into it.
        folder: where the submission goes.

    Returns:
        The files written; ``submission.yaml`` is the last.

    Raises:
        InputFileError: if a file cannot be read.
        ConfigError: if there is no table, or two would have one name.
        ContractError: if a file is not what it should be.
    """
    tables = files.data_tables()
    names = [f"{label}.json" for label in _labels(files.workspaces)]
    _require_unique(names, "two workspaces would be")
    resources = [
        (path, name, _resource(path, name))
        for path, name in zip(files.workspaces, names, strict=True)
    ]
    first: dict[str, Any] = {
        "comment": "Expected results of HH -> 4b on simulated events, made with hh4b."
    }
    if resources:
        first["additional_resources"] = [entry for *_, entry in resources]
    before = _files_before(folder)
    written = []
    for table in tables:
        _write(folder / f"{table.stem}.yaml", [table.data])
        written.append(folder / f"{table.stem}.yaml")
    for path, name, _ in resources:
        with atomic_path(folder / name) as temporary:
            shutil.copyfile(path, temporary)
        written.append(folder / name)
    _write(folder / "submission.yaml", [first, *(table.document for table in tables)])
    for path in before - set(written):
        path.unlink(missing_ok=True)
    return [*written, folder / "submission.yaml"]


def _files_before(folder: Path) -> set[Path]:
    """Return the files that the folder's submission names, those of the folder itself."""
    try:
        text = (folder / "submission.yaml").read_text(encoding="utf-8")
        documents = [one for one in yaml.safe_load_all(text) if isinstance(one, dict)]
    except (OSError, ValueError, yaml.YAMLError):
        return set()
    names = [one.get("data_file") for one in documents]
    for one in documents:
        names += [entry.get("location") for entry in one.get("additional_resources", [])]
    return {folder / name for name in names if name and Path(name).name == name}


def _labels(paths: Sequence[Path]) -> list[str]:
    """Return names of files without suffix, with their folder's where two have the same.

    >>> _labels([Path("one/fit.json"), Path("two/fit.json"), Path("one/limits.json")])
    ['one_fit', 'two_fit', 'limits']
    """
    often = Counter(path.stem for path in paths)
    return [
        path.stem if often[path.stem] == 1 else f"{path.resolve().parent.name}_{path.stem}"
        for path in paths
    ]


def _resource(path: Path, name: str) -> dict[str, str]:
    """Return the entry of a likelihood, copied under a name, among the additional resources.

    Raises:
        InputFileError: if it cannot be read.
        ConfigError: if it is neither HS3 nor HistFactory JSON.
    """
    content = read_json(path)
    if "distributions" in content and "hs3_version" in content.get("metadata", {}):
        kind = "HS3"
    elif {"channels", "measurements", "observations"} <= set(content):
        kind = "HistFactory"
    else:
        raise ConfigError(
            f"--workspace {path} is neither HS3 nor HistFactory JSON; make it with hh4b likelihood"
            " workspace or hh4b workspace"
        )
    return {"location": name, "description": f"Likelihood as {kind} JSON.", "type": kind}


def _require_unique(names: Sequence[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{what} {name!r}; give files of different names")


def _csv_tables(given: Sequence[Path]) -> list[DataTable]:
    """Return the tables of files and folders.

    Raises:
        ConfigError: if there is none.
        InputFileError: if one is missing.
    """
    sources = sorted(made_outputs("table", given, (".csv",)))
    if not sources:
        raise ConfigError(f"no table in {', '.join(map(str, given))}; build them first")
    found = []
    for source in sources:
        with source.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        if not any(row["this_run"] for row in rows):
            continue
        data = data_table(rows)
        found.append(
            DataTable(
                source.stem, output_name("table", source), _caption(source),
                data["independent_variables"], data["dependent_variables"],
            )
        )  # fmt: skip
    return found


def _caption(source: Path) -> str:
    """Return caption and remarks of the Markdown version of a table."""
    page = source.with_suffix(".md")
    if not page.exists():
        return source.stem
    lines = page.read_text(encoding="utf-8").splitlines()
    remarks = [line.strip() for line in lines[1:] if line and line[0] not in "|<"]
    return " ".join([lines[0].replace("**", "").partition(": ")[2] + ".", *remarks])


def _write(path: Path, documents: Iterable[dict[str, Any]]) -> None:
    with atomic_path(path) as temporary:
        text = yaml.safe_dump_all(list(documents), sort_keys=False, allow_unicode=True)
        temporary.write_text(text, encoding="utf-8")
