"""The programs of the mutants benchmark are right, and its operators spoil them as they say."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from benchmarks.mutants.catalogue import own_programs
from benchmarks.mutants.operators import (
    OPERATORS,
    Operator,
    activation,
    average,
    clipping,
    criterion,
    divergence,
    guard,
    log_probabilities,
    softmax,
    steps,
    target,
    weight,
)
from benchmarks.mutants.operators.training_loop import (
    drop_zero_grad,
    zero_between_backward_and_step,
)
from benchmarks.mutants.program import Logits, Loss, Mutant, Program
from benchmarks.mutants.report import report
from benchmarks.mutants.trial import Linter, Outcome
from losslint.rule import installed_rules

PROGRAM = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        self.out = nn.Linear(3, 5)

    def forward(self, x):
        return self.out(x), x


model = Net()
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
for x, y in loader:
    optimizer.zero_grad()
    output, _ = model(x)
    loss = 0.5 * criterion(output, y) + (x / (x.sum() + 1e-8)).sum()
    loss.backward()
    optimizer.step()
"""


def program(text: str = PROGRAM, loss: Loss = Loss.CROSS_ENTROPY) -> Program:
    return Program(
        "net", {"net.py": text}, logits=(Logits("net.py", "Net.forward", loss, 0, "self.out"),)
    )


def new_lines(mutants: Iterator[Mutant]) -> list[set[str]]:
    """The lines that each mutant has and the program has not."""
    return [
        {line.strip() for line in m.files[m.file].splitlines()}
        - {line.strip() for line in m.program.files[m.file].splitlines()}
        for m in mutants
    ]


OWN = {program.name: program for program in own_programs()}
OF_THE_RUN = {"LOS001", "LOS002", "LOS003", "LOS004"}
"""Rules about files and comments, which no fault of a training belongs to."""


@cache
def mutants_of(name: str) -> list[Mutant]:
    """All mutants of a program that lies in the repository."""
    return [mutant for operator in OPERATORS for mutant in operator(OWN[name])]


@pytest.mark.parametrize("program", OWN.values(), ids=lambda program: program.name)
def test_nothing_is_found_in_a_program(program: Program, tmp_path: Path) -> None:
    found = Linter(installed_rules()).findings(program.files, tmp_path.resolve())
    assert [(finding.code, finding.message) for finding in found] == []


@pytest.mark.parametrize("name", OWN)
def test_every_mutant_is_another_program_that_parses(name: str) -> None:
    assert mutants_of(name)
    for mutant in mutants_of(name):
        assert mutant.files != OWN[name].files
        for text in mutant.files.values():
            compile(text, mutant.place, "exec")
    named = {known for mutant in mutants_of(name) for known in (mutant.place, mutant.operator)}
    assert set(OWN[name].harmless) <= named


def test_every_rule_is_wanted_by_a_mutant_of_a_program_that_lies_here() -> None:
    wanted = {code for name in OWN for mutant in mutants_of(name) for code in mutant.codes}
    assert wanted == {rule.code for rule in installed_rules()} - OF_THE_RUN


def test_zero_grad_is_dropped() -> None:
    (mutant,) = drop_zero_grad(program())
    assert "zero_grad" not in mutant.files["net.py"]
    assert (mutant.file, mutant.line) == ("net.py", 15)


def test_zero_grad_is_moved_between_backward_and_step() -> None:
    (mutant,) = zero_between_backward_and_step(program())
    assert mutant.files["net.py"].endswith(
        "loss.backward()\n    optimizer.zero_grad()\n    optimizer.step()\n"
    )


def test_zeroing_of_one_optimizer_is_not_moved_before_the_step_of_another() -> None:
    other = PROGRAM.replace("optimizer.step", "other_optimizer.step")
    assert list(zero_between_backward_and_step(program(other))) == []


def test_an_activation_is_put_on_the_element_that_holds_the_logits() -> None:
    assert new_lines(activation.in_forward(program())) == [
        {"import torch", "return torch.softmax(self.out(x), dim=-1), x"},
        {"import torch", "return torch.sigmoid(self.out(x)), x"},
        {"import torch", "return torch.tanh(self.out(x)), x"},
        {"import torch", "return torch.log_softmax(self.out(x), dim=-1), x"},
        {"import torch", "return torch.relu(self.out(x)), x"},
    ]


