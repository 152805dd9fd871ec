"""What the fixes of guards, loops, dimensions and targets make of code."""

from pathlib import Path
from textwrap import indent

import pytest

from tests.scripts import ALL, IMPORTS, LAYER, linted, script

# -- numerics and loops -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(x * m).sum() / m.sum()", "(x * m).sum() / (m.sum() + 1e-8)"),
        ("x.sum() / (m.sum())", "x.sum() / (m.sum() + 1e-8)"),
        ("torch.div(x.sum(), m.sum())", "torch.div(x.sum(), m.sum() + 1e-8)"),
        ("-torch.log(m.prod(0)).mean()", "-torch.log(m.prod(0).clamp(min=1e-8)).mean()"),
        ("-(m.prod(0)).log2().mean()", "-(m.prod(0)).clamp(min=1e-8).log2().mean()"),
        (
            "-torch.log((m.prod(0) / 2)).mean()",
            "-torch.log((m.prod(0) / 2).clamp(min=1e-8)).mean()",
        ),
        ("-torch.log(m.prod(0) / 2).mean()", "-torch.log((m.prod(0) / 2).clamp(min=1e-8)).mean()"),
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
