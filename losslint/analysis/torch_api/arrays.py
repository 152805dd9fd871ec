"""Functions of numpy: zeros to be written into, and what they make of tensors."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import is_comparison, is_number
from losslint.analysis.domain.containers import element, elements, is_list
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.values import Const, DType, Extern, Tensor, Unknown, Value
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.tensors import forms
from losslint.analysis.tensors.blending import blend, deps_of, union_deps
from losslint.analysis.tensors.joining import is_of_tensors
from losslint.analysis.tensors.operations import whole
from losslint.analysis.torch_api.registry import Op, call_function_by_name, extern, method
from losslint.analysis.torch_api.shaping import dtype_named
from losslint.analysis.torch_api.unknown import call_unknown


@extern("numpy.zeros")
def _array_of_zeros(op: Op) -> Value:
    return Unknown((_array_form(op), id(op.node)), grad=False)


def _array_form(op: Op) -> str:
    """Whether a new array has one axis, as far as the code says."""
    shape = op.given(0, "shape")
    items = None if shape is None else elements(op.run, shape)
    if items is not None:
        return forms.ROW_ARRAY if len(items) == 1 else forms.ARRAY
    node = op.node.args[0].value if isinstance(op.node, cst.Call) and op.node.args else None
    counted = isinstance(node, cst.Call) and dotted(node.func) == "len"
    return forms.ROW_ARRAY if counted or is_number(shape) else forms.ARRAY


@extern("numpy.random.randn", "numpy.random.normal", "numpy.random.standard_normal")
def _drawn(op: Op) -> Value:
    """An array of random numbers; a single one is a number, and not of a size that counts."""
    sized = op.args.positional if op.name.endswith(".randn") else op.given(2, "size")
    if op.name.endswith("standard_normal"):
        sized = op.given(0, "size")
    if not sized or any(isinstance(one, Tensor) for one in op.args.all()):
        return call_unknown(op.run, Extern(op.name), op.args)
    return Tensor(grad=False, marks=frozenset({forms.NOISE}))


@extern("numpy.concatenate", "numpy.vstack", "numpy.hstack", "numpy.stack")
def _joined(op: Op) -> Value:
    """Arrays of which all are known are joined as torch would."""
    parts = elements(op.run, op.arg(0, "arrays", "tup"))
    if not parts or not all(map(is_of_tensors, parts)):
        return call_unknown(op.run, Extern(op.name), op.args)
    return whole(blend(*parts))


@extern("numpy.array", "numpy.asarray", "numpy.ascontiguousarray", "numpy.copy")
def _array(op: Op) -> Value:
    """An array of another is what that one is; of what a list holds, only where it comes from."""
    given = op.arg(0, "a", "object")
    if not is_of_tensors(given):
        made = call_unknown(op.run, Extern(op.name), op.args)
        if not isinstance(made, Unknown) or not is_list(given):
            return made
        held = elements(op.run, given)
        inside = [element(op.run, given, None)] if held is None else held
        return replace(made, deps=reduce(union_deps, map(deps_of, inside), made.deps))
    return each(given, lambda one: _cast(op, one))


@method("tensor", "copy", "astype")
def _copied(op: Op, target: Value) -> Value:
    if isinstance(target, Tensor):
        return _cast(op, target)
    given = op.args
    rest = Args(given.node, given.positional[1:], given.keywords, given.open, given.stars)
    return call_unknown(op.run, target, rest)


@extern("numpy.squeeze", "numpy.ravel", "numpy.reshape", "numpy.expand_dims", "numpy.swapaxes")
def _reshaped(op: Op) -> Value:
    """A tensor in another shape: numpy asks it for its own method, or reads its numbers."""
    if not is_of_tensors(op.arg(0, "a")):
        return call_unknown(op.run, Extern(op.name), op.args)
    name = op.name.rpartition(".")[2]
    return call_function_by_name(op.run, "unsqueeze" if name == "expand_dims" else name, op.args)


@extern("numpy.sum", "numpy.any", "numpy.all", "numpy.count_nonzero")
def _counted(op: Op) -> Value:
    """What a mask selects, counted as torch would."""
    if not is_comparison(op.arg(0, "a")):
        return call_unknown(op.run, Extern(op.name), op.args)
    return call_function_by_name(op.run, op.name.rpartition(".")[2], op.args)


def _cast(op: Op, value: Value) -> Value:
    asked = op.given(1, "dtype")
    if asked is None or not isinstance(value, Tensor):
        return value
    name = asked.name.rpartition(".")[2] if isinstance(asked, Extern) else ""
    kind = dtype_named(Const(name) if name else asked)
    if kind is DType.FLOAT or kind is value.dtype:
        return value.but(dtype=kind)
    return whole(blend(value)).but(dtype=kind, sizes=value.sizes)
