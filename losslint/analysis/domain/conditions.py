"""Tests that are not decided: under which conditions each outcome holds."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING

from losslint.analysis.domain.joins import truth
from losslint.analysis.domain.marks import NO_GRAD, RESIDUAL
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    ALWAYS,
    Conditions,
    Const,
    DType,
    Sign,
    Tensor,
    Union,
    Unknown,
    Value,
    ZeroReason,
)
from losslint.analysis.reading.spelling import is_settings

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

VERSIONS = frozenset({"torch.__version__", "torchvision.__version__", "torch.version.__version__"})
"""Names of what is known to be new: code for versions of torch that nobody has is not judged."""

_FOR_NEW, _FOR_OLD = Const(True), Const(False)

COMPARISONS = frozenset({"==", "LessThan", "GreaterThan", "LessThanEqual", "GreaterThanEqual"})
"""First parts of the symbols of comparisons that were not decided."""


MAXIMUM = "maximum"
"""The first part of the symbol of the largest element of something unknown."""


def is_maximum(value: Value) -> bool:
    """Whether a value is the largest element of something unknown, or what `max` gives with it."""
    key = value.key if isinstance(value, Unknown) else None
    while isinstance(key, tuple) and (key[1:] in _FIRST_OF_TWO or key[:1] == (DETACHED,)):
        key = key[1] if key[0] == DETACHED else key[0]
    return isinstance(key, tuple) and key[:1] == (MAXIMUM,)


_FIRST_OF_TWO = (("[]", Const(0)), (".", "values"))
"""Ends of the symbol of the largest elements, where their positions come with them."""


LABEL = "label"
"""The last part of the symbol of labels, which no gradient goes through."""


def is_label(key: Hashable) -> bool:
    """Whether a symbol stands for labels, or for a power of them."""
    if not isinstance(key, tuple) or len(key) < 2:
        return False
    return key[-1] == LABEL or (key[0] == "**" and is_label(key[1]))


def is_part_of_labels(key: Hashable, labels: Hashable) -> bool:
    """Whether a symbol stands for labels out of some, as ``targets[::2][i]`` is."""
    while key != labels:
        if not is_label(key) or not isinstance(key, tuple) or key[1:] != ("[]", LABEL):
            return False
        key = key[0]
    return True


REPEATED = "repeated"
"""A part of the symbol of what is repeated, as labels are where each sample has several views."""


def is_repeated(key: Hashable) -> bool:
    """Whether a symbol stands for something that was repeated."""
    return isinstance(key, tuple) and REPEATED in key[:2]


GIVEN = "given"
"""The first part of the symbol of what a variable or attribute holds that was None before."""
NUMBER = "number"
"""The first part of the symbol of a number of Python's own that is not known."""


WHOLE_SHAPE = "sizes"
"""The first part of the symbol of the sizes of a tensor, each of which is a number."""


def is_sizes(key: Hashable) -> bool:
    """Whether a symbol stands for all sizes of a tensor, known as one or by its attribute."""
    return isinstance(key, tuple) and (key[:1] == (WHOLE_SHAPE,) or key[1:] == (".", "shape"))


def is_number(value: object) -> bool:
    """Whether a value is a number of Python's own, known or not."""
    if isinstance(value, Const):
        return number(value) is not None
    key = value.key if isinstance(value, Unknown) else None
    if not isinstance(key, tuple):
        return False
    return key[:1] == (NUMBER,) or (key[1:2] == ("[]",) and is_sizes(key[0]))


def is_result(value: Value) -> bool:
    """Whether a value is what a call of something unknown gave, or that and a number."""
    key = value.key if isinstance(value, Unknown) else None
    while isinstance(key, tuple) and len(key) == 3 and key[0] in ("+", "-", "*", "/"):
        if not isinstance(key[2], Const):
            return False
        key = key[1]
    return isinstance(key, tuple) and key[:1] == ("made",)


OBJECT = "object"
"""The last part of the symbol of an argument that is something, and not None."""


def is_object(value: Unknown) -> bool:
    """Whether all that is known of a value is that it is not None."""
    return isinstance(value.key, tuple) and value.key[-1] == OBJECT


def has_no_graph(value: Unknown) -> bool:
    """Whether something unknown is surely no tensor that a gradient goes through."""
    if not value.grad:
        return True
    key = value.key
    while isinstance(key, tuple) and key[:1] in _SHIFTS and isinstance(key[-1], Const):
        key = key[1]
    if isinstance(key, tuple) and key[:1] == (COUNTER,):
        return True
    if isinstance(key, tuple) and len(key) == 3 and key[0] in ("-", DEVIATION, RESIDUAL):
        return all(has_no_graph(Unknown(part)) for part in key[1:])
    detached = isinstance(key, tuple) and key[:1] == (DETACHED,)
    return detached or is_label(key) or is_number(value) or is_setting(key)


