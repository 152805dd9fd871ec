"""What the fixes make of criteria and what they are given, and where none is offered."""

from pathlib import Path

import pytest

from tests.scripts import ALL, IMPORTS, SAFE, linted, script

FIXED = [
    (
        "LOS101",
        "safe",
        script("loss = F.binary_cross_entropy(torch.sigmoid(net(x)), y, weight=w)"),
        script("loss = F.binary_cross_entropy_with_logits(net(x), y, weight=w)"),
    ),
    (
        "LOS101",
        "safe",
        script("p = torch.sigmoid(net(x)).squeeze(1)  # here", "loss = nn.BCELoss()(p, y)"),
        script("p = net(x).squeeze(1)  # here", "loss = nn.BCEWithLogitsLoss()(p, y)"),
    ),
    (
        "LOS101",
        "safe",
        script(
            "a = criterion(net(x).sigmoid(), y)",
            "b = criterion(net(x + 1).sigmoid(), y)",
            "(a + b).backward()",
            model="net = nn.Linear(3, 2)\ncriterion = nn.BCELoss(reduction='sum')",
        ),
        script(
            "a = criterion(net(x), y)",
            "b = criterion(net(x + 1), y)",
            "(a + b).backward()",
            model="net = nn.Linear(3, 2)\ncriterion = nn.BCEWithLogitsLoss(reduction='sum')",
        ),
    ),
    (
        "LOS103",
        "unsafe",
        script("loss = F.binary_cross_entropy_with_logits(torch.sigmoid(net(x) + 1), y)"),
        script("loss = F.binary_cross_entropy_with_logits(net(x) + 1, y)"),
    ),
    (
        "LOS104",
        "unsafe",
        script(
            "p = F.softmax(",
            "    net(x) +",
            "    1,",
            "    dim=1,",
            ")",
            "loss = F.cross_entropy(p, y)",
        ),
        script("p = (net(x) +", "    1)", "loss = F.cross_entropy(p, y)"),
    ),
    (
        "LOS104",
        "unsafe",
        script("loss = F.cross_entropy(input=(net(x) + 1).softmax(-1), target=y)"),
        script("loss = F.cross_entropy(input=(net(x) + 1), target=y)"),
    ),
    (
        "LOS105",
        "safe",
        script("loss = F.cross_entropy(F.log_softmax(net(x), dim=1), y)"),
        script("loss = F.cross_entropy(net(x), y)"),
    ),
    (
        "LOS105",
        "safe",
        script("loss = F.cross_entropy(net(x).view(-1, 2).log_softmax(-1), y)"),
        script("loss = F.cross_entropy(net(x).view(-1, 2), y)"),
    ),
    (
        "LOS106",
        "unsafe",
        script("p = torch.tanh(net(x))", "loss = F.cross_entropy(p, y)"),
        script("p = net(x)", "loss = F.cross_entropy(p, y)"),
    ),
    (
        "LOS104",
        "unsafe",
        script(
            "p = net(x)",
            "p = F.softmax(p, 1)  # probabilities",
            "loss = F.cross_entropy(p, y)",
            "p = net(y).softmax(1)",
            "print(p)",
        ),
        script("p = net(x)", "loss = F.cross_entropy(p, y)", "p = net(y).softmax(1)", "print(p)"),
    ),
    (
        "LOS102",
        "unsafe",
        script("loss = F.binary_cross_entropy(net(x), y)"),
        script("loss = F.binary_cross_entropy_with_logits(net(x), y)"),
    ),
    (
        "LOS108",
        "unsafe",
        script("loss = F.nll_loss(net(x), y, ignore_index=0)"),
        script("loss = F.cross_entropy(net(x), y, ignore_index=0)"),
    ),
    (
        "LOS108",
        "unsafe",
        script("loss = F.nll_loss(torch.softmax(net(x), 1), y)"),
        script("loss = F.nll_loss(torch.log_softmax(net(x), 1), y)"),
    ),
    (
        "LOS108",
        "unsafe",
        script("p = net(x).softmax(1)", "loss = nn.NLLLoss()(p, y)"),
        script("p = net(x).log_softmax(1)", "loss = nn.NLLLoss()(p, y)"),
    ),
]


