"""Calls of a training loop: made, moved, put through a scaler, given a part of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.events import ClipFault
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import kept_by
from losslint.analysis.training.counts import names_in
from losslint.fix import (
    Change,
    Edge,
    Fix,
    Safety,
    line_after,
    line_before,
    offered,
    replaced,
    without,
)
from losslint.rewriting.lines import between, block_of, line_text, sets, statement_text
from losslint.rewriting.tree import dotted, in_parentheses, tree_of

if TYPE_CHECKING:
    from losslint.analysis.events import (
        Accumulation,
        GradientClip,
        ScalerFault,
        UnscaledAccumulation,
        WrongAverage,
    )


def called(place: Place) -> Fix | None:
    """Parentheses behind a method that is only named."""
    end = Edge(place, at_end=True)
    change = None if isinstance(place.node, cst.Call) else Change(end, end, "()")
    return offered(f"call `{dotted(place.node)}`", Safety.UNSAFE, change)


def reduced(backward: Place) -> Fix | None:
    """The mean of a loss that is backpropagated element by element."""
    node = backward.node
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None
    if node.func.attr.value != "backward":
        return None
    start = Edge(Place(backward.file, node.func.attr))
    return offered("take the mean", Safety.UNSAFE, Change(start, start, "mean()."))


def detached(found: Accumulation) -> Fix | None:
    """A loss without its graph, where it is kept from round to round.

    Safe where backward is called on the very same variable: then it is a tensor, and its graph has
    served its purpose.
    """
    kept, backward = _kept(found.place.node), found.backward
    if kept is None or backward is None or backward.file is not found.place.file:
        return None
    tree, name = tree_of(backward.file), dotted(kept)
    keeping, trained = tree.line(found.place.node), tree.line(backward.node)
    if keeping is None or trained is None or not name or name not in _receivers(backward.node):
        return None
    body = block_of(tree, keeping)
    if trained not in body or sets(between(body, keeping, trained), name):
        return None
    end = Edge(Place(backward.file, kept), at_end=True)
    return offered(f"detach `{name}`", Safety.SAFE, Change(end, end, ".detach()"))


def divided(found: UnscaledAccumulation) -> Fix | None:
    """The part of a loss that one of several rounds has in a step."""
    node, tree = found.place.node, tree_of(found.place.file)
    if found.step.file is not found.place.file or not isinstance(node, cst.Call):
        return None
    loss = node.func.value if isinstance(node.func, cst.Attribute) else None
    if isinstance(loss, cst.Call) and _is_scale(loss):
        loss = loss.args[0].value
    line = tree.line(node)
    if loss is None or line is None or loss.lpar or not found.count:
        return None
    if tree.function(node) is not tree.function(found.step.node):
        return None
    if sets(block_of(tree, line), found.count):
        return None
    part = f"{in_parentheses(loss)} / {found.count}"
    is_argument = isinstance(tree.parent(loss), cst.Arg)
    text = part if is_argument else f"({part})"
    message = f"divide the loss by `{found.count}`"
    return offered(message, Safety.UNSAFE, replaced(tree.place(loss), text))


def by_batches(found: WrongAverage) -> Fix | None:
    """The number of batches in place of that of samples: ``len(loader.dataset)``."""
    node, tree = found.place.node, tree_of(found.place.file)
    divisor = getattr(node, "right", None) or getattr(node, "value", None)
    if not isinstance(divisor, cst.Call) or dotted(divisor.func) != "len" or len(divisor.args) != 1:
        return None
    counted = divisor.args[0].value
    loader, _, last = dotted(counted).rpartition(".")
    summed = found.summed
    loops = (
        [up for up in tree.ancestors(summed.node) if isinstance(up, cst.For)]
        if summed.file is found.place.file
        else []
    )
    if last != "dataset" or not loops or loader not in set(names_in(loops[0].iter)):
        return None
    change = replaced(tree.place(counted), loader)
    return offered("divide by the number of batches", Safety.UNSAFE, change)


def unscaled_before(clip: GradientClip) -> Fix | None:
    """Gradients that are unscaled before they are clipped."""
    if clip.other is None or clip.other.file is not clip.place.file:
        return None
    tree, step = tree_of(clip.place.file), clip.other.node
    clipping, stepping = tree.line(clip.place.node), tree.line(step)
    scaler, optimizer = _scaler_step(step)
    if clipping is None or stepping is None or not scaler:
        return None
    body = block_of(tree, clipping)
    if stepping not in body or body.index(stepping) < body.index(clipping):
        return None
    inside = between(body, clipping, stepping)
    if sets(inside, scaler) or sets(inside, optimizer):
        return None
    added = line_before(tree.place(clipping), f"{scaler}.unscale_({optimizer})")
    return offered("unscale the gradients before clipping them", Safety.UNSAFE, added)


def clipped_in_order(clip: GradientClip) -> Fix | None:
    """A clipping, moved to between backward and step."""
    if clip.other is None or clip.other.file is not clip.place.file:
        return None
    tree = tree_of(clip.place.file)
    clipping, other = tree.line(clip.place.node), tree.line(clip.other.node)
    if clipping is None or other is None:
        return None
    body, text = block_of(tree, clipping), line_text(clipping)
    if other not in body or "\n" in text:
        return None
    if any(sets(between(body, clipping, other), name) for name in _names(clipping)):
        return None
    removed, where = without(tree.place(clipping)), tree.place(other)
    if clip.fault is ClipFault.AFTER_STEP:
        scaler, optimizer = _scaler_step(other.body[0])
        if scaler and scaler == clip.optimizer:
            return None  # backward is in the closure that the step is given
        unscaling = f"{scaler}.unscale_({optimizer})"
        there = [one for one in body if statement_text(one) == unscaling]
        late = [without(tree.place(one)) for one in there if body.index(one) > body.index(other)]
        if scaler and len(late) == len(there):
            text = f"{unscaling}\n{text}"
        added = line_before(where, text)
        return offered("clip before the step", Safety.UNSAFE, added, *late, removed)
    if _scaling(clip.other.node):
        return None  # what is clipped there has to be unscaled first
    return offered("clip behind backward", Safety.UNSAFE, line_after(where, text), removed)


def through_the_scaler(fault: ScalerFault) -> Fix | None:
    """A step that keeps to the protocol of a gradient scaler."""
    place = fault.place
    tree, stepping = tree_of(place.file), tree_of(place.file).line(place.node)
    if stepping is None or fault.backward.file is not place.file:
        return None
    if not fault.scaled:
        scaler, _ = _scaler_step(place.node)
        if not scaler:
            return None
        update = line_after(tree.place(stepping), f"{scaler}.update()")
        return offered("update the scaler", Safety.UNSAFE, update)
    node, scaler = place.node, _scaling(fault.backward.node)
    called = isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute)
    optimizer = statement_text(stepping).removesuffix(".step()") if called else ""
    if not scaler or not optimizer or not optimizer.replace(".", "_").isidentifier():
        return None
    if tree.function(node) is not tree.function(fault.backward.node):
        return None
    changes = [replaced(place, f"{scaler}.step({optimizer})")]
    wanted = f"{scaler}.update()"
    if not any(statement_text(one) == wanted for one in block_of(tree, stepping)):
        changes.append(line_after(tree.place(stepping), wanted))
    return offered("step through the scaler", Safety.UNSAFE, *changes)


def _kept(node: cst.CSTNode) -> cst.BaseExpression | None:
    """The loss that is added to a sum or appended to a list, where it is a variable."""
    value = kept_by(node)
    is_variable = isinstance(value, cst.Name | cst.Attribute) and not value.lpar
    return value if is_variable else None


def _receivers(backward: cst.CSTNode) -> set[str]:
    """What is backpropagated for the last time: what backward is called on, or is given."""
    if not isinstance(backward, cst.Call) or not isinstance(backward.func, cst.Attribute):
        return set()
    if any(one.keyword is not None or one.star for one in backward.args):
        return set()
    found = [backward.func.value, *(one.value for one in backward.args)]
    inner = [one.args[0].value for one in found if isinstance(one, cst.Call) and _is_scale(one)]
    return {dotted(one) for one in (*found, *inner)} - {""}


def _is_scale(call: cst.Call) -> bool:
    """``scaler.scale(loss)``"""
    func = call.func
    return isinstance(func, cst.Attribute) and func.attr.value == "scale" and len(call.args) == 1


def _scaling(backward: cst.CSTNode) -> str:
    """The scaler in ``scaler.scale(loss).backward()``."""
    if isinstance(backward, cst.Call) and isinstance(backward.func, cst.Attribute):
        scaled = backward.func.value
        if isinstance(scaled, cst.Call) and _is_scale(scaled):
            assert isinstance(scaled.func, cst.Attribute)
            return dotted(scaled.func.value)
    return ""


def _scaler_step(step: cst.CSTNode) -> tuple[str, str]:
    """The names in ``scaler.step(optimizer)``; empty where they are none."""
    if isinstance(step, cst.Expr):
        step = step.value
    if not isinstance(step, cst.Call) or not isinstance(step.func, cst.Attribute):
        return "", ""
    if len(step.args) != 1 or step.args[0].keyword is not None or step.args[0].star:
        return "", ""
    scaler, optimizer = dotted(step.func.value), dotted(step.args[0].value)
    return (scaler, optimizer) if scaler and optimizer else ("", "")


def _names(node: cst.CSTNode) -> set[str]:
    return {one.value for one in walk(node) if isinstance(one, cst.Name)}
