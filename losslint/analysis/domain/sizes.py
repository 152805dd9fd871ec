"""The sizes of a tensor's dimensions, as far as they are known.

A tuple of sizes, one a dimension: a number, or None where it is not known. It starts with ``...``
where the number of dimensions in front is not known: ``(..., 10)`` is what a linear layer with ten
outputs gives for whatever it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import TypeAlias

Sizes: TypeAlias = tuple[int | EllipsisType | None, ...]

ANY: Sizes = (...,)
"""Nothing is known."""
SCALAR: Sizes = ()
VECTOR: Sizes = (None,)
INSERTED = -1
"""A size of one that the program asked for: by ``unsqueeze``, an index of None, a reshape."""
ROWS = -2
"""As many as there are rows: what is left where a dimension behind the rows was taken away.

How many dimensions there were is not known then, only that the last one is no column's any more.
"""
MAX_RANK = 8


def is_one(size: int | EllipsisType | None) -> bool:
    """Whether a dimension has one element, by its nature or because it was inserted."""
    return size in (1, INSERTED)


def rank(sizes: Sizes) -> int | None:
    """The number of dimensions, where it is known."""
    return None if sizes[:1] == (...,) else len(sizes)


def at(sizes: Sizes, dim: int | None) -> int | None:
    """The size of a dimension, where it is known; one that was inserted is one."""
    if dim is None:
        return None
    known = rank(sizes)
    if dim >= 0:
        size = sizes[dim] if known is not None and dim < known else None
    else:
        size = sizes[dim] if -dim <= len(sizes) else None
    return None if size is ... or size is None or size == ROWS else abs(size)


def dims(count: int | None) -> Sizes:
    """So many dimensions of unknown size."""
    return ANY if count is None or count > MAX_RANK else (None,) * count


def broadcast(one: Sizes, other: Sizes) -> Sizes:
    """What an operation on the elements of two tensors gives."""
    if one == other or other == SCALAR:
        return one
    if one == SCALAR:
        return other
    open_one, open_other = rank(one) is None, rank(other) is None
    left, right = one[open_one:], other[open_other:]
    width = max(len(left), len(right))
    if open_one or open_other:
        width = min(len(left) if open_one else width, len(right) if open_other else width)
    found: list[int | EllipsisType | None] = []
    if not width and ROWS in (one[-1], other[-1]):
        found.append(ROWS)  # whatever the rest is, it has one element there or as many
    for back in range(1, width + 1):
        a = left[-back] if back <= len(left) else 1
        b = right[-back] if back <= len(right) else 1
        if is_one(a):
            found.append(b)
        elif is_one(b) or a == b:
            found.append(a)
        elif ROWS in (a, b) and max(len(left), len(right)) > 1:
            found.append(None)
        else:
            found.append(a if b is None else b if a is None else None)
    if open_one or open_other:
        found.append(...)
    return tuple(reversed(found))


def reduced(sizes: Sizes, dim: int, keep: bool = False) -> Sizes:
    """The sizes without a dimension, or with one element left of it."""
    known = rank(sizes)
    if known is None:
        if dim == 1 and (at(sizes, -1) or 0) > 1 and not keep:
            return (..., ROWS)
        if dim >= 0 or -dim >= len(sizes):
            return ANY
    elif not -known <= dim < known:
        return ANY
    index = dim % len(sizes)
    return (*sizes[:index], *((1,) if keep else ()), *sizes[index + 1 :])


def inserted(sizes: Sizes, dim: int) -> Sizes:
    """The sizes with a new dimension of one element before ``dim``."""
    known = rank(sizes)
    if known is None:
        if dim >= 0 or -dim > len(sizes):
            return ANY
        index = len(sizes) + dim + 1
    else:
        if not -known - 1 <= dim <= known:
            return ANY
        index = dim if dim >= 0 else known + dim + 1
    return (*sizes[:index], INSERTED, *sizes[index:])


def squeezed(sizes: Sizes, dim: int | None) -> Sizes:
    """The sizes without one dimension, or without all that have one element."""
    known = rank(sizes)
    if known is None:
        if dim is not None and dim < 0 and is_one(sizes[dim] if -dim < len(sizes) else None):
            return reduced(sizes, dim)
        return (..., ROWS) if dim == 1 and is_one(sizes[-1]) else ANY
    if dim is None:
        left = tuple(size for size in sizes if not is_one(size))
        # who squeezes what has no dimension of one, as far as is known, knows of one
        return ANY if left == sizes and None in sizes[1:] else left
    size = at(sizes, dim)
    return reduced(sizes, dim) if size == 1 or size is None else sizes


def swapped(sizes: Sizes, one: int, other: int) -> Sizes:
    """The sizes with two dimensions in each other's place."""
    known = rank(sizes)
    if known is None or not (-known <= one < known and -known <= other < known):
        return ANY
    made = list(sizes)
    made[one], made[other] = made[other], made[one]
    return tuple(made)


def ordered(sizes: Sizes, order: Sequence[int]) -> Sizes:
    """The sizes in another order."""
    known = rank(sizes)
    if known is None:
        return dims(len(order))
    if sorted(place % known if known else 0 for place in order) != list(range(known)):
        return ANY
    return tuple(sizes[place] for place in order)


def flattened(sizes: Sizes, first: int = 0) -> Sizes:
    """The sizes with all dimensions from ``first`` on in one."""
    if first < 0:
        return ANY
    known = rank(sizes)
    front = sizes[:first] if known is not None and first < known else (None,) * first
    behind = sizes[first:] if known is not None else ()
    total: int | None = 1
    for size in behind:
        known_size = abs(size) if isinstance(size, int) and size != ROWS else None
        total = None if total is None or known_size is None else total * known_size
    return (*front, total if behind else None)


def paired(one: Sizes, other: Sizes, deliberate: bool = False) -> bool:
    """Whether each element of a column meets each of a vector: (N, 1) with (N,) gives (N, N).

    Args:
        one: the sizes of what may be the column.
        other: the sizes of what may be the vector.
        deliberate: count columns too whose second dimension the program inserted, and any lengths.
    """
    if deliberate and len(one) > 1 and is_one(one[-1]) and other == (..., ROWS):
        return not is_one(one[-2])
    if len(one) < 2 or rank(other) != 1 or is_one(other[0]):
        return False
    if deliberate:
        return is_one(one[-1]) and not is_one(one[-2])
    length = None if one[-2] is ... else one[-2]
    return one[-1] == 1 and length == other[0]


def spread(one: Sizes, other: Sizes) -> int | None:
    """How many columns each element of a column meets: seven where (N, 1) comes with (N, 7)."""
    count = at(other, -1)
    if count is None or count < 2 or len(one) < 2 or one[-1] != 1:
        return None
    ranks = (rank(one), rank(other))
    return count if len(other) > 1 and (None in ranks or ranks[0] == ranks[1]) else None


def common(one: Sizes, other: Sizes) -> Sizes:
    """What is known of both."""
    if one == other:
        return one
    if rank(one) is not None and len(one) == len(other) and rank(other) is not None:
        return tuple(a if a == b else None for a, b in zip(one, other, strict=True))
    return ANY
