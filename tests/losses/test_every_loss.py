"""What every loss has to show."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable
from functools import cache
from inspect import signature
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad, gradcheck, gradgradcheck

from losslint.catalogue import find_entry
from losslint.catalogue.copying import standalone_source
from losslint.losses.functional import _fused, _regions, _target_loss
from tests.losses.cases import Case, Tensors, arrays, module
from tests.losses.table import CASES

every_loss = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
can_ignore = pytest.mark.parametrize(
    "case", [case for case in CASES if case.ignores], ids=lambda case: case.name
)
can_mask = pytest.mark.parametrize(
    "case", [case for case in CASES if case.ignores == "mask"], ids=lambda case: case.name
)
saturates = pytest.mark.parametrize(
    "case", [case for case in CASES if not case.is_steep], ids=lambda case: case.name
)

is_derived_in_full = pytest.mark.parametrize(
    "case", [case for case in CASES if not case.has_constant], ids=lambda case: case.name
)


at_any_size = pytest.mark.parametrize("worth_from", [1, 2**19])
"""Computed together with their gradient, or in torch's operations."""


def cast(tensors: Tensors, dtype: torch.dtype) -> Tensors:
    return tuple(tensor.to(dtype) if tensor.is_floating_point() else tensor for tensor in tensors)


def value_and_gradient(loss: Callable[..., Tensor], tensors: Tensors) -> tuple[Tensor, Tensor]:
    prediction = tensors[0].detach().requires_grad_()
    value = loss(prediction, *tensors[1:])
    # Unequal weights: a gradient that is right only for a plain sum would not be noticed.
    (gradient,) = torch.autograd.grad(
        (value * torch.linspace(1, 2, value.numel()).view_as(value).to(value)).sum(), prediction
    )
    return value.detach(), gradient


