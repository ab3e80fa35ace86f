"""A finished run as an RO-Crate: workflow, configuration, results with digests, software, the run.

Format: RO-Crate 1.1 with the profiles Workflow RO-Crate 1.0 and Workflow Run Crate 0.5
(https://www.researchobject.org/workflow-run-crate).
"""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hh4b import __version__
from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path, read_json
from hh4b.core.output_paths import PARTIAL
from hh4b.core.strict_json import to_json
from hh4b.publication.record.chain import chain_of
from hh4b.publication.record.run import CONFIGURATION, RECORD, sha256

METADATA = "ro-crate-metadata.json"
WORKFLOW = "Snakefile"
LICENSE = "https://spdx.org/licenses/MIT"
_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    _WORKFLOW_PROFILE: ("Workflow RO-Crate", "1.0"),
}
_LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
#: Events and networks: most of the bytes, and made again from the rest.
_EVENTS = (".h5", ".root", ".lhe", ".lhe.gz", ".pt")
_FORMATS = {
    ".json": "application/json", ".yaml": "application/yaml", ".csv": "text/csv",
    ".md": "text/markdown", ".tex": "application/x-tex", ".pdf": "application/pdf",
    ".png": "image/png", ".svg": "image/svg+xml", ".html": "text/html",
    ".h5": "application/x-hdf5", ".gz": "application/gzip",
    ".smk": "text/plain", "": "text/plain",
}  # fmt: skip
#: Archives know no earlier time, and no time is needed.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
Entity = dict[str, Any]


@dataclass(frozen=True)
class CrateFile:
    """A file of a crate.

    Attributes:
        source: where it lies.
        name: in the crate, with ``/``.
        stage: the command that made it; empty for files that the run began with.
    """

    source: Path
    name: str
    stage: str = ""

    @property
    def entity_id(self) -> str:
        """Return its name as an address."""
        return quote(self.name)

    def entity(self, **more: Any) -> Entity:
        """Describe the file."""
        made = {"description": f"made by: hh4b {self.stage}"} if self.stage else {}
        suffix = self.source.suffix
        return {
            "@id": self.entity_id,
            "@type": "File",
            "name": self.name,
            "contentSize": str(self.source.stat().st_size),
            "encodingFormat": _FORMATS.get(suffix, "application/octet-stream"),
            "sha256": sha256(self.source),
            **made,
            **more,
        }


def write_crate(
    results: Path, output: Path, workflow: Path, *, events: bool = False, license_: str = LICENSE
) -> int:
    """Pack a finished run.

    Args:
        results: folder of the results, with `RECORD` and `CONFIGURATION`.
        output: archive to write if it ends in ``.zip``, else a folder that is new or empty.
        workflow: folder of the Snakefile and of the configuration files that the record names.
        events: take event files, datasets, scores and networks, too.
        license_: address of the licence of the crate.

    Returns:
        The number of files, the metadata not counted.

    Raises:
        ConfigError: if there is no record, no Snakefile, or the output folder is not empty.
        InputFileError: if a file of the run is missing or damaged.
    """
    record = _record_of(results)
    if not (workflow / WORKFLOW).is_file():
        raise ConfigError(f"no {WORKFLOW} in {workflow}; give its folder by --workflow")
    if output.suffix != ".zip" and output.exists() and any(output.iterdir()):
        raise ConfigError(f"{output} is not empty; choose a new folder, or NAME.zip")
    made = list(_results(results, record, events=events))
    code = list(_code(workflow))
    given = [
        CrateFile(path, name)
        for name in record["inputs"]
        if not Path(name).is_absolute() and ".." not in Path(name).parts
        if (path := workflow / name).is_file() and (events or not name.endswith(_EVENTS))
    ]
    finished = datetime.fromtimestamp((results / RECORD).stat().st_mtime, UTC)
    graph = _graph(record, made, code, given, finished.isoformat(timespec="seconds"), license_)
    text = to_json({"@context": _context(), "@graph": graph}, indent=1, ensure_ascii=False)
    files = list({file.name: file for file in (*code, *given, *made)}.values())
    pack = _archive if output.suffix == ".zip" else _folder
    pack(output, files, text + "\n")
    return len(files)


def _record_of(results: Path) -> dict[str, Any]:
    for name in (RECORD, CONFIGURATION):
        if not (results / name).is_file():
            raise ConfigError(f"no {name} in {results}; finish the run with snakemake first")
    record = read_json(results / RECORD)
    if missing := {"configuration_digest", "inputs", "outputs", "packages", "code"} - {*record}:
        raise ConfigError(f"{results / RECORD} has no {min(missing)!r}; make it again")
    return record


def _results(results: Path, record: Mapping[str, Any], *, events: bool) -> Iterator[CrateFile]:
    """Yield what the run shows, and what that is made from, as far as it lies in the results."""
    whole = results.resolve()
    found = {whole / RECORD: "config record", whole / CONFIGURATION: "config record"}
    for link in chain_of(*(results / name for name in record["outputs"])):
        if link.path is not None and link.path.resolve().is_relative_to(whole):
            found.setdefault(link.path.resolve(), str((link.header or {}).get("stage", "")))
    for path, stage in sorted(found.items()):
        if events or not path.name.endswith(_EVENTS):
            yield CrateFile(path, f"results/{path.relative_to(whole).as_posix()}", stage)


