"""The house: which room may know which, and one name for one thing."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/hh4b"
#: From the ground up: a room knows those in lines above it, and nothing below.
ROOMS = (
    ("core",),
    ("generation", "detector"),
    ("simulation",),
    ("events",),
    ("training",),
    ("pairing",),
    ("spanet",),
    ("selection",),
    ("statistics",),
    ("likelihood",),
    ("api",),
    ("study",),
    ("publication",),
    ("commands",),
    ("cli",),
)
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def imports(path, *, nested=True):
    """Yield the modules of the package that a file imports, inside functions too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if nested else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.ImportFrom) and node.module in NAMES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in NAMES else node.module


def room_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_arrow_back_up(path):
    room = room_of(name_of(path))
    if not room:
        return
    for module in imports(path):
        other = room_of(module)
        if other and other != room:
            assert LEVEL[other] < LEVEL[room], f"{name_of(path)} imports {module}"


def test_no_import_circle():
    graph = {name_of(path): set(imports(path, nested=False)) for path in MODULES}
    done, active = set(), []

    def visit(module):
        assert module not in active, " -> ".join([*active[active.index(module) :], module])
        if module in done:
            return
        active.append(module)
        for other in graph[module]:
            visit(other)
        active.pop()
        done.add(module)

    for module in graph:
        visit(module)


def test_every_public_class_has_a_name_of_its_own():
    places = defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name_of(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_nothing_but_the_command_lies_at_the_top():
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", "cli"}


def test_the_file_layer_has_one_name():
    for path in MODULES:
        assert not re.search(r"(_command|_files)$|^run_", path.stem), path.stem


def test_nothing_in_the_package_knows_the_workflow():
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "snakemake" for name in names), path


def test_phi_is_wrapped_in_one_place():
    for path in MODULES:
        if name_of(path) != "hh4b.core.kinematics":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"% ?\(?2(\.0)? ?\* ?(np|math|torch)?\.?pi|remainder\(", text), (
                path
            )


def rule_files():
    return sorted((ROOT / "workflow/rules").glob("*.smk"))


def test_rules_hand_settings_over_whole():
    """No rule copies a key of the configuration into a flag of its own."""
    for path in rule_files():
        for line in path.read_text(encoding="utf-8").splitlines():
            if path.name != "common.smk" and re.search(r"STUDY\.(physics|statistics)\b", line):
                raise AssertionError(f"{path.name}: {line.strip()}")


def test_rule_files_hold_rules():
    """What can be typed and tested lies in the package."""
    functions = [
        (path.name, line)
        for path in rule_files()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(("def ", "class "))
    ]
    assert len(functions) <= 3, functions
