"""Terms of an objective: how sums, weights and reductions make a loss of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
    Tensor,
    Unknown,
    Value,
)
from losslint.analysis.events import Event, Family, LossSum, LossTerm
from losslint.analysis.reading.assigned import assigned_once
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted, is_width, names_width
from losslint.analysis.training.counts import counts_samples, is_batch_size

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

MAX_TERMS = 16
OPEN = "open sum"
"""The mark of a loss to which something was added that is not known as a loss."""


def add_terms(one: tuple[LossTerm, ...], other: tuple[LossTerm, ...]) -> tuple[LossTerm, ...]:
    """The terms of a sum; a term that comes by several ways counts once."""
    if not other:
        return one
    return (*one, *(term for term in other if term not in one))[:MAX_TERMS]


def without_balanced(events: Sequence[Event]) -> list[Event]:
    """The events without sums that another path, with one term more, adds with weights."""
    weighted = [
        {term.place for term in event.terms}
        for event in events
        if isinstance(event, LossSum)
        and any(term.weighted and term.family is not Family.DIVERGENCE for term in event.terms)
    ]
    return [
        event
        for event in events
        if not isinstance(event, LossSum)
        or not any({term.place for term in event.terms} < places for places in weighted)
    ]


def has_named_factor(node: cst.CSTNode, first: bool) -> bool:
    """Whether the first or second factor of a product is a variable or attribute."""
    factor: cst.CSTNode | None = None
    if isinstance(node, cst.BinaryOperation):
        factor = node.left if first else node.right
    elif isinstance(node, cst.AugAssign):
        factor = node.value
    return isinstance(factor, cst.Name | cst.Attribute | cst.Subscript)


def weigh(tensor: Tensor, factor: Value, named: bool = False, divided: bool = False) -> Tensor:
    """The terms of a tensor that was multiplied by a factor.

    A one that is written out is no weight, nor is a mask or a weight for each element, nor what
    makes an average of terms of one kind; a factor for a sum of several terms leaves their
    proportions as they are until another term is added.

    Args:
        tensor: a loss.
        factor: what it was multiplied with.
        named: whether the factor has a name: an option is a weight, whatever it is set to.
        divided: whether it was divided by the factor.
    """
    known = number(factor)
    if known and not named and _is_average(tensor, 1 / known if divided else known):
        return tensor.but(terms=tuple(replace(term, averaged=True) for term in tensor.terms))
    if known is not None and abs(known) == 1 and not named:
        return tensor
    if isinstance(factor, Tensor) and factor.mask is not None:
        return tensor
    stacked = not tensor.sums and len({term.family for term in tensor.terms}) > 1
    setting = isinstance(factor, Unknown) or (known is not None and not stacked)
    option = named and setting and not tensor.sums
    if len(tensor.terms) > 1 and (not stacked or known is not None) and not option:
        return tensor.but(shape="scaled-sum")
    each_element = known is None and not _is_setting(factor)
    terms = tuple(
        term
        if term.weighted or (term.stage == "elements" and each_element)
        else replace(term, weighted=True)
        for term in tensor.terms
    )
    return tensor.but(terms=terms)


def note_rows(
    run: Interpreter, loss: Tensor, factor: Value, node: cst.CSTNode, swapped: bool
) -> None:
    """Notes a mean over all elements that is multiplied by how many there are in a row.

    In a loss that can be how many rows there are, too: its author has counted.
    """
    written = getattr(node, "left" if swapped else "right", None)
    key = factor.key if isinstance(factor, Unknown) else None
    attribute = key[2] if isinstance(key, tuple) and key[1:2] == (".",) else ""
    counted = written is not None and run.frame.in_loss and _counts_rows(run, written)
    if (written is not None and is_width(written)) or names_width(str(attribute)) or counted:
        run.seen.by_rows.update(term.place for term in loss.terms)


def note_shared_out(run: Interpreter, loss: Tensor, quotient: cst.CSTNode) -> None:
    """Notes a loss that is divided by the number of samples."""
    divisor = getattr(quotient, "right", None) or getattr(quotient, "value", None)
    if isinstance(divisor, cst.BaseExpression) and is_batch_size(run, divisor):
        run.seen.shared_out.update(term.place for term in loss.terms)


def _counts_rows(run: Interpreter, factor: cst.BaseExpression) -> bool:
    return counts_samples(assigned_once(run.frame.body, factor))


def _is_average(tensor: Tensor, factor: float) -> bool:
    """Whether a sum of terms of one kind is multiplied so that their mean is left."""
    count = len(tensor.terms)
    return (
        count > 1
        and abs(factor * count - 1) < 0.01
        and len({term.family for term in tensor.terms}) == 1
        and tensor.shape != "scaled-sum"
    )


def _is_setting(factor: Value) -> bool:
    """Whether a factor is one of the settings that an object keeps: ``self.hparams.beta``."""
    key = factor.key if isinstance(factor, Unknown) else None
    if not isinstance(key, tuple) or key[1:2] != (".",):
        return False
    holder = key[0]
    return isinstance(holder, tuple) and holder[:1] == ("attr",)


def normalised(tensor: Tensor, divisor: Value, node: cst.CSTNode) -> Tensor:
    """The terms of a tensor that was divided: of a sum that makes the mean, else it is a weight.

    Args:
        tensor: a loss.
        divisor: what it was divided by.
        node: the quotient. A divisor that has a name can be set to something else than one.
    """
    known = number(divisor)
    named = has_named_factor(node, first=False)
    if (
        known is not None
        or len(tensor.terms) > 1
        or any(term.stage == "mean" for term in tensor.terms)
    ):
        made = weigh(tensor, divisor, named=named and known == 1, divided=True)
        return made.but(terms=reduced_terms(made.terms, "mean", of=_SUMMED))
    count = node.right if isinstance(node, cst.BinaryOperation) else getattr(node, "value", None)
    counted = dotted(count) if count is not None and isinstance(divisor, Tensor) else ""
    if count is not None and not counted:
        counted = _of_which_number(count)
    return tensor.but(
        terms=tuple(replace(term, stage="mean", counted=counted) for term in tensor.terms)
    )


def _of_which_number(count: cst.CSTNode) -> str:
    """The variable that a number is the number of: ``labels.numel()``, ``len(labels)``."""
    if not isinstance(count, cst.Call):
        return ""
    if isinstance(count.func, cst.Attribute) and count.func.attr.value in ("numel", "nelement"):
        return dotted(count.func.value)
    return dotted(count.args[0].value) if dotted(count.func) == "len" and count.args else ""


_SUMMED = frozenset({"sum"})
_SEVERAL = frozenset({"elements", "sum"})
"""Stages of what can still be one number a sample: a sum may be one over the other dimensions."""


def reduced_terms(
    terms: tuple[LossTerm, ...], stage: str, of: frozenset[str] = frozenset({"elements"})
) -> tuple[LossTerm, ...]:
    """The terms after a reduction of those that are at some stages."""
    if all(term.stage not in of for term in terms):
        return terms
    return tuple(replace(term, stage=stage) if term.stage in of else term for term in terms)


def averaged_terms(terms: tuple[LossTerm, ...]) -> tuple[LossTerm, ...]:
    """The terms after a mean."""
    return reduced_terms(terms, "mean", _SEVERAL)


def settled(tensor: Tensor) -> Tensor:
    """A sum that was scaled as a whole, before another term joins it: now that is a weight."""
    if tensor.shape != "scaled-sum":
        return tensor
    terms = tuple(term if term.weighted else replace(term, weighted=True) for term in tensor.terms)
    return tensor.but(terms=terms, shape="")


_ADVANTAGE = re.compile(
    r"adv|reward|return|rtrn|delta|td_?err|gae|gain|critic|baseline|discount|value|target|score"
    r"|(^|_)(q|r|g|v|rets?|a|td|psi)(s|_|\d|$)|^weights?$",
    re.IGNORECASE,
)
"""What an advantage, or what plays its part, is called."""
_LIKELIHOOD = re.compile(r"log|prob|nll|loss", re.IGNORECASE)
"""What the likelihood is called, whatever else is in its name: ``neg_log_score``."""


def _names(node: cst.CSTNode) -> Iterator[str]:
    return (one.value for one in walk(node) if isinstance(one, cst.Name))


def policy_term(
    run: Interpreter, log: Tensor, factor: Tensor, other: Value, node: cst.CSTNode
) -> LossTerm | None:
    """The term that a log-probability (or a ratio of them) times an advantage is."""
    ratio = log.shape == "ratio"
    chosen = log.picked and (log.act in LOG_PROBABILITIES or log.shape == "neg-log-prob")
    if not (ratio or chosen) or number(other) is not None or not log.grad:
        return None
    if factor.act in PROBABILITIES or factor.mask is not None or factor.shape == "power":
        return None  # a focal or a masked weight, not an advantage
    if factor.shape == "constant":
        return None  # the fixed target of a binary cross entropy
    names = [name for name in _names(node) if not _LIKELIHOOD.search(name)]
    if not any(map(_ADVANTAGE.search, names)):
        return None
    return LossTerm(Family.POLICY, "the policy loss", run.place(node), log.deps, stage="elements")


CROSS_ENTROPY = "weighed-log-probs"
"""The mark of log-probabilities of all classes times what is wanted of them."""


def is_cross_entropy(log: Tensor, target: Tensor, other: Value) -> bool:
    """Whether log-probabilities of all classes are multiplied with their wanted probabilities."""
    if log.act not in LOG_PROBABILITIES or log.picked or not (log.grad and log.deps):
        return False
    if number(other) is not None or target.mask is not None:
        return False
    if target.grad and isinstance(other, Tensor):
        return False
    if target.shape in ("blank", "constant"):
        return False  # the same for all samples: one half of a pair, as real and fake are
    return not target.deps & log.deps  # the negative entropy has its own probabilities there


_SCALED = "scaled"
"""The mark of elements of a loss that a number was multiplied with before they are added up."""


def scaled(made: Tensor, factor: Value) -> Tensor:
    """The elements of what becomes a loss, times a number: that is a weight of it already."""
    known = number(factor)
    if known is None or abs(known) == 1 or made.marks.isdisjoint(_CLOSED):
        return made
    return made.but(marks=made.marks | {_SCALED})


_BY_ELEMENT = "weighed by element"
"""The mark of elements of a loss, each of which was multiplied with a weight of its own."""
_WEIGHTS = re.compile(r"weights?$", re.IGNORECASE)


def weighed_by_element(
    made: Tensor, one: Tensor, other: Tensor, node: cst.CSTNode, swapped: bool
) -> Tensor:
    """The elements of what becomes a loss, times what is called the weights of these elements.

    Their sum is as large as the weights make it, their mean is as any other.

    Args:
        made: the product.
        one: the value of one factor.
        other: the value of the other.
        node: the product in the code.
        swapped: whether the code has the other factor first.
    """
    if made.marks.isdisjoint(_CLOSED) or not isinstance(node, cst.BinaryOperation):
        return made
    first, second = (node.right, node.left) if swapped else (node.left, node.right)
    for value, factor in ((one, first), (other, second)):
        named = isinstance(factor, cst.Name | cst.Attribute) and _WEIGHTS.search(dotted(factor))
        if named and not (value.grad and value.deps) and value.mask is None:
            return made.but(marks=made.marks | {_BY_ELEMENT})
    return made


LOG_SQUARE = "log of a square"
"""The mark of the logarithm of a variance that is a spread squared."""
_CLOSED = frozenset({"squared-difference", CROSS_ENTROPY})
"""Marks of elements of which a sum or mean is a loss."""


def reduced(run: Interpreter, made: Tensor, node: cst.CSTNode, stage: str) -> Tensor:
    """A sum or mean, which is a loss term where it closes the formula of one.

    The divergence from a standard normal has an exponential of the log-variance, or the logarithm
    of a squared spread, and a square of the mean in it, and so has a Gaussian likelihood, which
    plays the same part; where it is given the variance it has a logarithm instead.
    """
    if made.terms or not made.grad:
        return made
    weighted = _SCALED in made.marks
    weighted |= stage == "sum" and _BY_ELEMENT in made.marks
    if made.marks >= {"log", "squared-difference"}:
        term = LossTerm(Family.LIKELIHOOD, "the log-density", run.place(node), made.deps)
    elif made.marks >= {"exp", "square"} or made.marks >= {LOG_SQUARE, "square"}:
        term = LossTerm(Family.DIVERGENCE, "the KL term", run.place(node), made.deps, stage=stage)
    elif CROSS_ENTROPY in made.marks:
        name = "the cross entropy"
        term = LossTerm(
            Family.CLASSIFICATION, name, run.place(node), made.deps, weighted, stage=stage
        )
    elif "squared-difference" in made.marks and made.deps:
        name = "the squared error"
        term = LossTerm(Family.REGRESSION, name, run.place(node), made.deps, weighted, stage=stage)
    else:
        return made
    return made.but(terms=(term,), marks=frozenset())
