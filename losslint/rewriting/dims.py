"""The dimension of the classes, where the code says which it is."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.fix import Change, Edge, Fix, Safety, offered, replaced
from losslint.rewriting.activations import LOG_SOFTMAX, SOFTMAX, behind
from losslint.rewriting.criteria import given
from losslint.rewriting.names import Names, names_of
from losslint.rewriting.tree import Tree, code, tree_of
from losslint.rewriting.variables import variable

_LAYERS = {
    "Linear": (-1, 1, "out_features"),
    "LazyLinear": (-1, 0, "out_features"),
    "Bilinear": (-1, 2, "out_features"),
    "Conv2d": (1, 1, "out_channels"),
    "Conv3d": (1, 1, "out_channels"),
    "ConvTranspose2d": (1, 1, "out_channels"),
    "ConvTranspose3d": (1, 1, "out_channels"),
}
"""The dimension of the classes in what a layer gives, and where it is told how many there are."""


def explicit_dim(place: Place) -> Fix | None:
    """Says over which dimension a softmax runs: that of the classes of the layer before it."""
    tree, names, node = tree_of(place.file), names_of(place.file), place.node
    if not isinstance(node, cst.Call) or any(argument.star for argument in node.args):
        return None
    inputs = _inputs(tree, names, node)
    dims = {_class_dim(tree, names, one) for one in inputs}
    dim = dims.pop() if len(dims) == 1 else None
    if dim is None:
        return None
    return offered(f"softmax over dim={dim}", Safety.UNSAFE, _with_dim(place, node, dim))


def over_the_classes(place: Place) -> Fix | None:
    """Another dim for the softmax of rows of classes that a loss call is given."""
    tree, names = tree_of(place.file), names_of(place.file)
    value = given(place.node) if isinstance(place.node, cst.Call) else None
    found = None if value is None else behind(tree, names, value)
    if found is None or found.is_module or found.name not in (SOFTMAX, LOG_SOFTMAX):
        return None
    dim = found.option("dim")
    if dim is None or code(dim) not in ("0", "-2"):
        return None
    return offered("softmax over dim=1", Safety.UNSAFE, replaced(tree.place(dim), "1"))


def _with_dim(place: Place, node: cst.Call, dim: int) -> Change | None:
    for argument in node.args:
        if code(argument.value) == "None":
            return replaced(Place(place.file, argument.value), str(dim))
    if node.args:
        end = Edge(Place(place.file, node.args[-1].value), at_end=True)
        return None if node.args[-1].value.lpar else Change(end, end, f", dim={dim}")
    if "#" in code(node):
        return None
    return replaced(place, f"{code(node.func)}(dim={dim})")


def _inputs(tree: Tree, names: Names, node: cst.Call) -> list[cst.BaseExpression]:
    """What a softmax is given; for a module, at each of its calls or in its Sequential."""
    if names.qualified(node.func).startswith("torch.nn.functional."):
        return [node.args[0].value] if node.args and node.args[0].keyword is None else []
    up = tree.parent(node)
    if isinstance(up, cst.Arg):
        whole = tree.parent(up)
        if isinstance(whole, cst.Call) and names.qualified(whole.func) == "torch.nn.Sequential":
            position = list(whole.args).index(up)
            return [whole.args[position - 1].value] if position else []
    if isinstance(up, cst.Call) and up.func is node:
        return [up.args[0].value] if len(up.args) == 1 else []
    statement = up.targets[0].target if isinstance(up, cst.Assign) else None
    known = variable(tree, statement) if statement is not None else None
    if known is None or known.value is not node:
        return []
    calls = [tree.parent(load) for load in known.loads]
    if not all(isinstance(one, cst.Call) and len(one.args) == 1 for one in calls):
        return []
    return [one.args[0].value for one in calls if isinstance(one, cst.Call)]


def _class_dim(tree: Tree, names: Names, node: cst.BaseExpression, depth: int = 0) -> int | None:
    """The dimension of the classes in what a layer gives."""
    if depth > 4:
        return None
    if isinstance(node, cst.Name):
        known = variable(tree, node)
        return None if known is None else _class_dim(tree, names, known.value, depth + 1)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
        return _class_dim(tree, names, node.left, depth + 1)
    if not isinstance(node, cst.Call):
        return None
    built: cst.BaseExpression = node
    if isinstance(node.func, cst.Name | cst.Attribute) and not names.qualified(node.func):
        known = variable(tree, node.func)
        built = node if known is None else known.value
    elif isinstance(node.func, cst.Call):
        built = node.func
    if not isinstance(built, cst.Call):
        return None
    module, _, name = names.qualified(built.func).rpartition(".")
    if module != "torch.nn" or name not in _LAYERS:
        return None
    dim, position, keyword = _LAYERS[name]
    size = given(built, position, keyword)
    if size is None or code(size) == "1":
        return None  # one score for each of several things: these are what competes
    return dim
