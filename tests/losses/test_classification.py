"""What relates the classification losses to each other and to torch, and what they refuse."""

from __future__ import annotations

import doctest
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

import losslint.losses.functional as L
from losslint.losses import FocalLoss, class_weights, pos_weight
from losslint.losses.functional import _target_loss, binary, classification
from tests.losses.cases import rand, randint, randn

seeds = st.integers(0, 2**31)
quickly = settings(max_examples=25, deadline=None)


def logits_and_classes(seed: int, classes: int = 5, scale: float = 3.0) -> tuple[Tensor, Tensor]:
    return randn(6, classes, seed=seed) * scale, randint(classes, 6, seed=seed)


def gradient(loss: Tensor, input: Tensor) -> Tensor:
    return torch.autograd.grad(loss, input)[0]


@pytest.mark.parametrize("module", [classification, binary])
def test_the_examples_in_the_docstrings(module: Any) -> None:
    failed, tried = doctest.testmod(module, extraglobs={"torch": torch})
    assert tried
    assert not failed


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@given(seed=seeds)
@quickly
def test_gamma_0_is_cross_entropy(reduction: Any, smoothing: float, seed: int) -> None:
    input, target = logits_and_classes(seed)
    target[0] = -100
    input.requires_grad_()
    ours = L.focal_loss(input, target, gamma=0, label_smoothing=smoothing, reduction=reduction)
    theirs = F.cross_entropy(input, target, label_smoothing=smoothing, reduction=reduction)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(gradient(ours.sum(), input), gradient(theirs.sum(), input))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@given(seed=seeds)
@quickly
def test_other_losses_without_their_own_term_are_cross_entropy(smoothing: float, seed: int) -> None:
    input, target = logits_and_classes(seed)
    weight = rand(5, seed=seed) + 0.1
    target[0] = -100
    theirs = F.cross_entropy(input, target, weight, label_smoothing=smoothing)
    poly = L.poly1_cross_entropy(input, target, epsilon=0, weight=weight, label_smoothing=smoothing)
    torch.testing.assert_close(poly, theirs)
    plain = F.cross_entropy(input, target, label_smoothing=smoothing)
    counts = torch.full((5,), 7)
    adjusted = L.logit_adjusted_cross_entropy(
        input, target, class_counts=counts, label_smoothing=smoothing
    )
    torch.testing.assert_close(adjusted, plain)
    if not smoothing:
        generalized = L.generalized_cross_entropy(input, target, q=1e-9, weight=weight)
        torch.testing.assert_close(generalized, theirs, rtol=1e-6, atol=1e-7)
        symmetric = L.symmetric_cross_entropy(input, target, alpha=1, beta=0, weight=weight)
        torch.testing.assert_close(symmetric, theirs)


@given(seed=seeds, gamma=st.floats(0, 5), alpha=st.floats(0, 1))
@quickly
def test_the_softmax_of_two_classes_is_the_sigmoid_of_one(
    seed: int, gamma: float, alpha: float
) -> None:
    logit, target = randn(8, seed=seed) * 4, randint(2, 8, seed=seed)
    two = torch.stack([torch.zeros_like(logit), logit], dim=1)
    weight = torch.tensor([1 - alpha, alpha], dtype=torch.float64)
    reduction: Any
    for reduction in ("none", "mean"):
        torch.testing.assert_close(
            L.binary_focal_loss(logit, target, gamma=gamma, alpha=alpha, reduction=reduction),
            L.focal_loss(two, target, gamma=gamma, alpha=weight, reduction=reduction),
        )


@given(seed=seeds)
@quickly
def test_binary_losses_without_their_own_terms_are_binary_cross_entropy(seed: int) -> None:
    input, target = randn(4, 3, seed=seed) * 4, rand(4, 3, seed=seed + 1)
    theirs = F.binary_cross_entropy_with_logits(input, target)
    focal = L.binary_focal_loss(input, target, gamma=0, alpha=None)
    asymmetric = L.asymmetric_loss(input, target, gamma_neg=0, gamma_pos=0, clip=0)
    torch.testing.assert_close(focal, theirs)
    torch.testing.assert_close(asymmetric, theirs)
    same_gamma = L.asymmetric_loss(input, target, gamma_neg=1.5, gamma_pos=1.5, clip=0)
    torch.testing.assert_close(
        same_gamma, L.binary_focal_loss(input, target, gamma=1.5, alpha=None)
    )