def test_a_binary_loss_is_spoiled_by_what_does_not_fit_it() -> None:
    mutants = list(activation.in_forward(program(loss=Loss.BINARY_CROSS_ENTROPY)))
    assert [(m.operator, m.codes) for m in mutants] == [
        ("sigmoid in forward", frozenset({"LOS103"})),
        ("relu in forward", frozenset({"LOS107"})),
        ("softmax in forward", frozenset({"LOS109", "LOS110"})),
    ]


def test_an_activation_is_added_to_the_last_layer() -> None:
    assert new_lines(activation.as_last_layer(program()))[0] == {
        "import torch",
        "self.out = torch.nn.Sequential(nn.Linear(3, 5), torch.nn.Softmax(dim=-1))",
    }


def test_an_activation_comes_from_another_file() -> None:
    mutant = next(activation.in_another_file(program()))
    assert "return torch.softmax(scores, dim=-1)" in mutant.files["finishing.py"]
    assert new_lines(iter([mutant])) == [
        {"from finishing import finish", "return finish(self.out(x)), x"}
    ]


def test_a_criterion_is_swapped_without_the_options_of_the_old_one() -> None:
    assert new_lines(criterion.swap(program())) == [{"criterion = nn.NLLLoss()"}]


def test_targets_of_a_cross_entropy_are_made_one_hot_and_no_others() -> None:
    (lines,) = new_lines(target.one_hot(program()))
    assert any("criterion(output, torch.nn.functional.one_hot(y))" in line for line in lines)
    assert not list(target.one_hot(program(PROGRAM.replace("CrossEntropy", "MSE"))))


def test_a_name_that_holds_another_loss_elsewhere_is_left_alone() -> None:
    other = "\n\ndef fit(x, y):\n    criterion = nn.MSELoss()\n    return criterion(x, y)\n"
    (mutant,) = target.one_hot(program(PROGRAM + other))
    assert mutant.line < PROGRAM.count("\n")


@pytest.mark.parametrize(
    ("guarded", "bare"),
    [
        ("a / (b.sum() + 1e-8)", "a / (b.sum())"),
        ("a / (eps + b)", "a / (b)"),
        ("a / b.clamp(min=1)", "a / b"),
        ("a / torch.clamp(b, min=1)", "a / b"),
        ("a / max(n, 1)", "a / n"),
        ("torch.log(p + self.eps)", "torch.log((p))"),
        ("p.clamp(min=1e-6).log()", "p.log()"),
        ("torch.sqrt(x + 1e-12)", "torch.sqrt((x))"),
        ("torch.acos(c.clamp(-1 + eps, 1 - eps))", "torch.acos(c)"),
        ("x.clamp(min=1e-6) ** 0.7", "x ** 0.7"),
    ],
)
def test_a_guard_is_dropped(guarded: str, bare: str) -> None:
    (mutant,) = guard.drop(Program("p", {"p.py": f"loss = {guarded}\n"}))
    assert mutant.files["p.py"] == f"loss = {bare}\n"


@pytest.mark.parametrize("unguarded", ["a / b", "a / (b + c)", "torch.log(p)", "a + 1e-8"])
def test_what_has_no_guard_loses_none(unguarded: str) -> None:
    assert not list(guard.drop(Program("p", {"p.py": f"loss = {unguarded}\n"})))


def test_weights_are_dropped_from_all_terms() -> None:
    text = "def total(a, b):\n    return 0.3 * a + weights['b'] * b + scale * c\n"
    weighted = Program("p", {"p.py": text}, weighted_sums=("p.py::total",))
    assert new_lines(weight.drop(weighted)) == [{"return a + b + scale * c"}]


STEP = """\
for x, y in loader:
    optimizer.zero_grad()
    with autocast("cuda"):
        loss = F.cross_entropy(model(x), y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    total += loss.item()
print(total / len(loader))
"""


