"""Items that are written or deleted: of lists, dicts and tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import as_tensor, is_comparison, is_number
from losslint.analysis.domain.containers import is_dict, is_list, list_items
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import join, without_none
from losslint.analysis.domain.keyed import kept_under
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.sizes import rank
from losslint.analysis.domain.trail import ONE_HOT_MADE, Place
from losslint.analysis.domain.trail import extend as extend_trail
from losslint.analysis.domain.values import (
    TRUE,
    UNKNOWN,
    Act,
    Const,
    DType,
    Extern,
    Instance,
    Sign,
    TargetKind,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.objective.watched import looked_at
from losslint.analysis.python.subscripts import index_of
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.tensors import forms
from losslint.analysis.tensors.comparisons import is_of_zeros
from losslint.analysis.tensors.indexing import Index
from losslint.analysis.tensors.operations import whole, written_where

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def set_item(run: Interpreter, target: Value, node: cst.Subscript, value: Value) -> None:
    """``target[...] = value``."""
    looked_at(run, value)
    target = without_none(target)
    index = index_of(run, node)
    if isinstance(value, Tensor) and not isinstance(index, slice | tuple):
        chosen = as_tensor(run, index, node) or index
        if isinstance(chosen, Tensor) and chosen.mask is not None:
            value = written_where(value, chosen.mask)
    if isinstance(target, Union):
        if any(_is_one_hot(one.value) for one in target.alternatives):
            run.assign(node.value, UNKNOWN)
        for one in target.alternatives:
            if isinstance(one.value, Instance):
                store(run, one.value, index, value)
    elif isinstance(target, Instance):
        store(run, target, index, value)
    elif _is_row(target) and value in _ONES and _is_single(run, node, index):
        run.assign(node.value, _with_a_one(target, run.place(node)))
    elif _is_one_hot(target) and number(value) != 0:
        run.assign(node.value, UNKNOWN)
    elif _is_of_flags(target) and isinstance(node.value, cst.Name):
        other = forms.FILLED_ROW if _is_row(target) else "made"
        first = forms.FLAG_ARRAY if _is_outcome(value) else other
        run.assign(node.value, Unknown((first, id(node)), grad=False))
    elif isinstance(target, Tensor) and isinstance(node.value, cst.Name | cst.Attribute):
        if target.shape in ("blank", forms.WRITTEN) and _is_outcome(value):
            run.assign(node.value, target.but(sign=Sign.NON_NEGATIVE, shape=forms.WRITTEN))
        elif isinstance(value, Tensor):
            run.assign(node.value, _filled(target, value))
        elif value in _ONES and _marks_some(target, index):
            run.assign(node.value, target.but(shape=forms.SOME))
        elif target.shape == "blank" and value in _ONES and len(node.slice) == 2:
            trail = extend_trail(None, run.place(node), ONE_HOT_MADE)
            form = forms.SOME if _is_in_each_row(index) else ""
            rows = target.but(target=TargetKind.ONE_HOT, shape=form, trail=trail)
            if rows.dtype is DType.UNKNOWN:
                rows = rows.but(dtype=DType.FLOAT)
            run.assign(node.value, rows)
        elif target.sign is Sign.NON_NEGATIVE and _replaces_zeros(target, node, index, value):
            run.assign(node.value, target.but(sign=Sign.POSITIVE, zero=None))
        elif target.sign is Sign.POSITIVE and number(value) == 0:
            run.assign(node.value, target.but(sign=Sign.NON_NEGATIVE, shape=forms.CLEARED))
        elif target.sign is not Sign.UNKNOWN and not _keeps_sign(target.sign, value):
            run.assign(node.value, target.but(sign=Sign.UNKNOWN))


def _is_row(value: Value) -> bool:
    """Whether a value is a single row of zeros."""
    if isinstance(value, Tensor):
        return value.shape == "blank" and rank(value.sizes) == 1
    return _form_of_array(value) == forms.ROW_ARRAY


def _form_of_array(value: Value) -> object:
    key = value.key if isinstance(value, Unknown) else None
    return key[0] if isinstance(key, tuple) else None


def _is_single(run: Interpreter, node: cst.Subscript, index: Index) -> bool:
    """Whether a row is written to at one place, and made anew whenever that is done."""
    target, written = node.value, node.slice[0].slice
    if not isinstance(target, cst.Name) or not isinstance(written, cst.Index):
        return False
    if len(node.slice) > 1 or isinstance(index, slice):
        return False
    if not is_number(index) and not _gives_a_number(written.value):
        return False
    rounds = [one for one in run.looping if one.repeats]
    slot = (run.frame.scope.slots, target.value)
    return not rounds or (
        slot[0].oid > rounds[-1].mark.newest or slot in run.heap.writes_since(rounds[-1].mark)
    )


def _gives_a_number(node: cst.BaseExpression) -> bool:
    """``int(label)``, ``classes.index(label)`` or ``label.item()``."""
    called = dotted(node.func).rpartition(".") if isinstance(node, cst.Call) else ("", "", "")
    return called[2] == "int" if not called[1] else called[2] in ("index", "item")


def _with_a_one(row: Value, place: Place) -> Value:
    if isinstance(row, Tensor):
        kind = DType.FLOAT if row.dtype is DType.UNKNOWN else row.dtype
        trail = extend_trail(None, place, ONE_HOT_MADE)
        return row.but(target=TargetKind.ONE_HOT, shape="", dtype=kind, trail=trail)
    return Unknown((forms.ONE_HOT_ARRAY, place), grad=False)


def _is_one_hot(value: Value) -> bool:
    """Whether a value is a row into which a single one was written."""
    if isinstance(value, Tensor):
        return value.target is TargetKind.ONE_HOT and rank(value.sizes) == 1
    return _form_of_array(value) == forms.ONE_HOT_ARRAY


def _is_of_flags(value: Value) -> bool:
    """Whether a value is an array of numpy's that has nothing in it but zeros and flags."""
    return _form_of_array(value) in (forms.ARRAY, forms.ROW_ARRAY, forms.FLAG_ARRAY)


