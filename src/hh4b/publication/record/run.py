"""The record of a run: configuration, code, packages, seeds, and the files that came from outside.

It lies beside the results: `CONFIGURATION` can be run again, `RECORD` says what else there was.
Neither has a date or a machine in it, so that equal runs have equal records.
"""

import hashlib
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from platform import python_version
from typing import Any

import yaml

from hh4b.core.files import Provenance, atomic_path, canonical_hash, write_json
from hh4b.core.plugins import plugin_file
from hh4b.publication.catalogue import outputs, results_page
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.model import Study
from hh4b.study.samples import FilesSample

RECORD, CONFIGURATION = "provenance.json", "config.yaml"
#: What the workflow reads without being told by the configuration.
EVENT = "config/spanet/event.yaml"
#: Larger inputs are told by their size alone: reading them would take longer than it is worth.
_HASHED_BYTES = 1 << 30
_PACKAGE = Path(__file__).parents[2]


def write_record(study: Study, record: Path, configuration: Path) -> None:
    """Write the configuration of a study as YAML, and the record of its run.

    Args:
        study: with all defaults filled in.
        record: JSON file to write; the names of files in it count from its folder.
        configuration: YAML file to write.
    """
    resolved = study.model_dump(mode="json")
    layout = Layout(study)
    content = {
        "configuration": configuration.name,
        "configuration_digest": canonical_hash(resolved),
        "code": code_version(),
        "python": python_version(),
        "packages": packages(),
        "seeds": dict(_seeds(resolved)),
        "inputs": {path: described(Path(path)) for path in outside_files(layout)},
        "outputs": dict(_outputs(layout)),
    }
    with atomic_path(configuration) as temporary:
        text = yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True)
        temporary.write_text(text, encoding="utf-8")
    digest = {"configuration_digest": content["configuration_digest"]}
    write_json(record, content, Provenance("config record", digest, seed=study.seed))


def code_version() -> dict[str, Any]:
    """Return the git commit of this package's source, and whether files differ from it.

    ``commit`` is None where the source is no checkout, as for an installed package.
    """
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return {"commit": None, "modified": None}
    return {
        "commit": _git("rev-parse", "HEAD"),
        "modified": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(
            # Reading takes no lock, which a run that is killed would leave behind.
            ["git", "--no-optional-locks", *words],
            cwd=_PACKAGE,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def packages() -> dict[str, str]:
    """Return the versions of all installed packages by name."""
    found = {str(one.metadata["Name"]): one.version for one in distributions()}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _seeds(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield key, with those above it, and value of every seed of a configuration."""
    for key, value in content.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _seeds(value, f"{name}.")
        elif (key == "seed" or key.endswith("_seed")) and value is not None:
            yield name, value


def outside_files(layout: Layout) -> list[str]:
    """Return the files that a study reads and does not make, as the configuration names them.

    Addresses of files elsewhere are among them, since the answer is what was read.
    """
    words = list(_words(layout.study.model_dump(mode="json")))
    named = [EVENT, *(str(plugin_file(word) or word.removeprefix("@")) for word in words)]
    found = [name for name in named if "://" in name or _is_file(name)]
    for sample in layout.samples.values():
        if isinstance(sample.definition, FilesSample):
            found += JobInputs(layout).event_files(sample.name)
    return sorted(set(found))


def _words(content: Any) -> Iterator[str]:
    """Yield the words of a configuration that may name a file."""
    if isinstance(content, str):
        yield from [content] if {".", "/"} & {*content} and "\n" not in content else []
    elif isinstance(content, Mapping | list):
        for part in content.values() if isinstance(content, Mapping) else content:
            yield from _words(part)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def described(path: Path) -> dict[str, Any]:
    """Return size in bytes and, up to one GiB, the SHA-256 of a file."""
    if not _is_file(str(path)):
        return {}
    size = path.stat().st_size
    return {"bytes": size, **({"sha256": sha256(path)} if size <= _HASHED_BYTES else {})}


def sha256(path: Path) -> str:
    """Return the digest of a file, 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _outputs(layout: Layout) -> Iterator[tuple[str, Any]]:
    """Yield names below the results of files without a header, with stage, settings and inputs."""

    def below(path: str) -> str:
        return Path(path).relative_to(layout.results).as_posix()

    suffixes = {
        "table": (".csv", ".md", ".tex", ".json"),
        "figure": (".pdf", ".png", ".svg"),
    }
    shown = []
    for one in outputs(layout).values():
        if one.absent:
            continue
        inputs = [below(path) for path in one.files if Path(path).is_relative_to(layout.results)]
        made = Provenance(f"{one.medium} {one.key}", one.settings.model_dump(mode="json"))
        for suffix in suffixes[one.medium]:
            yield f"{below(one.stem)}{suffix}", {**made.as_dict(), "inputs": inputs}
        shown.append(f"{below(one.stem)}{suffixes[one.medium][0]}")
    page = results_page(layout)
    made = Provenance("summary", page.settings.model_dump(mode="json"))
    other = [*page.files, *JobInputs(layout).likelihoods()]
    shown_selections = layout.shown(layout.study.selections)
    for selection in shown_selections:
        other += layout.of_every_energy("limits", selection)
    read = [below(path) for path in other if Path(path).is_relative_to(layout.results)]
    for name in ("README.md", "note_comparison.csv"):
        yield name, {**made.as_dict(), "inputs": list(dict.fromkeys([*shown, *read]))}
    working_points = [below(layout.working_point(name)) for name in shown_selections]
    made = Provenance("page", layout.study.model_dump(mode="json"))
    inputs = [*shown, *read, *working_points, RECORD]
    yield "index.html", {**made.as_dict(), "inputs": list(dict.fromkeys(inputs))}
