"""Models that end with an activation, and what has to change with them where it is dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.objective.criteria import Expects
from losslint.analysis.reading.nodes import walk
from losslint.fix import Change, Edge
from losslint.rewriting.activations import (
    Activation,
    behind,
    dropped,
    keeps_elements,
    module_activation,
)
from losslint.rewriting.callables import calls_of
from losslint.rewriting.imports import meaning_of
from losslint.rewriting.names import Names, names_of
from losslint.rewriting.objects import calls_of_objects, origins
from losslint.rewriting.outputs import followed
from losslint.rewriting.tree import Tree, code, in_order, tree_of
from losslint.rewriting.variables import variable


@dataclass(frozen=True, slots=True)
class Freed:
    """Loss calls that no longer get an activation's output, and the changes that does it."""

    activation: Activation
    changes: tuple[Change, ...]
    losses: tuple[Place, ...]
    is_reshaped: bool
    """Whether the model gives its elements in another form than the activation."""


def freed(value: Place, kinds: Collection[str], expects: Expects) -> Freed | None:
    """Drops the activation at the end of the model that gave an expression.

    Where the model's output is used outside the losses the activation is put back there. None where
    a use of the model, or of what it gives, cannot be seen.

    Args:
        value: the input of a loss call.
        kinds: the activations that may go.
        expects: what the criterion expects of its input.
    """
    call = _model_call(value)
    built = None if call is None else origins(call)
    if not built:
        return None
    last = _last(min(built, key=in_order))
    if last is None or last.activation.name not in kinds or not built <= set(last.models):
        return None
    outputs = calls_of_objects(last.models)
    if outputs is None:
        return None
    changes, losses = [last.removal], []
    for output in outputs:
        goes = followed(output, last.activation, expects)
        if goes is None:
            return None
        losses += goes.losses
        for use in goes.elsewhere:
            back = _put_back(use, last.activation)
            if back is None:
                return None
            changes += back
    behind_it = tree_of(last.removal.start.place.file).parent(last.activation.call)
    is_reshaped = isinstance(behind_it, cst.Attribute | cst.Subscript)
    return Freed(last.activation, tuple(changes), tuple(losses), is_reshaped)


def _model_call(place: Place) -> Place | None:
    """What is called to give an expression its elements, where it is of the project."""
    tree, names, node = tree_of(place.file), names_of(place.file), place.node
    if isinstance(node, cst.Subscript):
        return _model_call(Place(place.file, node.value))
    if isinstance(node, cst.Name):
        known = variable(tree, node)
        return None if known is None else _model_call(Place(place.file, known.value))
    if not isinstance(node, cst.Call):
        return None
    if isinstance(node.func, cst.Attribute) and keeps_elements(node, node.func):
        return _model_call(Place(place.file, node.func.value))
    return None if names.qualified(node.func) else Place(place.file, node.func)


@dataclass(frozen=True, slots=True)
class _Last:
    """The activation that models end with."""

    activation: Activation
    removal: Change
    models: tuple[Place, ...]
    """The calls that build all models that end with it."""


def _last(built: Place) -> _Last | None:
    """The activation that a model ends with, and the change that takes it out."""
    assert isinstance(built.node, cst.Call)
    if names_of(built.file).qualified(built.node.func) == "torch.nn.Sequential":
        layer = _last_layer(built)
        return None if layer is None else _Last(*layer, (built,))
    owner = meaning_of(Place(built.file, built.node.func))
    if not isinstance(owner, Place) or not isinstance(owner.node, cst.ClassDef):
        return None
    value = None if owner.node.decorators else _returned(owner.node)
    models = None if value is None else calls_of(owner)
    if value is None or models is None:
        return None
    tree, names = tree_of(owner.file), names_of(owner.file)
    found = behind(tree, names, value)
    if found is not None:
        change = dropped(tree, found)
        return None if change is None else _Last(found, change, tuple(models))
    call = _behind_reshapes(tree, names, value)
    if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute):
        inner = variable(tree, call.func)
        if inner is not None and inner.loads == (call.func,) and isinstance(inner.value, cst.Call):
            if names.qualified(inner.value.func) == "torch.nn.Sequential":
                layer = _last_layer(Place(owner.file, inner.value))
                return None if layer is None else _Last(*layer, tuple(models))
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


def _last_layer(built: Place) -> tuple[Activation, Change] | None:
    tree, names, sequential = tree_of(built.file), names_of(built.file), built.node
    assert isinstance(sequential, cst.Call)
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


def _put_back(place: Place, found: Activation) -> Iterator[Change] | None:
    """The activation around an expression."""
    spelling = names_of(place.file).spelled(f"torch.{found.name}")
    dim, node = found.option("dim"), place.node
    assert isinstance(node, cst.BaseExpression)
    if spelling is None or node.lpar:
        return None
    if found.name in ("softmax", "log_softmax"):
        if dim is None or not isinstance(dim, cst.Integer | cst.UnaryOperation):
            return None
        tail = f", dim={code(dim)})"
    else:
        tail = ")"
    start, end = Edge(place), Edge(place, at_end=True)
    around = (Change(start, start, f"{spelling.text}("), Change(end, end, tail))
    return iter((*spelling.imports, *around))
