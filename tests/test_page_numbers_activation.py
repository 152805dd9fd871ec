"""The numbers on the pages of the activation rules are what torch gives."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.test_page_numbers import error_of, says

torch: Any = pytest.importorskip("torch")
F: Any = torch.nn.functional


def binary(criterion: Any, logit: float, label: float, sigmoid: bool) -> tuple[float, float]:
    """The loss of one sample and its gradient for the logit, with a sigmoid before or without."""
    given = torch.tensor([float(logit)], requires_grad=True)
    loss = criterion(given.sigmoid() if sigmoid else given, torch.tensor([float(label)]))
    (gradient,) = torch.autograd.grad(loss, given)
    return loss.item(), abs(gradient.item())


def test_bce_without_logits() -> None:
    def bce(logit: float, label: float) -> tuple[float, float]:
        return binary(F.binary_cross_entropy, logit, label, sigmoid=True)

    assert torch.tensor(16.6).sigmoid() < 1
    assert torch.tensor(16.64).sigmoid() == 1
    loss, gradient = bce(17, 0)
    assert gradient == 0
    says("LOS101", "of about 16.64 upward", f"the loss reads {loss:.0f} and the gradient")
    with_logits = binary(F.binary_cross_entropy_with_logits, 17, 0, sigmoid=False)
    assert with_logits == (17, 1)
    assert bce(-27, 1)[1] == pytest.approx(1, abs=0.01)
    faded = bce(-28, 1)[1], bce(-30, 1)[1]
    says("LOS101", f"-28 downward ({faded[0]:.2f} instead of 1 there, {faded[1]:.2f} at -30)")
    assert bce(-90, 1)[1] == 0


def test_bce_on_logits() -> None:
    targets = torch.tensor([0.0, 1.0])
    message = error_of(lambda: F.binary_cross_entropy(torch.tensor([-0.1, 1.2]), targets))
    assert "all elements of input should be between 0 and 1" in message
    inside = torch.tensor([0.3, 0.9])
    wrong = F.binary_cross_entropy(inside, targets)
    right = F.binary_cross_entropy_with_logits(inside, targets)
    says("LOS102", f"reads {wrong.item():.3f}; read as logits they cost {right.item():.3f}")


def test_double_sigmoid() -> None:
    def twice(logit: float, label: float) -> tuple[float, float]:
        return binary(F.binary_cross_entropy_with_logits, logit, label, sigmoid=True)

    top = torch.ones(1).sigmoid().item()
    says("LOS103", f"between {torch.zeros(1).sigmoid().item():.1f} and {top:.3f}")
    negative, positive = twice(-100, 0)[0], twice(100, 1)[0]
    says("LOS103", f"less than {negative:.3f} and a positive never less than {positive:.3f}")
    says("LOS103", f"a perfect model stops at {(negative + positive) / 2:.3f}")
    middle = binary(F.binary_cross_entropy_with_logits, 0, 1, sigmoid=False)[1]
    says("LOS103", f"at a logit of 0 it is {twice(0, 1)[1]:.3f} instead of {middle:.1f}")
    says("LOS103", f"puts at -8 it is {twice(-8, 1)[1]:.5f} instead of 1")


@pytest.mark.parametrize(
    ("code", "squeezed", "classes"),
    [
        ("LOS104", (0.0, 1.0), (2, 10, 1000)),
        ("LOS106", (0.0, 1.0), (2, 10, 1000)),
        ("LOS106", (-1.0, 1.0), (2, 10, 1000)),
    ],
)
def test_floors_of_cross_entropy(
    code: str, squeezed: tuple[float, float], classes: tuple[int, ...]
) -> None:
    floors = []
    for count in classes:
        best = torch.full((1, count), squeezed[0])
        best[0, 0] = squeezed[1]
        floors.append(F.cross_entropy(best, torch.zeros(1).long()).item())
    two, ten, thousand = (f"{floor:.3f}" for floor in floors)
    if squeezed[0] < 0:
        says(code, f"the floors are {two}, {ten} and {thousand}")
    else:
        says(code, f"{two} for 2 classes, {ten} for 10, {thousand} for 1,000")


def test_softmax_before_cross_entropy() -> None:
    says("LOS104", f"guessing costs {math.log(1000):.3f}")
    logits = torch.zeros(1, 10)
    logits[0, 3] = 10
    given = logits.requires_grad_()
    label, largest = torch.zeros(1).long(), []
    for scores in (given.softmax(1), given):
        (gradient,) = torch.autograd.grad(F.cross_entropy(scores, label), given)
        largest.append(gradient.abs().max().item())
    squeezed, whole = largest
    says("LOS104", f"the largest gradient on a logit is {squeezed:.4f} instead of {whole:.0f}")


def test_log_softmax_before_cross_entropy() -> None:
    torch.manual_seed(0)
    given = torch.randn(4, 6, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 3])
    once = F.cross_entropy(given, labels)
    twice = F.cross_entropy(given.log_softmax(1), labels)
    assert twice.item() == pytest.approx(once.item(), rel=1e-6)
    (first,) = torch.autograd.grad(once, given)
    (second,) = torch.autograd.grad(twice, given)
    assert torch.allclose(first, second, atol=1e-7)
    logits = torch.empty(4096, 1000)
    size = logits.numel() * logits.element_size() / 2**20
    says("LOS105", f"which is {size:.1f} MiB for 4,096 rows of 1,000 classes")
    wrong = F.cross_entropy(given.log_softmax(0), labels)
    assert abs(wrong.item() - once.item()) > 0.01


def test_nll_without_log_softmax() -> None:
    probability = torch.tensor([[0.7, 0.3]])
    read = F.nll_loss(probability, torch.zeros(1).long()).item()
    says("LOS108", f"for p = 0.7 it reads {read:.1f}", f"is {-math.log(0.7):.3f}")
    given = torch.zeros(1, 10)
    given[0, 3] = 10
    given.requires_grad_()
    loss = F.nll_loss(given.softmax(1), torch.zeros(1).long())
    largest = torch.autograd.grad(loss, given)[0].abs().max().item()
    says("LOS108", f"gives {largest:.5f} where it should be 1")


@pytest.mark.filterwarnings("ignore:Implicit dimension")
def test_implicit_softmax_dim() -> None:
    for sizes, dim in (((3,), 0), ((3, 4), 1), ((2, 3, 4), 0), ((2, 3, 4, 5), 1)):
        x = torch.randn(sizes)
        assert torch.equal(F.softmax(x), F.softmax(x, dim=dim))
    x = torch.randn(2, 3, 2, 2, 2)
    assert torch.equal(F.softmax(x), F.softmax(x, dim=1))
    assert F.softmax(torch.randn(1, 4, 5)).unique().tolist() == [1]
    for call in (lambda: torch.softmax(x), x.softmax):
        with pytest.raises(TypeError):
            call()
    says("LOS113", "2 and 4 dimensions take dim 1", "1 and 3 dimensions take dim 0")
    says("LOS113", "5 dimensions take dim 1", "every probability is exactly 1")


def test_one_hot_cross_entropy() -> None:
    logits, labels = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    rows = F.one_hot(labels, 3)
    says("LOS201", error_of(lambda: F.cross_entropy(logits, rows)))
    same = F.cross_entropy(logits, rows.float())
    assert same.item() == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-6)
    pixels = 8 * 512 * 512
    says("LOS201", f"they take {pixels * 21 * 4 / 2**20:.0f} MiB instead of")
    says("LOS201", f"instead of {pixels * 8 / 2**20:.0f}.")
    error_of(lambda: F.cross_entropy(logits, rows.float(), ignore_index=1))
    weight = torch.tensor([1.0, 2.0, 3.0])
    weighted = F.cross_entropy(logits, rows.float(), weight)
    assert weighted.item() != pytest.approx(F.cross_entropy(logits, labels, weight).item())


class Task:
    """A linear model on 400 samples of eight features, with labels that are a little noisy."""

    def __init__(self, classes: int) -> None:
        torch.manual_seed(0)
        self.x = torch.randn(400, 8)
        scores = self.x @ torch.randn(8, classes) + 0.5 * torch.randn(400, classes)
        self.labels = scores.argmax(1)
        torch.manual_seed(1)
        self.model = torch.nn.Linear(8, classes)

    def fit(self, loss: Any, optimizer: Any, steps: int) -> tuple[float, str]:
        """Trains, and gives the last loss and the accuracy."""
        for _ in range(steps):
            value = loss(self.model(self.x), self.labels)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
        right = self.model(self.x).argmax(1) == self.labels
        return value.item(), f"{right.float().mean().item():.0%}"


def test_accuracy_with_squeezed_logits() -> None:
    def accuracy(squeeze: Any) -> str:
        task = Task(classes=10)
        optimizer = torch.optim.SGD(task.model.parameters(), lr=0.5)
        return task.fit(lambda z, y: F.cross_entropy(squeeze(z), y), optimizer, 100)[1]

    plain = accuracy(lambda logits: logits)
    softmax, sigmoid = accuracy(lambda logits: logits.softmax(1)), accuracy(torch.sigmoid)
    says("LOS104", f"an accuracy of {softmax} this way, and {plain} without the softmax")
    says("LOS106", f"an accuracy of {sigmoid} with the sigmoid and {plain} without")


def test_loss_that_falls_for_ever() -> None:
    reached = []
    for criterion in (F.nll_loss, F.cross_entropy):
        task = Task(classes=5)
        optimizer = torch.optim.Adam(task.model.parameters(), lr=0.01)
        reached.append(task.fit(criterion, optimizer, 1000))
    (loss, accuracy), (entropy, other) = reached
    says("LOS108", f"at {loss:.0f} after a thousand steps, with an accuracy of {accuracy};")
    says("LOS108", f"cross entropy was at {entropy:.2f} and {other}.")


def test_tags_found_with_a_second_sigmoid() -> None:
    def found(squeeze: Any) -> str:
        torch.manual_seed(0)
        x = torch.randn(500, 8)
        tags = (x @ torch.randn(8, 6) > 2.7).float()
        says("LOS103", f"a small tagging task with {tags.mean().item():.0%} positives")
        torch.manual_seed(1)
        model = torch.nn.Linear(8, 6)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(1000):
            loss = F.binary_cross_entropy_with_logits(squeeze(model(x)), tags)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        hits = (model(x) > 0) & (tags > 0)
        return f"{hits.sum().item() / tags.sum().item():.0%}"

    twice, once = found(torch.sigmoid), found(lambda logits: logits)
    says("LOS103", f"found {twice} of the positives this way, and {once} without")
