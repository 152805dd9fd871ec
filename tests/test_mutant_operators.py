"""What the operators of the mutants benchmark make of the code that they are for, and of other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.mutants.catalogue import own_programs
from benchmarks.mutants.operators import (
    Operator,
    accumulation,
    clipping,
    criterion,
    dimension,
    epsilon,
    exponential,
    guard,
    imbalance,
    log_probabilities,
    objective,
    parameters,
    scale,
    selection,
    signs,
    target,
    template,
    training_loop,
)
from benchmarks.mutants.program import Logits, Loss, Mutant, Program
from benchmarks.mutants.trial import Linter, Outcome
from losslint.rule import installed_rules


def spoiled(operator: Operator, text: str) -> list[str]:
    """The text of each mutant of a program of one file."""
    return [mutant.files["p.py"] for mutant in operator(Program("p", {"p.py": text}))]


@pytest.mark.parametrize(
    ("operator", "right", "wrong"),
    [
        (dimension.over_the_batch, "F.nll_loss(F.log_softmax(s, dim=-1), y)", "dim=0"),
        (dimension.classes_last, "F.cross_entropy(s.transpose(1, 2), y)", "entropy(s, y)"),
        (dimension.classes_last, "F.cross_entropy(s.view(-1, 9), y.view(-1))", "entropy(s, y)"),
        (dimension.not_squeezed, "F.mse_loss(net(x).squeeze(1), y)", "mse_loss(net(x), y)"),
        (dimension.not_squeezed, "F.mse_loss(net(x)[:, 0], y)", "mse_loss(net(x), y)"),
        (target.floats, "F.cross_entropy(s, y)", "entropy(s, (y).float())"),
        (target.floats, "F.cross_entropy(s, y.long())", "entropy(s, y)"),
        (target.column, "F.nll_loss(s, y.squeeze(1))", "nll_loss(s, y)"),
        (signs.unsigned, "F.soft_margin_loss(s, 2 * y - 1)", "margin_loss(s, y)"),
        (scale.unnormalised, "F.l1_loss(s, (y - mean) / std)", "l1_loss(s, y)"),
        (log_probabilities.dropped, "F.ctc_loss(s.log_softmax(2), y, a, b)", "ctc_loss(s, y"),
        (log_probabilities.dropped, "F.nll_loss(F.log_softmax(s, 1), y)", "nll_loss(s, y"),
        (exponential.unbounded, "torch.exp(s - s.max())", "torch.exp(s)"),
        (exponential.unbounded, "(s - s.amax(1)).exp()", "s.exp()"),
        (epsilon.absorbed, "p.clamp(1e-6, 1 - 1e-6)", "clamp(1e-6, 1 - 1e-9)"),
        (selection.mean, "(e * m).sum() / m.sum().clamp(min=1)", "(e)[m > 0].mean()"),
        (selection.where, "a / (b + 1e-8)", "torch.where((b) > 0, a / (b), 0.0)"),
        (criterion.summed, "F.mse_loss(s, y)", "F.mse_loss(s, y, reduction='sum')"),
        (imbalance.unweighted, "nn.BCEWithLogitsLoss(pos_weight=w)", "LogitsLoss()"),
        (parameters.of_the_loss_left_out, "Adam([*net.parameters(), *loss.parameters()])", "net"),
        (
            parameters.of_the_loss_left_out,
            "Adam(list(net.parameters()) + list(criterion.parameters()))",
            "Adam(list(net.parameters()))",
        ),
    ],
)
def test_an_expression_is_spoiled(operator: Operator, right: str, wrong: str) -> None:
    (text,) = spoiled(operator, f"value = {right}\n")
    assert wrong in text
    assert right not in text


STEP = """\
def train(net, other, loader, accumulate):
    optimizer = SGD(net.parameters())
    other.eval()
    for epoch in range(3):
        for i, (x, y) in enumerate(loader):
            optimizer.zero_grad()
            first_loss = F.cross_entropy(net(x), y)
            second_loss = F.mse_loss(net(x), x)
            loss = first_loss + 0.1 * second_loss
            loss += 0.5 * penalty(net)
            (loss / accumulate).backward()
            scaler.update()
            clip_grad_norm_(net.parameters(), 1.0)
            if i % accumulate == 0:
                optimizer.step()
        print(nn.LSTM(3, 3), first_loss.item())
