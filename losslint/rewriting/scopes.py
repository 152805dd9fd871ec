"""Which scope a name belongs to, and what happens to it where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

from losslint.analysis.reading.nodes import children, walk
from losslint.rewriting.tree import Tree, code

MOVES = ("to", "cuda", "cpu", "train", "eval")
"""Methods of a module that give the module itself."""
_SETTERS = (
    cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For, cst.Del,
)  # fmt: skip


def scope_of(tree: Tree, use: cst.Name) -> cst.CSTNode | None:
    """The function or module that sets a name; None where that takes more than a look."""
    for up in tree.ancestors(use):
        if isinstance(up, cst.BaseComp | cst.Lambda):
            if any(_binds(part, use.value) for part in _targets(up)):
                return up
        elif isinstance(up, cst.FunctionDef):
            if _is_inside(tree, use, up) and use.value in bound_names(up):
                return up
        elif isinstance(up, cst.ClassDef):
            if tree.function(use) is tree.function(up) and use.value in bound_names(up):
                return None
    return tree.root


def _is_inside(tree: Tree, node: cst.CSTNode, function: cst.FunctionDef) -> bool:
    """Whether a node is in the body or among the parameters, not in a decorator or default."""
    child: cst.CSTNode = node
    for up in tree.ancestors(node):
        if up is function:
            return child is function.body or child is function.params
        if isinstance(up, cst.Param) and child is up.default:
            return False
        child = up
    return False


def _targets(scope: cst.BaseComp | cst.Lambda) -> Iterator[cst.CSTNode]:
    if isinstance(scope, cst.Lambda):
        yield scope.params
        return
    loop: cst.CompFor | None = scope.for_in
    while loop is not None:
        yield loop.target
        loop = loop.inner_for_in


@lru_cache(maxsize=256)
def bound_names(scope: cst.FunctionDef | cst.ClassDef) -> frozenset[str]:
    """Every name that a function or class body sets, with the parameters."""
    found: set[str] = set()
    free: set[str] = set()
    if isinstance(scope, cst.FunctionDef):
        found.update(node.name.value for node in walk(scope.params) if isinstance(node, cst.Param))
    pending: list[cst.CSTNode] = [scope.body]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            found.add(node.name.value)
            continue
        if isinstance(node, cst.Global | cst.Nonlocal):
            free.update(item.name.value for item in node.names)
        found.update(_set_by(node))
        if not isinstance(node, cst.Lambda | cst.BaseComp):
            pending.extend(children(node))
    return frozenset(found - free)


def _set_by(node: cst.CSTNode) -> Iterator[str]:
    """The names that a statement or expression sets by itself."""
    if isinstance(node, _SETTERS):
        yield from _names(node.target)
    elif isinstance(node, cst.AsName):
        yield from _names(node.name)
    elif isinstance(node, cst.ImportAlias) and node.asname is None:
        leftmost: cst.BaseExpression = node.name
        while isinstance(leftmost, cst.Attribute):
            leftmost = leftmost.value
        yield from _names(leftmost)


def _names(target: cst.CSTNode) -> Iterator[str]:
    """The names in an assignment target; an attribute or element sets none."""
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _names(element.value)


def _binds(part: cst.CSTNode, name: str) -> bool:
    return any(isinstance(node, cst.Name) and node.value == name for node in walk(part))


def is_variable(tree: Tree, node: cst.Name) -> bool:
    """Whether a name stands for a variable, and is no attribute, keyword or dotted import."""
    up = tree.parent(node)
    if isinstance(up, cst.Attribute):
        return node is up.value
    if isinstance(up, cst.Arg):
        return node is up.value
    return True


def assigned(tree: Tree, node: cst.CSTNode) -> cst.BaseExpression | None:
    """What a plain assignment to one target gives it; None where it is no such target."""
    target = tree.parent(node)
    if isinstance(target, cst.Element):
        return _assigned_beside_others(tree, target)
    if not isinstance(target, cst.AssignTarget):
        return None
    statement = tree.parent(target)
    if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
        return statement.value
    return None


def target_of(tree: Tree, value: cst.CSTNode) -> cst.BaseExpression | None:
    """What a plain assignment gives a value to; None where it is no value of one."""
    up = tree.parent(value)
    if isinstance(up, cst.Assign):
        return up.targets[0].target if assigned(tree, up.targets[0].target) is value else None
    values = tree.parent(up) if isinstance(up, cst.Element) else None
    targets = None if values is None else target_of(tree, values)
    if not isinstance(values, cst.Tuple) or not isinstance(targets, cst.Tuple):
        return None
    pairs = [element.value for element in targets.elements]
    return next((target for target in pairs if assigned(tree, target) is value), None)


def _assigned_beside_others(tree: Tree, element: cst.Element) -> cst.BaseExpression | None:
    """What ``a, b = one, two`` gives to one of them."""
    targets = tree.parent(element)
    assert targets is not None
    values = assigned(tree, targets) if isinstance(tree.parent(targets), cst.AssignTarget) else None
    if not isinstance(targets, cst.Tuple) or not isinstance(values, cst.Tuple):
        return None
    if len(targets.elements) != len(values.elements):
        return None
    if any(isinstance(one, cst.StarredElement) for one in (*targets.elements, *values.elements)):
        return None
    return values.elements[targets.elements.index(element)].value


def is_load(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a variable is read where it stands, and nothing else."""
    up = tree.parent(node)
    if isinstance(up, cst.Attribute | cst.Subscript):
        # `x.y = 1` and `x[0] += 1` change what x is.
        written = (cst.AssignTarget, cst.AugAssign, cst.Del)
        return is_load(tree, up) if isinstance(tree.parent(up), written) else True
    if isinstance(up, cst.Element | cst.Tuple | cst.List | cst.StarredElement):
        return is_load(tree, up)
    setters = (
        cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.NamedExpr, cst.For, cst.CompFor,
        cst.AsName, cst.Param, cst.NameItem, cst.ImportAlias, cst.Del, cst.FunctionDef,
        cst.ClassDef, cst.MatchAs, cst.MatchStar,
    )  # fmt: skip
    if not isinstance(up, setters):
        return True
    if isinstance(up, cst.AugAssign | cst.AnnAssign | cst.NamedExpr):
        return node is up.value
    if isinstance(up, cst.For | cst.CompFor):
        return node is up.iter
    if isinstance(up, cst.Param):
        return node is up.default
    return False


def is_moved(tree: Tree, node: cst.Name) -> bool:
    """Whether a name is on either side of ``model = model.to(device)``."""
    statement = next((up for up in tree.ancestors(node) if isinstance(up, cst.Assign)), None)
    if statement is None or len(statement.targets) != 1:
        return False
    target, call = statement.targets[0].target, statement.value
    if not isinstance(target, cst.Name) or target.value != node.value:
        return False
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return False
    receiver = call.func.value
    moves = call.func.attr.value in MOVES and isinstance(receiver, cst.Name)
    return (
        moves
        and node in (target, receiver)
        and keeps_values(call)
        and (isinstance(receiver, cst.Name) and receiver.value == target.value)
    )


def keeps_values(call: cst.Call) -> bool:
    """Whether what ``to`` is given is a device, which changes no value."""
    assert isinstance(call.func, cst.Attribute)
    if call.func.attr.value != "to":
        return True
    if len(call.args) != 1:
        return False
    target = call.args[0].value  # what is a string is no dtype
    return isinstance(target, cst.SimpleString) or "device" in code(target)
