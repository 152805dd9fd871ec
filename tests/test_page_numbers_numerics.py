"""The numbers on the pages of the numerics rules are what torch gives."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.test_page_numbers import says

torch: Any = pytest.importorskip("torch")
F: Any = torch.nn.functional
NAN, INF = math.nan, math.inf


def gradient(function: Any, *values: float) -> list[float]:
    """The gradient of the sum of what a function gives for a vector."""
    given = torch.tensor(values, requires_grad=True)
    (found,) = torch.autograd.grad(function(given).sum(), given)
    numbers: list[float] = found.tolist()
    return numbers


def value(function: Any, *values: float) -> float:
    """What a function gives for a vector, summed."""
    return float(function(torch.tensor(values)).sum())


def near(first: float, last: float, function: Any, dtype: Any = torch.float32) -> float:
    """The last of many numbers between two for which a function is finite."""
    numbers = torch.linspace(first, last, 100_001, dtype=torch.float64).to(dtype)
    return float(numbers[torch.isfinite(function(numbers))].max())


def test_unguarded_division() -> None:
    nothing = torch.zeros(4, requires_grad=True)
    iou = (nothing * nothing).sum() / (nothing + nothing - nothing * nothing).sum()
    assert iou.isnan()
    assert torch.autograd.grad(iou, nothing)[0].isnan().all()
    mask = torch.zeros(3)
    terms = torch.rand(3) * mask
    assert terms.tolist() == [0.0, 0.0, 0.0]
    assert (terms.sum() / mask.sum()).isnan()
    assert (nothing / nothing.norm()).isnan().all()
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert torch.ones(1).std().isnan()
    equal = torch.ones(5)
    assert equal.std() == 0
    assert ((equal - equal.mean()) / equal.std()).isnan().all()
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.full((2,), NAN)
    torch.optim.Adam([weight]).step()
    assert weight.isnan().all()
    says("LOS301", "every term of the numerator is exactly 0.0", "equal elements is 0.0")


def test_unguarded_log() -> None:
    assert value(lambda p: -p.log().mean(), 0.0, 0.5) == INF
    assert gradient(lambda p: -p.log().mean(), 0.0, 0.5)[0] == -INF
    assert math.isnan(value(lambda p: -(p * p.log()), 0.0, 0.5))
    factors = torch.full((10,), 1e-5)
    assert factors.prod() == 0
    says("LOS302", "p = [0.0, 0.5]", "ten probabilities of 1e-5 multiply to 1e-50")
    says("LOS302", f"the sum of the logarithms is {factors.log().sum():.2f}")


def test_unguarded_sqrt() -> None:
    assert gradient(lambda x: (x**2).mean().sqrt(), 0.0, 0.0) == pytest.approx(
        [NAN, NAN], nan_ok=True
    )
    points = torch.randn(3, 2, requires_grad=True)
    distances = ((points[:, None] - points) ** 2).sum(-1).sqrt()
    assert distances.diagonal().tolist() == [0.0, 0.0, 0.0]
    assert torch.autograd.grad(distances.sum(), points)[0].isnan().all()
    assert gradient(lambda x: x.norm(dim=-1), 0.0, 0.0) == [0.0, 0.0]
    assert gradient(lambda x: x.sqrt() + 1e-8, 4.0) == gradient(torch.sqrt, 4.0)
    says("LOS303", "a harmless 0.0", "has the gradient 0.0")


@pytest.mark.parametrize("code", ["LOS304", "LOS305"])
def test_exponentials_overflow(code: str) -> None:
    last = near(88.0, 90.0, torch.exp), near(11.0, 11.2, torch.exp, torch.float16)
    says(code, f"in float32 from x = {last[0] + 0.01:.2f} on, in float16 from")
    says(code, f"{math.log(torch.finfo(torch.float16).max):.2f} on")
    assert last[1] < 11.1


def test_exp_overflow() -> None:
    torch.manual_seed(0)
    one, other = torch.randn(2, 20_000, 128)
    says("LOS304", f"a standard deviation of {math.sqrt(128):.1f}")
    assert float((one * other).sum(1).std()) == pytest.approx(math.sqrt(128), rel=0.02)
    assert float((one * one).sum(1).mean()) == pytest.approx(128, rel=0.02)


def test_manual_softmax() -> None:
    def by_hand(*logits: float, eps: float = 0.0) -> list[float]:
        powers = torch.tensor(logits).exp()
        quotients: list[float] = (powers / (powers.sum() + eps)).tolist()
        return quotients

    assert math.isnan(by_hand(100, 0)[0])
    assert torch.tensor([100.0, 0.0]).softmax(0).tolist() == pytest.approx([1, 0])
    assert all(map(math.isnan, by_hand(-110, -120)))
    assert by_hand(-110, -120, eps=1e-8) == [0, 0]
    large, small = torch.tensor([-110.0, -120.0]).softmax(0).tolist()
    says("LOS305", f"`torch.softmax` gives [{large:.5f}, {small:.5f}]")


def test_log_of_softmax() -> None:
    def rows(distance: float, dtype: Any = torch.float32) -> Any:
        return torch.tensor([0.0, distance], dtype=dtype, requires_grad=True)

    def wrong(distance: float, eps: float = 0.0, floor: float = 0.0) -> tuple[float, float]:
        logits = rows(distance)
        loss = -torch.log(logits.softmax(0).clamp(min=floor)[0] + eps)
        return loss.item(), torch.autograd.grad(loss, logits)[0].abs().max().item()

    assert wrong(103)[0] < INF
    assert wrong(104)[0] == INF
    logits = rows(104)
    unguarded = torch.autograd.grad(-logits.softmax(0).log()[0], logits)[0]
    assert unguarded.isnan().any()
    loss = -(distant := rows(90)).softmax(0).log()[0]
    says("LOS306", f"the loss still reads {loss.item():.1f}")
    assert not torch.autograd.grad(loss, distant)[0].isfinite().any()
    half = rows(18, torch.float16)
    assert half.softmax(0).log()[0] == -INF
    assert rows(16, torch.float16).softmax(0).log()[0] > -INF
    assert value(lambda x: torch.log(1 - torch.sigmoid(x)), 17.0) == -INF
    assert value(lambda x: torch.log(1 - torch.sigmoid(x)), 16.0) > -INF
    assert value(lambda x: torch.log(1 + torch.exp(x)), 88.0) < INF
    assert value(lambda x: torch.log(1 + torch.exp(x)), 89.0) == INF
    assert value(lambda x: x.exp().sum().log(), 89.0, 0.0) == INF
    assert value(lambda x: torch.log(torch.cosh(x)), 89.0) < INF
    assert value(lambda x: torch.log(torch.cosh(x)), 90.0) == INF
    says("LOS306", f"has a gradient of {wrong(25, eps=1e-8)[1]:.4f}")
    assert wrong(25, floor=1e-8)[1] == 0


def test_epsilon_too_small() -> None:
    one = torch.tensor(1.0)
    below, above = (float(abs(torch.nextafter(one, to) - one)) for to in (one - 1, one + 1))
    assert (round(below, 9), round(above, 8)) == (6e-8, 1.2e-7)
    says("LOS307", "float32 are 6e-8 apart, above 1 they are 1.2e-7 apart")
    clamped = one.clamp(max=1 - 1e-8)
    assert clamped == 1
    assert torch.log(1 - clamped) == -INF
    assert torch.tensor(1 + 1e-8) - one == 0
    assert 1 - (one + 1e-8) == 0
    assert torch.log(1 - (one + 1e-6)).isnan()
    assert torch.tensor(0.0) + 1e-8 > 0


def test_epsilon_outside() -> None:
    zero = torch.zeros(1)
    assert torch.log(zero) + 1e-8 == -INF
    assert (zero / zero + 1e-8).isnan()
    assert float(torch.sqrt(zero) + 1e-8) == pytest.approx(1e-8)
    assert gradient(lambda x: torch.sqrt(x) + 1e-8, 0.0) == [INF]
    equal = gradient(lambda x: torch.sqrt((x**2).sum()) + 1e-8, 0.0, 0.0)
    assert all(map(math.isnan, equal))
    says("LOS308", "is 1e-8 and looks right")


def test_unguarded_domain() -> None:
    assert gradient(torch.acos, 1.0) == [-INF]
    beyond = torch.tensor(1.0000001)
    assert beyond > 1
    assert torch.acos(beyond).isnan()
    assert gradient(lambda x: torch.acos(x.clamp(-1, 1)), 1.0) == [-INF]
    assert torch.atanh(torch.tanh(torch.tensor(10.0))) == INF
    assert (torch.tensor(-0.1) ** 1.5).isnan()
    assert gradient(lambda x: x**0.7, 0.0) == [INF]
    says("LOS310", "acos(1.0000001)", "atanh(tanh(10.0))", "(-0.1) ** 1.5", "x ** 0.7")


def test_mean_of_empty_selection() -> None:
    x, none = torch.randn(4, requires_grad=True), torch.zeros(4, dtype=torch.bool)
    assert torch.tensor([]).mean().isnan()
    loss = F.mse_loss(x[none], torch.zeros(4)[none])
    assert loss.isnan()
    assert torch.autograd.grad(loss, x)[0].tolist() == [0, 0, 0, 0]
    assert F.cross_entropy(torch.randn(4, 3)[none], torch.zeros(4).long()[none]).isnan()
    rare, rarer = 0.99**128, 0.95**128
    says("LOS311", f"With 1% positives, {rare:.1%} of the batches of 128 have none")
    says("LOS311", f"{rarer:.2%}, which is once in {round(1 / rarer, -1):.0f} batches")


def test_where_guarded_division() -> None:
    x, d = torch.ones(2, requires_grad=True), torch.tensor([2.0, 0.0])
    picked = torch.where(d > 0, x / d, 0)
    (found,) = torch.autograd.grad(picked.sum(), x)
    assert picked.tolist() == [0.5, 0.0]
    assert found[0] == 0.5
    assert found[1].isnan()
    says("LOS312", "is [0.5, 0.0]", "is [0.5, NaN]")
