"""The table of packages and their licences in `docs/platforms.md`, from what is installed.

`python docs/extensions/dependency_table.py` writes it again.
"""

import re
import tomllib
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/platforms.md"
START, END = "<!-- packages -->\n", "<!-- /packages -->"
#: What packages bring in that we depend on as if they were our own.
BEHIND = {"onnx-ir": "onnx", "ml-dtypes": "onnx"}
#: Licences in words, as older packages have them.
_WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "GNU GPL v2 or later": "GPL-2.0-or-later",
    "GPLv2": "GPL-2.0-only",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}


class Package(NamedTuple):
    """A package that the project names.

    Attributes:
        name: as the index has it.
        part: "" = always needed, otherwise the extra that needs it.
    """

    name: str
    part: str


def canonical(name: str) -> str:
    """Return the one spelling of a name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def direct() -> list[Package]:
    """Return what pyproject.toml names, and `BEHIND`, sorted within each part."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = {"": project["dependencies"], **project["optional-dependencies"]}
    named = {
        Package(canonical(re.match(r"[\w.-]+", text)[0]), part)
        for part, texts in parts.items()
        for text in texts
    } | {Package(name, part) for name, part in BEHIND.items()}
    order = list(parts)
    return sorted(named, key=lambda one: (order.index(one.part), one.name))


def locked() -> Mapping[str, str]:
    """Return the versions of requirements.lock by name."""
    found = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        name, _, version = line.partition(";")[0].strip().partition("==")
        if version:
            found[canonical(name)] = version
    return found


def installed(name: str) -> Distribution | None:
    """Return an installed package; None if it is not, or has another version than the lock's."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    # What follows "+" says for which machine a package was built.
    return found if found.version.partition("+")[0] == locked()[name] else None


def licence(package: Distribution) -> str:
    """Return the licence as SPDX has it: from the expression, classifiers, words, or the text."""
    metadata = package.metadata
    if metadata.get("License-Expression"):
        return str(metadata["License-Expression"])
    classifiers = [
        text.split(" :: ")[-1]
        for text in metadata.get_all("Classifier") or []
        if text.startswith("License :: OSI Approved :: ")
    ]
    texts = [
        file.locate().read_text(encoding="utf-8").strip()
        for file in package.files or []
        if file.name.upper().startswith("LICENSE") and "dist-info" in str(file)
    ]
    for words in (*classifiers, metadata.get("License") or "", *texts):
        first = words.strip().partition("\n")[0]
        if first in _WORDS or first in _WORDS.values():
            return _WORDS.get(first, first)
    raise LookupError(f"{metadata['Name']}: says no licence that is known")


def kind(package: Distribution) -> str:
    """Return whether a wheel is the same for every machine."""
    tags = re.findall(r"^Tag: (\S+)$", package.read_text("WHEEL") or "", re.MULTILINE)
    return "any machine" if any(tag.endswith("none-any") for tag in tags) else "by machine"


def row(package: Package) -> str | None:
    """Return a line of the table; None for what is not installed as the lock has it."""
    found = installed(package.name)
    if found is None:
        return None
    needed = f"extra `{package.part}`" if package.part else "always"
    return f"| `{package.name}` | {needed} | {licence(found)} | {kind(found)} |\n"


def main() -> None:
    """Write the table; all packages have to be installed."""
    rows = {package.name: row(package) for package in direct()}
    lacking = [name for name, line in rows.items() if line is None]
    if lacking:
        raise SystemExit(f"not installed as requirements.lock has it: {', '.join(lacking)}")
    head = "| package | needed | licence | wheel |\n|---|---|---|---|\n"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    table = head + "".join(line for line in rows.values() if line)
    PAGE.write_text(f"{before}{START}{table}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
