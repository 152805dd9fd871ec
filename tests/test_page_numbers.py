"""The numbers on the pages of rules are what torch gives."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from losslint.rule import find_rule, installed_rules

torch: Any = pytest.importorskip("torch")
F: Any = torch.nn.functional
losses: Any = pytest.importorskip("losslint.losses.functional")


def says(name: str, *texts: str) -> None:
    """Asserts that the page of a rule holds all of these numbers."""
    rule = find_rule(installed_rules(), name)
    assert rule is not None
    page = " ".join(rule.page().split())
    missing = [text for text in texts if text not in page]
    assert not missing, f"not on the page of {name}: {missing}"


def error_of(call: Any) -> str:
    """The beginning of what a call raises."""
    with pytest.raises((RuntimeError, NotImplementedError, AttributeError)) as raised:
        call()
    return str(raised.value).splitlines()[0]


@pytest.mark.filterwarnings("ignore:reduction")
def test_kl_div_mean_reduction() -> None:
    torch.manual_seed(0)
    read: dict[int, tuple[float, float]] = {}
    for classes in (10, 100, 1000):
        log_p, q = torch.randn(32, classes).log_softmax(1), torch.randn(32, classes).softmax(1)
        true = F.kl_div(log_p, q, reduction="batchmean").item()
        read[classes] = true, true * 32 / log_p.numel()
        given = torch.nn.KLDivLoss(reduction="mean")(log_p, q).item()
        assert given == pytest.approx(read[classes][1])
    assert pytest.approx(0.009) == 0.9 / 100
    says("LOS112", f"{read[10][1]:.4f} instead of {read[10][0]:.3f}")
    says("LOS112", f"{read[1000][1]:.4f} instead of {read[1000][0]:.2f}", "one of 0.009")


def test_kl_div_input_not_log() -> None:
    row, wanted = torch.tensor([[0.7, 0.2, 0.1]]), torch.tensor([[0.5, 0.3, 0.2]])
    equal = F.kl_div(row, row, reduction="batchmean").item()
    says("LOS111", f"{equal:.2f} for two equal rows 0.7, 0.2, 0.1")
    logits = torch.zeros(1, 3, requires_grad=True)
    optimizer = torch.optim.SGD([logits], lr=1.0)
    for _ in range(3000):
        optimizer.zero_grad()
        F.kl_div(logits.softmax(1), wanted, reduction="batchmean").backward()
        optimizer.step()
    reached = ", ".join(f"{p:.3f}" for p in logits.softmax(1)[0].tolist())
    says("LOS111", f"towards 0.5, 0.3, 0.2 it gives {reached}")
    raw = torch.tensor([[2.0, 1.0, 0.0]])
    shift = F.kl_div(raw, wanted, reduction="sum") - F.kl_div(raw + 100, wanted, reduction="sum")
    assert shift.item() == pytest.approx(100, abs=1e-3)
    assert F.kl_div(raw.log_softmax(1), wanted.log(), reduction="batchmean").isnan()


def test_broadcast_in_regression_loss() -> None:
    column, vector = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([1.0, 2.0, 3.0])
    says("LOS204", f"of {((column - vector) ** 2).mean().item():.2f} instead of 0")
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    y = x @ torch.tensor([1.0, -2.0, 3.0, 0.5])
    torch.manual_seed(1)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(200):
        loss = ((model(x) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert model.weight.abs().max() < 1e-6
    assert loss.item() == pytest.approx(y.var(unbiased=False).item(), rel=1e-3)
    says("LOS204", f"a loss of {loss.item():.1f}", "below 0.000001")
    says("LOS204", f"{4096 * 4096 * 4 / 2**20:.0f} MiB for 4,096 samples")


def test_relu_on_logits() -> None:
    says("LOS107", f"less than {F.softplus(torch.zeros(1)).item():.3f}")
    logits = torch.full((1, 10), -1.0, requires_grad=True)
    loss = F.cross_entropy(logits.relu(), torch.tensor([3]))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient.abs().max() == 0
    says("LOS107", f"the loss is {loss.item():.3f} and the gradient exactly 0")


def test_softmax_with_bce() -> None:
    tags = torch.zeros(1, 20)
    tags[0, :4] = 1
    best = F.binary_cross_entropy(tags / 4, tags).item()
    says("LOS110", "each of them 0.25", f"stops at {best:.3f}")
    logits, label = torch.randn(6, 2), torch.randint(0, 2, (6,))
    rows = F.one_hot(label, 2).float()
    two = F.binary_cross_entropy(logits.softmax(1), rows)
    assert two.item() == pytest.approx(F.cross_entropy(logits, label).item(), rel=1e-5)


def test_ctc_without_log_softmax() -> None:
    torch.manual_seed(0)
    logits, text = torch.randn(20, 2, 5), torch.randint(1, 5, (2, 6))
    lengths = torch.full((2,), 20), torch.full((2,), 6)

    def read(rows: Any) -> str:
        return f"{F.ctc_loss(rows, text, *lengths).item():.2f}"

    says("LOS115", f"read {read(logits)}, where the loss is {read(logits.log_softmax(-1))}")
    says("LOS115", f"makes it {read(logits + 5)}", f"makes it {read(logits + 20)}")
    says("LOS115", f"probabilities it reads {read(logits.softmax(-1))}")


def test_softmax_over_one_class() -> None:
    logits = torch.randn(5, 1, requires_grad=True)
    target = torch.tensor([[1.0], [0.0], [1.0], [0.0], [0.0]])
    loss = F.binary_cross_entropy(logits.softmax(1), target)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient.abs().max() == 0
    says("LOS109", f"reads {loss.item():.1f} for five samples of which three are negative")
    assert F.cross_entropy(logits, torch.zeros(5).long()).item() == 0


def test_softmax_over_batch() -> None:
    # over the batch each of 64 samples has one 64th of a class on average, whatever the logits
    says("LOS114", f"about {1 / 64:.3f} instead of {1 / 10:.1f}")
    assert torch.randn(1, 10).softmax(0).unique().tolist() == [1.0]


@pytest.mark.parametrize(
    ("criterion", "target", "dtype"),
    [
        (F.binary_cross_entropy, torch.tensor([0, 1]), "Long"),
        (F.binary_cross_entropy_with_logits, torch.tensor([0, 1]), "Long"),
    ],
)
def test_integer_bce_target(criterion: Any, target: Any, dtype: str) -> None:
    message = error_of(lambda: criterion(torch.rand(2), target))
    assert dtype in message
    says("LOS202", message)


def test_float_cross_entropy_target() -> None:
    logits = torch.randn(2, 3)
    for target in (torch.tensor([0.0, 1.0]), torch.tensor([[0], [1]])):
        says("LOS203", error_of(lambda target=target: F.cross_entropy(logits, target)))


def test_swapped_loss_arguments() -> None:
    probs = torch.tensor([0.9, 0.2], requires_grad=True)
    loss = F.binary_cross_entropy(torch.tensor([1.0, 0.0]), probs)
    (gradient,) = torch.autograd.grad(loss, probs)
    assert gradient.isinf().all()
    says("LOS205", f"it reads {loss.item():.1f}")
    says("LOS205", "not implemented for 'Long'")
    labels, rows = torch.tensor([0, 1]), torch.randn(2, 3)
    assert "not implemented for 'Long'" in error_of(lambda: F.cross_entropy(labels, rows))
    z, y = torch.randn(4), torch.tensor([0.0, 1.0, 0.0, 1.0])
    first = F.binary_cross_entropy_with_logits(y, z)
    second, third = (F.binary_cross_entropy_with_logits(y, k * z) for k in (2.0, 3.0))
    assert (third - second).item() == pytest.approx((second - first).item(), abs=1e-5)


def test_labels_out_of_range() -> None:
    zero = torch.zeros(1)
    score = torch.tensor([-3.0], requires_grad=True)
    loss = F.soft_margin_loss(score, zero)
    says("LOS208", f"is {loss.item():.3f} for every sample with label 0")
    assert loss.item() == pytest.approx(math.log(2))
    distance = torch.tensor([0.5], requires_grad=True)
    hinge = F.hinge_embedding_loss(distance, zero)
    says("LOS208", f"a constant loss of {hinge.item():.0f}")
    pair, ranked = torch.randn(1, 4, requires_grad=True), torch.randn(1, requires_grad=True)
    cosine = F.cosine_embedding_loss(pair, torch.randn(1, 4), zero)
    order = F.margin_ranking_loss(ranked, torch.randn(1), zero)
    assert cosine.item() == order.item() == 0
    for value, given in ((loss, score), (hinge, distance), (cosine, pair), (order, ranked)):
        assert torch.autograd.grad(value, given)[0].abs().max() == 0


def test_class_dimension_not_second() -> None:
    says(
        "LOS209",
        error_of(lambda: F.cross_entropy(torch.randn(8, 20, 6), torch.zeros(8, 20).long())),
    )
    torch.manual_seed(0)
    logits, tags = torch.randn(64, 6, 6), torch.randint(0, 6, (64, 6))
    wrong = F.cross_entropy(logits, tags).item()
    right = F.cross_entropy(logits.transpose(1, 2), tags).item()
    says("LOS209", f"reads {wrong:.2f} on random logits where the right loss is {right:.2f}")


@pytest.mark.filterwarnings("ignore:size_average")
def test_loss_class_called_as_function() -> None:
    out, y = torch.randn(2, 3), torch.tensor([0, 1])
    message = error_of(lambda: torch.nn.CrossEntropyLoss(out, y))
    says("LOS210", message)
    built = torch.nn.CrossEntropyLoss(torch.randn(1, 3), torch.tensor([1]))
    assert not hasattr(built, "backward")


def test_bounded_output_for_unbounded_target() -> None:
    logit = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([logit], lr=0.1)
    for _ in range(100):
        loss = F.mse_loss(torch.sigmoid(logit), torch.tensor([30.0]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    output = torch.sigmoid(logit).item()
    says("LOS206", f"it gives {output:.3f} and the loss stays at {loss.item():.0f}")


def test_unnormalized_regression_target() -> None:
    torch.manual_seed(0)
    x = torch.randn(256, 3)
    y = 300 + 50 * (x @ torch.tensor([1.0, -1.0, 0.5]))
    says(
        "LOS207", f"a spread of {y.std():.0f}", f"about {round(y.square().mean().item(), -3):,.0f}"
    )

    def error(mean: float, spread: float) -> float:
        torch.manual_seed(1)
        layers = torch.nn.Linear(3, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1)
        model = torch.nn.Sequential(*layers, torch.nn.Flatten(0))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(200):
            loss = F.mse_loss(model(x), (y - mean) / spread)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        reached: float = F.l1_loss(model(x) * spread + mean, y).item()
        return reached

    raw, scaled = error(0.0, 1.0), error(y.mean().item(), y.std().item())
    says("LOS207", f"a small network {raw:.0f} off", f"it was {scaled:.1f}")


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


def test_manual_bce() -> None:
    def by_hand(logit: float, label: float, guard: str = "") -> tuple[float, float]:
        given, y = torch.tensor([logit], requires_grad=True), torch.tensor([label])
        p, after = given.sigmoid(), 1e-8 if guard == "eps" else 0.0
        p = p.clamp(1e-7, 1 - 1e-7) if guard == "clamp" else p
        loss = -(y * torch.log(p + after) + (1 - y) * torch.log(1 - p + after)).mean()
        return loss.item(), torch.autograd.grad(loss, given)[0].item()

    assert math.isfinite(by_hand(16.0, 0.0)[0])
    assert by_hand(17.0, 0.0)[0] == math.inf
    assert math.isnan(by_hand(17.0, 1.0)[0])
    assert not math.isnan(by_hand(-88.0, 0.0)[1])
    assert all(math.isnan(by_hand(-90.0, label)[1]) for label in (0.0, 1.0))
    clamped, raised = by_hand(20.0, 0.0, "clamp"), by_hand(20.0, 0.0, "eps")
    assert clamped[1] == raised[1] == 0
    logit = torch.tensor([20.0], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(logit, torch.zeros(1))
    assert torch.autograd.grad(loss, logit)[0].item() == 1
    says("LOS309", f"read {clamped[0]:.1f} and {raised[0]:.1f} instead of {loss.item():.0f}")
    says("LOS309", "From a logit of 17 on", "Below -89 the gradient is NaN")


def test_accumulation_without_scaling() -> None:
    def reached(divisor: int) -> float:
        torch.manual_seed(0)
        model, weights = torch.nn.Linear(4, 1), torch.tensor([1.0, -2.0, 3.0, 0.5])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        for _ in range(40):
            for _ in range(8):
                x = torch.randn(32, 4)
                loss = F.mse_loss(model(x).squeeze(1), x @ weights)
                (loss / divisor).backward()
            optimizer.step()
            optimizer.zero_grad()
        last: float = loss.item()
        return last

    assert reached(8) < 1e-10
    assert reached(1) > 1e27
    says("LOS411", "a learning rate of 0.2, where the loss is below 10^-10 after 40 steps")
    says("LOS411", "the unscaled losses end above 10^27")


def test_recurrent_without_clipping() -> None:
    def through_time(weight: float) -> float:
        layer = torch.nn.RNN(1, 1, nonlinearity="relu", bias=False)
        torch.nn.init.constant_(layer.weight_hh_l0, weight)
        start = torch.ones(1, 1, 1, dtype=torch.float64, requires_grad=True)
        output, _ = layer.double()(torch.zeros(100, 1, 1, dtype=torch.float64), start)
        gradient: float = torch.autograd.grad(output[-1].sum(), start)[0].item()
        return gradient

    says("LOS410", f"A single recurrent weight of 1.1 makes it {through_time(1.1):,.0f} times")
    says("LOS410", f"one of 0.9 leaves {through_time(0.9):.5f} of it")


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
