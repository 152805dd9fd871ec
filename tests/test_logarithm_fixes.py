"""What the fixes of LOS306 make of logarithms, and where none is offered."""

from pathlib import Path

import pytest

from tests.scripts import SAFE, in_a_loss, linted

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
