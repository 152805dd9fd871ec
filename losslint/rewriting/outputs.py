"""Everything that becomes of what a model gives, in the file that calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.objective.criteria import BY_FUNCTION, BY_MODULE, Expects
from losslint.rewriting.activations import Activation, keeps_elements
from losslint.rewriting.criteria import given
from losslint.rewriting.names import FUNCTIONAL, Names, names_of
from losslint.rewriting.objects import origins
from losslint.rewriting.references import is_private
from losslint.rewriting.tree import Tree, code, tree_of
from losslint.rewriting.variables import variable

_SAME_ORDER = ("sigmoid", "tanh")
"""Activations after which the largest of any elements is the largest still."""


@dataclass(slots=True)
class Outputs:
    """Where an output goes."""

    losses: list[Place] = field(default_factory=list)
    """Loss calls of the kind that was asked for, of which it is the input."""
    elsewhere: list[Place] = field(default_factory=list)
    """Expressions that read it for something else, to which the activation matters."""


def followed(call: Place, found: Activation, expects: Expects) -> Outputs | None:
    """Where what a call of a model gives goes; None where that cannot be seen.

    Args:
        call: a call of a model.
        found: the activation that the model ends with.
        expects: what the criteria expect that count as losses.
    """
    outputs, tree = Outputs(), tree_of(call.file)
    end = _passed_on(call)
    up = tree.parent(end)
    if isinstance(up, cst.Assign):
        target = up.targets[0].target
        known = variable(tree, target) if isinstance(target, cst.Name) else None
        if known is None or known.value is not end:
            return None
        if known.scope is tree.root and not is_private(Place(call.file, target)):
            return None
        for load in known.loads:
            _sort(Place(call.file, load), found, expects, outputs)
        if not outputs.losses and outputs.elsewhere:
            outputs.elsewhere = [call]
        return outputs
    _sort(call, found, expects, outputs)
    return outputs


def _sort(place: Place, found: Activation, expects: Expects, outputs: Outputs) -> None:
    tree, end = tree_of(place.file), _passed_on(place)
    up = tree.parent(end)
    call = tree.parent(up) if isinstance(up, cst.Arg) else None
    if isinstance(call, cst.Call) and given(call) is end:
        loss = Place(place.file, call)
        if criterion_expects(loss) is expects:
            outputs.losses.append(loss)
            return
    if not _is_largest(tree, names_of(place.file), end, found):
        outputs.elsewhere.append(place)


def _passed_on(place: Place) -> cst.CSTNode:
    """The outermost expression with the same elements as one inside it."""
    names, tree, current = names_of(place.file), tree_of(place.file), place.node
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


def criterion_expects(call: Place) -> Expects | None:
    """What the criterion expects that a call is of; None where it is none of torch."""
    assert isinstance(call.node, cst.Call)
    full = names_of(call.file).qualified(call.node.func)
    if full:
        space, _, last = full.rpartition(".")
        known = BY_FUNCTION.get(last) if space == FUNCTIONAL else None
        return None if known is None else known.expects
    built = origins(Place(call.file, call.node.func))
    found = {_expected_by(one) for one in built or ()}
    return found.pop() if len(found) == 1 else None


def _expected_by(built: Place) -> Expects | None:
    assert isinstance(built.node, cst.Call)
    space, _, last = names_of(built.file).qualified(built.node.func).rpartition(".")
    module = BY_MODULE.get(last) if space == "torch.nn" else None
    return None if module is None else module.expects


def _is_largest(tree: Tree, names: Names, node: cst.CSTNode, found: Activation) -> bool:
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
