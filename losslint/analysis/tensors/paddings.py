"""Masks of what is no padding, of which every sequence has something, by the names in the code."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.reading.comparing import comparison_of
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.reading.views import viewed

if TYPE_CHECKING:
    from losslint.analysis.domain.values import ZeroReason
    from losslint.analysis.interpreter import Interpreter

_OF_REAL_TOKENS = re.compile(
    r"(^|_)(attention|attn|att|input|pad(ding)?|tok(en)?s?|seq(uence)?|words?|text|src)_?masks?$"
)
"""Names of masks of what is no padding, of which each sample has something."""


def is_of_real_tokens(node: cst.BaseExpression) -> bool:
    """Whether an expression is a mask of what is no padding, going by its name."""
    return _OF_REAL_TOKENS.search(_name_of(node)) is not None


def is_of_marked(comparison: cst.Comparison) -> bool:
    """Whether a mask is compared with what marks the elements that are there: ``mask == 1``.

    One that comes with the data as numbers is that of the padding, unless its name says more.
    """
    target = comparison.comparisons[0]
    marked = target.comparator
    is_one = isinstance(marked, cst.Integer) and marked.evaluated_value == 1
    is_true = isinstance(marked, cst.Name) and marked.value == "True"
    keeps = isinstance(target.operator, cst.Equal | cst.Is) and (is_one or is_true)
    return keeps and _name_of(comparison.left) in ("mask", "masks")


def _name_of(node: cst.BaseExpression) -> str:
    """The name or the key by which an expression is known, seen through its views."""
    named = viewed(node)
    if isinstance(named, cst.Subscript):
        part = named.slice[0].slice
        index = part.value if isinstance(part, cst.Index) else None
        name = index.evaluated_value if isinstance(index, cst.SimpleString) else ""
    else:
        name = dotted(named).rpartition(".")[2]
    return name.casefold() if isinstance(name, str) else ""


_PADDING = re.compile(r"(^|_)pad(ding|ded)?(_|$)")
"""Names of what fills sequences up to one length, of which none is empty."""


_LENGTHS = re.compile(r"(^|_)len(gth)?s?(_|$)")
"""Names of the lengths of sequences."""


def is_of_no_padding(node: cst.CSTNode) -> bool:
    """Whether a comparison keeps what is no padding: ``labels > pad_token``, ``lengths > 0``."""
    comparison = comparison_of(node)
    if comparison is None:
        return False
    target = comparison.comparisons[0]
    if not isinstance(target.operator, cst.GreaterThan | cst.NotEqual):
        return False
    compared, bound = _last_name(comparison.left), target.comparator
    of_lengths = isinstance(bound, cst.Integer) and _LENGTHS.search(compared) is not None
    if of_lengths or _PADDING.search(_last_name(bound)) is not None:
        return True
    return any(_is_off_padding(one) for one in walk(comparison.left))


def _is_off_padding(node: cst.CSTNode) -> bool:
    """Whether it is how far a value is from what pads: ``target - padded_value``."""
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Subtract):
        return False
    return _PADDING.search(_last_name(node.right)) is not None


def _last_name(node: cst.BaseExpression) -> str:
    return dotted(node).rpartition(".")[2].casefold()


_LOOKS_UP = re.compile(r"emb(s|ed|edder|edding)?s?$")
"""Names of embeddings whose class is not known."""


def is_look_up(call: cst.CSTNode) -> bool:
    """Whether something unknown that is called is an embedding, by its name."""
    func = call.func if isinstance(call, cst.Call) else None
    name = dotted(func).rpartition(".")[2] if func is not None else ""
    return _LOOKS_UP.search(name.casefold()) is not None


def note_looked_up(run: Interpreter, call: cst.CSTNode) -> None:
    """Notes the variables by which a call looks up rows of an embedding."""
    given = call.args if isinstance(call, cst.Call) else ()
    names = {arg.value.value for arg in given if isinstance(arg.value, cst.Name)}
    run.seen.looked_up.update((run.frame.function, name) for name in names)


def is_of_looked_up(mask: ZeroReason, names: Container[str]) -> bool:
    """Whether a mask keeps what is above zero of the indices of an embedding.

    The index of padding is zero there, and no batch is all padding.
    """
    return any(
        one is not None
        and isinstance(one.left, cst.Name)
        and one.left.value in names
        and isinstance(one.comparisons[0].operator, cst.GreaterThan)
        and isinstance(bound := one.comparisons[0].comparator, cst.Integer)
        and bound.evaluated_value == 0
        for one in map(comparison_of, walk(mask.place.node))
    )
