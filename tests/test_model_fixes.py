"""Activations that go from the end of a model, and come back where they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.scripts import ALL, SAFE, linted

SEQUENTIAL = """\
import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.Sequential(
    nn.Linear(4, 8),
    nn.ReLU(),  # the last but one
    nn.Linear(8, 3),
    nn.Softmax(dim=1),
)
model = model.to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def train():
    model.train()
    for x, y in loader:
        output = model(x)
        loss = criterion(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(loss.item(), (output.argmax(dim=1) == y).float().mean())


def test():
    model.eval()
    right = []
    for x, y in loader:
        _, best = torch.max(model(x), 1)
        right.append(best == y)
    return right


def predict(x):
    probabilities = model(x)
    return probabilities, probabilities.max()
"""

SEQUENTIAL_FIXED = SEQUENTIAL.replace("    nn.Softmax(dim=1),\n", "").replace(
    "probabilities = model(x)", "probabilities = torch.softmax(model(x), dim=1)"
)

CLASSIFIER = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.out = nn.Linear(4, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        return self.sigmoid(self.out(x)).squeeze(1)


def train_epoch(net: Net, criterion, optimizer, loader):
    net.train()
    for x, y in loader:
        optimizer.zero_grad()
        p = net(x)
        loss = criterion(p, y)
        loss.backward()
        optimizer.step()
        print(((p > 0.5) == y).float().mean())


def main():
    net = Net().to(device)
    criterion = nn.BCELoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(3):
        train_epoch(net, criterion, optimizer, loader)
    with torch.no_grad():
        return net(x_test).tolist()


if __name__ == "__main__":
    main()
"""

CLASSIFIER_FIXED = (
    CLASSIFIER.replace("return self.sigmoid(self.out(x))", "return self.out(x)")
    .replace("nn.BCELoss()", "nn.BCEWithLogitsLoss()")
    .replace("((p > 0.5) == y)", "((torch.sigmoid(p) > 0.5) == y)")
    .replace("return net(x_test).tolist()", "return torch.sigmoid(net(x_test)).tolist()")
)

GAN = """\
import torch
import torch.nn as nn


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(2, 5), nn.Tanh())

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(5, 1), nn.Sigmoid())

    def forward(self, x):
        return self.main(x).view(-1)


G, D = Generator(), Discriminator()
bce = nn.BCELoss()
d_optimizer = torch.optim.Adam(D.parameters())
g_optimizer = torch.optim.Adam(G.parameters())
for real in loader:
    fake = G(torch.randn(8, 2))
    d_optimizer.zero_grad()
    d_loss = bce(D(real), torch.ones(8)) + bce(D(fake.detach()), torch.zeros(8))
    d_loss.backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_loss = bce(D(fake), torch.ones(8))
    g_loss.backward()
    g_optimizer.step()
"""

GAN_FIXED = GAN.replace("nn.Linear(5, 1), nn.Sigmoid()", "nn.Linear(5, 1)").replace(
    "nn.BCELoss()", "nn.BCEWithLogitsLoss()"
)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("LOS104", SEQUENTIAL, SEQUENTIAL_FIXED),
        ("LOS101", CLASSIFIER, CLASSIFIER_FIXED),
        ("LOS101", GAN, GAN_FIXED),
        (
            "LOS105",
            SEQUENTIAL.replace("Softmax", "LogSoftmax"),
            SEQUENTIAL_FIXED.replace("softmax", "log_softmax"),
        ),
        (
            "LOS104",
            SEQUENTIAL.replace("Softmax(dim=1),\n)", "Softmax(dim=1))"),
            SEQUENTIAL_FIXED.replace("nn.Linear(8, 3),\n)", "nn.Linear(8, 3))"),
        ),
        (
            "LOS103",
            CLASSIFIER.replace("BCELoss", "BCEWithLogitsLoss"),
            CLASSIFIER_FIXED,
        ),
    ],
)
def test_the_activation_goes_from_the_model_and_stays_where_it_is_read(
    tmp_path: Path, code: str, before: str, after: str
) -> None:
    found, left, fixed = linted(tmp_path, before, ALL)
    assert {finding.code for finding in found.findings} == {code}
    assert fixed == after
    assert left.findings == ()
    assert linted(tmp_path, before, SAFE)[2] == before


def test_predictions_stay_what_they_are() -> None:
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    given = {"device": "cpu", "loader": [(x, torch.tensor([0, 1, 2, 0, 1]))]}
    results = []
    for text in (SEQUENTIAL, SEQUENTIAL_FIXED):
        names: dict[str, object] = dict(given)
        exec(text, names)
        predict, test = names["predict"], names["test"]
        assert callable(predict)
        assert callable(test)
        results.append((*predict(x), *test()))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    "text",
    [
        # the model, or what it gives, is handed to code that cannot be seen
        SEQUENTIAL + "\nexport(model)\n",
        SEQUENTIAL + "\nfirst = model[0]\n",
        SEQUENTIAL + "\nmodel.forward(x)\n",
        SEQUENTIAL + "\nensemble = [model, model]\n",
        SEQUENTIAL + "\nwhile True:\n    print(out)\n    out = model(x)\n    out = model(out)\n",
        SEQUENTIAL.replace("model = model.to(device)", "model = nn.DataParallel(model)"),
        SEQUENTIAL.replace("nn.Softmax(dim=1)", "nn.Softmax(dim=d)"),
        SEQUENTIAL.replace("3),\n    nn.Softmax(dim=1),\n", "3),  # three\n    nn.Softmax(dim=1)"),
        # the class has unseen objects, heirs, or returns something else as well
        CLASSIFIER + "\n\nexport(Net())\n",
        CLASSIFIER + "\n\nkinds = {'net': Net}\n",
        CLASSIFIER + "\n\nother = eval('Net')()\n",
        CLASSIFIER.replace("class Net", "@register\nclass Net"),
        CLASSIFIER + "\n\nclass Deeper(Net):\n    pass\n",
        CLASSIFIER.replace(
            "        return", "        if t:\n            return self.sigmoid(x)\n        return", 1
        ),
        CLASSIFIER + "\n\ndef train_other():\n    train_epoch(make(), make(), make(), make())\n",
        CLASSIFIER + "\n\nhooks = [train_epoch]\n",
        # another loss wants the probabilities and shares the criterion
        CLASSIFIER.replace("loss = criterion(p, y)", "loss = criterion(p, y) + criterion(x, y)"),
    ],
)
def test_uses_that_cannot_be_seen(tmp_path: Path, text: str) -> None:
    _, left, fixed = linted(tmp_path, text, ALL)
    assert fixed == text
    assert left.findings
