"""Where the way of the gradient ends: operations that cut it, and losses that get none through."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.analysis.domain.conditions import DETACHED, MAXIMUM
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.marks import BATCH_MEAN, FORWARD, NO_GRAD, WRITTEN_MEAN
from losslint.analysis.domain.sizes import SCALAR
from losslint.analysis.domain.values import Tensor, Union, Unknown, Value, alternatives_of
from losslint.analysis.events import ForcedGradient, Operation, OperationKind
from losslint.analysis.objective.named_losses import LOSS_NAMED
from losslint.analysis.objective.watched import looked_at

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

CUTTING = frozenset({OperationKind.CUT, OperationKind.DEAD_END})
LASTING = CUTTING | {
    OperationKind.COPY,
    OperationKind.BATCH_MEANS,
    OperationKind.BATCH_SUMS,
    OperationKind.IMPLICIT_DIM,
}
MAX_CUTS = 8


def lasting(operations: frozenset[Operation]) -> frozenset[Operation]:
    """The operations that a value without a gradient keeps."""
    if not operations:
        return operations
    return frozenset(one for one in operations if one.kind in LASTING)


def cut(run: Interpreter, given: Tensor, made: Tensor, function: str, node: cst.CSTNode) -> Tensor:
    """``made`` of a tensor by an operation that no gradient goes through.

    Cuts before this one did not keep the gradient away, if there was one up to here.
    """
    if given.terms:
        looked_at(run, given, run.place(node))
    known = lasting(given.operations)
    if given.grad and given.deps and not run.no_grad and not run.dead and len(known) < MAX_CUTS:
        form = given.shape if given.shape == PARAMETER else ""
        operand = Tensor(deps=given.deps, marks=given.marks & {DERIVATIVE}, shape=form)
        before = {one for one in known if one.kind is OperationKind.CUT}
        again = run.repeats()
        end = Operation(OperationKind.CUT, run.place(node), function, operand, repeated=again)
        known = known - before | {end}
    return made.but(operations=known)


def has_cut(value: Value) -> bool:
    """Whether a value comes from a model by a way that no gradient goes back."""
    return isinstance(value, Tensor) and any(
        operation.kind in CUTTING for operation in value.operations
    )


def through_layers(output: Value) -> Value:
    """The output of a network, of which no way leads around all layers if one leads through some.

    A loop over layers of which there are none hands on the input, which has no graph if it is data.
    """
    trained = [
        one.value.deps
        for one in alternatives_of(output)
        if isinstance(one.value, Tensor) and one.value.grad and one.value.deps
    ]
    if not trained or not isinstance(output, Union):
        return output

    def joined(one: Value) -> Value:
        if not isinstance(one, Tensor) or one.grad or has_cut(one):
            return one
        return one.but(grad=True, deps=frozenset().union(*trained))

    return each(output, joined)


def ended(result: Tensor, given: Tensor) -> Tensor:
    """The result of a loss whose input no gradient reaches, and that has no other way for it."""
    return result.but(operations=result.operations | _dead_ends(given.operations))


def computed_without(
    run: Interpreter, result: Tensor, node: cst.CSTNode, *, before: bool = False
) -> Tensor:
    """A loss that is computed where no graph is kept; or what it judges was, before."""
    function = FORWARD if before else NO_GRAD
    end = Operation(OperationKind.DEAD_END, run.place(node), function, Tensor())
    return result.but(operations=result.operations | {end}) if result.deps else result


def as_weight(made: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """A product or ratio of two tensors: what has no gradient is a weight of what has one."""
    weights = {
        operation
        for part, partner in ((one, other), (other, one))
        if partner.grad and not part.grad
        for operation in part.operations
        if operation.kind in CUTTING and _is_weighted(partner, operation)
    }
    return made.but(operations=made.operations - weights) if weights else made


def _is_weighted(value: Tensor, end: Operation) -> bool:
    """Whether a factor has a graph for which the other one is a weight."""
    if end.function == _BARE:
        # the point at which a derivative is taken is no part of what is trained
        return bool(layers_of(value) or value.terms)
    return bool(value.deps or value.terms)


def with_copied_terms(made: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """A sum of a loss and of what was copied into a new tensor: that term is a constant.

    So is a number that was taken out of one, what is made of detached parameters, and a number of
    decisions about what the loss trains.
    """
    ends = {
        end
        for part, partner in ((one, other), (other, one))
        if part.operations and not part.grad and is_loss_with_graph(partner)
        for end in map(_dead_end, _copies_in(part, partner))
    }
    return with_bare_gradients(made.but(operations=made.operations | ends), one, other)


def _copies_in(part: Tensor, partner: Tensor) -> list[Operation]:
    """The copies that a term is made of; what was copied before the training is its anchor."""
    found = [one for one in part.operations if _is_copy(one, part, partner)]
    return [one for one in found if one.repeated] or found


def _is_copy(operation: Operation, part: Tensor, partner: Tensor) -> bool:
    of_partner = not operation.operand.deps.isdisjoint(layers_of(partner))
    if operation.kind is OperationKind.COPY:
        return of_partner
    if operation.function in ON_PURPOSE:
        return operation.operand.shape == PARAMETER
    # of many numbers some are told to be more than all others, before the least is looked for
    decides = operation.function in DECISIONS and part.sizes == SCALAR and of_partner
    return operation.function in _READ_OUT or decides


def with_bare_gradients(made: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """A sum or difference with a term made of gradients alone that have no graph of their own.

    The first derivative of a loss is left alone until it is one number: a step along it is no
    term, but the second derivative is one of an equation.
    """
    ends = {
        end
        for part, partner in ((one, other), (other, one))
        if part.operations and _is_trained(partner) and not (part.grad and layers_of(part))
        for end in _dead_ends(
            cut
            for cut in part.operations
            if cut.function == _BARE and _is_term(part, cut.operand, partner)
        )
    }
    return made.but(operations=made.operations | ends) if ends else made


def as_number(value: Tensor) -> Tensor:
    """A value as one of which a number is taken: made of gradients, that is a weight."""
    known = frozenset(one for one in value.operations if one.function != _BARE)
    return value.but(operations=known)


def _is_trained(value: Tensor) -> bool:
    """Whether a gradient goes from a value to something that is known."""
    return value.grad and bool(layers_of(value) or value.terms)


def _is_term(part: Tensor, differentiated: Tensor, partner: Tensor) -> bool:
    again = DERIVATIVE in differentiated.marks and differentiated.deps & layers_of(partner)
    return bool(again) or (not part.grad and (part.sizes == () or is_loss_with_graph(partner)))


def is_loss_with_graph(value: Tensor) -> bool:
    """Whether a tensor is a loss with a graph, or a mean that is one."""
    means = (BATCH_MEAN, WRITTEN_MEAN)
    return value.grad and (bool(value.terms) or not value.marks.isdisjoint(means))


_BARE = "autograd.grad"
DERIVATIVE = "derivative"
"""The mark of a gradient that has a graph, as a differential equation is made of."""
COPIES = frozenset({"tensor", "new_tensor", "FloatTensor", "Tensor", "DoubleTensor", "from_numpy"})
"""Functions that make a new tensor of the numbers in what they are given."""
_READ_OUT = COPIES | {"item", "as_tensor"}


def copied(
    run: Interpreter, given: Iterable[Value], made: Tensor, function: str, node: cst.CSTNode
) -> Tensor:
    """A new tensor of values that were not followed: to a model that made these, a constant."""
    deps = frozenset().union(*(one.deps for one in given if isinstance(one, Unknown)))
    if not deps or made.grad or run.no_grad or run.dead:
        return made
    of = Tensor(deps=deps)
    copy = Operation(OperationKind.COPY, run.place(node), function, of, repeated=run.repeats())
    return made.but(operations=made.operations | {copy})


def through_loss(run: Interpreter, arguments: Iterable[Value], value: Value) -> Value:
    """What a loss function of the project returns, marked where it gives its inputs no gradient."""
    inputs: frozenset[Hashable] = frozenset()
    others: frozenset[Hashable] = frozenset()
    for argument in arguments:
        for one in alternatives_of(argument):
            if isinstance(one.value, Tensor) and one.value.grad:
                inputs |= one.value.deps
            elif isinstance(one.value, Tensor | Unknown):
                others |= one.value.deps
    inputs -= others
    if not inputs:
        return value

    def judged(one: Value) -> Value:
        if not isinstance(one, Tensor) or not one.operations or (one.grad and one.deps & inputs):
            return one
        # what has parameters of its own may learn these alone; what has not is a constant
        spared = ON_PURPOSE if one.grad else frozenset()
        ends = _dead_ends(
            operation
            for operation in one.operations
            if operation.function not in spared and operation.operand.deps & inputs
        )
        return one.but(operations=one.operations | ends) if ends else one

    return each(value, judged)


DECISIONS = frozenset(
    "argmax argmin round floor ceil sign comparison sample tensor new_tensor "
    "as_tensor Tensor FloatTensor".split()
)
ON_PURPOSE = frozenset({"detach", "detach_", "data", "stop_gradient"})


def _dead_ends(operations: Iterable[Operation]) -> frozenset[Operation]:
    return frozenset(_dead_end(one) for one in operations if one.kind is OperationKind.CUT)


def _dead_end(cut: Operation) -> Operation:
    return Operation(OperationKind.DEAD_END, cut.place, cut.function, cut.operand)


def require_gradient(
    run: Interpreter, node: cst.CSTNode, value: Value, title: str, *, copied: str = ""
) -> Value:
    """A value that is told to require a gradient: a leaf from here on, or a loss forced to be one.

    Args:
        run: the interpreter.
        node: where that is said.
        value: what it is said of.
        title: the value as the code has it.
        copied: what makes a new leaf of it, if that is a function.
    """
    known = [one.value for one in alternatives_of(value)]
    named = bool(LOSS_NAMED.search(title))
    if all(
        (isinstance(one, Tensor) and (one.terms or (named and one.deps)))
        or (isinstance(one, Unknown) and named and _made_by_call(one))
        for one in known
    ):
        terms = (one.terms for one in known if isinstance(one, Tensor))
        losses = frozenset(term.place for several in terms for term in several)
        run.emit(ForcedGradient(run.place(node), title, copied, losses))
    return each(value, lambda one: as_leaf(one, node))


PARAMETER = "parameter"
"""The form of a parameter."""
FROZEN_PARAMETER = "frozen parameter"
"""The form of a parameter that requires no gradient."""


def frozen(parameter: Tensor) -> Tensor:
    """A parameter that is told to require no gradient: it is like data from here on."""
    if parameter.shape != PARAMETER:
        return parameter
    return Tensor(grad=False, shape=FROZEN_PARAMETER, sizes=parameter.sizes)


LEAF = "leaf"
"""The first part of the symbol of a tensor that is told to collect a gradient."""


def layers_of(value: Tensor) -> frozenset[Hashable]:
    """What a value depends on, but for tensors that collect a gradient of their own."""
    leaves = {one for one in value.deps if isinstance(one, tuple) and one[0] == LEAF}
    return value.deps - leaves if leaves else value.deps


def is_leaf_alone(value: Tensor) -> bool:
    """Whether a gradient goes to tensors that collect one, and to no layer."""
    return bool(value.deps) and not layers_of(value)


def as_leaf(value: Value, node: cst.CSTNode) -> Value:
    """A value that collects a gradient of its own from here on.

    What was cut off from its layers stays so: the gradient ends here.
    """
    leaf = (LEAF, id(node))
    if isinstance(value, Tensor):
        behind = value.deps if value.grad else frozenset()
        return value.but(grad=True, deps=behind or frozenset({leaf}))
    if not isinstance(value, Unknown):
        return value
    if isinstance(value.key, tuple) and value.key[:1] == (DETACHED,):
        return Unknown(leaf, frozenset({leaf}))
    return replace(value, grad=True)


def _made_by_call(value: Unknown) -> bool:
    return isinstance(value.key, tuple) and value.key[0] in ("made", MAXIMUM)