_SHIFTS = (("+",), ("-",), ("*",), ("/",))
COUNTER = "counter"
"""The first part of the symbol of what a loop counts with."""
DEVIATION = "deviation"
"""The first part of the symbol of what something is away from a mean, say, of its own."""
DETACHED = "detach"
"""The first part of the symbol of what no gradient goes through."""


CUT_OFF = "cut off"
"""The first part of the symbol of a call that is not evaluated."""


def is_cut_off(key: Hashable) -> bool:
    """Whether a symbol stands for what a call that is not evaluated may have done."""
    return isinstance(key, tuple) and key[:1] == (CUT_OFF,)


def is_setting(key: Hashable) -> bool:
    """Whether a symbol stands for something read from what is called the settings."""
    while isinstance(key, tuple) and len(key) == 3 and key[1] in (".", "[]"):
        key = key[0]
        if isinstance(key, tuple) and key and isinstance(key[-1], str):
            if is_settings(key[-1]):
                return True
    return False


def is_option(value: Value) -> bool:
    """Whether a value is a number that somebody chose: one of Python's own, or a setting."""
    return is_number(value) or (isinstance(value, Unknown) and is_setting(value.key))


def one_of_constants(one: Hashable, other: Hashable) -> tuple[Hashable, ...] | None:
    """The test for either of two constants of one symbol, or None: ``a == 1 or a == 2``."""
    found: list[Hashable] = []
    symbols: set[Hashable] = set()
    for key in (one, other):
        if not isinstance(key, tuple) or len(key) != 3 or key[0] not in ("==", "in"):
            return None
        symbols.add(key[1])
        found += key[2] if isinstance(key[2], tuple) else [key[2]]
    return ("in", symbols.pop(), tuple(found)) if len(symbols) == 1 else None


def outcomes(value: Value, node: cst.CSTNode) -> tuple[Conditions, Conditions]:
    """The conditions that hold where a test succeeded, and where it failed.

    A test of a symbol that is not known holds for every later test of the same symbol, and a test
    of a choice between constants tells under which conditions it was made; any other test stands
    for itself.
    """
    if isinstance(value, Union):
        own = ("test", id(node))
        return _chosen(value, True) | {(own, True)}, _chosen(value, False) | {(own, False)}
    key = value.key if isinstance(value, Unknown) else None
    if key is None:
        key = ("test", id(node))
    return _holds(key, True), _holds(key, False)


def _chosen(value: Union, outcome: bool) -> Conditions:
    """What holds for each alternative that can count as true, or as false."""
    conditions = [one.when for one in value.alternatives if truth(one.value) in (outcome, None)]
    return conditions[0].intersection(*conditions[1:]) if conditions else ALWAYS


_FEW = 16
"""Constants of a test for one of several that are also refused one by one where it fails."""


def _holds(key: Hashable, outcome: bool) -> Conditions:
    if key is None:
        return ALWAYS
    if isinstance(key, tuple) and key:
        if key[0] == "not":
            return _holds(key[1], not outcome)
        if key[0] == "and" and outcome:
            return _holds(key[1], True) | _holds(key[2], True)
        if key[0] == "or" and not outcome:
            return _holds(key[1], False) | _holds(key[2], False)
        if key[0] == "in" and not outcome and isinstance(key[2], tuple) and len(key[2]) <= _FEW:
            return frozenset({(key, False), *((("==", key[1], one), False) for one in key[2])})
    return frozenset({(key, outcome)})


def lasting(conditions: Conditions) -> Conditions:
    """Those conditions that say which of the program's options was chosen, as long as it runs."""
    return frozenset(
        one
        for one in conditions
        if isinstance(one[0], tuple)
        and len(one[0]) == 3
        and one[0][0] in ("==", "in")
        and all(map(_is_option, one[0][2] if isinstance(one[0][2], tuple) else (one[0][2],)))
    )


def _is_option(value: object) -> bool:
    return isinstance(value, Const) and isinstance(value.value, str | bool)


def by_version(sign: cst.BaseCompOp, left: Value, right: Value) -> Const | None:
    """How a comparison with the version of torch comes out, if it is one: for a new version."""
    comparison = type(sign).__name__
    for side, newer in ((left, "GreaterThan"), (right, "LessThan")):
        if isinstance(side, Unknown) and side.deps and side.deps <= VERSIONS:
            if comparison.startswith(("GreaterThan", "LessThan")):
                return _FOR_NEW if comparison.startswith(newer) else _FOR_OLD
    return None


def is_by_version(test: Value) -> bool:
    """Whether the version of torch decided a test."""
    return test is _FOR_NEW or test is _FOR_OLD


