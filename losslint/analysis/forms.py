"""Forms of tensors that sums and products keep or make."""

from __future__ import annotations

from losslint.analysis.numbers import number
from losslint.analysis.values import Sign, Tensor, Value

TOTALS = frozenset({"total", "overlap", "totals"})
"""Forms of sums over a whole mask, of which overlap measures are made."""
UNREDUCED = "loss-none"
"""The form of a loss with one number an element."""
_BOUNDED = frozenset({"cosine", "non-positive"})
"""Forms of values that an exponential of does not overflow, whatever the temperature."""
SCALABLE = _BOUNDED | {"similarity", "scores", "trace"}
"""Forms that a temperature leaves as they are."""
OF_RELU = "of a relu"
"""The mark of log-probabilities whose logits came out of a relu."""
ZEROS = "zeros found"
"""The form of a mask of the zeros of a tensor, and of what is to be put there."""


def is_area(value: Tensor) -> bool:
    """A product of sizes, or a sum of such."""
    return value.shape in ("product", "totals") and value.sign is Sign.NON_NEGATIVE


def zeros_found(is_equal: bool, bound: Value) -> str:
    """The form of the outcome of a comparison: where zeros are, something can be put."""
    return ZEROS if is_equal and number(bound) == 0 else ""
