"""Digests of code, so that a stage reruns when what it runs has changed, and only then."""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from hh4b.core.errors import ConfigError

ROOT = Path(__file__).parent.parent
# What cannot change a result: messages and the command tree.
_IGNORED = frozenset({"hh4b", "hh4b.core.errors", "hh4b.core.logs", "hh4b.commands.groups"})


def code_digest(*targets: str) -> str:
    """Digest the source of modules or single functions and all of hh4b that they import.

    Imports inside functions count too. For ``"module:function"`` only that function, the names of
    its module that it uses, and what those import are taken, which is what a command needs: the
    other commands of the same file may change without any effect.

    Args:
        targets: module names (``"hh4b.pairing.min_dr"``) or ``"module:function"``.

    Returns:
        Twelve hexadecimal digits.

    Raises:
        ConfigError: if a module or function does not exist.
    """
    sources: dict[str, str] = {}
    queue: list[str] = []
    for target in targets:
        module, _, function = target.partition(":")
        if not function:
            queue.append(module)
            continue
        parts = list(_function_parts(module, function))
        sources[target] = "\n".join(_text(node) for node in parts)
        queue.extend(name for node in parts for name in _imports(node, module))
    while queue:
        module = queue.pop()
        if module in sources or module in _IGNORED:
            continue
        source = _source(module)
        sources[module] = source.text
        queue.extend(source.imports)
    text = "\n".join(f"{name}\n{sources[name]}" for name in sorted(sources))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class _Source:
    """A module, and what many digests ask of it: both once, as each job parses the workflow."""

    module: str
    tree: ast.Module

    @cached_property
    def text(self) -> str:
        return _text(self.tree)

    @cached_property
    def imports(self) -> tuple[str, ...]:
        return tuple(_imports(self.tree, self.module))


def _path(module: str) -> Path | None:
    if module.split(".")[0] != "hh4b":
        return None
    stem = ROOT.joinpath(*module.split(".")[1:])
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def _source(module: str) -> _Source:
    path = _path(module)
    if path is None:
        raise ConfigError(f"code digest: no module {module!r} in hh4b; correct the rule that asks")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in (tree, *_statements(tree)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        if ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return _Source(module, tree)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements in ``node`` at any depth, in less time than all nodes would take."""
    for block in ("body", "handlers", "orelse", "finalbody", "cases"):
        for child in getattr(node, block, ()):
            yield child
            yield from _statements(child)


def _text(node: ast.AST) -> str:
    # The tree rather than the file, so that layout does not count; nor do comments and docstrings.
    return ast.dump(node, include_attributes=False)


def _function_parts(module: str, function: str) -> Iterator[ast.stmt]:
    """Yield the function and, by name, the parts of its module that it leans on."""
    named: dict[str, ast.stmt] = {}
    for node in _source(module).tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            named[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            named.update({(alias.asname or alias.name): node for alias in node.names})
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named.update({t.id: node for t in targets if isinstance(t, ast.Name)})
    if function not in named:
        raise ConfigError(f"code digest: no function {function!r} in {module}")
    seen: set[str] = set()
    queue = [function]
    while queue:
        name = queue.pop()
        if name in seen or name not in named:
            continue
        seen.add(name)
        yield named[name]
        queue.extend(n.id for n in ast.walk(named[name]) if isinstance(n, ast.Name))


def _imports(tree: ast.AST, module: str) -> Iterator[str]:
    """Yield the hh4b modules that ``tree`` imports, also inside functions."""
    for node in (tree, *_statements(tree)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _path(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module.split(".")[0] != "hh4b" or module == node.module:
                continue
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [name for name in submodules if _path(name)]
            yield from found
            if len(found) < len(submodules) and _path(node.module):
                yield node.module