"""


@pytest.mark.parametrize(
    ("operator", "new"),
    [
        (accumulation.undivided, "            loss.backward()\n"),
        (clipping.before_backward, "1.0)\n            (loss / accumulate).backward()\n"),
        (clipping.dropped, "            pass\n            if i"),
        (clipping.never_updated, "            pass\n            clip"),
        (objective.overwritten, "            loss = 0.5 * penalty(net)\n"),
        (objective.left_out, "            loss = first_loss\n"),
        (objective.total_alone, " loss.item())\n"),
        (parameters.of_another_model, "SGD(other.parameters())"),
        (
            training_loop.zero_outside_the_loop,
            "        optimizer.zero_grad()\n        for i, (x, y) in enumerate(loader):\n",
        ),
    ],
)
def test_a_step_is_spoiled(operator: Operator, new: str) -> None:
    (text,) = spoiled(operator, STEP)
    assert new not in STEP
    assert new in text


@pytest.mark.parametrize(
    ("operator", "text"),
    [
        (dimension.over_the_batch, "F.log_softmax(s, dim=2)"),
        (dimension.classes_last, "F.cross_entropy(s.view(-1, 9), y)"),
        (dimension.not_squeezed, "F.cross_entropy(net(x).squeeze(1), y)"),
        (signs.unsigned, "2 * y - 1"),
        (scale.unnormalised, "F.l1_loss(s, (y - a) / b)"),
        (log_probabilities.dropped, "F.log_softmax(s, 1)"),
        (exponential.unbounded, "torch.exp(s - t)"),
        (exponential.unbounded, "s - s.max() + torch.exp(t)"),
        (epsilon.absorbed, "1 - 0.5"),
        (selection.where, "total / max(n, 1)"),
        (selection.mean, "(e * m).sum() / w.sum().clamp(min=1)"),
        (accumulation.undivided, "loss / batches"),
        (parameters.of_the_loss_left_out, "Adam([*net.parameters(), *head.parameters()])"),
        (imbalance.accuracy_alone, "f1_score(y, p)"),
        (objective.left_out, "loss = first_loss + second_loss"),
    ],
)
def test_other_code_is_left_alone(operator: Operator, text: str) -> None:
    assert spoiled(operator, f"{text}\n") == []


def test_a_clamp_that_stands_before_a_logarithm_is_dropped() -> None:
    text = "def f(p):\n    p = p.clamp(min=1e-6)\n    return torch.log(1 - p)\n"
    assert spoiled(guard.drop_before, text) == [text.replace("p.clamp(min=1e-6)", "p")]


def test_a_term_that_is_read_elsewhere_is_not_left_out() -> None:
    both = STEP.replace("first_loss.item()", "second_loss.item()")
    (text,) = spoiled(objective.left_out, both)
    assert "loss = 0.1 * second_loss" in text


def test_learned_weights_lose_what_holds_them_up() -> None:
    text = "def total(a, b):\n    return torch.exp(-s) * a + s + torch.exp(-t) * b + t\n"
    (mutant,) = objective.unregularised(Program("p", {"p.py": text}))
    assert mutant.codes == {"LOS502"}
    assert mutant.files["p.py"].endswith("return torch.exp(-s) * a + torch.exp(-t) * b\n")


def test_a_last_layer_gets_a_single_output() -> None:
    text = "class Net:\n    def __init__(self):\n        self.out = nn.Linear(3, 5)\n"
    logits = Logits("p.py", "Net.forward", Loss.CROSS_ENTROPY, layer="self.out")
    (mutant,) = dimension.one_class(Program("p", {"p.py": text}, logits=(logits,)))
    assert "nn.Linear(3, 1)" in mutant.files["p.py"]


def test_a_loss_module_loses_its_options() -> None:
    text = """\
class FirstLoss(nn.Module):
    def __init__(self, reduction="mean"):
        self.reduction = reduction

    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError
        loss = (a - b).abs()
        if self.reduction == "mean":
            return loss.mean()
        return loss

criterion = FirstLoss(reduction="mean")
"""
    (spoilt,) = spoiled(template.unchecked, text)
    assert "reduction" not in spoilt
    assert "shape" not in spoilt
    assert spoilt.endswith("return (loss).mean()\n\ncriterion = FirstLoss()\n")


def test_a_loss_is_weighted_beside_a_sampler() -> None:
    text = "sampler = WeightedRandomSampler(w[y], 9)\nloss = nn.CrossEntropyLoss()\n"
    (weighted,) = spoiled(imbalance.corrected_twice, text)
    assert "nn.CrossEntropyLoss(weight" in weighted


def test_measures_of_classes_become_an_accuracy() -> None:
    text = "loss = nn.NLLLoss(weight=w)\nrecall = recall_score(y, p)\n"
    assert "accuracy = accuracy_score(y, p)" in spoiled(imbalance.accuracy_alone, text)[0]


def mutants_of(name: str, operator: Operator) -> Iterator[Mutant]:
    return operator(next(program for program in own_programs() if program.name == name))


def test_advice_is_on_for_a_mutant_that_wants_it(tmp_path: Path) -> None:
    (mutant,) = mutants_of("fraud.py", imbalance.unweighted)
    linter = Linter(installed_rules())
    assert linter.given_advice(mutant.program, tmp_path / "as it is") == frozenset()
    assert linter.trial(mutant, tmp_path / "spoiled").outcome is Outcome.FOUND