@given(seed=seeds)
@quickly
def test_renaming_the_classes_changes_nothing(seed: int) -> None:
    input, target = logits_and_classes(seed)
    weight, counts = rand(5, seed=seed) + 0.1, randint(100, 5, seed=seed) + 1
    new_name = torch.randperm(5, generator=torch.Generator().manual_seed(seed))
    old_name = new_name.argsort()
    renamed = input[:, old_name], new_name[target]
    variants: list[tuple[Any, dict[str, Any]]] = [
        (L.focal_loss, {"alpha": weight, "label_smoothing": 0.1}),
        (L.poly1_cross_entropy, {"weight": weight}),
        (L.generalized_cross_entropy, {"weight": weight}),
        (L.symmetric_cross_entropy, {"weight": weight}),
        (L.logit_adjusted_cross_entropy, {"class_counts": counts}),
    ]
    for loss, options in variants:
        turned = {
            name: value[old_name] if isinstance(value, Tensor) else value
            for name, value in options.items()
        }
        torch.testing.assert_close(loss(*renamed, **turned), loss(input, target, **options))


@given(seed=seeds)
@quickly
def test_a_class_that_is_impossible_changes_nothing(seed: int) -> None:
    input, target = logits_and_classes(seed)
    with_sixth = torch.cat([input, torch.full((6, 1), -math.inf, dtype=torch.float64)], 1)
    for loss in (
        L.focal_loss,
        L.poly1_cross_entropy,
        L.generalized_cross_entropy,
        L.symmetric_cross_entropy,
    ):
        with_sixth.requires_grad_()
        torch.testing.assert_close(loss(with_sixth, target), loss(input, target))
        slope = gradient(loss(with_sixth, target), with_sixth)
        assert slope.isfinite().all()
        assert not slope[:, -1].any()


@pytest.mark.parametrize(
    "loss",
    [
        L.focal_loss,
        L.poly1_cross_entropy,
        L.generalized_cross_entropy,
        L.symmetric_cross_entropy,
    ],
)
def test_the_worse_the_prediction_the_higher_the_loss(loss: Any) -> None:
    logit = torch.linspace(-20, 20, 200, dtype=torch.float64)
    input = torch.stack([logit, torch.zeros_like(logit)], 1)
    losses = loss(input, torch.zeros(200, dtype=torch.int64), reduction="none")
    assert (losses.diff() < 0).all()
    assert 0 <= losses[-1] < 1e-7


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("loss", [L.binary_focal_loss, L.asymmetric_loss])
def test_the_worse_the_label_the_higher_the_loss(loss: Any, target: int) -> None:
    logit = torch.linspace(-15, 15, 200, dtype=torch.float64)
    losses = loss(logit, torch.full((200,), target), reduction="none")
    steps = losses.diff() * (1 - 2 * target)
    assert (steps >= 0).all()
    assert steps.sum() > 1


@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0, 1.5, 2.0])
def test_a_saturated_prediction_has_a_finite_gradient(gamma: float) -> None:
    input = torch.tensor([[200.0, 0.0], [0.0, 200.0]], requires_grad=True)
    loss = L.focal_loss(input, torch.tensor([0, 0]), gamma=gamma)
    slope = gradient(loss, input)
    torch.testing.assert_close(slope, torch.tensor([[0.0, 0.0], [-0.5, 0.5]]))
    logit = torch.tensor([200.0, -200.0], requires_grad=True)
    assert gradient(L.binary_focal_loss(logit, torch.ones(2), gamma=gamma), logit).isfinite().all()
    power = L.asymmetric_loss(logit, torch.zeros(2), gamma_neg=gamma, clip=0.05)
    assert gradient(power, logit).isfinite().all()


@pytest.mark.parametrize("wants_gradient", [False, True])
def test_a_small_loss_keeps_its_digits(
    wants_gradient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_target_loss, "_LARGE_SOFTMAX", 1)
    # 1 - p is 3e-4, of which float32 has four digits left.
    input = torch.tensor([[8.0, 0.0]], requires_grad=wants_gradient)
    loss = L.focal_loss(input, torch.tensor([0]))
    wrong, nll = -math.expm1(-math.log1p(math.exp(-8))), math.log1p(math.exp(-8))
    assert loss.item() == pytest.approx(wrong**2 * nll, rel=1e-3, abs=0)