def symbols_in(conditions: Conditions) -> frozenset[Hashable]:
    """The symbols of which the conditions say something."""
    found: set[Hashable] = set()
    for key, _ in conditions:
        found.add(key)
        if isinstance(key, tuple) and len(key) == 3 and key[0] in COMPARISONS:
            found.add(key[1])
    found.discard(None)
    return frozenset(found)


def mentions(key: Hashable, *parts: str) -> bool:
    """Whether a name that a symbol is made of has one of these parts."""
    waiting, seen = [key], set[int]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            if id(one) not in seen:
                seen.add(id(one))
                waiting.extend(one)
            continue
        name = one.value if isinstance(one, Const) else getattr(one, "name", one)
        if isinstance(name, str) and any(part in name for part in parts):
            return True
    return False


def is_padding(comparison: str, bound: Value | None) -> bool:
    """Whether a comparison tells labels from padding, which is below zero."""
    known = number(bound) if bound is not None else None
    if known is None:
        return False
    return known <= {"GreaterThanEqual": 0, "GreaterThan": -1}.get(comparison, -math.inf)


def is_of_background(mask: Hashable) -> bool:
    """Whether a mask finds what is zero: the background, the cells without an object."""
    return isinstance(mask, tuple) and len(mask) == 3 and (mask[0], mask[2]) == ("==", Const(0))


def is_comparison(value: object) -> bool:
    """Whether something unknown is the outcome of a comparison."""
    key = value.key if isinstance(value, Unknown) else None
    return isinstance(key, tuple) and len(key) == 3 and key[0] in COMPARISONS


def is_square(value: Unknown) -> bool:
    """Whether something unknown was raised to an even power."""
    key = value.key
    if not (isinstance(key, tuple) and len(key) == 3 and key[0] == "**"):
        return False
    if isinstance(key[1], tuple) and key[1][:1] == (DEVIATION,):
        return False  # of which the mean is a spread, and no error
    exponent = number(key[2]) if isinstance(key[2], Const) else None
    return exponent is not None and exponent > 0 and exponent % 2 == 0


def is_symbol(value: Value | None) -> bool:
    """Whether a value is known, or at least known to be what a name or attribute stands for."""
    if not isinstance(value, Unknown):
        return value is not None
    key = value.key
    return isinstance(key, tuple) and (key[0] in ("param", "attr", "name") or key[1:2] == (".",))


def is_weight(value: Value | None) -> bool:
    """Whether a value is the weight of a layer of torch."""
    key = value.key if isinstance(value, Unknown) else None
    return isinstance(key, tuple) and key[0] == "attr" and key[-1] == "weight"


def is_difference(value: Value) -> bool:
    """Whether a value is the difference of two unknown ones."""
    key = value.key if isinstance(value, Unknown) else None
    return isinstance(key, tuple) and len(key) == 3 and key[0] in ("-", RESIDUAL)


def is_residual(value: Value) -> bool:
    """Whether a value is what data is away from something that a gradient goes through."""
    key = value.key if isinstance(value, Unknown) else None
    return isinstance(key, tuple) and len(key) == 3 and key[0] == RESIDUAL


def is_made_of(whole: Unknown, part: Unknown) -> bool:
    """Whether something unknown was made by methods of something else, as its mean is.

    What it is away from that is no error of a prediction.
    """
    return any(
        isinstance(key, tuple) and key[1:2] == (".",) and key[0] == whole.key for key in part.deps
    )


def as_tensor(run: Interpreter, value: Value, node: cst.CSTNode) -> Tensor | None:
    """What a computation with something unknown gave, once it is used like a tensor.

    A comparison gave a mask, an even power a square.
    """
    key = value.key if isinstance(value, Unknown) else None
    if not isinstance(key, tuple):
        return None
    if len(key) == 2 and key[0] == "not":
        # what is not equal to a padding value is hardly ever nothing
        return Tensor(sign=Sign.NON_NEGATIVE, dtype=DType.BOOL, grad=False)
    if len(key) == 3 and key[0] in COMPARISONS:
        # what tests for padding hardly ever selects nothing
        padding = is_padding(key[0], key[2])
        reason = ZeroReason(run.place(node), "mask", "no element may be selected", key)
        return Tensor(
            mask=None if padding else reason,
            sign=Sign.NON_NEGATIVE,
            dtype=DType.BOOL,
            grad=False,
        )
    if isinstance(value, Unknown) and is_square(value):
        marks = {"square"}
        if is_difference(Unknown(key[1])):
            marks |= {"difference", "squared-difference"}
        return Tensor(
            sign=Sign.NON_NEGATIVE,
            shape="square",
            marks=frozenset(marks),
            deps=value.deps,
            grad=value.grad and not is_label(value.key) and NO_GRAD not in value.deps,
        )
    return None