def _code(workflow: Path) -> Iterator[CrateFile]:
    names = [WORKFLOW, "LICENSE", "requirements.lock"]
    names += [
        path.relative_to(workflow).as_posix()
        for path in sorted((workflow / "workflow").glob("**/*.smk"))
    ]
    yield from (CrateFile(workflow / n, n) for n in names if (workflow / n).is_file())


# The graph ------------------------------------------------------------------------------------


def _context() -> list[Any]:
    return [
        f"{_SPECIFICATION}/context",
        {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},
    ]


def _graph(
    record: Mapping[str, Any],
    made: list[CrateFile],
    code: list[CrateFile],
    given: list[CrateFile],
    finished: str,
    license_: str,
) -> list[Entity]:
    digest = record["configuration_digest"]
    parts = {file.name: file for file in (*code, *given, *made)}
    elsewhere = [_elsewhere(n, told) for n, told in record["inputs"].items() if n not in parts]
    packages = [_package(name, version) for name, version in record["packages"].items()]
    configuration = {"@id": f"results/{CONFIGURATION}"}
    results = [file for file in made if file.source.name != CONFIGURATION]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"HH -> 4b study, configuration {digest}",
        "description": "Results of a study of HH -> 4b, from events to an interval on kappa_lambda,"
        " with its configuration and workflow.",
        "datePublished": finished,
        "license": {"@id": license_},
        "conformsTo": _ids(_PROFILES),
        "hasPart": _ids(file.entity_id for file in parts.values()),
        "mainEntity": {"@id": WORKFLOW},
        "mentions": {"@id": "#run"},
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of the study with configuration {digest}",
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "endTime": finished,
        "instrument": {"@id": WORKFLOW},
        "object": [
            configuration,
            *_ids(file.entity_id for file in given),
            *_ids(one["@id"] for one in elsewhere),
        ],
        "result": _ids(file.entity_id for file in results),
    }
    return [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": _ids([_SPECIFICATION, _WORKFLOW_PROFILE]),
        },
        root,
        *_software(record, packages, code, license_),
        *(file.entity() for file in parts.values() if file.name != WORKFLOW),
        run,
        *elsewhere,
        *packages,
        *(
            {"@id": address, "@type": "CreativeWork", "name": name, "version": version}
            for address, (name, version) in _PROFILES.items()
        ),
        {"@id": license_, "@type": "CreativeWork", "name": f"Licence {license_.rpartition('/')[2]}",
         "description": "the terms under which the crate may be used"},
    ]  # fmt: skip


def _software(
    record: Mapping[str, Any], packages: list[Entity], code: list[CrateFile], license_: str
) -> Iterator[Entity]:
    """Yield the workflow, its language and this package."""
    commit = record["code"].get("commit")
    version = str(record["packages"].get("hh4b", __version__))
    if commit:
        version += f" ({commit}{', with changes' if record['code'].get('modified') else ''})"
    main = next(file for file in code if file.name == WORKFLOW)
    yield main.entity(**{
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "hh4b workflow",
        "conformsTo": {"@id": _BIOSCHEMAS},
        "version": version,
        "license": {"@id": license_},
        "programmingLanguage": {"@id": _LANGUAGE},
        "softwareRequirements": {"@id": "#hh4b"},
        "input": {"@id": "#configuration"},
        "output": {"@id": "#page"},
    })  # fmt: skip
    for name, path in (("configuration", CONFIGURATION), ("page", "README.md")):
        yield {
            "@id": f"#{name}",
            "@type": "FormalParameter",
            "additionalType": "File",
            "name": name,
            "conformsTo": {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"},
            "workExample": {"@id": f"results/{path}"},
        }
    snakemake = str(record["packages"].get("snakemake", "unknown"))
    yield {
        "@id": _LANGUAGE,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        "url": {"@id": "https://snakemake.readthedocs.io"},
        "version": snakemake,
    }
    yield {
        "@id": "#hh4b",
        "@type": "SoftwareApplication",
        "name": "hh4b",
        "softwareVersion": version,
        "softwareRequirements": _ids(package["@id"] for package in packages),
    }


def _package(name: str, version: str) -> Entity:
    return {
        "@id": f"https://pypi.org/project/{quote(name)}/{quote(version)}/",
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
        "url": f"https://pypi.org/project/{quote(name)}/",
    }


def _elsewhere(name: str, told: Mapping[str, Any]) -> Entity:
    """Describe an input that is not in the crate."""
    size = {"contentSize": str(told["bytes"])} if "bytes" in told else {}
    digest = {"sha256": told["sha256"]} if "sha256" in told else {}
    return {
        "@id": f"#input-{quote(name)}", "@type": "CreativeWork", "name": name, **size, **digest,
        "description": "read by the run; not part of the crate",
    }  # fmt: skip


def _ids(names: Any) -> list[Entity]:
    return [{"@id": name} for name in names]


# Packing --------------------------------------------------------------------------------------


def _archive(output: Path, files: list[CrateFile], metadata: str) -> None:
    with (
        atomic_path(output) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for file in files:
            entry = zipfile.ZipInfo(file.name, _NO_TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with file.source.open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink)
        entry = zipfile.ZipInfo(METADATA, _NO_TIME)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        archive.writestr(entry, metadata)


def _folder(output: Path, files: list[CrateFile], metadata: str) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=PARTIAL) as place:
        whole = Path(place) / "crate"
        whole.mkdir()
        for file in files:
            (whole / file.name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.source, whole / file.name)
        (whole / METADATA).write_text(metadata, encoding="utf-8")
        whole.replace(output)