@pytest.mark.parametrize(("code", "safety", "before", "after"), FIXED)
def test_the_criterion_gets_what_it_expects(
    tmp_path: Path, code: str, safety: str, before: str, after: str
) -> None:
    found, left, text = linted(tmp_path, before, SAFE if safety == "safe" else ALL)
    assert {finding.code for finding in found.findings} == {code}
    assert {finding.fix and finding.fix.safety.value for finding in found.findings} == {safety}
    assert text == after
    assert left.findings == ()


NOT_FIXED = [
    # the value has another use
    script("p = torch.sigmoid(net(x))", "loss = F.binary_cross_entropy(p, y)", "print(p)"),
    script("p = F.softmax(net(x), 1)", "loss = F.cross_entropy(p, y)", "print(p.argmax(1))"),
    script("def f():", "    print(p)", "p = F.softmax(net(x), 1)", "loss = F.cross_entropy(p, y)"),
    # it is not the only value
    script(
        "loss = F.cross_entropy(p, y)",
        "p = F.softmax(net(x), 1)",
        "loss = F.cross_entropy(p, y)",
        "p = F.softmax(net(y), 1)",
    ),
    # the criterion has another use, is handed on, or can be reached from elsewhere
    script(
        "loss = criterion(torch.sigmoid(net(x)), y) + criterion(net(x), y)",
        model="net = nn.Linear(3, 2)\ncriterion = nn.BCELoss()",
    ),
    script(
        "loss = criterion(torch.sigmoid(net(x)), y)",
        "log(criterion)",
        model="net = nn.Linear(3, 2)\ncriterion = nn.BCELoss()",
    ),
    script(
        "loss = criterion(torch.sigmoid(net(x)), y)",
        model="net = nn.Linear(3, 2)\ncriterion = nn.BCELoss() if flag else nn.BCELoss()",
    ),
    # the log_softmax is not over the classes for sure, is smoothed, or changes the type
    script("loss = F.cross_entropy(F.log_softmax(net(x), dim=-1), y)"),
    script("loss = F.cross_entropy(F.log_softmax(net(x), dim=2), y)"),
    script("loss = F.cross_entropy(F.log_softmax(net(x), dim=1), y, label_smoothing=0.1)"),
    script("loss = F.cross_entropy(F.log_softmax(net(x), dim=1, dtype=torch.float), y)"),
    script("loss = F.cross_entropy(F.log_softmax(net(x), dim=1).view(-1, 2), y)"),
    # a comment would be lost
    script("loss = F.cross_entropy(F.softmax(  # why", "    net(x), dim=1), y)"),
    # arguments that cannot be seen
    script("loss = F.cross_entropy(*[F.softmax(net(x), 1), y])"),
]


@pytest.mark.parametrize("text", NOT_FIXED)
def test_what_cannot_be_sure_is_not_fixed(tmp_path: Path, text: str) -> None:
    _, left, fixed = linted(tmp_path, text, ALL)
    assert fixed == text
    assert left.findings


def test_a_call_that_gets_other_things_in_other_contexts_is_not_fixed(tmp_path: Path) -> None:
    text = f"""{IMPORTS}
net = nn.Linear(3, 2)


def loss_of(output, y):
    return F.binary_cross_entropy(output, y)


for x, y in loader:
    first = loss_of(net(x), y)
    second = loss_of(torch.sigmoid(net(x)), y)
"""
    found, _, fixed = linted(tmp_path, text, ALL)
    assert {finding.code for finding in found.findings} == {"LOS101", "LOS102"}
    assert fixed == text


def test_a_criterion_of_an_object_is_swapped_for_all_its_calls(tmp_path: Path) -> None:
    text = f"""{IMPORTS}

class Trainer:
    def __init__(self):
        self.net = nn.Linear(3, 1)
        self.criterion = nn.BCELoss()

    def step(self, x, y):
        return self.criterion(torch.sigmoid(self.net(x)), y)

    def check(self, x, y):
        return self.criterion(self.net(x).sigmoid(), y)
"""
    found, _, fixed = linted(tmp_path, text, SAFE)
    assert {finding.code for finding in found.findings} == {"LOS101"}
    assert fixed == text  # somebody else may call it: not safe
    _, left, fixed = linted(tmp_path, text, ALL)
    assert left.findings == ()
    assert "self.criterion = nn.BCEWithLogitsLoss()" in fixed
    assert "sigmoid" not in fixed
    elsewhere = f"{text}\n\ndef other(trainer, x, y):\n    return trainer.criterion(x, y)\n"
    assert linted(tmp_path, elsewhere, ALL)[2] == elsewhere
