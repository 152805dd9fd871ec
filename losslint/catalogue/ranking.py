"""Losses of the order of scores."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "ranking"
_LOSSES = "losslint.losses."
_FUNCTIONS = "losslint.losses.functional."
_LISTS = (
    Argument("scores", "(N, L) or (L,)", "floating"),
    Argument("relevance", "as scores", "how relevant, any real type"),
    Argument("mask", "as scores", "optional, torch.bool: True where there is an item"),
)


def _example(module: str, options: str = "") -> str:
    return f"""import torch
from losslint.losses import {module}

criterion = {module}({options})
scores = torch.randn(4, 10, requires_grad=True)
loss = criterion(scores, torch.randint(3, (4, 10)))
loss.backward()
"""


ENTRIES = (
    Entry(
        "listnet",
        _GROUP,
        "cross entropy between what relevance and scores say of a list",
        _FUNCTIONS + "listnet_loss",
        _LOSSES + "ListNetLoss",
        "-sum q log softmax(s),  q = softmax(r), or r / sum r",
        _LISTS,
        "The first choice for lists: cheap, and the top counts most. With clicks, or relevance of "
        "0 and 1, take target='share'.",
        "Only the order of pairs is known: pairwise-logistic.",
        _example("ListNetLoss", 'target="share"'),
        ("Cao et al., Learning to Rank: From Pairwise to Listwise Approach, 2007",),
    ),
    Entry(
        "pairwise-logistic",
        _GROUP,
        "the more relevant of each pair above the other (RankNet)",
        _FUNCTIONS + "pairwise_logistic_loss",
        _LOSSES + "PairwiseLogisticLoss",
        "mean of log(1 + exp(-sigma (s_i - s_j))) over pairs with r_i > r_j",
        _LISTS,
        "Relevance says which is better, not by how much.",
        "Lists are long: it needs L x L numbers each; listnet.",
        _example("PairwiseLogisticLoss"),
        ("Burges et al., Learning to Rank using Gradient Descent, 2005",),
    ),
    Entry(
        "bpr",
        _GROUP,
        "what was chosen above what was not",
        _FUNCTIONS + "bpr_loss",
        _LOSSES + "BPRLoss",
        "-log sigmoid(s+ - s-)",
        (
            Argument("positive_scores", "any", "of chosen items, floating"),
            Argument("negative_scores", "the same, or with one more at the end", "of sampled ones"),
        ),
        "Recommendation from clicks and purchases: chosen items against sampled ones.",
        "There are ratings: mse on the ratings. There are whole lists: listnet.",
        """import torch
from losslint.losses import BPRLoss

criterion = BPRLoss()
chosen, sampled = torch.randn(8, requires_grad=True), torch.randn(8, 4)
loss = criterion(chosen, sampled)
loss.backward()
""",
        ("Rendle et al., BPR, 2009, arXiv:1205.2618",),
    ),
    Entry(
        "margin-ranking",
        _GROUP,
        "one of a pair above the other by a margin; torch's own",
        "torch.nn.functional.margin_ranking_loss",
        "torch.nn.MarginRankingLoss",
        "max(0, -y (s_1 - s_2) + m)",
        (
            Argument("input1", "(N,)", "scores, floating"),
            Argument("input2", "(N,)", "of the others"),
            Argument("target", "(N,)", "1 where the first should be higher, -1 where the second"),
        ),
        "Pairs with a clear order, and a gap that is enough. Give it a margin: its default is 0, "
        "where equal scores cost nothing.",
        "No gap is enough: bpr.",
        """import torch
from torch import nn

criterion = nn.MarginRankingLoss(margin=1.0)
first, second = torch.randn(2, 8, requires_grad=True)
loss = criterion(first, second, 2 * torch.randint(2, (8,)) - 1)
loss.backward()
""",
        ("torch.nn.MarginRankingLoss",),
    ),
)
