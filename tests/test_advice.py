"""What findings advise depends on what the code does with the value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from losslint.cli.main import main
from tests.conftest import write

HEAD = """
import torch
import torch.nn.functional as F
from torch import nn

net, criterion = nn.Linear(4, 3), nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
"""

SUMMED = """
total = 0
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(net(x), y)
    loss.backward()
    optimizer.step()
    total += loss
"""

ADVICE = {
    "a total that is read as a tensor is detached": (
        "LOS405",
        SUMMED + "print(total.cpu())",
        "use `loss.detach()`: `total` is read as a tensor later",
    ),
    "totals that are stacked are tensors": (
        "LOS405",
        SUMMED + "print(torch.stack([total, total / 2]))",
        "use `loss.detach()`: `total` is read as a tensor later",
    ),
    "a total of losses that are not known is read as a tensor by its name": (
        "LOS405",
        """
def train(net, criterion, loader):
    total = 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        total += loss / len(loader)
    return total.cpu().detach().numpy()
""",
        "use `loss.detach()`: `total` is read as a tensor later",
    ),
    "a total that is printed may be a number": (
        "LOS405",
        SUMMED + "print(total)",
        "use `loss.item()`",
    ),
    "what is added is called as it is in the code": (
        "LOS405",
        SUMMED.replace("total += loss", "total += criterion(net(x), y) / len(x)") + "print(total)",
        "use `criterion(...).item()`",
    ),
    "gradients are unscaled once a step": (
        "LOS406",
        """
scaler = torch.cuda.amp.GradScaler()
for i, (x, y) in enumerate(loader):
    with torch.cuda.amp.autocast():
        loss = criterion(net(x), y) / 4
    scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    if (i + 1) % 4 == 0:
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
""",
        "clip right before the step, behind `scaler.unscale_(optimizer)`: once a step",
    ),
    "log-densities are added": (
        "LOS302",
        """
def gaussian(y, mean, std):
    return torch.exp(-0.5 * ((y - mean) / std) ** 2) / std


for x, y in loader:
    optimizer.zero_grad()
    loss = -torch.log(gaussian(y, net(x), net(x).exp())).mean()
    loss.backward()
    optimizer.step()
""",
        "Normal(mean, std).log_prob(y)",
    ),
    "logarithms of a product are added": (
        "LOS302",
        """
for x, y in loader:
    optimizer.zero_grad()
    first, second = torch.sigmoid(net(x)), torch.sigmoid(net(y))
    loss = -torch.log(first * second).mean()
    loss.backward()
    optimizer.step()
""",
        "add the logarithms of both instead",
    ),
    "a criterion is told to sum": (
        "LOS311",
        """
bce = nn.BCEWithLogitsLoss()
for x, y in loader:
    optimizer.zero_grad()
    positive = y == 1
    loss = bce(net(x)[positive], y[positive])
    loss.backward()
    optimizer.step()
""",
        'reduction="sum"',
    ),
    "a cross entropy of a selection is divided by its rows": (
        "LOS311",
        """
for x, y in loader:
    optimizer.zero_grad()
    seen = y == 2
    loss = criterion(net(x)[seen], y[seen])
    loss.backward()
    optimizer.step()
""",
        "divide by the number of targets in it",
    ),
    "a decision is replaced by probabilities": (
        "LOS408",
        """
for x, y in loader:
    optimizer.zero_grad()
    loss = (net(x).argmax(dim=1) != y).float().mean()
    loss.backward()
    optimizer.step()
""",
        "such as probabilities instead of decisions",
    ),
    "a detached output is not what was to be detached": (
        "LOS408",
        """
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(net(x).detach(), y)
    loss.backward()
    optimizer.step()
""",
        "detach what goes into the model instead",
    ),
    "a loss copied into a new tensor is left as it is": (
        "LOS408",
        """
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.tensor([criterion(net(x), y), criterion(net(y), x)]).sum()
    loss.backward()
    optimizer.step()
""",
        "leave the copy out",
    ),
    "a divergence of raw outputs lacks log_softmax": (
        "LOS111",
        """
for x, y in loader:
    optimizer.zero_grad()
    loss = F.kl_div(net(x), y, reduction="batchmean")
    loss.backward()
    optimizer.step()
""",
        "apply log_softmax to the logits",
    ),
    "a divergence the wrong way round is turned": (
        "LOS111",
        """
for x, y in loader:
    optimizer.zero_grad()
    wanted, given = net(y).log_softmax(dim=1), net(x).softmax(dim=1)
    loss = F.kl_div(given, wanted, reduction="batchmean")
    loss.backward()
    optimizer.step()
""",
        "swap the arguments",
    ),
    "a second zero_grad was meant to step": (
        "LOS404",
        """
critic = nn.Linear(4, 1)
critic_optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
for x, y in loader:
    critic_optimizer.zero_grad()
    F.mse_loss(critic(x), y).backward()
    critic_optimizer.zero_grad()
    optimizer.zero_grad()
    criterion(net(x), y).backward()
    optimizer.step()
""",
        "call `step()` here instead of `zero_grad()`",
    ),
}


@pytest.mark.parametrize(("code", "script", "advice"), ADVICE.values(), ids=ADVICE.keys())
def test_the_advice_fits_the_code(
    project: Path, capsys: pytest.CaptureFixture[str], code: str, script: str, advice: str
) -> None:
    write(project, train=HEAD + script)
    main(["-f", "json", "--select", code])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert advice in finding["help"]


def test_a_criterion_is_called_as_the_code_calls_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = """
parts = {"kind": nn.CrossEntropyLoss()}
for x, y in loader:
    optimizer.zero_grad()
    parts["kind"](net(x).softmax(dim=1), y).backward()
    optimizer.step()
"""
    write(project, train=HEAD + script)
    main(["-f", "json", "--select", "LOS104"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["message"].startswith('`parts["kind"]` (CrossEntropyLoss)')