def _is_outcome(value: Value) -> bool:
    """Whether what is written is that of a comparison: true or false, which is one or zero."""
    return is_comparison(value) or (
        isinstance(value, Tensor) and value.mask is not None and value.dtype is DType.BOOL
    )


_ONES = (Const(1), Const(1.0), TRUE)


def _is_flag(target: Tensor) -> bool:
    """Whether a tensor is a mask, or zeros of which one may be made."""
    return target.dtype is DType.BOOL or target.mask is not None or target.shape == "blank"


def _marks_some(target: Tensor, index: Index) -> bool:
    """Whether ones that are written into a mask are there whatever the batch is."""
    if target.dtype is DType.BOOL and _is_in_each_row(index):
        return True
    return _is_flag(target) and _is_by_position(index)


def _is_by_position(index: Index) -> bool:
    """Whether what is written to lies at fixed places of each axis: ``mask[:n, :n] = 1``."""
    return all(isinstance(one, slice) for one in (index if isinstance(index, tuple) else (index,)))


def _is_in_each_row(index: Index) -> bool:
    """Whether one element of each row is written to: ``mask[torch.arange(n), labels] = 1``."""
    rows = index[0] if isinstance(index, tuple) and len(index) == 2 else None
    return isinstance(rows, Tensor) and rows.shape == forms.POSITIONS


def _replaces_zeros(target: Tensor, node: cst.Subscript, index: Index, value: Value) -> bool:
    """Whether a positive number is written wherever something is zero: ``n[n == 0] = 1``."""
    if not isinstance(index, Tensor) or (number(value) or 0) <= 0:
        return False
    own = index.shape == forms.ZEROS and index.zero is not None and index.zero == target.zero
    return own or is_of_zeros(node)


def _keeps_sign(sign: Sign, written: Value) -> bool:
    """Whether a tensor of a sign still has it when a number was written into it."""
    known = number(written)
    return known is not None and (known > 0 or (known == 0 and sign is Sign.NON_NEGATIVE))


def store(run: Interpreter, target: Instance, index: Index, value: Value) -> None:
    """Puts an item into a list, or into a dict under a key that may not be known."""
    if is_list(target):
        items = list(list_items(run, target))
        if isinstance(index, Const) and isinstance(index.value, int):
            if -len(items) <= index.value < len(items):
                items[index.value] = value
                run.heap.set(target.slots, ITEMS, Tuple(tuple(items)))
            return
        rest = run.heap.get(target.slots, REST)
        run.heap.set(target.slots, REST, value if rest is None else join([rest, value]))
    elif is_dict(target) or isinstance(target.cls, Extern):
        if isinstance(index, Const):
            run.heap.set(target.slots, ("key", index.value), value)
            return
        if isinstance(index, Unknown):
            value = kept_under(index, value, run.assumed())
        before = run.heap.get(target.slots, REST)
        run.heap.set(target.slots, REST, value if before is None else join([before, value]))


def delete_item(run: Interpreter, target: Value, node: cst.Subscript) -> None:
    """``del target[...]``."""
    index = index_of(run, node)
    if not isinstance(target, Instance):
        return
    if is_list(target):
        items = list(list_items(run, target))
        where = index.value if isinstance(index, Const) else index
        if isinstance(where, slice) or (
            isinstance(where, int) and -len(items) <= where < len(items)
        ):
            del items[where]
            run.heap.set(target.slots, ITEMS, Tuple(tuple(items)))
    elif isinstance(index, Const):
        run.heap.remove(target.slots, ("key", index.value))


def _filled(target: Tensor, value: Tensor) -> Tensor:
    """A tensor into which parts of another were written."""
    if target.shape == "blank" and value.act is not Act.UNKNOWN:
        return value.but(picked=True, shape="blank", sizes=target.sizes)
    if target.act is value.act and target.act is not Act.UNKNOWN:
        return target
    shape = "unit" if value.shape == "unit" and target.shape in ("unit", "blank") else ""
    return target.but(
        act=Act.UNKNOWN,
        picked=False,
        sign=Sign.UNKNOWN,
        zero=None,
        operations=target.operations | whole(value).operations,
        deps=target.deps | value.deps,
        terms=(),
        shape=shape,
        grad=target.grad or value.grad,
    )
