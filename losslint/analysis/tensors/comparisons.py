"""Comparisons that the code makes twice: what a test of the one says of the other.

A mask selects something if an element was seen to be above its threshold, and of two selections
that compare the same quantities with each other the one is hardly empty where the other is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import is_label, is_part_of_labels, is_repeated
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    Const,
    DType,
    Sign,
    Tensor,
    Unknown,
    Value,
    ZeroReason,
    alternatives_of,
)
from losslint.analysis.reading.assigned import assigned_once, drawn_from
from losslint.analysis.reading.comparing import comparison_of
from losslint.analysis.reading.nodes import children, same
from losslint.analysis.reading.views import viewed
from losslint.analysis.tensors.forms import COMPLEMENT, MEMBERS, PAIRS, SOME

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def is_of_itself(node: cst.CSTNode) -> bool:
    """Whether something is compared with itself, as only NaN is not equal to."""
    comparison = comparison_of(node)
    return comparison is not None and same(comparison.left, comparison.comparisons[0].comparator)


def is_of_element(run: Interpreter, node: cst.CSTNode) -> bool:
    """Whether something is compared with one of its elements, to which that one is equal."""
    comparison = comparison_of(node)
    if comparison is None:
        return False
    one, other = comparison.left, comparison.comparisons[0].comparator
    return _is_element(run, other, one) or _is_element(run, one, other)


def _is_element(run: Interpreter, node: cst.BaseExpression, whole: cst.BaseExpression) -> bool:
    """Whether something was read out of a whole, or drawn from it by a loop."""
    body = run.frame.body
    drawn = drawn_from(body, viewed(node))
    if drawn is not None:
        return same(whole, drawn)
    picked = assigned_once(body, viewed(node))
    return isinstance(picked, cst.Subscript) and same(whole, picked.value)


def is_square(node: cst.CSTNode) -> bool:
    """Whether a variable is multiplied with itself: ``x * x``, ``torch.mul(x, x)``."""
    factors: list[cst.BaseExpression] = []
    if isinstance(node, cst.BinaryOperation):
        factors = [node.left, node.right]
    elif isinstance(node, cst.Call):
        factors = [arg.value for arg in node.args]
        if len(factors) == 1 and isinstance(node.func, cst.Attribute):
            factors.append(node.func.value)
    if len(factors) != 2:
        return False
    one, other = factors
    return isinstance(one, cst.Name) and isinstance(other, cst.Name) and one.value == other.value


def is_of_positives(node: cst.CSTNode) -> bool:
    """Whether what is above zero is selected: `x[x > 0]`."""
    test = _own_test(node)
    return test is not None and isinstance(test[0], cst.GreaterThan) and test[1] == 0


def is_of_measured(mask: ZeroReason) -> bool:
    """Whether a mask asks what lies beyond 0, an eps or 1, as values do that were measured at all.

    Of data that is the depth of a map, or its cells but for a few peaks. A class is another thing.
    So is what lies below a large number: the disparities that a network can tell apart.
    """
    if isinstance(mask.key, tuple) and len(mask.key) == 3:  # of something unknown
        bound = number(mask.key[2]) if isinstance(mask.key[2], Const) else None
        return mask.key[0] in _INEQUALITIES and _tells_measured(bound, mask.key[0] in _BELOW)
    test = comparison_of(mask.place.node)
    if test is None or type(test.comparisons[0].operator).__name__ not in _INEQUALITIES:
        return False
    sides = (test.left, test.comparisons[0].comparator)
    bounds = [one for one in sides if isinstance(one, cst.Integer | cst.Float)]
    below = (type(test.comparisons[0].operator).__name__ in _BELOW) == (bounds[:1] == [sides[1]])
    return len(bounds) == 1 and _tells_measured(bounds[0].evaluated_value, below)


def _tells_measured(bound: float | None, below: bool) -> bool:
    if bound is None:
        return False
    return 0 <= bound <= _EPS or bound == 1 or (below and bound >= _FAR)


_EPS = 0.1
"""Up to here a bound only tells what was measured from what was not."""
_FAR = 80
"""From here on it is what hardly anything measured lies beyond, in pixels or metres."""
_BELOW = frozenset({"LessThan", "LessThanEqual"})


_INEQUALITIES = frozenset({"GreaterThan", "GreaterThanEqual", "LessThan", "LessThanEqual"})


def is_of_zeros(node: cst.CSTNode) -> bool:
    """Whether what is zero is selected, at least: `x[x == 0]`, `x[x <= 0]`, `x[x < eps]`."""
    test = _own_test(node)
    if test is None:
        return False
    sign, bound = test
    if isinstance(sign, cst.LessThan):
        return bound > 0
    return bound == 0 and isinstance(sign, cst.Equal | cst.LessThanEqual)


def _own_test(node: cst.CSTNode) -> tuple[cst.BaseCompOp, float] | None:
    """The comparison with a number by which a subscript selects of what it compares."""
    if not isinstance(node, cst.Subscript) or len(node.slice) != 1:
        return None
    index = node.slice[0].slice
    test = comparison_of(index.value) if isinstance(index, cst.Index) else None
    if test is None:
        return None
    sign, bound = test.comparisons[0].operator, test.comparisons[0].comparator
    if not isinstance(bound, cst.Integer | cst.Float) or not same(node.value, test.left):
        return None
    return sign, bound.evaluated_value


def is_of_pairs(node: cst.CSTNode) -> bool:
    """Whether the rows of something meet those of itself: `x @ x.t()`, `x[:, None] == x`."""
    if isinstance(node, cst.BinaryOperation):
        sides = [node.left, node.right]
    elif isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
        sides = [node.left, node.comparisons[0].comparator]
    elif isinstance(node, cst.Call) and len(node.args) == 2:
        sides = [one.value for one in node.args]
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.args:
        sides = [node.func.value, node.args[0].value]
    else:
        return False
    return same(viewed(sides[0]), viewed(sides[1]))


def mask_of_pairs(
    run: Interpreter, left: Value, right: Value, node: cst.CSTNode, *, alike: bool
) -> Tensor | None:
    """The mask of the pairs of samples that have the same label, or that differ.

    Every sample has the label of itself, so the former never selects nothing. The latter does
    where all have the same label, and so does the former without its diagonal where none has,
    unless each label is there several times.
    """
    left, right = _known_as(left), _known_as(right)
    if not isinstance(left, Unknown) or not isinstance(right, Unknown):
        return None
    told_apart = is_label(left.key) or is_repeated(left.key)  # labels, or the numbers of samples
    if not is_of_pairs(node) and not (told_apart and left.key == right.key):
        return None
    kept = SOME if is_repeated(left.key) or is_repeated(right.key) else PAIRS
    return _mask(run, left, right, node, kept if alike else COMPLEMENT)


def is_of_repeated(left: Value, right: Value) -> bool:
    """Whether labels that several views of each sample have meet those of all processes."""
    for own, others in ((left, right), (right, left)):
        known = _known_as(own)
        if isinstance(known, Unknown) and is_repeated(known.key):
            return isinstance(others, Tensor) and not others.picked
    return False


def _known_as(value: Value) -> Value:
    """The symbol of a value, also of one that may have been gathered from other processes."""
    symbols = [one.value for one in alternatives_of(value) if isinstance(one.value, Unknown)]
    return symbols[0] if len(symbols) == 1 else value


def mask_of_samples(
    run: Interpreter, left: Value, right: Value, node: cst.CSTNode
) -> Tensor | None:
    """The mask of the samples with the label of one of them, whichever way that was picked."""
    for labels, label in ((left, right), (right, left)):
        if isinstance(labels, Unknown) and is_label(labels.key):
            picks = [one.value for one in alternatives_of(label)]
            parts = [one for one in picks if isinstance(one, Unknown)]
            if parts and all(_is_of_one(one, labels) for one in picks):
                return _mask(run, labels, parts[0], node, SOME)
    return None


def _is_of_one(label: Value, labels: Unknown) -> bool:
    """Whether a label is one of those that occur, or that of some sample."""
    if isinstance(label, Unknown):
        return label.key != labels.key and is_part_of_labels(label.key, labels.key)
    return isinstance(label, Tensor) and label.shape == MEMBERS


def mask_of_ranks(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor | None:
    """The mask of the pairs of which one is at least the other: each sample is as large as itself.

    So the samples that are still at risk when one has its event are never none.
    """
    if not isinstance(left, Unknown) or not isinstance(right, Unknown) or not is_of_pairs(node):
        return None
    return _mask(run, left, right, node, SOME)


def _mask(run: Interpreter, left: Unknown, right: Unknown, node: cst.CSTNode, shape: str) -> Tensor:
    return Tensor(
        mask=ZeroReason(run.place(node), "mask", "no element may be selected"),
        shape=shape,
        sign=Sign.NON_NEGATIVE,
        dtype=DType.BOOL,
        grad=False,
        deps=left.deps | right.deps,
    )


def others_than(run: Interpreter, mask: Tensor, node: cst.CSTNode) -> Tensor:
    """The complement of a mask.

    That of the pairs with the same label has another reason to be empty than they have without
    their diagonal: a test of the one says nothing of the other.
    """
    if mask.shape != PAIRS:
        return mask.but(shape=COMPLEMENT)
    reason = ZeroReason(run.place(node), "mask", "no element may be selected")
    return mask.but(shape=COMPLEMENT, mask=reason)


def tested_by_both(one: Value, other: Value) -> ZeroReason | None:
    """Why what two masks test can be zero, where they are tests of the same value."""
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return None
    return one.zero if one.zero == other.zero else None


def is_mirrored(run: Interpreter, node: cst.CSTNode) -> bool:
    """Whether a difference is minus an absolute value: ``x - 2 * x * (x >= 0)``."""
    if not isinstance(node, cst.BinaryOperation) or not isinstance(
        node.left, cst.Name | cst.Attribute
    ):
        return False
    factors = _factors(node.right)
    others = [one for one in factors if not same(one, node.left)]
    if len(factors) != 3 or len(others) != 2:
        return False
    values = [run.eval(one) for one in others]
    known = [one.value for value in values for one in alternatives_of(value)]
    masks = [one for one in known if isinstance(one, Tensor) and one.above is not None]
    twice = any(isinstance(one, Const) and number(one) == 2 for one in values)
    compared = _compared(masks[0]) if twice and masks else None
    return compared is not None and same(compared, node.left)


def _compared(mask: Tensor) -> cst.CSTNode | None:
    """What was compared with zero, as the code has it."""
    node = mask.above.node if mask.above is not None else None
    if isinstance(node, cst.Comparison):
        return node.left
    if not isinstance(node, cst.Call) or not node.args:
        return None
    if len(node.args) == 1 and isinstance(node.func, cst.Attribute):
        return node.func.value
    return node.args[0].value


def _factors(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The factors of a product: of `a * b`, `torch.mul(a, b)`, `a.mul(b)`."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        return [*_factors(node.left), *_factors(node.right)]
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if node.func.attr.value in ("mul", "multiply") and 1 <= len(node.args) <= 2:
            own = [node.func.value] if len(node.args) == 1 else []
            given = (*own, *(arg.value for arg in node.args))
            return [part for one in given for part in _factors(one)]
    return [node]


def is_tested(mask: ZeroReason, tested: Iterable[ZeroReason]) -> bool:
    """Whether a test of another comparison in the same function is about a mask as well.

    Args:
        mask: why nothing may be selected.
        tested: the reasons that the program tests for.
    """
    node = _comparison_in(mask.place.node)
    if mask.kind != "mask" or node is None:
        return False
    for one in tested:
        if one.kind != "mask" or one.place.file is not mask.place.file:
            continue
        other = _comparison_in(one.place.node)
        if other is None or other is node or not _is_alike(other, node):
            continue
        if _share_a_function(mask.place.file.tree, other, node):
            return True
    return False


def _comparison_in(node: cst.CSTNode) -> cst.Comparison | None:
    """A comparison, or the one that something is selected by or summed: ``x[y == 1]``."""
    given: list[cst.CSTNode] = [node]
    if isinstance(node, cst.Subscript):
        given = [one.slice.value for one in node.slice if isinstance(one.slice, cst.Index)]
    elif isinstance(node, cst.Call):
        own = [node.func.value] if isinstance(node.func, cst.Attribute) else []
        given = [*own, *(arg.value for arg in node.args)]
    found = [one for one in given if isinstance(one, cst.Comparison)]
    return found[0] if len(found) == 1 else None


def _is_alike(one: cst.Comparison, other: cst.Comparison) -> bool:
    """Whether two comparisons are of the same quantities, or of elements of them."""
    quantities = _quantities(one)
    if quantities != _quantities(other):
        return False
    if len(quantities) > 1:
        return True
    ours, theirs = _sides(one), _sides(other)
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def _sides(comparison: cst.Comparison) -> list[cst.CSTNode]:
    """What is compared with what; of an element, the tensor that it is taken from."""
    left = comparison.left
    while isinstance(left, cst.Subscript):
        left = left.value
    return [left, *comparison.comparisons]


def _quantities(comparison: cst.Comparison) -> frozenset[str]:
    """The names and attributes that are compared; not those that only say which element."""
    found: set[str] = set()
    pending: list[cst.CSTNode] = [comparison]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Subscript):
            pending.append(node.value)
        elif isinstance(node, cst.Attribute):
            found.add(node.attr.value)
        elif isinstance(node, cst.Name):
            found.add(node.value)
        else:
            pending += children(node)
    return frozenset(found)


def _share_a_function(tree: cst.Module, one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two nodes are in one function, or both at the top level."""
    return _function_around(tree, one) is _function_around(tree, other)


def _function_around(tree: cst.Module, wanted: cst.CSTNode) -> cst.FunctionDef | None:
    """The innermost function that a node is in."""
    pending: list[tuple[cst.CSTNode, cst.FunctionDef | None]] = [(tree, None)]
    while pending:
        node, function = pending.pop()
        if node is wanted:
            return function
        inner = node if isinstance(node, cst.FunctionDef) else function
        pending += [(child, inner) for child in children(node)]
    return None
