"""Loss calls whose input or criterion is changed so that the two fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.fix import Change, Fix, Safety, offered, replaced
from losslint.rewriting.activations import (
    LOG_SOFTMAX,
    SIGMOID,
    SOFTMAX,
    Activation,
    activation,
    behind,
    dropped,
    keeps_elements,
)
from losslint.rewriting.criteria import given, swapped
from losslint.rewriting.models import freed
from losslint.rewriting.names import names_of
from losslint.rewriting.outputs import criterion_expects
from losslint.rewriting.tree import in_order, tree_of
from losslint.rewriting.variables import variable

BCE = ("BCELoss", "binary_cross_entropy")
BCE_WITH_LOGITS = ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")
NLL = ("NLLLoss", "nll_loss")
CROSS_ENTROPY = ("CrossEntropyLoss", "cross_entropy")


def without_activation(place: Place, *kinds: str) -> Fix | None:
    """Drops the activation before a loss call.

    Where it is the last step of a model it goes there, and is put back at all other uses.
    """
    freedom = _freed([place], kinds)
    if freedom is None:
        return None
    fix = Fix(f"drop the {freedom.name}", Safety.UNSAFE, freedom.changes)
    return _for_all(freedom.calls, fix)


def without_log_softmax(place: Place) -> Fix | None:
    """Drops a log_softmax over the classes from the input of a cross entropy.

    Safe in one function, because the log_softmax of log-probabilities is those log-probabilities
    again. The classes are dimension 1; the last one is the same where there are two.
    """
    tree = tree_of(place.file)
    found = _input(place, (LOG_SOFTMAX,), through_reshapes=False)
    if found is None:
        freedom = _freed([place], (LOG_SOFTMAX,))
        if freedom is None or not freedom.is_in_model or _is_reshaped(freedom):
            return None
        if _integer(freedom.activation.option("dim")) != 1:
            return None
        fix = Fix("drop the log_softmax", Safety.UNSAFE, freedom.changes)
        return _for_all(freedom.calls, fix)
    if found.option("dtype", 1) is not None:
        return None
    dim = _integer(found.option("dim"))
    if dim != 1 and not (dim == -1 and _is_matrix(found.operand)):
        return None
    return offered("drop the log_softmax", Safety.SAFE, dropped(tree, found))


def with_logits(place: Place) -> Fix | None:
    """Drops the sigmoid before a binary cross entropy, which applies it itself from then on.

    Where several calls share the criterion, the sigmoid goes at all of them.
    """
    call = place.node
    if not isinstance(call, cst.Call):
        return None
    swap = swapped(place, BCE, BCE_WITH_LOGITS)
    freedom = None if swap is None else _freed(swap.calls, (SIGMOID,))
    if swap is None or freedom is None or set(freedom.calls) != set(swap.calls):
        return None
    is_safe = swap.is_local and not freedom.is_in_model
    fix = Fix(
        f"use {_name(call, BCE_WITH_LOGITS)} without the sigmoid",
        Safety.SAFE if is_safe else Safety.UNSAFE,
        (*swap.changes, *freedom.changes),
    )
    return _for_all(swap.calls, fix)


def with_criterion(place: Place, old: tuple[str, str], new: tuple[str, str]) -> Fix | None:
    """Puts another criterion in the place of one, at all calls that share it."""
    call = place.node
    swap = swapped(place, old, new) if isinstance(call, cst.Call) else None
    if swap is None or not isinstance(call, cst.Call):
        return None
    return _for_all(swap.calls, Fix(f"use {_name(call, new)}", Safety.UNSAFE, swap.changes))


@dataclass(frozen=True, slots=True)
class _Freedom:
    """Loss calls without the activation before them."""

    activation: Activation
    changes: tuple[Change, ...]
    calls: tuple[Place, ...]
    is_in_model: bool
    """Whether it went from the end of a model."""
    is_reshaped: bool
    """Whether what it gave was reshaped in there."""

    @property
    def name(self) -> str:
        return self.activation.name


def _freed(start: Iterable[Place], kinds: Collection[str]) -> _Freedom | None:
    """Drops the activation before loss calls, and before others that share a model with them."""
    pending, done = list(start), set[Place]()
    changes: set[Change] = set()
    dropping: Activation | None = None
    is_in_model = is_reshaped = False
    while pending:
        place = pending.pop()
        if not isinstance(place.node, cst.Call):
            return None
        if place in done:
            continue
        done.add(place)
        tree, names = tree_of(place.file), names_of(place.file)
        value, expects = given(place.node), criterion_expects(place)
        found = None if value is None else behind(tree, names, value)
        if found is not None and found.name in kinds:
            change = dropped(tree, found)
            if change is None:
                return None
            changes.add(change)
            dropping = found
            continue
        if value is None or expects is None:
            return None
        model = freed(Place(place.file, value), kinds, expects)
        if model is None or place not in model.losses:
            return None
        changes.update(model.changes)
        pending += model.losses
        dropping, is_in_model = model.activation, True
        is_reshaped |= model.is_reshaped
    if dropping is None:
        return None

    def order(change: Change) -> tuple[tuple[str, int], bool, str]:
        return in_order(change.start.place), change.start.at_end, change.text

    calls = sorted(done, key=in_order)
    ordered = tuple(sorted(changes, key=order))
    return _Freedom(dropping, ordered, tuple(calls), is_in_model, is_reshaped)


def with_log_softmax(place: Place) -> Fix | None:
    """Puts log_softmax in the place of the softmax before a loss call."""
    tree, names = tree_of(place.file), names_of(place.file)
    found = _input(place, (SOFTMAX,))
    if found is None or found.is_module:
        return None
    func = found.call.func
    message = "use log_softmax in place of the softmax"
    if found.is_method and isinstance(func, cst.Attribute):
        return offered(message, Safety.UNSAFE, replaced(tree.place(func.attr), LOG_SOFTMAX))
    module = names.qualified(func).rpartition(".")[0]
    spelling = names.spelled(f"{module}.{LOG_SOFTMAX}", like=func)
    if spelling is None:
        return None
    change = replaced(tree.place(func), spelling.text)
    return offered(message, Safety.UNSAFE, *spelling.imports, change)


def _input(
    place: Place, kinds: Collection[str], *, through_reshapes: bool = True
) -> Activation | None:
    """The activation that the input of a loss call came through."""
    tree, names = tree_of(place.file), names_of(place.file)
    value = given(place.node) if isinstance(place.node, cst.Call) else None
    if value is None:
        return None
    found = (
        behind(tree, names, value)
        if through_reshapes or isinstance(value, cst.Name)
        else activation(tree, names, value)
    )
    return found if found is not None and found.name in kinds else None


def _is_reshaped(freedom: _Freedom) -> bool:
    """Whether something may have happened to the dimensions between activation and loss."""
    if freedom.is_reshaped:
        return True
    for call in freedom.calls:
        assert isinstance(call.node, cst.Call)
        value = given(call.node)
        known = variable(tree_of(call.file), value) if isinstance(value, cst.Name) else None
        source = value if known is None else known.value
        if not isinstance(source, cst.Call) or (
            isinstance(source.func, cst.Attribute) and keeps_elements(source, source.func)
        ):
            return True
    return False


def _for_all(calls: Iterable[Place], fix: Fix) -> Fix:
    """The fix, to be offered only if all calls get it."""
    return replace(fix, together=frozenset(calls))


def _name(call: cst.Call, criterion: tuple[str, str]) -> str:
    """A criterion as the function or as the module, in the form of a call's own."""
    module, function = criterion
    last = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
    return function if last.islower() and "entropy" in last else module


def _integer(node: cst.BaseExpression | None) -> int | None:
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        inner = _integer(node.expression)
        return None if inner is None else -inner
    return int(node.value, 0) if isinstance(node, cst.Integer) else None


def _is_matrix(node: cst.BaseExpression) -> bool:
    """Whether an expression says itself that it has two dimensions."""
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in ("view", "reshape")
        and len(node.args) == 2
        and not any(argument.star or argument.keyword for argument in node.args)
    )
