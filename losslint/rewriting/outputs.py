"""Everything that becomes of what a model gives, as far as one file shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from losslint.analysis.criteria import BY_FUNCTION, BY_MODULE, Expects
from losslint.rewriting.activations import Activation, keeps_elements
from losslint.rewriting.criteria import given
from losslint.rewriting.names import FUNCTIONAL, Names
from losslint.rewriting.tree import Tree, code
from losslint.rewriting.variables import constructed, variable

_SAME_ORDER = ("sigmoid", "tanh")
"""Activations after which the largest of any elements is the largest still."""


@dataclass(slots=True)
class Outputs:
    """Where an output goes."""

    losses: list[cst.Call] = field(default_factory=list)
    """Loss calls of the kind that was asked for, of which it is the input."""
    elsewhere: list[cst.BaseExpression] = field(default_factory=list)
    """Expressions that read it for something else, to which the activation matters."""


def followed(
    tree: Tree, names: Names, node: cst.BaseExpression, found: Activation, expects: Expects
) -> Outputs | None:
    """Where the value of an expression goes; None where that cannot be seen.

    Args:
        tree: the file.
        names: what the file calls things.
        node: a call of a model.
        found: the activation that the model ends with.
        expects: what the criteria expect that count as losses.
    """
    outputs = Outputs()
    end = _passed_on(names, tree, node)
    up = tree.parent(end)
    if isinstance(up, cst.Assign):
        target = up.targets[0].target
        known = variable(tree, target) if isinstance(target, cst.Name) else None
        if known is None or known.value is not end:
            return None
        for load in known.loads:
            _sort(tree, names, load, found, expects, outputs)
        if not outputs.losses and outputs.elsewhere:
            outputs.elsewhere = [node]
        return outputs
    _sort(tree, names, node, found, expects, outputs)
    return outputs


def _sort(
    tree: Tree,
    names: Names,
    node: cst.BaseExpression,
    found: Activation,
    expects: Expects,
    outputs: Outputs,
) -> None:
    end = _passed_on(names, tree, node)
    up = tree.parent(end)
    call = tree.parent(up) if isinstance(up, cst.Arg) else None
    if isinstance(call, cst.Call) and given(call) is end:
        if criterion_expects(tree, names, call) is expects:
            outputs.losses.append(call)
            return
    if not _is_largest(tree, names, end, found):
        outputs.elsewhere.append(node)


def _passed_on(names: Names, tree: Tree, node: cst.BaseExpression) -> cst.BaseExpression:
    """The outermost expression with the same elements as one inside it."""
    current = node
    while True:
        up = tree.parent(current)
        if isinstance(up, cst.Subscript) and up.value is current:
            current = up
            continue
        if isinstance(up, cst.Attribute) and up.value is current:
            if up.attr.value == "data":
                current = up
                continue
            call = tree.parent(up)
            if isinstance(call, cst.Call) and call.func is up and not names.qualified(up):
                if up.attr.value == "detach" or keeps_elements(call, up):
                    current = call
                    continue
        return current


def criterion_expects(tree: Tree, names: Names, call: cst.Call) -> Expects | None:
    """What the criterion expects that a call is of; None where it is none of torch."""
    full = names.qualified(call.func)
    space, _, last = full.rpartition(".")
    if full:
        known = BY_FUNCTION.get(last) if space == FUNCTIONAL else None
        return None if known is None else known.expects
    built: cst.BaseExpression = call.func
    if isinstance(built, cst.Name | cst.Attribute):
        criterion = variable(tree, built)
        if criterion is None:
            return None
        built = criterion.value
    built = constructed(built) or built
    if not isinstance(built, cst.Call):
        return None
    space, _, last = names.qualified(built.func).rpartition(".")
    module = BY_MODULE.get(last) if space == "torch.nn" else None
    return None if module is None else module.expects


def _is_largest(tree: Tree, names: Names, node: cst.BaseExpression, found: Activation) -> bool:
    """Whether only the index of the largest element is taken, which no activation changes."""
    up = tree.parent(node)
    if isinstance(up, cst.Arg):
        call = tree.parent(up)
        if not isinstance(call, cst.Call) or call.args[0] is not up:
            return False
        name = names.qualified(call.func).removeprefix("torch.")
        rest = call.args[1:]
    else:
        call = tree.parent(up) if isinstance(up, cst.Attribute) else None
        if not isinstance(call, cst.Call) or not isinstance(up, cst.Attribute):
            return False
        if call.func is not up:
            return False
        name, rest = up.attr.value, call.args
    if name not in ("argmax", "max") or not _same_dim(rest, found):
        return False
    return name == "argmax" or _takes_index(tree, call)


def _same_dim(arguments: Sequence[cst.Arg], found: Activation) -> bool:
    """Whether the largest is looked for along the dimension of a softmax."""
    dims = [
        code(argument.value)
        for argument in arguments
        if argument.keyword is None or argument.keyword.value == "dim"
    ]
    if found.name in _SAME_ORDER:
        return True
    dim = found.option("dim")
    return dim is not None and dims[:1] == [code(dim)]


def _takes_index(tree: Tree, call: cst.Call) -> bool:
    """Whether of the two results of ``max`` only the second is used."""
    up = tree.parent(call)
    if isinstance(up, cst.Attribute):
        return up.attr.value == "indices"
    if isinstance(up, cst.Subscript):
        return [code(one.slice) for one in up.slice] == ["1"]
    if isinstance(up, cst.Assign) and isinstance(up.targets[0].target, cst.Tuple):
        return next(_elements(up.targets[0].target), "") == "_"
    return False


def _elements(target: cst.Tuple) -> Iterator[str]:
    return (code(element.value) for element in target.elements)
