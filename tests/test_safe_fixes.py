"""Safe fixes keep value and gradient: both programs are run with torch.

Where the two agree within 1e-6 nothing is left to say. Where they do not, one of them is wrong, and
a computation with 150 digits says which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import mpmath
import pytest
import torch
from mpmath import mpf

from losslint.finding import Safety
from tests.scripts import IMPORTS, linted

TOLERANCE = 1e-6
ROUNDING = torch.finfo(torch.float64).eps
"""What is smaller gets lost beside a gradient of order one."""
DIGITS = 150
Numbers = Sequence[mpf]
Reference = Callable[[Numbers], mpf]


def logsumexp(xs: Numbers) -> mpf:
    return mpmath.log(sum(map(mpmath.exp, xs)))


def softplus(x: mpf) -> mpf:
    return mpmath.log(1 + mpmath.exp(x))


def bce(xs: Numbers) -> mpf:
    """Binary cross entropy of logits; the targets are 0, 1, 0.25 in turn."""
    targets = [mpf(0), mpf(1), mpf("0.25")]
    return sum(softplus(x) - y * x for x, y in zip(xs, targets, strict=True)) / 3


def cross_entropy(xs: Numbers) -> mpf:
    return logsumexp(xs) - xs[2]


def minus(reference: Reference) -> Reference:
    return lambda xs: reference([-x for x in xs])


def log_softmax(xs: Numbers) -> mpf:
    """The sum over one row, with weights, so that every element counts by itself."""
    return sum(n * (x - logsumexp(xs)) for n, x in enumerate(xs, 1))


def log_sigmoid(xs: Numbers) -> mpf:
    return -sum(n * softplus(-x) for n, x in enumerate(xs, 1))


def softpluses(xs: Numbers) -> mpf:
    return sum(n * softplus(x) for n, x in enumerate(xs, 1))


def log_cosh(xs: Numbers) -> mpf:
    return sum(n * mpmath.log(mpmath.cosh(x)) for n, x in enumerate(xs, 1))


WEIGHTED = "(({}) * torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)).sum()"
BCE_TARGET = "torch.tensor([[0.0, 1.0, 0.25]], dtype=torch.float64)"
CLASS = "torch.tensor([2])"

CASES: list[tuple[str, Reference]] = [
    (WEIGHTED.format("torch.log(F.softmax(x, dim=1))"), log_softmax),
    (WEIGHTED.format("torch.log(torch.softmax(x, -1))"), log_softmax),
    (WEIGHTED.format("x.softmax(dim=-1).log()"), log_softmax),
    (WEIGHTED.format("nn.Softmax(dim=1)(x).log()"), log_softmax),
    (WEIGHTED.format("torch.log(torch.sigmoid(x))"), log_sigmoid),
    (WEIGHTED.format("nn.Sigmoid()(x).log()"), log_sigmoid),
    (WEIGHTED.format("torch.log(1 - torch.sigmoid(x))"), minus(log_sigmoid)),
    (WEIGHTED.format("torch.log(1.0 - (x * -1).sigmoid())"), log_sigmoid),
    (WEIGHTED.format("torch.log(1 + torch.exp(x))"), softpluses),
    (WEIGHTED.format("torch.log(x.exp() + 1)"), softpluses),
    (WEIGHTED.format("torch.log(torch.cosh(x))"), log_cosh),
    ("torch.log(torch.exp(x).sum(dim=1, keepdim=True)).sum()", logsumexp),
    ("torch.log(torch.sum(torch.exp(x), 1)).sum()", logsumexp),
    ("x.exp().sum(-1).log().sum()", logsumexp),
    (f"F.binary_cross_entropy(torch.sigmoid(x), {BCE_TARGET})", bce),
    (f"nn.BCELoss()(x.sigmoid(), {BCE_TARGET})", bce),
    (f"F.cross_entropy(F.log_softmax(x, dim=1), {CLASS})", cross_entropy),
    (f"F.cross_entropy(x * 1, F.one_hot({CLASS}.view(-1), 3).double())", cross_entropy),
    (f"F.cross_entropy(x.view(1, 3).log_softmax(-1), {CLASS})", cross_entropy),
]

ROWS: list[tuple[float, ...]] = [
    (0.3, -1.2, 2.0),
    (3.0, -3.0, 0.5),
    (1e-3, -1e-3, 2e-3),
    (1e-9, -1e-9, 1e-5),
    (0.0, 0.0, 0.0),
    (12.0, -7.0, -14.0),
    (40.0, -40.0, 38.0),
    (-60.0, 700.0, 20.0),
    (720.0, -720.0, 900.0),
    (-800.0, -900.0, -1000.0),
]

Function = Callable[[torch.Tensor], torch.Tensor]


def program(expression: str) -> str:
    return f"{IMPORTS}\n\ndef loss_function(x):\n    return {expression}\n"


def run(text: str, row: Sequence[float]) -> list[float]:
    """The loss at one input, and its gradient."""
    names: dict[str, Function] = {}
    exec(text, names)
    x = torch.tensor([row], dtype=torch.float64, requires_grad=True)
    loss = names["loss_function"](x)
    (gradient,) = torch.autograd.grad(loss, x)
    return [loss.item(), *gradient.flatten().tolist()]


@cache
def truth(reference: Reference, row: tuple[float, ...]) -> list[mpf]:
    with mpmath.workdps(DIGITS):
        xs = [mpf(x) for x in row]
        step = mpf(10) ** (-DIGITS // 3)

        def partial(index: int) -> mpf:
            def along(t: mpf) -> mpf:
                return reference([*xs[:index], t, *xs[index + 1 :]])

            return mpmath.diff(along, xs[index], h=step)

        return [reference(xs), *map(partial, range(len(xs)))]


def distance(found: float, wanted: mpf) -> mpf:
    return abs(mpf(found) - wanted) if math.isfinite(found) else mpmath.inf


@pytest.mark.parametrize(("expression", "reference"), CASES)
def test_safe_fixes_keep_value_and_gradient(
    tmp_path: Path, expression: str, reference: Reference
) -> None:
    before = program(expression)
    _, left, after = linted(tmp_path, before, (Safety.SAFE,))
    assert left.fixed
    agreed = 0
    for row in ROWS:
        old, new, wanted = run(before, row), run(after, row), truth(reference, row)
        # The elements of a gradient are small or large beside each other.
        finite = [abs(one) for one in old[1:] if math.isfinite(one)]
        scales = [abs(old[0]), *[max(finite, default=0.0)] * len(row)]
        for one, other, value, scale in zip(old, new, wanted, scales, strict=True):
            if abs(one - other) <= TOLERANCE * scale + ROUNDING:
                agreed += 1
            else:
                assert distance(other, value) <= distance(one, value), (row, one, other)
    assert agreed >= 3 * len(old), "the rows where the old form is well conditioned"


@pytest.mark.parametrize(("expression", "reference"), CASES)
def test_the_references_are_those_of_the_cases(expression: str, reference: Reference) -> None:
    """A reference that does not belong to its case would find nothing wrong with a wrong fix."""
    for row in ROWS[:2]:
        wanted = [float(value) for value in truth(reference, row)]
        assert run(program(expression), row) == pytest.approx(wanted, rel=TOLERANCE)
