"""Statements of a training loop, put where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.events import Zeroing
from losslint.analysis.reading.nodes import walk
from losslint.fix import Change, Fix, Safety, line_after, line_before, offered, without
from losslint.rewriting.lines import block_of, line_text, root_of, sets, statement_text
from losslint.rewriting.tree import code, dotted, tree_of

if TYPE_CHECKING:
    from losslint.analysis.events import LostGradients, TrainingLoop


def zeroed_each_round(loop: TrainingLoop) -> Fix | None:
    """Zeroes the gradients of an optimizer in the loop that steps it.

    Behind one backward there can be two steps, which nothing before it keeps apart.
    """
    if loop.zeroing is Zeroing.EARLIER and _steps_between(loop):
        return None
    message = f"zero the gradients of `{loop.optimizer}` in every round"
    return offered(message, Safety.UNSAFE, *_added(loop))


def _steps_between(loop: TrainingLoop) -> bool:
    """Whether the same step stands between backward and the step that uses its gradients again."""
    if loop.backward.file is not loop.step.file:
        return False
    tree = tree_of(loop.step.file)
    backward, step = tree.line(loop.backward.node), tree.line(loop.step.node)
    if backward is None or step is None:
        return False
    body = block_of(tree, backward)
    return any(
        line is not step and statement_text(line) == statement_text(step)
        for line in body[body.index(backward) + 1 :]
        if isinstance(line, cst.SimpleStatementLine)
    )


def zeroed_before_backward(loop: TrainingLoop) -> Fix | None:
    """Moves a statement that zeroes gradients from behind backward to before it.

    Where the same statement stands there already it is only taken out.
    """
    zeroing = loop.cleared
    if zeroing is None or zeroing.file is not loop.backward.file:
        return None
    tree = tree_of(zeroing.file)
    zero, backward = tree.line(zeroing.node), tree.line(loop.backward.node)
    if zero is None or backward is None or not _is_zero_grad(zero):
        return None
    body = block_of(tree, backward)
    if zero not in body or body.index(zero) < body.index(backward):
        return None
    message = f"zero the gradients of `{loop.optimizer}` before backward"
    removed = without(tree.place(zero))
    before = body[: body.index(backward)]
    if any(statement_text(zero) == statement_text(other) for other in before):
        return offered(message, Safety.UNSAFE, removed)
    added = line_before(tree.place(backward), line_text(zero))
    return offered(message, Safety.UNSAFE, added, removed)


def not_zeroed_each_round(found: LostGradients) -> Fix | None:
    """Takes out what zeroes gradients in every round, where they are zeroed behind the step."""
    if found.again is None:
        return None
    tree = tree_of(found.place.file)
    zero = tree.line(found.place.node)
    if zero is None or not _is_zero_grad(zero) or len(block_of(tree, zero)) == 1:
        return None
    message = f"zero the gradients of `{found.optimizer}` behind its step alone"
    return offered(message, Safety.UNSAFE, without(tree.place(zero)))


def zeroed_in_the_inner_loop(loop: TrainingLoop) -> Fix | None:
    """Zeroes in the loop that steps, and no more in the one around it."""
    message = f"zero the gradients of `{loop.optimizer}` in the inner loop"
    added = _added(loop)
    if not added or loop.zeroed is None or loop.zeroed.file is not loop.step.file:
        return offered(message, Safety.UNSAFE, *added)
    tree = tree_of(loop.step.file)
    outer = tree.line(loop.zeroed.node)
    optimizer = _optimizer(loop.step.node)
    if (
        outer is not None
        and optimizer is not None
        and statement_text(outer) == f"{code(optimizer)}.zero_grad()"
        and tree.function(outer) is tree.function(loop.step.node)
        and len(block_of(tree, outer)) > 1
    ):
        return offered(message, Safety.UNSAFE, *added, without(tree.place(outer)))
    return offered(message, Safety.UNSAFE, *added)


def _added(loop: TrainingLoop) -> tuple[Change, ...]:
    """A line that zeroes the gradients.

    It stands before backward where the step follows in the same block, and behind a step that comes
    only now and then, so that gradients that are meant to add up still do.
    """
    if loop.step.file is not loop.backward.file:
        return ()
    tree = tree_of(loop.step.file)
    step, backward = tree.line(loop.step.node), tree.line(loop.backward.node)
    optimizer = _optimizer(loop.step.node)
    if step is None or backward is None or optimizer is None:
        return ()
    if tree.function(step) is not tree.function(backward):
        return ()
    statement = f"{code(optimizer)}.zero_grad()"
    body = block_of(tree, backward)
    if loop.zeroing is not Zeroing.EARLIER and any(
        statement_text(other) == statement for other in body
    ):
        return ()  # there is one, and it does not do
    if step not in body:
        inner = [part for part in body if any(node is step for node in walk(part))]
        if inner and body.index(inner[0]) > body.index(backward):
            return (line_after(tree.place(step), statement),)
        return ()
    between = body[body.index(backward) : body.index(step)]
    if body.index(step) < body.index(backward) or sets(between, dotted(optimizer)):
        return ()
    return (line_before(tree.place(backward), statement),)


def _optimizer(step: cst.CSTNode) -> cst.BaseExpression | None:
    """The optimizer in ``optimizer.step()`` or ``scaler.step(optimizer)``, if it has a name."""
    if not isinstance(step, cst.Call) or not isinstance(step.func, cst.Attribute):
        return None
    plain = [argument for argument in step.args if argument.keyword is None and not argument.star]
    found = step.func.value if not step.args else plain[0].value if plain else None
    return found if found is not None and root_of(found) else None


def _is_zero_grad(line: cst.SimpleStatementLine) -> bool:
    statement = line.body[0]
    if not isinstance(statement, cst.Expr) or not isinstance(statement.value, cst.Call):
        return False
    func = statement.value.func
    return isinstance(func, cst.Attribute) and func.attr.value == "zero_grad"
