"""What every loss of a whole batch has to show."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.losses import (
    distillation_cases,
    generative_cases,
    image_cases,
    metric_cases,
    ranking_cases,
)
from tests.losses.batch_cases import BatchCase
from tests.losses.cases import Tensors, arrays

CASES = [
    *metric_cases.CASES,
    *generative_cases.CASES,
    *ranking_cases.CASES,
    *image_cases.CASES,
    *distillation_cases.CASES,
]
every_loss = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    ),
]


def cast(tensors: Tensors, dtype: torch.dtype, device: str = "cpu") -> Tensors:
    return tuple(
        tensor.to(device, dtype if tensor.is_floating_point() else None) for tensor in tensors
    )


def value_and_gradients(
    loss: Callable[..., Tensor], tensors: Tensors, *, autocast: bool = False
) -> tuple[Tensor, tuple[Tensor, ...]]:
    leaves = tuple(
        tensor.detach().clone().requires_grad_() if tensor.is_floating_point() else tensor
        for tensor in tensors
    )
    # The backward pass is outside, where torch's documentation wants it.
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        value = loss(*leaves)
    # Unequal weights: a gradient that is right only for a plain sum would not be noticed.
    weights = torch.linspace(1, 2, value.numel()).view_as(value).to(value)
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    return value.detach(), torch.autograd.grad((value * weights).sum(), wanted)


def of_floats(
    loss: Callable[..., Tensor], tensors: Tensors
) -> tuple[Callable[..., Tensor], list[Tensor]]:
    """The loss as a function of its floating-point arguments only, and these."""
    places = [place for place, tensor in enumerate(tensors) if tensor.is_floating_point()]

    def function(*floats: Tensor) -> Tensor:
        arguments = list(tensors)
        for place, value in zip(places, floats, strict=True):
            arguments[place] = value
        return loss(*arguments)

    return function, [tensors[place].clone().requires_grad_() for place in places]


@pytest.mark.parametrize("device", DEVICES)
@every_loss
def test_values_are_those_of_the_formula(case: BatchCase, device: str) -> None:
    tensors = case.tensors()
    losses = case.reference(*arrays(tensors))
    mean = losses.mean() if case.mean is None else case.mean(losses, *arrays(tensors))
    wanted = {"none": losses, "sum": losses.sum(), "mean": mean}
    there = cast(tensors, torch.float64, device)
    for reduction in case.reductions:
        got = case.build(reduction=reduction)(*there).cpu()
        np.testing.assert_allclose(got.numpy(), wanted[reduction], rtol=1e-9, atol=1e-12)


@every_loss
def test_gradients_are_those_of_finite_differences(case: BatchCase) -> None:
    function, floats = of_floats(case.build(reduction="mean"), case.tensors())
    assert torch.autograd.gradcheck(function, floats)
    if case.is_smooth:
        assert torch.autograd.gradgradcheck(function, floats)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@every_loss
def test_half_precision_is_computed_and_returned_in_float32(
    case: BatchCase, dtype: torch.dtype, device: str
) -> None:
    tensors = cast(case.tensors(), dtype, device)
    loss = case.build(reduction="mean")
    value, gradients = value_and_gradients(loss, tensors)
    exact, exact_gradients = value_and_gradients(loss, cast(tensors, torch.float64))
    assert value.dtype == torch.float32
    torch.testing.assert_close(
        value.cpu().double(), exact.cpu(), rtol=case.tolerance, atol=case.tolerance
    )
    rounding = 2 * torch.finfo(dtype).eps
    for gradient, wanted in zip(gradients, exact_gradients, strict=True):
        assert gradient.dtype == dtype
        torch.testing.assert_close(
            gradient.double(), wanted, rtol=max(rounding, 1e-3), atol=max(case.tolerance, 1e-5)
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@every_loss
def test_autocast_changes_nothing(case: BatchCase, dtype: torch.dtype) -> None:
    tensors = cast(case.tensors(), dtype)
    loss = case.build(reduction=case.reductions[0])
    expected = value_and_gradients(loss, tensors)
    got = value_and_gradients(loss, tensors, autocast=True)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


@every_loss
def test_compiled_in_one_graph_it_is_the_same(case: BatchCase) -> None:
    torch._dynamo.reset()
    tensors = cast(case.tensors(), torch.float32)
    loss = case.build(reduction="mean")
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of its own compiler
        got = value_and_gradients(compiled, tensors)
    torch.testing.assert_close(got, value_and_gradients(loss, tensors))


@every_loss
def test_tensors_that_are_not_contiguous(case: BatchCase) -> None:
    loss, tensors = case.build(reduction=case.reductions[0]), case.tensors()
    strided = tuple(tensor.transpose(0, -1).contiguous().transpose(0, -1) for tensor in tensors)
    torch.testing.assert_close(
        value_and_gradients(loss, strided), value_and_gradients(loss, tensors)
    )


@every_loss
def test_a_batch_of_one(case: BatchCase) -> None:
    tensors = tuple(tensor[:1] for tensor in case.tensors())
    losses = case.reference(*arrays(tensors))
    got = case.build(reduction="sum")(*tensors)
    np.testing.assert_allclose(got.numpy(), losses.sum(), rtol=1e-9, atol=1e-12)


@every_loss
def test_gradients_of_several_batches_by_torch_func(case: BatchCase) -> None:
    loss, tensors = case.build(reduction="mean"), case.tensors()
    batches = tensors, tuple(tensor.flip(0) for tensor in tensors)
    floats = tuple(place for place, tensor in enumerate(tensors) if tensor.is_floating_point())
    of_each = torch.func.vmap(torch.func.grad(loss, argnums=floats))
    stacked = tuple(torch.stack(pair) for pair in zip(*batches, strict=True))
    for gradient, *expected in zip(
        of_each(*stacked), *(value_and_gradients(loss, batch)[1] for batch in batches), strict=True
    ):
        torch.testing.assert_close(gradient, torch.stack(expected))


@pytest.mark.parametrize(
    ("dtype", "size"), [(torch.float32, 1e4), (torch.bfloat16, 1e4), (torch.float16, 1e3)]
)
@every_loss
def test_extreme_values_have_finite_losses(
    case: BatchCase, dtype: torch.dtype, size: float
) -> None:
    if case.is_steep:
        pytest.skip("quadratic or exponential in its argument")
    tensors = cast(case.tensors(), dtype)
    for sign in (size, -size):
        extreme = tuple(
            torch.where(tensor > 0, sign, -sign).to(dtype) if tensor.is_floating_point() else tensor
            for tensor in tensors
        )
        value, gradients = value_and_gradients(case.build(reduction="mean"), extreme)
        assert value.isfinite().all()
        assert all(gradient.isfinite().all() for gradient in gradients)


@every_loss
def test_arguments_of_the_wrong_type(case: BatchCase) -> None:
    first, *rest = case.tensors()
    loss = case.build(reduction="mean")
    with pytest.raises(TypeError, match=r"must be a floating-point tensor, but is torch\.int64 of"):
        loss(first.long(), *rest)
    with pytest.raises(TypeError, match=r"must be a .*tensor.*, but is list \[1\]"):
        loss([1], *rest)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.is_of_one_shape], ids=lambda case: case.name
)
def test_arguments_of_the_wrong_shape_or_place(case: BatchCase) -> None:
    first, *rest = case.tensors()
    loss = case.build(reduction="mean")
    with pytest.raises(ValueError, match=r"must be of .*shape .*, but is .*of shape"):
        loss(first[:-1], *rest)
    with pytest.raises(ValueError, match=r"must be on the device of .*meta, but is on cpu"):
        loss(first.to("meta"), *rest)


@every_loss
def test_a_reduction_must_be_known(case: BatchCase) -> None:
    with pytest.raises(
        ValueError, match=r"`reduction` must be one of .*'mean'.*, but is 'average'"
    ):
        case.build(reduction="average")(*case.tensors())
