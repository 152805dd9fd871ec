"""Values into targets: names, attributes, items, and unpacking."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.containers import element, elements
from losslint.analysis.domain.joins import join_alternatives, widest, without_none
from losslint.analysis.domain.values import (
    NONE,
    TRUE,
    Act,
    Alternative,
    Class,
    Instance,
    Namespace,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.objective.learned_weights import tend
from losslint.analysis.objective.watched import looked_at
from losslint.analysis.python.attributes import GRADIENT, setter
from losslint.analysis.python.items import set_item
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.training.gradient_flow import require_gradient
from losslint.analysis.training.handling import FROZEN, THAWED, WRITTEN, note_handling
from losslint.analysis.training.strays import note_stray
from losslint.analysis.training.trace import Backward, SetWeights, ZeroGrad

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def assign(run: Interpreter, target: cst.CSTNode, value: Value) -> None:
    """Gives a value to an assignment target."""
    if isinstance(target, cst.Name):
        bind_name(run, target.value, value)
    elif isinstance(target, cst.Attribute):
        set_attribute(run, run.eval(target.value), target.attr.value, value, target)
    elif isinstance(target, cst.Subscript):
        set_item(run, run.eval(target.value), target, value)
    elif isinstance(target, cst.Tuple | cst.List):
        _unpack(run, target, value)
    elif isinstance(target, cst.StarredElement):
        assign(run, target.value, value)


def bind_name(run: Interpreter, name: str, value: Value) -> None:
    """Gives a value to a name in the scope that owns it."""
    frame = run.frame
    if name in frame.globals:
        run.heap.set(frame.scope.module.slots, name, value)
    elif name in frame.nonlocals:
        run.heap.set(frame.nonlocals[name], name, value)
    else:
        run.heap.set(frame.scope.slots, name, value)


def _unpack(run: Interpreter, target: cst.Tuple | cst.List, value: Value) -> None:
    parts = target.elements
    star = next((i for i, p in enumerate(parts) if isinstance(p, cst.StarredElement)), None)
    if isinstance(value, Union):
        columns = _columns(run, value, len(parts)) if star is None else None
        if columns is not None:
            for part, column in zip(parts, columns, strict=True):
                assign(run, part.value, column)
            return
    known = elements(run, value)
    if known is not None and len(known) > 1 and all(item == known[0] for item in known):
        known = [_any_of(item) for item in known]
    if known is not None and star is None and len(known) == len(parts):
        for part, item in zip(parts, known, strict=True):
            assign(run, part.value, item)
    elif known is not None and star is not None and len(known) >= len(parts) - 1:
        behind = len(parts) - star - 1
        middle = run.new_list(known[star : len(known) - behind])
        items = [*known[:star], middle, *known[len(known) - behind :]]
        for part, item in zip(parts, items, strict=True):
            assign(run, part.value, item)
    else:
        for index, part in enumerate(parts):
            item = _any_of(element(run, value, part, index))
            known_parts = star is not None or isinstance(value, Instance)
            assign(run, part.value, item if known_parts else _of_another(item))


def _any_of(item: Value) -> Value:
    """An item of several that are all alike: which of some tensors it is, is not known."""
    if isinstance(item, Union) and all(isinstance(one.value, Tensor) for one in item.alternatives):
        return widest([one.value for one in item.alternatives])
    return item


def _of_another(item: Value) -> Value:
    """An item of what is unpacked like a tuple, though it is one tensor as far as is known.

    A batch has no certain number of rows: where the layers of a network gave it, the code is for
    another network.
    """
    if isinstance(item, Tensor) and any(isinstance(one, int) for one in item.deps):
        return item.but(act=Act.UNKNOWN)
    return item


def _columns(run: Interpreter, value: Union, width: int) -> list[Value] | None:
    """A choice of tuples as a tuple of choices, of which one of another width would have raised."""

    rows: list[tuple[Alternative, list[Value]]] = []
    tuples = any(isinstance(one.value, Tuple) for one in value.alternatives)
    for one in value.alternatives:
        if tuples and isinstance(one.value, Tensor):
            continue  # what cannot be unpacked is none of the choice
        known = elements(run, one.value)
        if known is None:
            known = [element(run, one.value, None, index) for index in range(width)]
        if len(known) != width:
            continue
        rows.append((one, known))
    if not rows:
        return None
    if len(rows) < len(value.alternatives):
        first, *others = [one.when for one, _ in rows]
        run.frame.assumed |= first.intersection(*others)
    return [
        join_alternatives(Alternative(items[i], one.when, one.configs) for one, items in rows)
        for i in range(width)
    ]


def _symbol_for(
    run: Interpreter, target: Unknown, value: Value, node: cst.CSTNode
) -> Hashable | None:
    """A symbol for what has none and is given a layer, so that its variable is known by it."""
    variable = node.value if isinstance(node, cst.Attribute) else None
    if not isinstance(variable, cst.Name) or not isinstance(value, Instance):
        return None
    key = ("given", id(node))
    run.assign(variable, replace(target, key=key))
    return key


def set_attribute(
    run: Interpreter, target: Value, name: str, value: Value, node: cst.CSTNode
) -> None:
    """``target.name = value``, a property's setter included."""
    target = without_none(target)
    looked_at(run, value)
    if isinstance(target, Tensor):
        tend(run, target)
        _note_handling(run, target, name, value, node)
    if name == "requires_grad" and value == TRUE and isinstance(node, cst.Attribute):
        made = require_gradient(run, node, target, dotted(node.value))
        if isinstance(made, Tensor | Unknown) and isinstance(node.value, cst.Name | cst.Attribute):
            assign(run, node.value, made)
        return
    if isinstance(target, Instance):
        if isinstance(target.cls, Class):
            if setter(run, target, name, value, node):
                return
        run.heap.set(target.slots, name, value)
        note_stray(run, target, name, value, node)
    elif isinstance(target, Class):
        run.heap.set(target.slots, name, value)
    elif isinstance(target, Namespace):
        run.heap.set(target.module.slots, name, value)
    elif isinstance(target, Unknown):
        key = target.key
        if key is None:
            key = _symbol_for(run, target, value, node)
        if key is not None:
            run.heap.set(run.symbols, (key, name), value)
    elif isinstance(target, Union):
        for one in target.alternatives:
            if isinstance(one.value, Instance | Class):
                set_attribute(run, one.value, name, value, node)
    if name in GRADIENT and not isinstance(target, Instance):
        _write_gradient(run, target, value, node)


def _note_handling(
    run: Interpreter, parameter: Tensor, name: str, value: Value, node: cst.CSTNode
) -> None:
    """``p.requires_grad = False``, or another attribute of a parameter that is written."""
    how = WRITTEN
    if name == "requires_grad":
        how = THAWED if value == TRUE else FROZEN
    note_handling(run, parameter.owner, how)
    if name == "data" and parameter.owner:
        run.act(SetWeights(run.place(node), parameter.owner))


def _write_gradient(run: Interpreter, target: Value, value: Value, node: cst.CSTNode) -> None:
    """``p.grad = ...``: None or zeros clear it, anything else is a gradient made by hand."""
    owner = target.owner if isinstance(target, Tensor) else None
    if value == NONE or (isinstance(value, Tensor) and value.shape == "blank"):
        run.act(ZeroGrad(run.place(node), owners=owner))
    elif isinstance(value, Tensor):
        run.act(ZeroGrad(run.place(node), owners=owner))
        run.act(Backward(run.place(node), owner or frozenset()))
    else:
        run.act(ZeroGrad(run.place(node), owners=owner, certain=False))
