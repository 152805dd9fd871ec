"""The numbers on the pages of rules are what torch gives."""

from __future__ import annotations

import math
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
