"""What the fixes of the rules make of code, and where none is offered."""

from pathlib import Path
from textwrap import indent

import pytest

from losslint.engine import Job, lint
from losslint.finding import Report, Safety
from losslint.fixing import fix_all
from losslint.rule import installed_rules
from losslint.selection import FileIgnores, choose
from losslint.source import Source

IMPORTS = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
"""
LAYER = "net = nn.Linear(3, 2)\n"
SAFE = (Safety.SAFE,)
ALL = (Safety.SAFE, Safety.UNSAFE)


def linted(folder: Path, text: str, safeties: tuple[Safety, ...]) -> tuple[Report, Report, str]:
    """What is found in a script, what is left when it is fixed, and the fixed script."""
    rules = installed_rules()
    job = Job(folder, rules, choose(rules, []), FileIgnores(folder))
    source = Source((folder / "train.py").resolve(), text.encode())
    before = lint([source], job)
    fixed = fix_all([source], before, lambda changed: lint(changed, job), safeties)
    return before, fixed.report, fixed.sources[0].decode()


def in_a_loss(expression: str, head: str = IMPORTS) -> str:
    return f"{head}{LAYER}\n\ndef loss_function(x, y):\n    return {expression}\n"


# -- LOS306 -----------------------------------------------------------------------------------

ONE_STEP = [
    ("torch.log(F.softmax(net(x), dim=1)).mean()", "F.log_softmax(net(x), dim=1).mean()"),
    ("torch.log(torch.softmax(net(x), -1)).mean()", "torch.log_softmax(net(x), -1).mean()"),
    ("net(x).softmax(dim=-1).log().mean()", "net(x).log_softmax(dim=-1).mean()"),
    ("F.softmax(net(x), dim=1).log().mean()", "F.log_softmax(net(x), dim=1).mean()"),
    ("nn.Softmax(dim=-1)(net(x)).log().mean()", "F.log_softmax(net(x), dim=-1).mean()"),
    ("torch.log(torch.sigmoid(net(x))).mean()", "F.logsigmoid(net(x)).mean()"),
    ("(net(x) - y).sigmoid().log().mean()", "F.logsigmoid(net(x) - y).mean()"),
    ("torch.log(1 - torch.sigmoid(net(x))).mean()", "F.logsigmoid(-net(x)).mean()"),
    ("torch.log(1.0 - F.sigmoid(net(x) - y)).mean()", "F.logsigmoid(-(net(x) - y)).mean()"),
    ("torch.log(1 - torch.sigmoid(-net(x))).mean()", "F.logsigmoid(net(x)).mean()"),
    (
        "(torch.log(torch.exp(net(x)).sum(dim=1, keepdim=True)) - y).mean()",
        "(torch.logsumexp(net(x), dim=1, keepdim=True) - y).mean()",
    ),
    (
        "torch.log(torch.sum(torch.exp(net(x)), 1)).mean()",
        "torch.logsumexp(net(x), 1).mean()",
    ),
    ("net(x).exp().sum(-1).log().mean()", "net(x).logsumexp(-1).mean()"),
    ("torch.log(1 + torch.exp(-net(x))).mean()", "F.softplus(-net(x)).mean()"),
    ("torch.log(net(x).exp() + 1).mean()", "F.softplus(net(x)).mean()"),
    (
        "torch.log(torch.cosh(x)).mean() + net(x).mean()",
        "(x.abs() - torch.log1p(torch.tanh(x.abs()))).mean() + net(x).mean()",
    ),
]


@pytest.mark.parametrize(("before", "after"), ONE_STEP)
def test_logarithms_in_one_step(tmp_path: Path, before: str, after: str) -> None:
    found, left, text = linted(tmp_path, in_a_loss(before), SAFE)
    assert [finding.code for finding in found.findings] == ["LOS306"]
    assert text == in_a_loss(after)
    assert left.findings == ()


@pytest.mark.parametrize(
    "expression",
    [
        "torch.log(F.softmax(net(x), dim=1) + 1e-8).mean()",
        "torch.log(F.softmax(net(x), dim=1).clamp(min=1e-8)).mean()",
        "torch.log2(F.softmax(net(x), dim=1)).mean()",
        "torch.log10(torch.sigmoid(net(x))).mean()",
        "torch.log(F.softmax(net(x), dim=1)[:, 0]).mean()",
        "torch.log(torch.exp(net(x)).mean(dim=1)).mean()",
        "torch.log(torch.exp(net(x)).sum()).mean()",
        "torch.log(torch.exp(net(x)).sum(1, dtype=torch.float64)).mean()",
        "torch.log(2 - torch.sigmoid(net(x))).mean()",
        "torch.log(torch.cosh(net(x))).mean()",
        "torch.log(F.softmax(net(x), dim=1), out=y).mean()",
        "torch.log(torch.softmax(net(x), 1, out=y)).mean()",
        "torch.log(  # why\n        F.softmax(net(x), dim=1)).mean()",
    ],
)
def test_logarithms_that_would_lose_something(tmp_path: Path, expression: str) -> None:
    text = in_a_loss(expression)
    _, _, fixed = linted(tmp_path, text, SAFE)
    assert fixed == text


FUNCTION = "\n\ndef loss_function(x):\n    return {}.mean()\n"


@pytest.mark.parametrize(
    ("head", "before", "after_head", "after"),
    [
        (
            "import torch\nfrom torch import nn\n",
            "torch.log(torch.sigmoid(x))",
            "import torch\nfrom torch import nn\n",
            "nn.functional.logsigmoid(x)",
        ),
        (
            "import torch as th\n",
            "th.log(th.softmax(x, 1))",
            "import torch as th\n",
            "th.log_softmax(x, 1)",
        ),
        (
            "import torch\nfrom torch.nn.functional import softmax\n",
            "(torch.log(softmax(x, dim=1)) + torch.log(softmax(-x, dim=1)))",
            "import torch\nfrom torch.nn.functional import softmax, log_softmax\n",
            "(log_softmax(x, dim=1) + log_softmax(-x, dim=1))",
        ),
        (
            "from torch import log, nn, sigmoid\n",
            "log(sigmoid(x))",
            "from torch import log, nn, sigmoid\n",
            "nn.functional.logsigmoid(x)",
        ),
        (
            '"""A loss."""\nfrom torch import log\nfrom torch import (\n    sigmoid,\n)\n',
            "log(sigmoid(x))",
            (
                '"""A loss."""\nfrom torch import log\nfrom torch import (\n    sigmoid,\n)\n'
                "import torch.nn.functional as F\n"
            ),
            "F.logsigmoid(x)",
        ),
        (
            "import torch.nn.functional as fn\nimport torch, torch.nn as nn\n",
            "torch.log(fn.sigmoid(x))",
            "import torch.nn.functional as fn\nimport torch, torch.nn as nn\n",
            "fn.logsigmoid(x)",
        ),
        (
            "import torch\nfrom torch import nn\nnn = {}\nF = 2\nfrom torch import log, sigmoid\n",
            "log(sigmoid(x))",
            "import torch\nfrom torch import nn\nnn = {}\nF = 2\nfrom torch import log, sigmoid\n",
            "torch.nn.functional.logsigmoid(x)",
        ),
    ],
)
def test_functions_are_called_as_the_file_calls_them(
    tmp_path: Path, head: str, before: str, after_head: str, after: str
) -> None:
    _, left, fixed = linted(tmp_path, head + FUNCTION.format(before), SAFE)
    assert fixed == after_head + FUNCTION.format(after)
    assert left.findings == ()


def test_no_fix_where_every_name_is_taken(tmp_path: Path) -> None:
    text = "from torch import log, sigmoid\nF = 2\n" + FUNCTION.format("log(sigmoid(x))")
    found, _, fixed = linted(tmp_path, text, SAFE)
    assert [finding.code for finding in found.findings] == ["LOS306"]
    assert fixed == text


# -- activations before losses ----------------------------------------------------------------


def script(*lines: str, model: str = "net = nn.Linear(3, 2)") -> str:
    return f"{IMPORTS}\n{model}\nfor x, y in loader:\n{indent(chr(10).join(lines), '    ')}\n"


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


# -- numerics and loops -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(x * m).sum() / m.sum()", "(x * m).sum() / (m.sum() + 1e-8)"),
        ("x.sum() / (m.sum())", "x.sum() / (m.sum() + 1e-8)"),
        ("torch.div(x.sum(), m.sum())", "torch.div(x.sum(), m.sum() + 1e-8)"),
        ("-torch.log(m.mean(0)).mean()", "-torch.log(m.mean(0).clamp(min=1e-8)).mean()"),
        ("-(m.mean(0)).log2().mean()", "-(m.mean(0)).clamp(min=1e-8).log2().mean()"),
        (
            "-torch.log((m.mean(0) / 2)).mean()",
            "-torch.log((m.mean(0) / 2).clamp(min=1e-8)).mean()",
        ),
        ("-torch.log(m.mean(0) / 2).mean()", "-torch.log((m.mean(0) / 2).clamp(min=1e-8)).mean()"),
    ],
)
def test_guards(tmp_path: Path, before: str, after: str) -> None:
    def text(expression: str) -> str:
        made = "torch.softmax(net(x), 1)" if "log" in expression else "y > 0"
        return (
            f"{IMPORTS}{LAYER}\n\ndef loss_function(x, y):\n    m = {made}\n"
            f"    return {expression} + net(x).sum()\n"
        )

    found, left, fixed = linted(tmp_path, text(before), ALL)
    assert len(found.findings) == 1
    assert fixed == text(after)
    assert left.findings == ()


def loop(*lines: str, around: str = "") -> str:
    body = indent("\n".join(lines), "        ")
    return (
        f"{IMPORTS}\nnet = nn.Linear(3, 2)\noptimizer = torch.optim.Adam(net.parameters())\n"
        f"for epoch in range(9):\n{around}    for i, (x, y) in enumerate(loader):\n{body}\n"
    )


LOSS = "loss = F.cross_entropy(net(x), y)"


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        (
            "LOS401",
            loop(LOSS, "loss.backward()  # here", "optimizer.step()"),
            loop(LOSS, "optimizer.zero_grad()", "loss.backward()  # here", "optimizer.step()"),
        ),
        (
            "LOS401",
            loop(LOSS, "(loss / 4).backward()", "if i % 4 == 3:", "    optimizer.step()  # now"),
            loop(
                LOSS,
                "(loss / 4).backward()",
                "if i % 4 == 3:",
                "    optimizer.step()  # now",
                "    optimizer.zero_grad()",
            ),
        ),
        (
            "LOS402",
            loop(LOSS, "loss.backward()", "optimizer.zero_grad()  # clear", "optimizer.step()"),
            loop(LOSS, "optimizer.zero_grad()  # clear", "loss.backward()", "optimizer.step()"),
        ),
        (
            "LOS402",
            loop(
                "optimizer.zero_grad()",
                LOSS,
                "loss.backward()",
                "optimizer.zero_grad()",
                "optimizer.step()",
            ),
            loop("optimizer.zero_grad()", LOSS, "loss.backward()", "optimizer.step()"),
        ),
        (
            "LOS414",
            loop(LOSS, "loss.backward()", "optimizer.step()", around="    optimizer.zero_grad()\n"),
            loop(LOSS, "optimizer.zero_grad()", "loss.backward()", "optimizer.step()"),
        ),
    ],
)
def test_gradients_are_zeroed_where_they_should_be(
    tmp_path: Path, code: str, before: str, after: str
) -> None:
    found, left, fixed = linted(tmp_path, before, ALL)
    assert [finding.code for finding in found.findings] == [code]
    assert fixed == after
    assert left.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        loop(LOSS, "loss.backward(); optimizer.step()"),
        loop(LOSS, "loss.backward()", "for one in [optimizer]: one.step()"),
        loop(LOSS, "loss.backward()", "optimizers[0].step()"),
    ],
)
def test_loops_that_are_written_otherwise_are_left_alone(tmp_path: Path, text: str) -> None:
    _, _, fixed = linted(tmp_path, text, ALL)
    assert fixed == text


# -- dimensions and targets -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (script("loss = F.nll_loss(F.log_softmax(net(x)), y)"),
         script("loss = F.nll_loss(F.log_softmax(net(x), dim=-1), y)")),
        (script("h = net(x)", "loss = F.nll_loss(F.log_softmax(h / 2, dim=None), y)"),
         script("h = net(x)", "loss = F.nll_loss(F.log_softmax(h / 2, dim=-1), y)")),
        (script("loss = F.nll_loss(net(x), y)",
                model="net = nn.Sequential(nn.Conv2d(3, 5, 1), nn.LogSoftmax())"),
         script("loss = F.nll_loss(net(x), y)",
                model="net = nn.Sequential(nn.Conv2d(3, 5, 1), nn.LogSoftmax(dim=1))")),
    ],
)  # fmt: skip
def test_the_dim_of_the_classes(tmp_path: Path, before: str, after: str) -> None:
    found, left, fixed = linted(tmp_path, before, ALL)
    assert [finding.code for finding in found.findings] == ["LOS113"]
    assert fixed == after
    assert left.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        script("loss = F.nll_loss(F.log_softmax(net(x)), y)", model="net = make()"),
        script("w = F.softmax(net(x))", "loss = (w * y).sum()", model="net = nn.Linear(3, 1)"),
        script("loss = F.nll_loss(F.log_softmax(net(x).mean(0)), y)"),
    ],
)
def test_a_dim_that_the_code_does_not_say(tmp_path: Path, text: str) -> None:
    _, _, fixed = linted(tmp_path, text, ALL)
    assert fixed == text


@pytest.mark.parametrize(
    ("safety", "before", "after"),
    [
        ("safe", "F.one_hot(y.view(-1), 2).float()", "y.view(-1)"),
        ("safe", "F.one_hot(y.flatten(), 2).to(torch.float32)", "y.flatten()"),
        ("unsafe", "F.one_hot(y, 2).float()", "y"),
        ("unsafe", "F.one_hot(y.view(-1), 2)", "y.view(-1)"),
        ("unsafe", "torch.eye(2)[y]", "y"),
    ],
)
def test_indices_for_one_hot_rows(tmp_path: Path, safety: str, before: str, after: str) -> None:
    text = script("loss = F.cross_entropy(net(x), {})")
    found, left, fixed = linted(tmp_path, text.format(before), ALL)
    assert [finding.fix and finding.fix.safety.value for finding in found.findings] == [safety]
    assert fixed == text.format(after)
    assert left.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        script("loss = F.cross_entropy(net(x), F.one_hot(y.view(-1), 2).float(), weight=w)"),
        script("loss = F.cross_entropy(net(x), F.one_hot(y, 2).float(), label_smoothing=0.1)"),
        script("rows = F.one_hot(y, 2).float()", "loss = F.cross_entropy(net(x), rows)",
               "print(rows)"),
    ],
)  # fmt: skip
def test_rows_that_mean_more_than_their_indices(tmp_path: Path, text: str) -> None:
    _, left, fixed = linted(tmp_path, text, ALL)
    assert fixed == text
    assert [finding.code for finding in left.findings] == ["LOS201"]


@pytest.mark.parametrize(
    ("code", "safety", "before", "after"),
    [
        (
            "LOS202",
            "safe",
            script("loss = F.binary_cross_entropy_with_logits(net(x), (x > 0).long())"),
            script("loss = F.binary_cross_entropy_with_logits(net(x), (x > 0).long().float())"),
        ),
        (
            "LOS202",
            "safe",
            script("loss = F.binary_cross_entropy_with_logits(net(x), target=torch.rand(3) > 0.5)"),
            script(
                "loss = F.binary_cross_entropy_with_logits("
                "net(x), target=(torch.rand(3) > 0.5).float())"
            ),
        ),
        (
            "LOS205",
            "unsafe",
            script("y = torch.ones(3, 2)", "loss = F.binary_cross_entropy_with_logits(y, net(x))"),
            script("y = torch.ones(3, 2)", "loss = F.binary_cross_entropy_with_logits(net(x), y)"),
        ),
        (
            "LOS210",
            "safe",
            script("loss = nn.CrossEntropyLoss(net(x), y)"),
            script("loss = nn.CrossEntropyLoss()(net(x), y)"),
        ),
        (
            "LOS303",
            "unsafe",
            script("loss = torch.sqrt(F.mse_loss(net(x), y))", "loss.backward()"),
            script("loss = torch.sqrt(F.mse_loss(net(x), y) + 1e-8)", "loss.backward()"),
        ),
        (
            "LOS303",
            "unsafe",
            script("d = ((net(x) - y) ** 2).sum(1).sqrt()", "d.mean().backward()"),
            script("d = (((net(x) - y) ** 2).sum(1) + 1e-8).sqrt()", "d.mean().backward()"),
        ),
        (
            "LOS303",
            "unsafe",
            script("c = F.cosine_similarity(net(x), y)", "(1 - c**2).sqrt().mean().backward()"),
            script(
                "c = F.cosine_similarity(net(x), y)",
                "(1 - c**2).clamp(min=1e-8).sqrt().mean().backward()",
            ),
        ),
    ],
)
def test_arguments_and_roots(
    tmp_path: Path, code: str, safety: str, before: str, after: str
) -> None:
    found, left, fixed = linted(tmp_path, before, ALL)
    mended = [finding for finding in found.findings if finding.code == code]
    assert [finding.fix and finding.fix.safety.value for finding in mended] == [safety]
    assert fixed == after
    assert code not in {finding.code for finding in left.findings}
