"""Arrays that numpy joins by an index: ``np.r_[a, b]``."""

from __future__ import annotations

from losslint.analysis.domain.values import Extern, Tensor, Union, Value
from losslint.analysis.tensors.blending import blend
from losslint.analysis.tensors.operations import whole


def is_of_tensors(value: Value) -> bool:
    """Whether a value is a tensor, or a known array, on every path."""
    if isinstance(value, Union):
        return all(isinstance(one.value, Tensor) for one in value.alternatives)
    return isinstance(value, Tensor)


def joined_by_index(
    value: Extern, place: Value | slice | tuple[Value | slice, ...]
) -> Value | None:
    """``np.r_[a, b]`` of arrays that are known."""
    if value.name not in ("numpy.r_", "numpy.c_") or not isinstance(place, tuple):
        return None
    parts = [one for one in place if isinstance(one, Value) and is_of_tensors(one)]
    return whole(blend(*parts)) if parts and len(parts) == len(place) else None