def test_by_hand_examples_are_ignored_as_in_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    input, target = logits_and_classes(0)
    target[1] = -100
    input[2, target[2]] -= 1e4  # a probability of 0
    input.requires_grad_()
    weight = rand(5, seed=1) + 0.1
    variants: list[tuple[Any, dict[str, Any]]] = [
        (L.focal_loss, {"alpha": weight}),
        (L.focal_loss, {"gamma": 0.5, "reduction": "sum"}),
        (L.poly1_cross_entropy, {"weight": weight}),
        (L.generalized_cross_entropy, {"weight": weight}),
        (L.symmetric_cross_entropy, {}),
    ]
    for loss, options in variants:
        expected = loss(input, target, **options)
        with monkeypatch.context() as patched:
            patched.setattr(_target_loss, "_LARGE_SOFTMAX", 1)
            by_hand = loss(input, target, **options)
        torch.testing.assert_close(by_hand, expected)
        torch.testing.assert_close(gradient(by_hand, input), gradient(expected, input))


def test_retinanet_divides_by_the_positives() -> None:
    logit, target = torch.tensor([[1.0, -2.0, 3.0]]), torch.tensor([[1, 0, 0]])
    summed = L.binary_focal_loss(logit, target, reduction="sum")
    assert L.binary_focal_loss(logit, target, normalizer="positives") == summed
    none = L.binary_focal_loss(logit, target * 0, normalizer="positives")
    assert none == L.binary_focal_loss(logit, target * 0, reduction="sum")


def test_gradients_per_example_work_with_torch_func() -> None:
    input, target = logits_and_classes(0)

    def loss(logits: Tensor, index: Tensor) -> Tensor:
        return L.focal_loss(logits.unsqueeze(0), index.unsqueeze(0))

    each = torch.func.vmap(torch.func.grad(loss))(input, target)
    input.requires_grad_()
    torch.testing.assert_close(each, gradient(L.focal_loss(input, target, reduction="sum"), input))


def test_a_loss_moves_with_its_module() -> None:
    module = FocalLoss(alpha=class_weights([90, 10]))
    assert list(module.state_dict()) == ["alpha"]
    assert module.to("meta").alpha.device.type == "meta"  # type: ignore[union-attr]
    assert repr(module).startswith("FocalLoss(gamma=2.0, alpha=<(2,)>, label_smoothing=0.0,")


INPUT, TARGET = torch.zeros(2, 3), torch.tensor([0, 2])
REFUSALS: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (L.focal_loss, {"target": torch.tensor([0, 3])}, ValueError,
     ("`target` must be a class index from 0 to 2 or ignore_index=-100 everywhere, but is from 0 "
     "to 3")),
    (L.focal_loss, {"target": torch.tensor([-1, 2])}, ValueError, "but is from -1 to 2"),
    (L.focal_loss, {"target": torch.zeros(2, 3)}, TypeError,
     (r"`target` must hold class indices \(an integer tensor, such as torch.int64\), but is "
     r"torch.float32 of shape \(2, 3\); of one-hot rows or probabilities take `argmax\(dim=1\)`")),
    (L.focal_loss, {"target": torch.zeros(2, 3, dtype=torch.int64)}, ValueError,
     (r"`target` must be of shape \(2,\) \(that of `input` without its class dimension, 1\), but "
     r"is of shape \(2, 3\)")),
    (L.focal_loss, {"input": torch.zeros(3), "target": torch.tensor(0)}, ValueError,
     r"`input` must be of shape \(N, C\) or \(N, C, \*\), but is torch.float32 of shape \(3,\)"),
    (L.focal_loss, {"ignore_index": 1.0}, TypeError,
     "`ignore_index` must be a whole number, but is float 1.0"),
    (L.arcface_loss, {"centres": torch.zeros(4, 3), "ignore_index": True}, TypeError,
     "`ignore_index` must be a whole number, but is bool True"),
    (L.focal_loss, {"gamma": -1}, ValueError, "`gamma` must be at least 0, but is -1"),
    (L.focal_loss, {"gamma": float("nan")}, ValueError, "`gamma` must be at least 0, but is nan"),
    (L.focal_loss, {"gamma": "2"}, TypeError, "`gamma` must be a number, but is str '2'"),
    (L.focal_loss, {"alpha": 0.25}, TypeError, "`alpha` must be a tensor, but is float 0.25"),
    (L.focal_loss, {"alpha": torch.ones(2)}, ValueError,
     r"`alpha` must be of shape \(3,\) \(one weight a class\), but is of shape \(2,\)"),
    (L.focal_loss, {"alpha": torch.tensor([1.0, -1.0, 0.0])}, ValueError,
     "`alpha` must be at least 0 everywhere, but is from -1 to 1"),
    (L.focal_loss, {"label_smoothing": 1.5}, ValueError,
     "`label_smoothing` must be at least 0 and at most 1, but is 1.5"),
    (L.focal_loss, {"normalizer": "all"}, ValueError,
     "`normalizer` must be one of 'valid', 'positives', but is 'all'"),
    (L.generalized_cross_entropy, {"q": 0}, ValueError,
     "`q` must be above 0 and at most 1, but is 0"),
    (L.symmetric_cross_entropy, {"log_zero": 4}, ValueError, "`log_zero` must be below 0"),
    (L.poly1_cross_entropy, {"epsilon": -2}, ValueError, "`epsilon` must be at least -1"),
    (L.logit_adjusted_cross_entropy, {"class_counts": torch.tensor([1, 0, 2])}, ValueError,
     (r"`class_counts` must be above 0 everywhere \(the logarithm of a class that never occurs is "
     r"infinite\), but is from 0 to 2")),
    (L.logit_adjusted_cross_entropy, {"class_counts": [1, 2, 3]}, TypeError,
     "`class_counts` must be a tensor"),
    (L.binary_focal_loss, {"target": torch.full((2, 3), 2)}, ValueError,
     "`target` must be at least 0 and at most 1 everywhere, but is from 2 to 2"),
    (L.binary_focal_loss, {"target": torch.zeros(2)}, ValueError,
     r"`target` must be of the shape of `input`, \(2, 3\), but is of shape \(2,\)"),
    (L.binary_focal_loss, {"target": torch.zeros(2, 3), "mask": torch.ones(2, 3)}, TypeError,
     "`mask` must be a torch.bool tensor, True where an element counts, but is torch.float32"),
    (L.asymmetric_loss, {"target": torch.zeros(2, 3), "clip": 1}, ValueError,
     "`clip` must be at least 0 and below 1, but is 1"),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "wrong", "kind", "message"), REFUSALS)
