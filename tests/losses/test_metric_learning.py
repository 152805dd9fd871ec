"""What relates the losses on embeddings to each other and to torch, and what they refuse."""

from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from losslint.losses.functional import _fused, _similarity, margin, metric_learning
from losslint.losses.functional.margin import arcface_loss, cosface_loss
from losslint.losses.functional.metric_learning import (
    batch_triplet_loss,
    contrastive_loss,
    info_nce_loss,
    nt_xent_loss,
    supervised_contrastive_loss,
)
from losslint.losses.metric_learning import (
    ArcFaceLoss,
    BatchTripletLoss,
    ContrastiveLoss,
    CosFaceLoss,
    InfoNCELoss,
    NTXentLoss,
    SupervisedContrastiveLoss,
)
from tests.losses.batch_cases import BatchCase
from tests.losses.cases import randint, randn
from tests.losses.metric_cases import CASES
from tests.losses.test_every_batch_loss import of_floats, value_and_gradients

seeds = st.integers(0, 2**31)
quickly = settings(max_examples=25, deadline=None)

OVER_A_MATRIX = [
    case for case in CASES if case.name.startswith(("nt-xent", "info-nce", "supervised"))
]


def gradient(loss: Tensor, input: Tensor) -> Tensor:
    return torch.autograd.grad(loss, input)[0]


