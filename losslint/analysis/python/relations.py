"""Comparisons of abstract values: by order, equality, identity and membership."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import libcst as cst

from losslint.analysis.domain.conditions import (
    by_version,
    is_object,
    is_padding,
)
from losslint.analysis.domain.containers import elements
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.sizes import broadcast
from losslint.analysis.domain.values import (
    FALSE,
    NONE,
    PROBABILITIES,
    TRUE,
    UNKNOWN,
    Bound,
    Class,
    Const,
    DType,
    Extern,
    Function,
    Instance,
    Namespace,
    Sign,
    TargetKind,
    Tensor,
    Union,
    Unknown,
    Value,
    ZeroReason,
    alternatives_of,
)
from losslint.analysis.objective.metrics import compared
from losslint.analysis.objective.shares import RANDOM, share_below
from losslint.analysis.reading.comparing import comparison_of
from losslint.analysis.tensors import blending, forms
from losslint.analysis.tensors.comparisons import (
    is_of_element,
    is_of_itself,
    is_of_pairs,
    is_of_repeated,
    mask_of_pairs,
    mask_of_ranks,
    mask_of_samples,
)
from losslint.analysis.tensors.differences import no_range
from losslint.analysis.tensors.paddings import is_of_marked, is_of_no_padding, is_of_real_tokens
from losslint.analysis.torch_api.registry import group_of
from losslint.analysis.torch_api.shaping import is_of_dtype
from losslint.analysis.torch_api.sizing import sizes_of
from losslint.analysis.training.gradient_flow import cut

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


_REFLEXIVE = (cst.Equal, cst.GreaterThanEqual, cst.LessThanEqual)
"""Signs of comparisons that hold between anything and itself."""


def compare(
    run: Interpreter, sign: cst.BaseCompOp, left: Value, right: Value, node: cst.CSTNode
) -> Value:
    """One comparison of a chain."""
    if isinstance(sign, cst.Is | cst.IsNot):
        same = _identity(left, right)
        return same if isinstance(sign, cst.Is) else _inverted(same)
    if isinstance(left, Union) and isinstance(right, Const) and _are_constants(left):
        return each(left, lambda one: compare(run, sign, one, right, node))
    tensors = [
        one.value
        for side in (left, right)
        for one in alternatives_of(side)
        if isinstance(one.value, Tensor) and (side is one.value or one.value.zero or one.value.mask)
    ]
    if _selects_real_tokens(sign, left, right, node):
        return UNKNOWN  # each sample has some
    if _asks_for_a_range(sign, left, right):
        return Tensor(zero=no_range(run, node), sign=Sign.NON_NEGATIVE, grad=False)
    if tensors:
        if isinstance(sign, cst.In | cst.NotIn):
            return UNKNOWN
        if isinstance(sign, cst.Equal):
            compared(run, left, right, node)
        if isinstance(sign, cst.Equal | cst.NotEqual) and number(right) == 0:
            _note_test_for_zero(run, left, node)
        run_place = run.place(node)
        inner = next((t.mask or t.zero for t in tensors if t.mask or t.zero), None)
        reason = inner
        padding = (
            isinstance(sign, cst.NotEqual)
            or is_of_itself(node)
            or is_padding(type(sign).__name__, right)
            or any(t.shape in forms.FIXED for t in tensors)
            or any(t.shape in _FILLED_ELSEWHERE for t in tensors)
            or is_of_repeated(left, right)
        )
        if not padding:
            text = "no element may be selected"
            of_zeros = _finds_background(sign, left, right)
            symbol = ("==", ("value", id(node)), Const(0)) if of_zeros else None
            reason = ZeroReason(run_place, "mask", text, symbol, inner)
        made = blending.blend(left, right)
        mask = Tensor(
            mask=reason,
            shape=_form(run, sign, tensors, right, node),
            rare=share_below(run, left, right, node),
            zero=inner,
            sign=Sign.NON_NEGATIVE,
            dtype=DType.BOOL,
            sizes=broadcast(sizes_of(left), sizes_of(right)),
            grad=False,
            deps=made.deps,
            confidence=made.confidence,
            above=run_place if forms.is_above_zero(type(sign).__name__, right) else None,
        )
        return cut(run, made, mask, "comparison", node)
    if isinstance(sign, cst.Equal | cst.NotEqual):
        if is_of_itself(node) or is_of_element(run, node):
            return UNKNOWN  # hardly ever False everywhere
        pairs = mask_of_pairs(run, left, right, node, alike=isinstance(sign, cst.Equal))
        if pairs is not None:
            return pairs
        if isinstance(sign, cst.Equal):
            samples = mask_of_samples(run, left, right, node)
            if samples is not None:
                return samples
        same = _equality(left, right, node)
        return same if isinstance(sign, cst.Equal) else _inverted(same)
    if isinstance(sign, cst.In | cst.NotIn):
        found = _membership(run, left, right)
        return found if isinstance(sign, cst.In) else _inverted(found)
    if isinstance(left, Const) and isinstance(right, Const):
        return _ordered(sign, left.value, right.value)
    if isinstance(sign, _REFLEXIVE) and (met := mask_of_ranks(run, left, right, node)) is not None:
        return met
    decided = by_version(sign, left, right)
    if decided is not None:
        return decided
    if isinstance(left, Unknown) or _may_be_unknown(left):
        key = left.key if isinstance(left, Unknown) else None
        key = key if key is not None else ("value", id(node))
        return Unknown((type(sign).__name__, key, right if isinstance(right, Const) else None))
    if isinstance(left, Union) and _are_outputs(left):
        made = blending.blend(left, right)
        mask = Tensor(sign=Sign.NON_NEGATIVE, dtype=DType.BOOL, grad=False, deps=made.deps)
        return cut(run, made, mask, "comparison", node)
    return UNKNOWN


def _note_test_for_zero(run: Interpreter, left: Value, node: cst.CSTNode) -> None:
    """Notes that it is asked whether an output is zero: where it is, something else is done.

    Whether labels are zero is asked for their class.
    """
    comparison = comparison_of(node)
    if comparison is None or not isinstance(left, Tensor):
        return
    if not left.grad and left.act not in PROBABILITIES:
        return
    holder: cst.BaseExpression = comparison.left
    while isinstance(holder, cst.Attribute | cst.Call | cst.Subscript):
        holder = holder.func if isinstance(holder, cst.Call) else holder.value
    if isinstance(holder, cst.Name):
        run.seen.compared.add((run.frame.function, holder.value))


def _form(
    run: Interpreter,
    sign: cst.BaseCompOp,
    tensors: Sequence[Tensor],
    right: Value,
    node: cst.CSTNode,
) -> str:
    """The form of the mask that a comparison of tensors gives."""
    if any(one.shape in RANDOM for one in tensors) or any(map(_is_drawn_anew, tensors)):
        # what a model draws for itself is a mask of many; elsewhere it stands for data
        holder = run.frame.self if run.frame.name == "forward" else None
        drawn = isinstance(holder, Instance) and group_of(holder) == "module"
        return forms.SOME if drawn else "random"
    own = isinstance(sign, _REFLEXIVE) and (is_of_element(run, node) or is_of_pairs(node))
    if own or any(one.shape in forms.FIXED for one in tensors):
        return forms.SOME
    return forms.found(type(sign).__name__, tensors[0], right)


def _is_drawn_anew(value: Tensor) -> bool:
    """Whether a program draws points for each round, and does not make data up beforehand."""
    return forms.ANEW in value.marks and not any(isinstance(one, int) for one in value.deps)


def _asks_for_a_range(sign: cst.BaseCompOp, left: Value, right: Value) -> bool:
    """Whether the largest of some values is asked to be more than the smallest."""
    if not isinstance(left, Tensor) or not isinstance(right, Tensor):
        return False
    of_both = (left.shape, right.shape) == ("maximum", "minimum")
    return of_both and isinstance(sign, cst.GreaterThan | cst.NotEqual)


_FILLED_ELSEWHERE = ("blank", "constant")
"""Forms of what a program made to write into: nobody compares it before it was filled."""


def _finds_background(sign: cst.BaseCompOp, left: Value, right: Value) -> bool:
    """Whether a comparison finds the zeros of data, and not what another test did not select.

    Class indices that the program draws itself are one a sample, and zero is a class like others.
    """
    if not isinstance(sign, cst.Equal) or number(right) != 0 or not isinstance(left, Tensor):
        return False
    computed = left.grad or left.deps or left.mask is not None or left.zero is not None
    return not computed and left.target is not TargetKind.INDICES


def _are_constants(value: Union) -> bool:
    """Whether a value is one of several constants, which a test of it tells apart."""
    return all(isinstance(one.value, Const) for one in value.alternatives)


def _are_outputs(value: Union) -> bool:
    """Whether a value is one of several tensors that a model computes."""
    known = [one.value for one in value.alternatives]
    return all(isinstance(one, Tensor) and one.grad and bool(one.deps) for one in known)


def _may_be_unknown(value: Value) -> bool:
    """Whether a value is a tensor of unknown elements on some paths, and not known on others."""
    known = [one.value for one in alternatives_of(value)]
    return any(isinstance(one, Unknown) for one in known) and all(
        isinstance(one, Unknown)
        or (isinstance(one, Tensor) and one.shape not in forms.FIXED | RANDOM)
        for one in known
    )


def without_key(value: Value) -> Value:
    """An undecided result that stands for no symbol."""
    return UNKNOWN if isinstance(value, Unknown | Const) else value


def _inverted(value: Value) -> Value:
    if isinstance(value, Const):
        return Const(not value.value)
    if isinstance(value, Unknown) and value.key is not None:
        return Unknown(("not", value.key))
    return value


def _selects_real_tokens(
    sign: cst.BaseCompOp, left: Value, right: Value, node: cst.CSTNode
) -> bool:
    """Whether a comparison finds what is no padding: ``attention_mask.view(-1) == 1``."""
    counted = isinstance(left, Tensor) and (left.mask is not None or left.zero is not None)
    if is_of_no_padding(node) and not counted:
        return True
    known = number(right)
    return (
        (isinstance(left, Unknown) or (isinstance(left, Tensor) and left.mask is None))
        and known is not None
        and (known > 0 or isinstance(sign, cst.GreaterThan | cst.NotEqual))
        and (comparison := comparison_of(node)) is not None
        and (is_of_real_tokens(comparison.left) or is_of_marked(comparison))
    )


def _identity(left: Value, right: Value) -> Value:
    if isinstance(right, Const) and not isinstance(left, Unknown):
        if isinstance(left, Union):
            outcomes = {one.value == right for one in left.alternatives}
            unknown = any(isinstance(one.value, Unknown) for one in left.alternatives)
            if len(outcomes) == 1 and not unknown:
                return Const(outcomes.pop())
            return UNKNOWN
        if right == NONE and isinstance(left, Extern):
            return FALSE
        return Const(left == right)
    if isinstance(left, Unknown) and left.key is not None and isinstance(right, Const):
        if right == NONE and is_object(left):
            return FALSE
        return Unknown(("==", left.key, right))
    if _are_classes(left, right):
        return Const(left == right)
    if isinstance(left, Extern) and isinstance(right, Extern):
        return UNKNOWN  # one may be another name of the other
    if isinstance(left, _OBJECTS) and isinstance(right, _OBJECTS):
        return Const(left == right)
    return UNKNOWN


_OBJECTS = (Instance, Class, Function, Namespace, Extern)


def _equality(left: Value, right: Value, node: cst.CSTNode) -> Value:
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(left.value == right.value)
    known = is_of_dtype(left, right)
    if known is not None:
        return Const(known)
    key = left.key if isinstance(left, Unknown) else None
    if right == Const(0) and isinstance(key, tuple) and (key[0], *key[2:]) == ("%", Const(1)):
        return TRUE  # every round is a multiple of one
    if isinstance(left, Unknown) and left.key is not None and isinstance(right, Const):
        return Unknown(("==", left.key, right))
    if isinstance(right, Unknown) and right.key is not None and isinstance(left, Const):
        return Unknown(("==", right.key, left))
    if isinstance(left, Instance | Class | Function | Namespace | Bound) and left == right:
        return TRUE
    if _are_classes(left, right):
        return Const(left == right)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        bound = right if isinstance(right, Const) else None
        return Unknown(("==", ("value", id(node)), bound))
    return UNKNOWN


def _are_classes(*values: Value) -> bool:
    """Whether values are classes of different libraries, of which none stands for another."""
    if not all(isinstance(one, Extern | Class) for one in values):
        return False
    homes = [one.name.partition(".")[0] for one in values if isinstance(one, Extern)]
    return len(set(homes)) == len(homes) or len(set(values)) == 1


def _membership(run: Interpreter, left: Value, right: Value) -> Value:
    known = elements(run, right)
    if known and all(_are_classes(left, item) for item in known):
        return Const(left in known)
    if known is not None and isinstance(left, Const):
        if any(left == item for item in known):
            return TRUE
        if all(isinstance(item, Const) for item in known):
            return FALSE
    if known and isinstance(left, Unknown) and left.key is not None:
        if all(isinstance(item, Const) for item in known):
            return Unknown(("in", left.key, tuple(known)))
    if isinstance(left, Const) and isinstance(right, Const):
        if isinstance(left.value, str) and isinstance(right.value, str):
            return Const(left.value in right.value)
    if isinstance(left, Const) and isinstance(right, Unknown) and right.key is not None:
        return Unknown(("contains", right.key, left))
    return UNKNOWN


def _ordered(sign: cst.BaseCompOp, left: Any, right: Any) -> Value:
    try:
        if isinstance(sign, cst.LessThan):
            return Const(bool(left < right))
        if isinstance(sign, cst.GreaterThan):
            return Const(bool(left > right))
        if isinstance(sign, cst.LessThanEqual):
            return Const(bool(left <= right))
        if isinstance(sign, cst.GreaterThanEqual):
            return Const(bool(left >= right))
    except TypeError:
        pass
    return UNKNOWN
