"""Distillation, written from its formula; the teacher is a constant."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from losslint.losses._contract import Reduction
from losslint.losses.training import distillation_loss
from tests.losses.batch_cases import BatchCase
from tests.losses.cases import Array, randn

# As exact in half precision.
TEACHER = randn(3, 4, 2, seed=1).bfloat16().half().double()


def student() -> tuple[Tensor, ...]:
    return (randn(3, 4, 2),)


def from_teacher(logits: Any, *, temperature: float, reduction: Reduction) -> Tensor:
    teacher = TEACHER.to(logits)[: len(logits)] if isinstance(logits, Tensor) else TEACHER
    return distillation_loss(logits, teacher, temperature=temperature, reduction=reduction)


def reference(logits: Array, *, temperature: float) -> Array:
    teacher = TEACHER.numpy()[: len(logits)]
    p, q = (np.exp(x / temperature) for x in (teacher, logits))
    p, q = p / p.sum(1, keepdims=True), q / q.sum(1, keepdims=True)
    return np.asarray(temperature**2 * (p * np.log(p / q)).sum(1))


CASES = [
    BatchCase(
        "distillation",
        partial(partial, from_teacher, temperature=3.0),
        student,
        partial(reference, temperature=3.0),
        is_of_one_shape=False,
    )
]
