"""What the fixes of formulas make of code: guards put inside, and forms that are one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scripts import ALL, IMPORTS, SAFE, linted

HEAD = f"{IMPORTS}net = nn.Linear(3, 3)\n\n\ndef loss_function(x, y):\n"


def body(*lines: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in lines)


P = "p = torch.sigmoid(z)"
Z = "z = net(x)"
WHERE = "return torch.where(d > 0, {}, torch.zeros_like(d)).mean()"
OTHER = "return torch.where(d == 0, torch.zeros_like(d), {}).mean()"
BCE = 'F.binary_cross_entropy_with_logits(z, y, reduction="none")'


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("LOS308", ["m = y > 0", "return (net(x) * m).sum() / m.sum() + 1e-8"],
         ["m = y > 0", "return (net(x) * m).sum() / (m.sum() + 1e-8)"]),
        ("LOS308", ["d = (net(x) - y).pow(2).sum(1)", "return (1e-6 + torch.sqrt(d)).mean()"],
         ["d = (net(x) - y).pow(2).sum(1)", "return (torch.sqrt(d + 1e-6)).mean()"]),
        ("LOS308", ["return ((net(x) - y).pow(2).sum(1).sqrt() + 1e-6).mean()"],
         ["return (((net(x) - y).pow(2).sum(1) + 1e-6).sqrt()).mean()"]),
        ("LOS310", ["c = F.cosine_similarity(net(x), y)", "return torch.acos(c).mean()"],
         ["c = F.cosine_similarity(net(x), y)",
          "return torch.acos(c.clamp(-1 + 1e-6, 1 - 1e-6)).mean()"]),
        ("LOS310", ["return (net(x) ** 0.7).mean()"],
         ["return (net(x).clamp(min=1e-6) ** 0.7).mean()"]),
        ("LOS312", ["d = net(x)", WHERE.format("y / d")],
         ["d = net(x)",
          WHERE.format("y / torch.where(d > 0, d, torch.ones_like(d))")]),
        ("LOS312", ["d = net(x)", OTHER.format("y / d")],
         ["d = net(x)",
          OTHER.format("y / torch.where(d == 0, torch.ones_like(d), d)")]),
        ("LOS307", [Z, P, "return (y / (1 - p.clamp(max=1 - 1e-8))).mean()"],
         [Z, P, "return (y / (1 - p.clamp(max=1 - 1e-6))).mean()"]),
        ("LOS309", [Z, "p = torch.sigmoid(z).clamp(1e-7, 1 - 1e-7)",
                    "return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()"],
         [Z, f"return -(-{BCE}).mean()"]),
        ("LOS309", [Z, "p = z.sigmoid()",
                    "loss = -(y * torch.log(p + 1e-7) + (1 - y) * torch.log(1 - p + 1e-7))",
                    "return loss.mean() + p.mean()"],
         [Z, "p = z.sigmoid()", f"loss = {BCE}", "return loss.mean() + p.mean()"]),
        ("LOS309", [Z, P, "loss = -y * torch.log(p) - (1 - y) * torch.log(1 - p)",
                    "return loss.mean()"],
         [Z, f"loss = {BCE}", "return loss.mean()"]),
    ],
)  # fmt: skip
def test_formulas_are_mended(
    tmp_path: Path, code: str, before: list[str], after: list[str]
) -> None:
    found, left, fixed = linted(tmp_path, body(*before), ALL)
    assert [finding.code for finding in found.findings] == [code]
    assert fixed == body(*after)
    assert left.findings == ()


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        # the logits are others by then
        ("LOS309", [Z, "p = torch.sigmoid(z).clamp(1e-7, 1 - 1e-7)", "z = z * 2",
                    "return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean() + z.mean()"]),
        # another pass through the network would draw other numbers
        ("LOS309", ["p = torch.sigmoid(net(x)).clamp(1e-7, 1 - 1e-7)",
                    "return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()"]),
        # whatever the condition tests, it is not this divisor alone
        ("LOS312", ["m = y > 0", "z = net(x)",
                    "return torch.where(m.sum() > 0, z.sum() / (m.sum()), z.mean())"]),
        ("LOS307", [Z, P, "eps = 1e-8", "return (y / (1 - p.clamp(max=1 - eps))).mean()"]),
        # over two dimensions, over one that goes, of other values above than below
        ("LOS305", [Z, "return (torch.exp(z) / torch.exp(z).sum((0, 1), keepdim=True)).mean()"]),
        ("LOS305", [Z, "return (torch.exp(z) / torch.exp(z).sum(0)).mean()"]),
        # the exponentials have another use
        ("LOS305", [Z, "e = z.exp()",
                    "return (e / e.sum(dim=1, keepdim=True)).mean() + 0 * e.shape[0]"]),
    ],
)  # fmt: skip
def test_formulas_that_are_written_otherwise_are_left_alone(
    tmp_path: Path, code: str, lines: list[str]
) -> None:
    found, _, fixed = linted(tmp_path, body(*lines), ALL)
    assert code in [finding.code for finding in found.findings]
    assert fixed == body(*lines)


SOFTMAX = "return (torch.softmax({}, dim={}) * y).sum()"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([Z, "return (torch.exp(z) / torch.exp(z).sum(dim=1, keepdim=True) * y).sum()"],
         [Z, SOFTMAX.format("z", 1)]),
        ([Z, "return (z.exp() / torch.sum(z.exp(), -1, True) * y).sum()"],
         [Z, SOFTMAX.format("z", -1)]),
        ([Z, "e = torch.exp(z / 2)", "return (e / e.sum(1, keepdim=True) * y).sum()"],
         [Z, SOFTMAX.format("z / 2", 1)]),
    ],
)  # fmt: skip
def test_a_softmax_is_one_call(tmp_path: Path, before: list[str], after: list[str]) -> None:
    torch = pytest.importorskip("torch")
    found, left, fixed = linted(tmp_path, body(*before), SAFE)
    assert [finding.code for finding in found.findings] == ["LOS305"]
    assert fixed == body(*after)
    assert left.findings == ()
    torch.manual_seed(0)
    x, y = torch.randn(5, 3, dtype=torch.float64), torch.rand(5, 3, dtype=torch.float64)

    def run(text: str, scale: float) -> list[Any]:
        names: dict[str, Any] = {}
        exec(text, names)
        net = torch.nn.Linear(3, 3, dtype=torch.float64)
        net.load_state_dict({"weight": torch.eye(3), "bias": torch.zeros(3)})
        names["net"] = net
        loss = names["loss_function"](x * scale, y)
        return [loss, *torch.autograd.grad(loss, list(net.parameters()))]

    for old, new in zip(run(body(*before), 3), run(fixed, 3), strict=True):
        assert torch.allclose(old, new, rtol=1e-6, atol=1e-12)
    assert run(body(*before), 2_000)[0].isnan()
    assert all(one.isfinite().all() for one in run(fixed, 2_000))


def test_where_has_a_gradient_afterwards(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    lines = [Z, "return torch.where(z > 0, y / z, torch.zeros_like(z)).sum()"]
    _, _, fixed = linted(tmp_path, body(*lines), ALL)

    def run(text: str) -> tuple[Any, Any]:
        names: dict[str, Any] = {}
        exec(text, names)
        z = torch.tensor([0.0, 2.0, -1.0], requires_grad=True)
        names["net"] = lambda x: x
        loss = names["loss_function"](z, torch.ones(3))
        return loss, torch.autograd.grad(loss, z)[0]

    (old, spoilt), (new, gradient) = run(body(*lines)), run(fixed)
    assert old == new
    assert spoilt.isnan().any()
    assert gradient.tolist() == [0, -0.25, 0]


def test_the_loss_of_logits_is_the_same_where_both_are_finite(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    lines = [Z, P, "return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()"]
    _, _, fixed = linted(tmp_path, body(*lines), ALL)
    assert "with_logits" in fixed
    values = []
    for text in (body(*lines), fixed):
        names: dict[str, Any] = {}
        exec(text, names)
        names["net"] = lambda x: x
        z = torch.tensor([-3.0, 0.2, 5.0], dtype=torch.float64, requires_grad=True)
        loss = names["loss_function"](z, torch.tensor([0.0, 1.0, 0.25], dtype=torch.float64))
        values.append(torch.cat([loss.view(1), torch.autograd.grad(loss, z)[0]]))
    assert torch.allclose(*values)
