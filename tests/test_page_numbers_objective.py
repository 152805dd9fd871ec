"""The numbers on the pages of rules about the objective are what torch gives."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from losslint.rule import find_rule, installed_rules
from tests.test_page_numbers import says

torch: Any = pytest.importorskip("torch")
F: Any = torch.nn.functional
losses: Any = pytest.importorskip("losslint.losses.functional")


def test_unused_loss() -> None:
    torch.manual_seed(0)
    body, shape, colour = (torch.nn.Linear(4, n) for n in (4, 3, 2))
    weights = [one.weight for one in (body, shape, colour)]
    optimizer = torch.optim.Adam(weights)
    before = [one.detach().clone() for one in weights]
    features = body(torch.randn(16, 4)).relu()
    loss = F.cross_entropy(shape(features), torch.randint(0, 3, (16,)))
    loss = F.cross_entropy(colour(features), torch.randint(0, 2, (16,)))
    loss.backward()
    optimizer.step()
    assert shape.weight.grad is None
    changed = [not torch.equal(one, old) for one, old in zip(weights, before, strict=True)]
    assert changed == [True, False, True]
    says("LOS511", "is None after backward, and Adam leaves them as they are")


def test_custom_loss_template() -> None:
    def log_cosh(given: Any, target: Any) -> Any:
        return torch.log(torch.cosh(given - target)).mean()

    torch.manual_seed(0)
    x = torch.randn(64, 3)
    y = x @ torch.tensor([1.0, -1.0, 0.5])
    assert log_cosh(y, y) == 0
    says("LOS509", f"it reads {log_cosh(y[:, None], y):.2f} instead of 0")
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        log_cosh(model(x), y).backward()
        optimizer.step()
    assert model(x).std() < 1e-6
    says("LOS509", "gives the same output for every input")
    with pytest.warns(UserWarning, match="target size"):
        torch.nn.MSELoss()(y[:, None], y)
    with pytest.raises(ValueError, match="shape"):
        losses.log_cosh_loss(y[:, None], y)
    counted = torch.ones(8, 50)
    counted[:6, 10:] = 0
    steps = int(counted.sum())
    part = f"all {counted.numel()} steps is {counted.mean():.0%} of the one over the {steps} that"
    says("LOS509", part)
    assert torch.cosh(torch.tensor(89.0)).isfinite()
    assert torch.cosh(torch.tensor(90.0)).isinf()
    says("LOS509", "which `cosh` does from 90 on")


def test_the_custom_loss_shown_instead() -> None:
    rule = find_rule(installed_rules(), "LOS509")
    assert rule is not None
    (shown,) = re.findall(r"## Instead\n\n```python\n(.*?)```", rule.page(), re.DOTALL)
    names: dict[str, Any] = {"nn": torch.nn, "F": F, "math": math}
    exec(compile(shown, "LOS509", "exec"), names)
    made = names["LogCoshLoss"]
    given, target = torch.randn(5, dtype=torch.float64) * 3, torch.zeros(5, dtype=torch.float64)
    rows = torch.log(torch.cosh(given))
    assert torch.allclose(made("none")(given, target), rows)
    assert torch.allclose(made()(given, target), rows.mean())
    assert torch.allclose(made("sum")(given, target), rows.sum())
    assert made()(torch.tensor([1e4]), torch.zeros(1)).isfinite()
    with pytest.raises(ValueError, match="against"):
        made()(given[:, None], target)
    with pytest.raises(ValueError, match="average"):
        made("average")


def test_unregularized_loss_weight() -> None:
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    label = (x[:, 0] > 0).long()
    size = x @ torch.randn(4, 1) + 0.5 * torch.randn(64, 1)

    def trained(start: float, weight_of: Any) -> tuple[list[float], float, float]:
        torch.manual_seed(1)
        classes, sizes = torch.nn.Linear(4, 2), torch.nn.Linear(4, 1)
        free = torch.nn.Parameter(torch.full((2,), start))
        parameters = [*classes.parameters(), *sizes.parameters(), free]
        optimizer = torch.optim.SGD(parameters, lr=0.05)
        for _ in range(100):
            task = F.cross_entropy(classes(x), label)
            weight = weight_of(free)
            loss = weight[0] * task + weight[1] * F.mse_loss(sizes(x), size)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return weight_of(free).tolist(), loss.item(), task.item()

    (one, other), total, task = trained(1.0, lambda w: w)
    says("LOS502", f"at {one:.0f} and {other:.1f} after 100 steps", f"read {total:.0f}")
    says("LOS502", f"cross entropy of {task:.1f}")
    (one, other), _, _ = trained(0.0, lambda s: torch.exp(-s))
    says("LOS502", f"to {one:.2f} and {other:.2f} in as many steps")


def test_double_imbalance_correction() -> None:
    labels = torch.cat([torch.zeros(90), torch.ones(10)])
    drawn = torch.cat([torch.zeros(50), torch.ones(50)])

    def optimum(y: Any, pos_weight: float) -> float:
        logit = torch.zeros((), requires_grad=True)
        optimizer = torch.optim.LBFGS([logit], max_iter=50)

        def closure() -> Any:
            optimizer.zero_grad()
            given = logit.expand(len(y))
            weight = torch.tensor(pos_weight)
            loss = F.binary_cross_entropy_with_logits(given, y, pos_weight=weight)
            loss.backward()
            return loss

        optimizer.step(closure)
        return float(logit.detach().sigmoid())

    says("LOS506", f"{optimum(labels, 1.0):.2f} without a correction")
    says("LOS506", f"{optimum(drawn, 1.0):.2f} with one, and {optimum(drawn, 9.0):.2f} with both")
    assert optimum(labels, 9.0) == pytest.approx(optimum(drawn, 1.0), abs=1e-3)


def test_sum_reduction() -> None:
    torch.manual_seed(0)
    x = torch.randn(512, 4)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5], [3.0]]) + 0.1 * torch.randn(512, 1)

    def error(batch: int, reduction: str) -> float:
        model = torch.nn.Linear(4, 1)
        torch.nn.init.zeros_(model.weight)
        torch.nn.init.zeros_(model.bias)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(10):
            for first in range(0, 512, batch):
                rows = slice(first, first + batch)
                optimizer.zero_grad()
                F.mse_loss(model(x[rows]), y[rows], reduction=reduction).backward()
                optimizer.step()
        return float(F.mse_loss(model(x), y).detach())

    says("LOS503", f"an error of {error(8, 'sum'):.3f} with sums over batches of 8")
    assert not math.isfinite(error(64, "sum"))
    means = {f"{error(batch, 'mean'):.3f}" for batch in (8, 64)}
    says("LOS503", f"With means it comes to {means.pop()} with either")
    assert not means


def test_imbalance_ignored() -> None:
    p = 0.05
    entropy = F.binary_cross_entropy(torch.tensor(p, dtype=torch.float64), torch.tensor(p).double())
    says("LOS507", f"its cross entropy is {entropy.item():.3f} already")

    def found(threshold: float) -> float:
        return float(torch.special.ndtr(torch.tensor(1 - threshold, dtype=torch.float64)))

    # the log odds of two normal distributions around 0 and 1 are the prior's plus x - 0.5
    plain, weighted = math.log((1 - p) / p) + 0.5, math.log((1 - p) / (19 * p)) + 0.5
    says("LOS507", f"features above {plain:.2f} only", f"1 in {1 / found(plain):.0f} of")
    says("LOS507", f"lies at {weighted:.2f}, and finds {100 * found(weighted):.0f} in 100")


def test_accuracy_on_imbalance() -> None:
    label = torch.cat([torch.zeros(95), torch.ones(5)])

    def scores(predicted: Any) -> tuple[float, float, float]:
        recalls = [(predicted[label == c] == c).float().mean().item() for c in (0, 1)]
        return (predicted == label).float().mean().item(), recalls[1], sum(recalls) / 2

    always_no = scores(torch.zeros(100))
    finds = torch.cat([torch.ones(8), torch.zeros(87), torch.ones(4), torch.zeros(1)])
    useful = scores(finds)
    says("LOS508", f"is right in {always_no[0]:.0%} of all", f"8 false alarms in {useful[0]:.0%}")
    says("LOS508", f"recall is {always_no[1]:.0f} against {useful[1]:.2f}")
    says("LOS508", f"balanced accuracy {always_no[2]:.2f} against {useful[2]:.2f}")


def test_task_losses_not_monitored() -> None:
    torch.manual_seed(0)
    x = torch.randn(128, 8)
    label, size = x[:, :3].argmax(1), 20 * (1 + 0.3 * x[:, 3:4])
    torch.manual_seed(1)
    trunk, classes, sizes = (torch.nn.Linear(8, n) for n in (8, 3, 1))
    parameters = [*trunk.parameters(), *classes.parameters(), *sizes.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.01)
    read: list[tuple[float, float]] = []
    for _ in range(51):
        hidden = torch.tanh(trunk(x))
        task = F.cross_entropy(classes(hidden), label)
        loss = task + F.mse_loss(sizes(hidden), size)
        read.append((loss.item(), task.item()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    (before, first), (after, last) = read[0], read[-1]
    says("LOS505", f"fell by {1 - after / before:.0%}, from {before:.0f} to {after:.1f}")
    says("LOS505", f"from {first:.2f} to {last:.2f}, where guessing has {math.log(3):.2f}")