@pytest.mark.parametrize("module", [metric_learning, margin])
def test_the_examples_in_the_docstrings(module: Any) -> None:
    failed, tried = doctest.testmod(module, extraglobs={"torch": torch})
    assert tried
    assert not failed


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every matrix a large one, of pieces of two rows."""
    monkeypatch.setattr(_similarity, "_LARGE", 1)
    monkeypatch.setitem(_fused._PIECE, "cpu", 16)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("case", OVER_A_MATRIX, ids=lambda case: case.name)
def test_a_large_matrix_in_pieces_gives_the_same(
    case: BatchCase, reduction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, tensors = case.build(reduction=reduction), case.tensors()
    expected = value_and_gradients(loss, tensors)
    monkeypatch.setattr(_similarity, "_LARGE", 1)
    monkeypatch.setitem(_fused._PIECE, "cpu", 16)
    torch.testing.assert_close(value_and_gradients(loss, tensors), expected)
    function, floats = of_floats(loss, tensors)
    assert torch.autograd.gradcheck(function, floats)
    assert torch.autograd.gradgradcheck(function, floats)


@pytest.mark.usefixtures("in_pieces")
def test_in_pieces_only_what_is_wanted_has_a_gradient() -> None:
    query, key = randn(4, 3).requires_grad_(), randn(4, 3, seed=1)
    loss = info_nce_loss(query, key)
    (first,) = torch.autograd.grad(loss, query, create_graph=True)
    assert first.requires_grad
    assert not info_nce_loss(query.detach(), key).requires_grad


@pytest.mark.usefixtures("in_pieces")
def test_pieces_under_autocast_are_of_full_precision() -> None:
    first, second = randn(8, 16).float(), randn(8, 16, seed=1).float()
    expected = value_and_gradients(nt_xent_loss, (first, second))
    got = value_and_gradients(nt_xent_loss, (first, second), autocast=True)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("temperature", [0.5, 0.032, 0.01])
def test_matrices_that_are_large_by_themselves(temperature: float, side: int) -> None:
    first = F.normalize(randn(300, 4))
    second = F.normalize(side * first + randn(300, 4, seed=1) / 10)

    def expected(first: Tensor, second: Tensor) -> Tensor:
        vectors = torch.cat([first, second])
        similar = (vectors @ vectors.T / temperature).fill_diagonal_(-torch.inf)
        return F.cross_entropy(similar, torch.arange(600).roll(300))

    def got(first: Tensor, second: Tensor) -> Tensor:
        return nt_xent_loss(first.float(), second.float(), temperature=temperature)

    value, gradients = value_and_gradients(
        lambda *views: expected(*(F.normalize(view) for view in views)), (first, second)
    )
    ours, our_gradients = value_and_gradients(got, (first, second))
    torch.testing.assert_close(ours.double(), value, rtol=1e-6, atol=0)
    largest = gradients[0].abs().max().item()
    torch.testing.assert_close(our_gradients, gradients, rtol=1e-4, atol=1e-5 * largest)


@pytest.mark.parametrize("temperature", [0.01, 0.07, 0.5])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_low_temperatures_in_half_precision(temperature: float, dtype: torch.dtype) -> None:
    views = randn(16, 8).to(dtype)
    value, gradients = value_and_gradients(
        lambda first, second: nt_xent_loss(first, second, temperature=temperature), (views, -views)
    )
    assert value.item() == pytest.approx(2 / temperature, rel=0.7)
    assert all(part.isfinite().all() for part in gradients)


@given(seed=seeds)
@quickly
def test_supervised_contrastive_with_a_label_for_each_sample_is_nt_xent(seed: int) -> None:
    first, second = randn(5, 4, seed=seed), randn(5, 4, seed=seed + 1)
    both, labels = torch.cat([first, second]), torch.arange(5).repeat(2)
    for reduction in ("mean", "sum", "none"):
        torch.testing.assert_close(
            supervised_contrastive_loss(both, labels, temperature=0.3, reduction=reduction),
            nt_xent_loss(first, second, temperature=0.3, reduction=reduction),
        )


@given(seed=seeds, lengths=st.lists(st.floats(0.01, 100), min_size=6, max_size=6))
@quickly
def test_where_cosines_count_lengths_do_not(seed: int, lengths: list[float]) -> None:
    vectors, labels = randn(6, 4, seed=seed), randint(3, 6, seed=seed)
    longer = vectors * torch.tensor(lengths, dtype=torch.float64)[:, None]
    losses: list[Callable[[Tensor], Tensor]] = [
        lambda rows: supervised_contrastive_loss(rows, labels),
        lambda rows: nt_xent_loss(rows[:3], rows[3:]),
        lambda rows: info_nce_loss(rows[:3], rows[3:]),
        lambda rows: cosface_loss(rows, vectors[:3], labels),
        lambda rows: arcface_loss(vectors, rows[:3], labels),
    ]
    for loss in losses:
        torch.testing.assert_close(loss(longer), loss(vectors))


@given(seed=seeds)
@quickly
def test_the_order_of_the_batch_does_not_matter(seed: int) -> None:
    vectors, labels = randn(7, 4, seed=seed), randint(3, 7, seed=seed)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(seed))
    losses: list[Callable[[Tensor, Tensor], Tensor]] = [
        supervised_contrastive_loss,
        batch_triplet_loss,
        lambda rows, marks: batch_triplet_loss(rows, marks, mining="semi-hard"),
    ]
    for loss in losses:
        torch.testing.assert_close(loss(vectors[order], labels[order]), loss(vectors, labels))


def test_label_1_means_similar() -> None:
    here, near, far = torch.zeros(1, 2), torch.full((1, 2), 0.1), torch.full((1, 2), 9.0)
    similar, different = torch.tensor([1]), torch.tensor([0])
    assert contrastive_loss(here, here, similar) == 0
    assert contrastive_loss(here, far, different) == 0
    assert contrastive_loss(here, far, similar) > contrastive_loss(here, near, similar) > 0
    assert contrastive_loss(here, here, different) > contrastive_loss(here, near, different) > 0


@pytest.mark.parametrize("dtype", [torch.bool, torch.int32, torch.float16])
def test_labels_of_pairs_of_any_type(dtype: torch.dtype) -> None:
    first, second, label = randn(4, 3), randn(4, 3, seed=1), torch.tensor([1, 0, 0, 1])
    expected = contrastive_loss(first, second, label)
    assert contrastive_loss(first, second, label.to(dtype)) == expected


LABELLED: dict[str, Callable[..., Tensor]] = {
    "supervised": supervised_contrastive_loss,
    "hard": batch_triplet_loss,
    "semi-hard": lambda *tensors, **options: batch_triplet_loss(
        *tensors, mining="semi-hard", **options
    ),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LABELLED)
def test_a_batch_without_positives_costs_nothing(name: str, reduction: str) -> None:
    for size in (1, 4):
        vectors = randn(size, 3).requires_grad_()
        loss = LABELLED[name](vectors, torch.arange(size), reduction=reduction)
        assert not loss.any()
        assert not gradient(loss.sum(), vectors).any()


@pytest.mark.parametrize("name", ["hard", "semi-hard"])
def test_a_batch_of_one_label_has_no_triplet(name: str) -> None:
    vectors = randn(4, 3).requires_grad_()
    loss = LABELLED[name](vectors, torch.zeros(4, dtype=torch.int64))
    assert loss == 0
    assert not gradient(loss, vectors).any()


@pytest.mark.parametrize("name", LABELLED)
def test_samples_that_do_not_count_have_no_gradient_of_their_own(name: str) -> None:
    # Two pairs, and a fifth sample of its own label: as an anchor it does not count.
    vectors, labels = randn(5, 3).requires_grad_(), torch.tensor([0, 0, 1, 1, 2])
    losses = LABELLED[name](vectors, labels, reduction="none")
    assert not losses[4].any()
    # Four anchors with a positive each.
    torch.testing.assert_close(LABELLED[name](vectors, labels) * 4, losses.sum())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_equal_embeddings_and_zeros_have_finite_gradients(case: BatchCase) -> None:
    for value in (0.0, 1.0):
        tensors = tuple(
            torch.full_like(tensor, value) if tensor.is_floating_point() else tensor
            for tensor in case.tensors()
        )
        loss, gradients = value_and_gradients(case.build(reduction="mean"), tensors)
        assert loss.isfinite()
        assert all(part.isfinite().all() for part in gradients)


@pytest.mark.parametrize("loss", [nt_xent_loss, info_nce_loss])
def test_one_sample_has_nothing_to_be_told_from(loss: Callable[..., Tensor]) -> None:
    first, second = randn(1, 3).requires_grad_(), randn(1, 3, seed=1)
    value = loss(first, second)
    assert value.item() == pytest.approx(0, abs=1e-12)
    torch.testing.assert_close(gradient(value, first), torch.zeros(1, 3, dtype=torch.float64))


def test_a_learned_temperature_has_its_gradient() -> None:
    query, key = randn(4, 3), randn(4, 3, seed=1)
    temperature = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda value: info_nce_loss(query, key, temperature=value, symmetric=True), temperature
    )
    loss = InfoNCELoss(temperature=nn.Parameter(torch.tensor(0.3)))
    assert [name for name, _ in loss.named_parameters()] == ["temperature"]


def test_semi_hard_takes_the_nearest_negative_beyond_the_positive() -> None:
    line = torch.tensor([[0.0], [2.0], [1.0], [2.5], [9.0]])
    losses = batch_triplet_loss(
        line, torch.tensor([0, 0, 1, 2, 3]), margin=1.0, mining="semi-hard", reduction="none"
    )
    assert losses[0, 1].item() == pytest.approx(2.0 - 2.5 + 1.0)
    # From 2 the positive is 2 away, the negatives 1, 0.5 and 7.
    assert losses[1, 0] == 0
    nearer = batch_triplet_loss(
        line[:4], torch.tensor([0, 0, 1, 2]), margin=1.0, mining="semi-hard", reduction="none"
    )
    # None is farther: the farthest there is.
    assert nearer[1, 0].item() == pytest.approx(2.0 - 1.0 + 1.0)


def test_triplets_far_from_the_origin() -> None:
    near_origin, labels = randn(8, 3), torch.arange(4).repeat(2)
    far_away = (near_origin.float() + 4096).requires_grad_()
    for mining in ("hard", "semi-hard"):
        expected = batch_triplet_loss(far_away.double() - 4096, labels, mining=mining)
        got = batch_triplet_loss(far_away, labels, mining=mining)
        torch.testing.assert_close(got.double(), expected, rtol=1e-5, atol=1e-5)


@given(seed=seeds)
@quickly
def test_without_a_margin_it_is_cross_entropy_of_scaled_cosines(seed: int) -> None:
    vectors, centres = randn(6, 4, seed=seed), randn(3, 4, seed=seed + 1)
    target = randint(3, 6, seed=seed)
    cosines = F.cosine_similarity(vectors[:, None], centres, dim=2)
    expected = F.cross_entropy(30 * cosines, target)
    for loss in (cosface_loss, arcface_loss):
        torch.testing.assert_close(loss(vectors, centres, target, scale=30.0, margin=0.0), expected)


@pytest.mark.parametrize("loss", [cosface_loss, arcface_loss])
def test_the_loss_rises_with_the_angle_all_the_way_round(loss: Callable[..., Tensor]) -> None:
    angles = torch.linspace(0, math.pi, 200, dtype=torch.float64)
    vectors = torch.stack([angles.cos(), angles.sin(), torch.zeros_like(angles)], 1)
    centres = torch.eye(3, dtype=torch.float64)[[0, 2]]
    losses = loss(
        vectors, centres, torch.zeros(200, dtype=torch.int64), scale=8.0, reduction="none"
    )
    assert (losses.diff() > 0).all()


@pytest.mark.parametrize("module", [CosFaceLoss, ArcFaceLoss])
def test_centres_are_learned(module: Callable[..., nn.Module]) -> None:
    torch.manual_seed(0)
    loss = module(3, 4, scale=10.0)
    embeddings, target = randn(12, 4).float(), torch.arange(3).repeat(4)
    optimizer = torch.optim.SGD(loss.parameters(), lr=0.001)
    first = loss(embeddings, target)
    for _ in range(20):
        optimizer.zero_grad()
        loss(embeddings, target).backward()
        optimizer.step()
    assert loss(embeddings, target) < first


@pytest.mark.parametrize("loss", [cosface_loss, arcface_loss])
def test_ignored_samples_are_removed_ones(loss: Callable[..., Tensor]) -> None:
    centres = randn(3, 4, seed=1)
    vectors, target = randn(4, 4).requires_grad_(), torch.tensor([0, -100, 2, 1])
    kept = torch.tensor([0, 2, 3])
    value = loss(vectors, centres, target)
    torch.testing.assert_close(value, loss(vectors[kept], centres, target[kept]))
    assert not gradient(value, vectors)[1].any()
    nothing = loss(vectors, centres, torch.full((4,), -100))
    assert nothing == 0
    assert not gradient(nothing, vectors).any()


def test_modules_keep_their_options() -> None:
    first, second, labels = randn(4, 3), randn(4, 3, seed=1), torch.tensor([1, 0, 1, 0])
    none: Any = {"reduction": "none"}
    pairs: list[tuple[Tensor, Tensor]] = [
        (
            ContrastiveLoss(margin=3.0, **none)(first, second, labels),
            contrastive_loss(first, second, labels, margin=3.0, **none),
        ),
        (
            BatchTripletLoss(margin=0.7, mining="semi-hard", squared=True, **none)(first, labels),
            batch_triplet_loss(first, labels, margin=0.7, mining="semi-hard", squared=True, **none),
        ),
        (
            NTXentLoss(temperature=0.3, **none)(first, second),
            nt_xent_loss(first, second, temperature=0.3, **none),
        ),
        (
            InfoNCELoss(temperature=0.3, symmetric=True, **none)(first, second),
            info_nce_loss(first, second, temperature=0.3, symmetric=True, **none),
        ),
        (
            InfoNCELoss(**none)(first, second, first),
            info_nce_loss(first, second, negatives=first, **none),
        ),
        (
            SupervisedContrastiveLoss(temperature=0.3, **none)(first, labels),
            supervised_contrastive_loss(first, labels, temperature=0.3, **none),
        ),
    ]
    for module, function in ((CosFaceLoss, cosface_loss), (ArcFaceLoss, arcface_loss)):
        loss = module(3, 3, scale=9.0, margin=0.2, ignore_index=0, **none)
        assert "num_classes=3, embedding_size=3, scale=9.0, margin=0.2" in repr(loss)
        expected = function(
            first, loss.centres, labels, scale=9.0, margin=0.2, ignore_index=0, **none
        )
        pairs.append((loss(first, labels), expected))
    for got, expected in pairs:
        assert got.shape == expected.shape
        assert torch.equal(got, expected)


E = torch.ones(4, 3)
L = torch.tensor([0, 0, 1, 1])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: contrastive_loss(E, E[:, :2], L), ValueError, "`second`.*shape of `first`, .4, 3"),
        (lambda: contrastive_loss(E, E, L + 1), ValueError, r"`label`.*0 or 1.*\[1, 1, 2, 2\]"),
        (lambda: contrastive_loss(E, E, L - 0.5), ValueError, "`label`.*1 for a similar pair"),
        (lambda: contrastive_loss(E, E, L[:2]), ValueError, r"`label`.*\(4,\) \(one label a pair"),
        (lambda: contrastive_loss(E, E, L, margin=0), ValueError, "`margin` must be above 0"),
        (lambda: contrastive_loss(E[0], E[0], L), ValueError, r"`first` must be of shape \(N, D\)"),
        (lambda: batch_triplet_loss(E, L * 0.5), TypeError, "`labels` must be a tensor of integ"),
        (lambda: batch_triplet_loss(E, L[:2]), ValueError, "`labels`.*one label an embedding"),
        (lambda: batch_triplet_loss(E, L, margin=-1), ValueError, "`margin` must be above 0"),
        (
            lambda: batch_triplet_loss(E, L, mining="easy"),  # type: ignore[arg-type]
            ValueError,
            "`mining` must be one of 'hard', 'semi-hard', but is 'easy'",
        ),
        (lambda: nt_xent_loss(E, E[:2]), ValueError, "`second` must be of the shape of `first`"),
        (lambda: nt_xent_loss(E, E, temperature=0), ValueError, "`temperature` must be above 0"),
        (lambda: nt_xent_loss(E, E, temperature=E), TypeError, "`temperature` must be a number"),  # type: ignore[arg-type]
        (lambda: nt_xent_loss(E[:0], E[:0]), ValueError, r"`first`.*\(N, D\), neither of them 0"),
        (lambda: info_nce_loss(E, E[:2]), ValueError, "`key` must be of the shape of `query`"),
        (
            lambda: info_nce_loss(E, E, temperature=torch.ones(2)),
            ValueError,
            "`temperature` must be a number or a tensor of one element",
        ),
        (
            lambda: info_nce_loss(E, E, temperature=torch.tensor(-1.0)),
            ValueError,
            "`temperature` must be above 0",
        ),
        (
            lambda: info_nce_loss(E, E, negatives=E[:, :2]),
            ValueError,
            r"`negatives` must be of shape \(M, 3\)",
        ),
        (
            lambda: info_nce_loss(E, E, negatives=E, symmetric=True),
            ValueError,
            "`symmetric` must be False with `negatives`",
        ),
        (lambda: supervised_contrastive_loss(E, L.bool()[:1]), ValueError, "`labels`"),
        (lambda: cosface_loss(E, E[:, :2], L), ValueError, r"`centres` must be of shape \(C, 3\)"),
        (lambda: cosface_loss(E, E[:1], L), ValueError, "`target`.*from 0 to 0"),
        (lambda: cosface_loss(E, E, L, scale=0), ValueError, "`scale` must be above 0"),
        (lambda: cosface_loss(E, E, L, margin=-0.1), ValueError, "`margin` must be at least 0"),
        (lambda: arcface_loss(E, E, L.double()), TypeError, "`target` must hold class indices"),
        (lambda: arcface_loss(E, E, L, margin=4), ValueError, "`margin`.*below 3.14"),
        (lambda: ArcFaceLoss(0, 3), ValueError, "`num_classes` must be at least 1"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
