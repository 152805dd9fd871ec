"""Ways to spoil a training program, one a file for each kind of fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.mutants.operators import activation, criterion, guard, target, training_loop, weight
from benchmarks.mutants.program import Mutant, Program

Operator = Callable[[Program], Iterator[Mutant]]

OPERATORS: tuple[Operator, ...] = (
    training_loop.drop_zero_grad,
    training_loop.zero_between_backward_and_step,
    activation.in_forward,
    activation.as_last_layer,
    activation.in_another_file,
    criterion.swap,
    target.one_hot,
    guard.drop,
    weight.drop,
)
