"""Losses on embeddings against pytorch-metric-learning, MONAI and torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from losslint.losses import functional as ours
from tests.losses.cases import randint, randn

pml = pytest.importorskip("pytorch_metric_learning")

from pytorch_metric_learning import losses, miners  # noqa: E402
from pytorch_metric_learning.distances import LpDistance  # noqa: E402
from pytorch_metric_learning.reducers import MeanReducer  # noqa: E402

SEEDS = range(5)


def labelled(seed: int) -> tuple[Tensor, Tensor]:
    return randn(24, 8, seed=seed), randint(5, 24, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_nt_xent(seed: int) -> None:
    first, second = randn(12, 8, seed=seed), randn(12, 8, seed=seed + 1)
    theirs = losses.SelfSupervisedLoss(losses.NTXentLoss(temperature=0.2))(first, second)
    torch.testing.assert_close(ours.nt_xent_loss(first, second, temperature=0.2), theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_nt_xent_of_monai(seed: int) -> None:
    monai = pytest.importorskip("monai.losses")
    first, second = randn(12, 8, seed=seed).float(), randn(12, 8, seed=seed + 1).float()
    theirs = monai.ContrastiveLoss(temperature=0.5)(first, second)
    torch.testing.assert_close(ours.nt_xent_loss(first, second, temperature=0.5), theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_supervised_contrastive(seed: int) -> None:
    embeddings, labels = labelled(seed)
    theirs = losses.SupConLoss(temperature=0.1)(embeddings, labels)
    torch.testing.assert_close(
        ours.supervised_contrastive_loss(embeddings, labels, temperature=0.1), theirs
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_contrastive_with_the_distance_squared_and_halved(seed: int) -> None:
    """Theirs is linear in the distance, and sums the means of either kind of pairs."""
    first, second = randn(16, 4, seed=seed), randn(16, 4, seed=seed + 1)
    label = randint(2, 16, seed=seed)
    theirs = losses.ContrastiveLoss(
        neg_margin=3.0,
        distance=LpDistance(normalize_embeddings=False),
        reducer=MeanReducer(),
    )
    embeddings = torch.cat([first, second])
    similar, other = label.nonzero().squeeze(1), (label == 0).nonzero().squeeze(1)
    pairs = (similar, similar + 16, other, other + 16)
    linear = theirs(embeddings, indices_tuple=pairs)
    halves = ours.contrastive_loss(first, second, label, margin=3.0, reduction="none")
    roots = (2 * halves).sqrt()
    torch.testing.assert_close(roots[similar].mean() + roots[other].mean(), linear)


@pytest.mark.parametrize("seed", SEEDS)
def test_hard_triplets(seed: int) -> None:
    embeddings, labels = labelled(seed)
    distance = LpDistance(normalize_embeddings=False)
    chosen = miners.BatchHardMiner(distance=distance)(embeddings, labels)
    theirs = losses.TripletMarginLoss(margin=0.3, distance=distance, reducer=MeanReducer())(
        embeddings, labels, chosen
    )
    torch.testing.assert_close(
        ours.batch_triplet_loss(embeddings, labels, margin=0.3, mining="hard"), theirs
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_triplet_is_one_of_torch(seed: int) -> None:
    """torch adds 1e-6 to each coordinate of the differences."""
    line = randn(3, 4, seed=seed)
    labels = torch.tensor([0, 0, 1])
    got = ours.batch_triplet_loss(line, labels, margin=5.0, reduction="none")
    theirs = F.triplet_margin_loss(
        line[[0, 1]], line[[1, 0]], line[[2, 2]], margin=5.0, reduction="none"
    )
    torch.testing.assert_close(got[:2], theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_cosface(seed: int) -> None:
    embeddings, labels = labelled(seed)
    theirs = losses.CosFaceLoss(5, 8, margin=0.35, scale=16).double()
    centres = theirs.W.detach().T
    got = ours.cosface_loss(embeddings, centres, labels, margin=0.35, scale=16)
    torch.testing.assert_close(got, theirs(embeddings, labels))


@pytest.mark.parametrize("seed", SEEDS)
def test_arcface(seed: int) -> None:
    """Theirs takes the margin in degrees, and keeps cosines 1e-6 away from 1."""
    embeddings, labels = labelled(seed)
    theirs = losses.ArcFaceLoss(5, 8, margin=28.6478897565412, scale=16).double()
    centres = theirs.W.detach().T
    got = ours.arcface_loss(embeddings, centres, labels, margin=0.5, scale=16)
    torch.testing.assert_close(got, theirs(embeddings, labels), rtol=1e-5, atol=1e-5)
