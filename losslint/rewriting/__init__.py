"""Fixes that rules can offer: what code says, apart from what it computes.

Everything here is imported late: it needs libcst, and `losslint explain` should not wait for that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, ParamSpec, cast

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.trail import Place
    from losslint.analysis.events import (
        Accumulation,
        GradientClip,
        LostGradients,
        ScalerFault,
        TrainingLoop,
        UnscaledAccumulation,
        WrongAverage,
    )
    from losslint.fix import Fix

Given = ParamSpec("Given")


def _unless_too_deep(write: Callable[Given, Fix | None]) -> Callable[Given, Fix | None]:
    """No fix, rather than no finding, for code that nests deeper than the stack allows.

    A place is met once for each way into its function, so the last fixes are kept.
    """

    kept = cast("Callable[Given, Fix | None]", lru_cache(maxsize=64)(write))

    @wraps(write)
    def written(*args: Given.args, **keywords: Given.kwargs) -> Fix | None:
        try:
            return kept(*args, **keywords)
        except RecursionError:
            return None

    return written


@_unless_too_deep
def without_activation(call: Place, *kinds: str) -> Fix | None:
    """Drops the activation before a loss call: ``softmax``, ``sigmoid`` or ``tanh``."""
    from losslint.rewriting import loss_calls

    return loss_calls.without_activation(call, *kinds)


@_unless_too_deep
def without_log_softmax(call: Place) -> Fix | None:
    """Drops a log_softmax over the classes before a cross entropy."""
    from losslint.rewriting import loss_calls

    return loss_calls.without_log_softmax(call)


@_unless_too_deep
def with_log_softmax(call: Place) -> Fix | None:
    """Puts log_softmax in the place of the softmax before a loss call."""
    from losslint.rewriting import loss_calls

    return loss_calls.with_log_softmax(call)


@_unless_too_deep
def with_logits(call: Place) -> Fix | None:
    """Drops the sigmoid before a binary cross entropy, which applies it itself from then on."""
    from losslint.rewriting import loss_calls

    return loss_calls.with_logits(call)


@_unless_too_deep
def with_logits_criterion(call: Place) -> Fix | None:
    """Lets a binary cross entropy apply the sigmoid to an input that had none."""
    from losslint.rewriting import loss_calls

    return loss_calls.with_criterion(call, loss_calls.BCE, loss_calls.BCE_WITH_LOGITS)


@_unless_too_deep
def with_cross_entropy(call: Place) -> Fix | None:
    """Puts a cross entropy in the place of a negative log-likelihood."""
    from losslint.rewriting import loss_calls

    return loss_calls.with_criterion(call, loss_calls.NLL, loss_calls.CROSS_ENTROPY)


@_unless_too_deep
def in_one_step(logarithm: Place) -> Fix | None:
    """The stable form of a logarithm and its argument, where the two are one expression."""
    from losslint.rewriting import logarithms

    return logarithms.in_one_step(logarithm)


@_unless_too_deep
def guarded_logarithm(logarithm: Place) -> Fix | None:
    """Clamps the argument of a logarithm at a small constant."""
    from losslint.rewriting import guards

    return guards.guarded_logarithm(logarithm)


@_unless_too_deep
def guarded_root(root: Place) -> Fix | None:
    """Keeps the argument of a square root away from zero."""
    from losslint.rewriting import guards

    return guards.guarded_root(root)


@_unless_too_deep
def guarded_division(division: Place) -> Fix | None:
    """Adds a small constant to a divisor."""
    from losslint.rewriting import guards

    return guards.guarded_division(division)


@_unless_too_deep
def guarded_inside(sum_: Place) -> Fix | None:
    """Puts a constant that is added behind an operation inside it."""
    from losslint.rewriting import formulas

    return formulas.guarded_inside(sum_)


@_unless_too_deep
def roomy_guard(guard: Place) -> Fix | None:
    """Makes a constant large enough that it is not rounded away beside one."""
    from losslint.rewriting import formulas

    return formulas.roomy_guard(guard)


@_unless_too_deep
def inside_the_domain(function: Place) -> Fix | None:
    """Keeps the argument of a function away from the ends of its domain."""
    from losslint.rewriting import formulas

    return formulas.inside_the_domain(function)


@_unless_too_deep
def guarded_where(division: Place) -> Fix | None:
    """Divides by one where a condition does not select the quotient."""
    from losslint.rewriting import formulas

    return formulas.guarded_where(division)


@_unless_too_deep
def softmax_in_one_step(division: Place) -> Fix | None:
    """Puts a softmax in the place of exponentials over their sum."""
    from losslint.rewriting import formulas

    return formulas.softmax_in_one_step(division)


@_unless_too_deep
def with_logits_in_one_step(sum_: Place) -> Fix | None:
    """Puts a loss of logits in the place of the logarithms written out."""
    from losslint.rewriting import formulas

    return formulas.with_logits_in_one_step(sum_)


@_unless_too_deep
def float_target(call: Place) -> Fix | None:
    """Converts the target of a loss call, which raises with integers."""
    from losslint.rewriting import arguments

    return arguments.float_target(call)


@_unless_too_deep
def index_target(call: Place, method: str) -> Fix | None:
    """Makes the target what a cross entropy takes for class indices."""
    from losslint.rewriting import arguments

    return arguments.index_target(call, method)


@_unless_too_deep
def flat_column(call: Place, position: int) -> Fix | None:
    """Makes a vector of the column that is one of the first two arguments."""
    from losslint.rewriting import arguments

    return arguments.flat_column(call, position)


@_unless_too_deep
def flat_operand(operation: Place, column: cst.BaseExpression | None) -> Fix | None:
    """Makes a vector of the column that is one side of an operation."""
    from losslint.rewriting import arguments

    return arguments.flat_operand(operation, column)


@_unless_too_deep
def classes_second(call: Place) -> Fix | None:
    """Moves the classes of a sequence to the second dimension."""
    from losslint.rewriting import arguments

    return arguments.classes_second(call)


@_unless_too_deep
def symbol_log_softmax(call: Place) -> Fix | None:
    """Puts log_softmax behind the raw outputs that a CTC loss is given."""
    from losslint.rewriting import arguments

    return arguments.symbol_log_softmax(call)


@_unless_too_deep
def with_option(call: Place, message: str, name: str, value: str) -> Fix | None:
    """Gives an option of a criterion another value."""
    from losslint.rewriting import criteria

    return criteria.with_option(call, message, name, value)


@_unless_too_deep
def over_the_classes(call: Place) -> Fix | None:
    """Takes the softmax before a loss call over the classes, not over the batch."""
    from losslint.rewriting import dims

    return dims.over_the_classes(call)


@_unless_too_deep
def exchanged_arguments(call: Place) -> Fix | None:
    """Exchanges the first two arguments of a loss call."""
    from losslint.rewriting import arguments

    return arguments.exchanged_arguments(call)


@_unless_too_deep
def called_object(construction: Place) -> Fix | None:
    """Builds a loss and calls it, where the class got what is meant for the call."""
    from losslint.rewriting import arguments

    return arguments.called_object(construction)


@_unless_too_deep
def explicit_dim(softmax: Place) -> Fix | None:
    """Says over which dimension a softmax runs: that of the classes of the layer before it."""
    from losslint.rewriting import dims

    return dims.explicit_dim(softmax)


@_unless_too_deep
def class_indices(call: Place) -> Fix | None:
    """Gives a cross entropy the indices that its one-hot rows were made of."""
    from losslint.rewriting import targets

    return targets.class_indices(call)


@_unless_too_deep
def zeroed_each_round(loop: TrainingLoop) -> Fix | None:
    """Zeroes the gradients of an optimizer in the loop that steps it."""
    from losslint.rewriting import loops

    return loops.zeroed_each_round(loop)


@_unless_too_deep
def zeroed_before_backward(loop: TrainingLoop) -> Fix | None:
    """Moves a statement that zeroes gradients from behind backward to before it."""
    from losslint.rewriting import loops

    return loops.zeroed_before_backward(loop)


@_unless_too_deep
def not_zeroed_each_round(found: LostGradients) -> Fix | None:
    """Takes out what zeroes gradients in every round, where they are zeroed behind the step."""
    from losslint.rewriting import loops

    return loops.not_zeroed_each_round(found)


@_unless_too_deep
def zeroed_in_the_inner_loop(loop: TrainingLoop) -> Fix | None:
    """Zeroes in the loop that steps, and no more in the one around it."""
    from losslint.rewriting import loops

    return loops.zeroed_in_the_inner_loop(loop)


@_unless_too_deep
def called(method: Place) -> Fix | None:
    """Puts parentheses behind a method that is only named."""
    from losslint.rewriting import steps

    return steps.called(method)


@_unless_too_deep
def reduced(backward: Place) -> Fix | None:
    """Takes the mean of a loss that is backpropagated element by element."""
    from losslint.rewriting import steps

    return steps.reduced(backward)


@_unless_too_deep
def detached(accumulation: Accumulation) -> Fix | None:
    """Keeps a loss from round to round without its graph."""
    from losslint.rewriting import steps

    return steps.detached(accumulation)


@_unless_too_deep
def divided(accumulation: UnscaledAccumulation) -> Fix | None:
    """Divides a loss by the number of rounds whose gradients are added up."""
    from losslint.rewriting import steps

    return steps.divided(accumulation)


@_unless_too_deep
def unscaled_before(clip: GradientClip) -> Fix | None:
    """Unscales gradients before they are clipped."""
    from losslint.rewriting import steps

    return steps.unscaled_before(clip)


@_unless_too_deep
def clipped_in_order(clip: GradientClip) -> Fix | None:
    """Moves a clipping to between backward and step."""
    from losslint.rewriting import steps

    return steps.clipped_in_order(clip)


@_unless_too_deep
def through_the_scaler(fault: ScalerFault) -> Fix | None:
    """Lets a step keep to the protocol of a gradient scaler."""
    from losslint.rewriting import steps

    return steps.through_the_scaler(fault)


@_unless_too_deep
def by_batches(average: WrongAverage) -> Fix | None:
    """Divides a sum of batch means by the number of batches."""
    from losslint.rewriting import steps

    return steps.by_batches(average)
