"""What a file calls the functions and classes of torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from losslint.fix import Change, Edge, line_after, line_before
from losslint.rewriting.tree import Tree, dotted, tree_of

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule

FUNCTIONAL = "torch.nn.functional"
_USUAL = {FUNCTIONAL: "F", "torch.nn": "nn", "torch": "torch"}
"""The names that everybody gives to modules."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How to write a qualified name in a file."""

    text: str
    imports: tuple[Change, ...] = ()
    """What has to be imported for that."""


class Names:
    """The imports of a file, as far as nothing else has the same name."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._meanings: dict[str, str] = {}
        self._aliases: dict[str, cst.ImportAlias] = {}
        imported: dict[str, set[str]] = {}
        for statement in tree.imports:
            self._read(statement, imported)
        for name, meanings in imported.items():
            if len(meanings) == 1 and not any(map(self._is_set, tree.named(name))):
                self._meanings[name] = meanings.pop()

    def qualified(self, node: cst.CSTNode) -> str:
        """The full name of what an expression names, such as ``torch.nn.functional.softmax``.

        Empty where that cannot be told.
        """
        if isinstance(node, cst.Name):
            return self._meanings.get(node.value, "")
        if isinstance(node, cst.Attribute):
            inner = self.qualified(node.value)
            return f"{inner}.{node.attr.value}" if inner else ""
        return ""

    def spelled(self, name: str, like: cst.CSTNode | None = None) -> Spelling | None:
        """How to write a full name here; None where that would take a name that has been taken.

        Args:
            name: such as ``torch.nn.functional.log_softmax``.
            like: an expression in the file, whose form is kept if possible: the same module, or an
                import of the function itself.
        """
        module, _, last = name.rpartition(".")
        if isinstance(like, cst.Attribute) and self.qualified(like.value) == module:
            return Spelling(f"{dotted(like.value)}.{last}")
        known = {meaning: own for own, meaning in reversed(self._meanings.items())}
        if name in known:
            return Spelling(known[name])
        alias = self._aliases.get(like.value) if isinstance(like, cst.Name) else None
        if alias is not None and not self._tree.named(last) and self._imports_from(alias, module):
            end = Edge(self._tree.place(alias), at_end=True)
            return Spelling(last, (Change(end, end, f", {last}"),))
        rest = [last]
        while module:
            if module in known:
                return Spelling(".".join([known[module], *rest]))
            module, _, part = module.rpartition(".")
            rest.insert(0, part)
        return self._with_import(name)

    def _with_import(self, name: str) -> Spelling | None:
        module, _, last = name.rpartition(".")
        usual = _USUAL.get(module, "")
        used = [node for node in self._tree.named(usual) if not self._tree.is_in_import(node)]
        if not usual or used or usual in self._meanings:
            return None
        line = self._line(f"import {module}" if usual == module else f"import {module} as {usual}")
        return None if line is None else Spelling(f"{usual}.{last}", (line,))

    def _line(self, statement: str) -> Change | None:
        """An import behind those that the file begins with, or where they would stand."""
        last_import = self._last_import()
        if last_import is not None:
            return line_after(self._tree.place(last_import), statement)
        first = next(iter(self._tree.root.body), None)
        if isinstance(first, cst.FunctionDef | cst.ClassDef) and not first.decorators:
            return line_before(self._tree.place(first), f"{statement}\n\n")
        if isinstance(first, cst.SimpleStatementLine) and _is_docstring(first):
            return line_after(self._tree.place(first), f"\n{statement}")
        return None

    def _last_import(self) -> cst.SimpleStatementLine | None:
        """The last of the imports that the file begins with."""
        found: cst.SimpleStatementLine | None = None
        for statement in self._tree.root.body:
            if not isinstance(statement, cst.SimpleStatementLine):
                break
            first = statement.body[0]
            if isinstance(first, cst.Import | cst.ImportFrom) and len(statement.body) == 1:
                found = statement
            elif not isinstance(first, cst.Expr):
                break
        return found

    def _imports_from(self, alias: cst.ImportAlias, module: str) -> bool:
        statement = self._tree.parent(alias)
        return (
            isinstance(statement, cst.ImportFrom)
            and statement.module is not None
            and not statement.relative
            and dotted(statement.module) == module
            and any(up is self._tree.root for up in list(self._tree.ancestors(statement))[:2])
        )

    def _read(self, node: cst.Import | cst.ImportFrom, found: dict[str, set[str]]) -> None:
        if isinstance(node.names, cst.ImportStar):
            return
        module = ""
        if isinstance(node, cst.ImportFrom):
            # What is relative is of the project: nothing that torch has.
            outside = node.module if not node.relative else None
            module = "." if outside is None else dotted(outside)
        for alias in node.names:
            full = dotted(alias.name)
            name = dotted(alias.asname.name) if alias.asname is not None else full.split(".")[0]
            meaning = full if alias.asname is not None else name
            if isinstance(node, cst.ImportFrom):
                meaning = f"{module}.{full}"
                if alias.asname is None:
                    self._aliases[name] = alias
            found.setdefault(name, set()).add(meaning)

    def _is_set(self, node: cst.Name) -> bool:
        """Whether a name is given to something else than an import here."""
        up = self._tree.parent(node)
        if isinstance(up, cst.AssignTarget | cst.Param | cst.FunctionDef | cst.ClassDef):
            return node is getattr(up, "target", None) or node is getattr(up, "name", None)
        if isinstance(up, cst.For | cst.CompFor | cst.AugAssign | cst.AnnAssign | cst.NamedExpr):
            return node is up.target
        if isinstance(up, cst.AsName):
            return not isinstance(self._tree.parent(up), cst.ImportAlias)
        if isinstance(up, cst.Element):
            return self._is_target(up)
        return isinstance(up, cst.Del)

    def _is_target(self, element: cst.Element) -> bool:
        child: cst.CSTNode = element
        for up in self._tree.ancestors(element):
            if isinstance(up, cst.AssignTarget | cst.AsName):
                return True
            if isinstance(up, cst.For | cst.CompFor):
                return child is up.target
            if not isinstance(up, cst.Tuple | cst.List | cst.Element):
                return False
            child = up
        return False


def _is_docstring(line: cst.SimpleStatementLine) -> bool:
    first = line.body[0]
    is_text = isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)
    return is_text and len(line.body) == 1


@lru_cache(maxsize=32)
def names_of(file: SourceModule) -> Names:
    """The names of a file; those of the last few files are kept."""
    return Names(tree_of(file))
