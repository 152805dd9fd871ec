"""Mixing samples, learning from a teacher, and measuring gradients."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from losslint.losses.training import (
    GradientNormMonitor,
    Mixed,
    cutmix,
    distillation,
    distillation_loss,
    mixed_loss,
    mixup,
)
from tests.losses.cases import generator, rand, randn

MIXES: dict[str, Callable[..., Mixed]] = {"mixup": mixup, "cutmix": cutmix}
mixes = pytest.mark.parametrize("name", MIXES)


def images(count: int = 6) -> tuple[Tensor, Tensor]:
    """Each image is of its number everywhere."""
    numbers = torch.arange(count)
    return numbers.float()[:, None, None, None].expand(count, 3, 8, 12).contiguous(), numbers


def test_the_examples_in_the_docstrings() -> None:
    failed, tried = doctest.testmod(distillation, extraglobs={"torch": torch})
    assert tried
    assert not failed


@mixes
def test_the_share_is_that_of_the_pixels(name: str) -> None:
    inputs, targets = images()
    seen = set()
    for seed in range(20):
        mixed = MIXES[name](inputs, targets, alpha=1.0, generator=generator(seed))
        assert torch.equal(mixed.targets, targets)
        expected = mixed.share * targets + (1 - mixed.share) * mixed.other_targets
        torch.testing.assert_close(mixed.inputs.mean((1, 2, 3)), expected.float())
        seen.add(round(mixed.share, 1))
    assert len(seen) > 5


def test_cutmix_replaces_one_rectangle() -> None:
    inputs, targets = images()
    for seed in range(20):
        mixed = cutmix(inputs, targets, generator=generator(seed))
        for image, own in zip(mixed.inputs, targets, strict=True):
            replaced = image != own
            rows, columns = replaced[0].any(1), replaced[0].any(0)
            assert torch.equal(replaced[0], rows[:, None] & columns)
            assert torch.equal(replaced, replaced[:1].expand_as(replaced))
            assert image[replaced].unique().numel() <= 1
    assert torch.equal(inputs, images()[0])


@mixes
def test_a_seed_repeats_the_mixture(name: str) -> None:
    inputs, targets = images()
    first, again, other = (MIXES[name](inputs, targets, generator=generator(s)) for s in (1, 1, 2))
    assert torch.equal(first.inputs, again.inputs)
    assert first.share == again.share != other.share
    torch.manual_seed(7)
    plain = MIXES[name](inputs, targets)
    torch.manual_seed(7)
    assert torch.equal(plain.inputs, MIXES[name](inputs, targets).inputs)


@mixes
def test_one_sample_is_mixed_with_itself(name: str) -> None:
    inputs, targets = images(1)
    assert torch.equal(MIXES[name](inputs, targets).inputs, inputs)


def test_the_mixed_loss_is_the_cross_entropy_of_the_mixed_targets() -> None:
    inputs, targets = images(5)
    mixed = mixup(inputs, targets, alpha=1.0, generator=generator(0))
    logits = randn(5, 5).float()
    soft = mixed.share * F.one_hot(targets, 5) + (1 - mixed.share) * F.one_hot(
        mixed.other_targets, 5
    )
    expected = F.cross_entropy(logits, soft)
    torch.testing.assert_close(mixed_loss(nn.CrossEntropyLoss(), logits, mixed), expected)


def test_class_weights_in_a_mixed_loss_as_documented() -> None:
    logits, targets = randn(4, 3).float(), torch.tensor([0, 1, 2, 2])
    mixed = Mixed(logits, targets, targets.flip(0)[[1, 0, 0, 1]], 0.3)
    weight = torch.tensor([1.0, 5.0, 0.1])
    soft = 0.3 * F.one_hot(targets, 3) + 0.7 * F.one_hot(mixed.other_targets, 3)
    mean = mixed_loss(nn.CrossEntropyLoss(weight), logits, mixed)
    assert (mean - F.cross_entropy(logits, soft, weight)).abs() > 0.05
    total = mixed_loss(nn.CrossEntropyLoss(weight, reduction="sum"), logits, mixed)
    # With probabilities as targets torch divides by the number of samples.
    torch.testing.assert_close(total / 4, F.cross_entropy(logits, soft, weight))


def test_no_gradient_goes_to_the_teacher() -> None:
    student, teacher = randn(3, 4).requires_grad_(), randn(3, 4, seed=1).requires_grad_()
    torch.autograd.backward(distillation_loss(student, teacher))
    assert teacher.grad is None
    assert student.grad is not None


def test_a_class_that_teacher_and_student_mask_out_changes_nothing() -> None:
    student, teacher = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, -1.0]])
    masked = torch.full((1, 1), -torch.inf)
    wide = torch.cat([student, masked], 1).requires_grad_()
    narrow = student.requires_grad_()
    losses = (
        distillation_loss(wide, torch.cat([teacher, masked], 1)),
        distillation_loss(narrow, teacher),
    )
    torch.testing.assert_close(*losses)
    gradients = torch.autograd.grad(losses, (wide, narrow))
    torch.testing.assert_close(gradients[0], torch.cat([gradients[1], torch.zeros(1, 1)], 1))


@pytest.mark.parametrize("temperature", [1.0, 10.0, 1000.0])
def test_the_gradient_keeps_its_size_at_any_temperature(temperature: float) -> None:
    student, teacher = randn(8, 5).requires_grad_(), randn(8, 5, seed=1)
    loss = distillation_loss(student, teacher, temperature=temperature, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, student)
    # For high temperatures Hinton et al. give the difference of the centred logits over C.
    apart = (student - student.mean(1, keepdim=True)) - (teacher - teacher.mean(1, keepdim=True))
    assert 0.5 < gradient.norm() / (apart.norm() / 5) < 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_sure_teachers_and_students_are_finite(dtype: torch.dtype) -> None:
    student = torch.tensor([[1e3, -1e3]], dtype=dtype, requires_grad=True)
    loss = distillation_loss(student, -student)
    (gradient,) = torch.autograd.grad(loss, student)
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    assert gradient.isfinite().all()


def test_the_monitor_measures_norms_and_angles() -> None:
    shared = nn.Linear(2, 1, bias=False)
    nn.init.ones_(shared.weight)
    x, y = torch.tensor([[3.0, 0.0]]), torch.tensor([[-4.0, 4.0]])
    losses = {"a": shared(x).sum(), "b": shared(y).sum(), "none": torch.tensor(1.0)}
    measured = GradientNormMonitor(shared.parameters())(losses)
    assert measured.norms == pytest.approx({"a": 3.0, "b": 32**0.5, "none": 0.0})
    assert measured.cosines == pytest.approx(
        {("a", "b"): -(0.5**0.5), ("a", "none"): 0.0, ("b", "none"): 0.0}, abs=1e-6
    )
    assert measured.ratio == float("inf")
    assert measured.conflict == pytest.approx(1 / 3)
    assert shared.weight.grad is None
    torch.autograd.backward(losses["a"] + losses["b"])


def test_the_monitor_sees_a_thousand_fold_scale() -> None:
    shared = nn.Linear(3, 2)
    hidden = shared(rand(4, 3).float())
    measured = GradientNormMonitor(shared.parameters())(
        {"small": hidden.square().mean(), "large": 1000 * hidden.square().mean()}
    )
    assert measured.ratio == pytest.approx(1000, rel=1e-4)
    assert measured.cosines["small", "large"] == pytest.approx(1)
    assert measured.conflict == 0


def test_a_scaler_keeps_small_gradients_of_float16() -> None:
    class Scaler:
        def get_scale(self) -> float:
            return 65536.0

    shared = nn.Linear(2, 1, bias=False).half()
    x = torch.ones(1, 2, dtype=torch.float16)
    losses = {"a": shared(x).float().sum() * 1e-9}
    parameters = list(shared.parameters())
    assert GradientNormMonitor(parameters)(losses).norms["a"] == 0
    kept = GradientNormMonitor(parameters, scaler=Scaler())(losses).norms["a"]
    assert kept == pytest.approx(1e-9 * 2**0.5, rel=1e-2)


X, T = torch.zeros(2, 3, 4, 4), torch.tensor([0, 1])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: mixup(X, T[:1]), ValueError, "`targets` must be of 2 samples, as `inputs` is"),
        (lambda: mixup(X, T, alpha=0), ValueError, "`alpha` must be above 0"),
        (lambda: mixup(X.int(), T), TypeError, "`inputs` must be a floating-point tensor"),
        (lambda: mixup(X, T.to("meta")), ValueError, "`targets` must be on the device of"),
        (lambda: cutmix(X[0], T), ValueError, r"`inputs` must be of shape \(N, C, H, W\)"),
        (lambda: cutmix(X[None], T[:1]), ValueError, r"`inputs` must be of shape \(N, C, H, W\)"),
        (
            lambda: distillation_loss(X, X[:1]),
            ValueError,
            "`teacher_logits` must be of the shape of `student_logits`",
        ),
        (lambda: distillation_loss(X, X, temperature=0), ValueError, "`temperature`.*above 0"),
        (lambda: distillation_loss(T, T), TypeError, "`student_logits` must be a floating-point"),
        (
            lambda: GradientNormMonitor([]),
            ValueError,
            "`parameters` must be of at least one that requires a gradient",
        ),
        (
            lambda: GradientNormMonitor(nn.Linear(1, 1).parameters())({}),
            ValueError,
            "`losses` must be of at least one task",
        ),
        (
            lambda: GradientNormMonitor(nn.Linear(1, 1).parameters())({"a": torch.ones(2)}),
            ValueError,
            r"`losses\['a'\]` must be a scalar",
        ),
    ],
)
def test_what_is_refused(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
