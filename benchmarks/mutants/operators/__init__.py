"""Ways to spoil a training program, one a file for each kind of fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.mutants.operators import (
    activation,
    average,
    clipping,
    criterion,
    divergence,
    guard,
    softmax,
    steps,
    taken_apart,
    target,
    training_loop,
    weight,
)
from benchmarks.mutants.program import Mutant, Program

Operator = Callable[[Program], Iterator[Mutant]]

OPERATORS: tuple[Operator, ...] = (
    training_loop.drop_zero_grad,
    training_loop.zero_between_backward_and_step,
    activation.in_forward,
    activation.as_last_layer,
    activation.in_another_file,
    criterion.swap,
    criterion.class_called_as_function,
    criterion.unreduced,
    divergence.of_probabilities,
    divergence.mean_of_elements,
    softmax.without_dim,
    softmax.logarithm_by_hand,
    target.one_hot,
    target.integers,
    target.swapped,
    guard.drop,
    guard.move_outside,
    weight.drop,
    steps.drop_backward,
    steps.drop_step,
    steps.uncalled,
    steps.forced,
    steps.detached,
    clipping.of_the_loss,
    clipping.after_the_step,
    clipping.while_scaled,
    clipping.step_without_scaler,
    average.with_graph,
    average.by_samples,
    taken_apart.sigmoid_first,
    taken_apart.formula,
    taken_apart.quotient,
)
