"""Cosines that are written out: products of vectors over the product of their norms."""

from __future__ import annotations

from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import Tensor, Unknown, Value
from losslint.analysis.tensors.forms import BOUNDED, SETTING

NORMS = "product of norms"
"""The form of the norms of two vectors, multiplied."""
_TEMPERED = "tempered norms"
"""The form of that times a temperature."""
COLD = 0.025
"""Below this temperature the exponentials of two cosines can differ by a factor of e ** 80."""
_PRODUCTS = frozenset({"", "similarity", "overlap", "total"})
"""Forms that sums over products of two vectors have, or nothing is known of them."""
_COSINES = {NORMS: "cosine", _TEMPERED: BOUNDED}
CHOSEN = frozenset({"parameter", SETTING})
"""Forms of numbers that somebody chose, or that are learned."""


def norms(one: Tensor, other: Tensor, factor: Value) -> str:
    """The form of norms that are multiplied by norms or by a temperature; else nothing.

    Args:
        one: the norms.
        other: what they are multiplied by, as a tensor.
        factor: the same as it is.
    """
    if one.shape == other.shape == "norm":
        return NORMS
    if one.shape != NORMS:
        return ""
    known = number(factor)
    chosen = isinstance(factor, Unknown) or other.shape in CHOSEN
    return _TEMPERED if chosen or (known is not None and known >= COLD) else ""


def cosine(product: Tensor, divisor: Tensor) -> str:
    """The form of a product of vectors over that of their norms; nothing for any other quotient."""
    if product.shape not in _PRODUCTS or not divisor.deps <= product.deps:
        return ""
    return _COSINES.get(divisor.shape, "")