def by_hand_from(elements: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the size from which losses are computed together with their gradient."""
    monkeypatch.setattr(_regions, "_LARGE_IMAGE", elements)
    monkeypatch.setattr(_target_loss, "_LARGE_SOFTMAX", elements)


def without_last(case: Case, tensors: Tensors) -> Tensors:
    """The tensors with their last position cut off."""
    return tuple(tensor[..., :-1].clone() for tensor in tensors)


def ignoring_last(case: Case, tensors: Tensors, junk: float = 0.3) -> Tensors:
    """The tensors with their last position ignored, and something else in it."""
    prediction, target = (tensor.clone() for tensor in tensors)
    prediction[..., -1] = junk
    if case.ignores == "index":
        target[..., -1] = -100
        return prediction, target
    target[..., -1] = torch.nan if target.is_floating_point() else 77
    mask = torch.ones(target.shape, dtype=torch.bool)
    mask[..., -1] = False
    return prediction, target, mask


def ignoring_all(case: Case, tensors: Tensors) -> Tensors:
    if case.ignores == "index":
        return tensors[0], torch.full_like(tensors[1], -100)
    return *tensors, torch.zeros(tensors[1].shape, dtype=torch.bool)


@every_loss
def test_values_are_those_of_the_formula(case: Case) -> None:
    tensors = case.tensors()
    losses = case.reference(*arrays(tensors))
    mean = losses.mean() if case.mean is None else case.mean(losses, *arrays(tensors))
    got = {name: module(case, name)(*tensors) for name in ("none", "sum", "mean")}
    np.testing.assert_allclose(got["none"].numpy(), losses, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got["sum"].numpy(), losses.sum(), rtol=1e-9)
    np.testing.assert_allclose(got["mean"].numpy(), mean, rtol=1e-9)


@is_derived_in_full
def test_gradients_are_those_of_finite_differences(case: Case) -> None:
    check_gradients(case)


def check_gradients(case: Case) -> None:
    end = 3 if case.has_positions else None
    prediction, *rest = (tensor[:2][..., :end].clone() for tensor in case.tensors())
    loss = module(case)
    prediction.requires_grad_()
    assert gradcheck(lambda tensor: loss(tensor, *rest), prediction)
    if case.is_smooth:
        assert gradgradcheck(lambda tensor: loss(tensor, *rest), prediction, fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@every_loss
def test_half_precision_is_computed_and_returned_in_float32(case: Case, dtype: torch.dtype) -> None:
    tensors = cast(case.tensors(), dtype)
    value, gradient = value_and_gradient(module(case, dtype=dtype), tensors)
    exact, exact_gradient = value_and_gradient(
        module(case, dtype=dtype).double(), cast(tensors, torch.float64)
    )
    assert value.dtype == torch.float32
    assert gradient.dtype == dtype
    torch.testing.assert_close(value.double(), exact, rtol=1e-5, atol=1e-6)
    rounding = torch.finfo(dtype).eps
    torch.testing.assert_close(
        gradient.double(), exact_gradient, rtol=max(2 * rounding, 1e-4), atol=1e-6
    )


@at_any_size
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@every_loss
def test_autocast_changes_nothing(
    case: Case, dtype: torch.dtype, worth_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand_from(worth_from, monkeypatch)
    tensors = cast(case.tensors(), dtype)
    loss = module(case, "none", torch.float32)
    expected = value_and_gradient(loss, tensors)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = value_and_gradient(loss, tensors)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


@every_loss
def test_compiled_in_one_graph_it_is_the_same(case: Case) -> None:
    torch._dynamo.reset()
    tensors = cast(case.tensors(), torch.float32)
    loss = module(case, dtype=torch.float32)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of its own compiler
        got = value_and_gradient(compiled, tensors)
    torch.testing.assert_close(got, value_and_gradient(loss, tensors))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@every_loss
def test_by_hand_in_pieces_it_is_what_it_is_in_operations(
    case: Case, reduction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, tensors = module(case, reduction), case.tensors()
    half = cast(tensors, torch.bfloat16)
    with monkeypatch.context() as patched:
        patched.setattr(_fused, "can_fuse", lambda *tensors: False)
        expected = value_and_gradient(loss, tensors)
        expected_of_half = value_and_gradient(loss, half)
    monkeypatch.setitem(_fused._PIECE, "cpu", 8)
    by_hand_from(1, monkeypatch)
    torch.testing.assert_close(value_and_gradient(loss, tensors), expected)
    torch.testing.assert_close(value_and_gradient(loss, half), expected_of_half)
    if not case.has_constant and reduction == "mean":
        check_gradients(case)


@at_any_size
@every_loss
def test_a_gradient_can_be_asked_for_again(
    case: Case, worth_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand_from(worth_from, monkeypatch)
    prediction, *rest = case.tensors()
    prediction.requires_grad_()
    value = module(case)(prediction, *rest)
    with torch.no_grad():
        without_gradient = module(case)(prediction, *rest)
    torch.testing.assert_close(without_gradient, value.detach())
    (first,) = torch.autograd.grad(value, prediction, retain_graph=True)
    first = first.clone()
    (again,) = torch.autograd.grad(2 * value, prediction, retain_graph=True)
    torch.testing.assert_close(again, 2 * first)
    (differentiable,) = torch.autograd.grad(value, prediction, create_graph=True)
    torch.testing.assert_close(differentiable, first)


@pytest.mark.skipif(
    not hasattr(torch._C._functorch, "is_legacy_batchedtensor"),
    reason="a torch that does not tell which gradients are batched",
)
@at_any_size
@every_loss
def test_many_gradients_at_once(
    case: Case, worth_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand_from(worth_from, monkeypatch)
    prediction, *rest = case.tensors()
    prediction.requires_grad_()
    losses = module(case, "none")(prediction, *rest).flatten()
    rows = torch.eye(len(losses), dtype=torch.float64)[:3]
    (together,) = torch.autograd.grad(
        losses, prediction, rows, is_grads_batched=True, retain_graph=True
    )
    for row, gradient in zip(rows, together, strict=True):
        (alone,) = torch.autograd.grad(losses, prediction, row, retain_graph=True)
        torch.testing.assert_close(gradient, alone)


@is_derived_in_full
def test_forward_mode_derivatives(case: Case) -> None:
    loss, (prediction, *rest) = module(case), case.tensors()
    _, gradient = value_and_gradient(loss, (prediction, *rest))
    direction = torch.linspace(-1, 1, prediction.numel(), dtype=torch.float64).view_as(prediction)
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore")  # torch's own, of how it finds them
        dual = forward_ad.make_dual(prediction, direction)  # type: ignore[no-untyped-call]
        value = loss(dual, *rest)
        tangent = forward_ad.unpack_dual(value).tangent  # type: ignore[no-untyped-call]
    torch.testing.assert_close(tangent, (gradient * direction).sum())


@at_any_size
@every_loss
def test_tensors_that_are_not_contiguous(
    case: Case, worth_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand_from(worth_from, monkeypatch)
    loss, tensors = module(case, "none"), case.tensors()
    expected = value_and_gradient(loss, tensors)
    for layout in (turned, classes_last, with_gaps):
        laid_out = tuple(layout(tensor) for tensor in tensors)
        torch.testing.assert_close(value_and_gradient(loss, laid_out), expected)


def turned(tensor: Tensor) -> Tensor:
    return tensor.transpose(0, -1).contiguous().transpose(0, -1)


def classes_last(tensor: Tensor) -> Tensor:
    classes = min(1, tensor.dim() - 1)
    return tensor.movedim(classes, -1).contiguous().movedim(-1, classes)


def with_gaps(tensor: Tensor) -> Tensor:
    return torch.stack([tensor, tensor], -1)[..., 0]


@every_loss
def test_a_batch_of_one(case: Case) -> None:
    tensors = tuple(tensor[:1] for tensor in case.tensors())
    losses = case.reference(*arrays(tensors))
    got = module(case, "none")(*tensors)
    np.testing.assert_allclose(got.numpy(), losses, rtol=1e-9, atol=1e-12)


@every_loss
def test_gradients_of_each_example_by_torch_func(case: Case) -> None:
    loss, tensors = module(case, "sum"), case.tensors()

    def of_one(*example: Tensor) -> Tensor:
        value: Tensor = loss(*(tensor.unsqueeze(0) for tensor in example))
        return value

    each = torch.func.vmap(torch.func.grad(of_one))(*tensors)
    for number, gradient in enumerate(each):
        example = tuple(tensor[number : number + 1] for tensor in tensors)
        _, expected = value_and_gradient(loss, example)
        torch.testing.assert_close(gradient, expected[0])


@at_any_size
@every_loss
def test_a_constant_within_a_transform_of_torch_func(
    case: Case, worth_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand_from(worth_from, monkeypatch)
    loss, tensors = module(case, "sum"), case.tensors()
    factors = torch.tensor([1.0, 2.0], dtype=torch.float64)
    scaled = torch.func.vmap(lambda factor: factor * loss(*tensors))(factors)
    torch.testing.assert_close(scaled, factors * loss(*tensors))


@every_loss
def test_the_order_of_the_batch_does_not_matter(case: Case) -> None:
    tensors = case.tensors()
    turned = tuple(tensor.flip(0) for tensor in tensors)
    loss = module(case)
    torch.testing.assert_close(loss(*turned), loss(*tensors))


@at_any_size
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@can_ignore
def test_what_is_ignored_might_as_well_not_be_there(
    case: Case, reduction: str, worth_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand_from(worth_from, monkeypatch)
    loss, tensors = module(case, reduction), case.tensors()
    value, gradient = value_and_gradient(loss, ignoring_last(case, tensors))
    if reduction == "none" and case.is_sum_of_positions:
        assert not value[..., -1].any()
        value = value[..., :-1]
    assert not gradient[..., -1].any()
    wanted, wanted_gradient = value_and_gradient(
        module(case, reduction), without_last(case, tensors)
    )
    torch.testing.assert_close(value, wanted)
    if reduction != "none":
        torch.testing.assert_close(gradient[..., :-1], wanted_gradient)


@can_mask
def test_a_masked_prediction_may_be_anything(case: Case) -> None:
    _, gradient = value_and_gradient(module(case), ignoring_last(case, case.tensors(), torch.nan))
    assert gradient.isfinite().all()


@at_any_size
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@can_ignore
def test_nothing_left_is_no_loss_and_no_gradient(
    case: Case, reduction: str, worth_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand_from(worth_from, monkeypatch)
    value, gradient = value_and_gradient(
        module(case, reduction), ignoring_all(case, case.tensors())
    )
    assert not value.any()
    assert not gradient.any()


@pytest.mark.parametrize(
    ("dtype", "size"), [(torch.float32, 1e4), (torch.bfloat16, 1e4), (torch.float16, 1e3)]
)
@at_any_size
@saturates
def test_extreme_predictions_have_finite_losses(
    case: Case,
    dtype: torch.dtype,
    size: float,
    worth_from: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_hand_from(worth_from, monkeypatch)
    tensors = cast(case.tensors(), dtype)
    extreme = torch.where(tensors[0] > 0, size, -size).to(dtype)
    for prediction in (extreme, -extreme, extreme * 0 + size):
        value, gradient = value_and_gradient(
            module(case, "none", dtype), (prediction, *tensors[1:])
        )
        assert value.isfinite().all()
        assert gradient.isfinite().all()


@every_loss
def test_options_are_shown_and_kept(case: Case) -> None:
    loss = module(case)
    assert "reduction='mean'" in repr(loss)
    tensors = case.tensors()
    assert copy.deepcopy(loss)(*tensors) == loss(*tensors)


@every_loss
def test_a_prediction_must_be_of_floats(case: Case) -> None:
    prediction, *rest = case.tensors()
    with pytest.raises(TypeError, match=r"must be a floating-point tensor, but is torch\.int64 of"):
        module(case)(prediction.long(), *rest)
    with pytest.raises(TypeError, match=r"must be a .*tensor, but is list \[1\]"):
        module(case)([1], *rest)


@every_loss
def test_a_target_must_be_a_tensor_of_the_right_shape_and_place(case: Case) -> None:
    prediction, target, *rest = case.tensors()
    with pytest.raises(TypeError, match="must be a tensor, but is list"):
        module(case)(prediction, [1], *rest)
    with pytest.raises(ValueError, match=r"must be of .*shape .*, but is of shape"):
        module(case)(prediction, target[:-1], *rest)
    with pytest.raises(ValueError, match=r"must be on the device of .*, cpu, but is on meta"):
        module(case)(prediction, target.to("meta"), *rest)


@every_loss
def test_the_copied_source_computes_the_same(case: Case) -> None:
    loss, tensors = module(case, "none"), case.tensors()
    copied = copied_class(type(loss).__name__)
    options = {name: getattr(loss, name) for name in signature(type(loss)).parameters}
    ours = value_and_gradient(loss, tensors)
    torch.testing.assert_close(value_and_gradient(copied(**options), tensors), ours)
    if case.ignores:
        ignoring = ignoring_last(case, tensors)
        theirs = value_and_gradient(copied(**options), ignoring)
        torch.testing.assert_close(theirs, value_and_gradient(loss, ignoring))


@cache
def copied_class(name: str) -> Callable[..., nn.Module]:
    source = standalone_source(find_entry(name))
    assert not re.search(r"^\s*(from|import) losslint", source, re.MULTILINE)
    copied = ModuleType(f"copied_{name}")
    exec(compile(source, copied.__name__, "exec"), vars(copied))
    found: Callable[..., nn.Module] = getattr(copied, name)
    return found


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@every_loss
@at_any_size
def test_on_cuda_it_is_the_same_as_on_the_cpu(
    case: Case, worth_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand_from(worth_from, monkeypatch)
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        here = cast(case.tensors(), dtype)
        expected = value_and_gradient(module(case, dtype=dtype), here)
        there = tuple(tensor.cuda() for tensor in here)
        got = value_and_gradient(module(case, dtype=dtype).cuda(), there)
        torch.testing.assert_close(tuple(tensor.cpu() for tensor in got), expected)


@every_loss
def test_a_reduction_must_be_known(case: Case) -> None:
    with pytest.raises(ValueError, match="`reduction` must be one of 'mean', 'sum', 'none', but"):
        module(case, "average")(*case.tensors())
