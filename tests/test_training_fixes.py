"""What the fixes of steps, clips, scalers and kept losses make of code."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from losslint.finding import Safety
from tests.scripts import ALL, IMPORTS, SAFE, linted

HEAD = f"""\
{IMPORTS}
net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
total, losses = 0, []
"""
ZERO = "optimizer.zero_grad()"
LOSS = "loss = F.cross_entropy(net(x), y)"
BACK = "loss.backward()"
STEP = "optimizer.step()"
CLIP = "nn.utils.clip_grad_norm_(net.parameters(), 1.0)"
SCALED = "scaler.scale(loss).backward()"
SCALED_STEP = "scaler.step(optimizer)"
UPDATE = "scaler.update()"


def loop(*lines: str, end: str = "print(float(total))\n") -> str:
    body = indent("\n".join(lines), "    ")
    return f"{HEAD}for i, (x, y) in enumerate(loader):\n{body}\n{end}"


def swap(before: str, after: str, *lines: str) -> tuple[str, str]:
    """A loop with one line, and the same loop with another."""
    return loop(*lines), loop(*(after if line == before else line for line in lines))


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("LOS416", *swap("optimizer.step", STEP, ZERO, LOSS, BACK, "optimizer.step")),
        ("LOS416", *swap("optimizer.zero_grad  # once", f"{ZERO}  # once",
                         "optimizer.zero_grad  # once", LOSS, BACK, STEP)),
        ("LOS416", *swap("scaler.update", UPDATE,
                         ZERO, LOSS, SCALED, SCALED_STEP, "scaler.update")),
        ("LOS411", *swap(BACK, "(loss / 4).backward()",
                         LOSS, BACK, f"if (i + 1) % 4 == 0:\n    {STEP}\n    {ZERO}")),
        ("LOS411", *swap(SCALED, "scaler.scale(loss / args.rounds).backward()",
                         LOSS, SCALED,
                         f"if i % args.rounds == 0:\n    {SCALED_STEP}\n    {UPDATE}\n    {ZERO}")),
        ("LOS402",
         loop(ZERO, LOSS, "(loss / 4).backward()", f"if (i + 1) % 4 == 0:\n    {STEP}\n    {ZERO}"),
         loop(LOSS, "(loss / 4).backward()", f"if (i + 1) % 4 == 0:\n    {STEP}\n    {ZERO}")),
        ("LOS406",
         loop(ZERO, LOSS, SCALED, f"{CLIP}  # tame", SCALED_STEP, UPDATE),
         loop(ZERO, LOSS, SCALED, "scaler.unscale_(optimizer)", f"{CLIP}  # tame", SCALED_STEP,
              UPDATE)),
        ("LOS407",
         loop(ZERO, LOSS, BACK, STEP, f"{CLIP}  # tame"),
         loop(ZERO, LOSS, BACK, f"{CLIP}  # tame", STEP)),
        ("LOS407",
         loop(ZERO, LOSS, CLIP, BACK, STEP),
         loop(ZERO, LOSS, BACK, CLIP, STEP)),
        ("LOS407",
         loop(ZERO, LOSS, SCALED, SCALED_STEP, UPDATE, CLIP),
         loop(ZERO, LOSS, SCALED, "scaler.unscale_(optimizer)", CLIP, SCALED_STEP, UPDATE)),
        ("LOS415",
         loop(ZERO, LOSS, SCALED, STEP),
         loop(ZERO, LOSS, SCALED, SCALED_STEP, UPDATE)),
        ("LOS415",
         loop(ZERO, LOSS, SCALED, f"{STEP}  # here", UPDATE),
         loop(ZERO, LOSS, SCALED, f"{SCALED_STEP}  # here", UPDATE)),
        ("LOS415",
         loop(ZERO, LOSS, SCALED, SCALED_STEP),
         loop(ZERO, LOSS, SCALED, SCALED_STEP, UPDATE)),
        ("LOS504", *swap(BACK, "loss.mean().backward()", ZERO,
                         "loss = F.cross_entropy(net(x), y, reduction='none')", BACK, STEP)),
        ("LOS504", *swap("(2 * loss).backward()", "(2 * loss).mean().backward()", ZERO,
                         "loss = F.mse_loss(net(x), y, reduction='none')",
                         "(2 * loss).backward()", STEP)),
    ],
)  # fmt: skip
def test_loops_are_mended(tmp_path: Path, code: str, before: str, after: str) -> None:
    found, left, fixed = linted(tmp_path, before, ALL)
    assert [finding.code for finding in found.findings] == [code]
    assert fixed == after
    assert left.findings == ()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        # what counts the rounds changes in the loop
        ("LOS411", loop(LOSS, BACK, f"if i % rounds == 0:\n    {STEP}\n    {ZERO}", "rounds = 8")),
        # the step is taken in another block than the clipping
        ("LOS406", loop(ZERO, LOSS, SCALED, f"if clip:\n    {CLIP}", SCALED_STEP, UPDATE)),
        # what is clipped is chosen in between
        ("LOS407", loop(ZERO, LOSS, BACK, STEP, "limit = limits[i]",
                        "nn.utils.clip_grad_norm_(net.parameters(), limit)")),
        # two statements on one line
        ("LOS407", loop(ZERO, LOSS, BACK, f"{STEP}; {CLIP}")),
        # backward is in the closure that the step is given
        ("LOS407", loop(f"def closure():\n    {ZERO}\n    {LOSS}\n    {BACK}\n    return loss",
                        CLIP, "optimizer.step(closure)")),
        ("LOS415", loop(ZERO, LOSS, "big = scaler.scale(loss)", "big.backward()", STEP)),
    ],
)  # fmt: skip
def test_loops_that_are_written_otherwise_are_left_alone(
    tmp_path: Path, code: str, text: str
) -> None:
    found, _, fixed = linted(tmp_path, text, ALL)
    assert [finding.code for finding in found.findings] == [code]
    assert fixed == text


KEPT = [
    ("total += loss", "total += loss.detach()"),
    ("total += loss * len(x)", "total += loss.detach() * len(x)"),
    ("total = total + loss / 8", "total = total + loss.detach() / 8"),
    ("losses.append(loss)", "losses.append(loss.detach())"),
]


@pytest.mark.parametrize(("before", "after"), KEPT)
def test_a_kept_loss_is_detached(tmp_path: Path, before: str, after: str) -> None:
    lines = [ZERO, LOSS, BACK, STEP, before]
    found, left, fixed = linted(tmp_path, loop(*lines), SAFE)
    assert [finding.code for finding in found.findings] == ["LOS405"]
    assert fixed == loop(*lines[:-1], after)
    assert left.findings == ()


@pytest.mark.parametrize("kept", ["before backward", "behind the step"])
def test_a_detached_total_is_the_same_total(tmp_path: Path, kept: str) -> None:
    torch = pytest.importorskip("torch")
    keep = "total += loss"
    lines = [ZERO, LOSS, keep, BACK, STEP] if "before" in kept else [ZERO, LOSS, BACK, STEP, keep]
    body = loop(*lines, end="mean = total.item() / len(loader)\n")

    def run(text: str) -> tuple[Any, Any, float]:
        torch.manual_seed(0)
        names: dict[str, Any] = {
            "loader": [(torch.randn(4, 3), torch.randint(2, (4,))) for _ in range(5)]
        }
        exec(compile(text, "train.py", "exec"), names)
        return names["net"].weight.detach(), names["total"], names["mean"]

    _, left, fixed = linted(tmp_path, body, SAFE)
    assert left.fixed
    (weight, total, mean), (other, detached, same) = run(body), run(fixed)
    assert torch.equal(weight, other)
    assert mean == same
    assert total.requires_grad
    assert not detached.requires_grad


@pytest.mark.parametrize(
    "lines",
    [
        # another variable than the one that backward was called on
        [ZERO, LOSS, "(2 * loss).backward()", STEP, "total += loss"],
        # it may be something else by then
        [ZERO, LOSS, BACK, STEP, "loss = weigh(loss) if i else loss * 2", "total += loss"],
        [
            ZERO,
            "net.loss = F.cross_entropy(net(x), y)",
            "net.loss.backward()",
            STEP,
            "net.loss = weigh(net.loss) if i else net.loss",
            "total += net.loss",
        ],
        # its graph is kept, so somebody may want it
        [ZERO, LOSS, "loss.backward(retain_graph=True)", STEP, "total += loss"],
        [ZERO, LOSS, BACK, STEP, "total += weigh(loss)"],
        [ZERO, LOSS, BACK, STEP, "total += loss; seen = i"],
        [ZERO, LOSS, BACK, f"if i:\n    {STEP}\n    total += loss"],
    ],
)
def test_what_may_be_no_tensor_is_not_detached(tmp_path: Path, lines: list[str]) -> None:
    _, _, fixed = linted(tmp_path, loop(*lines), SAFE)
    assert fixed == loop(*lines)


def test_a_loss_that_is_a_number_for_other_callers(tmp_path: Path) -> None:
    text = f"""{IMPORTS}
    def fit(net, optimizer, loader, compute):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = compute(net(x), y)
            total += loss
        return float(total)

    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    fit(net, optimizer, loader, F.cross_entropy)
    fit(net, optimizer, loader, lambda output, target: 0.0)
    """
    _, _, fixed = linted(tmp_path, dedent(text), (Safety.SAFE,))
    assert fixed == dedent(text)
