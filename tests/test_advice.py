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
    "a total that is printed may be a number": (
        "LOS405",
        SUMMED + "print(total)",
        "use `loss.item()`",
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
