"""Scripts that carry the source of their loss, and need torch only."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from losslint.catalogue.copying import inlined

_LOSSES = "losslint.losses"


def on_its_own(script: str) -> str:
    """The script with what it imports from losslint put in its place."""
    tree = ast.parse(script)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    wanted = [
        (node.module, alias.name)
        for node in imports
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(_LOSSES)
        for alias in node.names
    ]
    if not wanted:
        return script
    losses = inlined(wanted)
    kept = [ast.unparse(node) for node in imports if not _is_from_losslint(node)]
    lines = script.splitlines(keepends=True)
    opening = "".join(lines[: imports[0].lineno - 1])
    rest = "".join(lines[imports[-1].end_lineno or 0 :])
    return f"{opening}{_merged((*kept, *losses.imports))}\n\n\n{losses.source.strip()}\n{rest}"


def _is_from_losslint(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_LOSSES)


def _merged(lines: Iterable[str]) -> str:
    """One block of imports: __future__, then the standard library, then torch."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    for line in lines:
        (node,) = ast.parse(line).body
        if isinstance(node, ast.Import):
            plain.add(line)
        elif isinstance(node, ast.ImportFrom):
            names.setdefault(node.module or "", set()).update(map(ast.unparse, node.names))
    blocks: list[list[str]] = [[], [], []]
    for line in sorted(plain):
        blocks[2 if line.startswith("import torch") else 1].append(line)
    for module in sorted(names):
        at = 0 if module == "__future__" else 2 if module.startswith("torch") else 1
        ordered = sorted(names[module], key=lambda name: (name.islower(), name))
        blocks[at].append(f"from {module} import {', '.join(ordered)}")
    return "\n\n".join("\n".join(block) for block in blocks if block)
