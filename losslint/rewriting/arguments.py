"""Arguments of a loss call that are converted, reshaped, exchanged, or given to an object."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.fix import Change, Edge, Fix, Safety, offered, replaced
from losslint.rewriting.criteria import given
from losslint.rewriting.tree import code, in_parentheses, is_atom


def float_target(place: Place) -> Fix | None:
    """Converts the target of a loss call, which raises with integers."""
    target = given(place.node, 1, "target") if isinstance(place.node, cst.Call) else None
    if target is None:
        return None
    return offered("convert the target", Safety.SAFE, _with_method(place, target, "float()"))


def index_target(place: Place, method: str) -> Fix | None:
    """A target of class indices as a cross entropy takes it: ``long()`` or ``squeeze(1)``."""
    target = given(place.node, 1, "target") if isinstance(place.node, cst.Call) else None
    if target is None:
        return None
    message = "convert the target" if method == "long()" else "drop the target's second dimension"
    return offered(message, Safety.UNSAFE, _with_method(place, target, method))


def flat_column(place: Place, position: int) -> Fix | None:
    """The one of the first two arguments that is a column, as a vector."""
    name = ("input", "target")[position]
    column = given(place.node, position, name) if isinstance(place.node, cst.Call) else None
    if column is None:
        return None
    change = _with_method(place, column, "squeeze(1)")
    return offered("make a vector of the column", Safety.UNSAFE, change)


def flat_operand(place: Place, column: cst.BaseExpression | None) -> Fix | None:
    """The operand of an operation between two that is a column, as a vector."""
    if column is None or not isinstance(place.node, cst.BinaryOperation):
        return None
    change = _with_method(place, column, "squeeze(1)")
    return offered("make a vector of the column", Safety.UNSAFE, change)


def classes_second(place: Place) -> Fix | None:
    """The classes of a sequence, in the dimension where a cross entropy looks for them."""
    logits = given(place.node) if isinstance(place.node, cst.Call) else None
    if logits is None:
        return None
    change = _with_method(place, logits, "transpose(1, 2)")
    return offered("move the classes to dimension 1", Safety.UNSAFE, change)


def symbol_log_softmax(place: Place) -> Fix | None:
    """A log_softmax over the symbols, which are last, of what a CTC loss is given."""
    logits = given(place.node, 0, "log_probs") if isinstance(place.node, cst.Call) else None
    if logits is None:
        return None
    change = _with_method(place, logits, "log_softmax(-1)")
    return offered("apply log_softmax", Safety.UNSAFE, change)


def exchanged_arguments(place: Place) -> Fix | None:
    """Exchanges the first two arguments of a loss call."""
    call = place.node
    if not isinstance(call, cst.Call) or len(call.args) < 2:
        return None
    first, second = call.args[:2]
    if any(one.keyword or one.star or one.value.lpar for one in (first, second)):
        return None
    return offered(
        "exchange the arguments",
        Safety.UNSAFE,
        replaced(Place(place.file, first.value), code(second.value)),
        replaced(Place(place.file, second.value), code(first.value)),
    )


def called_object(place: Place) -> Fix | None:
    """Builds a loss and calls it, where the class got what is meant for the call.

    Safe: the constructor takes neither output nor target.
    """
    call = place.node
    if not isinstance(call, cst.Call) or len(call.args) != 2 or call.func.lpar:
        return None
    if any(argument.keyword or argument.star for argument in call.args):
        return None
    end = Edge(Place(place.file, call.func), at_end=True)
    return offered("build the loss, then call it", Safety.SAFE, Change(end, end, "()"))


def _with_method(place: Place, node: cst.BaseExpression, method: str) -> Change:
    end = Edge(Place(place.file, node), at_end=True)
    if is_atom(node) and not node.lpar:
        return Change(end, end, f".{method}")
    text = f"{in_parentheses(node)}.{method}"
    # The range of a node leaves out its parentheses, and those stay.
    return replaced(Place(place.file, node), text)
