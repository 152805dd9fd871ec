"""Losses that care for the order of scores, not for the scores."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus

from losslint.losses._contract import (
    Reduction,
    check_choice,
    check_floating,
    check_mask,
    check_number,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    check_values,
    describe,
    fail,
    promote,
    reduce,
)

Target = Literal["softmax", "share"]


def pairwise_logistic_loss(
    scores: Tensor,
    relevance: Tensor,
    *,
    mask: Tensor | None = None,
    sigma: float = 1.0,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Puts the more relevant item of every pair of a list above the other (RankNet).

    .. math:: \ell = \frac{1}{|P|} \sum_{(i, j) \in P} \log(1 + e^{-\sigma (s_i - s_j)}),
              \qquad P = \{(i, j) : r_i > r_j\}

    For given pairs see :func:`torch.nn.functional.margin_ranking_loss`, and :func:`bpr_loss`,
    which is this one for a pair.

    Args:
        scores: shape (N, L), or (L,) for one list.
        relevance: how relevant each item is, the shape of ``scores``, of any real type; only its
            order counts.
        mask: torch.bool, True where there is an item, the shape of ``scores``.
        sigma: how steep, above 0.
        reduction: ``"mean"`` over the lists that have a pair, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,), of one list (), with 0 for lists
        without a pair; float32 for half precision. Needs memory for N * L * L numbers.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Burges et al., Learning to Rank using Gradient Descent, 2005.

    >>> pairwise_logistic_loss(torch.tensor([0.0, 0.0, 0.0]), torch.tensor([2, 1, 0]))  # log 2
    tensor(0.6931)
    """
    _check_lists(scores, relevance, mask)
    check_number("sigma", sigma, above=0)
    check_reduction(reduction)
    values = promote(scores)
    above = relevance[..., :, None] > relevance[..., None, :]
    if mask is not None:
        above = above & mask[..., :, None] & mask[..., None, :]
        # What is no item may hold anything, and its gradient shall be 0 even so.
        values = values.masked_fill(~mask, 0)
    costs = softplus(sigma * (values[..., None, :] - values[..., :, None]))
    pairs = above.sum((-2, -1))
    losses = costs.masked_fill(~above, 0).sum((-2, -1)) / pairs.clamp_min(1)
    return reduce(losses, reduction, (pairs > 0).sum())


def listnet_loss(
    scores: Tensor,
    relevance: Tensor,
    *,
    mask: Tensor | None = None,
    target: Target = "softmax",
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Cross entropy between the distributions that relevance and scores make of a list.

    .. math:: \ell = -\sum_i q_i \log \mathrm{softmax}(s)_i

    ``target="softmax"``: :math:`q = \mathrm{softmax}(r)`, ListNet's probability of being on top.
    ``target="share"``: :math:`q = r / \sum_j r_j`, the softmax loss of Bruch et al. (2019), for
    relevance that counts (clicks, 0 and 1): irrelevant items then have no share, and a list without
    a relevant item does not count.

    Args:
        scores: shape (N, L), or (L,) for one list.
        relevance: how relevant each item is, the shape of ``scores``, of any real type; at least 0
            for ``"share"``.
        mask: torch.bool, True where there is an item, the shape of ``scores``.
        target: ``"softmax"`` or ``"share"``.
        reduction: ``"mean"`` over the lists that count, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,), of one list (), with 0 for lists that
        do not count; float32 for half precision. Its least value is the entropy of :math:`q`.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    References: Cao et al., Learning to Rank: From Pairwise Approach to Listwise Approach, 2007;
    Bruch et al., An Analysis of the Softmax Cross Entropy Loss for Learning-to-Rank with Binary
    Relevance, 2019.

    >>> listnet_loss(torch.zeros(4), torch.tensor([0, 0, 1, 0]), target="share")  # log 4
    tensor(1.3863)
    """
    _check_lists(scores, relevance, mask)
    check_choice("target", target, ("softmax", "share"))
    check_reduction(reduction)
    values = promote(scores)
    gains = relevance.to(values.dtype)
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    if target == "share":
        check_values("relevance", gains.masked_fill(~mask, 0), at_least=0, hint="for shares")
        gains = gains.masked_fill(~mask, 0)
        total = gains.sum(-1, keepdim=True)
        distribution = gains / total.masked_fill(total == 0, 1)
        counts = total.squeeze(-1) > 0
    else:
        distribution = _softmax_of_items(gains, mask)
        counts = mask.any(-1)
    losses = -(distribution * _log_softmax_of_items(values, mask)).sum(-1)
    return reduce(losses.masked_fill(~counts, 0), reduction, counts.sum())


def bpr_loss(
    positive_scores: Tensor, negative_scores: Tensor, *, reduction: Reduction = "mean"
) -> Tensor:
    r"""Puts what somebody chose above what they did not (Bayesian personalised ranking).

    .. math:: \ell = -\log \sigma(s^+ - s^-)

    The paper's regularisation is the optimizer's weight decay.

    Args:
        positive_scores: scores of chosen items, any shape.
        negative_scores: scores of sampled ones, the same shape, or with one more dimension at the
            end for several of each.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the shape of ``negative_scores``; float32 for half
        precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Rendle et al., BPR: Bayesian Personalized Ranking from Implicit Feedback, 2009.

    >>> bpr_loss(torch.tensor([1.0]), torch.tensor([1.0]))  # log 2
    tensor(0.6931)
    """
    check_floating("positive_scores", positive_scores)
    check_floating("negative_scores", negative_scores)
    check_reduction(reduction)
    check_same_device("negative_scores", negative_scores, "positive_scores", positive_scores)
    positive, negative = promote(positive_scores), promote(negative_scores)
    if negative.shape != positive.shape:
        if negative.shape[:-1] != positive.shape or negative.dim() == 0:
            fail(
                "negative_scores",
                f"of shape {tuple(positive.shape)} or with one dimension more at the end",
                f"of shape {tuple(negative.shape)}",
            )
        positive = positive.unsqueeze(-1)
    return reduce(softplus(negative - positive), reduction)


def _log_softmax_of_items(values: Tensor, mask: Tensor) -> Tensor:
    """0 where there is no item. The others are as if the list ended before."""
    # The least number and not -inf: a list without any item would give NaN.
    least = torch.finfo(values.dtype).min
    return values.masked_fill(~mask, least).log_softmax(-1).masked_fill(~mask, 0)


def _softmax_of_items(values: Tensor, mask: Tensor) -> Tensor:
    least = torch.finfo(values.dtype).min
    return values.masked_fill(~mask, least).softmax(-1).masked_fill(~mask, 0)


def _check_lists(scores: Tensor, relevance: Tensor, mask: Tensor | None) -> None:
    check_floating("scores", scores)
    if scores.dim() not in (1, 2):
        fail("scores", "of shape (N, L), or (L,) for one list", describe(scores))
    check_real("relevance", relevance)
    check_same_shape("relevance", relevance, "scores", scores)
    check_same_device("relevance", relevance, "scores", scores)
    if mask is not None:
        check_mask("mask", mask, "scores", scores)
