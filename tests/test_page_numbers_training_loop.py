"""The numbers on the pages of the training-loop and objective rules are what torch gives."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.test_page_numbers import error_of, says

torch: Any = pytest.importorskip("torch")
F: Any = torch.nn.functional
clip_grad_norm_: Any = torch.nn.utils.clip_grad_norm_
FIRST_SCALE = 65536


def weights(*gradient: float) -> Any:
    """A parameter of ones with a gradient."""
    made = torch.nn.Parameter(torch.ones(len(gradient)))
    made.grad = torch.tensor(gradient)
    return made


def moved(parameter: Any, rate: float) -> float:
    """How far a step of SGD moves a parameter."""
    before = parameter.detach().clone()
    torch.optim.SGD([parameter], lr=rate).step()
    distance: float = (parameter - before).norm().item()
    return distance


def test_the_scale_of_a_new_scaler() -> None:
    assert torch.amp.GradScaler("cpu").get_scale() == FIRST_SCALE


class Regression:
    """Four features, a target that is a known sum of them, and SGD or Adam."""

    def __init__(self, optimizer: Any = None, rate: float = 0.1) -> None:
        torch.manual_seed(0)
        self.x = torch.randn(256, 4)
        self.y = self.x @ torch.tensor([1.0, -2.0, 3.0, 0.5])
        self.model = torch.nn.Linear(4, 1)
        self.optimizer = (optimizer or torch.optim.SGD)(self.model.parameters(), lr=rate)

    def loss(self, rows: slice = slice(None)) -> Any:
        """The mean squared error of some rows."""
        return F.mse_loss(self.model(self.x[rows]).squeeze(1), self.y[rows])

    def error(self) -> float:
        """The mean squared error of all rows."""
        whole: float = self.loss().item()
        return whole

    def fit(self, rounds: int, zero: bool = True) -> float:
        """Trains on batches of 16, and gives the error."""
        for _ in range(rounds):
            if zero:
                self.optimizer.zero_grad()
            start = 16 * int(torch.randint(16, ()))
            self.loss(slice(start, start + 16)).backward()
            self.optimizer.step()
        return self.error()

    def epochs(self, count: int, zero_each_batch: bool) -> float:
        """Trains on eight batches an epoch, and gives the error."""
        for _ in range(count):
            self.optimizer.zero_grad()
            for start in range(0, 256, 32):
                if zero_each_batch:
                    self.optimizer.zero_grad()
                self.loss(slice(start, start + 32)).backward()
                self.optimizer.step()
        return self.error()


def test_missing_zero_grad() -> None:
    parameter = torch.nn.Parameter(torch.ones(1))
    left = []
    for _ in range(4):
        (3 * parameter).sum().backward()
        left.append(parameter.grad.item())
    assert left == [3, 6, 9, 12]
    ten, fifty = Regression().fit(10), Regression().fit(50)
    says("LOS401", f"an error of {ten:.2f} in ten steps and {fifty:.4f} in fifty")
    kept = [Regression().fit(rounds, zero=False) for rounds in (10, 50, 200)]
    says("LOS401", f"stands at {kept[0]:.1f} and {kept[1]:.1f} without zeroing")
    assert kept[2] > 1000
    adam = {
        (rounds, zero): f"{Regression(torch.optim.Adam, 0.01).fit(rounds, zero):.1f}"
        for rounds in (100, 400)
        for zero in (True, False)
    }
    says("LOS401", f"({adam[100, False]} against {adam[100, True]} after a hundred steps)")
    says("LOS401", f"climbs to {adam[400, False]} where {adam[400, True]} is reached")


def test_zero_grad_before_step() -> None:
    regression = Regression()
    before = regression.error()
    for _ in range(200):
        regression.loss().backward()
        regression.optimizer.zero_grad()
        regression.optimizer.step()
    assert regression.error() == before
    says("LOS402", f"{before:.4f} before and {before:.4f} after in a small regression")
    parameter = weights(0.0, 0.0)
    optimizer = torch.optim.AdamW([parameter], lr=0.1, weight_decay=0.1)
    for _ in range(5):
        optimizer.step()
    says("LOS402", f"leave {parameter[0].item():.1%} of each weight")


def test_clip_before_unscale() -> None:
    says("LOS406", f"a threshold of {1 / FIRST_SCALE:.6f} for the true gradient")
    scaled = weights(0.3 * FIRST_SCALE, 0.4 * FIRST_SCALE)
    clip_grad_norm_(scaled, 1.0)
    assert scaled.grad.norm().item() == pytest.approx(1.0)
    scaled.grad /= FIRST_SCALE
    clipped = 0.1 * scaled.grad.norm().item()
    assert moved(weights(0.3, 0.4), 0.1) == pytest.approx(0.05)
    says("LOS406", "gradients of norm 0.5", f"by {clipped:.7f} instead of 0.05")


def test_clip_out_of_order() -> None:
    large = moved(weights(300.0, 400.0), 0.01)
    parameter = weights(300.0, 400.0)
    clip_grad_norm_(parameter, 1.0)
    bounded = moved(parameter, 0.01)
    says("LOS407", "A gradient of norm 500 at learning rate 0.01")
    says("LOS407", f"by {large:.1f} where a threshold of 1.0 would have allowed {bounded:.2f}")
    empty = torch.nn.Parameter(torch.ones(2))
    says("LOS407", f"returns {clip_grad_norm_(empty, 1.0).item():.1f}")


def test_no_gradient_to_loss() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(8, 3, requires_grad=True), torch.randint(0, 3, (8,))
    overlap = 1 - (logits.argmax(1) == labels).float().mean()
    says("LOS408", error_of(overlap.backward))
    entropy = F.cross_entropy(logits, labels)
    (alone,) = torch.autograd.grad(entropy, logits, retain_graph=True)
    (both,) = torch.autograd.grad(entropy + 10 * overlap, logits)
    assert torch.equal(alone, both)


@pytest.mark.filterwarnings("ignore:The .grad attribute")
def test_clip_on_loss() -> None:
    parameter = torch.nn.Parameter(torch.zeros(2))
    loss = (parameter * torch.tensor([300.0, 400.0])).sum()
    loss.backward()
    says("LOS412", f"returned norm is {float(clip_grad_norm_(loss, 1.0)):.1f} with at most")
    assert parameter.grad.norm() == 500
    clip_grad_norm_(parameter, 1.0)
    assert parameter.grad.norm().item() == pytest.approx(1)
    says("LOS412", "`clip_grad_norm_(loss, 1.0)` leaves 500")


def test_zero_grad_outside_loop() -> None:
    zeroed = Regression().epochs(1, True), Regression().epochs(10, True)
    says(
        "LOS414", f"of {zeroed[0]:.2f} after one epoch and at {zeroed[1]:.4f} after ten when zeroed"
    )
    kept = [Regression().epochs(count, False) for count in (1, 10, 25)]
    says("LOS414", f"it stands at {kept[0]:.1f} and {kept[1]:.1f}, and at more than 500 after")
    assert kept[2] > 500
    adam = [Regression(torch.optim.Adam, 0.05).epochs(5, zero) for zero in (False, True)]
    says("LOS414", f"five epochs is {adam[0]:.1f} instead of {adam[1]:.1f}")


def test_grad_scaler_protocol() -> None:
    scaled = moved(weights(0.3 * FIRST_SCALE, 0.4 * FIRST_SCALE), 0.1)
    says("LOS415", f"gradient of norm 0.5 moves the weights by {scaled:.0f} instead of 0.05")


def test_averaged_by_wrong_count() -> None:
    guessing = math.log(10)
    says("LOS510", f"a cross entropy of {guessing:.2f}", f"is printed as {guessing / 64:.3f}")


def classifier(rounds: int, called: bool = True) -> tuple[float, float]:
    """The loss of a linear classifier before training and after."""
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x @ torch.randn(4, 3)).argmax(1)
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    start = F.cross_entropy(model(x), y).item()
    for _ in range(rounds):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        if called:
            optimizer.step()
    return start, F.cross_entropy(model(x), y).item()


def test_step_not_called() -> None:
    (start, end), (same, stayed) = classifier(200), classifier(200, called=False)
    assert start == same == stayed
    says("LOS416", f"falls from {start:.2f} to {end:.2f} in 200 rounds stays at {stayed:.2f}")


def test_forced_requires_grad() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(64, 4), torch.randint(0, 3, (64,))
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    before, read = model.weight.detach().clone(), []
    for _ in range(200):
        loss = F.l1_loss(model(x).argmax(1).float(), y.float())
        assert error_of(loss.backward).startswith("element 0 of tensors does not require grad")
        loss.requires_grad_()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert loss.grad == 1
        read.append(loss.item())
    assert model.weight.grad is None
    assert torch.equal(before, model.weight)
    assert read[0] == read[-1]
    says("LOS417", f"its loss is {read[0]} before and after")
    leaf = torch.autograd.Variable(F.cross_entropy(model(x), y), requires_grad=True)
    leaf.backward()
    assert model.weight.grad is None
    says("LOS417", "the gradient of the model is None after backward")


def test_loss_accumulates_graph() -> None:
    layers = torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
    model = torch.nn.Sequential(*layers)
    parameters = {parameter.data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Any) -> Any:
        if tensor.data_ptr() not in parameters:
            kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = F.cross_entropy(model(torch.randn(64, 784)), torch.randint(0, 10, (64,)))
    assert loss.requires_grad
    says("LOS405", "(784-256-10, batches of 64)")
    says("LOS405", f"its labels, {sum(kept.values()) / 1024:.0f} KiB a round")


def test_weights_not_optimized() -> None:
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    label, size = (x[:, 0] > 0).long(), 1000 * x @ torch.randn(4, 1)
    classes, sizes = torch.nn.Linear(4, 2), torch.nn.Linear(4, 1)
    log_variances = torch.nn.Parameter(torch.zeros(2))
    held = [*classes.parameters(), *sizes.parameters(), log_variances]
    optimizer = torch.optim.Adam(held, lr=0.05)
    for _ in range(200):
        entropy, error = F.cross_entropy(classes(x), label), F.mse_loss(sizes(x), size)
        losses = torch.stack([entropy, error])
        optimizer.zero_grad()
        (torch.exp(-log_variances) * losses + log_variances).sum().backward()
        optimizer.step()
    first, second = torch.exp(-log_variances).tolist()
    assert round(entropy.item(), 1) == 0.1
    says("LOS409", f"weights end at {first:.1f} and {second:.2f} after 200 steps")


class TwoTasks:
    """Five classes and a target around 300 from one trunk, 400 samples to train and 200 to test."""

    def __init__(self, weight: float, scaled: bool = False) -> None:
        torch.manual_seed(0)
        x = torch.randn(600, 10)
        label = (x @ torch.randn(10, 5) + 0.5 * torch.randn(600, 5)).argmax(1)
        size = 300 + 50 * (x @ torch.randn(10))
        mean, spread = (size.mean(), size.std()) if scaled else (0.0, 1.0)
        torch.manual_seed(1)
        trunk = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU())
        classes, sizes = torch.nn.Linear(32, 5), torch.nn.Linear(32, 1)
        held = [*trunk.parameters(), *classes.parameters(), *sizes.parameters()]
        optimizer = torch.optim.Adam(held, lr=0.003)
        for step in range(500):
            features = trunk(x[:400])
            losses = (
                F.cross_entropy(classes(features), label[:400]),
                F.mse_loss(sizes(features).squeeze(1), (size[:400] - mean) / spread),
            )
            if step == 0:
                self.started = [loss.item() for loss in losses]
                self.gradients = [
                    torch.autograd.grad(loss, trunk[0].weight, retain_graph=True)[0].norm().item()
                    for loss in losses
                ]
            optimizer.zero_grad()
            (losses[0] + weight * losses[1]).backward()
            optimizer.step()
        features = trunk(x[400:])
        right = (classes(features).argmax(1) == label[400:]).float().mean().item()
        self.accuracy = f"{right:.0%}"
        predicted = sizes(features).squeeze(1) * spread + mean
        self.off = f"{F.l1_loss(predicted, size[400:]).item():.0f}"


def test_unweighted_multitask_sum() -> None:
    plain, weighed, scaled, alone = (
        TwoTasks(1.0),
        TwoTasks(1e-4),
        TwoTasks(1.0, scaled=True),
        TwoTasks(0.0),
    )
    first, second = plain.started
    says("LOS501", f"the losses started at {first:.1f} and {second:,.0f}")
    first, second = plain.gradients
    says("LOS501", f"was {first:.2f} for the classes against {second:.0f} for the regression")
    says("LOS501", f"{plain.accuracy} of the test samples", f"error it was {weighed.accuracy};")
    says("LOS501", f"variance {scaled.accuracy}, which is no less than the {alone.accuracy}")
    says("LOS501", f"off by {scaled.off} instead of {plain.off}")
