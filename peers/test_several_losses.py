"""What is measured of several losses and made of them, against torchjd's Jacobians."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from losslint.losses.multitask import FixedWeights
from losslint.losses.training import GradientNormMonitor
from tests.losses.cases import randn

pytest.importorskip("torchjd")

from torchjd.aggregation import Constant, PCGrad
from torchjd.autojac import backward, jac_to_grad

SEEDS = range(3)


def problem(seed: int) -> tuple[nn.Parameter, dict[str, Tensor]]:
    """A parameter and two losses that pull it in ways of their own."""
    shared = nn.Parameter(randn(6, seed=seed))
    depth = (shared - randn(6, seed=seed + 10)).square().sum()
    labels = (shared * randn(6, seed=seed + 20)).cosh().sum()
    return shared, {"depth": depth, "labels": labels}


def gradient_by_torchjd(seed: int, aggregator: object) -> Tensor:
    shared, losses = problem(seed)
    backward(list(losses.values()))
    jac_to_grad([shared], aggregator)
    assert shared.grad is not None
    return shared.grad


@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_weights_are_a_constant_aggregation(seed: int) -> None:
    shared, losses = problem(seed)
    FixedWeights({"depth": 0.3, "labels": 2.0})(losses).backward()  # type: ignore[no-untyped-call]
    weights = torch.tensor([0.3, 2.0], dtype=torch.float64)
    torch.testing.assert_close(shared.grad, gradient_by_torchjd(seed, Constant(weights)))


@pytest.mark.parametrize("seed", SEEDS)
def test_norms_and_angles_are_those_of_the_jacobian(seed: int) -> None:
    shared, losses = problem(seed)
    measured = GradientNormMonitor([shared])(losses)
    backward(list(losses.values()))
    first, second = shared.jac
    assert measured.norms["depth"] == pytest.approx(float(first.norm()))
    assert measured.norms["labels"] == pytest.approx(float(second.norm()))
    cosine = torch.cosine_similarity(first, second, dim=0)
    assert measured.cosines["depth", "labels"] == pytest.approx(float(cosine))


@pytest.mark.parametrize("seed", range(8))
def test_projection_changes_something_where_a_conflict_is_measured(seed: int) -> None:
    """Which is what the monitor's cosine below 0 says of PCGrad."""
    shared, losses = problem(seed)
    is_in_conflict = GradientNormMonitor([shared])(losses).conflict > 0
    (losses["depth"] + losses["labels"]).backward()  # type: ignore[no-untyped-call]
    assert shared.grad is not None
    projected = gradient_by_torchjd(seed, PCGrad())
    assert torch.allclose(projected, shared.grad) != is_in_conflict
