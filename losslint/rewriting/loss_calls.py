"""Loss calls whose input or criterion is changed so that the two fit."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import libcst as cst

from losslint.fix import Change, Fix, Safety, offered, replaced
from losslint.rewriting.activations import (
    LOG_SOFTMAX,
    SIGMOID,
    SOFTMAX,
    Activation,
    activation,
    behind,
    dropped,
)
from losslint.rewriting.criteria import given, swapped
from losslint.rewriting.names import names_of
from losslint.rewriting.tree import Tree, tree_of

if TYPE_CHECKING:
    from losslint.analysis.trail import Place

BCE = ("BCELoss", "binary_cross_entropy")
BCE_WITH_LOGITS = ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")
NLL = ("NLLLoss", "nll_loss")
CROSS_ENTROPY = ("CrossEntropyLoss", "cross_entropy")


def without_activation(place: Place, *kinds: str) -> Fix | None:
    """Drops the activation before a loss call, where that has no other use."""
    found = _input(place, kinds)
    if found is None:
        return None
    change = dropped(tree_of(place.file), found)
    return offered(f"drop the {found.name}", Safety.UNSAFE, change)


def without_log_softmax(place: Place) -> Fix | None:
    """Drops a log_softmax over the classes from the input of a cross entropy.

    Safe, because the log_softmax of log-probabilities is those log-probabilities again. The classes
    are dimension 1; the last one is the same where there are two.
    """
    found = _input(place, (LOG_SOFTMAX,), through_reshapes=False)
    if found is None or found.option("dtype", 1) is not None:
        return None
    dim = _integer(found.option("dim"))
    if dim != 1 and not (dim == -1 and _is_matrix(found.operand)):
        return None
    change = dropped(tree_of(place.file), found)
    return offered("drop the log_softmax", Safety.SAFE, change)


def with_logits(place: Place) -> Fix | None:
    """Drops the sigmoid before a binary cross entropy, which applies it itself from then on.

    Where several calls share the criterion, the sigmoid goes at all of them.
    """
    tree, names, call = tree_of(place.file), names_of(place.file), place.node
    if not isinstance(call, cst.Call):
        return None
    swap = swapped(tree, names, call, BCE, BCE_WITH_LOGITS)
    if swap is None:
        return None
    drops: list[Change | None] = []
    for one in swap.calls:
        found = _input(tree.place(one), (SIGMOID,))
        drops.append(None if found is None else dropped(tree, found))
    safety = Safety.SAFE if swap.is_local else Safety.UNSAFE
    fix = offered(f"use {_name(call, BCE_WITH_LOGITS)} without the sigmoid", safety,
                  *swap.changes, *drops)  # fmt: skip
    return None if fix is None else _for_all(tree, swap.calls, fix)


def with_criterion(place: Place, old: tuple[str, str], new: tuple[str, str]) -> Fix | None:
    """Puts another criterion in the place of one, at all calls that share it."""
    tree, call = tree_of(place.file), place.node
    if not isinstance(call, cst.Call):
        return None
    swap = swapped(tree, names_of(place.file), call, old, new)
    if swap is None:
        return None
    fix = offered(f"use {_name(call, new)}", Safety.UNSAFE, *swap.changes)
    return None if fix is None else _for_all(tree, swap.calls, fix)


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


def _for_all(tree: Tree, calls: Collection[cst.Call], fix: Fix) -> Fix:
    """The fix, to be offered only if all calls get it."""
    together = frozenset(tree.place(call) for call in calls)
    return Fix(fix.message, fix.safety, fix.changes, together)


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
