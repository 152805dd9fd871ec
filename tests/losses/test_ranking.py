"""What relates the ranking losses to each other, and what they refuse."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from losslint.losses.functional import ranking
from losslint.losses.functional.ranking import bpr_loss, listnet_loss, pairwise_logistic_loss
from losslint.losses.ranking import BPRLoss, ListNetLoss, PairwiseLogisticLoss
from tests.losses.cases import randint, randn

seeds = st.integers(0, 2**31)
quickly = settings(max_examples=25, deadline=None)

OVER_LISTS: dict[str, Callable[..., Tensor]] = {
    "pairwise": pairwise_logistic_loss,
    "listnet": listnet_loss,
    "listnet-share": lambda *tensors, **options: listnet_loss(*tensors, target="share", **options),
}
over_lists = pytest.mark.parametrize("name", OVER_LISTS)


def gradient(loss: Tensor, input: Tensor) -> Tensor:
    return torch.autograd.grad(loss, input)[0]


def test_the_examples_in_the_docstrings() -> None:
    failed, tried = doctest.testmod(ranking, extraglobs={"torch": torch})
    assert tried
    assert not failed


@over_lists
@given(seed=seeds, offset=st.floats(-100, 100))
@quickly
def test_only_differences_of_scores_count(name: str, seed: int, offset: float) -> None:
    scores, relevance = randn(3, 5, seed=seed), randint(4, 3, 5, seed=seed)
    loss = OVER_LISTS[name]
    torch.testing.assert_close(loss(scores + offset, relevance), loss(scores, relevance))


@over_lists
@given(seed=seeds)
@quickly
def test_the_order_of_the_items_does_not_matter(name: str, seed: int) -> None:
    scores, relevance = randn(3, 5, seed=seed), randint(4, 3, 5, seed=seed)
    order = torch.randperm(5, generator=torch.Generator().manual_seed(seed))
    loss = OVER_LISTS[name]
    torch.testing.assert_close(loss(scores[:, order], relevance[:, order]), loss(scores, relevance))


@over_lists
@given(seed=seeds)
@quickly
def test_masked_items_are_removed_ones(name: str, seed: int) -> None:
    scores, relevance = randn(3, 6, seed=seed), randint(4, 3, 6, seed=seed)
    shorter = scores[:, :4].clone().requires_grad_()
    scores[:, 4:] = torch.nan
    scores.requires_grad_()
    mask = torch.arange(6).expand(3, 6) < 4
    loss = OVER_LISTS[name]
    for reduction in ("mean", "sum", "none"):
        got = loss(scores, relevance, mask=mask, reduction=reduction)
        expected = loss(shorter, relevance[:, :4], reduction=reduction)
        torch.testing.assert_close(got, expected)
        moved = gradient(got.sum(), scores)
        torch.testing.assert_close(moved[:, :4], gradient(expected.sum(), shorter))
        assert not moved[:, 4:].any()


@over_lists
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_lists_without_items_cost_nothing(name: str, reduction: str) -> None:
    scores = randn(2, 3).requires_grad_()
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    relevance = torch.tensor([[0, 1, 2], [2, 1, 0]])
    loss = OVER_LISTS[name](scores, relevance, mask=nothing, reduction=reduction)
    assert not loss.any()
    assert not gradient(loss.sum(), scores).any()


@pytest.mark.parametrize("name", ["pairwise", "listnet-share"])
def test_lists_with_nothing_to_prefer_do_not_count(name: str) -> None:
    scores = randn(2, 3).requires_grad_()
    relevance = torch.tensor([[0, 0, 0], [0, 1, 0]])
    value = OVER_LISTS[name](scores, relevance)
    torch.testing.assert_close(value, OVER_LISTS[name](scores[1], relevance[1]))
    assert not gradient(value, scores)[0].any()
    alone = OVER_LISTS[name](scores[0], relevance[0])
    assert alone == 0
    assert not gradient(alone, scores).any()


@over_lists
def test_one_list_needs_no_batch(name: str) -> None:
    scores, relevance = randn(5), torch.tensor([1, 0, 2, 0, 3])
    single = OVER_LISTS[name](scores, relevance, reduction="none")
    assert single.shape == ()
    batch = OVER_LISTS[name](scores[None], relevance[None], reduction="none")
    torch.testing.assert_close(batch, single[None])


@over_lists
def test_the_right_order_costs_less_than_the_wrong_one(name: str) -> None:
    relevance = torch.tensor([3.0, 2.0, 1.0, 0.0])
    loss = OVER_LISTS[name]
    assert (
        loss(relevance, relevance) < loss(torch.zeros(4), relevance) < loss(-relevance, relevance)
    )


def test_one_relevant_item_in_listnet_is_cross_entropy() -> None:
    scores, right = randn(4, 5), torch.tensor([3, 0, 1, 1])
    relevance = F.one_hot(right, 5)
    torch.testing.assert_close(
        listnet_loss(scores, relevance, target="share"), F.cross_entropy(scores, right)
    )


def test_a_pair_in_ranknet_is_bpr() -> None:
    chosen, other = randn(6), randn(6, seed=1)
    lists = torch.stack([chosen, other], 1)
    relevance = torch.tensor([1, 0]).expand(6, 2)
    torch.testing.assert_close(pairwise_logistic_loss(lists, relevance), bpr_loss(chosen, other))


def test_modules_keep_their_options() -> None:
    scores, relevance = randn(3, 4), randint(3, 3, 4)
    mask = randint(2, 3, 4).bool()
    got = PairwiseLogisticLoss(sigma=2.0, reduction="none")(scores, relevance, mask)
    expected = pairwise_logistic_loss(scores, relevance, mask=mask, sigma=2.0, reduction="none")
    assert torch.equal(got, expected)
    got = ListNetLoss(target="share", reduction="none")(scores, relevance, mask)
    expected = listnet_loss(scores, relevance, mask=mask, target="share", reduction="none")
    assert torch.equal(got, expected)
    got = BPRLoss(reduction="none")(scores, -scores)
    assert torch.equal(got, bpr_loss(scores, -scores, reduction="none"))
    assert "sigma=2.0, reduction='mean'" in repr(PairwiseLogisticLoss(sigma=2.0))


S = torch.zeros(2, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: pairwise_logistic_loss(S[None], S[None]),
            ValueError,
            r"`scores` must be of shape \(N, L\)",
        ),
        (lambda: pairwise_logistic_loss(S, S, mask=S), TypeError, "`mask` must be a torch.bool"),
        (
            lambda: pairwise_logistic_loss(S, S, mask=S[0].bool()),
            ValueError,
            "`mask` must be of the shape of `scores`",
        ),
        (lambda: pairwise_logistic_loss(S, S, sigma=0), ValueError, "`sigma` must be above 0"),
        (lambda: listnet_loss(S, S, target="top"), ValueError, "`target` must be one of 'softmax'"),  # type: ignore[arg-type]
        (
            lambda: listnet_loss(S, S - 1, target="share"),
            ValueError,
            "`relevance` must be at least 0 everywhere .for shares",
        ),
        (
            lambda: bpr_loss(S, S[:, :2]),
            ValueError,
            r"`negative_scores` must be of shape \(2, 3\) or with one dimension more",
        ),
    ],
)
def test_what_is_refused(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
