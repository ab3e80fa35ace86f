"""Tables as a HEPData submission: ``submission.yaml`` and one data file a table.

Format: https://hepdata-submission.readthedocs.io (version 1.1 of its schemas).
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path
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
    return {"errors": [{"symerror": float(text), "label": "stat"}]} if text else {}


def write_submission(tables: Path, folder: Path) -> list[Path]:
    """Write all tables of a folder as a HEPData submission.

    Args:
        tables: folder with the tables' CSV files.
        folder: where the submission goes.

    Returns:
        The files written; ``submission.yaml`` is the last.

    Raises:
        ConfigError: if there is no table.
    """
    sources = sorted(path for path in tables.glob("*.csv") if not path.name.startswith("."))
    if not sources:
        raise ConfigError(f"no table in {tables}; build them first")
    documents: list[dict[str, Any]] = [
        {"comment": "Expected results of HH -> 4b on simulated events, made with hh4b."}
    ]
    written = []
    for source in sources:
        with source.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        if not rows:
            continue
        target = folder / f"{source.stem}.yaml"
        _write(target, [data_table(rows)])
        written.append(target)
        documents.append(
            {
                "name": output_name("table", source),
                "description": _caption(source),
                "data_file": target.name,
                "keywords": [{"name": "reactions", "values": ["P P --> HIGGS HIGGS X"]}],
            }
        )
    _write(folder / "submission.yaml", documents)
    return [*written, folder / "submission.yaml"]


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
