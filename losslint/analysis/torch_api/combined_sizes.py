"""The sizes of what several tensors give: joined, multiplied, one picked out of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain import sizes
from losslint.analysis.domain.containers import elements
from losslint.analysis.domain.sizes import ANY, INSERTED, SCALAR, VECTOR, Sizes
from losslint.analysis.domain.values import Const
from losslint.analysis.torch_api.sizing import own_sizes, resizes, sizes_of, whole

if TYPE_CHECKING:
    from losslint.analysis.torch_api.registry import Op


@resizes("gather", "take_along_dim")
def _gathered(op: Op) -> Sizes:
    index = sizes_of(op.given(2 if op.name == "gather" else 1, "index", "indices"))
    if index == ANY and len(own_sizes(op)) > 1 and _takes_inserted(op):
        return (None, 1)  # what a layer gives last is what is chosen from: there is no more
    return tuple(1 if size == INSERTED else size for size in index)


def _takes_inserted(op: Op) -> bool:
    """Whether elements are taken along dimension 1 by what gets that dimension on the spot."""
    index = op.node.args[-1].value if isinstance(op.node, cst.Call) and op.node.args else None
    if op.name != "gather" or not isinstance(index, cst.Call) or len(index.args) != 1:
        return False
    inserts = isinstance(index.func, cst.Attribute) and index.func.attr.value == "unsqueeze"
    inserted_at = whole(op.run.eval(index.args[0].value)) if inserts else None
    return inserted_at == 1 and whole(op.given(1, "dim")) == 1


@resizes("one_hot")
def _one_hot(op: Op) -> Sizes:
    return (*own_sizes(op), whole(op.given(1, "num_classes")))


@resizes("cat", "concat", "concatenate")
def _joined(op: Op) -> Sizes:
    listed = elements(op.run, op.arg(0, "tensors"))
    if not listed:
        return ANY
    given = [one for one in map(sizes_of, listed) if sizes.rank(one) is not None]
    dim = whole(op.given(1, "dim", "axis") or Const(0))
    found = _each_known(given)
    known = sizes.rank(found)
    if known is None or dim is None or not -known <= dim < known:
        return ANY
    return (*found[: dim % known], None, *found[dim % known + 1 :])


def _each_known(given: Sequence[Sizes]) -> Sizes:
    """The sizes of tensors that have all but one in common: of each the first that is known."""
    filled = [one for one in given if one != (0,)]  # an empty vector goes with anything
    if len(set(map(len, filled))) != 1:
        return ANY
    sides = zip(*filled, strict=True)
    return tuple(next((one for one in side if one is not None), None) for side in sides)


@resizes("stack")
def _stacked(op: Op) -> Sizes:
    listed = elements(op.run, op.arg(0, "tensors"))
    dim = whole(op.given(1, "dim") or Const(0))
    if not listed or dim is None:
        return ANY
    found = sizes.inserted(sizes_of(listed[0]), dim)
    return tuple(len(listed) if size == INSERTED else size for size in found)


@resizes("matmul", "mm")
def _product(op: Op) -> Sizes:
    one, other = own_sizes(op), sizes_of(op.given(1, "mat2", "other"))
    if op.name == "mm":
        rows, columns = (sizes.dims(2) if one == ANY else one for one in (one, other))
        return (*rows[:1], *columns[-1:])
    if sizes.rank(other) == 2 and sizes.rank(one) != 0:
        return (*one[:-1], other[-1]) if one != ANY else (..., other[-1])
    if sizes.rank(other) == 1 and (sizes.rank(one) or 0) >= 1:
        return one[:-1]
    return ANY


@resizes("mv")
def _row_products(op: Op) -> Sizes:
    return VECTOR


@resizes("linear")
def _linear(op: Op) -> Sizes:
    own = own_sizes(op)
    outputs = sizes.at(sizes_of(op.given(1, "weight")), 0)
    return (*own[:-1], outputs) if own not in (ANY, SCALAR) else (..., outputs)


@resizes("embedding")
def _embedded(op: Op) -> Sizes:
    return (*own_sizes(op), sizes.at(sizes_of(op.given(1, "weight")), -1))


@resizes("cosine_similarity")
def _compared(op: Op) -> Sizes:
    both = sizes.broadcast(own_sizes(op), sizes_of(op.given(1, "x2")))
    return sizes.reduced(both, whole(op.given(2, "dim") or Const(1)) or 0)