def test_what_is_refused(
    loss: Any, wrong: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        loss(**{"input": INPUT, "target": TARGET, **wrong})


def test_targets_of_any_integer_type() -> None:
    input, target = logits_and_classes(0)
    expected = L.focal_loss(input, target)
    for dtype in (torch.int32, torch.int16, torch.int8, torch.uint8):
        assert L.focal_loss(input, target.to(dtype)) == expected
    masks = torch.cat([target, torch.tensor([255])]).to(torch.uint8)
    more = torch.cat([input, input[:1]])
    torch.testing.assert_close(L.focal_loss(more, masks, ignore_index=255), expected)


def test_class_weights() -> None:
    counts = [60, 30, 10]
    torch.testing.assert_close(class_weights(counts), torch.tensor([5 / 9, 10 / 9, 10 / 3]))
    inverse = class_weights(torch.tensor(counts), scheme="inverse")
    torch.testing.assert_close(inverse, torch.tensor([1 / 60, 1 / 30, 1 / 10]) * 3 / 0.15)
    assert inverse.sum() == pytest.approx(3)
    assert class_weights(counts, scheme="effective").sum() == pytest.approx(3)
    torch.testing.assert_close(class_weights(counts, scheme="effective", beta=0), torch.ones(3))
    towards = class_weights([6e7, 3e7, 1e7], scheme="effective", beta=1 - 1e-12)
    torch.testing.assert_close(towards, inverse, rtol=1e-3, atol=0)
    # The ratio of 1 - 0.999999 ** n, worked out with 50 digits.
    precise = class_weights([1000, 10], scheme="effective", beta=0.999999)
    assert (precise[1] / precise[0]).item() == pytest.approx(99.9505164, rel=1e-6)


def test_pos_weight() -> None:
    assert pos_weight(20, 100).item() == 4
    assert pos_weight(torch.tensor([1, 100]), 100).tolist() == [99, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: class_weights([3, 0]), "`counts` must be above 0 everywhere"),
        (lambda: class_weights([[3, 1]]), r"`counts` must be of shape \(C,\)"),  # type: ignore[list-item]
        (lambda: class_weights([]), r"`counts` must be of shape \(C,\)"),
        (lambda: class_weights([1, 2], scheme="equal"), "`scheme` must be one of 'balanced'"),  # type: ignore[arg-type]
        (lambda: class_weights([1, 2], beta=1), "`beta` must be at least 0 and below 1"),
        (lambda: class_weights([3, float("inf")]), r"`counts` must be finite everywhere, but is"),
        (lambda: pos_weight([1, 2], [3, 4, 5]), r"`total` must be a number or of shape \(2,\)"),
        (lambda: pos_weight(0, 10), "`positives` must be above 0"),
        (lambda: pos_weight(11, 10), "`total - positives` must be at least 0"),
    ],
)  # fmt: skip
def test_weights_that_cannot_be(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
