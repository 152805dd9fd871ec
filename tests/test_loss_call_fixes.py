"""What the fixes of a criterion's arguments and options make of code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scripts import ALL, linted, script

NET = "net = nn.Linear(3, 5)"
COLUMN = "net = nn.Linear(3, 1)"
DATA = "x, y = torch.randn(8, 3), torch.randint(5, (8,))"
LAST = "loss.backward()"


def pair(model: str, before: str, after: str, *lines: str) -> tuple[str, str]:
    """Two scripts that differ in one line."""
    return (
        script(*lines, before, LAST, model=model),
        script(*lines, after, LAST, model=model),
    )


def built(before: str, after: str) -> tuple[str, str]:
    """Two scripts that differ in how the criterion is built."""
    loss = "loss = criterion(F.log_softmax(net(x), 1), y)"
    return (
        script(loss, LAST, model=f"{NET}\ncriterion = {before}"),
        script(loss, LAST, model=f"{NET}\ncriterion = {after}"),
    )


TEACHER = "teacher = F.log_softmax(y, 1)"


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("LOS107", *pair(NET, "loss = F.cross_entropy(F.relu(net(x)), y)",
                         "loss = F.cross_entropy(net(x), y)")),
        ("LOS107", *pair("net = nn.Sequential(nn.Linear(3, 5), nn.ReLU())",
                         "loss = F.cross_entropy(net(x), y)",
                         "loss = F.cross_entropy(net(x), y)")),
        ("LOS111", *pair(NET, "loss = F.kl_div(F.softmax(net(x), 1), y, reduction='sum')",
                         "loss = F.kl_div(F.log_softmax(net(x), 1), y, reduction='sum')")),
        ("LOS111", *pair(
            NET,
            "loss = F.kl_div(F.log_softmax(net(x), 1), teacher, reduction='sum')",
            "loss = F.kl_div(F.log_softmax(net(x), 1), teacher, reduction='sum', log_target=True)",
            TEACHER)),
        ("LOS112", *pair(NET, "loss = F.kl_div(F.log_softmax(net(x), 1), y)",
                         'loss = F.kl_div(F.log_softmax(net(x), 1), y, reduction="batchmean")')),
        ("LOS112", *pair(
            NET, "loss = F.kl_div(net(x).log_softmax(1), y, reduction='mean', log_target=False)",
            'loss = F.kl_div(net(x).log_softmax(1), y, reduction="batchmean", log_target=False)')),
        ("LOS112", *pair(
            NET, "loss = F.kl_div(F.log_softmax(net(x), 1), y) / x.shape[0]",
            'loss = F.kl_div(F.log_softmax(net(x), 1), y, reduction="sum") / x.shape[0]')),
        ("LOS112", *built("nn.KLDivLoss()", 'nn.KLDivLoss(reduction="batchmean")')),
        ("LOS112", *built('nn.KLDivLoss(log_target=False, reduction="mean")',
                          'nn.KLDivLoss(log_target=False, reduction="batchmean")')),
        ("LOS114", *pair(NET, "loss = F.nll_loss(F.log_softmax(net(x), dim=0), y)",
                         "loss = F.nll_loss(F.log_softmax(net(x), dim=1), y)", DATA)),
        ("LOS114", *pair(NET, "loss = F.nll_loss(rows, y)", "loss = F.nll_loss(rows, y)",
                         DATA, "rows = net(x).log_softmax(0)")),
        ("LOS115", *pair(NET, "loss = F.ctc_loss(net(x), y, lengths, sizes)",
                         "loss = F.ctc_loss(net(x).log_softmax(-1), y, lengths, sizes)")),
        ("LOS115", *pair(NET, "loss = F.ctc_loss(net(x).softmax(2), y, lengths, sizes)",
                         "loss = F.ctc_loss(net(x).log_softmax(2), y, lengths, sizes)")),
        ("LOS203", *pair(NET, "loss = F.cross_entropy(net(x), labels)",
                         "loss = F.cross_entropy(net(x), labels.long())",
                         "labels = torch.randint(5, (8,)).float()")),
        ("LOS203", *pair(NET, "loss = F.cross_entropy(net(x), torch.randint(5, (8, 1)))",
                         "loss = F.cross_entropy(net(x), torch.randint(5, (8, 1)).squeeze(1))")),
        ("LOS204", *pair(COLUMN, "loss = F.mse_loss(net(x), torch.rand(8))",
                         "loss = F.mse_loss(net(x).squeeze(1), torch.rand(8))",
                         "x = torch.randn(8, 3)")),
        ("LOS204", *pair(COLUMN, "loss = nn.L1Loss()(net(x)[:, 0], target=-price)",
                         "loss = nn.L1Loss()(net(x)[:, 0], target=(-price).squeeze(1))",
                         "x, price = torch.randn(8, 3), torch.rand(8, 1)")),
        ("LOS204", *pair(COLUMN, "loss = ((net(x) - price) ** 2).mean()",
                         "loss = ((net(x).squeeze(1) - price) ** 2).mean()",
                         "x, price = torch.randn(8, 3), torch.rand(8)")),
        ("LOS204", *pair(COLUMN, "loss = (2 * price - net(x) / 3).abs().mean()",
                         "loss = (2 * price - (net(x) / 3).squeeze(1)).abs().mean()",
                         "x, price = torch.randn(8, 3), torch.rand(8)")),
        ("LOS209", *pair(NET, "loss = F.cross_entropy(net(x), tags)",
                         "loss = F.cross_entropy(net(x).transpose(1, 2), tags)",
                         "x, tags = torch.randn(8, 7, 3), torch.randint(5, (8, 7))")),
    ],
)  # fmt: skip
def test_calls_are_mended(tmp_path: Path, code: str, before: str, after: str) -> None:
    found, left, fixed = linted(tmp_path, before, ALL)
    assert [finding.code for finding in found.findings] == [code]
    expected = after.replace("nn.Linear(3, 5), nn.ReLU()", "nn.Linear(3, 5)")
    assert fixed == expected.replace("log_softmax(0)", "log_softmax(1)")
    assert left.findings == ()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        # options by position, or of the old names
        ("LOS112", built("nn.KLDivLoss(None, None, 'mean')", "")[0]),
        ("LOS112", built("nn.KLDivLoss(size_average=True)", "")[0]),
        # a criterion of which not all calls can be seen
        ("LOS112", built("nn.KLDivLoss()", "")[0].replace("loss =", "keep(criterion)\n    loss =")),
        # the softmax has another use
        ("LOS111", script("p = F.softmax(net(x), 1)",
                          "loss = F.kl_div(p, y, reduction='sum')", "show(p)", model=NET)),
        # a module that other calls may share
        ("LOS114", script(DATA, "loss = F.nll_loss(last(net(x)), y)", LAST,
                          model=f"{NET}\nlast = nn.LogSoftmax(dim=0)")),
        # arguments that are not in plain sight
        ("LOS203", script("batch = net(x), torch.randint(5, (8, 1))",
                          "loss = F.cross_entropy(*batch)", LAST, model=NET)),
    ],
)  # fmt: skip
def test_calls_that_are_written_otherwise_are_left_alone(
    tmp_path: Path, code: str, text: str
) -> None:
    found, _, fixed = linted(tmp_path, text, ALL)
    assert [finding.code for finding in found.findings] == [code]
    assert fixed == text


@pytest.mark.parametrize("target", ["torch.arange(4).float()", "torch.arange(4).view(4, 1)"])
def test_a_call_that_raised_runs(tmp_path: Path, target: str) -> None:
    torch = pytest.importorskip("torch")
    before = script("y = " + target, "loss = F.cross_entropy(net(x), y)", LAST, model=NET)
    _, left, after = linted(tmp_path, before, ALL)
    assert left.fixed
    with pytest.raises((RuntimeError, IndexError)):
        exec(before, {"loader": [(torch.randn(4, 3), None)]})
    torch.manual_seed(0)
    names: dict[str, Any] = {"loader": [(torch.randn(4, 3), None)]}
    exec(after, names)
    wanted = torch.nn.functional.cross_entropy(names["net"](names["x"]), torch.arange(4))
    assert torch.equal(names["loss"], wanted)