@pytest.mark.parametrize(
    ("operator", "new"),
    [
        (criterion.class_called_as_function, "loss = torch.nn.CrossEntropyLoss(model(x), y)"),
        (criterion.unreduced, "loss = F.cross_entropy(model(x), y, reduction='none')"),
        (target.swapped, "loss = F.cross_entropy(y, model(x))"),
        (steps.detached, "loss = F.cross_entropy((model(x)).detach(), y)"),
        (clipping.of_the_loss, "clip_grad_norm_(loss, 1.0)"),
        (clipping.step_without_scaler, "optimizer.step()"),
        (average.with_graph, "total += loss"),
        (average.by_samples, "print(total / len(loader.dataset))"),
    ],
)
def test_a_step_is_spoiled(operator: Operator, new: str) -> None:
    (lines,) = new_lines(operator(Program("p", {"p.py": STEP})))
    assert lines - {"import torch"} == {new}


@pytest.mark.parametrize(
    ("operator", "gone"),
    [(steps.drop_backward, "backward"), (steps.drop_step, "step("), (clipping.while_scaled, "uns")],
)
def test_a_part_of_a_step_is_dropped(operator: Operator, gone: str) -> None:
    (mutant,) = operator(Program("p", {"p.py": STEP}))
    assert gone in STEP
    assert gone not in mutant.files["p.py"]


def test_gradients_are_clipped_after_the_step() -> None:
    (mutant,) = clipping.after_the_step(Program("p", {"p.py": STEP}))
    text = mutant.files["p.py"]
    assert text.index("scaler.step") < text.index("clip_grad_norm_") < text.index("total +=")


def test_a_step_is_named_and_not_called() -> None:
    operators = steps.uncalled(program())
    assert [new.pop() for new in new_lines(operators)] == [
        "optimizer.zero_grad",
        "loss.backward",
        "optimizer.step",
    ]


def test_a_loss_is_told_that_it_has_a_gradient() -> None:
    assert new_lines(steps.forced(program())) == [{"loss.requires_grad_()"}]


@pytest.mark.parametrize(
    ("operator", "right", "wrong"),
    [
        (
            log_probabilities.as_probabilities,
            "F.kl_div(F.log_softmax(s, dim=1), t)",
            "F.kl_div(F.softmax(s, dim=1), t)",
        ),
        (
            divergence.mean_of_elements,
            'F.kl_div(log_p, t, reduction="batchmean")',
            "F.kl_div(log_p, t)",
        ),
        (softmax.without_dim, "F.log_softmax(s, dim=1)", "F.log_softmax(s)"),
        (
            softmax.logarithm_by_hand,
            "F.log_softmax(s, dim=1)",
            "torch.log(torch.softmax(s, dim=1))",
        ),
        (guard.move_outside, "torch.log(p + 1e-8)", "(torch.log(p) + 1e-8)"),
        (
            target.integers,
            "F.binary_cross_entropy_with_logits(s, y)",
            "F.binary_cross_entropy_with_logits(s, (y).long())",
        ),
    ],
)
def test_an_expression_is_spoiled(operator: Operator, right: str, wrong: str) -> None:
    (mutant,) = operator(Program("p", {"p.py": f"loss = {right}\n"}))
    assert mutant.files["p.py"].replace("import torch\n", "") == f"loss = {wrong}\n"


def test_what_is_found_is_told_from_what_is_found_elsewhere(tmp_path: Path) -> None:
    linter = Linter(installed_rules())
    spoiled = next(activation.in_forward(program()))
    wanted = linter.trial(spoiled, tmp_path.resolve())
    assert (wanted.outcome, wanted.elsewhere) == (Outcome.FOUND, ())
    other = Mutant(
        spoiled.program, "an operator", "net.py", 9, spoiled.files, frozenset({"LOS401"})
    )
    unwanted = linter.trial(other, tmp_path.resolve())
    assert unwanted.outcome is Outcome.MISSED
    assert [finding.code for finding in unwanted.elsewhere] == ["LOS104"]
    text = "\n".join(report(3, [spoiled.program], [wanted, unwanted]))
    assert "2 programs with no finding, 2 mutants of them" in text
    assert "Missed:\n  net: an operator net.py:9 (wanted LOS401)" in text
    assert "New findings elsewhere:\n  net: an operator net.py:9 (wanted LOS401): line" in text
