"""What the pages of rules answer to the usual objections is true."""

from __future__ import annotations

import re
from typing import Any

import pytest

from losslint.rule import installed_rules
from tests.test_page_numbers import says

torch: Any = pytest.importorskip("torch")
F: Any = torch.nn.functional

USUAL = [
    "BCE is simpler",
    "The optimizer will figure out the scales",
    "95% accuracy is great",
    "The data is clean",
    "The softmax makes the output clearer",
    "One-hot is more standard",
    "Just lower the learning rate",
    "Papers use another loss",
    "Focal loss is always better",
    "I will tune the loss later",
]


def test_the_usual_objections_are_answered() -> None:
    said = " ".join(
        re.sub(r"\s+", " ", rule.page().partition("## Objections")[2].partition("## ")[0])
        for rule in installed_rules()
    )
    assert [one for one in USUAL if f'*"{one}' not in said] == []


def test_thresholds_of_logits() -> None:
    logits = torch.linspace(-20, 20, 1_001)
    assert torch.equal(logits.sigmoid() > 0.5, logits > 0)
    says("LOS101", "`sigmoid(z) > 0.5` is `z > 0`")


def test_a_softmax_of_a_softmax() -> None:
    sure = torch.zeros(10)
    sure[3] = 1
    says("LOS104", f"never gives a class more than {sure.softmax(0)[3].item():.3f}")
    logits = torch.randn(50, 10)
    assert torch.equal(logits.argsort(1), logits.softmax(1).argsort(1))


def test_indices_are_the_same_as_rows() -> None:
    torch.manual_seed(0)
    logits = torch.randn(32, 10, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(10, (32,))
    both = [F.cross_entropy(logits, one) for one in (labels, F.one_hot(labels, 10).double())]
    gradients = [torch.autograd.grad(loss, logits)[0] for loss in both]
    assert torch.allclose(*both, rtol=1e-14)
    assert torch.allclose(*gradients, rtol=1e-12)
    says("LOS201", "the same to the last digits")


def test_an_epsilon_costs_nothing() -> None:
    says("LOS301", "one sample in 20 has an empty mask", f"one batch of 2 in {20**2} has")
    divisors = 1 + torch.rand(1_000) * 100
    assert torch.equal(divisors + 1e-8, divisors)


def test_papers_write_the_same_loss() -> None:
    logits = torch.linspace(-10, 10, 2_001, requires_grad=True)
    for label in (0.0, 1.0):
        y = torch.full_like(logits, label)
        p = logits.sigmoid()
        by_hand = -(y * torch.log(p) + (1 - y) * torch.log(1 - p))
        in_one = F.binary_cross_entropy_with_logits(logits, y, reduction="none")
        slopes = [torch.autograd.grad(one.sum(), logits)[0] for one in (by_hand, in_one)]
        assert ((by_hand - in_one).abs() / in_one).max() < 1e-2
        assert ((slopes[0] - slopes[1]).abs() / slopes[1].abs()).max() < 1e-6
    says("LOS309", "between -10 and 10 the two agree within 1% in value and 0.0001% in gradient")


def test_a_lower_learning_rate() -> None:
    says("LOS410", f"gradient {1.1**100:,.0f} times as large", f"is {1.1**100:,.0f} times as small")


def test_adam_does_not_weigh_losses() -> None:
    says("LOS501", f"{0.16 / (147 + 0.16):.1%} came from the classes")
    shared = torch.tensor([1.0], requires_grad=True)
    moved = []
    for factor in (1.0, 1_000.0):
        weight = shared.detach().clone().requires_grad_()
        optimizer = torch.optim.Adam([weight], lr=0.01)
        # one loss wants the weight to rise, the other, much larger one, to fall
        (factor * (weight * 147 - weight * 0.16)).backward()
        optimizer.step()
        moved.append(weight.item() - 1)
    assert moved[0] == pytest.approx(moved[1])
    assert moved[0] < 0


def test_totals_of_two_weightings() -> None:
    small, large = 1.0, 4.0
    says("LOS505", f"losses of {small} and {large} it is {small + large}")
    says("LOS505", f"and {small + 0.1 * large:.1f} once")


def test_what_focal_loss_weighs() -> None:
    kept = [(1 - p) ** 2 for p in (0.9, 0.1)]
    says("LOS507", f"of 0.9 keeps {kept[0]:.2f} of its", f"got 0.1 keeps {kept[1]:.2f}")


def test_an_accuracy_that_needs_no_input() -> None:
    labels = torch.cat([torch.zeros(95), torch.ones(5)])
    always_no = torch.zeros(100)
    assert (always_no == labels).float().mean().item() == pytest.approx(0.95)
    recalls = [(always_no[labels == one] == one).float().mean() for one in (0, 1)]
    says("LOS508", f"its balanced accuracy is {torch.stack(recalls).mean().item():.2f}")
