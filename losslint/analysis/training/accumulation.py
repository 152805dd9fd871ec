"""Losses that are kept from one round of a loop to the next, in a sum or a list."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import has_no_graph, is_number
from losslint.analysis.domain.containers import is_dict, keys_of
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.lookup import lineage
from losslint.analysis.domain.marks import NO_GRAD
from losslint.analysis.domain.sizes import SCALAR
from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import (
    Act,
    Class,
    Const,
    Extern,
    Instance,
    Sign,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.watched import looked_at
from losslint.analysis.reading.nodes import same, walk
from losslint.analysis.reading.spelling import dotted, receiver
from losslint.analysis.torch_api.registry import group_of
from losslint.analysis.training.averages import summed
from losslint.analysis.training.counts import names_in, over_batches
from losslint.analysis.training.gradient_flow import is_leaf_alone, is_loss_with_graph, layers_of
from losslint.analysis.training.resets import is_empty, starts_anew
from losslint.analysis.training.trace import KeepLoss

if TYPE_CHECKING:
    from losslint.analysis.domain.heap import Slots
    from losslint.analysis.domain.scope import Round
    from losslint.analysis.interpreter import Interpreter


def losses_in(value: Value) -> frozenset[Hashable]:
    """What says which losses a value is made of: the places of its terms, or its symbols.

    A loss that is written out has neither, and stands for itself, or for what it is summed by.
    """
    found: set[Hashable] = set()
    for one in alternatives_of(value):
        if isinstance(one.value, Tensor):
            found.update(term.place for term in one.value.terms)
            parts = (part for part in one.value.operations if part.kind is OperationKind.PART)
            found.update(part.place for part in parts)
            if _is_written_out(one.value):
                found.add(one.value)
        elif isinstance(one.value, Unknown) and one.value.key is not None:
            found.add(_without_factors(one.value.key))
    return frozenset(found)


def _without_factors(key: Hashable) -> Hashable:
    """The symbol of what was multiplied or divided by numbers."""
    while isinstance(key, tuple) and len(key) == 3 and key[0] in ("*", "/"):
        if not isinstance(key[2], Const) and not is_number(Unknown(key[2])):
            return key
        key = key[1]
    return key


def added(
    run: Interpreter, target: cst.CSTNode, value: Value, made: Value, node: cst.CSTNode
) -> Value:
    """The sum ``made`` of what ``target`` was and a ``value``, about to be its new value."""
    repeating = [one for one in run.looping if one.repeats]
    slot = _slot(run, target) if repeating else None
    if slot is None:
        return made
    outlived = [one for one in repeating if not _written(run, slot, one)]
    if run.looping[-1] in outlived:
        made = summed(run, value, made, node)
    if any(over_batches(run, one.node) for one in outlived):
        made = each(made, _of_all_batches)
    if not run.no_grad and _has_graph(value):
        made = _kept(run, outlived, value, made, dotted(target), node, listed=False)
    run.seen.carried_on[slot] = made, frozenset(one.node for one in outlived)
    return made


def _is_fresh(value: cst.BaseExpression, name: str) -> bool:
    """Whether a value has nothing of what a variable held: it is empty, or comes of a call."""
    if is_empty(value):
        return True
    return isinstance(value, cst.Call | cst.Dict | cst.ListComp) and not any(
        isinstance(one, cst.Attribute) and dotted(one) == name for one in walk(value)
    )


def _of_all_batches(total: Value) -> Value:
    """What was counted over all batches: one of them may have nothing of a kind, all hardly do."""
    if not isinstance(total, Tensor) or total.zero is None or total.zero.kind != "mask":
        return total
    return total.but(zero=None, sign=Sign.POSITIVE)


def assigned(
    run: Interpreter, statement: cst.Assign, sum_of: cst.BinaryOperation, made: Value
) -> Value:
    """The value of ``total = total + value``, where the statement is one like that."""
    target = statement.targets[0].target
    if not isinstance(sum_of.operator, cst.Add):
        return made
    for one, other in ((sum_of.left, sum_of.right), (sum_of.right, sum_of.left)):
        if _is_before(target, one):
            return added(run, target, run.eval(other), made, statement)
        if _is_share_of_before(target, one) and _has_graph(value := run.eval(other)):
            return added(run, target, value, made, statement)
    return made


def _is_share_of_before(target: cst.BaseExpression, value: cst.BaseExpression) -> bool:
    """Whether a value is a part of what a target is up to now, as in a running mean."""
    if not isinstance(value, cst.BinaryOperation):
        return False
    sides = [value.left]
    if isinstance(value.operator, cst.Multiply):
        sides.append(value.right)
    elif not isinstance(value.operator, cst.Divide):
        return False
    return any(_is_before(target, one) or _is_share_of_before(target, one) for one in sides)


def emptied(run: Interpreter, target: cst.CSTNode, value: cst.BaseExpression) -> None:
    """Notes an attribute that is set back in some rounds of the loops around the call."""
    if isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
        for one, other in zip(target.elements, value.elements, strict=False):
            emptied(run, one.value, other.value)
        return
    if _is_fresh(value, dotted(target)):
        cleared(run, target)


def cleared(run: Interpreter, target: cst.CSTNode) -> None:
    """Notes that a total holds nothing any more, if it is an attribute."""
    slot = _slot(run, target) if isinstance(target, cst.Attribute) else None
    if slot is not None:
        around = [one for one in run.looping if one.repeats and slot[0].oid <= one.mark.newest]
        run.seen.emptied.update((run.place(one.node), dotted(target)) for one in around)


def _is_before(target: cst.BaseExpression, value: cst.BaseExpression) -> bool:
    """Whether a value is what a target is up to now: the same expression, or the ``get`` of it."""
    if isinstance(target, cst.Name | cst.Attribute):
        return type(value) is type(target) and dotted(value) == dotted(target)
    if not isinstance(target, cst.Subscript) or len(target.slice) != 1:
        return False
    index = target.slice[0].slice
    if isinstance(value, cst.Call) and value.args and isinstance(value.func, cst.Attribute):
        reads = value.func.attr.value == "get" and same(value.func.value, target.value)
        return reads and isinstance(index, cst.Index) and same(value.args[0].value, index.value)
    return same(value, target)


def listed(run: Interpreter, target: Instance, value: Value, node: cst.CSTNode) -> Value:
    """A ``value`` that is about to be appended to the list ``target``."""
    looked_at(run, value)
    if isinstance(target.cls, Extern) and target.cls.name == "collections.deque":
        return value  # it forgets
    loss = value if _has_graph(value) else next(filter(_has_graph, _parts_of(value)), None)
    if run.no_grad or loss is None:
        return value
    repeating = [one for one in run.looping if one.repeats]
    outlived = [one for one in repeating if target.oid <= one.mark.newest]
    name = dotted(node.target) if isinstance(node, cst.AugAssign) else receiver(node, "the list")
    kept = _kept(run, outlived, loss, loss, name, node, listed=True)
    return kept if loss is value else value


def _parts_of(value: Value) -> Sequence[Value]:
    """What a tuple or a dict holds that is about to be kept."""
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, Instance) and is_dict(value):
        return [value.slots[key] for key in keys_of(value)]
    return ()


def _kept(
    run: Interpreter,
    outlived: list[Round],
    value: Value,
    made: Value,
    total: str,
    node: cst.CSTNode,
    listed: bool,
) -> Value:
    """Notes what outlives rounds of the loops around it, unless these are only a few."""
    around = [one for one in run.looping if one not in outlived]
    outlived = [
        one
        for one in outlived
        if not _trains_members(one.node)
        and not _goes_through_parts(run, one.node)
        and not starts_anew(one.node, total)
    ]
    inside = any(over_batches(run, one.node) for one in around)
    if not outlived or _is_in_test(run):
        return made
    place, loop = run.place(node), outlived[-1].node
    if inside and not over_batches(run, loop):
        return made if listed else each(made, lambda one: _marked(one, OperationKind.PART, place))
    if not _kept_before(value, place):
        losses, around_it = losses_in(value), Place(place.file, loop)
        deps = _depends_on(value)
        graph, passed = _is_of_gradients(value), _passed_by(run, loop, node)
        reached = _reached(value)
        run.act(KeepLoss(place, around_it, losses, total, listed, graph, deps, passed, reached))
    if any(isinstance(one.value, Unknown) for one in alternatives_of(value)):
        return made  # where it goes from here cannot be followed
    return each(made, lambda one: _marked(one, OperationKind.ACCUMULATION, place))


def _passed_by(run: Interpreter, loop: cst.CSTNode, node: cst.CSTNode) -> Place | None:
    """The call that led from a loop to the function that keeps a loss."""
    return None if any(one is node for one in walk(loop)) else run.frame.call


def _marked(total: Value, kind: OperationKind, place: Place) -> Value:
    """A total that can be told by where it is added up."""
    if not isinstance(total, Tensor) or not total.grad:
        return total
    kept = Operation(kind, place, "+", Tensor(terms=total.terms[:1]))
    return total.but(operations=total.operations | {kept})


def _trains_members(loop: cst.CSTNode) -> bool:
    """Whether each round of a loop trains another one of a few models: `agents[i].opt.step()`."""
    if not isinstance(loop, cst.For):
        return False
    bound = {one.value for one in walk(loop.target) if isinstance(one, cst.Name)}
    return any(
        isinstance(one, cst.Call)
        and isinstance(one.func, cst.Attribute)
        and one.func.attr.value in ("step", "zero_grad")
        and any(isinstance(part, cst.Name) and part.value in bound for part in walk(one.func.value))
        for one in walk(loop.body)
    )


def _goes_through_parts(run: Interpreter, loop: cst.CSTNode) -> bool:
    """Whether a network goes through its own layers: ``for i in range(len(self.layers))``."""
    module = run.frame.self
    if not isinstance(module, Instance) or group_of(module) != "module" or over_batches(run, loop):
        return False
    return isinstance(loop, cst.For) and any(
        name.startswith("self.") and isinstance(loop.iter, cst.Call | cst.Attribute)
        for name in names_in(loop.iter)
    )


def _is_in_test(run: Interpreter) -> bool:
    """Whether a unit test is what runs: its rounds are few, and what they hold is soon let go."""
    return any(
        isinstance(base, Extern) and base.name.rpartition(".")[2] == "TestCase"
        for frame in run.frames
        if isinstance(frame.self, Instance) and isinstance(frame.self.cls, Class)
        for base in lineage(frame.self.cls)
    )


def _kept_before(value: Value, place: Place) -> bool:
    """Whether a value is itself a total of losses, which is the one to mend.

    What has become a loss only since it was kept, as inputs do that were put into a list, is none.
    """
    return any(
        operation.kind is OperationKind.ACCUMULATION
        and operation.place != place
        and bool(operation.operand.terms or not one.value.terms)
        for one in alternatives_of(value)
        if isinstance(one.value, Tensor)
        for operation in one.value.operations
    )


def _has_graph(value: Value) -> bool:
    """Whether a value is a loss with its graph, or something unknown that can be one."""
    given = [one.value for one in alternatives_of(value)]
    known = [one for one in given if not isinstance(one, Const) and not is_number(one)]
    unknown = [one for one in known if isinstance(one, Unknown)]
    losses = [
        one
        for one in known
        if isinstance(one, Tensor) and one.grad and (one.terms or _is_written_out(one))
    ]
    if len(losses) + len(unknown) < len(known):
        return False
    return bool(losses) or (bool(unknown) and all(one.key is not None for one in unknown))


def _is_written_out(value: Tensor) -> bool:
    """Whether a tensor can be a loss of which no criterion is known, and no output of a model.

    The mean of an output is one, as where the score of a critic is maximised.
    """
    is_output = value.act is not Act.UNKNOWN and value.sizes != SCALAR
    has_graph = bool(value.deps) and not is_leaf_alone(value)
    return value.grad and not value.terms and not is_output and has_graph


def _depends_on(value: Value) -> frozenset[Hashable]:
    """The layers that a loss is computed by; nothing where some part of it is not known."""
    known = [one.value for one in alternatives_of(value)]
    if not all(isinstance(one, Tensor | Const) for one in known):
        return frozenset()
    deps = frozenset(dep for one in known if isinstance(one, Tensor) for dep in one.deps)
    return deps if all(isinstance(one, int) for one in deps) else frozenset()


def _reached(value: Value) -> frozenset[Hashable]:
    """What a gradient of a loss goes to, as of any that is backpropagated."""
    known = [one.value for one in alternatives_of(value)]
    if not all(
        isinstance(one, Const) or (type(one) is Tensor and is_loss_with_graph(one)) for one in known
    ):
        return frozenset()
    return frozenset().union(*(layers_of(one) for one in known if isinstance(one, Tensor)))


def _is_of_gradients(value: Value) -> bool:
    """Whether a loss is not made of what something unknown gave under no_grad."""
    return any(
        NO_GRAD not in deps
        for one in alternatives_of(value)
        if isinstance(one.value, Tensor)
        or (isinstance(one.value, Unknown) and not has_no_graph(one.value))
        for deps in _inputs(one.value)
    )


def _inputs(value: Tensor | Unknown) -> list[frozenset[Hashable]]:
    """What each term of a loss depends on."""
    if isinstance(value, Tensor) and value.terms:
        return [term.deps for term in value.terms]
    return [value.deps]


def _slot(run: Interpreter, target: cst.CSTNode) -> tuple[Slots, Hashable] | None:
    """Where a name, attribute or item lives."""
    if isinstance(target, cst.Name):
        frame = run.frame
        if target.value in frame.globals:
            return frame.scope.module.slots, target.value
        return frame.nonlocals.get(target.value, frame.scope.slots), target.value
    if isinstance(target, cst.Attribute):
        holder = run.eval(target.value)
        return (holder.slots, target.attr.value) if isinstance(holder, Instance) else None
    if isinstance(target, cst.Subscript) and len(target.slice) == 1:
        holder, index = run.eval(target.value), target.slice[0].slice
        key = run.eval(index.value) if isinstance(index, cst.Index) else None
        if isinstance(holder, Instance) and isinstance(key, Const):
            return holder.slots, ("key", key.value)
    return None


def _written(run: Interpreter, slot: tuple[Slots, Hashable], since: Round) -> bool:
    """Whether a variable got its value in this round of a loop, and has nothing of others."""
    slots, name = slot
    if slots.oid > since.mark.newest:
        return True
    total, rounds = run.seen.carried_on.get(slot, (None, frozenset()))
    if since.node in rounds and slots.get(name) is total:
        return False
    return slot in run.heap.writes_since(since.mark)
