"""Models that end with an activation, and what has to change with them where it is dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import libcst as cst

from losslint.analysis.criteria import Expects
from losslint.analysis.nodes import walk
from losslint.fix import Change, Edge
from losslint.rewriting.activations import (
    Activation,
    behind,
    dropped,
    keeps_elements,
    module_activation,
)
from losslint.rewriting.names import Names
from losslint.rewriting.outputs import followed
from losslint.rewriting.tree import Tree, code
from losslint.rewriting.variables import Variable, constructed, variable

_ON_THE_MODEL = frozenset(
    "parameters named_parameters state_dict load_state_dict zero_grad apply modules children "
    "named_modules".split()
)
_IN_PLACE = frozenset("train eval to cuda cpu requires_grad_".split())
"""Methods that give the model itself, so that what they give must be left alone."""


@dataclass(frozen=True, slots=True)
class Freed:
    """Loss calls that no longer get an activation's output, and the changes that does it."""

    activation: Activation
    changes: tuple[Change, ...]
    losses: tuple[cst.Call, ...]


def freed(
    tree: Tree, names: Names, node: cst.BaseExpression, kinds: Collection[str], expects: Expects
) -> Freed | None:
    """Drops the activation at the end of the model that gave an expression.

    Where the model's output is used outside the losses the activation is put back there. None where
    a use of the model, or of what it gives, cannot be seen.
    """
    call = _model_call(tree, names, node)
    model = variable(tree, call.func) if call is not None else None
    if model is None:
        return None
    built = constructed(model.value)
    last = None if built is None else _last(tree, names, built)
    if last is None or last[0].name not in kinds:
        return None
    found, removal = last
    outputs = _outputs(tree, model)
    if outputs is None:
        return None
    changes, losses = [removal], []
    for output in outputs:
        goes = followed(tree, names, output, found, expects)
        if goes is None:
            return None
        losses += goes.losses
        for use in goes.elsewhere:
            back = _put_back(tree, names, use, found)
            if back is None:
                return None
            changes += back
    return Freed(found, tuple(changes), tuple(losses))


def _model_call(tree: Tree, names: Names, node: cst.BaseExpression) -> cst.Call | None:
    """The call of a variable that gave an expression its elements."""
    if isinstance(node, cst.Subscript):
        return _model_call(tree, names, node.value)
    if isinstance(node, cst.Name):
        known = variable(tree, node)
        return None if known is None else _model_call(tree, names, known.value)
    if not isinstance(node, cst.Call):
        return None
    if isinstance(node.func, cst.Attribute) and keeps_elements(node, node.func):
        return _model_call(tree, names, node.func.value)
    is_variable = isinstance(node.func, cst.Name | cst.Attribute)
    return node if is_variable and not names.qualified(node.func) else None


def _last(tree: Tree, names: Names, built: cst.Call) -> tuple[Activation, Change] | None:
    """The activation that a model ends with, and the change that takes it out."""
    if names.qualified(built.func) == "torch.nn.Sequential":
        return _last_layer(tree, names, built)
    if not isinstance(built.func, cst.Name):
        return None
    owner = _only_class(tree, built)
    value = None if owner is None else _returned(owner)
    if value is None:
        return None
    found = behind(tree, names, value)
    if found is not None:
        change = dropped(tree, found)
        return None if change is None else (found, change)
    call = _behind_reshapes(tree, names, value)
    if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute):
        inner = variable(tree, call.func)
        if inner is not None and inner.loads == (call.func,) and isinstance(inner.value, cst.Call):
            if names.qualified(inner.value.func) == "torch.nn.Sequential":
                return _last_layer(tree, names, inner.value)
    return None


def _behind_reshapes(tree: Tree, names: Names, node: cst.BaseExpression) -> cst.BaseExpression:
    """What gave an expression its elements, and nothing else."""
    if isinstance(node, cst.Subscript):
        return _behind_reshapes(tree, names, node.value)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if keeps_elements(node, node.func) and not names.qualified(node.func):
            return _behind_reshapes(tree, names, node.func.value)
    if isinstance(node, cst.Name):
        known = variable(tree, node)
        if known is not None and known.loads == (node,):
            return _behind_reshapes(tree, names, known.value)
    return node


