"""Methods without a body of their own, which subclasses define."""

from __future__ import annotations

from functools import lru_cache

import libcst as cst

from losslint.analysis.domain.lookup import defined, lineage
from losslint.analysis.domain.values import Class, Function


def is_abstract(cls: Class) -> bool:
    """Whether a class or one of its bases leaves a method to subclasses, and none defines it."""
    names = {name for one in lineage(cls) if isinstance(one, Class) for name in one.slots}
    found = [defined(cls, name) for name in names if isinstance(name, str)]
    return any(isinstance(one, Function) and is_stub(one.node) for one in found)


@lru_cache(maxsize=4_096)
def is_stub(node: cst.FunctionDef | cst.Lambda) -> bool:
    """Whether a function says no more than that subclasses define it."""
    if isinstance(node, cst.Lambda):
        return False
    statements: list[cst.CSTNode] = []
    for line in node.body.body:
        statements += line.body if isinstance(line, cst.SimpleStatementLine) else [line]
    said = [one for one in statements if not _says_nothing(one)]
    if not said:
        return any(_is_abstract(one.decorator) for one in node.decorators)
    return _raises_not_implemented(said[0])


def _says_nothing(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.Pass) or (
        isinstance(statement, cst.Expr)
        and isinstance(statement.value, cst.BaseString | cst.Ellipsis)
    )


def _is_abstract(decorator: cst.BaseExpression) -> bool:
    name = decorator.attr if isinstance(decorator, cst.Attribute) else decorator
    return isinstance(name, cst.Name) and name.value == "abstractmethod"


def _raises_not_implemented(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.Raise):
        return False
    raised = statement.exc.func if isinstance(statement.exc, cst.Call) else statement.exc
    return isinstance(raised, cst.Name) and raised.value.startswith("NotImplemented")