def _last_layer(tree: Tree, names: Names, sequential: cst.Call) -> tuple[Activation, Change] | None:
    if len(sequential.args) < 2 or any(one.star or one.keyword for one in sequential.args):
        return None
    before, last = sequential.args[-2:]
    found = module_activation(names, last.value)
    if found is None or before.value.lpar or last.value.lpar:
        return None
    start, end = Edge(tree.place(last.value)), Edge(tree.place(last.value), at_end=True)
    closed_below = isinstance(last.whitespace_after_arg, cst.ParenthesizedWhitespace)
    if _ends_line(before) and (_ends_line(last) or closed_below):
        return found, Change(start, end, "", "whole")
    if "#" in code(before.comma):  # type: ignore[arg-type]  # there is one: another argument follows
        return None
    return found, Change(Edge(tree.place(before.value), at_end=True), end, "")


def _ends_line(argument: cst.Arg) -> bool:
    comma = argument.comma
    return isinstance(comma, cst.Comma) and isinstance(
        comma.whitespace_after, cst.ParenthesizedWhitespace
    )


def _only_class(tree: Tree, built: cst.Call) -> cst.ClassDef | None:
    """The class of this file that is built here, and nowhere else in the file."""
    name = built.func
    assert isinstance(name, cst.Name)
    found: cst.ClassDef | None = None
    for node in walk(tree.root):
        if not isinstance(node, cst.Name) or node.value != name.value or node is name:
            continue
        up = tree.parent(node)
        call = tree.parent(up) if isinstance(up, cst.Arg) else None
        if isinstance(up, cst.Annotation):
            continue
        if isinstance(up, cst.ClassDef) and up.name is node and found is None:
            found = up
        elif not (isinstance(call, cst.Call) and code(call.func) == "super"):
            return None
    return found if found is not None and tree.parent(found) is tree.root else None


def _returned(owner: cst.ClassDef) -> cst.BaseExpression | None:
    """What ``forward`` returns, where it does in one place and nothing else calls it."""
    methods = [node for node in owner.body.body if isinstance(node, cst.FunctionDef)]
    forward = [method for method in methods if method.name.value == "forward"]
    if len(forward) != 1 or any(method.name.value == "__call__" for method in methods):
        return None
    for node in walk(owner.body):
        if isinstance(node, cst.Call) and code(node.func) in ("self", "self.forward"):
            return None
    returns = [node for node in walk(forward[0].body) if isinstance(node, cst.Return)]
    return returns[0].value if len(returns) == 1 else None


def _outputs(tree: Tree, model: Variable) -> list[cst.Call] | None:
    """The calls of a model; None where it is used in a way that cannot be followed."""
    found: list[cst.Call] = []
    for load in model.loads:
        up = tree.parent(load)
        if isinstance(up, cst.Call) and up.func is load:
            found.append(up)
            continue
        call = tree.parent(up) if isinstance(up, cst.Attribute) and up.value is load else None
        if not isinstance(call, cst.Call) or call.func is not up:
            return None
        assert isinstance(up, cst.Attribute)
        left_alone = isinstance(tree.parent(call), cst.Expr)
        if up.attr.value not in _ON_THE_MODEL and not (up.attr.value in _IN_PLACE and left_alone):
            return None
    return found


def _put_back(
    tree: Tree, names: Names, node: cst.BaseExpression, found: Activation
) -> Iterator[Change] | None:
    """The activation around an expression."""
    spelling = names.spelled(f"torch.{found.name}")
    dim = found.option("dim")
    if spelling is None or spelling.imports or node.lpar:
        return None
    if found.name in ("softmax", "log_softmax"):
        if dim is None or not isinstance(dim, cst.Integer | cst.UnaryOperation):
            return None
        tail = f", dim={code(dim)})"
    else:
        tail = ")"
    start, end = Edge(tree.place(node)), Edge(tree.place(node), at_end=True)
    return iter((Change(start, start, f"{spelling.text}("), Change(end, end, tail)))
